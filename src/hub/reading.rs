//! Reads a model's files so that whoever waits sees how far it is and can stop it.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use super::error::HubError;

/// Bytes between two questions whether to go on.
const CHUNK: usize = 1 << 20;

/// Hears how many bytes have been read and how many there are, and may stop.
type Tell<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// One model being read.
pub struct Reading<'a> {
    tell: Option<RefCell<Tell<'a>>>,
    done: Cell<u64>,
    total: Cell<u64>,
}

impl<'a> Reading<'a> {
    /// Tells about every part of a file; `tell` may stop it.
    pub fn new(tell: Tell<'a>) -> Self {
        Self { tell: Some(RefCell::new(tell)), done: Cell::new(0), total: Cell::new(0) }
    }

    /// So many bytes of weights are to come.
    pub(super) fn expect(&self, bytes: u64) {
        self.total.set(bytes);
    }

    /// Reads a file of weights; `missing` says what to say where it is not there.
    ///
    /// # Errors
    /// If it is missing or cannot be read, or the person stopped it.
    pub(super) fn file(&self, path: &Path, missing: impl FnOnce() -> HubError) -> Result<Vec<u8>, HubError> {
        let unreadable = |source| HubError::Unreadable { path: path.to_owned(), source };
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
            Err(error) => return Err(unreadable(error)),
        };
        let length = file.metadata().map_err(unreadable)?.len();
        self.expect(length);
        let mut bytes = Vec::new();
        let capacity = usize::try_from(length).unwrap_or(usize::MAX);
        bytes.try_reserve_exact(capacity).map_err(|_| unreadable(io::ErrorKind::OutOfMemory.into()))?;
        loop {
            let n = file.by_ref().take(CHUNK as u64).read_to_end(&mut bytes).map_err(unreadable)?;
            self.step(n as u64)?;
            if n < CHUNK {
                return Ok(bytes);
            }
        }
    }

    /// So many more bytes have been read.
    ///
    /// # Errors
    /// If the person stopped it.
    pub(super) fn step(&self, bytes: u64) -> Result<(), HubError> {
        let done = self.done.get() + bytes;
        self.done.set(done);
        let Some(tell) = &self.tell else { return Ok(()) };
        let total = self.total.get().max(done);
        if (tell.borrow_mut())(done, total).is_break() { Err(HubError::Cancelled) } else { Ok(()) }
    }
}

impl Reading<'static> {
    /// Tells nobody.
    pub fn quiet() -> Self {
        Self { tell: None, done: Cell::new(0), total: Cell::new(0) }
    }
}

/// A small file of a model, or what to say where it is missing.
pub(super) fn small(path: &Path, missing: impl FnOnce() -> HubError) -> Result<Vec<u8>, HubError> {
    fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => missing(),
        _ => HubError::Unreadable { path: path.to_owned(), source },
    })
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow::{Break, Continue};

    use super::*;

    #[test]
    fn every_megabyte_is_told_and_the_reading_stops_where_it_should() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        let content: Vec<u8> = (0..(2 * CHUNK + 5)).map(|i| i as u8).collect();
        fs::write(&path, &content).unwrap();
        let missing = || HubError::NoRuns;
        assert_eq!(Reading::quiet().file(&path, missing).unwrap(), content);

        let mut seen = Vec::new();
        let mut tell = |done, total| {
            seen.push((done, total));
            Continue(())
        };
        let reading = Reading::new(&mut tell);
        reading.file(&path, missing).unwrap();
        let all = content.len() as u64;
        assert_eq!(seen, [(1 << 20, all), (2 << 20, all), (all, all)]);

        let mut stop = |done, _| if done > 1 << 20 { Break(()) } else { Continue(()) };
        let stopped = Reading::new(&mut stop).file(&path, missing);
        assert!(matches!(stopped, Err(HubError::Cancelled)));
        assert!(matches!(Reading::quiet().file(&folder.path().join("none"), missing), Err(HubError::NoRuns)));
    }
}
