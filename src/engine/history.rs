//! The texts that were written, over a restart: one file, replaced as a whole, bounded; what cannot be understood is set
//! aside.

use std::fs;
use std::io;
use std::path::PathBuf;

use rust_i18n::t;
use serde::{Deserialize, Serialize};

use super::error::EngineError;
use crate::data::{Home, set_aside, write_atomic};
use crate::generate::{Alternative, SamplingOptions, StopReason};
use crate::hub::ModelRef;

/// So many texts are kept.
pub const MOST_ENTRIES: usize = 100;
/// The file has at most so many bytes.
const MOST_BYTES: usize = 4 << 20;
/// A file that is larger than this was not written here.
const MOST_READ: u64 = 64 << 20;
/// What the file says it is.
const VERSION: u32 = 1;

/// One token of a kept text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptToken {
    /// Its id.
    pub id: u32,
    /// The text that it adds.
    pub text: String,
    /// Its probability under the model; none where nobody asked the model.
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub probability: Option<f32>,
    /// Its place among all tokens, 0 the likeliest.
    pub rank: usize,
    /// Whether the person put it there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub chosen: bool,
    /// The number that picked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
    /// The likeliest tokens at its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
}

/// A text that was written, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was ready, in seconds since 1970.
    pub unix: u64,
    /// The model.
    pub model: ModelRef,
    /// What the person wrote.
    pub prompt: String,
    /// What came after it.
    pub text: String,
    /// The tokens of that.
    pub tokens: Vec<KeptToken>,
    /// `greedy`, `sampling` or `beams`.
    pub strategy: String,
    /// How many beams were followed; none where it was no beam search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beams: Option<usize>,
    /// How tokens were chosen.
    pub sampling: SamplingOptions,
    /// The seed; none where nothing was drawn.
    pub seed: Option<u64>,
    /// Why it ended.
    pub stop: StopReason,
    /// Seconds to the first token.
    pub first_token_s: f64,
    /// Tokens a second.
    pub tokens_per_s: f64,
}

/// The texts, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    version: u32,
    /// The texts.
    pub entries: Vec<Entry>,
}

impl History {
    /// Keeps one more text; the newest before it goes where this one only goes on with it.
    pub fn add(&mut self, entry: Entry) {
        let goes_on = |newest: &Entry| {
            newest.prompt == entry.prompt && newest.model == entry.model && entry.text.starts_with(&newest.text)
        };
        if self.entries.first().is_some_and(goes_on) {
            self.entries.remove(0);
        }
        self.entries.insert(0, entry);
        self.entries.truncate(MOST_ENTRIES);
    }
}

/// Reads the texts, none where there is no file yet; and a sentence where the file could not be used.
pub(super) fn load(home: &Home) -> (History, Option<String>) {
    let path = home.history_file();
    let unusable = |reason: &io::Error| {
        let sentence = t!("history.unreadable", path = path.display(), reason = reason);
        (History::default(), Some(sentence.into_owned()))
    };
    let bytes = match read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (History::default(), None),
        Err(error) if error.kind() != io::ErrorKind::InvalidData => return unusable(&error),
        Err(_) => Vec::new(),
    };
    match serde_json::from_slice::<History>(&bytes) {
        Ok(mut history) if history.version == VERSION => {
            history.entries.truncate(MOST_ENTRIES);
            (history, None)
        }
        other => {
            if let Err(error) = other {
                tracing::warn!("the history cannot be understood: {error}");
            }
            match set_aside(&path) {
                Ok(aside) => {
                    let sentence = t!("history.set_aside", path = aside.display());
                    (History::default(), Some(sentence.into_owned()))
                }
                Err(error) => unusable(&error),
            }
        }
    }
}

fn read(path: &PathBuf) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > MOST_READ {
        return Err(io::ErrorKind::InvalidData.into());
    }
    fs::read(path)
}

/// Writes the texts; of those that would make the file too large, the oldest go.
pub(super) fn keep(home: &Home, history: &History) -> Result<(), EngineError> {
    let path = home.history_file();
    let failed = |source: io::Error| EngineError::Unwritable { path: path.clone(), source };
    let mut sizes = 0;
    let mut texts = Vec::new();
    for entry in history.entries.iter().take(MOST_ENTRIES) {
        let text = serde_json::to_string(entry).map_err(|error| failed(error.into()))?;
        sizes += text.len() + 1;
        if sizes > MOST_BYTES {
            break;
        }
        texts.push(text);
    }
    let content = format!("{{\"version\":{VERSION},\"entries\":[\n{}\n]}}\n", texts.join(",\n"));
    write_atomic(&path, content.as_bytes()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(prompt: &str, text: &str) -> Entry {
        let token = KeptToken { id: 3, text: text.to_owned(), probability: Some(0.25), ..KeptToken::default() };
        Entry {
            unix: 1_795_517_569,
            model: ModelRef::Builtin("quijote".to_owned()),
            prompt: prompt.to_owned(),
            text: text.to_owned(),
            tokens: vec![token],
            strategy: "sampling".to_owned(),
            beams: None,
            sampling: SamplingOptions::default(),
            seed: Some(2),
            stop: StopReason::MaxTokens,
            first_token_s: 0.01,
            tokens_per_s: 80.0,
        }
    }

    #[test]
    fn what_was_written_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert_eq!(load(&home), (History::default(), None));
        let mut history = History::default();
        history.add(entry("a", "b"));
        history.add(entry("a", "b c"));
        history.add(entry("a", "other"));
        assert_eq!(history.entries.len(), 2, "the second only went on with the first");
        keep(&home, &history).unwrap();
        let (read, notice) = load(&home);
        assert_eq!((read.entries, notice), (history.entries, None));
    }

    #[test]
    fn a_broken_file_is_set_aside_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        for broken in ["{\"version\":1,\"entries\":[{]}", "{\"version\":99,\"entries\":[]}", "", "\u{0}\u{1}"] {
            fs::write(home.history_file(), broken).unwrap();
            let (read, notice) = load(&home);
            assert!(read.entries.is_empty());
            assert!(notice.is_some_and(|notice| notice.contains(".broken-")), "{broken:?}");
            assert!(!home.history_file().exists());
        }
        let kept = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(kept, 4, "nothing is deleted");
    }

    #[test]
    fn the_file_is_bounded_and_the_newest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut history = History::default();
        for i in 0..2 * MOST_ENTRIES {
            history.add(entry(&i.to_string(), &"x".repeat(100_000)));
        }
        keep(&home, &history).unwrap();
        assert!(fs::metadata(home.history_file()).unwrap().len() <= MOST_BYTES as u64 + 100);
        let (read, _) = load(&home);
        assert_eq!(read.entries[0].prompt, (2 * MOST_ENTRIES - 1).to_string());
        assert!(read.entries.len() > 10 && read.entries.len() < MOST_ENTRIES);
    }
}
