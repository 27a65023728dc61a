//! What a person asked for: how the threads change, and what the engine is asked for then.

use rust_i18n::t;

use super::answer::{Answer, Written};
use super::settings::Strategy;
use super::threads::Threads;
use super::views::View;
use super::{Action, Playground};
use crate::engine::{Command, ModelInfo};
use crate::generate::{StopReason, WhenFull};
use crate::panels::Shared;

impl Playground {
    pub(super) fn act(&mut self, action: Action, shared: &mut Shared) {
        match action {
            Action::Generate => {
                self.new_seed();
                self.begin(shared);
            }
            Action::Stop => self.stop(shared),
            Action::Regenerate => self.again(0, shared),
            Action::NextSeed => self.again(1, shared),
            Action::Continue => self.go_on(shared),
            Action::GoOnFrom(count) => {
                self.threads.cut(count);
                self.sync();
                self.go_on(shared);
            }
            Action::Put(at, id) => {
                self.put(at, id, None, shared);
            }
            Action::Branch(at, id) => self.branch(at, id, shared),
            Action::Undo | Action::Redo => {
                self.stop(shared);
                let moved = if action == Action::Undo { self.threads.back() } else { self.threads.forth() };
                if moved {
                    self.sync();
                }
            }
            Action::Show(run) => {
                self.stop(shared);
                self.threads.show(run);
                self.sync();
            }
            Action::Edit(count) => self.edit(count, shared),
            Action::Inspect(at) => (self.selected, self.view, self.card) = (Some(at), View::Microscope, None),
            Action::Clear => {
                self.stop(shared);
                self.threads = Threads::default();
                self.answer = Answer::default();
                self.beams.clear();
                (self.selected, self.asked) = (None, None);
            }
            Action::Example => self.take_example(shared),
            Action::TakeUp(entry) => self.take_up(entry, shared),
            Action::TakeOver(lane) => self.take_over(lane, shared),
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

    fn new_seed(&mut self) {
        if self.settings.random_seed {
            self.settings.draw_seed();
        }
    }

    /// Brings the flat answer in line with the threads.
    pub(super) fn sync(&mut self) {
        self.answer.rewrite(self.threads.tokens().map(Written::without_row));
        let current = self.threads.current();
        self.answer.report = current.and_then(|run| run.report);
        self.answer.seed = current.and_then(|run| run.seed);
        (self.selected, self.hovered, self.card, self.asked) = (None, None, None, None);
        self.lens.mark = None;
    }

    /// Makes sure that the threads are those of the prompt as it stands and of *the* model.
    fn claim(&mut self, shared: &Shared) {
        if !self.answer.belongs_to(&self.prompt, &shared.model_ref) {
            self.threads = Threads::default();
            self.answer = Answer::to(self.prompt.clone(), shared.model_ref.clone());
        }
    }

    /// Continues the prompt from its end, as a new thread beside those that are there.
    fn begin(&mut self, shared: &mut Shared) {
        self.stop(shared);
        self.claim(shared);
        self.threads.show(None);
        self.threads.begin(Some(self.settings.seed));
        self.sync();
        self.ask(WhenFull::Stop, shared);
    }

    /// Once more from where the run in sight began, with a seed so much higher.
    fn again(&mut self, higher: u64, shared: &mut Shared) {
        let Some(run) = self.threads.current() else { return self.begin(shared) };
        let seed = run.seed.unwrap_or(self.settings.seed).wrapping_add(higher);
        let parent = run.parent;
        // What the person put at its start stays.
        let put = run.tokens.first().filter(|token| token.chosen).cloned();
        self.stop(shared);
        if !self.answer_belongs(shared) {
            self.settings.seed = seed;
            return self.begin(shared);
        }
        self.settings.seed = seed;
        self.threads.show(parent);
        self.threads.begin(Some(seed));
        if let Some(run) = self.threads.current_mut() {
            run.tokens.extend(put);
        }
        self.sync();
        self.ask(WhenFull::Stop, shared);
    }

    /// Goes on behind the answer. Where the context is full, the model reads only the last half of the text.
    fn go_on(&mut self, shared: &mut Shared) {
        if !self.answer_belongs(shared) || self.answer.is_empty() {
            self.new_seed();
            self.begin(shared);
            return;
        }
        let full = self.context_is_full(shared);
        self.stop(shared);
        self.new_seed();
        self.threads.begin(Some(self.settings.seed));
        self.sync();
        self.ask(if full { WhenFull::KeepHalf } else { WhenFull::Stop }, shared);
    }

    /// Whether there is no room for another token after the text in sight.
    pub(super) fn context_is_full(&self, shared: &Shared) -> bool {
        let context = shared.model.as_ref().map_or(usize::MAX, |model| model.config.context);
        let ended_full = self.answer.report.is_some_and(|report| report.stop == StopReason::ContextFull);
        self.running.is_none() && (ended_full || self.read.len() >= context)
    }

    /// Asks the engine to write on behind the text in sight.
    fn ask(&mut self, when_full: WhenFull, shared: &mut Shared) {
        self.compare.stop(shared);
        let job = shared.engine.next_job();
        let text = [self.prompt.as_str(), &self.answer.text].concat();
        self.running = Some(job);
        self.writing = self.threads.current().map(|run| run.id);
        (self.problem, self.asked, self.looking) = (None, None, None);
        self.answer.report = None;
        self.follow = true;
        self.beams.clear();
        let manner = &self.settings.manner;
        let model = shared.model_ref.clone();
        if manner.strategy == Strategy::Beams {
            self.beams.begin(job);
            shared.engine.send(Command::SearchBeams(job, model, manner.beam_request(text)));
        } else {
            let request = manner.request(text, self.settings.seed);
            let request = crate::generate::GenerateRequest { when_full, ..request };
            shared.engine.send(Command::Generate(job, model, request));
        }
    }

    /// Ends the generation: for the eye at once, in the engine within one token.
    pub(super) fn stop(&mut self, shared: &mut Shared) {
        if let Some(job) = self.running.take() {
            shared.engine.send(Command::Cancel(job));
            self.stopped = Some(job);
            self.asked = None;
            if self.writing.is_some_and(|id| self.threads.drop_empty(id)) {
                self.sync();
            }
        }
    }

    /// Puts a token of the person's choice into the answer. Returns whether it can stand there.
    fn put(&mut self, at: usize, id: u32, seed: Option<u64>, shared: &mut Shared) -> bool {
        let Some(model) = shared.model.clone() else { return false };
        self.stop(shared);
        self.claim(shared);
        let at = at.min(self.answer.tokens.len());
        let before = if at == 0 { self.prompt.as_str() } else { self.answer.before(at) };
        let Some(text) = writable(&model, id, before) else { return false };
        let written = Written::by_person(id, &text, self.threads.tokens().nth(at));
        self.threads.cut(at);
        self.threads.begin(seed);
        if let Some(run) = self.threads.current_mut() {
            run.tokens.push(written);
        }
        self.sync();
        true
    }

    /// Puts a token into the answer, and goes on from there.
    fn branch(&mut self, at: usize, id: u32, shared: &mut Shared) {
        self.new_seed();
        if self.put(at, id, Some(self.settings.seed), shared) {
            self.ask(WhenFull::Stop, shared);
        }
    }

    /// Makes one text of the prompt and the first tokens of the answer, which can be edited as a whole.
    fn edit(&mut self, count: usize, shared: &mut Shared) {
        self.stop(shared);
        let kept = self.answer.before(count.min(self.answer.tokens.len())).to_owned();
        self.prompt.push_str(&kept);
        self.threads = Threads::default();
        self.answer = Answer::default();
        self.beams.clear();
        (self.selected, self.hovered, self.card, self.asked) = (None, None, None, None);
        self.focus_prompt = true;
        self.view = View::Write;
    }
}

/// A token's text as it would stand behind another text; `None` for one that is no whole text by itself.
pub(super) fn writable(model: &ModelInfo, id: u32, before: &str) -> Option<String> {
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
