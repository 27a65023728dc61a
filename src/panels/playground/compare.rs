//! The same prompt and seed answered several times, at three temperatures or by two models, one after the other.

use std::collections::VecDeque;

use super::answer::{Answer, Report, Written};
use super::settings::{Manner, Strategy};
use crate::engine::{Command, Event, JobId, ModelRef};
use crate::generate::{GenerateRequest, SamplingOptions};
use crate::panels::Shared;

/// What differs between the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The temperature.
    #[default]
    Temperatures,
    /// The model.
    Models,
}

/// One of the answers.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// The temperature at which it is written.
    pub temperature: f32,
    /// Its text, with the model that wrote it.
    pub answer: Answer,
    /// Why there is none.
    pub problem: Option<String>,
}

/// The answers side by side.
pub struct Compare {
    /// What differs.
    pub mode: Mode,
    /// Three of one model.
    strip: [Lane; 3],
    /// One of each of two models.
    pair: [Lane; 2],
    /// The model beside *the* model.
    pub second: Option<ModelRef>,
    running: Option<(usize, JobId)>,
    waiting: VecDeque<(usize, ModelRef, GenerateRequest)>,
}

impl Default for Compare {
    fn default() -> Self {
        let lane = |temperature| Lane { temperature, ..Lane::default() };
        Self {
            mode: Mode::default(),
            strip: [0.3, 0.8, 1.4].map(lane),
            pair: [0.0, 0.0].map(lane),
            second: None,
            running: None,
            waiting: VecDeque::new(),
        }
    }
}

impl Compare {
    /// The answers that are compared now.
    pub fn lanes(&self) -> &[Lane] {
        match self.mode {
            Mode::Temperatures => &self.strip,
            Mode::Models => &self.pair,
        }
    }

    /// The same, to be changed.
    pub fn lanes_mut(&mut self) -> &mut [Lane] {
        match self.mode {
            Mode::Temperatures => &mut self.strip,
            Mode::Models => &mut self.pair,
        }
    }

    /// The temperatures of the strip.
    pub fn temperatures(&self) -> [f32; 3] {
        [0, 1, 2].map(|i: usize| self.strip.get(i).map_or(1.0, |lane| lane.temperature))
    }

    /// The same, from a file.
    pub fn set_temperatures(&mut self, temperatures: [f32; 3]) {
        for (lane, temperature) in self.strip.iter_mut().zip(temperatures) {
            if temperature.is_finite() {
                lane.temperature = temperature.clamp(0.0, 2.0);
            }
        }
    }

    /// The lane that is being written.
    pub fn writing(&self) -> Option<usize> {
        self.running.map(|(lane, _)| lane)
    }

    /// Begins all answers anew.
    pub fn start(&mut self, prompt: &str, manner: &Manner, seed: u64, shared: &mut Shared) {
        self.stop(shared);
        let second = self.second.clone().unwrap_or_else(|| shared.model_ref.clone());
        let mode = self.mode;
        let mut waiting = VecDeque::new();
        for (i, lane) in self.lanes_mut().iter_mut().enumerate() {
            let model = if mode == Mode::Models && i == 1 { second.clone() } else { shared.model_ref.clone() };
            lane.answer = Answer::to(prompt.to_owned(), model.clone());
            lane.answer.seed = Some(seed);
            lane.problem = None;
            let mut request = manner.request(prompt.to_owned(), seed);
            if mode == Mode::Temperatures {
                request.sampling = SamplingOptions { temperature: lane.temperature, ..manner.sampling };
            } else if manner.strategy == Strategy::Beams {
                request.sampling = manner.sampling;
            }
            waiting.push_back((i, model, request));
        }
        self.waiting = waiting;
        self.next(shared);
    }

    /// Ends the answer that is being written and lets go of those that wait.
    pub fn stop(&mut self, shared: &mut Shared) {
        self.waiting.clear();
        if let Some((_, job)) = self.running.take() {
            shared.engine.send(Command::Cancel(job));
        }
    }

    fn next(&mut self, shared: &mut Shared) {
        self.running = self.waiting.pop_front().map(|(lane, model, request)| {
            let job = shared.engine.next_job();
            shared.engine.send(Command::Generate(job, model, request));
            (lane, job)
        });
    }

    /// What the engine says of the answer that is being written.
    pub fn heed(&mut self, event: &Event, shared: &mut Shared) {
        let Some((place, mine)) = self.running else { return };
        let Some(lane) = self.lanes_mut().get_mut(place) else { return };
        match event {
            Event::Token(job, token, logits) if *job == mine => {
                lane.answer.push(Written::by_model(token, logits).without_row());
            }
            Event::GenerationEnded(job, stop, first_token_s, tokens_per_s) if *job == mine => {
                let report = Report { stop: *stop, first_token_s: *first_token_s, tokens_per_s: *tokens_per_s };
                lane.answer.report = Some(report);
                self.next(shared);
            }
            Event::Failed(job, sentence) if *job == mine => {
                lane.problem = Some(sentence.clone());
                self.next(shared);
            }
            Event::Cancelled(job) if *job == mine => self.running = None,
            _ => {}
        }
    }

    /// Whether a job is one of these answers.
    pub fn is_mine(&self, job: JobId) -> bool {
        self.running.is_some_and(|(_, mine)| mine == job)
    }

    /// Whether all answers are there.
    pub fn settled(&self) -> bool {
        self.running.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperatures_of_a_file_are_brought_into_range() {
        let mut compare = Compare::default();
        compare.set_temperatures([9.0, f32::NAN, 0.2]);
        assert_eq!(compare.temperatures(), [2.0, 0.8, 0.2]);
    }
}
