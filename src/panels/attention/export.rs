//! A picture or a table into a file of the person's choice: dialog, then a thread that makes the file's bytes, then the
//! engine that writes them.

use std::path::PathBuf;
use std::sync::Arc;

use rust_i18n::t;

use super::background::Background;
use super::compute::Picture;
use super::figure::Words;
use super::heads;
use crate::engine::Command;
use crate::panels::dialog::{Answer, FileDialog};
use crate::panels::{Intent, Shared, Tone};
use crate::widgets::heatmap::export;
use crate::widgets::theme;

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture.
    Png,
    /// A table.
    Csv,
}

impl Kind {
    fn end(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Csv => "csv",
        }
    }
}

/// What is exported, as it was when the person asked for it.
#[derive(Clone)]
struct Job {
    kind: Kind,
    picture: Arc<Picture>,
    labels: Arc<Vec<String>>,
    title: String,
}

/// The way into a file, step by step.
#[derive(Default)]
pub struct Export {
    asking: Option<(FileDialog, Job)>,
    making: Background<Option<Vec<u8>>>,
    path: Option<PathBuf>,
}

impl Export {
    /// Asks for a file.
    pub fn begin(
        &mut self,
        ctx: &egui::Context,
        kind: Kind,
        picture: &Arc<Picture>,
        labels: &Arc<Vec<String>>,
        shared: &Shared,
    ) {
        let model = shared.model.as_ref().map_or("", |model| model.name.as_str());
        let stage = t!(format!("attention.stage.{}", picture.stage.name()));
        let title = format!("{model} · {} · {stage}", heads::name(picture.choice));
        let job = Job { kind, picture: picture.clone(), labels: labels.clone(), title };
        let file = format!("{}.{}", t!("attention.file_name"), kind.end());
        let dialog_title = match kind {
            Kind::Png => t!("attention.export_png"),
            Kind::Csv => t!("attention.export_csv"),
        };
        let name = t!(format!("attention.file_kind.{}", kind.end()));
        let dialog = FileDialog::save_file(ctx, &dialog_title, &file, (&name, &[kind.end()]));
        self.asking = Some((dialog, job));
    }

    /// Whether something is on its way.
    pub fn busy(&self) -> bool {
        self.making.busy()
    }

    /// The next step, where one is due.
    pub fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        if let Some((dialog, job)) = &self.asking {
            match dialog.answer() {
                Answer::Waiting => {}
                Answer::Chosen(path) => {
                    let job = job.clone();
                    self.asking = None;
                    self.path = Some(path);
                    self.making.begin(ctx, move || bytes(&job));
                }
                Answer::Cancelled => self.asking = None,
                Answer::Unavailable => {
                    self.asking = None;
                    shared.ask(Intent::Notify(Tone::Failed, t!("attention.no_dialog").into_owned()));
                }
            }
        }
        if let Some(made) = self.making.take() {
            match (made, self.path.take()) {
                (Some(bytes), Some(path)) => {
                    let job = shared.engine.next_job();
                    shared.engine.send(Command::WriteFile(job, path, bytes));
                }
                _ => shared.ask(Intent::Notify(Tone::Failed, t!("attention.not_made").into_owned())),
            }
        }
    }
}

/// The file's bytes; `None` where a picture cannot be encoded.
fn bytes(job: &Job) -> Option<Vec<u8>> {
    let words = Words::new(&job.picture);
    let figure = words.figure(&job.picture, &job.labels, 0, None);
    match job.kind {
        Kind::Csv => Some(export::csv(&figure).into_bytes()),
        // On paper whatever the window's theme is: pictures go into documents.
        Kind::Png => export::png(&figure, &theme::PAPER, &job.title)
            .inspect_err(|error| tracing::warn!("a picture cannot be encoded: {error}"))
            .ok(),
    }
}

#[cfg(test)]
pub(super) fn bytes_of(kind: Kind, picture: Picture) -> Option<Vec<u8>> {
    let labels = picture.capture.tokens.clone();
    bytes(&Job { kind, picture: Arc::new(picture), labels: Arc::new(labels), title: "title".to_owned() })
}
