//! What can go wrong only on the command line, each as one sentence.

use std::io;

use rust_i18n::t;

/// Why a command failed, where no room below has a word for it.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Stdout cannot be written to.
    #[error("{}", t!("cli.error.stdout", reason = .0))]
    Stdout(#[from] io::Error),
    /// The device failed in the middle of the work.
    #[error("{}", t!("cli.error.device", reason = .0))]
    Device(String),
    /// An id that the model does not have.
    #[error("{}", t!("cli.error.id", id = .id, vocabulary = .vocabulary))]
    Id {
        /// The id.
        id: u32,
        /// How many ids there are.
        vocabulary: usize,
    },
    /// More ids than the model can read.
    #[error("{}", t!("cli.error.too_many_ids", ids = .ids, context = .context))]
    TooManyIds {
        /// How many there are.
        ids: usize,
        /// How many it can read.
        context: usize,
    },
}

impl CliError {
    /// Whether whoever read our output has gone away; nobody is left to tell.
    pub fn nobody_reads(&self) -> bool {
        matches!(self, Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
