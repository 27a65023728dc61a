//! What has happened in the engine. Plain values only; one variant a thing that a person can see.

use std::path::PathBuf;
use std::sync::Arc;

use super::command::JobId;
use super::history::History;
use super::hub::HubEvent;
use super::lesson::LessonResult;
use crate::data::CorpusRef;
use crate::generate::{BeamSearch, BeamStep, GeneratedToken, StopReason, TextScore};
use crate::hub::ModelRef;
use crate::train::{EndReason, MetricPoint, RunSummary};

/// A device that can compute.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct DeviceInfo {
    /// `cpu`, `cuda:0`, …
    pub id: String,
    /// The processor's or card's name.
    pub name: String,
    /// Cores, for the CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<usize>,
    /// Memory in bytes, for a GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// What was found on this machine.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Devices {
    /// Usable devices; the CPU is always among them.
    pub devices: Vec<DeviceInfo>,
    /// Id of the device that `auto` means.
    pub default: String,
    /// Sentences on what could not be used, and why.
    pub notes: Vec<String>,
}

/// A loaded model, as the window needs to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    /// Which one.
    pub model: ModelRef,
    /// A short name for the status bar, such as `shakespeare` or `run 2026-11-24-a`.
    pub name: String,
    /// Its configuration.
    pub config: crate::nn::DecoderConfig,
    /// Number of trained values.
    pub parameters: usize,
    /// `characters`, `words`, `bpe` or `wordpiece`.
    pub tokenizer: String,
    /// The text of every token id, for labels (white space as it is).
    pub pieces: Arc<Vec<String>>,
    /// For runs and the live model: the training step of these weights.
    pub step: Option<u64>,
    /// `en`, `es`, … where it is known.
    pub language: Option<String>,
}

/// The attention of a whole model on one text, from a probe on the real forward pass.
#[derive(Clone, Debug)]
pub struct AttentionCapture {
    /// Which model.
    pub model: ModelRef,
    /// The tokens' texts, `t` of them.
    pub tokens: Vec<String>,
    /// Whether the text was longer than the model's context, so that only its last part was used.
    pub truncated: bool,
    /// Number of layers and of heads.
    pub layers: usize,
    /// Number of query heads.
    pub heads: usize,
    /// Raw scores q·k, `[layers, heads, t, t]`, row-major.
    pub scores: Vec<f32>,
    /// Attention weights after the softmax, `[layers, heads, t, t]`; rows sum to 1.
    pub weights: Vec<f32>,
    /// The factor between scores and scaled scores.
    pub scale: f32,
    /// For each layer, `[t, t]`: whether row i may look at column j.
    pub allowed: Vec<Vec<bool>>,
    /// Width of a head.
    pub d_head: usize,
}

/// A matrix for a heatmap.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Row-major, `rows × columns`.
    pub values: Vec<f32>,
}

/// What was read of a corpus.
#[derive(Clone, Debug, PartialEq)]
pub struct CorpusInfo {
    /// Which one.
    pub corpus: CorpusRef,
    /// Size on disk.
    pub bytes: u64,
    /// Unicode characters.
    pub characters: usize,
    /// Different characters.
    pub distinct_characters: usize,
    /// White-space words.
    pub words: usize,
    /// Different white-space words.
    pub distinct_words: usize,
    /// Its first few lines, for the person to recognize it.
    pub excerpt: String,
}

