//! How does a file come from the net so that it is whole or not there at all?
//!
//! The caller listens to the thread that reads ([`request`](super::request)), looks ten times a second whether it should
//! stop, and writes. Only a file of the right size and checksum is put in its place.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::corpora::hex;
use super::error::DataError;
use super::home::AtomicFile;
use super::request::{News, Request, host_of, send};

/// What a file has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected<'a> {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: &'a str,
}

/// Fetches a file to `path`, replacing what stood there only once the new one is whole and right.
///
/// `progress` hears how many bytes have arrived and how many there are, at least ten times a second, also while the server
/// is silent; it may stop the download. Addresses with `https` are never left for one without.
///
/// # Errors
/// If the server cannot be reached, refuses, breaks off or sends something else, if the file cannot be written, or if the
/// person stopped it. In all cases nothing is left behind.
pub fn fetch(
    url: &str,
    expected: Expected,
    path: &Path,
    progress: &mut dyn FnMut(u64, Option<u64>) -> ControlFlow<()>,
) -> Result<(), DataError> {
    let host = host_of(url);
    let unwritable = |source| DataError::Unwritable { path: path.to_owned(), source };
    let mut file = AtomicFile::create(path).map_err(unwritable)?;
    let answer = send(Request::new(url))
        .map_err(|error| DataError::Unreachable { host: host.clone(), reason: error.to_string() })?;
    let mut digest = Sha256::new();
    let mut got = 0;
    let mut answered = false;
    loop {
        if progress(got, Some(expected.bytes)).is_break() {
            return Err(DataError::Cancelled);
        }
        match answer.next() {
            News::Silence => {}
            News::Head(head) if head.status == 200 => answered = true,
            News::Head(head) => return Err(DataError::Status { host, status: head.status }),
            News::Chunk(chunk) => {
                got += chunk.len() as u64;
                if got > expected.bytes {
                    return Err(DataError::WrongContent(host));
                }
                digest.update(&chunk);
                file.write_all(&chunk).map_err(unwritable)?;
            }
            News::Failed(reason) if !answered => return Err(DataError::Unreachable { host, reason }),
            News::Failed(_) => return Err(DataError::BrokenOff { host, got, expected: expected.bytes }),
            News::End => break,
        }
    }
    if got < expected.bytes {
        return Err(DataError::BrokenOff { host, got, expected: expected.bytes });
    }
    if hex(&digest.finalize()) != expected.sha256 {
        return Err(DataError::WrongContent(host));
    }
    file.commit().map_err(unwritable)
}
