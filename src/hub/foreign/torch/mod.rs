//! `pytorch_model.bin`: a zip archive with `data.pkl`, which describes the tensors, and the bytes of every storage as a
//! file of its own, stored without compression. Nothing of it is executed; see [`pickle`].

mod machine;
mod pickle;

use std::io::{self, BufReader};

use zip::{CompressionMethod, ZipArchive};

use super::super::error::HubError;
use super::formats::Format;
use super::store::{MOST_TENSORS, Source, Tensor};
use pickle::{Described, PickleError};

/// More than this has no description of tensors.
const MOST_PICKLE: u64 = 1 << 20;
/// The most files of an archive.
const MOST_FILES: usize = MOST_TENSORS + 64;
/// How a file of PyTorch before 1.6 begins: the pickled number that is its mark.
const LEGACY: [u8; 6] = [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC];

/// The tensors of a file.
///
/// # Errors
/// If it is in the old format, is no archive, asks for anything to be executed, or its tensors lie outside their storage.
pub(super) fn tensors(source: &Source) -> Result<Vec<(String, Tensor)>, HubError> {
    let head = source.bytes(0, source.length.min(LEGACY.len() as u64) as usize)?;
    if head == LEGACY {
        return Err(HubError::LegacyTorch { path: source.path.clone() });
    }
    let mut archive = Archive::open(source)?;
    let pickle = archive.file("data.pkl")?;
    if pickle.length > MOST_PICKLE {
        return Err(source.damaged(format!("data.pkl, {} > {MOST_PICKLE}", pickle.length)));
    }
    let bytes = source.bytes(pickle.start, pickle.length as usize)?;
    if let Ok(order) = archive.file("byteorder")
        && source.bytes(order.start, order.length.min(16) as usize)? != b"little"
    {
        return Err(source.damaged("byteorder"));
    }
    let described = pickle::tensors(&bytes).map_err(|error| match error {
        PickleError::Forbidden(name) => HubError::Pickle { path: source.path.clone(), name },
        other => source.damaged(format!("data.pkl, {other}")),
    })?;
    described.into_iter().map(|(name, tensor)| archive.place(name, tensor)).collect()
}

/// Where a file of the archive lies in it.
struct Place {
    start: u64,
    length: u64,
}

struct Archive<'a> {
    source: &'a Source,
    zip: ZipArchive<BufReader<&'a std::fs::File>>,
    /// The folder that everything lies in.
    root: String,
}

impl<'a> Archive<'a> {
    fn open(source: &'a Source) -> Result<Self, HubError> {
        let zip = ZipArchive::new(BufReader::new(&source.file)).map_err(|error| source.damaged(error))?;
        if zip.len() > MOST_FILES {
            return Err(source.damaged(format!("{} > {MOST_FILES}", zip.len())));
        }
        let names = zip.file_names_raw().filter_map(|name| std::str::from_utf8(name).ok());
        let root = names.filter_map(|name| name.strip_suffix("data.pkl")).find(|root| root.matches('/').count() <= 1);
        let root = root.ok_or_else(|| source.damaged("data.pkl"))?.to_owned();
        Ok(Self { source, zip, root })
    }

    fn file(&mut self, name: &str) -> Result<Place, HubError> {
        let damaged = |detail: String| self.source.damaged(format!("{name}: {detail}"));
        let index = self.zip.index_for_name(&format!("{}{name}", self.root)).ok_or_else(|| damaged("?".into()))?;
        let file = self.zip.by_index_raw(index).map_err(|error| damaged(error.to_string()))?;
        if file.compression() != CompressionMethod::Stored || file.encrypted() || file.size() != file.compressed_size()
        {
            return Err(damaged(file.compression().to_string()));
        }
        let start = file.data_start().ok_or_else(|| damaged(io::ErrorKind::UnexpectedEof.to_string()))?;
        let length = file.size();
        if start.checked_add(length).is_none_or(|end| end > self.source.length) {
            return Err(damaged(format!("{start} + {length} > {}", self.source.length)));
        }
        Ok(Place { start, length })
    }

    /// Finds a described tensor's bytes.
    fn place(&mut self, name: String, tensor: Described) -> Result<(String, Tensor), HubError> {
        let storage = self.file(&format!("data/{}", tensor.key))?;
        let damaged = || self.source.damaged(&name);
        let (_, each) = tensor.format.block().ok_or_else(damaged)?;
        // `pickle` has checked that the tensor lies inside so many values.
        let inside = tensor.of.checked_mul(each as u64).is_some_and(|bytes| bytes <= storage.length);
        let start = tensor.first.checked_mul(each as u64).filter(|_| inside).ok_or_else(damaged)?;
        let length = usize::try_from(tensor.span * each as u64).map_err(|_| damaged())?;
        let start = storage.start + start;
        let (shape, format, strides) = (tensor.shape, tensor.format, tensor.strides);
        Ok((name, Tensor { shape, format, start, length, strides }))
    }
}

/// The formats of PyTorch's storages.
fn storage(class: &str) -> Option<Format> {
    let other = |name: &str, bytes| Some(Format::Other(name.to_owned(), Some(bytes)));
    match class {
        "FloatStorage" => Some(Format::F32),
        "HalfStorage" => Some(Format::F16),
        "BFloat16Storage" => Some(Format::BF16),
        "DoubleStorage" => other("F64", 8),
        "LongStorage" => other("I64", 8),
        "IntStorage" => other("I32", 4),
        "ShortStorage" => other("I16", 2),
        "CharStorage" => other("I8", 1),
        "ByteStorage" => other("U8", 1),
        "BoolStorage" => other("BOOL", 1),
        _ => None,
    }
}
