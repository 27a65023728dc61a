//! Runs on disk: `run.toml` (what was trained), `metrics.jsonl` (the whole curve), `samples.jsonl`, and checkpoints.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{MetricPoint, RunSummary, TrainError};
use crate::data::home::stamp;
use crate::data::{Home, set_aside, write_atomic};
use crate::hub;

const RUN: &str = "run.toml";
const METRICS: &str = "metrics.jsonl";
const SAMPLES: &str = "samples.jsonl";

/// A text that the model wrote while it learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The step.
    pub step: u64,
    /// What it wrote.
    pub text: String,
}

/// A run as it was left: its settings, its whole curve, and its samples.
#[derive(Clone, Debug)]
pub struct OpenedRun {
    /// Settings and state.
    pub summary: RunSummary,
    /// The curve.
    pub metrics: Vec<MetricPoint>,
    /// Texts, in order.
    pub samples: Vec<Sample>,
}

/// Makes a folder for a new run and returns its id and place. Without `out` it lies under the data folder and is called
/// by date and time.
///
/// # Errors
/// If the folder cannot be made, or holds a run already.
pub fn create(out: Option<&Path>, home: &Home) -> Result<(String, PathBuf), TrainError> {
    let make = |path: &Path| {
        fs::create_dir_all(path.join(hub::CHECKPOINTS))
            .map_err(|source| TrainError::Unwritable { path: path.to_owned(), source })
    };
    if let Some(path) = out {
        if path.join(RUN).exists() {
            return Err(TrainError::Occupied(path.to_owned()));
        }
        make(path)?;
        return Ok((id_of(path), path.to_owned()));
    }
    let base = stamp(now());
    let mut number = 1;
    loop {
        let id = if number == 1 { base.clone() } else { format!("{base}-{number}") };
        let path = home.runs().join(&id);
        if !path.exists() {
            make(&path)?;
            return Ok((id, path));
        }
        number += 1;
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A run's id: its folder's name.
pub fn id_of(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Writes `run.toml`, atomically.
///
/// # Errors
/// If it cannot be written.
pub fn write_summary(run: &Path, summary: &RunSummary) -> Result<(), TrainError> {
    let path = run.join(RUN);
    let unwritable = |source| TrainError::Unwritable { path: path.clone(), source };
    let text = toml::to_string(summary).map_err(|error| unwritable(io::Error::other(error)))?;
    write_atomic(&path, text.as_bytes()).map_err(unwritable)
}

/// Reads `run.toml`. One that cannot be understood is set aside.
///
/// # Errors
/// If it is missing or cannot be understood.
pub fn read_summary(run: &Path) -> Result<RunSummary, TrainError> {
    let path = run.join(RUN);
    let text = fs::read_to_string(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => TrainError::NotARun(run.to_owned()),
        _ => TrainError::Unreadable { path: path.clone(), source },
    })?;
    let mut summary: RunSummary = toml::from_str(&text).map_err(|error| {
        tracing::warn!(path = %path.display(), "set aside: {error}");
        TrainError::Damaged(set_aside(&path).unwrap_or(path.clone()))
    })?;
    summary.id = id_of(run);
    if let Some((step, _)) = hub::checkpoints(run).first() {
        summary.step = *step;
    }
    Ok(summary)
}

/// All runs under the data folder, newest first. Folders that are no runs are passed over, damaged ones named in the log.
pub fn list(home: &Home) -> Vec<RunSummary> {
    let Ok(entries) = fs::read_dir(home.runs()) else { return Vec::new() };
    let mut runs: Vec<RunSummary> = entries
        .filter_map(|entry| match read_summary(&entry.ok()?.path()) {
            Ok(summary) => Some(summary),
            Err(TrainError::NotARun(_)) => None,
            Err(error) => {
                tracing::warn!("{error}");
                None
            }
        })
        .collect();
    runs.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
    runs
}

/// A run's settings, curve and samples.
///
/// # Errors
/// If there is no such run.
pub fn open(home: &Home, id: &str) -> Result<OpenedRun, TrainError> {
    let run = folder(home, id)?;
    let summary = read_summary(&run)?;
    let mut metrics: Vec<MetricPoint> = lines(&run.join(METRICS));
    metrics.dedup_by_key(|point| point.step);
    Ok(OpenedRun { summary, metrics, samples: lines(&run.join(SAMPLES)) })
}

/// Removes a run's folder. The caller has asked the person before.
///
/// # Errors
/// If there is no such run, or it cannot be removed.
pub fn delete(home: &Home, id: &str) -> Result<(), TrainError> {
    let run = folder(home, id)?;
    // Renamed first, so that a deletion that breaks off leaves no half run in the list.
    let doomed = home.runs().join(format!(".deleted-{id}"));
    let unwritable = |source| TrainError::Unwritable { path: run.clone(), source };
    fs::rename(&run, &doomed).map_err(unwritable)?;
    fs::remove_dir_all(&doomed).map_err(unwritable)
}

/// The folder of a run under the data folder.
///
/// # Errors
/// If there is none of this name.
pub fn folder(home: &Home, id: &str) -> Result<PathBuf, TrainError> {
    let is_name = !id.is_empty() && !id.starts_with('.') && Path::new(id).components().count() == 1;
    let path = home.runs().join(id);
    if is_name && path.is_dir() { Ok(path) } else { Err(TrainError::NoRun(id.to_owned())) }
}

/// Appends a point to the curve.
///
/// # Errors
/// If it cannot be written.
pub fn append_metric(run: &Path, point: &MetricPoint) -> Result<(), TrainError> {
    append(&run.join(METRICS), point)
}

/// Appends a sample.
///
/// # Errors
/// If it cannot be written.
pub fn append_sample(run: &Path, sample: &Sample) -> Result<(), TrainError> {
    append(&run.join(SAMPLES), sample)
}

fn append(path: &Path, value: &impl Serialize) -> Result<(), TrainError> {
    let unwritable = |source| TrainError::Unwritable { path: path.to_owned(), source };
    let mut line = serde_json::to_vec(value).map_err(|error| unwritable(io::Error::other(error)))?;
    line.push(b'\n');
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(unwritable)?;
    // One write a line, so that a killed process leaves at most one line cut off.
    file.write_all(&line).map_err(unwritable)
}

/// The lines of a file that can be understood: the last one may have been cut off.
fn lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Forgets what was written after this step: a run goes on from its checkpoint.
///
/// # Errors
/// If the files cannot be written.
pub fn rewind(run: &Path, step: u64) -> Result<Vec<MetricPoint>, TrainError> {
    let mut metrics: Vec<MetricPoint> = lines(&run.join(METRICS));
    metrics.retain(|point| point.step <= step);
    let mut samples: Vec<Sample> = lines(&run.join(SAMPLES));
    samples.retain(|sample| sample.step <= step);
    rewrite(&run.join(METRICS), &metrics)?;
    rewrite(&run.join(SAMPLES), &samples)?;
    Ok(metrics)
}

fn rewrite(path: &Path, values: &[impl Serialize]) -> Result<(), TrainError> {
    let unwritable = |source| TrainError::Unwritable { path: path.to_owned(), source };
    let mut text = Vec::new();
    for value in values {
        serde_json::to_writer(&mut text, value).map_err(|error| unwritable(io::Error::other(error)))?;
        text.push(b'\n');
    }
    write_atomic(path, &text).map_err(unwritable)
}
