//! Corpora, and the folder in which a person's files live.

pub mod corpora;
mod download;
mod error;
pub mod home;
mod latest;
pub mod projection;
pub mod request;
pub mod statistics;
mod text_file;
pub mod vectors;

use std::path::PathBuf;

pub(crate) use corpora::hex;
pub use corpora::{CorpusEntry, Source, available, catalogue, download, entry, read};
pub use download::{Expected, fetch};
pub use error::DataError;
pub use home::{AtomicFile, Home, set_aside, write_atomic};
pub use latest::LatestFile;
pub use text_file::MAX_BYTES;

/// Which text to train on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorpusRef {
    /// Shipped or downloadable, by its name in [`crate::data::catalogue`].
    Named(String),
    /// A text file, or a folder of `.txt` files.
    Path(PathBuf),
}
