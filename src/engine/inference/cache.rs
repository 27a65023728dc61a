//! Models that were used lately, on the device in use.

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::super::devices::Chosen;
use super::super::error::EngineError;
use super::super::event::{Event, ModelInfo};
use super::super::job::Job;
use super::super::runner::Runner;
use super::super::shared::{Common, Snapshot, Vocabulary};
use super::info;
use crate::hub::{self, HubError, ModelRef, Reading, memory};
use crate::kernels::{Storage, heap};
use crate::nn::Device;

/// So many models are held at once.
const MOST: usize = 3;
/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);

/// A model ready to run.
pub(in crate::engine) struct Model {
    pub info: Arc<ModelInfo>,
    pub vocabulary: Arc<Vocabulary>,
    pub runner: Runner,
}

/// What a held model was made of; if that changes, it is loaded again.
#[derive(Clone, Debug, PartialEq)]
enum Version {
    /// Ships with the program: never changes.
    Shipped,
    /// The run in training, and its step.
    Snapshot(String, u64),
    /// Files: the newest checkpoint's step, when the weights were written, and their size.
    Files(Option<u64>, Option<SystemTime>, Option<u64>),
}

struct Entry {
    model_ref: ModelRef,
    version: Version,
    device: String,
    model: Rc<Model>,
}

/// The models held, the one used last at the end.
pub(in crate::engine) struct Cache {
    common: Common,
    storage: Storage,
    entries: Vec<Entry>,
}

impl Cache {
    pub fn new(common: Common) -> Self {
        Self { common, storage: Storage::default(), entries: Vec::new() }
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Keeps weights in so many bits from now on; what is held in others is not used any more.
    pub fn store(&mut self, storage: Storage) {
        if self.storage != storage {
            self.storage = storage;
            self.clear();
        }
    }

    /// The model, loaded if it is not held or has changed. How far that is, the job is told; it can stop it.
    pub fn get(&mut self, model_ref: &ModelRef, job: &Job) -> Result<Rc<Model>, EngineError> {
        let device = self.common.device.wait();
        // What lies on another device is not used any more.
        self.entries.retain(|entry| entry.device == device.id);
        let snapshot = match model_ref {
            ModelRef::Live => Some(self.common.live.latest().ok_or(HubError::NothingLive)?),
            _ => None,
        };
        let version = self.version(model_ref, snapshot.as_deref());
        // The old one goes before the new one comes, so that memory need not hold both.
        let held = self.entries.iter().position(|entry| entry.model_ref == *model_ref);
        let held = held.map(|place| self.entries.remove(place)).filter(|entry| entry.version == version);
        let entry = match held {
            Some(entry) => entry,
            None => {
                self.make_room(model_ref, &device);
                let model = Rc::new(self.make(model_ref, snapshot.as_deref(), &device, job)?);
                Entry { model_ref: model_ref.clone(), version, device: device.id, model }
            }
        };
        let model = entry.model.clone();
        let surplus = (self.entries.len() + 1).saturating_sub(MOST);
        self.entries.drain(..surplus);
        self.entries.push(entry);
        Ok(model)
    }

    /// Where a model would not fit beside those that are held, they go; they are loaded again when they are wanted.
    fn make_room(&mut self, model_ref: &ModelRef, device: &Chosen) {
        let weight = memory::weight(model_ref, &self.common.home);
        if memory::check(weight, self.while_loading(device), memory::available()).is_err() {
            self.clear();
            heap::give_back();
        }
    }

    /// In how many bits this machine's memory holds the weights while they are loaded: on the way to another device in all.
    fn while_loading(&self, device: &Chosen) -> Storage {
        if matches!(device.device, Device::Flex(_)) { self.storage } else { Storage::F32 }
    }

    fn version(&self, model_ref: &ModelRef, snapshot: Option<&Snapshot>) -> Version {
        match (model_ref, snapshot) {
            (_, Some(snapshot)) => Version::Snapshot(snapshot.run.clone(), snapshot.step),
            (ModelRef::Run(id), None) => files(&self.common.home.runs().join(id)),
            (ModelRef::Folder(path), None) => files(path),
            (ModelRef::Hub(model), None) => files(&hub::remote::library::folder(&self.common.home, &model.repository)),
            (ModelRef::Builtin(_) | ModelRef::Live, None) => Version::Shipped,
        }
    }

    fn make(
        &self,
        model_ref: &ModelRef,
        snapshot: Option<&Snapshot>,
        device: &Chosen,
        job: &Job,
    ) -> Result<Model, EngineError> {
        if let Some(snapshot) = snapshot {
            let info = Arc::new(info::of_snapshot(snapshot));
            let runner = Runner::new(&snapshot.weights, &device.device, self.storage);
            return Ok(Model { info, vocabulary: snapshot.vocabulary.clone(), runner });
        }
        let mut told: Option<Instant> = None;
        let mut tell = |done, total| {
            if done == total || told.is_none_or(|at| at.elapsed() >= PROGRESS_EVERY) {
                told = Some(Instant::now());
                job.send(Event::Loading(job.id, done, total));
            }
            job.flow()
        };
        let reading = Reading::new(&mut tell);
        let opened = hub::open(model_ref, &self.common.home, self.while_loading(device), &reading)?;
        let pieces = Arc::new(opened.tokenizer.pieces());
        let info = Arc::new(info::of_opened(model_ref, &opened, pieces.clone()));
        let (tokenizer, language) = (opened.tokenizer.clone(), opened.language.clone());
        let vocabulary = Arc::new(Vocabulary { tokenizer, pieces, language });
        let runner = Runner::open(&opened, &device.device, self.storage, &reading)?;
        drop(opened);
        heap::give_back();
        Ok(Model { info, vocabulary, runner })
    }
}

/// What can be told of a model's files without reading them. A run's are those of its newest checkpoint.
fn files(folder: &Path) -> Version {
    let newest = hub::checkpoints(folder).into_iter().next();
    let (step, weights) = match &newest {
        Some((step, path)) => (Some(*step), hub::witness(path)),
        None => (None, hub::witness(folder)),
    };
    let about = fs::metadata(weights).ok();
    let written = about.as_ref().and_then(|about| about.modified().ok());
    Version::Files(step, written, about.map(|about| about.len()))
}
