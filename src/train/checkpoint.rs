//! What a run leaves on disk so that it can go on as if it had never stopped: weights, moments, position in the data,
//! losses not yet reported.
//!
//! A checkpoint is a folder that appears under its name only when everything in it has reached the disk, so that a
//! process killed at any moment leaves the one before.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::TrainError;
use super::batches::Position;
use super::stepper::{Moments, Tally};
use crate::data::write_atomic;
use crate::hub::{self, HubError, Loaded, Precision, folder, tensors};

const OPTIMIZER: &str = "optimizer.safetensors";
const STATE: &str = "state.json";

/// Checkpoints that keep their moments; from older ones a run cannot go on, but they can still be looked at.
const RESUMABLE: usize = 2;

/// Everything of a run's state that is neither weight nor moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Steps made.
    pub step: u64,
    /// Seconds of training.
    pub seconds: f64,
    /// Where in the data it stands.
    pub position: Position,
    /// Losses since the last point of the curve.
    pub tally: Tally,
    /// Fingerprint of the text.
    pub text: String,
}

/// A checkpoint in memory.
pub struct Checkpoint {
    /// The model.
    pub model: Loaded,
    /// The optimizer's state.
    pub moments: Moments,
    /// The rest.
    pub state: State,
}

/// Writes a checkpoint into a run's folder and returns its own folder.
///
/// # Errors
/// If it cannot be written; then the earlier ones stand as before.
pub fn write(run: &Path, model: &Loaded, moments: &Moments, state: &State) -> Result<PathBuf, TrainError> {
    let all = run.join(hub::CHECKPOINTS);
    let name = format!("step-{:07}", state.step);
    let (unfinished, finished) = (all.join(format!(".{name}.tmp")), all.join(&name));
    let unwritable = |source| TrainError::Unwritable { path: finished.clone(), source };
    // Left behind by a process that was killed here.
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(unwritable)?;
    }
    fs::create_dir_all(&unfinished).map_err(unwritable)?;
    let written = write_files(&unfinished, model, moments, state).and_then(|()| {
        if finished.exists() {
            // The same step again, after going on from an earlier one.
            fs::remove_dir_all(&finished).map_err(unwritable)?;
        }
        fs::rename(&unfinished, &finished).map_err(unwritable)
    });
    if let Err(error) = written {
        let _ = fs::remove_dir_all(&unfinished);
        return Err(error);
    }
    sync(&all);
    forget_old_moments(run);
    Ok(finished)
}

fn write_files(folder: &Path, model: &Loaded, moments: &Moments, state: &State) -> Result<(), TrainError> {
    folder::write(folder, model, Precision::Full)?;
    let buffers: [(&str, &[f32]); 2] = [("m.", &moments.m), ("v.", &moments.v)];
    tensors::write(&folder.join(OPTIMIZER), &model.weights.layout, &buffers, Precision::Full)?;
    let path = folder.join(STATE);
    let unwritable = |source| TrainError::Unwritable { path: path.clone(), source };
    let json = serde_json::to_vec(state).map_err(|error| unwritable(io::Error::other(error)))?;
    write_atomic(&path, &json).map_err(unwritable)
}

/// Brings a rename to the disk where the platform lets a folder be opened.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Moments are twice as large as the weights, and only the newest are of use.
fn forget_old_moments(run: &Path) {
    for (_, path) in hub::checkpoints(run).into_iter().skip(RESUMABLE) {
        let moments = path.join(OPTIMIZER);
        if moments.exists()
            && let Err(error) = fs::remove_file(&moments)
        {
            tracing::warn!(path = %moments.display(), "cannot be removed: {error}");
        }
    }
}

/// The newest checkpoint from which a run can go on. Damaged ones are passed over, and said so in the log.
///
/// # Errors
/// If there is none.
pub fn read_newest(run: &Path, id: &str) -> Result<Checkpoint, TrainError> {
    let mut first_error = None;
    for (_, path) in hub::checkpoints(run) {
        match read(&path, id) {
            Ok(checkpoint) => return Ok(checkpoint),
            Err(error) => {
                tracing::warn!(path = %path.display(), "a checkpoint cannot be read: {error}");
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or_else(|| TrainError::NoCheckpoint(run.to_owned())))
}

fn read(path: &Path, id: &str) -> Result<Checkpoint, TrainError> {
    let model = folder::read(path, id)?;
    let file = |name: &str| {
        let path = path.join(name);
        fs::read(&path).map_err(|source| TrainError::Unreadable { path, source })
    };
    let bytes = file(OPTIMIZER)?;
    let place = path.join(OPTIMIZER);
    let moments = |prefix| tensors::read(&bytes, &place, &model.weights.layout, prefix);
    let moments = Moments { m: moments("m.")?, v: moments("v.")? };
    let state = serde_json::from_slice(&file(STATE)?)
        .map_err(|error| HubError::Damaged { path: path.join(STATE), detail: error.to_string() })?;
    Ok(Checkpoint { model, moments, state })
}
