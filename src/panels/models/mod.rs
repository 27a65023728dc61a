//! Which models are there, which could be, and what does each of them ask of this machine?
//!
//! Everything that can answer stands in one table: what ships, one's own runs, what was downloaded, what the catalogue
//! recommends, folders of one's own, and what a search on the hub has found.

mod desk;
mod row_view;
mod rows;
#[cfg(test)]
mod tests;
mod view;

use std::path::PathBuf;

use egui_material_icons::icons;
use rust_i18n::t;

use super::dialog::{Answer, FileDialog};
use super::{Intent, Panel, PanelId, Shared, Tone};
use crate::engine::{Command, Event, JobId, ModelRef};
use desk::Desk;
use rows::Rows;

/// Folders of one's own that are remembered.
const MOST_FOLDERS: usize = 6;

/// The page.
#[derive(Default)]
pub struct Models {
    desk: Desk,
    rows: Rows,
    /// The language that the rows are written in.
    language: &'static str,
    /// The words of a search, as typed.
    words: String,
    /// The repository that is deleted if the person says so once more.
    doomed: Option<String>,
    folders: Vec<PathBuf>,
    dialog: Option<FileDialog>,
    /// Whether it was drawn since the last `logic`, and since the one before.
    seen: (bool, bool),
    /// Whether anything was ever listed.
    begun: bool,
}

/// The ends of names of files that are a model, or belong to one.
const FILES: [&str; 4] = ["gguf", "safetensors", "bin", "json"];

/// The model that a chosen file is or belongs to: only a GGUF file is one by itself, other files have their folder.
fn whole(path: PathBuf) -> PathBuf {
    let alone = path.is_dir() || path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gguf"));
    match path.parent() {
        Some(folder) if !alone => folder.to_owned(),
        _ => path,
    }
}

/// What a person wants; collected while drawing, carried out afterwards.
enum Act {
    Use(ModelRef),
    Download(String),
    Cancel(JobId),
    AskToDelete(Option<String>),
    Delete(String),
    Forget(PathBuf),
    Search,
    PickFolder,
    PickFile,
    ShowTraining,
}

impl Panel for Models {
    fn id(&self) -> PanelId {
        PanelId::Models
    }

    fn icon(&self) -> &'static str {
        icons::ICON_DEPLOYED_CODE.codepoint
    }

    fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        self.desk.on_event(event, shared);
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        // Where nobody looks at the page, a message says it.
        self.seen.1 && self.desk.knows(job)
    }

    fn on_model(&mut self, shared: &mut Shared) {
        if let ModelRef::Folder(path) = &shared.model_ref {
            let path = path.clone();
            self.folders.retain(|other| *other != path);
            self.folders.insert(0, path);
            self.folders.truncate(MOST_FOLDERS);
            self.desk.changed = true;
        }
    }

    fn logic(&mut self, _ctx: &egui::Context, shared: &mut Shared) {
        let seen = std::mem::take(&mut self.seen.0);
        // Whoever comes here wants to see what is there now.
        if !self.begun || (seen && !self.seen.1) {
            self.begun = true;
            self.desk.list(shared);
        }
        self.seen.1 = seen;
        self.folder_answer(shared);
        if shared.folders != self.folders {
            shared.folders.clone_from(&self.folders);
        }
        if std::mem::take(&mut self.desk.changed) || self.language != shared.language {
            self.write_rows(shared);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, shared: &mut Shared) {
        self.seen.0 = true;
        let mut acts = Vec::new();
        self.page_ui(ui, shared, &mut acts);
        for act in acts {
            self.carry_out(act, ui.ctx(), shared);
        }
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        if !self.folders.is_empty() {
            // A name that is no text cannot be written down.
            let paths = self.folders.iter().filter_map(|path| path.to_str()).map(|path| path.to_owned().into());
            table.insert("folders".to_owned(), toml::Value::Array(paths.collect()));
        }
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        let paths = remembered.get("folders").and_then(|value| value.as_array()).into_iter().flatten();
        let paths = paths.filter_map(|path| path.as_str()).map(PathBuf::from);
        self.folders = paths.take(MOST_FOLDERS).collect();
        self.desk.changed = true;
    }

    fn settled(&self) -> bool {
        self.begun && !self.desk.listing() && self.desk.searching().is_none() && !self.desk.changed
    }
}

impl Models {
    fn write_rows(&mut self, shared: &Shared) {
        let Some(library) = &shared.library else { return };
        self.language = shared.language;
        let found = self.desk.found.as_ref().map_or(&[][..], |found| found.as_slice());
        self.rows = Rows::of(library, &shared.runs, &self.folders, found);
    }

    fn folder_answer(&mut self, shared: &mut Shared) {
        match self.dialog.as_ref().map(FileDialog::answer) {
            None | Some(Answer::Waiting) => return,
            Some(Answer::Chosen(path)) => shared.ask(Intent::UseModel(ModelRef::Folder(whole(path)))),
            Some(Answer::Cancelled) => {}
            Some(Answer::Unavailable) => {
                shared.ask(Intent::Notify(Tone::Failed, t!("app.message.no_dialog").into_owned()));
            }
        }
        self.dialog = None;
    }

    fn carry_out(&mut self, act: Act, ctx: &egui::Context, shared: &mut Shared) {
        match act {
            Act::Use(model) => shared.ask(Intent::UseModel(model)),
            Act::Download(repository) => self.desk.download(repository, shared),
            Act::Cancel(job) if self.desk.knows(job) => self.desk.cancel(job, shared),
            Act::Cancel(job) => shared.engine.send(Command::Cancel(job)),
            Act::AskToDelete(repository) => self.doomed = repository,
            Act::Delete(repository) => {
                self.doomed = None;
                self.desk.delete(repository, shared);
            }
            Act::Forget(path) => {
                self.folders.retain(|other| *other != path);
                self.desk.changed = true;
            }
            Act::Search => self.desk.search(&self.words, shared),
            Act::PickFolder => self.dialog = Some(FileDialog::pick_folder(ctx, &t!("app.model.folder_title"))),
            Act::PickFile => {
                let kind = (&*t!("models.files"), &FILES[..]);
                self.dialog = Some(FileDialog::pick_file(ctx, &t!("models.file_title"), kind));
            }
            Act::ShowTraining => shared.ask(Intent::Open(PanelId::Training)),
        }
    }
}
