//! The token after a prompt, as several figures of this chapter look at it.

use rust_i18n::t;

use crate::chapters::parts::{Asked, only};
use crate::engine::lesson::NextToken;
use crate::engine::{Event, JobId, LessonRequest, LessonResult, ModelRef};
use crate::generate::SamplingOptions;
use crate::panels::Shared;
use crate::panels::playground::outlook::{Distribution, Row, distribution};

/// Model, its step, prompts.
type Key = (ModelRef, Option<u64>, Vec<String>);

/// What comes after each of a few prompts.
#[derive(Default)]
pub struct Next {
    asked: Asked<Key>,
    rows: Vec<NextToken>,
    version: u64,
    drawn_for: Option<(u64, SamplingOptions, &'static str)>,
    distributions: Vec<Distribution>,
}

/// Everything off: what the model itself says.
pub const PLAIN: SamplingOptions =
    SamplingOptions { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0 };

impl Next {
    /// Another model: nothing of what is there is right any more.
    pub fn forget(&mut self) {
        (self.rows, self.distributions, self.drawn_for) = (Vec::new(), Vec::new(), None);
        self.asked.forget();
    }

    /// Asks for prompts that are new, and runs the pipeline for options that are new.
    pub fn logic(&mut self, shared: &Shared, prompts: &[String], options: &SamplingOptions) {
        let Some(model) = &shared.model else { return };
        let key = (model.model.clone(), model.step, prompts.to_vec());
        self.asked.ask(shared, key, |(model, _, prompts)| {
            LessonRequest::NextTokens(prompts.iter().map(|prompt| (model.clone(), prompt.clone())).collect())
        });
        let key = (self.version, *options, shared.language);
        if self.drawn_for != Some(key) {
            let row = |next: &NextToken| Row {
                logits: next.logits.clone(),
                previous: next.ids.clone(),
                drawn: None,
                pieces: next.pieces.clone(),
            };
            self.distributions = self.rows.iter().map(|next| distribution(&row(next), options)).collect();
            self.drawn_for = Some(key);
        }
    }

    /// Takes an event.
    pub fn on_event(&mut self, event: &Event) {
        if let Some(LessonResult::NextTokens(rows)) = self.asked.answer(event, only) {
            self.rows.clone_from(rows);
            self.version += 1;
        }
    }

    /// What is drawn of each prompt; nothing until it is there.
    pub fn distributions(&self) -> &[Distribution] {
        &self.distributions
    }

    /// The logits after each prompt.
    pub fn rows(&self) -> &[NextToken] {
        &self.rows
    }

    /// Changes with the rows.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether it waits for this job.
    pub fn waits_for(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    /// Why there is nothing.
    pub fn problem(&self) -> Option<&str> {
        self.asked.problem()
    }

    /// Whether everything that was asked for is there.
    pub fn settled(&self) -> bool {
        self.asked.settled()
    }
}

/// Whether the model at hand writes Spanish.
pub fn in_spanish(shared: &Shared) -> bool {
    let language = shared.model.as_ref().and_then(|model| model.language.as_deref());
    language.unwrap_or(shared.language) == "es"
}

/// A prompt in the language of the model at hand.
pub fn example(shared: &Shared) -> String {
    if in_spanish(shared) { t!("chapters_meet.prompt_in_spanish") } else { t!("chapters_meet.prompt_in_english") }
        .into_owned()
}

/// From nats to bits.
pub fn bits(nats: f32) -> f32 {
    nats / std::f32::consts::LN_2
}
