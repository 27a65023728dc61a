//! The search itself.

use std::ops::ControlFlow;
use std::time::Instant;

use super::super::error::GenerateError;
use super::super::pen::Pen;
use super::super::request::least_new;
use super::super::window::{check, prompt_ids};
use super::candidates::{Candidate, Row, best};
use super::tree::{BeamNode, BeamStep, Fate};
use super::{BeamRequest, BeamSearch, BeamSequence, EarlyStopping, MOST_BEAMS, StopReason};
use crate::nn::LanguageModel;
use crate::text::Tokenizer;

/// Somebody who follows a search.
pub trait BeamListener {
    /// One more step was made. [`ControlFlow::Break`] ends the search with what was found so far.
    fn step(&mut self, step: &BeamStep) -> ControlFlow<()>;
    /// Asked now and then while a long prompt is read. [`ControlFlow::Break`] ends the search before its first step.
    fn reading(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(&BeamStep) -> ControlFlow<()>> BeamListener for F {
    fn step(&mut self, step: &BeamStep) -> ControlFlow<()> {
        self(step)
    }
}

/// Searches for the likeliest continuations of a prompt.
///
/// # Errors
/// As [`super::super::generate`].
pub fn search(
    model: &dyn LanguageModel,
    tokenizer: &Tokenizer,
    request: &BeamRequest,
    listener: &mut dyn BeamListener,
) -> Result<BeamSearch, GenerateError> {
    let ids = prompt_ids(model.config(), tokenizer, &request.prompt)?;
    search_ids(model, tokenizer, ids, request, listener)
}

/// The same for a prompt that is tokens already; `request.prompt` only says what text stands before the answer. There must
/// be at least one, at most as many as the context holds.
///
/// # Errors
/// If the model computes something that is no number.
pub fn search_ids(
    model: &dyn LanguageModel,
    tokenizer: &Tokenizer,
    ids: Vec<u32>,
    request: &BeamRequest,
    listener: &mut dyn BeamListener,
) -> Result<BeamSearch, GenerateError> {
    let begin = Instant::now();
    let mut search = Search::new(model, tokenizer, request, &ids);
    let capacity = (ids.len() + search.most).saturating_sub(1).min(model.config().context);
    let mut reading = model.begin_beams(search.beams, capacity);
    let mut first_token_s = 0.0;
    let mut step = 0;
    let read = if search.most > 0 { reading.read_while(&ids, &mut || listener.reading()) } else { None };
    let mut cancelled = search.most > 0 && read.is_none();
    let mut logits = read.unwrap_or_default();
    while !cancelled && step < search.most {
        check(&logits)?;
        step += 1;
        let (made, going_on) = search.step(&ids, &logits, step);
        if step == 1 {
            first_token_s = begin.elapsed().as_secs_f64();
        }
        cancelled = listener.step(&made).is_break();
        if cancelled || !going_on {
            break;
        }
        let from: Vec<usize> = search.running.iter().map(|line| line.beam).collect();
        let last: Vec<u32> = search.running.iter().filter_map(|line| line.ids.last().copied()).collect();
        logits = reading.step(&from, &last);
    }
    let seconds = begin.elapsed().as_secs_f64() - first_token_s;
    let tokens_per_s = if step > 1 { (step - 1) as f64 / seconds.max(f64::MIN_POSITIVE) } else { 0.0 };
    Ok(search.finish(ids, cancelled, first_token_s, tokens_per_s))
}

/// A sequence that is followed, or was.
#[derive(Clone)]
struct Line<'a> {
    ids: Vec<u32>,
    logprobs: Vec<f32>,
    path: Vec<usize>,
    sum: f32,
    text: String,
    pen: Pen<'a>,
    /// Which beam it was a step before.
    beam: usize,
}

/// A sequence that has ended.
struct Finished<'a> {
    line: Line<'a>,
    score: f32,
    stop: StopReason,
}

/// A continuation, and what comes of it.
struct Grown<'a> {
    line: Line<'a>,
    stop: Option<StopReason>,
}

