//! Which texts can a model be trained on? Those that ship with the app, those that can be fetched, and one's own.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

use rust_i18n::t;
use sha2::{Digest, Sha256};

use super::download::{Expected, fetch};
use super::error::DataError;
use super::home::{Home, set_aside};
use super::{CorpusRef, text_file};

/// A corpus that the app knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorpusEntry {
    /// Its name in commands and run files.
    pub name: &'static str,
    /// `en`, `es`.
    pub language: &'static str,
    /// Size of the file.
    pub bytes: u64,
    /// Under which terms it may be used.
    pub license: &'static str,
    /// Where it comes from.
    pub source: Source,
}

/// Where a corpus comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Inside the program.
    Shipped(&'static str),
    /// From the net, once.
    Download {
        /// The address.
        url: &'static str,
        /// SHA-256 of the file, in lower-case hexadecimal.
        sha256: &'static str,
    },
}

const TELAR_ES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/telar-es.txt"));
const TELAR_EN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/telar-en.txt"));

const CATALOGUE: [CorpusEntry; 4] = [
    CorpusEntry {
        name: "telar-es",
        language: "es",
        bytes: TELAR_ES.len() as u64,
        license: "MIT OR Apache-2.0",
        source: Source::Shipped(TELAR_ES),
    },
    CorpusEntry {
        name: "telar-en",
        language: "en",
        bytes: TELAR_EN.len() as u64,
        license: "MIT OR Apache-2.0",
        source: Source::Shipped(TELAR_EN),
    },
    CorpusEntry {
        name: "shakespeare",
        language: "en",
        bytes: 1_115_394,
        license: "public domain",
        source: Source::Download {
            url: "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            sha256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        },
    },
    CorpusEntry {
        name: "quijote",
        language: "es",
        bytes: 2_132_495,
        license: "public domain",
        source: Source::Download {
            url: "https://raw.githubusercontent.com/JuanMaCuevas/quijote/\
                  2223b64c44055f8fc08b1951dca00de5a5b9122b/quijote.txt",
            sha256: "580cdc8f65471344e3f811baa2d7b2a13662ff9adff17319943e79c854d01e64",
        },
    },
];

impl CorpusEntry {
    /// Its title, in the language of the interface.
    pub fn title(&self) -> String {
        t!(format!("data.title.{}", self.name)).into_owned()
    }

    /// Where its file is, once it has been downloaded.
    pub fn file(&self, home: &Home) -> PathBuf {
        home.datasets().join(format!("{}.txt", self.name))
    }
}

/// Every corpus that has a name.
pub fn catalogue() -> &'static [CorpusEntry] {
    &CATALOGUE
}

/// The corpus of a name.
///
/// # Errors
/// If there is none; the error lists the names.
pub fn entry(name: &str) -> Result<&'static CorpusEntry, DataError> {
    catalogue().iter().find(|entry| entry.name == name).ok_or_else(|| DataError::UnknownCorpus {
        name: name.to_owned(),
        known: catalogue().iter().map(|entry| entry.name).collect::<Vec<_>>().join(", "),
    })
}

/// Whether a corpus can be read without a download.
pub fn available(entry: &CorpusEntry, home: &Home) -> bool {
    match entry.source {
        Source::Shipped(_) => true,
        Source::Download { .. } => entry.file(home).is_file(),
    }
}

/// Reads a whole text, with `\n` at its line ends.
///
/// A downloaded file is compared with its checksum again; one that has changed is set aside, so that it can be downloaded
/// anew.
///
/// # Errors
/// Anything but a text in UTF-8; a name that is unknown or not downloaded yet.
pub fn read(corpus: &CorpusRef, home: &Home) -> Result<String, DataError> {
    match corpus {
        CorpusRef::Path(path) => text_file::read_path(path),
        CorpusRef::Named(name) => {
            let entry = entry(name)?;
            match entry.source {
                Source::Shipped(text) => Ok(text.to_owned()),
                Source::Download { sha256, .. } => read_downloaded(entry, sha256, home),
            }
        }
    }
}

fn read_downloaded(entry: &CorpusEntry, sha256: &str, home: &Home) -> Result<String, DataError> {
    let path = entry.file(home);
    let bytes = fs::read(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => DataError::NotDownloaded(entry.title()),
        _ => DataError::Unreadable { path: path.clone(), source },
    })?;
    if hex(&Sha256::digest(&bytes)) != sha256 {
        // Where it cannot be renamed it stays, and the sentence names it all the same.
        let path = set_aside(&path).unwrap_or(path);
        return Err(DataError::Damaged { title: entry.title(), path });
    }
    text_file::text_of(bytes, &path)
}

/// Fetches a corpus and returns its file. `progress` hears how many bytes have arrived and how many there are, at least
/// ten times a second, and may stop.
///
/// # Errors
/// See [`fetch`]; a corpus that ships needs no download.
pub fn download(
    entry: &CorpusEntry,
    home: &Home,
    progress: &mut dyn FnMut(u64, Option<u64>) -> ControlFlow<()>,
) -> Result<PathBuf, DataError> {
    match entry.source {
        Source::Shipped(_) => Err(DataError::Shipped(entry.title())),
        Source::Download { url, sha256 } => {
            let path = entry.file(home);
            fetch(url, Expected { bytes: entry.bytes, sha256 }, &path, progress)?;
            Ok(path)
        }
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
