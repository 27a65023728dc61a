//! Models on disk: our own folders, the shipped ones, and their safetensors.

use std::path::PathBuf;

/// Which model a command is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelRef {
    /// One that ships with the app: `shakespeare`, `quijote`.
    Builtin(String),
    /// A run's last checkpoint, by the run's id.
    Run(String),
    /// The model in training, at its latest snapshot.
    Live,
    /// A folder with `config.json`, `model.safetensors` and `tokenizer.json`.
    Folder(PathBuf),
}
