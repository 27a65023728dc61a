//! What a person can ask the engine for. One variant a thing; verbs.

use std::path::PathBuf;
use std::sync::Arc;

use super::history::History;
use super::hub::HubRequest;
use super::lesson::LessonRequest;
use crate::data::CorpusRef;
use crate::generate::{BeamRequest, GenerateRequest};
use crate::hub::ModelRef;
use crate::kernels::Storage;
use crate::train::TrainSpec;

/// Names one piece of work. Events carry the id of the job that they belong to; a newer job of the same kind replaces the
/// older one, whose late events are dropped by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// What to do with the training job in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainControl {
    /// Stand still after the current step.
    Pause,
    /// Go on.
    Resume,
    /// Make one step and stand still again.
    StepOnce,
    /// Write a checkpoint and end.
    Stop,
}

/// Part of a positional-encoding matrix, reduced to as many cells as can be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionsRequest {
    /// Number of positions (rows of the whole matrix), 2 to 10 000.
    pub length: usize,
    /// Number of dimensions (columns of the whole matrix), 2 to 10 000.
    pub d_model: usize,
    /// First and one-past-last row in view.
    pub rows: (usize, usize),
    /// First and one-past-last column in view.
    pub columns: (usize, usize),
    /// Most rows and columns to return; nearest cells are taken beyond that.
    pub max_cells: (usize, usize),
}

/// A request to the engine.
#[derive(Clone, Debug)]
pub enum Command {
    /// Look for devices, then report them ([`super::Event::Devices`]). Done once at start by the engine itself.
    ProbeDevices,
    /// Use another device from now on: `auto`, `cpu`, `cuda`, `cuda:N`.
    UseDevice(String),
    /// Compute on so many threads from now on, or on as many as suit the machine and a window that is in front or not.
    UseThreads {
        /// What the person wants.
        wish: Option<usize>,
        /// Whether the window is looked at.
        in_front: bool,
    },
    /// Keep the weights of models that are loaded from now on in so many bits, where they are read on the CPU.
    UseStorage(Storage),
    /// Load a model and report what it is ([`super::Event::ModelReady`]).
    LoadModel(JobId, ModelRef),
    /// Continue a prompt token by token.
    Generate(JobId, ModelRef, GenerateRequest),
    /// Search for the likeliest continuations of a prompt with several beams. Every step comes as an
    /// [`super::Event::BeamStep`], what was found as an [`super::Event::BeamsEnded`], also after a cancel.
    SearchBeams(JobId, ModelRef, BeamRequest),
    /// Say how likely a model finds every token of a text ([`super::Event::TextScored`]).
    ScoreText(JobId, ModelRef, String),
    /// The logits of the token after a text, without generating.
    NextToken(JobId, ModelRef, String),
    /// Run a text through the model and keep the attention of every layer and head.
    CaptureAttention(JobId, ModelRef, String),
    /// Compute part of the sinusoidal matrix.
    Positions(JobId, PositionsRequest),
    /// Compute curves of chosen dimensions over all positions: length, d_model, dimensions.
    PositionCurves(JobId, usize, usize, Vec<usize>),
    /// Compute the dot product of two positions by their distance: length, d_model.
    PositionDots(JobId, usize, usize),
    /// Work for a page of the course; the kinds are in [`super::lesson`]. A newer job replaces an older one of the same kind.
    Lesson(JobId, LessonRequest),
    /// Train a new model.
    Train(JobId, Box<TrainSpec>),
    /// Go on with a run from its last checkpoint, to this step in all.
    ContinueRun(JobId, String, u64),
    /// Steer the training job.
    Control(JobId, TrainControl),
    /// Read a corpus and report its size ([`super::Event::CorpusRead`]).
    ReadCorpus(JobId, CorpusRef),
    /// Download a corpus of the catalogue.
    Download(JobId, String),
    /// List the runs on disk.
    ListRuns,
    /// Read a run's settings and whole metrics.
    OpenRun(JobId, String),
    /// Delete a run's folder (the window has asked the person before).
    DeleteRun(JobId, String),
    /// Write bytes to a file that the person chose (an exported picture or table); atomic.
    WriteFile(JobId, PathBuf, Vec<u8>),
    /// Read the texts that were written in earlier sessions ([`super::Event::HistoryOpened`]).
    OpenHistory(JobId),
    /// Keep these texts over a restart; atomic.
    KeepHistory(JobId, Arc<History>),
    /// Something about models of the hub.
    Hub(JobId, HubRequest),
    /// Stop a job of any kind.
    Cancel(JobId),
}
