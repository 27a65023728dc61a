//! Why a job failed, each as one sentence for a person.

use std::io;
use std::path::PathBuf;

use rust_i18n::t;

use crate::data::DataError;
use crate::generate::GenerateError;
use crate::hub::HubError;
use crate::hub::remote::RemoteError;
use crate::train::TrainError;

/// What the engine can fail at.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A model could not be loaded.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The hub could not be asked, or a model not be fetched.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// A training run could not begin, go on, or be opened.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A text could not be read or fetched.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A text could not be continued.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The run whose folder should go is in training.
    #[error("{}", t!("engine.run_in_training", run = .0))]
    RunInTraining(String),
    /// A file that the person chose cannot be written.
    #[error("{}", t!("engine.unwritable", path = .path.display(), reason = .source))]
    Unwritable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or what was dropped is no picture that can be read.
    #[error("{}", t!("engine.no_picture", reason = .0))]
    NoPicture(String),
    /// A text has too few words that are frequent enough to learn from.
    #[error("{}", t!("engine.too_few_words"))]
    TooFewWords,
    /// The work panicked; the log has the detail.
    #[error("{}", t!("engine.panicked"))]
    Panicked,
    /// The system gives no more threads.
    #[error("{}", t!("engine.no_thread", reason = .0))]
    NoThread(io::Error),
}
