//! Texts that grow in front of the person, searches and scores, while the thread goes on answering looks.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::error::EngineError;
use super::super::event::Event;
use super::super::job::Job;
use super::Inference;
use crate::generate::beam::{BeamListener, search};
use crate::generate::score::score as judge;
use crate::generate::{BeamRequest, BeamStep, GenerateRequest, GeneratedToken, Listener, StopReason, generate as run};
use crate::hub::ModelRef;
use crate::kernels::heap;

/// Passes on what is written.
struct Teller<'a> {
    inference: &'a mut Inference,
    job: &'a Job,
    seed: u64,
}

impl Listener for Teller<'_> {
    fn started(&mut self, prompt_ids: &[u32]) {
        self.job.send(Event::GenerationStarted(self.job.id, prompt_ids.to_vec(), self.seed));
    }

    fn reading(&mut self) -> ControlFlow<()> {
        self.inference.serve_looks();
        self.job.flow()
    }

    fn token(&mut self, token: &GeneratedToken, logits: &[f32]) -> ControlFlow<()> {
        self.job.send(Event::Token(self.job.id, token.clone(), Arc::new(logits.to_vec())));
        self.inference.serve_looks();
        self.job.flow()
    }
}

/// Passes on how a search goes.
struct BeamTeller<'a> {
    inference: &'a mut Inference,
    job: &'a Job,
}

impl BeamListener for BeamTeller<'_> {
    fn step(&mut self, step: &BeamStep) -> ControlFlow<()> {
        self.job.send(Event::BeamStep(self.job.id, step.clone()));
        self.inference.serve_looks();
        self.job.flow()
    }

    fn reading(&mut self) -> ControlFlow<()> {
        self.inference.serve_looks();
        self.job.flow()
    }
}

pub(super) fn generate(
    inference: &mut Inference,
    job: &Job,
    model: &ModelRef,
    request: &GenerateRequest,
) -> Result<(), EngineError> {
    let model = inference.cache.get(model, job)?;
    let mut teller = Teller { inference, job, seed: request.seed };
    let made = run(model.runner.model(), &model.vocabulary.tokenizer, request, &mut teller)?;
    // The keys and values of this text are not held beside those of the next one.
    heap::give_back();
    let ended = Event::GenerationEnded(job.id, made.stop, made.first_token_s, made.tokens_per_s);
    match made.stop {
        // The text stands as far as it came, so its figures are told even though the job is not wanted any more.
        StopReason::Cancelled => job.send_last(ended),
        _ => job.send(ended),
    }
    Ok(())
}

/// Searches with several beams; every step is told.
pub(super) fn search_beams(
    inference: &mut Inference,
    job: &Job,
    model: &ModelRef,
    request: &BeamRequest,
) -> Result<(), EngineError> {
    let model = inference.cache.get(model, job)?;
    let mut teller = BeamTeller { inference, job };
    let found = search(model.runner.model(), &model.vocabulary.tokenizer, request, &mut teller)?;
    heap::give_back();
    let ended = |found| Event::BeamsEnded(job.id, Arc::new(found));
    match found.stop {
        // What was found until then is worth showing even though the job is not wanted any more.
        StopReason::Cancelled => job.send_last(ended(found)),
        _ => job.send(ended(found)),
    }
    Ok(())
}

/// Judges every token of a text.
pub(super) fn score(inference: &mut Inference, job: &Job, model: &ModelRef, text: &str) -> Result<(), EngineError> {
    let model = inference.cache.get(model, job)?;
    let mut tell = |done, all| {
        job.send(Event::ScoreProgress(job.id, done, all));
        inference.serve_looks();
        job.flow()
    };
    if let Some(score) = judge(model.runner.model(), &model.vocabulary.tokenizer, text, &mut tell)? {
        job.send(Event::TextScored(job.id, Arc::new(score)));
    }
    Ok(())
}
