//! Flat buffers in the order of a layout, to and from safetensors files.
//!
//! A file that does not fit the layout is refused before anything of it is used: cut off, a weight missing, of another
//! shape, or in a format that is not read.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, View};
use safetensors::{SafeTensors, serialize};

use super::error::HubError;
use crate::data::write_atomic;
use crate::nn::Layout;

/// How many bits a stored weight has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits: what training goes on from.
    Full,
    /// 16 bits (IEEE half): what ships.
    Half,
}

/// One named tensor on the way to a file.
struct Outgoing<'a> {
    shape: Vec<usize>,
    values: &'a [f32],
    precision: Precision,
}

impl View for &Outgoing<'_> {
    fn dtype(&self) -> Dtype {
        match self.precision {
            Precision::Full => Dtype::F32,
            Precision::Half => Dtype::F16,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self.precision {
            Precision::Full => Cow::Owned(self.values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Precision::Half => Cow::Owned(self.values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect()),
        }
    }

    fn data_len(&self) -> usize {
        self.values.len() * if self.precision == Precision::Full { 4 } else { 2 }
    }
}

/// Writes flat buffers as one file, atomically: each buffer under its prefix and the names of the layout. Model files
/// have one buffer with the prefix `""`; an optimizer's has `m.` and `v.`.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, layout: &Layout, buffers: &[(&str, &[f32])], precision: Precision) -> Result<(), HubError> {
    let mut outgoing = Vec::new();
    for (prefix, data) in buffers {
        for parameter in &layout.parameters {
            let values = data.get(parameter.range.clone()).unwrap_or_default();
            outgoing.push((
                format!("{prefix}{}", parameter.name),
                Outgoing { shape: parameter.shape.clone(), values, precision },
            ));
        }
    }
    write_all(path, &outgoing)
}

/// Values with a name and a shape, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<'a> {
    /// What it is called in the file.
    pub name: String,
    /// Its axes.
    pub shape: Vec<usize>,
    /// As many as the product of the axes.
    pub values: &'a [f32],
}

/// Writes tensors of one's own choice as one file in 32 bits, atomically.
///
/// # Errors
/// If the file cannot be written.
pub fn write_named(path: &Path, tensors: &[Named]) -> Result<(), HubError> {
    let outgoing = tensors.iter().map(|tensor| {
        let Named { name, shape, values } = tensor;
        (name.clone(), Outgoing { shape: shape.clone(), values, precision: Precision::Full })
    });
    let outgoing: Vec<_> = outgoing.collect();
    write_all(path, &outgoing)
}

fn write_all(path: &Path, outgoing: &[(String, Outgoing)]) -> Result<(), HubError> {
    let metadata = HashMap::from([("format".to_owned(), "telar".to_owned())]);
    let views = outgoing.iter().map(|(name, tensor)| (name.as_str(), tensor));
    let unwritable = |source| HubError::Unwritable { path: path.to_owned(), source };
    let bytes = serialize(views, Some(metadata)).map_err(|error| unwritable(std::io::Error::other(error)))?;
    write_atomic(path, &bytes).map_err(unwritable)
}

/// Reads a flat buffer that [`write`] wrote under this prefix, in 32 bits whatever the file has (32, 16 or brain-float
/// 16). `path` names the file in errors.
///
/// # Errors
/// If the bytes are not a whole safetensors file, or a weight is missing, of another shape, in another format or no number.
pub fn read(bytes: &[u8], path: &Path, layout: &Layout, prefix: &str) -> Result<Vec<f32>, HubError> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| HubError::Damaged { path: path.to_owned(), detail: error.to_string() })?;
    // Two bytes a value at least: a layout that is larger than its file allocates nothing.
    let mut data = Vec::with_capacity(layout.len().min(bytes.len() / 2));
    for parameter in &layout.parameters {
        let name = format!("{prefix}{}", parameter.name);
        let tensor =
            file.tensor(&name).map_err(|_| HubError::NoWeight { path: path.to_owned(), name: name.clone() })?;
        if tensor.shape() != parameter.shape {
            return Err(HubError::Shape {
                path: path.to_owned(),
                name,
                found: tensor.shape().to_vec(),
                expected: parameter.shape.clone(),
            });
        }
        let bytes = tensor.data();
        match tensor.dtype() {
            Dtype::F32 => data.extend(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
            Dtype::F16 => data.extend(bytes.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())),
            Dtype::BF16 => data.extend(bytes.chunks_exact(2).map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32())),
            other => {
                return Err(HubError::Dtype { path: path.to_owned(), name, dtype: format!("{other:?}") });
            }
        }
        let new = data.get(parameter.range.clone()).unwrap_or_default();
        if !new.iter().all(|value| value.is_finite()) {
            return Err(HubError::NotFinite { path: path.to_owned(), name });
        }
    }
    Ok(data)
}