struct Search<'a> {
    request: &'a BeamRequest,
    tokenizer: &'a Tokenizer,
    vocabulary: usize,
    beams: usize,
    /// New tokens before which it must not end.
    least: usize,
    /// Most new tokens.
    most: usize,
    /// Why a sequence of so many ends.
    limit: StopReason,
    /// The best first.
    running: Vec<Line<'a>>,
    /// The best first, at most as many as beams.
    finished: Vec<Finished<'a>>,
    tree: Vec<BeamNode>,
}

impl<'a> Search<'a> {
    fn new(model: &dyn LanguageModel, tokenizer: &'a Tokenizer, request: &'a BeamRequest, prompt: &[u32]) -> Self {
        // The last new token needs no place of its own.
        let room = (model.config().context + 1).saturating_sub(prompt.len());
        let line = Line {
            ids: Vec::new(),
            logprobs: Vec::new(),
            path: Vec::new(),
            sum: 0.0,
            text: String::new(),
            pen: Pen::new(tokenizer, &request.prompt, &request.stop),
            beam: 0,
        };
        Self {
            request,
            tokenizer,
            vocabulary: model.config().vocabulary.max(1),
            beams: request.beams.clamp(1, MOST_BEAMS),
            least: least_new(prompt.len(), request.min_new_tokens, request.min_length),
            most: request.max_new_tokens.min(room),
            limit: if request.max_new_tokens <= room { StopReason::MaxTokens } else { StopReason::ContextFull },
            running: vec![line],
            finished: Vec::new(),
            tree: Vec::new(),
        }
    }

    /// Every beam becomes one token longer. `logits` are `[running, vocabulary]`; `step` counts from 1. Says what was made,
    /// and whether the search goes on.
    fn step(&mut self, prompt: &[u32], logits: &[f32], step: usize) -> (BeamStep, bool) {
        let first = self.tree.len();
        let candidates = self.candidates(prompt, logits, step);
        let grown: Vec<Grown> = candidates.iter().enumerate().map(|(i, c)| self.grow(c, first + i, step)).collect();
        let mut nodes: Vec<BeamNode> = candidates
            .iter()
            .map(|c| BeamNode {
                parent: self.running.get(c.beam).and_then(|line| line.path.last().copied()),
                depth: step,
                id: c.id,
                logprob: c.logprob,
                sum: c.sum,
                fate: Fate::Dropped,
            })
            .collect();
        let open = grown.iter().any(|grown| grown.stop.is_none());
        self.sort_in(grown, &mut nodes, first, step);
        self.tree.extend_from_slice(&nodes);
        let going_on = open && self.could_improve(step);
        (BeamStep { step, most: self.most, first, nodes, best: self.best(step) }, going_on)
    }

    /// The best continuations. Twice as many as beams, or more where several tokens end a text: even if all of each beam's
    /// ends are among them, enough are left to follow.
    fn candidates(&self, prompt: &[u32], logits: &[f32], step: usize) -> Vec<Candidate> {
        let penalty = self.request.repetition_penalty;
        let look_back = penalty > 0.0 && penalty != 1.0;
        let previous = |line: &Line| if look_back { [prompt, &line.ids].concat() } else { Vec::new() };
        let previous: Vec<Vec<u32>> = self.running.iter().map(previous).collect();
        let lines = self.running.iter().zip(&previous).zip(logits.chunks_exact(self.vocabulary));
        let rows: Vec<Row> = lines.map(|((line, previous), logits)| Row { logits, sum: line.sum, previous }).collect();
        let ends = self.tokenizer.ends();
        let forbidden = if step <= self.least { ends } else { &[] };
        best(&rows, forbidden, penalty, (1 + ends.len()).max(2) * self.beams)
    }

