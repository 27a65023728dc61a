//! Models of other programs: in the layout of Hugging Face's hub (`config.json`, weights as one file or as parts with an
//! index, safetensors or PyTorch's own, and `tokenizer.json` or `vocab.json` with `merges.txt`), or as one GGUF file.
//!
//! None of these files is trusted. Every reader checks what a file says of its sizes against the file's length before it
//! allocates, and ends in a table of tensors ([`store`]); values are read from there one tensor at a time.

pub(super) mod config;
mod formats;
pub(super) mod gguf;
mod names;
mod safetensors;
mod shards;
mod store;
mod torch;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Loaded;
use super::error::HubError;
use super::folder::{CONFIG, TOKENIZER};
use super::reading::{Reading, small};
use crate::nn::Weights;
use crate::text::Tokenizer;
use names::Names;

/// The families that open, as `config.json` calls them.
pub const FAMILIES: [&str; 5] = ["gpt2", "gpt_neo", "llama", "mistral", "qwen2"];

/// Reads a folder whose `config.json` holds this tree.
///
/// # Errors
/// If the family is not known, or one of the files is missing, damaged, or does not fit the others.
pub(super) fn read(folder: &Path, name: &str, tree: &Value, reading: &Reading) -> Result<Loaded, HubError> {
    let path = folder.join(CONFIG);
    let config = config::parse(tree, &path)?;
    let names = Names::new(tree);
    let mut weights = Weights::empty(&config)?;
    let store = shards::open(folder)?;
    weights.data = names.gather(&store, &weights.layout, reading)?;
    drop(store);
    let mut tokenizer = tokenizer(folder)?;
    if tokenizer.vocabulary() > config.vocabulary {
        return Err(HubError::Vocabulary { tokenizer: tokenizer.vocabulary(), model: config.vocabulary });
    }
    if let Some(id) = end_of_text(tree) {
        tokenizer.set_end_of_text(id);
    }
    Ok(Loaded { name: name.to_owned(), weights, tokenizer, step: None, language: None })
}

/// Whether the model of a `config.json` would open.
///
/// # Errors
/// Why it would not.
pub(super) fn check(path: &Path) -> Result<(), HubError> {
    let missing = || HubError::Missing { folder: path.parent().unwrap_or(path).to_owned(), file: CONFIG };
    let bytes = small(path, missing)?;
    let bad = |error: serde_json::Error| HubError::BadConfig { path: path.to_owned(), detail: error.to_string() };
    let tree: Value = serde_json::from_slice(&bytes).map_err(bad)?;
    if super::folder::own_config(&tree).is_some() {
        return Ok(());
    }
    config::parse(&tree, path).map(|_| ())
}

/// The file whose time and size tell whether a folder's weights have changed.
pub(super) fn witness(folder: &Path) -> Option<PathBuf> {
    shards::witness(folder)
}

fn tokenizer(folder: &Path) -> Result<Tokenizer, HubError> {
    let file = |name: &str| match fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(HubError::Unreadable { path: folder.join(name), source }),
    };
    if let Some(json) = file(TOKENIZER)? {
        return Ok(Tokenizer::from_json(&json)?);
    }
    match (file("vocab.json")?, file("merges.txt")?) {
        (Some(vocabulary), Some(merges)) => Ok(Tokenizer::from_gpt2(&vocabulary, &merges)?),
        _ => Err(HubError::Missing { folder: folder.to_owned(), file: TOKENIZER }),
    }
}

/// The token that ends a text, where the configuration names one (of several, the first).
fn end_of_text(tree: &Value) -> Option<u32> {
    let id = tree.get("eos_token_id")?;
    let id = id.as_array().map_or(Some(id), |several| several.first())?;
    id.as_u64()?.try_into().ok()
}
