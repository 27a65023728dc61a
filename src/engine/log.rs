//! Where does the detail go that a person need not read? Into a log file of bounded size.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// When the file has grown to this many bytes, it becomes `telar.1.log` and a new one is begun.
const LARGEST: u64 = 2 << 20;

/// The log file in a folder of logs, as the «about» page shows it.
pub fn path(folder: &Path) -> PathBuf {
    folder.join("telar.log")
}

/// Starts logging into a folder, once a process. A folder that cannot be written to leaves the program without a log,
/// not without its work: then the reason comes back.
///
/// # Errors
/// Those of creating the folder or the file.
pub fn start(folder: &Path) -> io::Result<PathBuf> {
    let file = Bounded::open(path(folder), LARGEST)?;
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    let levels = Targets::new().with_target("telar", LevelFilter::DEBUG).with_default(LevelFilter::WARN);
    // A second start in the same process (tests) keeps the first log.
    let _ = tracing_subscriber::registry().with(lines).with(levels).try_init();
    Ok(path(folder))
}

/// A file that is put aside when it has grown too large; the one put aside before is overwritten.
struct Bounded {
    path: PathBuf,
    file: File,
    size: u64,
    largest: u64,
}

impl Bounded {
    fn open(path: PathBuf, largest: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let size = file.metadata()?.len();
        Ok(Self { path, file, size, largest })
    }

    fn turn_over(&mut self) -> io::Result<()> {
        std::fs::rename(&self.path, self.path.with_extension("1.log"))?;
        *self = Self::open(self.path.clone(), self.largest)?;
        Ok(())
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size >= self.largest {
            // Where it cannot be put aside, one large log is better than none.
            let _ = self.turn_over();
        }
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_its_size_and_the_latest_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&folder.path().join("logs"));
        let mut log = Bounded::open(path.clone(), 100).unwrap();
        for i in 0..50 {
            writeln!(log, "line number {i:03}").unwrap();
        }
        drop(log);
        let now = std::fs::read_to_string(&path).unwrap();
        let before = std::fs::read_to_string(path.with_extension("1.log")).unwrap();
        assert!(now.ends_with("line number 049\n"), "{now}");
        assert!(before.len() <= 116 && now.len() <= 116, "{} {}", before.len(), now.len());
        let reopened = Bounded::open(path, 100).unwrap();
        assert_eq!(reopened.size, now.len() as u64);
    }
}
