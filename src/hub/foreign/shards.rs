//! A model's weights in one safetensors file, or in parts with an index.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use half::{bf16, f16};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;

use super::super::error::HubError;
use super::super::folder::WEIGHTS;

const INDEX: &str = "model.safetensors.index.json";

/// What stands before the names in some files and not in others.
const PREFIXES: [&str; 2] = ["transformer.", "model."];

/// The files, in memory.
pub(super) struct Shards {
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Shards {
    /// Reads them.
    ///
    /// # Errors
    /// If there are none, or one is missing or damaged.
    pub fn open(folder: &Path) -> Result<Self, HubError> {
        let mut files = Vec::new();
        for name in names(folder)? {
            let path = folder.join(&name);
            let bytes = fs::read(&path).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => HubError::Missing { folder: folder.to_owned(), file: WEIGHTS },
                _ => HubError::Unreadable { path: path.clone(), source },
            })?;
            SafeTensors::deserialize(&bytes)
                .map_err(|error| HubError::Damaged { path: path.clone(), detail: error.to_string() })?;
            files.push((path, bytes));
        }
        Ok(Self { files })
    }

    /// A tensor under its name, or under the same name without what some files leave out.
    fn find<T>(&self, name: &str, use_it: impl FnOnce(&Path, &TensorView) -> T) -> Result<T, HubError> {
        let bare = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
        for (path, bytes) in &self.files {
            let damaged = |error: safetensors::SafeTensorError| HubError::Damaged {
                path: path.clone(),
                detail: error.to_string(),
            };
            let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
            for name in [Some(name), bare].into_iter().flatten() {
                if let Ok(tensor) = file.tensor(name) {
                    return Ok(use_it(path, &tensor));
                }
            }
        }
        let path = self.files.first().map_or_else(PathBuf::new, |(path, _)| path.clone());
        Err(HubError::NoWeight { path, name: name.to_owned() })
    }

    /// Outputs of a matrix, at most as many as there is room for.
    pub fn width(&self, name: &str, turned: bool, room: usize) -> Result<usize, HubError> {
        self.find(name, |_, tensor| tensor.shape().get(usize::from(!turned)).map_or(room, |&width| width.min(room)))
    }

    /// Elements of a vector, at most as many as there is room for.
    pub fn length(&self, name: &str, room: usize) -> Result<usize, HubError> {
        self.find(name, |_, tensor| tensor.shape().first().map_or(room, |&length| length.min(room)))
    }

    /// Several tensors that together are narrower than they should be.
    pub fn narrow(&self, names: &[String], found: usize, expected: usize) -> HubError {
        let path = self.files.first().map_or_else(PathBuf::new, |(path, _)| path.clone());
        HubError::Shape { path, name: names.join(" + "), found: vec![found], expected: vec![expected] }
    }

    /// Hands every value of a tensor to `take`, with its place in the file's order.
    ///
    /// # Errors
    /// If it is missing, of another shape or in a format that is not read.
    pub fn read(&self, name: &str, shape: &[usize], mut take: impl FnMut(usize, f32)) -> Result<(), HubError> {
        self.find(name, |path, tensor| {
            if tensor.shape() != shape {
                return Err(HubError::Shape {
                    path: path.to_owned(),
                    name: name.to_owned(),
                    found: tensor.shape().to_vec(),
                    expected: shape.to_vec(),
                });
            }
            let bytes = tensor.data();
            match tensor.dtype() {
                Dtype::F32 => {
                    let values = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
                    values.enumerate().for_each(|(i, value)| take(i, value));
                }
                Dtype::F16 => {
                    let values = bytes.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32());
                    values.enumerate().for_each(|(i, value)| take(i, value));
                }
                Dtype::BF16 => {
                    let values = bytes.chunks_exact(2).map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32());
                    values.enumerate().for_each(|(i, value)| take(i, value));
                }
                other => {
                    let dtype = format!("{other:?}");
                    return Err(HubError::Dtype { path: path.to_owned(), name: name.to_owned(), dtype });
                }
            }
            Ok(())
        })?
    }
}

/// The files that hold the weights: all that the index names, or the one.
fn names(folder: &Path) -> Result<Vec<String>, HubError> {
    let path = folder.join(INDEX);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![WEIGHTS.to_owned()]),
        Err(source) => return Err(HubError::Unreadable { path, source }),
    };
    let damaged = |detail: String| HubError::Damaged { path: path.clone(), detail };
    let tree: Value = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    let map = tree.get("weight_map").and_then(Value::as_object).ok_or_else(|| damaged("weight_map".to_owned()))?;
    let names: BTreeSet<&str> = map.values().filter_map(Value::as_str).collect();
    // An index names files beside it and nothing else.
    let beside = |name: &str| matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
    match names.iter().find(|name| !beside(name)) {
        Some(name) => Err(damaged(format!("weight_map, {name:?}"))),
        None if names.is_empty() => Err(damaged("weight_map".to_owned())),
        None => Ok(names.into_iter().map(str::to_owned).collect()),
    }
}
