//! The head of a GGUF file: settings by name, then the place and format of every tensor.
//!
//! All counts and lengths of the file are checked against what is left of it before anything is allocated for them.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use super::super::super::error::HubError;
use super::super::formats::Format;
use super::super::store::{MOST_TENSORS, Source, Tensor};

/// A setting. Lists hold texts or numbers, never lists.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setting {
    Whole(u64),
    Number(f64),
    Flag(bool),
    Text(String),
    Texts(Vec<String>),
    Numbers(Vec<f64>),
}

/// The settings of a file by their names.
#[derive(Debug, Default)]
pub(super) struct Settings(HashMap<String, Setting>);

impl Settings {
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Setting::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn whole(&self, name: &str) -> Option<u64> {
        match self.0.get(name)? {
            Setting::Whole(value) => Some(*value),
            _ => None,
        }
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name)? {
            Setting::Whole(value) => Some(*value as f64),
            Setting::Number(value) => Some(*value),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Setting::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub fn texts(&self, name: &str) -> Option<&[String]> {
        match self.0.get(name)? {
            Setting::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        match self.0.get(name)? {
            Setting::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }
}

/// What stands before the weights.
pub(super) struct Header {
    pub settings: Settings,
    pub tensors: Vec<(String, Tensor)>,
}

/// The most settings, entries of a list and bytes of a text: far more than any model has.
const MOST_SETTINGS: u64 = 1 << 14;
const MOST_ENTRIES: u64 = 1 << 22;
const MOST_TEXT: u64 = 1 << 24;
/// The most axes of a tensor.
const MOST_AXES: u64 = 4;
/// Bytes that a setting and a tensor take at least.
const LEAST_SETTING: u64 = 8 + 4 + 1;
const LEAST_TENSOR: u64 = 8 + 4 + 4 + 8;

/// Reads the head of a file.
///
/// # Errors
/// If it is no GGUF of version 2 or 3 in little-endian order, or it is damaged or cut off.
pub(super) fn read(source: &Source) -> Result<Header, HubError> {
    let mut input = Input { source, reader: BufReader::new(&source.file), left: source.length };
    let mark: [u8; 4] = input.bytes()?;
    let version = input.u32()?;
    if mark != *b"GGUF" || !matches!(version, 2 | 3) {
        return Err(source.damaged(format!("GGUF {version}")));
    }
    let tensors = input.count("tensors", MOST_TENSORS as u64, LEAST_TENSOR)?;
    let count = input.count("settings", MOST_SETTINGS, LEAST_SETTING)?;
    let mut settings = Settings::default();
    for _ in 0..count {
        let name = input.text()?;
        let kind = input.u32()?;
        let setting = input.setting(kind)?;
        settings.0.insert(name, setting);
    }
    let mut entries = Vec::new();
    for _ in 0..tensors {
        entries.push(input.tensor()?);
    }
    let alignment = settings.whole("general.alignment").unwrap_or(32);
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Err(source.damaged(format!("general.alignment {alignment}")));
    }
    let start = (source.length - input.left).next_multiple_of(alignment);
    let tensors = place(source, entries, start)?;
    Ok(Header { settings, tensors })
}

/// Says where in the file every tensor lies, and that none lies outside it or on another.
fn place(
    source: &Source,
    entries: Vec<(String, Vec<usize>, Format, u64)>,
    start: u64,
) -> Result<Vec<(String, Tensor)>, HubError> {
    let mut tensors = Vec::with_capacity(entries.len());
    for (name, shape, format, offset) in entries {
        let damaged = || source.damaged(format!("{name}: {shape:?} {format}"));
        let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size)).ok_or_else(damaged)?;
        // A format that is not read has no known size; its name is the error where the tensor is needed.
        let length = if format.block().is_some() { format.bytes(count).ok_or_else(damaged)? } else { 0 };
        // A row fills whole blocks.
        let whole = |row: &usize| format.block().is_none_or(|(each, _)| row.is_multiple_of(each));
        let start = start.checked_add(offset).ok_or_else(damaged)?;
        let end = start.checked_add(length as u64).ok_or_else(damaged)?;
        if end > source.length || !shape.last().is_none_or(whole) {
            return Err(damaged());
        }
        tensors.push((name, Tensor { shape, format, start, length, strides: None }));
    }
    tensors.sort_by_key(|(_, tensor)| tensor.start);
    for pair in tensors.windows(2) {
        if let [(_, before), (name, after)] = pair
            && before.start + before.length as u64 > after.start
        {
            return Err(source.damaged(name));
        }
    }
    Ok(tensors)
}

