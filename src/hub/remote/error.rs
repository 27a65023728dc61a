//! What can go wrong between here and the hub, each as one sentence that says what to do.

use std::io;
use std::path::PathBuf;

use rust_i18n::t;

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Neither `owner/name` nor `owner/name@revision`.
    #[error("{}", t!("remote.bad_name", name = .0))]
    BadName(String),
    /// The person wants the net not to be used.
    #[error("{}", t!("remote.offline", here = .here))]
    Offline {
        /// What is there without it.
        here: String,
    },
    /// No answer at all.
    #[error("{}", t!("remote.unreachable", host = .host, reason = .reason, here = .here))]
    Unreachable {
        /// The server.
        host: String,
        /// Why.
        reason: String,
        /// What is there without it.
        here: String,
    },
    /// The repository wants a token, or another one.
    #[error("{}", t!("remote.gated", repository = .0))]
    Gated(String),
    /// No such repository or revision (the hub says the same of private ones).
    #[error("{}", t!("remote.not_found", what = .0))]
    NotFound(String),
    /// The hub was asked too often.
    #[error("{}", t!("remote.too_many", host = .host, seconds = .seconds))]
    TooMany {
        /// The server.
        host: String,
        /// In how many seconds it may be asked again.
        seconds: u64,
    },
    /// The server answers with a failure of its own, also after several tries.
    #[error("{}", t!("remote.status", host = .host, status = .status))]
    Status {
        /// The server.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection broke several times; what has come is kept.
    #[error("{}", t!("remote.broken_off", file = .file, got = megabytes(*.got), expected = megabytes(*.expected)))]
    BrokenOff {
        /// The file.
        file: String,
        /// Bytes that are here.
        got: u64,
        /// Bytes that there are.
        expected: u64,
    },
    /// A file is longer or shorter than the hub says.
    #[error("{}", t!("remote.wrong_length", file = .file, got = .got, expected = .expected))]
    WrongLength {
        /// The file.
        file: String,
        /// Its length.
        got: u64,
        /// Its length by the hub.
        expected: u64,
    },
    /// A file's content is not the one that the hub names.
    #[error("{}", t!("remote.wrong_content", file = .0))]
    WrongContent(String),
    /// What answers is no hub.
    #[error("{}", t!("remote.no_hub", host = .0))]
    NoHub(String),
    /// A repository without what a model needs.
    #[error("{}", t!("remote.nothing_to_open", repository = .repository, file = .file))]
    NothingToOpen {
        /// The repository.
        repository: String,
        /// What is missing.
        file: &'static str,
    },
    /// A model that is not here.
    #[error("{}", t!("remote.not_downloaded", repository = .0))]
    NotDownloaded(String),
    /// A model is here in another revision.
    #[error("{}", t!("remote.other_revision", repository = .repository, here = .here, wanted = .wanted))]
    OtherRevision {
        /// The repository.
        repository: String,
        /// The revision that is here.
        here: String,
        /// The one that was asked for.
        wanted: String,
    },
    /// The person stopped it; what has come is kept.
    #[error("{}", t!("remote.cancelled"))]
    Cancelled,
    /// A file cannot be written.
    #[error("{}", t!("hub.unwritable", path = .path.display(), reason = .source))]
    Unwritable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Bytes as megabytes with one digit.
fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
