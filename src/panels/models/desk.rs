//! What is asked of the hub and what becomes of it: the list, a search, downloads, deletions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{Command, Event, HubEvent, HubProgress, HubRequest, JobId};
use crate::hub::remote::FoundModel;
use crate::panels::Shared;

/// A download that was asked for.
pub(super) struct Download {
    pub job: JobId,
    /// Whether its turn has come: downloads are made one after the other.
    pub begun: bool,
    pub progress: HubProgress,
}

/// Everything that is pending, and what went wrong.
#[derive(Default)]
pub(super) struct Desk {
    listing: Option<JobId>,
    searching: Option<JobId>,
    deleting: Vec<(JobId, String)>,
    pub downloads: Vec<Download>,
    /// What the last search has found, `None` before the first.
    pub found: Option<Arc<Vec<FoundModel>>>,
    /// Why the last search failed.
    pub search_failure: Option<String>,
    /// Why something failed with a repository.
    pub failures: BTreeMap<String, String>,
    /// Whether the rows say something else now.
    pub changed: bool,
}

impl Desk {
    /// Asks what there is.
    pub fn list(&mut self, shared: &Shared) {
        let job = shared.engine.next_job();
        self.listing = Some(job);
        shared.engine.send(Command::Hub(job, HubRequest::List));
    }

    /// Whether the list is on its way.
    pub fn listing(&self) -> bool {
        self.listing.is_some()
    }

    /// Looks for models on the hub.
    pub fn search(&mut self, words: &str, shared: &Shared) {
        let words = words.trim();
        if words.is_empty() {
            return;
        }
        let job = shared.engine.next_job();
        self.searching = Some(job);
        self.search_failure = None;
        shared.engine.send(Command::Hub(job, HubRequest::Search(words.to_owned())));
    }

    /// The search in progress.
    pub fn searching(&self) -> Option<JobId> {
        self.searching
    }

    /// Begins a download, or goes on with one.
    pub fn download(&mut self, repository: String, shared: &Shared) {
        if self.progress(&repository).is_some() {
            return;
        }
        let job = shared.engine.next_job();
        self.failures.remove(&repository);
        shared.engine.send(Command::Hub(job, HubRequest::Download(repository.clone(), None)));
        let progress = HubProgress { repository, ..HubProgress::default() };
        self.downloads.push(Download { job, begun: false, progress });
    }

    /// How far the download of a repository is.
    pub fn progress(&self, repository: &str) -> Option<&Download> {
        self.downloads.iter().find(|download| download.progress.repository == repository)
    }

    /// Stops a download. Its row is free again at once.
    pub fn cancel(&mut self, job: JobId, shared: &Shared) {
        shared.engine.send(Command::Cancel(job));
        self.searching.take_if(|mine| *mine == job);
        let before = self.downloads.len();
        self.downloads.retain(|download| download.job != job);
        if self.downloads.len() < before {
            self.list(shared);
        }
    }

    /// Deletes what is here of a repository.
    pub fn delete(&mut self, repository: String, shared: &Shared) {
        let job = shared.engine.next_job();
        self.failures.remove(&repository);
        shared.engine.send(Command::Hub(job, HubRequest::Delete(repository.clone())));
        self.deleting.push((job, repository));
    }

    /// Whether this job is one of these.
    pub fn knows(&self, job: JobId) -> bool {
        self.searching == Some(job)
            || self.downloads.iter().any(|download| download.job == job)
            || self.deleting.iter().any(|(mine, _)| *mine == job)
    }

    /// Takes in what the engine says.
    pub fn on_event(&mut self, event: &Event, shared: &Shared) {
        match event {
            Event::Hub(job, HubEvent::Listed(_)) => {
                self.listing.take_if(|mine| *mine == *job);
                self.changed = true;
            }
            Event::Hub(job, HubEvent::Found(found)) if self.searching == Some(*job) => {
                self.searching = None;
                self.found = Some(found.clone());
                self.changed = true;
            }
            Event::Hub(job, HubEvent::Progress(progress)) => {
                let mine = self.downloads.iter_mut().find(|download| download.job == *job);
                if let Some(download) = mine {
                    let begins = download.progress.total.is_none() && progress.total.is_some();
                    download.begun = true;
                    download.progress = progress.clone();
                    if begins {
                        // From now on it is one that was begun, also where no catalogue knows it.
                        self.list(shared);
                    }
                }
            }
            Event::Hub(job, HubEvent::Downloaded(_)) => {
                self.downloads.retain(|download| download.job != *job);
                self.list(shared);
            }
            Event::Hub(job, HubEvent::Deleted(_)) => {
                self.deleting.retain(|(mine, _)| mine != job);
                self.list(shared);
            }
            // The runs have changed.
            Event::Runs(_) | Event::RunDeleted(..) => self.list(shared),
            Event::Failed(job, sentence) => self.failed(*job, sentence, shared),
            Event::Cancelled(job) => {
                self.listing.take_if(|mine| *mine == *job);
                self.searching.take_if(|mine| *mine == *job);
                if self.downloads.iter().any(|download| download.job == *job) {
                    self.downloads.retain(|download| download.job != *job);
                    self.list(shared);
                }
            }
            _ => {}
        }
    }

    fn failed(&mut self, job: JobId, sentence: &str, shared: &Shared) {
        self.listing.take_if(|mine| *mine == job);
        if self.searching.take_if(|mine| *mine == job).is_some() {
            self.search_failure = Some(sentence.to_owned());
        }
        if let Some(place) = self.downloads.iter().position(|download| download.job == job) {
            let download = self.downloads.remove(place);
            self.failures.insert(download.progress.repository, sentence.to_owned());
            self.list(shared);
        }
        if let Some(place) = self.deleting.iter().position(|(mine, _)| *mine == job) {
            let (_, repository) = self.deleting.remove(place);
            self.failures.insert(repository, sentence.to_owned());
            self.list(shared);
        }
    }
}
