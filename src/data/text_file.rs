//! How does a file of one's own become a text? UTF-8 is read, anything else is refused with a sentence that helps.
//!
//! Line ends are made one `\n`, whether the file has `\r\n` (Don Quijote has) or a lone `\r`: a model would otherwise spend
//! tokens on a difference that no reader sees. A byte-order mark at the start is left out.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::DataError;

/// At most this many bytes are read, of a file or of all files of a folder together.
pub const MAX_BYTES: u64 = 512 << 20;

/// Reads a text file, or the `.txt` files that lie directly in a folder, in the order of their names, each ending with a
/// line break.
pub(super) fn read_path(path: &Path) -> Result<String, DataError> {
    let about = fs::metadata(path).map_err(|error| cannot_read(path, error))?;
    if about.is_dir() {
        read_folder(path)
    } else if about.is_file() {
        refuse_blank(read_file(path, MAX_BYTES, path)?, path)
    } else {
        Err(DataError::NotAFile(path.to_owned()))
    }
}

fn read_folder(folder: &Path) -> Result<String, DataError> {
    let files = text_files(folder).map_err(|error| cannot_read(folder, error))?;
    if files.is_empty() {
        return Err(DataError::EmptyFolder(folder.to_owned()));
    }
    let mut text = String::new();
    for file in files {
        text.push_str(&read_file(&file, MAX_BYTES.saturating_sub(text.len() as u64), folder)?);
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    }
    refuse_blank(text, folder)
}

/// The `.txt` files in a folder, without hidden ones.
fn text_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_text = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt"));
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if is_text && !is_hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads one file of at most `limit` bytes; `whole` is what the person chose.
fn read_file(path: &Path, limit: u64, whole: &Path) -> Result<String, DataError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| cannot_read(path, error))?;
    let size = file.metadata().map_err(|error| cannot_read(path, error))?.len();
    if size > limit {
        return Err(DataError::TooLarge { path: whole.to_owned(), bytes: MAX_BYTES - limit + size, limit: MAX_BYTES });
    }
    file.take(limit).read_to_end(&mut bytes).map_err(|error| cannot_read(path, error))?;
    text_of(bytes, path)
}

/// Checks that bytes are a text, and makes its line ends one `\n`.
pub(super) fn text_of(mut bytes: Vec<u8>, path: &Path) -> Result<String, DataError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(DataError::Utf16(path.to_owned()));
    }
    if bytes.starts_with("\u{FEFF}".as_bytes()) {
        bytes.drain(..3);
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(DataError::Binary { path: path.to_owned(), at });
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = 1 + bytes.iter().take(at).filter(|&&byte| byte == b'\n').count();
        DataError::NotUtf8 { path: path.to_owned(), at, line, byte: bytes.get(at).copied().unwrap_or_default() }
    })?;
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

fn refuse_blank(text: String, path: &Path) -> Result<String, DataError> {
    if text.trim().is_empty() { Err(DataError::Empty(path.to_owned())) } else { Ok(text) }
}

fn cannot_read(path: &Path, source: io::Error) -> DataError {
    match source.kind() {
        io::ErrorKind::NotFound => DataError::Missing(path.to_owned()),
        _ => DataError::Unreadable { path: path.to_owned(), source },
    }
}
