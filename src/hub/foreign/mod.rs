//! Models of other programs: in the layout of Hugging Face's hub (`config.json`, weights as one file or as parts with an
//! index, safetensors or PyTorch's own, and `tokenizer.json` or `vocab.json` with `merges.txt`), or as one GGUF file.
//!
//! None of these files is trusted. Every reader checks what a file says of its sizes against the file's length before it
//! allocates, and ends in a table of tensors ([`store`]); values are read from there one tensor at a time.

pub(super) mod config;
mod formats;
pub(super) mod gguf;
mod names;
mod parameters;
mod safetensors;
mod shards;
mod store;
mod torch;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::HubError;
use super::folder::{CONFIG, TOKENIZER};
use super::opened::Opened;
use super::reading::{Reading, small};
use crate::nn::Weights;
use crate::text::Tokenizer;
use names::Names;
pub(super) use parameters::Parameters;

/// The families that open, as `config.json` calls them.
pub const FAMILIES: [&str; 5] = ["gpt2", "gpt_neo", "llama", "mistral", "qwen2"];

/// Opens a folder whose `config.json` holds this tree.
///
/// # Errors
/// If the family is not known, or one of the files is missing, damaged, or does not fit the others.
pub(super) fn open(folder: &Path, name: &str, tree: &Value, reading: &Reading) -> Result<Opened, HubError> {
    let path = folder.join(CONFIG);
    let config = config::parse(tree, &path)?;
    let names = Names::new(tree);
    let empty = Weights::empty(&config)?;
    let parameters = Parameters::new(names, shards::open(folder)?, &empty.layout, reading)?;
    let mut tokenizer = tokenizer(folder)?;
    if tokenizer.vocabulary() > config.vocabulary {
        return Err(HubError::Vocabulary { tokenizer: tokenizer.vocabulary(), model: config.vocabulary });
    }
    tokenizer.set_ends(&ends(folder, tree));
    Ok(Opened::in_files(name, empty, parameters, tokenizer))
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

/// The tokens that end a text: those that `generation_config.json` names, as in transformers, or else the configuration.
fn ends(folder: &Path, tree: &Value) -> Vec<u32> {
    let named = |tree: &Value| -> Option<Vec<u32>> {
        let id = tree.get("eos_token_id").filter(|id| !id.is_null())?;
        let several = id.as_array().map_or(std::slice::from_ref(id), Vec::as_slice);
        Some(several.iter().filter_map(|id| id.as_u64()?.try_into().ok()).collect())
    };
    // It only adds; a damaged one is not worth refusing the model for.
    let generation = fs::read(folder.join("generation_config.json")).ok();
    let generation = generation.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    generation.as_ref().and_then(named).or_else(|| named(tree)).unwrap_or_default()
}
