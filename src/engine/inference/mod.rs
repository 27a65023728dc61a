//! The thread that runs models: loads them, continues texts, looks into them.
//!
//! It has two queues. A generation takes seconds and a look a few milliseconds, so between two tokens of a generation,
//! steps of a search or blocks of a scored text all looks that wait are done: whoever types or picks another head need not wait for the end of a text.

pub(in crate::engine) mod attention;
pub(in crate::engine) mod cache;
mod generation;
mod info;

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, Sender, select_biased, unbounded};

use super::error::EngineError;
use super::event::Event;
use super::job::Job;
use super::shared::Common;
use super::worker::Task;
use crate::generate::{BeamRequest, GenerateRequest, next_logits};
use crate::hub::ModelRef;
use crate::kernels::Storage;
use cache::Cache;

/// The state of the thread.
struct Inference {
    cache: Cache,
    looks: Receiver<Task<Inference>>,
}

/// The way to the thread.
pub(super) struct InferenceWorker {
    looks: Sender<Task<Inference>>,
    generations: Sender<Task<Inference>>,
}

impl InferenceWorker {
    pub fn start(common: Common) -> Result<(Self, JoinHandle<()>), EngineError> {
        let (looks, looks_queue) = unbounded();
        let (generations, generations_queue) = unbounded();
        let serve = move || Inference { cache: Cache::new(common), looks: looks_queue }.serve(&generations_queue);
        let thread = Builder::new().name("inference".into()).spawn(serve).map_err(EngineError::NoThread)?;
        Ok((Self { looks, generations }, thread))
    }

    /// Loads a model and says what it is.
    pub fn load(&self, job: Job, model: ModelRef) {
        self.look(job, move |inference, job| {
            let model = inference.cache.get(&model, job)?;
            job.send(Event::ModelReady(job.id, model.info.clone()));
            Ok(())
        });
    }

    /// Keeps weights in so many bits from now on.
    pub fn store(&self, job: Job, storage: Storage) {
        self.look(job, move |inference, _| {
            inference.cache.store(storage);
            Ok(())
        });
    }

    /// The logits after a text.
    pub fn next_token(&self, job: Job, model: ModelRef, text: String) {
        self.look(job, move |inference, job| {
            let model = inference.cache.get(&model, job)?;
            let (ids, logits) = next_logits(model.runner.model(), &model.vocabulary.tokenizer, &text)?;
            job.send(Event::NextToken(job.id, ids, Arc::new(logits)));
            Ok(())
        });
    }

    /// The attention of every layer and head on a text.
    pub fn attention(&self, job: Job, model: ModelRef, text: String) {
        self.look(job, move |inference, job| {
            let capture = attention::capture(&*inference.cache.get(&model, job)?, &text)?;
            job.send(Event::Attention(job.id, Arc::new(capture)));
            Ok(())
        });
    }

    /// Continues a text, token by token.
    pub fn generate(&self, job: Job, model: ModelRef, request: GenerateRequest) {
        let work = move |inference: &mut Inference, job: &Job| generation::generate(inference, job, &model, &request);
        give(&self.generations, Task::new(job, work));
    }

    /// Searches for the likeliest continuations of a prompt.
    pub fn search_beams(&self, job: Job, model: ModelRef, request: BeamRequest) {
        let work =
            move |inference: &mut Inference, job: &Job| generation::search_beams(inference, job, &model, &request);
        give(&self.generations, Task::new(job, work));
    }

    /// Judges every token of a text.
    pub fn score(&self, job: Job, model: ModelRef, text: String) {
        let work = move |inference: &mut Inference, job: &Job| generation::score(inference, job, &model, &text);
        give(&self.generations, Task::new(job, work));
    }

    fn look(&self, job: Job, work: impl FnOnce(&mut Inference, &Job) -> Result<(), EngineError> + Send + 'static) {
        give(&self.looks, Task::new(job, work));
    }
}

fn give(queue: &Sender<Task<Inference>>, task: Task<Inference>) {
    if queue.send(task).is_err() {
        tracing::error!("the inference thread has ended before its time");
    }
}

impl Inference {
    fn serve(&mut self, generations: &Receiver<Task<Self>>) {
        let looks = self.looks.clone();
        loop {
            let task = select_biased! {
                recv(looks) -> task => task,
                recv(generations) -> task => task,
            };
            match task {
                Ok(task) => self.run(task),
                // Both ends go at once, when the engine ends.
                Err(_) => return,
            }
        }
    }

    /// Does all looks that wait.
    fn serve_looks(&mut self) {
        while let Ok(task) = self.looks.try_recv() {
            self.run(task);
        }
    }

    fn run(&mut self, task: Task<Self>) {
        if !task.run(self) {
            // What a panic has left on a device is not worth trusting.
            self.cache.clear();
        }
    }
}
