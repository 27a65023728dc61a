//! Models of the hub: what is here and what could be, looking for more, fetching and deleting them.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::EngineError;
use super::event::Event;
use super::job::Job;
use crate::data::Home;
use crate::hub::catalogue::{self, CatalogueEntry};
use crate::hub::memory::{self, Weight};
use crate::hub::remote::library::{self, Manifest, Unfinished};
use crate::hub::remote::{self, Access, FoundModel, HubRef, Now, Pace};
use crate::hub::{BUILTIN, ModelRef};
use crate::train::runs;

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// What a person can ask for about models of the hub.
#[derive(Clone, Debug)]
pub enum HubRequest {
    /// Ask this hub from now on. At the start it is the one that the surroundings name ([`Access::from_env`]).
    Use(Box<Access>),
    /// List what is here and what the catalogue has.
    List,
    /// Look for models by words of their names.
    Search(String),
    /// Fetch a model: its repository, and the revision where a certain one is wanted.
    Download(String, Option<String>),
    /// Delete what is here of a repository, complete or not (the window has asked the person before).
    Delete(String),
}

/// What has happened about models of the hub.
#[derive(Clone, Debug)]
pub enum HubEvent {
    /// What is here and what could be.
    Listed(Arc<Library>),
    /// What a search has found, the most used ones first.
    Found(Arc<Vec<FoundModel>>),
    /// How far a download is.
    Progress(HubProgress),
    /// A model is here, whole and checked.
    Downloaded(HubRef),
    /// Nothing is left of a repository here.
    Deleted(String),
}

/// How far a download is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HubProgress {
    /// Its repository.
    pub repository: String,
    /// Bytes that are here.
    pub done: u64,
    /// Bytes in all, once the hub has said it.
    pub total: Option<u64>,
    /// Bytes a second, once that can be told.
    pub rate: Option<f64>,
    /// Seconds left, once they can be told.
    pub seconds_left: Option<f64>,
    /// Seconds that the server wants us to wait yet.
    pub waiting: Option<f64>,
}

/// Everything about models that the window shows without asking the net.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    /// The shipped models by name, with what they weigh.
    pub shipped: Vec<(&'static str, Option<Weight>)>,
    /// The models of the catalogue that are not here, with what they weigh.
    pub catalogue: Vec<(CatalogueEntry, Option<Weight>)>,
    /// Downloaded models, with what they weigh.
    pub downloaded: Vec<(Manifest, Option<Weight>)>,
    /// Downloads that were begun and not ended.
    pub unfinished: Vec<Unfinished>,
    /// The runs by id, with the bytes of their folders and what their models weigh.
    pub runs: Vec<(String, u64, Option<Weight>)>,
    /// Bytes of everything in the folder of models.
    pub space: u64,
    /// Bytes of memory that a model could have now, where the system says it.
    pub memory: Option<u64>,
    /// Whether the net is not to be used.
    pub offline: bool,
}

/// Which hub is asked, for all threads that ask it.
#[derive(Clone)]
pub(super) struct Hub(Arc<Mutex<Access>>);

impl Hub {
    pub fn from_env() -> Self {
        Self(Arc::new(Mutex::new(Access::from_env())))
    }

    /// Asks another one from now on.
    pub fn set(&self, access: Access) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = access;
    }

    fn access(&self) -> Access {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Says what is here and what the catalogue has.
pub(super) fn list(job: &Job, home: &Home, hub: &Hub) -> Result<(), EngineError> {
    let weight = |model: ModelRef| memory::weight(&model, home);
    let downloaded: Vec<_> = library::list(home)
        .into_iter()
        .map(|manifest| {
            let weight = weight(ModelRef::Hub(manifest.model()));
            (manifest, weight)
        })
        .collect();
    let here = |entry: &&CatalogueEntry| downloaded.iter().any(|(manifest, _)| manifest.repository == entry.repository);
    let library = Library {
        shipped: BUILTIN.map(|name| (name, weight(ModelRef::Builtin(name.to_owned())))).to_vec(),
        catalogue: catalogue::catalogue().iter().filter(|e| !here(e)).map(|entry| (*entry, entry.weight())).collect(),
        unfinished: library::unfinished(home),
        runs: runs::list(home)
            .into_iter()
            .map(|run| {
                let bytes = library::space(&home.runs().join(&run.id));
                let weight = weight(ModelRef::Run(run.id.clone()));
                (run.id, bytes, weight)
            })
            .collect(),
        space: library::space(&home.models()),
        memory: memory::available(),
        offline: hub.access().offline,
        downloaded,
    };
    job.send(Event::Hub(job.id, HubEvent::Listed(Arc::new(library))));
    Ok(())
}

/// Looks for models on the hub.
pub(super) fn search(job: &Job, home: &Home, hub: &Hub, words: &str) -> Result<(), EngineError> {
    let found = remote::search(&hub.access(), home, words, &mut |_| job.flow())?;
    job.send(Event::Hub(job.id, HubEvent::Found(Arc::new(found))));
    Ok(())
}

/// Fetches a model.
pub(super) fn download(
    job: &Job,
    home: &Home,
    hub: &Hub,
    repository: &str,
    revision: Option<&str>,
) -> Result<(), EngineError> {
    let mut teller = Teller { job, repository, pace: Pace::default(), told: None };
    teller.tell(Now::default());
    let model = remote::download(&hub.access(), home, repository, revision, &mut |now| teller.hear(now))?;
    job.send(Event::Hub(job.id, HubEvent::Downloaded(model)));
    Ok(())
}

/// Deletes what is here of a repository.
pub(super) fn delete(job: &Job, home: &Home, repository: String) -> Result<(), EngineError> {
    library::delete(home, &repository)?;
    job.send(Event::Hub(job.id, HubEvent::Deleted(repository)));
    Ok(())
}

/// Passes progress on, not more often than is worth drawing.
struct Teller<'a> {
    job: &'a Job,
    repository: &'a str,
    pace: Pace,
    told: Option<Instant>,
}

impl Teller<'_> {
    fn hear(&mut self, now: Now) -> ControlFlow<()> {
        let due = self.told.is_none_or(|at| at.elapsed() >= PROGRESS_EVERY);
        if now.total.is_some() {
            let instant = Instant::now();
            if due {
                self.pace.saw(instant, now.done);
            }
        }
        if due || now.total == Some(now.done) {
            self.tell(now);
        }
        self.job.flow()
    }

    fn tell(&mut self, now: Now) {
        self.told = Some(Instant::now());
        let left = now.total.map(|total| total.saturating_sub(now.done));
        let progress = HubProgress {
            repository: self.repository.to_owned(),
            done: now.done,
            total: now.total,
            rate: self.pace.rate(),
            seconds_left: left.and_then(|bytes| self.pace.seconds_for(bytes)),
            waiting: now.waiting.map(|wait| wait.as_secs_f64()),
        };
        self.job.send(Event::Hub(self.job.id, HubEvent::Progress(progress)));
    }
}