    /// A beam with one token more.
    fn grow(&self, candidate: &Candidate, node: usize, step: usize) -> Grown<'a> {
        let mut line = self.running[candidate.beam].clone();
        line.beam = candidate.beam;
        line.sum = candidate.sum;
        line.ids.push(candidate.id);
        line.logprobs.push(candidate.logprob);
        line.path.push(node);
        let last = (step >= self.most).then_some(self.limit);
        let (text, stop) = line.pen.write(candidate.id, step >= self.least, last);
        line.text.push_str(&text);
        Grown { line, stop }
    }

    /// Sets the ended ones of the best aside and follows the best of the others.
    fn sort_in(&mut self, grown: Vec<Grown<'a>>, nodes: &mut [BeamNode], first: usize, step: usize) {
        let full = self.finished.len() >= self.beams && self.request.early_stopping == EarlyStopping::Full;
        self.running.clear();
        for (place, Grown { line, stop }) in grown.into_iter().enumerate() {
            match stop {
                None if self.running.len() < self.beams => {
                    nodes[place].fate = Fate::Followed;
                    self.running.push(line);
                }
                // What ends further back was only a reserve.
                Some(stop) if place < self.beams && !full => {
                    let score = self.score(line.sum, step);
                    self.finished.push(Finished { line, score, stop });
                }
                _ => {}
            }
        }
        // A stable sort: of equals the one that was there before stays before.
        self.finished.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.finished.truncate(self.beams);
        let new = self.finished.iter().filter_map(|finished| finished.line.path.last()?.checked_sub(first));
        for place in new {
            nodes[place].fate = Fate::Finished;
        }
    }

    /// Whether a running beam could still become better than what has ended, as far as the request wants that known.
    fn could_improve(&self, step: usize) -> bool {
        let Some(worst) = self.finished.last().filter(|_| self.finished.len() >= self.beams) else { return true };
        let length = match self.request.early_stopping {
            EarlyStopping::Full => return false,
            EarlyStopping::Never if self.request.length_penalty > 0.0 => self.most,
            _ => step,
        };
        self.running.first().is_some_and(|line| self.score(line.sum, length) > worst.score)
    }

    fn score(&self, sum: f32, length: usize) -> f32 {
        sum / (length as f32).powf(self.request.length_penalty)
    }

    /// The text of the best sequence so far.
    fn best(&self, step: usize) -> String {
        let running = self.running.first().map(|line| (self.score(line.sum, step), line));
        let finished = self.finished.first().map(|finished| (finished.score, &finished.line));
        let better = match (running, finished) {
            (Some(running), Some(finished)) => Some(if running.0 > finished.0 { running } else { finished }),
            (one, other) => one.or(other),
        };
        better.map(|(_, line)| line.text.clone()).unwrap_or_default()
    }

    fn finish(mut self, prompt_ids: Vec<u32>, cancelled: bool, first_token_s: f64, tokens_per_s: f64) -> BeamSearch {
        if cancelled {
            let running = std::mem::take(&mut self.running);
            for mut line in running.into_iter().filter(|line| !line.ids.is_empty()) {
                line.text.push_str(&line.pen.rest());
                let score = self.score(line.sum, line.ids.len());
                self.finished.push(Finished { line, score, stop: StopReason::Cancelled });
            }
            self.finished.sort_by(|a, b| b.score.total_cmp(&a.score));
            self.finished.truncate(self.beams);
        }
        let pieces = self.tokenizer.pieces();
        let piece = |&id: &u32| pieces.get(id as usize).cloned().unwrap_or_default();
        let sequence = |Finished { line, score, stop }: Finished| BeamSequence {
            tokens: line.ids.iter().map(piece).collect(),
            text: line.text,
            ids: line.ids,
            logprobs: line.logprobs,
            score,
            stop,
            path: line.path,
        };
        let sequences: Vec<BeamSequence> = self.finished.into_iter().map(sequence).collect();
        let stop =
            if cancelled { StopReason::Cancelled } else { sequences.first().map_or(self.limit, |best| best.stop) };
        BeamSearch { prompt_ids, sequences, tree: self.tree, stop, first_token_s, tokens_per_s }
    }
}