/// The rest of a file's head.
struct Input<'a> {
    source: &'a Source,
    reader: BufReader<&'a std::fs::File>,
    /// Bytes of the file that are not read yet.
    left: u64,
}

impl Input<'_> {
    fn cut(&self, what: &str) -> HubError {
        self.source.damaged(what)
    }

    fn fill(&mut self, to: &mut [u8]) -> Result<(), HubError> {
        self.left = self.left.checked_sub(to.len() as u64).ok_or_else(|| self.cut("…"))?;
        let path = &self.source.path;
        self.reader.read_exact(to).map_err(|source| HubError::Unreadable { path: path.clone(), source })
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], HubError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, HubError> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn u64(&mut self) -> Result<u64, HubError> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    /// A count of things that take at least so many bytes each.
    fn count(&mut self, what: &str, most: u64, least: u64) -> Result<usize, HubError> {
        let count = self.u64()?;
        if count > most || count.checked_mul(least).is_none_or(|bytes| bytes > self.left) {
            return Err(self.cut(&format!("{count} {what}")));
        }
        Ok(count as usize)
    }

    fn text(&mut self) -> Result<String, HubError> {
        let length = self.count("bytes", MOST_TEXT, 1)?;
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).map_err(|error| self.cut(&error.to_string()))
    }

    /// A setting of one of the twelve kinds that are no list, or a list of them.
    fn setting(&mut self, kind: u32) -> Result<Setting, HubError> {
        if kind != 9 {
            return self.single(kind);
        }
        let kind = self.u32()?;
        let least = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8,
            other => return Err(self.cut(&format!("list of kind {other}"))),
        };
        let count = self.count("entries", MOST_ENTRIES, least)?;
        if kind == 8 {
            return (0..count).map(|_| self.text()).collect::<Result<_, _>>().map(Setting::Texts);
        }
        let number = |setting: Setting| match setting {
            Setting::Whole(value) => value as f64,
            Setting::Number(value) => value,
            Setting::Flag(flag) => f64::from(u8::from(flag)),
            _ => 0.0,
        };
        (0..count).map(|_| self.single(kind).map(number)).collect::<Result<_, _>>().map(Setting::Numbers)
    }

    fn single(&mut self, kind: u32) -> Result<Setting, HubError> {
        // Whole numbers below zero are numbers: no setting that is used may be one.
        let signed = |value: i64| u64::try_from(value).map_or(Setting::Number(value as f64), Setting::Whole);
        Ok(match kind {
            0 => Setting::Whole(self.bytes::<1>()?[0].into()),
            1 => signed(i8::from_le_bytes(self.bytes()?).into()),
            2 => Setting::Whole(u16::from_le_bytes(self.bytes()?).into()),
            3 => signed(i16::from_le_bytes(self.bytes()?).into()),
            4 => Setting::Whole(self.u32()?.into()),
            5 => signed(i32::from_le_bytes(self.bytes()?).into()),
            6 => Setting::Number(f32::from_le_bytes(self.bytes()?).into()),
            7 => Setting::Flag(self.bytes::<1>()?[0] != 0),
            8 => Setting::Text(self.text()?),
            10 => Setting::Whole(self.u64()?),
            11 => signed(i64::from_le_bytes(self.bytes()?)),
            12 => Setting::Number(f64::from_le_bytes(self.bytes()?)),
            other => return Err(self.cut(&format!("kind {other}"))),
        })
    }

    /// A tensor's name, shape (the file has the innermost axis first), format, and place among the weights.
    fn tensor(&mut self) -> Result<(String, Vec<usize>, Format, u64), HubError> {
        let name = self.text()?;
        let axes = self.u32()?.into();
        if axes > MOST_AXES {
            return Err(self.cut(&format!("{name}: {axes} axes")));
        }
        let mut shape = Vec::new();
        for _ in 0..axes {
            let size = self.u64()?;
            shape.push(usize::try_from(size).map_err(|_| self.cut(&format!("{name}: {size}")))?);
        }
        shape.reverse();
        let format = format(self.u32()?);
        Ok((name, shape, format, self.u64()?))
    }
}

/// ggml's numbers of formats.
fn format(number: u32) -> Format {
    match number {
        0 => Format::F32,
        1 => Format::F16,
        2 => Format::Q4_0,
        3 => Format::Q4_1,
        6 => Format::Q5_0,
        7 => Format::Q5_1,
        8 => Format::Q8_0,
        10 => Format::Q2K,
        11 => Format::Q3K,
        12 => Format::Q4K,
        13 => Format::Q5K,
        14 => Format::Q6K,
        30 => Format::BF16,
        other => Format::Other(format!("ggml {other}"), None),
    }
}
