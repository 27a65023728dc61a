//! How does a picture or a table become a file? The person chooses where in the system's dialog, a thread builds the
//! bytes, the engine writes them; no frame waits for any of it.

use std::path::PathBuf;
use std::thread;

use crossbeam_channel::{Receiver, TryRecvError, bounded};
use rust_i18n::t;

use super::dialog::{Answer, FileDialog, Kind};
use super::{Intent, Shared, Tone};
use crate::engine::Command;

/// Makes the bytes of a file, on a thread of its own; `None` where it cannot.
type Build = Box<dyn FnOnce() -> Option<Vec<u8>> + Send>;

/// One file on its way.
pub struct Export {
    stage: Stage,
}

enum Stage {
    /// The person chooses where.
    Asking(FileDialog, Build),
    /// A thread makes the bytes.
    Building(PathBuf, Receiver<Option<Vec<u8>>>),
    /// The engine has them, or there is nothing to be written.
    Over,
}

impl Export {
    /// Asks where a file is to go; `build` makes its bytes once that is known, or `None` where it cannot.
    pub fn ask(
        ctx: &egui::Context,
        title: &str,
        name: &str,
        kind: Kind<'_>,
        build: impl FnOnce() -> Option<Vec<u8>> + Send + 'static,
    ) -> Self {
        let dialog = FileDialog::save_file(ctx, title, name, kind);
        Self { stage: Stage::Asking(dialog, Box::new(build)) }
    }

    /// Goes on where it can; to be called in `logic`. An export that is over can be dropped.
    pub fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Asking(dialog, build) => match dialog.answer() {
                Answer::Waiting => Stage::Asking(dialog, build),
                Answer::Chosen(path) => build_in_background(ctx, path, build),
                Answer::Cancelled => Stage::Over,
                Answer::Unavailable => failed(shared, t!("export.no_dialog").into_owned()),
            },
            Stage::Building(path, bytes) => match bytes.try_recv() {
                Ok(Some(bytes)) => {
                    let job = shared.engine.next_job();
                    // What becomes of it, the window says in a message.
                    shared.engine.send(Command::WriteFile(job, path, bytes));
                    Stage::Over
                }
                Err(TryRecvError::Empty) => Stage::Building(path, bytes),
                Ok(None) | Err(TryRecvError::Disconnected) => failed(shared, t!("export.not_built").into_owned()),
            },
            Stage::Over => Stage::Over,
        };
    }

    /// Whether nothing more will happen.
    pub fn over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }
}

fn build_in_background(ctx: &egui::Context, path: PathBuf, build: Build) -> Stage {
    let (send, bytes) = bounded(1);
    let ctx = ctx.clone();
    let spawned = thread::Builder::new().name("export".to_owned()).spawn(move || {
        // Fails only when nobody waits for the bytes any more.
        let _ = send.send(build());
        ctx.request_repaint();
    });
    if let Err(error) = spawned {
        // The channel is closed now, which `logic` takes as a failure.
        tracing::warn!("no thread for an export: {error}");
    }
    Stage::Building(path, bytes)
}

fn failed(shared: &mut Shared, sentence: String) -> Stage {
    shared.ask(Intent::Notify(Tone::Failed, sentence));
    Stage::Over
}
