//! Which text: choosing one, fetching it, reading what is in it.

use std::path::PathBuf;

use rust_i18n::t;

use crate::data::{self, CorpusRef};
use crate::engine::{Command, CorpusInfo, Event, JobId};
use crate::panels::Shared;
use crate::panels::dialog::{Answer, FileDialog};

/// A download in progress.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Download {
    pub job: JobId,
    /// The corpus' name in the catalogue.
    pub name: String,
    pub done: u64,
    pub total: Option<u64>,
}

/// The chosen text and what is known of it.
#[derive(Default)]
pub(super) struct CorpusDesk {
    chosen: Option<CorpusRef>,
    wish: Option<CorpusRef>,
    /// Names of the catalogue's texts that can be read now.
    present: Vec<&'static str>,
    /// The path of a text of one's own, as typed.
    pub own: String,
    reading: Option<JobId>,
    info: Option<CorpusInfo>,
    /// Why the chosen text cannot be used.
    pub error: Option<String>,
    pub download: Option<Download>,
    dialog: Option<FileDialog>,
}

impl CorpusDesk {
    pub fn chosen(&self) -> Option<&CorpusRef> {
        self.chosen.as_ref()
    }

    /// What was read of the chosen text.
    pub fn info(&self) -> Option<&CorpusInfo> {
        self.info.as_ref()
    }

    /// Whether the engine reads it just now.
    pub fn reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Whether the text of this name can be read without a download.
    pub fn is_present(&self, name: &str) -> bool {
        self.present.contains(&name)
    }

    /// Whether the chosen text must be downloaded first; its name.
    pub fn missing(&self) -> Option<&str> {
        match &self.chosen {
            Some(CorpusRef::Named(name)) if !self.is_present(name) => Some(name),
            _ => None,
        }
    }

    /// Chooses a text and lets it be read.
    pub fn choose(&mut self, corpus: CorpusRef, shared: &mut Shared) {
        if self.chosen.as_ref() == Some(&corpus) && (self.info.is_some() || self.reading.is_some()) {
            return;
        }
        self.look(shared);
        self.chosen = Some(corpus);
        (self.info, self.error) = (None, None);
        if let Some(job) = self.reading.take() {
            shared.engine.send(Command::Cancel(job));
        }
        if let (None, Some(corpus)) = (self.missing(), &self.chosen) {
            let job = shared.engine.next_job();
            self.reading = Some(job);
            shared.engine.send(Command::ReadCorpus(job, corpus.clone()));
        }
    }

    /// Chooses the typed path, if there is one.
    pub fn choose_own(&mut self, shared: &mut Shared) {
        let typed = self.own.trim();
        if !typed.is_empty() {
            self.choose(CorpusRef::Path(PathBuf::from(typed)), shared);
        }
    }

    /// Remembers a text to be chosen as soon as the engine can be asked to read it.
    pub fn wish(&mut self, corpus: CorpusRef) {
        self.wish = Some(corpus);
    }

    /// Chooses the text that was wished for, or the one that ships in the person's language, where none was chosen.
    pub fn choose_first(&mut self, shared: &mut Shared) {
        if self.chosen.is_none() {
            let shipped = || CorpusRef::Named(format!("telar-{}", shared.language));
            let corpus = self.wish.take().unwrap_or_else(shipped);
            self.choose(corpus, shared);
        }
    }

    /// Which files of the catalogue are there.
    fn look(&mut self, shared: &Shared) {
        let entries = data::catalogue().iter();
        self.present = entries.filter(|entry| data::available(entry, &shared.home)).map(|entry| entry.name).collect();
    }

    /// Fetches a text of the catalogue.
    pub fn fetch(&mut self, name: &str, shared: &mut Shared) {
        let job = shared.engine.next_job();
        self.error = None;
        self.download = Some(Download { job, name: name.to_owned(), done: 0, total: None });
        shared.engine.send(Command::Download(job, name.to_owned()));
    }

    /// Stops the download. The row is free again at once; the engine's late word about it is not waited for.
    pub fn cancel_download(&mut self, shared: &mut Shared) {
        if let Some(download) = self.download.take() {
            shared.engine.send(Command::Cancel(download.job));
        }
    }

    /// Lets a person choose a text file.
    pub fn pick_file(&mut self, ctx: &egui::Context) {
        let kind = (&*t!("training.text_files"), &["txt", "md"][..]);
        self.dialog = Some(FileDialog::pick_file(ctx, &t!("training.pick_file"), kind));
    }

    /// Lets a person choose a folder of text files.
    pub fn pick_folder(&mut self, ctx: &egui::Context) {
        self.dialog = Some(FileDialog::pick_folder(ctx, &t!("training.pick_folder")));
    }

    /// Asks an open dialog for its answer.
    pub fn logic(&mut self, shared: &mut Shared) {
        match self.dialog.as_ref().map(FileDialog::answer) {
            None | Some(Answer::Waiting) => return,
            Some(Answer::Chosen(path)) => self.take_path(path, shared),
            Some(Answer::Cancelled) => {}
            Some(Answer::Unavailable) => self.error = Some(t!("training.no_dialog").into_owned()),
        }
        self.dialog = None;
    }

    /// Takes a file or folder that was chosen or dropped on the window.
    pub fn take_path(&mut self, path: PathBuf, shared: &mut Shared) {
        self.own = path.display().to_string();
        self.choose(CorpusRef::Path(path), shared);
    }

    /// Whether nothing is pending.
    pub fn settled(&self) -> bool {
        self.reading.is_none() && self.download.is_none()
    }

    /// Takes in what the engine says of the text.
    pub fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        match event {
            Event::CorpusRead(job, info) if self.reading == Some(*job) => {
                self.reading = None;
                self.info = Some(info.clone());
            }
            Event::Failed(job, sentence) if self.reading == Some(*job) => {
                self.reading = None;
                self.error = Some(sentence.clone());
                // A downloaded file that is not what it was has been set aside.
                self.look(shared);
            }
            Event::DownloadProgress(job, done, total) => {
                if let Some(download) = self.download.as_mut().filter(|download| download.job == *job) {
                    (download.done, download.total) = (*done, *total);
                }
            }
            Event::Downloaded(job, name) if self.downloads(*job) => {
                self.download = None;
                self.look(shared);
                let corpus = CorpusRef::Named(name.clone());
                if self.chosen.as_ref() == Some(&corpus) {
                    self.choose(corpus, shared);
                }
            }
            Event::Failed(job, sentence) if self.downloads(*job) => {
                self.download = None;
                self.error = Some(sentence.clone());
            }
            Event::Cancelled(job) if self.downloads(*job) => self.download = None,
            Event::Cancelled(job) if self.reading == Some(*job) => self.reading = None,
            _ => {}
        }
    }

    fn downloads(&self, job: JobId) -> bool {
        self.download.as_ref().is_some_and(|download| download.job == job)
    }
}
