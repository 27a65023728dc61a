//! What can go wrong with a training run, each as one sentence that says what to do.

use std::io;
use std::path::PathBuf;

use rust_i18n::t;

use crate::data::DataError;
use crate::hub::HubError;
use crate::nn::ConfigError;
use crate::text::TextError;

/// Why a run cannot begin, go on, or be opened.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// No preset has this name.
    #[error("{}", t!("train.error.unknown_preset", name = .name, known = .known))]
    UnknownPreset {
        /// The name as it was written.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// No setting has this name.
    #[error("{}", t!("train.error.unknown_setting", key = .0))]
    UnknownSetting(String),
    /// A value that the setting cannot take.
    #[error("{}", t!("train.error.setting_value", key = .key, value = .value))]
    SettingValue {
        /// The setting.
        key: String,
        /// The value as it was written.
        value: String,
    },
    /// A number that must be at least 1.
    #[error("{}", t!("train.error.zero", name = .0))]
    Zero(&'static str),
    /// A number outside its range.
    #[error("{}", t!("train.error.out_of_range", name = .name, value = .value, least = .least, most = .most))]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The least that it may be.
        least: f64,
        /// The most that it may be.
        most: f64,
    },
    /// Windows longer than the model's context.
    #[error("{}", t!("train.error.context", context = .context, most = .most))]
    ContextTooLong {
        /// Tokens a window.
        context: usize,
        /// The model's context.
        most: usize,
    },
    /// The text has fewer tokens than one window.
    #[error("{}", t!("train.error.too_short", tokens = .tokens, least = .least, context = .context))]
    TooShort {
        /// Tokens that there are.
        tokens: usize,
        /// Tokens that are needed.
        least: usize,
        /// Tokens a window.
        context: usize,
    },
    /// The sizes of the model do not fit together.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The text could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The text could not be made into tokens.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A model file could not be read or written.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// No run of this name.
    #[error("{}", t!("train.error.no_run", run = .0))]
    NoRun(String),
    /// A folder that is not a run.
    #[error("{}", t!("train.error.not_a_run", path = .0.display()))]
    NotARun(PathBuf),
    /// A run's file that cannot be understood; where it is now.
    #[error("{}", t!("train.error.damaged", path = .0.display()))]
    Damaged(PathBuf),
    /// A run without any checkpoint that can be loaded.
    #[error("{}", t!("train.error.no_checkpoint", path = .0.display()))]
    NoCheckpoint(PathBuf),
    /// The text is not the one that the run began with.
    #[error("{}", t!("train.error.other_text", run = .0))]
    OtherText(String),
    /// A folder that holds a run already.
    #[error("{}", t!("train.error.occupied", path = .0.display()))]
    Occupied(PathBuf),
    /// A file that cannot be read.
    #[error("{}", t!("train.error.unreadable", path = .path.display(), reason = .source))]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or folder that cannot be written.
    #[error("{}", t!("train.error.unwritable", path = .path.display(), reason = .source))]
    Unwritable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The loss left the finite numbers at this step.
    #[error("{}", t!("train.error.diverged", step = .0))]
    Diverged(u64),
    /// The device failed in the middle of the work.
    #[error("{}", t!("train.error.device", reason = .0))]
    Device(String),
}
