//! The header of a safetensors file: eight bytes with its length, then JSON with the place of every tensor.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::error::HubError;
use super::formats::Format;
use super::store::{MOST_TENSORS, Source, Tensor};

/// The most bytes that a header may have; the format's own library has the same limit.
const MOST_HEADER: u64 = 100_000_000;

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

/// The tensors of a file.
///
/// # Errors
/// If the header is longer than the file, is no header, or its tensors overlap, leave gaps or lie outside the file.
pub(super) fn tensors(source: &Source) -> Result<Vec<(String, Tensor)>, HubError> {
    let length = source.bytes(0, 8)?;
    let length = length.try_into().map(u64::from_le_bytes).map_err(|_| source.damaged("header"))?;
    let rest = source.length - 8;
    if length > MOST_HEADER || length > rest {
        return Err(source.damaged(format!("header {length} > {}", rest.min(MOST_HEADER))));
    }
    let header = source.bytes(8, length as usize)?;
    let header: BTreeMap<String, Value> = serde_json::from_slice(&header).map_err(|error| source.damaged(error))?;
    if header.len() > MOST_TENSORS {
        return Err(source.damaged(format!("{} tensors", header.len())));
    }
    let mut entries = Vec::with_capacity(header.len());
    for (name, value) in header {
        if name != "__metadata__" {
            let entry = Entry::deserialize(&value).map_err(|error| source.damaged(format!("{name}: {error}")))?;
            entries.push((name, entry));
        }
    }
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut end = 0;
    let mut tensors = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        let (from, to) = entry.data_offsets;
        let format = format(&entry.dtype);
        let count = entry.shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
        let size = count.and_then(|count| format.bytes(count));
        let known = format.block().is_some();
        let fits =
            from == end && to >= from && to <= rest - length && (!known || size.map(|s| s as u64) == Some(to - from));
        if !fits {
            return Err(source.damaged(format!("{name}: {:?} {from}..{to}", entry.shape)));
        }
        end = to;
        let start = 8 + length + from;
        tensors.push((name, Tensor { shape: entry.shape, format, start, length: (to - from) as usize, strides: None }));
    }
    if end != rest - length {
        return Err(source.damaged(format!("{end} ≠ {}", rest - length)));
    }
    Ok(tensors)
}

fn format(dtype: &str) -> Format {
    let bytes = match dtype {
        "F32" => return Format::F32,
        "F16" => return Format::F16,
        "BF16" => return Format::BF16,
        "F64" | "I64" | "U64" | "C64" => Some(8),
        "I32" | "U32" => Some(4),
        "I16" | "U16" => Some(2),
        "I8" | "U8" | "BOOL" => Some(1),
        _ => None,
    };
    Format::Other(dtype.to_owned(), bytes)
}
