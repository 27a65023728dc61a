//! One file from the hub: begun, gone on with, checked, and only then put in its place.
//!
//! What has come is kept in `NAME.part`, and what the server called that version (its validator) in `NAME.part.tag`: so a
//! download that was stopped, or that broke, goes on where it was, and a file that has changed meanwhile begins anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::client::{Client, Now, Watch, go_on, pause};
use super::error::RemoteError;
use super::library::{ManifestFile, PART};
use crate::data::hex;
use crate::data::request::{Head, News};

/// So often a connection may break without a byte in between.
const BREAKS: u32 = 3;
/// The largest header that a safetensors file may have; the format's own bound.
const MOST_HEADER: u64 = 100_000_000;
/// Bytes read at once while a part is checked.
const CHUNK: usize = 1 << 20;

/// One file on its way.
pub(super) struct Transfer<'a> {
    pub client: &'a Client<'a>,
    /// Its address.
    pub url: String,
    pub file: &'a ManifestFile,
    pub folder: &'a Path,
    /// What is named where the hub does not have it.
    pub what: &'a str,
}

/// What there is of a file, and its checksum so far.
struct Part {
    file: File,
    got: u64,
    digest: Sha256,
    /// Whether some of it came in an earlier attempt of the program.
    old: bool,
}

/// How one connection ended.
enum Ended {
    /// Everything is here.
    Whole,
    /// It broke; whether anything came before.
    Broken { any: bool },
    /// The server would not go on from there.
    Afresh,
}