/// A fact from the training job.
#[derive(Clone, Debug)]
pub enum TrainEvent {
    /// The run's folder exists and the first step is about to be made.
    Started {
        /// The run's id.
        run: String,
        /// Device id.
        device: String,
        /// Number of trained values.
        parameters: usize,
        /// Number of different tokens.
        vocabulary: usize,
        /// Tokens in the training text.
        tokens: usize,
        /// Last step of this run.
        total_steps: u64,
        /// Settings, for the list of runs.
        summary: Box<RunSummary>,
    },
    /// A device needs its kernels compiled before the first step.
    CompilingKernels,
    /// New points of the curve, in order; several are sent together so that at most one such event comes a frame.
    Metrics(Vec<MetricPoint>),
    /// A text written by the model at this step.
    Sample {
        /// The step.
        step: u64,
        /// What it wrote.
        text: String,
    },
    /// Newer weights can be looked at as [`ModelRef::Live`].
    Snapshot(u64),
    /// A checkpoint stands on disk.
    Checkpoint(u64, PathBuf),
    /// Stands still after this step.
    Paused(u64),
    /// Goes on.
    Resumed,
    /// The job is over; the run can be opened.
    Ended {
        /// The last step made.
        step: u64,
        /// Why.
        reason: EndReason,
        /// The run's folder.
        path: PathBuf,
    },
}

/// A fact that the window may show.
#[derive(Clone, Debug)]
pub enum Event {
    /// The devices of this machine.
    Devices(Devices),
    /// The device that is computed on from now on, by its id. After a wish that could not be granted (then a
    /// [`Event::Notice`] says why) it is the one before, at the start the CPU.
    DeviceInUse(String),
    /// A model is being read for this job: bytes read, and bytes in all.
    Loading(JobId, u64, u64),
    /// A model can be used.
    ModelReady(JobId, Arc<ModelInfo>),
    /// A generation has begun: the ids of the prompt's tokens that the model reads, and the seed in use.
    GenerationStarted(JobId, Vec<u32>, u64),
    /// One more token. The logits are those from which it was drawn.
    Token(JobId, GeneratedToken, Arc<Vec<f32>>),
    /// The generation is over: why, seconds to the first token, tokens a second.
    GenerationEnded(JobId, StopReason, f64, f64),
    /// A beam search has made a step: the new nodes of its tree, and its best text so far.
    BeamStep(JobId, BeamStep),
    /// A beam search is over; cancelled, it has what it had found.
    BeamsEnded(JobId, Arc<BeamSearch>),
    /// Tokens of a text that were judged, and its tokens in all.
    ScoreProgress(JobId, usize, usize),
    /// How likely the model finds every token of a text.
    TextScored(JobId, Arc<TextScore>),
    /// The ids of a text's tokens that the model reads, and the logits `[vocabulary]` of the token after them.
    NextToken(JobId, Vec<u32>, Arc<Vec<f32>>),
    /// The attention of a text.
    Attention(JobId, Arc<AttentionCapture>),
    /// Part of the positional matrix.
    Positions(JobId, super::PositionsRequest, Arc<Matrix>),
    /// Curves of chosen dimensions, one row each.
    PositionCurves(JobId, Vec<usize>, Arc<Matrix>),
    /// Dot product by distance 0, 1, …, length − 1.
    PositionDots(JobId, Arc<Vec<f32>>),
    /// What was computed for a page of the course.
    Lesson(JobId, LessonResult),
    /// Something about the training job.
    Train(JobId, TrainEvent),
    /// A corpus was read.
    CorpusRead(JobId, CorpusInfo),
    /// Bytes done, bytes in all if known.
    DownloadProgress(JobId, u64, Option<u64>),
    /// The corpus of this name is on disk and verified.
    Downloaded(JobId, String),
    /// Something about models of the hub.
    Hub(JobId, HubEvent),
    /// The runs on disk, newest first.
    Runs(Vec<RunSummary>),
    /// A run's settings and metrics.
    RunOpened(JobId, Box<RunSummary>, Vec<MetricPoint>, Vec<(u64, String)>),
    /// A run's folder is gone.
    RunDeleted(JobId, String),
    /// A file was written.
    FileWritten(JobId, PathBuf),
    /// The texts that were written in earlier sessions.
    HistoryOpened(JobId, Box<History>),
    /// The texts are kept.
    HistoryKept(JobId),
    /// A job was cancelled by the person.
    Cancelled(JobId),
    /// A job failed: one sentence in the person's language that says what to do.
    Failed(JobId, String),
    /// A sentence that is worth a quiet message but ends nothing (a file set aside, say).
    Notice(String),
}
