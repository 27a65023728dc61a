//! A file that is written in the background, because bringing a file to the disk can take longer than a frame.

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::home::write_atomic;

/// Writes what a file is to hold; the newest wins. Dropped, it waits until everything is on disk.
pub struct LatestFile {
    path: PathBuf,
    written: String,
    wishes: Option<Sender<String>>,
    failures: Receiver<std::io::Error>,
    thread: Option<JoinHandle<()>>,
}

impl LatestFile {
    /// A file that holds `on_disk` now; `name` is the thread's.
    pub fn new(path: PathBuf, on_disk: String, name: &str) -> Self {
        let (wishes, wished) = unbounded();
        let (failed, failures) = unbounded();
        let to = path.clone();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || keep(&to, &wished, &failed));
        if let Err(error) = &thread {
            tracing::warn!(path = %path.display(), "no thread to write it: {error}");
        }
        Self { path, written: on_disk, wishes: Some(wishes), failures, thread: thread.ok() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Has a text written if it differs from what was written last.
    pub fn keep(&mut self, text: String) {
        if text == self.written {
            return;
        }
        self.written.clone_from(&text);
        if let Some(wishes) = &self.wishes {
            // Fails only when the thread could not be started, which the log says.
            let _ = wishes.send(text);
        }
    }

    /// Why it cannot be written, the first time that this happens.
    pub fn failure(&self) -> Option<std::io::Error> {
        self.failures.try_recv().ok()
    }

    /// The same, waited for.
    #[cfg(test)]
    pub(crate) fn failures(&self) -> &Receiver<std::io::Error> {
        &self.failures
    }
}

impl Drop for LatestFile {
    fn drop(&mut self) {
        self.wishes = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!(path = %self.path.display(), "the thread that writes it has failed");
        }
    }
}

fn keep(path: &Path, wished: &Receiver<String>, failed: &Sender<std::io::Error>) {
    let mut told = false;
    while let Ok(mut text) = wished.recv() {
        while let Ok(newer) = wished.try_recv() {
            text = newer;
        }
        if let Err(error) = write_atomic(path, text.as_bytes()) {
            tracing::warn!(path = %path.display(), "it cannot be written: {error}");
            if !told {
                told = true;
                // Fails only when the window is gone.
                let _ = failed.send(error);
            }
        }
    }
}
