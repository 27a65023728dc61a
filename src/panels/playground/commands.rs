//! What the page asks the engine for, and what it makes of the answers.

use std::sync::Arc;
use std::time::Duration;

use rust_i18n::t;

use super::answer::{Answer, Read, Report};
use super::outlook::Row;
use super::{Action, Asked, Looking, Playground};
use crate::engine::{Command, Event, JobId, ModelInfo};
use crate::generate::StopReason;
use crate::panels::Shared;

/// The next token is looked at when a text has stood this long, in seconds.
const PAUSE_IN_TYPING: f64 = 0.2;

impl Playground {
    pub(super) fn act(&mut self, action: Action, shared: &mut Shared) {
        match action {
            Action::Generate => {
                if self.settings.random_seed {
                    self.settings.draw_seed();
                }
                self.begin(shared);
            }
            Action::Stop => self.stop(shared),
            Action::Regenerate => {
                self.settings.seed = self.answer.seed.unwrap_or(self.settings.seed);
                self.begin(shared);
            }
            Action::NextSeed => {
                self.settings.seed = self.answer.seed.unwrap_or(self.settings.seed).wrapping_add(1);
                self.begin(shared);
            }
            Action::Continue => self.go_on(shared),
            Action::Clear => {
                self.stop(shared);
                self.answer = Answer::default();
                (self.selected, self.asked) = (None, None);
            }
            Action::Put(at, id) => self.put(at, id, shared),
            Action::Example => self.take_example(shared),
        }
    }

    /// Starts what was asked for before there was a model.
    pub(super) fn start_waiting(&mut self, shared: &mut Shared) {
        if self.waiting && shared.model.is_some() {
            self.waiting = false;
            self.act(Action::Generate, shared);
        }
    }

    /// A sentence in the model's language.
    pub(super) fn take_example(&mut self, shared: &Shared) {
        let language = shared.model.as_ref().and_then(|model| model.language.as_deref());
        self.prompt = match language.unwrap_or(shared.language) {
            "es" => t!("playground.example_in_spanish").into_owned(),
            _ => t!("playground.example_in_english").into_owned(),
        };
        self.begun = true;
        self.problem = None;
    }

    /// Continues the prompt from its end; an earlier answer goes.
    fn begin(&mut self, shared: &mut Shared) {
        self.stop(shared);
        self.answer = Answer::to(self.prompt.clone(), shared.model_ref.clone(), Some(self.settings.seed));
        self.ask(self.prompt.clone(), shared);
    }

    /// Goes on behind the answer. Where it would not fit into the context, the model reads only the end of the text.
    fn go_on(&mut self, shared: &mut Shared) {
        if !self.answer_belongs(shared) || self.answer.is_empty() {
            self.begin(shared);
            return;
        }
        self.stop(shared);
        if self.settings.random_seed {
            self.settings.draw_seed();
        }
        let context = shared.model.as_ref().map_or(usize::MAX, |model| model.config.context);
        let half = context / 2;
        let full = self.read.len() + half.min(self.settings.max_new_tokens) > context;
        let text = if full && self.answer.tokens.len() > half {
            self.answer.tail(half.max(1)).to_owned()
        } else {
            self.text(shared)
        };
        self.ask(text, shared);
    }

    fn ask(&mut self, text: String, shared: &mut Shared) {
        let job = shared.engine.next_job();
        self.running = Some(job);
        (self.problem, self.asked, self.looking) = (None, None, None);
        (self.selected, self.hovered) = (None, None);
        self.answer.report = None;
        self.follow = true;
        let request = self.settings.request(text);
        shared.engine.send(Command::Generate(job, shared.model_ref.clone(), request));
    }

    /// Ends the generation: for the eye at once, in the engine within one token.
    fn stop(&mut self, shared: &mut Shared) {
        if let Some(job) = self.running.take() {
            shared.engine.send(Command::Cancel(job));
            self.stopped = Some(job);
            self.asked = None;
        }
    }

    /// Puts a token of the person's choice into the answer.
    fn put(&mut self, at: usize, id: u32, shared: &mut Shared) {
        let Some(model) = shared.model.clone() else { return };
        if !self.answer_belongs(shared) {
            self.answer = Answer::to(self.prompt.clone(), shared.model_ref.clone(), None);
        }
        let at = at.min(self.answer.tokens.len());
        let before = match at.checked_sub(1).and_then(|last| self.answer.tokens.get(last)) {
            Some(token) => self.answer.text.get(..token.bytes.1).unwrap_or_default(),
            None => self.prompt.as_str(),
        };
        let Some(text) = writable(&model, id, before) else { return };
        self.stop(shared);
        self.answer.branch(at, id, &text);
        (self.selected, self.asked) = (None, None);
    }

