//! How does a file come from the net so that it is whole or not there at all, and so that «cancel» is felt at once?
//!
//! A thread of its own waits for the server; the caller listens to it, looks ten times a second whether it should stop,
//! and writes. Only a file of the right size and checksum is put in its place.

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use sha2::{Digest, Sha256};

use super::corpora::hex;
use super::error::DataError;
use super::home::AtomicFile;

/// How often the caller is asked whether to go on, at least.
const HEARTBEAT: Duration = Duration::from_millis(50);
/// How long a server may take to answer, or to send its next bytes.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes read at once.
const CHUNK: usize = 1 << 14;

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
    let (sender, received) = bounded(8);
    let address = url.to_owned();
    std::thread::Builder::new()
        .name("download".into())
        .spawn(move || serve(&address, &sender))
        .map_err(|error| DataError::Unreachable { host: host.clone(), reason: error.to_string() })?;
    let mut digest = Sha256::new();
    let mut got = 0;
    loop {
        if progress(got, Some(expected.bytes)).is_break() {
            return Err(DataError::Cancelled);
        }
        match next(&received) {
            News::Silence => {}
            News::Chunk(chunk) => {
                got += chunk.len() as u64;
                if got > expected.bytes {
                    return Err(DataError::WrongContent(host));
                }
                digest.update(&chunk);
                file.write_all(&chunk).map_err(unwritable)?;
            }
            News::Refused(ureq::Error::StatusCode(status)) => return Err(DataError::Status { host, status }),
            News::Refused(error) if got == 0 => {
                return Err(DataError::Unreachable { host, reason: error.to_string() });
            }
            News::Refused(_) => return Err(DataError::BrokenOff { host, got, expected: expected.bytes }),
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

/// What the thread at the server has to say.
enum News {
    Chunk(Vec<u8>),
    Refused(ureq::Error),
    Silence,
    End,
}

fn next(received: &Receiver<News>) -> News {
    match received.recv_timeout(HEARTBEAT) {
        Ok(news) => news,
        Err(RecvTimeoutError::Timeout) => News::Silence,
        Err(RecvTimeoutError::Disconnected) => News::End,
    }
}

/// Reads from the server until the end, an error, or until nobody listens any more.
fn serve(url: &str, sender: &Sender<News>) {
    if let Err(error) = read_all(url, sender) {
        let _ = sender.send(News::Refused(error));
    }
}

fn read_all(url: &str, sender: &Sender<News>) -> Result<(), ureq::Error> {
    let mut response = agent(url).get(url).call()?;
    let mut body = response.body_mut().as_reader();
    loop {
        let mut chunk = vec![0; CHUNK];
        let n = body.read(&mut chunk)?;
        chunk.truncate(n);
        if n == 0 || sender.send(News::Chunk(chunk)).is_err() {
            return Ok(());
        }
    }
}

fn agent(url: &str) -> ureq::Agent {
    let secure = url.starts_with("https://");
    let config = ureq::Agent::config_builder()
        .https_only(secure)
        .timeout_resolve(Some(PATIENCE))
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .accept_encoding("identity")
        .user_agent(concat!("telar/", env!("CARGO_PKG_VERSION")));
    // A proxy is for the net; plain addresses are those of a server on this machine.
    if secure { config.build().into() } else { config.proxy(None).build().into() }
}

/// The server's name in an address.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest).to_owned()
}
