//! What can go wrong with a person's files and with downloads, each as one sentence that says what to do.

use std::io;
use std::path::PathBuf;

use rust_i18n::t;

/// Why a text could not be read, fetched or kept.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The platform names no folder for data.
    #[error("{}", t!("data.no_home"))]
    NoHome,
    /// No corpus has this name.
    #[error("{}", t!("data.unknown_corpus", name = .name, known = .known))]
    UnknownCorpus {
        /// The name as it was written.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A corpus that has to be downloaded first.
    #[error("{}", t!("data.not_downloaded", title = .0))]
    NotDownloaded(String),
    /// A downloaded corpus that changed on disk.
    #[error("{}", t!("data.damaged", title = .title, path = .path.display()))]
    Damaged {
        /// Which one.
        title: String,
        /// Where its file is now.
        path: PathBuf,
    },
    /// No such file or folder.
    #[error("{}", t!("data.missing", path = .0.display()))]
    Missing(PathBuf),
    /// A file that is there and cannot be read.
    #[error("{}", t!("data.unreadable", path = .path.display(), reason = .source))]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A device, a pipe or something else that is neither file nor folder.
    #[error("{}", t!("data.not_a_file", path = .0.display()))]
    NotAFile(PathBuf),
    /// A file with nothing but white space.
    #[error("{}", t!("data.empty", path = .0.display()))]
    Empty(PathBuf),
    /// A folder without a `.txt` file.
    #[error("{}", t!("data.empty_folder", path = .0.display()))]
    EmptyFolder(PathBuf),
    /// A file that holds no text.
    #[error("{}", t!("data.binary", path = .path.display(), at = .at))]
    Binary {
        /// Which one.
        path: PathBuf,
        /// The place of its first zero byte, from 0.
        at: usize,
    },
    /// Text in UTF-16.
    #[error("{}", t!("data.utf16", path = .0.display()))]
    Utf16(PathBuf),
    /// Text in another encoding than UTF-8.
    #[error("{}", t!("data.not_utf8", path = .path.display(), at = .at, line = .line, byte = format!("0x{:02X}", .byte)))]
    NotUtf8 {
        /// Which one.
        path: PathBuf,
        /// The place of the first byte that is no UTF-8, from 0.
        at: usize,
        /// Its line, from 1.
        line: usize,
        /// The byte.
        byte: u8,
    },
    /// More than a training run on one machine can use.
    #[error("{}", t!("data.too_large", path = .path.display(), megabytes = .bytes.div_ceil(1 << 20), limit = .limit >> 20))]
    TooLarge {
        /// Which file or folder.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// What is read at most.
        limit: u64,
    },
    /// A file cannot be written.
    #[error("{}", t!("data.unwritable", path = .path.display(), reason = .source))]
    Unwritable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The person stopped the download.
    #[error("{}", t!("data.cancelled"))]
    Cancelled,
    /// The server could not be reached.
    #[error("{}", t!("data.unreachable", host = .host, reason = .reason))]
    Unreachable {
        /// The server.
        host: String,
        /// Why.
        reason: String,
    },
    /// The server answered, but not with the file.
    #[error("{}", t!("data.status", host = .host, status = .status))]
    Status {
        /// The server.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection broke off.
    #[error("{}", t!("data.broken_off", host = .host, got = .got, expected = .expected))]
    BrokenOff {
        /// The server.
        host: String,
        /// Bytes that arrived.
        got: u64,
        /// Bytes that there are.
        expected: u64,
    },
    /// Something else arrived than what was asked for.
    #[error("{}", t!("data.wrong_content", host = .0))]
    WrongContent(String),
    /// A name that needs no download.
    #[error("{}", t!("data.shipped", title = .0))]
    Shipped(String),
}
