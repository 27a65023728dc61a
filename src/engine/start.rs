//! The engine begins, and ends in good order.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::chooser::Chooser;
use super::command::Command;
use super::error::EngineError;
use super::event::Event;
use super::files::Files;
use super::handle::EngineHandle;
use super::inference::InferenceWorker;
use super::job::Outbox;
use super::jobs::Jobs;
use super::lesson::LessonWorkers;
use super::router::{Router, Workers};
use super::shared::Common;
use super::threads;
use super::training::Training;
use super::worker::Worker;
use crate::data::Home;

/// How long [`Engine`] waits at its end if nobody says otherwise: a checkpoint of a large model takes a second or two.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it looks whether its threads have ended.
const HEARTBEAT: Duration = Duration::from_millis(5);

/// What the engine needs to begin.
pub struct EngineOptions {
    /// Where a person's files are.
    pub home: Home,
    /// `auto`, `cpu`, `cuda`, `cuda:N`.
    pub device: String,
    /// Called after every event, on the thread that sent it: wakes the window.
    pub notify: Arc<dyn Fn() + Send + Sync>,
}

/// The running engine. When it is dropped, it ends as with [`Engine::shut_down`].
pub struct Engine {
    handle: EngineHandle,
    events: Receiver<Event>,
    /// Dropped, it tells the router to end.
    open: Option<Sender<()>>,
    /// Threads that write a person's files; the others may be left behind.
    writers: Vec<JoinHandle<()>>,
}

/// Starts all threads. Devices are looked for at once ([`Event::Devices`], then [`Event::DeviceInUse`]); a device that
/// cannot be used is no error here: a [`Event::Notice`] says why, and the CPU is used.
///
/// # Errors
/// If the system gives no threads.
pub fn start(options: EngineOptions) -> Result<Engine, EngineError> {
    threads::set_up(None);
    let (handle, commands) = EngineHandle::pair();
    let (sender, events) = unbounded();
    let out = Outbox::new(sender, options.notify);
    let common = Common::new(options.home);
    let (workers, mut writers) = start_workers(&common, &out)?;
    let router = Router { jobs: Jobs::new(out), workers, hub: common.hub, controls: None };
    let (open, closed) = unbounded();
    // First of all, because others wait for a device; and chosen first, because probing tells more than is needed.
    handle.send(Command::UseDevice(options.device));
    handle.send(Command::ProbeDevices);
    let router = Builder::new().name("engine".into()).spawn(move || router.serve(&commands, &closed));
    writers.push(router.map_err(EngineError::NoThread)?);
    Ok(Engine { handle, events, open: Some(open), writers })
}

/// The threads that work, and which of them write files.
fn start_workers(common: &Common, out: &Outbox) -> Result<(Workers, Vec<JoinHandle<()>>), EngineError> {
    let state = || (common.clone(), out.clone());
    let (common_of_chooser, out_of_chooser) = state();
    let make = move || Chooser { common: common_of_chooser.clone(), out: out_of_chooser.clone() };
    let (chooser, _) = Worker::start("devices", make)?;
    let (common_of_training, out_of_training) = state();
    let make = move || Training { common: common_of_training.clone(), out: out_of_training.clone() };
    let (training, training_thread) = Worker::start("training", make)?;
    let (common_of_files, out_of_files) = state();
    let make = move || Files { common: common_of_files.clone(), out: out_of_files.clone() };
    let (files, files_thread) = Worker::start("files", make)?;
    let (inference, _) = InferenceWorker::start(common.clone())?;
    let [of_corpora, of_downloads, of_models, of_searches] = [(); 4].map(|()| common.clone());
    let (corpora, _) = Worker::start("corpora", move || of_corpora.clone())?;
    let (downloads, downloads_thread) = Worker::start("downloads", move || of_downloads.clone())?;
    let (models, models_thread) = Worker::start("models", move || of_models.clone())?;
    let (searches, _) = Worker::start("searches", move || of_searches.clone())?;
    let (positions, _) = Worker::start("positions", || ())?;
    let lesson = LessonWorkers::start(common)?;
    let workers =
        Workers { chooser, inference, training, files, corpora, downloads, models, searches, positions, lesson };
    Ok((workers, vec![training_thread, files_thread, downloads_thread, models_thread]))
}

impl Engine {
    /// The way to it, as many as wanted.
    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// What happens in it.
    pub fn events(&self) -> &Receiver<Event> {
        &self.events
    }

    /// Stops everything: a training writes its checkpoint, files are written to their end. Returns whether all of that was
    /// done within `patience`; the process may end in any case, since files are replaced as a whole or not at all.
    pub fn shut_down(mut self, patience: Duration) -> bool {
        self.end(patience)
    }

    fn end(&mut self, patience: Duration) -> bool {
        self.open = None;
        let begin = Instant::now();
        while !self.writers.iter().all(JoinHandle::is_finished) {
            if begin.elapsed() >= patience {
                tracing::warn!("the engine did not end within {patience:?}");
                return false;
            }
            std::thread::sleep(HEARTBEAT);
        }
        true
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.open.is_some() {
            self.end(PATIENCE);
        }
    }
}
