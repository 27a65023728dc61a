//! A model as a folder: `config.json`, `model.safetensors`, `tokenizer.json`; or one of another program.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Loaded;
use super::error::HubError;
use super::opened::Opened;
use super::reading::{Reading, small};
use super::tensors::{self, Precision};
use crate::data::write_atomic;
use crate::nn::{DecoderConfig, Weights};
use crate::text::Tokenizer;

/// File names inside the folder.
pub(super) const CONFIG: &str = "config.json";
pub(crate) const WEIGHTS: &str = "model.safetensors";
pub(super) const TOKENIZER: &str = "tokenizer.json";

/// What `config.json` calls our own models.
const ARCHITECTURE: &str = "telar";

/// `config.json`: the configuration and what else is known of the model.
#[derive(Debug, Serialize, Deserialize)]
struct ConfigFile {
    architecture: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(flatten)]
    config: DecoderConfig,
}

/// The three files of a model, as bytes.
pub(super) struct Files<'a> {
    pub config: &'a [u8],
    pub weights: &'a [u8],
    pub tokenizer: &'a [u8],
}

/// Reads a model's folder. `name` is what the person will see.
///
/// # Errors
/// If one of the files is missing, damaged, or does not fit the others.
pub fn read(folder: &Path, name: &str) -> Result<Loaded, HubError> {
    let reading = Reading::quiet();
    open(folder, name, &reading)?.load(&reading)
}

/// Opens a model's folder, told and stopped by `reading`.
///
/// # Errors
/// As [`read`], and if it was stopped.
pub(super) fn open(folder: &Path, name: &str, reading: &Reading) -> Result<Opened, HubError> {
    let missing = |file: &'static str| move || HubError::Missing { folder: folder.to_owned(), file };
    if !folder.join(CONFIG).exists()
        && let Some(path) = super::foreign::gguf::only_one(folder)?
    {
        return super::foreign::gguf::open(&path, name, reading);
    }
    let config = small(&folder.join(CONFIG), missing(CONFIG))?;
    if let Some(tree) = foreign_tree(&config) {
        return super::foreign::open(folder, name, &tree, reading);
    }
    let weights = reading.file(&folder.join(WEIGHTS), missing(WEIGHTS))?;
    let tokenizer = small(&folder.join(TOKENIZER), missing(TOKENIZER))?;
    parse(&Files { config: &config, weights: &weights, tokenizer: &tokenizer }, folder, name).map(Opened::from)
}

/// The content of a `config.json` that another program has written: it names a type of model, and none of ours.
fn foreign_tree(config: &[u8]) -> Option<serde_json::Value> {
    let tree: serde_json::Value = serde_json::from_slice(config).ok()?;
    (tree.get("architecture").is_none() && tree.get("model_type")?.is_string()).then_some(tree)
}

/// The configuration in the tree of a `config.json` of our own.
pub(super) fn own_config(tree: &serde_json::Value) -> Option<DecoderConfig> {
    let mine = tree.get("architecture")?.as_str()? == ARCHITECTURE;
    mine.then(|| ConfigFile::deserialize(tree).ok()).flatten().map(|file| file.config)
}

/// Makes a model of its files' bytes; `folder` names their place in errors.
pub(super) fn parse(files: &Files, folder: &Path, name: &str) -> Result<Loaded, HubError> {
    let bad = |detail: String| HubError::BadConfig { path: folder.join(CONFIG), detail };
    // Asked first, because a model of another program has other fields too.
    let tree: serde_json::Value = serde_json::from_slice(files.config).map_err(|error| bad(error.to_string()))?;
    match tree.get("architecture").and_then(|name| name.as_str()) {
        Some(ARCHITECTURE) => {}
        Some(other) => {
            let known = super::foreign::FAMILIES.join(", ");
            return Err(HubError::Family { name: other.to_owned(), known });
        }
        None => return Err(bad("architecture".to_owned())),
    }
    let ConfigFile { step, language, config, .. } =
        serde_json::from_value(tree).map_err(|error| bad(error.to_string()))?;
    super::foreign::config::check(&config, &folder.join(CONFIG))?;
    let mut weights = Weights::empty(&config)?;
    weights.data = tensors::read(files.weights, &folder.join(WEIGHTS), &weights.layout, "")?;
    let json = std::str::from_utf8(files.tokenizer)
        .map_err(|error| crate::text::TextError::NotATokenizer(error.to_string()))?;
    let tokenizer = Tokenizer::from_json(json)?;
    if tokenizer.vocabulary() != config.vocabulary {
        return Err(HubError::Vocabulary { tokenizer: tokenizer.vocabulary(), model: config.vocabulary });
    }
    Ok(Loaded { name: name.to_owned(), weights, tokenizer, step, language })
}

/// Writes a model's folder; each file is replaced as a whole.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, model: &Loaded, precision: Precision) -> Result<(), HubError> {
    let config = ConfigFile {
        architecture: ARCHITECTURE.to_owned(),
        step: model.step,
        language: model.language.clone(),
        config: (*model.weights.config).clone(),
    };
    let path = folder.join(CONFIG);
    let unwritable = |source| HubError::Unwritable { path: path.clone(), source };
    let mut json = serde_json::to_vec_pretty(&config).map_err(|error| unwritable(io::Error::other(error)))?;
    json.push(b'\n');
    write_atomic(&path, &json).map_err(unwritable)?;
    tensors::write(&folder.join(WEIGHTS), &model.weights.layout, &[("", &model.weights.data)], precision)?;
    model.tokenizer.save(&folder.join(TOKENIZER))?;
    Ok(())
}