    /// Asks for the next token of the text as it stands, once the person pauses.
    pub(super) fn look_ahead(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        let Some(model) = shared.model.clone() else { return };
        let text = self.text(shared);
        if text.is_empty() {
            if self.running.is_none() && self.asked.take().is_some() {
                self.outlook.clear();
                self.read = Read::default();
            }
            return;
        }
        let now = ctx.input(|i| i.time);
        if text != self.stands.0 {
            self.stands = (text.clone(), now);
        }
        let asked = Asked { text, model: model.model.clone(), step: model.step };
        if self.running.is_some() || self.asked.as_ref() == Some(&asked) {
            return;
        }
        let left = self.stands.1 + PAUSE_IN_TYPING - now;
        if left > 0.0 {
            ctx.request_repaint_after(Duration::from_secs_f64(left));
            return;
        }
        let job = shared.engine.next_job();
        shared.engine.send(Command::NextToken(job, asked.model.clone(), asked.text.clone()));
        self.looking = Some(Looking { job });
        self.asked = Some(asked);
    }

    pub(super) fn heed(&mut self, event: &Event, shared: &mut Shared) {
        match event {
            Event::GenerationStarted(job, ids, _) if self.running == Some(*job) => {
                self.read = Read { prompt: Arc::new(ids.clone()), written: Vec::new() };
            }
            Event::Token(job, token, logits) if self.running == Some(*job) => {
                if let Some(model) = &shared.model {
                    let (previous, drawn) = (self.read.ids(), Some(token.id));
                    let pieces = model.pieces.clone();
                    self.outlook.set(Row { logits: logits.clone(), previous, drawn, pieces });
                }
                self.read.written.push(token.id);
                self.answer.push(token, logits);
            }
            Event::GenerationEnded(job, stop, first_token_s, tokens_per_s) if self.is_mine(*job) => {
                let report = Report { stop: *stop, first_token_s: *first_token_s, tokens_per_s: *tokens_per_s };
                self.answer.report = Some(report);
                self.over();
            }
            Event::Cancelled(job) if self.is_mine(*job) => {
                let nothing_known = Report { stop: StopReason::Cancelled, first_token_s: 0.0, tokens_per_s: 0.0 };
                self.answer.report.get_or_insert(nothing_known);
                self.over();
            }
            Event::NextToken(job, ids, logits) if self.is_looked_for(*job) => {
                self.looking = None;
                self.read = Read { prompt: Arc::new(ids.clone()), written: Vec::new() };
                if let Some(model) = &shared.model {
                    let (previous, pieces) = (ids.clone(), model.pieces.clone());
                    self.outlook.set(Row { logits: logits.clone(), previous, drawn: None, pieces });
                }
            }
            Event::Failed(job, sentence) if self.is_mine(*job) || self.is_looked_for(*job) => {
                if self.is_mine(*job) {
                    self.over();
                }
                self.looking = None;
                self.outlook.clear();
                self.problem = Some(sentence.clone());
            }
            _ => {}
        }
    }

    fn over(&mut self) {
        (self.running, self.stopped) = (None, None);
    }

    pub(super) fn is_mine(&self, job: JobId) -> bool {
        self.running == Some(job) || self.stopped == Some(job) && self.running.is_none()
    }

    pub(super) fn is_looked_for(&self, job: JobId) -> bool {
        self.looking.as_ref().is_some_and(|looking| looking.job == job)
    }

    /// Whether the row that is shown was computed with another vocabulary than the model has now.
    pub(super) fn outlook_is_of_another_model(&self, shared: &Shared) -> bool {
        match (&shared.model, self.outlook.pieces()) {
            (Some(model), Some(pieces)) => !Arc::ptr_eq(&model.pieces, pieces) && model.pieces != *pieces,
            _ => true,
        }
    }
}

/// A token's text as it would stand behind another text; `None` for one that is no whole text by itself.
fn writable(model: &ModelInfo, id: u32, before: &str) -> Option<String> {
    let piece = model.pieces.get(id as usize)?;
    match model.tokenizer.as_str() {
        "words" => {
            let apart = before.chars().next_back().is_some_and(|last| !last.is_whitespace());
            Some(format!("{}{piece}", if apart { " " } else { "" }))
        }
        "wordpiece" => Some(piece.strip_prefix("##").map_or_else(|| format!(" {piece}"), str::to_owned)),
        // Single bytes of a character, and the mark between texts, are not text.
        "bpe" if piece.starts_with("<0x") || piece.starts_with("<|") => None,
        _ => Some(piece.clone()),
    }
}
