//! Corpora, and the folder in which a person's files live.

use std::path::PathBuf;

/// Which text to train on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorpusRef {
    /// Shipped or downloadable, by its name in [`crate::data::catalogue`].
    Named(String),
    /// A text file, or a folder of `.txt` files.
    Path(PathBuf),
}
