//! What can go wrong with a model's files, each as one sentence that says what to do.

use std::io;
use std::path::PathBuf;

use rust_i18n::t;

use super::remote::RemoteError;
use crate::nn::ConfigError;
use crate::text::TextError;

/// Why a model cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Not the name of a shipped model, a run or a folder.
    #[error("{}", t!("hub.unknown", name = .name, known = .known))]
    Unknown {
        /// The name as it was written.
        name: String,
        /// The shipped models.
        known: String,
    },
    /// There is no run yet.
    #[error("{}", t!("hub.no_runs"))]
    NoRuns,
    /// A run without a checkpoint that can be loaded.
    #[error("{}", t!("hub.no_checkpoint", run = .0))]
    NoCheckpoint(String),
    /// No model is in training.
    #[error("{}", t!("hub.nothing_live"))]
    NothingLive,
    /// A folder without one of the three files of a model.
    #[error("{}", t!("hub.missing", file = .file, folder = .folder.display()))]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: &'static str,
    },
    /// An index names a file that is not in its folder.
    #[error("{}", t!("hub.missing_part", file = .file, folder = .folder.display()))]
    MissingPart {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: String,
    },
    /// A folder with several GGUF files, of which nobody has said which one.
    #[error("{}", t!("hub.several_gguf", folder = .folder.display()))]
    SeveralGguf {
        /// The folder.
        folder: PathBuf,
    },
    /// `config.json` is not one.
    #[error("{}", t!("hub.bad_config", path = .path.display(), detail = .detail))]
    BadConfig {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A model of a family that does not open.
    #[error("{}", t!("hub.family", name = .name, known = .known))]
    Family {
        /// What its configuration calls it.
        name: String,
        /// The families that open.
        known: String,
    },
    /// A model of a family that opens, with something that the decoder does not have.
    #[error("{}", t!("hub.unsupported", path = .path.display(), field = .field, value = .value))]
    Unsupported {
        /// Its configuration.
        path: PathBuf,
        /// The field.
        field: String,
        /// Its value.
        value: String,
    },
    /// The sizes of the configuration do not fit together.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file of weights is cut off or damaged.
    #[error("{}", t!("hub.damaged", path = .path.display(), detail = .detail))]
    Damaged {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A weight is missing.
    #[error("{}", t!("hub.no_weight", path = .path.display(), name = .name))]
    NoWeight {
        /// The file.
        path: PathBuf,
        /// The weight.
        name: String,
    },
    /// A weight has another shape than the configuration says.
    #[error("{}", t!("hub.shape", path = .path.display(), name = .name, found = format!("{:?}", .found), expected = format!("{:?}", .expected)))]
    Shape {
        /// The file.
        path: PathBuf,
        /// The weight.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape by the configuration.
        expected: Vec<usize>,
    },
    /// A weight is stored in a format that is not read.
    #[error("{}", t!("hub.dtype", path = .path.display(), name = .name, dtype = .dtype))]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The weight.
        name: String,
        /// Its format.
        dtype: String,
    },
    /// A weight is no number.
    #[error("{}", t!("hub.not_finite", path = .path.display(), name = .name))]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The weight.
        name: String,
    },
    /// A pickle that would import something other than tensors.
    #[error("{}", t!("hub.pickle", path = .path.display(), name = .name))]
    Pickle {
        /// The file.
        path: PathBuf,
        /// What it would import.
        name: String,
    },
    /// A file of PyTorch in the format before 1.6.
    #[error("{}", t!("hub.legacy_torch", path = .path.display()))]
    LegacyTorch {
        /// The file.
        path: PathBuf,
    },
    /// Tokenizer and model do not belong together.
    #[error("{}", t!("hub.vocabulary", tokenizer = .tokenizer, model = .model))]
    Vocabulary {
        /// Tokens that the tokenizer knows.
        tokenizer: usize,
        /// Tokens that the model knows.
        model: usize,
    },
    /// The model does not fit into memory.
    #[error("{}", t!("hub.memory", needed = gigabytes(*.needed), available = gigabytes(*.available)))]
    Memory {
        /// Bytes that loading takes.
        needed: u64,
        /// Bytes that there are.
        available: u64,
    },
    /// The person stopped the loading.
    #[error("{}", t!("hub.cancelled"))]
    Cancelled,
    /// Something between here and the hub.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The tokenizer cannot be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A file that cannot be read.
    #[error("{}", t!("hub.unreadable", path = .path.display(), reason = .source))]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that cannot be written.
    #[error("{}", t!("hub.unwritable", path = .path.display(), reason = .source))]
    Unwritable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Bytes as gigabytes with one digit.
fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}
