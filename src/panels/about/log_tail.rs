//! The last lines of a file that grows, read again only when it has grown.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// How often the file is looked at, in seconds.
pub const EVERY: f64 = 2.0;
/// At most so many bytes are read: little enough for a frame.
const MOST: u64 = 8 << 10;

/// The end of a log.
#[derive(Default)]
pub struct LogTail {
    /// Whole lines.
    pub text: String,
    size: u64,
    looked_at: Option<f64>,
}

impl LogTail {
    /// The entries, the oldest first. An entry begins with the year of its time, and can go on over further lines.
    pub fn entries(&self) -> Vec<&str> {
        let begins = |line: &str| line.starts_with(|first: char| first.is_ascii_digit());
        let mut entries = Vec::new();
        let (mut start, mut at) = (0, 0);
        for line in self.text.split_inclusive('\n') {
            if at > start && begins(line) {
                entries.extend(self.text.get(start..at).map(str::trim_end));
                start = at;
            }
            at += line.len();
        }
        entries.extend(self.text.get(start..).map(str::trim_end).filter(|entry| !entry.is_empty()));
        entries
    }

    /// Reads the end of the file, if it is time and the file has changed. A file that is not there has no lines.
    pub fn refresh(&mut self, path: &Path, now: f64) {
        if self.looked_at.is_some_and(|at| now - at < EVERY) {
            return;
        }
        self.looked_at = Some(now);
        match end_of(path, self.size) {
            Ok(Some((size, text))) => (self.size, self.text) = (size, text),
            Ok(None) => {}
            Err(_) => *self = Self { looked_at: self.looked_at, ..Self::default() },
        }
    }
}

/// The size and the last whole lines of a file, unless it has the known size.
fn end_of(path: &Path, known: u64) -> io::Result<Option<(u64, String)>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    if size == known {
        return Ok(None);
    }
    let start = size.saturating_sub(MOST);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = if start == 0 { &*text } else { text.split_once('\n').map_or("", |(_, rest)| rest) };
    Ok(Some((size, whole.trim_end().to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_its_further_lines() {
        let of = |text: &str| LogTail { text: text.to_owned(), ..LogTail::default() };
        assert!(of("").entries().is_empty());
        let tail = of("2026-01-01T00:00 one\n2026-01-02T00:00 two\n  and its rest\n2026-01-03T00:00 three");
        let entries = ["2026-01-01T00:00 one", "2026-01-02T00:00 two\n  and its rest", "2026-01-03T00:00 three"];
        assert_eq!(tail.entries(), entries);
    }

    #[test]
    fn the_last_lines_are_whole_and_new_ones_come() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("telar.log");
        let mut tail = LogTail::default();
        tail.refresh(&path, 0.0);
        assert_eq!(tail.text, "");
        let line = |i: usize| format!("line {i:06} with an ñ\n");
        std::fs::write(&path, (0..1000).map(line).collect::<String>()).unwrap();
        tail.refresh(&path, 1.0);
        assert_eq!(tail.text, "", "not before its time");
        tail.refresh(&path, 3.0);
        assert!(tail.text.starts_with("line ") && tail.text.ends_with("line 000999 with an ñ"));
        assert!(tail.text.len() as u64 <= MOST);
        std::fs::write(&path, "short\n").unwrap();
        tail.refresh(&path, 6.0);
        assert_eq!(tail.text, "short");
    }
}
