//! Which files of a folder hold the weights: one, or parts with an index; as safetensors or, where there are none, as
//! PyTorch's own format.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::super::error::HubError;
use super::super::folder::WEIGHTS;
use super::store::{Source, Store, Tensor};
use super::{safetensors, torch};

/// The same in PyTorch's own format.
pub(super) const TORCH_WEIGHTS: &str = "pytorch_model.bin";

/// The most bytes of an index, and the most files that it may name.
const MOST_INDEX: u64 = 64 << 20;
const MOST_FILES: usize = 1_024;

type Reader = fn(&Source) -> Result<Vec<(String, Tensor)>, HubError>;

/// The formats, the better one first.
const FORMATS: [(&str, Reader); 2] = [(WEIGHTS, safetensors::tensors), (TORCH_WEIGHTS, torch::tensors)];

/// The tensors of a folder's weights.
///
/// # Errors
/// If there are none, or a file is missing or damaged.
pub(super) fn open(folder: &Path) -> Result<Store, HubError> {
    for (whole, reader) in FORMATS {
        let index = folder.join(format!("{whole}.index.json"));
        let names = if index.is_file() {
            parts(&index)?
        } else if folder.join(whole).is_file() {
            vec![whole.to_owned()]
        } else {
            continue;
        };
        let mut store = Store::default();
        for name in names {
            let path = folder.join(&name);
            let source = Source::open(path.clone()).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => HubError::MissingPart { folder: folder.to_owned(), file: name },
                _ => HubError::Unreadable { path, source },
            })?;
            let tensors = reader(&source)?;
            store.add(source, tensors);
        }
        return Ok(store);
    }
    Err(HubError::Missing { folder: folder.to_owned(), file: WEIGHTS })
}

/// The file whose time and size tell whether a folder's weights have changed.
pub(super) fn witness(folder: &Path) -> Option<PathBuf> {
    let names = FORMATS.iter().flat_map(|(whole, _)| [(*whole).to_owned(), format!("{whole}.index.json")]);
    names.map(|name| folder.join(name)).find(|path| path.is_file())
}

/// The files that an index names.
fn parts(index: &Path) -> Result<Vec<String>, HubError> {
    let unreadable = |source| HubError::Unreadable { path: index.to_owned(), source };
    let damaged = |detail: String| HubError::Damaged { path: index.to_owned(), detail };
    let length = fs::metadata(index).map_err(unreadable)?.len();
    if length > MOST_INDEX {
        return Err(damaged(format!("{length} > {MOST_INDEX}")));
    }
    let text = fs::read(index).map_err(unreadable)?;
    let tree: Value = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    let map = tree.get("weight_map").and_then(Value::as_object).ok_or_else(|| damaged("weight_map".to_owned()))?;
    let names: BTreeSet<&str> = map.values().filter_map(Value::as_str).collect();
    // An index names files beside it and nothing else.
    let beside = |name: &str| matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
    match names.iter().find(|name| !beside(name)) {
        Some(name) => Err(damaged(format!("weight_map, {name:?}"))),
        None if names.is_empty() || names.len() > MOST_FILES => Err(damaged("weight_map".to_owned())),
        None => Ok(names.into_iter().map(str::to_owned).collect()),
    }
}
