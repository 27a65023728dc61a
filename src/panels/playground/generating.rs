//! What the engine answers: tokens as they are written, the next token's row, the end of a text.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{Read, Report, Written};
use super::outlook::Row;
use super::{Asked, Looking, Playground};
use crate::engine::{Command, Event, JobId};
use crate::generate::StopReason;
use crate::panels::Shared;

/// The next token is looked at when a text has stood this long, in seconds.
const PAUSE_IN_TYPING: f64 = 0.2;
/// Rows of logits are kept for the microscope as long as all together have at most so many values (64 MiB).
const ROW_VALUES: usize = 16 << 20;

impl Playground {
    /// Asks for the next token of the text as it stands, once the person pauses.
    pub(super) fn look_ahead(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        let Some(model) = shared.model.clone() else { return };
        let text = self.text(shared);
        if text.is_empty() {
            if self.running.is_none() && self.asked.take().is_some() {
                self.outlook.clear();
                self.lens.clear();
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

    /// Puts the row in sight under the microscope: that of the token that is shown, or that of the next one.
    pub(super) fn focus_lens(&mut self, shared: &Shared) {
        let options = self.settings.manner.options();
        let pieces = shared.model.as_ref().map(|model| model.pieces.clone());
        let Some(at) = self.shown_token() else {
            match self.outlook.row() {
                Some(row) => self.lens.update(&row.logits, &options, || row.clone()),
                None => self.lens.clear(),
            }
            return;
        };
        let written = self.threads.tokens().nth(at);
        let row = written.and_then(|token| token.logits.as_ref().map(|logits| (token.id, logits.clone())));
        match (row, pieces) {
            (Some((id, logits)), Some(pieces)) => {
                let (read, answer) = (&self.read, &self.answer);
                let previous = || ids_before(read, answer.tokens.len(), at);
                let row = || Row { logits: logits.clone(), previous: previous(), drawn: Some(id), pieces };
                self.lens.update(&logits, &options, row);
            }
            _ => self.lens.clear(),
        }
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
                let written = Written::by_model(token, logits);
                self.answer.push(written.without_row());
                if let Some(run) = self.threads.current_mut() {
                    run.tokens.push(written);
                }
                self.threads.forget_rows(ROW_VALUES);
            }
            Event::GenerationEnded(job, stop, first_token_s, tokens_per_s) if self.is_mine(*job) => {
                let report = Report { stop: *stop, first_token_s: *first_token_s, tokens_per_s: *tokens_per_s };
                self.ended(report, shared);
            }
            Event::Cancelled(job) if self.is_mine(*job) => {
                self.ended(Report { stop: StopReason::Cancelled, first_token_s: 0.0, tokens_per_s: 0.0 }, shared);
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

    /// The text is written, or the person has had enough of it.
    pub(super) fn ended(&mut self, report: Report, shared: &mut Shared) {
        let run = self.writing;
        self.over();
        let Some(id) = run else { return };
        self.threads.set_report(id, report);
        // The person may have gone elsewhere since.
        if self.threads.current().map(|run| run.id) == Some(id) {
            self.answer.report = Some(report);
            self.keep_in_history(report, shared);
        }
    }

    /// Nothing more comes; a run in which nothing was written is none.
    pub(super) fn over(&mut self) {
        (self.running, self.stopped) = (None, None);
        if self.writing.take().is_some_and(|id| self.threads.drop_empty(id)) {
            self.sync();
        }
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

/// What the model reads before a token of an answer of so many. The answer is the end of all that it reads.
fn ids_before(read: &Read, answer: usize, at: usize) -> Vec<u32> {
    let mut ids = read.ids();
    ids.truncate(ids.len().saturating_sub(answer.saturating_sub(at)));
    ids
}
