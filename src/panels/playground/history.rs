//! Earlier texts: what is kept of a text, and how one is taken up again.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Playground;
use super::answer::{Answer, Report, Written};
use super::settings::Strategy;
use super::threads::Threads;
use super::views::View;
use crate::engine::history::{Entry, History, KeptToken};
use crate::engine::{Command, Event, JobId};
use crate::panels::{Intent, Shared};

/// The texts of this session and of earlier ones.
#[derive(Default)]
pub struct Past {
    asked: bool,
    opening: Option<JobId>,
    /// The texts, the newest first.
    pub history: Arc<History>,
    /// The one that is looked at.
    pub selected: usize,
}

impl Past {
    /// Asks for the texts of earlier sessions, once.
    pub fn logic(&mut self, shared: &mut Shared) {
        if !self.asked {
            self.asked = true;
            let job = shared.engine.next_job();
            shared.engine.send(Command::OpenHistory(job));
            self.opening = Some(job);
        }
    }

    /// What the engine says.
    pub fn heed(&mut self, event: &Event, shared: &mut Shared) {
        match event {
            Event::HistoryOpened(job, opened) if self.opening == Some(*job) => {
                self.opening = None;
                // What was written meanwhile is newer.
                let meanwhile = std::mem::replace(&mut self.history, Arc::new((**opened).clone()));
                if !meanwhile.entries.is_empty() {
                    self.change(shared, |history| {
                        meanwhile.entries.iter().rev().for_each(|entry| history.add(entry.clone()));
                    });
                }
            }
            Event::Failed(job, _) if self.opening == Some(*job) => self.opening = None,
            _ => {}
        }
    }

    /// The question after earlier texts that is on its way.
    #[cfg(test)]
    pub fn opening(&self) -> Option<JobId> {
        self.opening
    }

    /// Whether the texts are there.
    pub fn settled(&self) -> bool {
        self.opening.is_none()
    }

    /// Changes the texts and has them written. Before those of earlier sessions are there, nothing is: it would replace
    /// them.
    pub fn change(&mut self, shared: &mut Shared, change: impl FnOnce(&mut History)) {
        change(Arc::make_mut(&mut self.history));
        self.selected = self.selected.min(self.history.entries.len().saturating_sub(1));
        if self.asked && self.opening.is_none() {
            let job = shared.engine.next_job();
            shared.engine.send(Command::KeepHistory(job, self.history.clone()));
        }
    }

    /// The text that is looked at.
    pub fn entry(&self) -> Option<&Entry> {
        self.history.entries.get(self.selected)
    }
}

impl Playground {
    /// The text in sight as it is kept.
    pub(super) fn entry_now(&self, report: Report) -> Option<Entry> {
        let (prompt, model) = self.answer.of.clone()?;
        let manner = &self.settings.manner;
        let drawn = manner.strategy == Strategy::Sampling;
        Some(Entry {
            unix: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            model,
            prompt,
            text: self.answer.text.clone(),
            tokens: self.answer.tokens.iter().map(kept).collect(),
            strategy: manner.strategy.name().to_owned(),
            beams: (manner.strategy == Strategy::Beams).then_some(manner.beams),
            sampling: manner.options(),
            seed: self.answer.seed.filter(|_| drawn),
            stop: report.stop,
            first_token_s: report.first_token_s,
            tokens_per_s: report.tokens_per_s,
        })
    }

    /// A text that has ended is kept.
    pub(super) fn keep_in_history(&mut self, report: Report, shared: &mut Shared) {
        if self.answer.is_empty() {
            return;
        }
        if let Some(entry) = self.entry_now(report) {
            self.past.change(shared, |history| history.add(entry));
            self.past.selected = 0;
        }
    }

    /// Puts an earlier text on the sheet. Its model becomes *the* model.
    pub(super) fn take_up(&mut self, place: usize, shared: &mut Shared) {
        let Some(entry) = self.past.history.entries.get(place).cloned() else { return };
        self.stop(shared);
        if entry.model != shared.model_ref {
            shared.ask(Intent::UseModel(entry.model.clone()));
        }
        self.prompt.clone_from(&entry.prompt);
        self.begun = true;
        self.problem = None;
        let mut answer = Answer::to(entry.prompt, entry.model);
        answer.seed = entry.seed;
        answer.report =
            Some(Report { stop: entry.stop, first_token_s: entry.first_token_s, tokens_per_s: entry.tokens_per_s });
        answer.rewrite(entry.tokens.into_iter().map(written));
        if let Some(seed) = entry.seed {
            self.settings.seed = seed;
        }
        self.threads = Threads::default();
        self.answer = Answer::to(self.prompt.clone(), answer.of.clone().map_or(shared.model_ref.clone(), |(_, by)| by));
        self.add_run(answer);
        self.view = View::Write;
    }

    /// A whole answer that was written elsewhere becomes a thread beside those that are there.
    pub(super) fn add_thread(&mut self, answer: Answer, shared: &mut Shared) {
        self.stop(shared);
        if !self.answer.belongs_to(&self.prompt, &shared.model_ref) {
            self.threads = Threads::default();
            self.answer = Answer::to(self.prompt.clone(), shared.model_ref.clone());
        }
        self.add_run(answer);
    }

    fn add_run(&mut self, answer: Answer) {
        self.threads.show(None);
        self.threads.begin(answer.seed);
        if let Some(run) = self.threads.current_mut() {
            run.report = answer.report;
            run.tokens = answer.tokens;
        }
        self.sync();
    }
}

fn kept(token: &Written) -> KeptToken {
    KeptToken {
        id: token.id,
        text: token.text.clone(),
        probability: Some(token.probability).filter(|p| p.is_finite()),
        rank: token.rank,
        chosen: token.chosen,
        number: token.number,
        alternatives: token.alternatives.clone(),
    }
}

fn written(token: KeptToken) -> Written {
    Written {
        probability: token.probability.unwrap_or(f32::NAN),
        rank: token.rank,
        chosen: token.chosen,
        number: token.number,
        alternatives: token.alternatives,
        ..Written::bare(token.id, &token.text)
    }
}
