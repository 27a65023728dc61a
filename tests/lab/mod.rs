//! An engine with a folder of its own, and how a test talks to it. Each test file uses a part of this.
#![allow(dead_code)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use telar::data::Home;
use telar::engine::{Command, Engine, EngineHandle, EngineOptions, Event, JobId, ModelRef, TrainEvent, start};
use telar::generate::{GenerateRequest, SamplingOptions};
use telar::hub::{self, Loaded, Precision};
use telar::nn::{DecoderConfig, Positions, Weights};
use telar::text::Tokenizer;
use telar::train::{Preset, TokenizerKind};

/// Whoever waits longer than this waits for something that will never happen.
pub const FOREVER: Duration = Duration::from_secs(120);

/// An engine with a folder of its own.
pub struct Lab {
    pub engine: Engine,
    pub handle: EngineHandle,
    pub folder: tempfile::TempDir,
}

impl Lab {
    pub fn on(device: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        let options = EngineOptions { home, device: device.to_owned(), notify: Arc::new(|| {}) };
        let engine = start(options).unwrap();
        Self { handle: engine.handle(), engine, folder }
    }

    pub fn new() -> Self {
        Self::on("cpu")
    }

    pub fn home(&self) -> Home {
        Home::at(self.folder.path().join("home"))
    }

    /// Sends a job's command and returns its id.
    pub fn ask(&self, command: impl FnOnce(JobId) -> Command) -> JobId {
        let id = self.handle.next_job();
        self.handle.send(command(id));
        id
    }

    pub fn event(&self) -> Event {
        self.engine.events().recv_timeout(FOREVER).expect("an event")
    }

    /// Waits for the event that `choose` takes. A failure that nobody waits for ends the test.
    pub fn until<T>(&self, mut choose: impl FnMut(&Event) -> Option<T>) -> T {
        loop {
            let event = self.event();
            if let Some(found) = choose(&event) {
                return found;
            }
            assert!(!matches!(event, Event::Failed(..)), "{event:?}");
        }
    }

    /// Waits until the job has failed and returns its sentence.
    pub fn failure(&self, id: JobId) -> String {
        self.until(|event| match event {
            Event::Failed(job, sentence) if *job == id => Some(sentence.clone()),
            _ => None,
        })
    }

    /// Waits for a fact about a training.
    pub fn training<T>(&self, id: JobId, mut choose: impl FnMut(&TrainEvent) -> Option<T>) -> T {
        self.until(|event| match event {
            Event::Train(job, event) if *job == id => choose(event),
            _ => None,
        })
    }

    /// An untrained model in a folder.
    pub fn model(&self) -> ModelRef {
        let path = self.folder.path().join("model");
        write_model(&path, 4_096);
        ModelRef::Folder(path)
    }

    /// Generates a text to its end.
    pub fn generate(&self, model: &ModelRef, request: &GenerateRequest) -> Text {
        let id = self.ask(|id| Command::Generate(id, model.clone(), request.clone()));
        let mut text = Text::default();
        self.until(|event| match event {
            Event::GenerationStarted(job, ids, seed) if *job == id => {
                assert_eq!(*seed, request.seed);
                text.prompt = ids.clone();
                None
            }
            Event::Token(job, token, logits) if *job == id => {
                text.ids.push(token.id);
                text.written.push_str(&token.text);
                text.logits.push(logits.to_vec());
                None
            }
            Event::GenerationEnded(job, stop, ..) if *job == id => Some(*stop),
            _ => None,
        });
        text
    }
}

#[derive(Debug, Default, PartialEq)]
pub struct Text {
    pub prompt: Vec<u32>,
    pub ids: Vec<u32>,
    pub written: String,
    pub logits: Vec<Vec<f32>>,
}

/// Writes an untrained model of characters.
pub fn write_model(folder: &Path, context: usize) {
    let tokenizer = Tokenizer::train(TokenizerKind::Characters, "\n abcdefghijklmnopqrstuvwxyz").unwrap();
    let config = DecoderConfig {
        vocabulary: tokenizer.vocabulary(),
        context,
        d_model: 16,
        n_layers: 3,
        n_heads: 4,
        n_kv_heads: 2,
        d_ff: 24,
        positions: Positions::Sinusoidal,
        windows: vec![None, Some(3), None],
        ..Preset::Char.settings().model
    };
    let mut weights = Weights::init(&config, 5).unwrap();
    // An untrained model looks everywhere alike; one with larger weights has opinions.
    weights.data.iter_mut().for_each(|weight| *weight *= 8.0);
    let loaded = Loaded { name: "tiny".into(), weights, tokenizer, step: None, language: Some("en".into()) };
    hub::folder::write(folder, &loaded, Precision::Full).unwrap();
}

pub fn request(prompt: &str, most: usize) -> GenerateRequest {
    GenerateRequest {
        prompt: prompt.to_owned(),
        sampling: SamplingOptions { temperature: 1.0, ..SamplingOptions::default() },
        seed: 7,
        max_new_tokens: most,
        ..GenerateRequest::default()
    }
}