impl Transfer<'_> {
    /// Fetches the file, unless it is here already.
    pub fn run(&self, watch: Watch) -> Result<(), RemoteError> {
        let place = self.folder.join(&self.file.name);
        if fs::metadata(&place).is_ok_and(|about| about.len() == self.file.bytes) {
            return Ok(());
        }
        // A second time only where an old part may be to blame.
        for _ in 0..2 {
            let mut part = self.open_part(watch)?;
            self.fill(&mut part, watch)?;
            part.file.sync_all().map_err(|source| self.unwritable(source))?;
            let right = self.right(&part)?;
            let old = part.old;
            drop(part);
            if right {
                fs::rename(self.part(), &place).map_err(|source| self.unwritable(source))?;
                // Without its part it says nothing any more.
                let _ = fs::remove_file(self.tag());
                return Ok(());
            }
            self.throw_away()?;
            if !old {
                break;
            }
        }
        Err(RemoteError::WrongContent(self.file.name.clone()))
    }

    fn part(&self) -> PathBuf {
        self.folder.join(format!("{}{PART}", self.file.name))
    }

    fn tag(&self) -> PathBuf {
        self.folder.join(format!("{}{PART}.tag", self.file.name))
    }

    fn unwritable(&self, source: io::Error) -> RemoteError {
        RemoteError::Unwritable { path: self.part(), source }
    }

    fn throw_away(&self) -> Result<(), RemoteError> {
        let _ = fs::remove_file(self.tag());
        match fs::remove_file(self.part()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unwritable(error)),
            _ => Ok(()),
        }
    }

    /// What came earlier, with its checksum.
    fn open_part(&self, watch: Watch) -> Result<Part, RemoteError> {
        let unwritable = |source| self.unwritable(source);
        let path = self.part();
        if fs::metadata(&path).is_ok_and(|about| about.len() > self.file.bytes) {
            self.throw_away()?;
        }
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(unwritable)?;
        let length = file.metadata().map_or(0, |about| about.len());
        let mut digest = Sha256::new();
        let mut got = 0;
        let mut chunk = vec![0; CHUNK];
        loop {
            let n = file.read(&mut chunk).map_err(unwritable)?;
            if n == 0 {
                break;
            }
            digest.update(&chunk[..n]);
            got += n as u64;
            go_on(watch(Now { done: length, ..Now::default() }))?;
        }
        Ok(Part { file, got, digest, old: got > 0 })
    }

    /// Connects until everything is here. A connection that breaks after some bytes does not count against the server.
    fn fill(&self, part: &mut Part, watch: Watch) -> Result<(), RemoteError> {
        let (mut breaks, mut afresh) = (0, false);
        while part.got < self.file.bytes || (self.file.bytes == 0 && !part.old) {
            match self.connect(part, watch)? {
                Ended::Whole => return Ok(()),
                Ended::Afresh if afresh => return Err(RemoteError::WrongContent(self.file.name.clone())),
                Ended::Afresh => {
                    afresh = true;
                    self.begin_anew(part)?;
                }
                Ended::Broken { any } => {
                    breaks = if any { 1 } else { breaks + 1 };
                    if breaks >= BREAKS {
                        let (got, expected) = (part.got, self.file.bytes);
                        return Err(RemoteError::BrokenOff { file: self.file.name.clone(), got, expected });
                    }
                    pause(self.client.access.pause, &mut |now| watch(Now { done: part.got, ..now }))?;
                }
            }
        }
        Ok(())
    }

    fn begin_anew(&self, part: &mut Part) -> Result<(), RemoteError> {
        let emptied = part.file.set_len(0).and_then(|()| part.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|source| self.unwritable(source))?;
        let _ = fs::remove_file(self.tag());
        (part.got, part.digest, part.old) = (0, Sha256::new(), false);
        Ok(())
    }

    /// Asks for what is missing, and writes what comes.
    fn connect(&self, part: &mut Part, watch: Watch) -> Result<Ended, RemoteError> {
        let tag = fs::read_to_string(self.tag()).ok();
        // Without a checksum only the server can say whether it is still the same file.
        if part.got > 0 && tag.is_none() && self.file.sha256.is_none() {
            self.begin_anew(part)?;
        }
        let mut headers = Vec::new();
        if part.got > 0 {
            headers.push(("Range", format!("bytes={}-", part.got)));
            headers.extend(tag.map(|tag| ("If-Range", tag)));
        }
        let before = part.got;
        let mut told = |now: Now| watch(Now { done: before, ..now });
        let (head, answer) = match self.client.open(&self.url, &headers, self.what, &mut told) {
            Ok(opened) => opened,
            // Whoever has begun to answer is not unreachable.
            Err(RemoteError::Unreachable { .. }) if before > 0 => return Ok(Ended::Broken { any: false }),
            Err(error) => return Err(error),
        };
        match head.status {
            206 if starts_at(&head) == Some(part.got) => {}
            200 => self.begin_anew(part)?,
            _ => return Ok(Ended::Afresh),
        }
        if let Some(length) = head.number("content-length").map(|rest| rest + part.got)
            && length != self.file.bytes
        {
            return Err(self.wrong_length(length));
        }
        self.keep_tag(&head);
        let start = part.got;
        loop {
            match answer.next() {
                News::Chunk(chunk) => {
                    part.got += chunk.len() as u64;
                    if part.got > self.file.bytes {
                        return Err(self.wrong_length(part.got));
                    }
                    part.digest.update(&chunk);
                    part.file.write_all(&chunk).map_err(|source| self.unwritable(source))?;
                }
                News::Failed(_) => return Ok(Ended::Broken { any: part.got > start }),
                News::End if part.got < self.file.bytes => return Ok(Ended::Broken { any: part.got > start }),
                News::End => return Ok(Ended::Whole),
                News::Silence | News::Head(_) => {}
            }
            go_on(watch(Now { done: part.got, ..Now::default() }))?;
        }
    }

    /// The part is of no use: it would never fit.
    fn wrong_length(&self, got: u64) -> RemoteError {
        if let Err(error) = self.throw_away() {
            return error;
        }
        RemoteError::WrongLength { file: self.file.name.clone(), got, expected: self.file.bytes }
    }

    /// Remembers what the server calls this version. A weak name is none: it does not vouch for every byte.
    fn keep_tag(&self, head: &Head) {
        let strong = head.header("etag").filter(|tag| tag.starts_with('"'));
        let kept = match strong.or_else(|| head.header("last-modified")) {
            Some(tag) => fs::write(self.tag(), tag),
            None => fs::remove_file(self.tag()),
        };
        if let Err(error) = kept {
            tracing::debug!("the validator of a part was not kept: {error}");
        }
    }

    /// Whether the content is what the hub says and what its name promises.
    fn right(&self, part: &Part) -> Result<bool, RemoteError> {
        if let Some(sum) = &self.file.sha256
            && hex(&part.digest.clone().finalize()) != *sum
        {
            return Ok(false);
        }
        let path = self.part();
        let read = if self.file.name.ends_with(".safetensors") {
            has_header(&path, self.file.bytes)
        } else if self.file.name.ends_with(".json") {
            fs::read(&path).map(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).is_ok())
        } else {
            Ok(true)
        };
        read.map_err(|source| self.unwritable(source))
    }
}

/// Where a part of a file begins, by its `Content-Range: bytes 100-199/200`.
fn starts_at(head: &Head) -> Option<u64> {
    head.header("content-range")?.trim().strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

/// Whether a file begins like safetensors: the length of a header in JSON that fits in, and the header.
fn has_header(path: &Path, bytes: u64) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut length = [0; 8];
    if bytes < 8 {
        return Ok(false);
    }
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MOST_HEADER || length > bytes - 8 {
        return Ok(false);
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header)?;
    Ok(serde_json::from_slice::<serde_json::Value>(&header).is_ok_and(|tree| tree.is_object()))
}
