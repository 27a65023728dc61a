//! GGUF, the one-file format of llama.cpp: settings, tokenizer and weights together, the weights mostly in blocks of few
//! bits. They are unpacked to 32 bits when the file is opened.

mod config;
mod header;
mod tokenizer;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::error::HubError;
use super::super::opened::Opened;
use super::super::reading::Reading;
use super::config::parse;
use super::names::Names;
use super::parameters::Parameters;
use super::store::{Source, Store};
use crate::nn::{DecoderConfig, Weights};

/// How such a file's name ends.
const EXTENSION: &str = "gguf";

/// Whether a path is that of a GGUF file, by its name.
pub(in super::super) fn is_gguf(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(EXTENSION)) && path.is_file()
}

/// The GGUF file of a folder that has no `config.json`.
///
/// # Errors
/// If there are several: then a person has to choose.
pub(in super::super) fn only_one(folder: &Path) -> Result<Option<PathBuf>, HubError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(None) };
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_gguf(path)).take(2).collect();
    if found.len() > 1 {
        return Err(HubError::SeveralGguf { folder: folder.to_owned() });
    }
    Ok(found.pop())
}

/// What a GGUF file says of itself.
struct Described {
    settings: header::Settings,
    store: Store,
    tree: Value,
    config: DecoderConfig,
}

/// Reads everything but the weights.
fn describe(path: &Path) -> Result<Described, HubError> {
    let unreadable = |source| HubError::Unreadable { path: path.to_owned(), source };
    let source = Source::open(path.to_owned()).map_err(unreadable)?;
    let header::Header { settings, tensors } = header::read(&source)?;
    let mut store = Store::default();
    store.add(source, tensors);
    let tree = config::tree(&settings, &store, path)?;
    let config = parse(&tree, path)?;
    Ok(Described { settings, store, tree, config })
}

/// The decoder that a GGUF file describes.
///
/// # Errors
/// As [`open`].
pub(in super::super) fn shape(path: &Path) -> Result<DecoderConfig, HubError> {
    describe(path).map(|described| described.config)
}

/// Opens a GGUF file. `name` is what the person will see.
///
/// # Errors
/// If its architecture is not known, it is damaged or cut off, or the reading was stopped.
pub(in super::super) fn open(path: &Path, name: &str, reading: &Reading) -> Result<Opened, HubError> {
    let Described { settings, store, tree, config } = describe(path)?;
    let empty = Weights::empty(&config)?;
    let parameters = Parameters::new(Names::of_gguf(&tree, &config), store, &empty.layout, reading)?;
    let tokenizer = tokenizer::make(&settings, path)?;
    if tokenizer.vocabulary() > config.vocabulary {
        return Err(HubError::Vocabulary { tokenizer: tokenizer.vocabulary(), model: config.vocabulary });
    }
    let language = settings.texts("general.languages").filter(|all| all.len() == 1).and_then(|all| all.first());
    let mut opened = Opened::in_files(name, empty, parameters, tokenizer);
    opened.language = language.cloned();
    Ok(opened)
}
