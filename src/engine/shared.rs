//! What several threads of the engine look at: the device in use, the model in training, the run in training.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::devices::Chosen;
use super::hub::Hub;
use crate::data::Home;
use crate::nn::Weights;
use crate::text::Tokenizer;

/// All of it; cheap to clone.
#[derive(Clone)]
pub(super) struct Common {
    pub home: Home,
    pub device: DeviceInUse,
    pub live: Live,
    pub in_training: InTraining,
    pub hub: Hub,
}

impl Common {
    pub fn new(home: Home) -> Self {
        let (device, live, in_training) = Default::default();
        Self { home, device, live, in_training, hub: Hub::from_env() }
    }
}

/// Locks what no panic can leave half done: every change below is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The device that new work is done on. Known only once devices have been probed.
#[derive(Clone, Default)]
pub(super) struct DeviceInUse(Arc<(Mutex<Option<Chosen>>, Condvar)>);

impl DeviceInUse {
    pub fn set(&self, chosen: Chosen) {
        *lock(&self.0.0) = Some(chosen);
        self.0.1.notify_all();
    }

    /// Waits until it is known, once a process.
    pub fn wait(&self) -> Chosen {
        let mut chosen = lock(&self.0.0);
        loop {
            match &*chosen {
                Some(chosen) => return chosen.clone(),
                None => chosen = self.0.1.wait(chosen).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// It, if it is known yet.
    pub fn now(&self) -> Option<Chosen> {
        lock(&self.0.0).clone()
    }
}

/// The model in training at one step, on the host.
pub(super) struct Snapshot {
    pub run: String,
    pub step: u64,
    pub weights: Weights,
    pub vocabulary: Arc<Vocabulary>,
}

/// What stays the same through a training: how text becomes tokens.
pub(super) struct Vocabulary {
    pub tokenizer: Tokenizer,
    pub pieces: Arc<Vec<String>>,
    pub language: Option<String>,
}

/// The latest snapshot. It stays after the training has ended, until another begins.
#[derive(Clone, Default)]
pub(super) struct Live(Arc<Mutex<Option<Arc<Snapshot>>>>);

impl Live {
    pub fn publish(&self, snapshot: Snapshot) {
        let before = lock(&self.0).replace(Arc::new(snapshot));
        // Megabytes are freed here, after the lock.
        drop(before);
    }

    pub fn latest(&self) -> Option<Arc<Snapshot>> {
        lock(&self.0).clone()
    }
}

/// The id of the run in training, held fast while its folder must stay.
#[derive(Clone, Default)]
pub(super) struct InTraining(Arc<Mutex<Option<String>>>);

impl InTraining {
    /// Marks a run until the result is dropped, also by a panic.
    pub fn mark(&self, run: &str) -> Mark {
        *lock(&self.0) = Some(run.to_owned());
        Mark(self.clone())
    }

    /// Does something to a run's folder unless the run is in training; none can begin meanwhile.
    pub fn unless_in_training<T>(&self, run: &str, work: impl FnOnce() -> T) -> Option<T> {
        let current = lock(&self.0);
        (current.as_deref() != Some(run)).then(work)
    }
}

/// See [`InTraining::mark`].
pub(super) struct Mark(InTraining);

impl Drop for Mark {
    fn drop(&mut self) {
        *lock(&self.0.0) = None;
    }
}
