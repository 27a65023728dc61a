//! Why a piece of work could not be measured, as one sentence.

use rust_i18n::t;

use super::WORKS;
use crate::engine::devices::DeviceError;
use crate::hub::HubError;
use crate::nn::ConfigError;

/// Why a piece of work could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Nothing of this name can be measured.
    #[error("{}", t!("bench.unknown", work = .work, known = .known))]
    Unknown {
        /// The name as it was written.
        work: String,
        /// The names that there are.
        known: String,
    },
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A shipped model cannot be read.
    #[error(transparent)]
    Model(#[from] HubError),
    /// The model's sizes do not fit together.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No window could be opened, or it never came to what was to be measured.
    #[error(transparent)]
    Window(#[from] anyhow::Error),
    /// The device failed in the middle of the work.
    #[error("{}", t!("cli.error.device", reason = .0))]
    Failed(String),
}

impl BenchError {
    /// «Nothing of this name can be measured; these there are.»
    pub(super) fn unknown(work: &str) -> Self {
        Self::Unknown { work: work.to_owned(), known: WORKS.join(", ") }
    }
}
