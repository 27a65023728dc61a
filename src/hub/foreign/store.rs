//! The tensors of a model's files: where each lies and how it is stored. Values are read from the disk when they are asked
//! for, one tensor at a time, so that a file is never in memory as a whole.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::super::error::HubError;
use super::formats::Format;

/// What stands before the names in some files and not in others.
const PREFIXES: [&str; 2] = ["transformer.", "model."];

/// More than this many tensors has no model that opens.
pub(super) const MOST_TENSORS: usize = 1 << 16;

/// A file of weights.
pub(super) struct Source {
    pub path: PathBuf,
    pub file: File,
    /// In bytes.
    pub length: u64,
}

impl Source {
    /// Opens it.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let file = File::open(&path)?;
        let length = file.metadata()?.len();
        Ok(Self { path, file, length })
    }

    /// `length` bytes from `start`, which have to lie inside the file: nothing is allocated before that is checked.
    pub fn bytes(&self, start: u64, length: usize) -> Result<Vec<u8>, HubError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(self.damaged(format!("{start} + {length} > {}", self.length)));
        }
        let unreadable = |source| HubError::Unreadable { path: self.path.clone(), source };
        let mut bytes = vec![0; length];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
        file.read_exact(&mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }

    /// «This file is damaged.»
    pub fn damaged(&self, detail: impl ToString) -> HubError {
        HubError::Damaged { path: self.path.clone(), detail: detail.to_string() }
    }
}

/// Where a tensor lies.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    /// Its axes, as the family's own program calls them.
    pub shape: Vec<usize>,
    /// How its values are stored.
    pub format: Format,
    /// Its first byte in the file.
    pub start: u64,
    /// From its first byte to the one after its last.
    pub length: usize,
    /// Values from one index of an axis to the next, where the tensor does not lie row by row.
    pub strides: Option<Vec<usize>>,
}

/// The tensors of all files.
#[derive(Default)]
pub(super) struct Store {
    files: Vec<Source>,
    tensors: HashMap<String, (usize, Tensor)>,
}

impl Store {
    /// Adds a file with its tensors. The reader of its format has checked that each lies inside the file.
    pub fn add(&mut self, file: Source, tensors: Vec<(String, Tensor)>) {
        let place = self.files.len();
        self.files.push(file);
        self.tensors.extend(tensors.into_iter().map(|(name, tensor)| (name, (place, tensor))));
    }

    /// Whether there is a tensor of exactly this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A tensor under its name, or under the same name without what some files leave out.
    pub fn find(&self, name: &str) -> Result<(&Source, &Tensor), HubError> {
        let bare = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
        let found = [Some(name), bare].into_iter().flatten().find_map(|name| self.tensors.get(name));
        let found = found.and_then(|(file, tensor)| Some((self.files.get(*file)?, tensor)));
        found.ok_or_else(|| HubError::NoWeight { path: self.first_path(), name: name.to_owned() })
    }

    /// Several tensors that together are narrower than they should be.
    pub fn narrow(&self, names: &[String], found: usize, expected: usize) -> HubError {
        HubError::Shape {
            path: self.first_path(),
            name: names.join(" + "),
            found: vec![found],
            expected: vec![expected],
        }
    }

    /// Files that cannot hold what their tensors claim.
    pub fn too_small(&self, values: usize) -> HubError {
        let bytes: u64 = self.files.iter().map(|file| file.length).sum();
        HubError::Damaged { path: self.first_path(), detail: format!("{values} > {bytes}") }
    }

    /// Whether the files are large enough to hold so many values at all. Tensors may share their place in a file (a tied
    /// output layer does), so their shapes alone do not bound what is read.
    pub fn can_hold(&self, values: usize) -> bool {
        let mut most: u64 = 0;
        for (place, file) in self.files.iter().enumerate() {
            let formats = self.tensors.values().filter(|(file, _)| *file == place).map(|(_, tensor)| &tensor.format);
            let dense = |format: &Format| format.block().map_or(0, |(values, bytes)| values.div_ceil(bytes.max(1)));
            let dense = formats.map(dense).max().unwrap_or(0);
            most = most.saturating_add(file.length.saturating_mul(dense as u64));
        }
        values as u64 <= most
    }

    /// The values of a tensor in 32 bits, row by row.
    ///
    /// # Errors
    /// If it is missing, of another shape, in a format that is not read, or holds something that is no number.
    pub fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, HubError> {
        let (source, tensor) = self.find(name)?;
        let path = || source.path.clone();
        check_shape(&source.path, name, tensor, shape)?;
        let dtype = || HubError::Dtype { path: path(), name: name.to_owned(), dtype: tensor.format.to_string() };
        if matches!(tensor.format, Format::Other(..)) {
            return Err(dtype());
        }
        let stored = tensor.format.values(&source.bytes(tensor.start, tensor.length)?).ok_or_else(dtype)?;
        let values = match &tensor.strides {
            None => stored,
            Some(strides) => strided(&stored, shape, strides).ok_or_else(|| source.damaged(name))?,
        };
        if !values.iter().all(|value| value.is_finite()) {
            return Err(HubError::NotFinite { path: path(), name: name.to_owned() });
        }
        Ok(values)
    }

    fn first_path(&self) -> PathBuf {
        self.files.first().map_or_else(PathBuf::new, |file| file.path.clone())
    }
}

/// Whether a tensor has the shape that the configuration says.
pub(super) fn check_shape(path: &Path, name: &str, tensor: &Tensor, shape: &[usize]) -> Result<(), HubError> {
    if tensor.shape == shape {
        return Ok(());
    }
    Err(HubError::Shape {
        path: path.to_owned(),
        name: name.to_owned(),
        found: tensor.shape.clone(),
        expected: shape.to_vec(),
    })
}

/// Values of any strides row by row; `None` where one lies outside.
fn strided(stored: &[f32], shape: &[usize], strides: &[usize]) -> Option<Vec<f32>> {
    let mut places = vec![0usize];
    for (&size, &stride) in shape.iter().zip(strides) {
        places = places.iter().flat_map(|&place| (0..size).map(move |i| place + i * stride)).collect();
    }
    places.into_iter().map(|place| stored.get(place).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_turn_and_repeat() {
        let stored = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(strided(&stored, &[3, 2], &[1, 3]).unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(strided(&stored, &[2, 2], &[0, 1]).unwrap(), [1.0, 2.0, 1.0, 2.0]);
        assert_eq!(strided(&stored, &[2, 2], &[5, 1]), None);
    }
}
