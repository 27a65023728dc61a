//! How likely does the model find a text that somebody else wrote?

use std::sync::Arc;

use crate::engine::{Command, Event, JobId, ModelRef};
use crate::generate::{TextScore, TokenScore};
use crate::panels::Shared;

/// A text and what the model says of it.
#[derive(Default)]
pub struct Scores {
    /// The text in the field.
    pub text: String,
    job: Option<JobId>,
    /// Tokens judged, and tokens in all.
    pub progress: (usize, usize),
    /// What was said, of which text and by which model.
    pub judged: Option<(String, ModelRef, Arc<TextScore>)>,
    asked: Option<(String, ModelRef)>,
    /// Why nothing was said.
    pub problem: Option<String>,
    /// A token that was clicked.
    pub selected: Option<usize>,
}

/// A part of the text that is drawn in one colour: its bytes, and the token that says how likely it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// First byte and one past the last, between whole characters.
    pub bytes: (usize, usize),
    /// The token.
    pub token: usize,
}

impl Scores {
    /// Has the text judged.
    pub fn ask(&mut self, shared: &mut Shared) {
        let job = shared.engine.next_job();
        let model = shared.model_ref.clone();
        shared.engine.send(Command::ScoreText(job, model.clone(), self.text.clone()));
        self.asked = Some((self.text.clone(), model));
        (self.job, self.problem, self.selected, self.progress) = (Some(job), None, None, (0, 0));
    }

    /// Lets go of a judgement that is on its way.
    pub fn stop(&mut self, shared: &mut Shared) {
        if let Some(job) = self.job.take() {
            shared.engine.send(Command::Cancel(job));
        }
    }

    /// Whether a judgement is on its way.
    pub fn running(&self) -> bool {
        self.job.is_some()
    }

    /// What the engine says.
    pub fn heed(&mut self, event: &Event) {
        match event {
            Event::ScoreProgress(job, done, all) if self.is_mine(*job) => self.progress = (*done, *all),
            Event::TextScored(job, score) if self.is_mine(*job) => {
                self.job = None;
                self.judged = self.asked.take().map(|(text, model)| (text, model, score.clone()));
            }
            Event::Failed(job, sentence) if self.is_mine(*job) => {
                (self.job, self.problem) = (None, Some(sentence.clone()));
            }
            Event::Cancelled(job) if self.is_mine(*job) => self.job = None,
            _ => {}
        }
    }

    /// *The* model is another one: what the earlier one said stays in sight, with its name.
    pub fn model_changed(&mut self) {
        self.problem = None;
    }

    /// Whether a job is the judgement.
    pub fn is_mine(&self, job: JobId) -> bool {
        self.job == Some(job)
    }

    /// Whether nothing is on its way.
    pub fn settled(&self) -> bool {
        self.job.is_none()
    }
}

/// The text in stretches of whole characters; where tokens share a character, the last of them speaks for it.
pub fn stretches(text: &str, tokens: &[TokenScore]) -> Vec<Stretch> {
    let mut from = 0;
    let mut out = Vec::with_capacity(tokens.len());
    for (token, score) in tokens.iter().enumerate() {
        let to = score.span.1.min(text.len());
        if to > from && text.is_char_boundary(to) {
            out.push(Stretch { bytes: (from, to), token });
            from = to;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_never_part_a_character() {
        let token = |from, to| TokenScore { id: 0, piece: String::new(), span: (from, to), judged: None };
        // «ñ» is two bytes, and two tokens here.
        let tokens = [token(0, 1), token(1, 2), token(2, 3), token(3, 5)];
        let found = stretches("añ b", &tokens);
        let told: Vec<_> = found.iter().map(|stretch| (stretch.bytes, stretch.token)).collect();
        assert_eq!(told, [((0, 1), 0), ((1, 3), 2), ((3, 5), 3)]);
        assert!(stretches("", &tokens).is_empty());
    }
}
