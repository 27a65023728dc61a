//! Texts to train on: what is in them, and how they come from the net.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, Instant};

use super::error::EngineError;
use super::event::{CorpusInfo, Event};
use super::job::Job;
use crate::data::{self, CorpusRef, Home};

/// Lines and characters that a person needs to recognize a text.
const EXCERPT_LINES: usize = 6;
const EXCERPT_CHARACTERS: usize = 400;

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);

/// Reads a corpus and says how large it is.
pub(super) fn read(job: &Job, home: &Home, corpus: CorpusRef) -> Result<(), EngineError> {
    let text = data::read(&corpus, home)?;
    let bytes = size_on_disk(&corpus).unwrap_or(text.len() as u64);
    if let Some(info) = measure(corpus, bytes, &text, || job.wanted()) {
        job.send(Event::CorpusRead(job.id, info));
    }
    Ok(())
}

/// Fetches a corpus of the catalogue.
pub(super) fn download(job: &Job, home: &Home, name: &str) -> Result<(), EngineError> {
    let entry = data::entry(name)?;
    let mut told: Option<(u64, Instant)> = None;
    data::download(entry, home, &mut |done, all| {
        let news = told.is_none_or(|(before, at)| done != before && at.elapsed() >= PROGRESS_EVERY);
        if news || Some(done) == all {
            told = Some((done, Instant::now()));
            job.send(Event::DownloadProgress(job.id, done, all));
        }
        job.flow()
    })?;
    job.send(Event::Downloaded(job.id, name.to_owned()));
    Ok(())
}

/// The size of one file or of a known corpus; a folder's is that of its text.
fn size_on_disk(corpus: &CorpusRef) -> Option<u64> {
    match corpus {
        CorpusRef::Named(name) => data::entry(name).ok().map(|entry| entry.bytes),
        CorpusRef::Path(path) => fs::metadata(path).ok().filter(|about| about.is_file()).map(|about| about.len()),
    }
}

/// Counts; `None` if nobody wants to know any more.
fn measure(corpus: CorpusRef, bytes: u64, text: &str, wanted: impl Fn() -> bool) -> Option<CorpusInfo> {
    let (mut characters, mut words) = (0, 0);
    let mut distinct_characters = HashSet::new();
    let mut distinct_words: HashSet<&str> = HashSet::new();
    // A line is the portion between two questions whether to go on; words do not reach across.
    for line in text.split_inclusive('\n') {
        if !wanted() {
            return None;
        }
        for c in line.chars() {
            characters += 1;
            distinct_characters.insert(c);
        }
        for word in line.split_whitespace() {
            words += 1;
            distinct_words.insert(word);
        }
    }
    Some(CorpusInfo {
        corpus,
        bytes,
        characters,
        distinct_characters: distinct_characters.len(),
        words,
        distinct_words: distinct_words.len(),
        excerpt: excerpt(text),
    })
}

/// The first lines that are not blank.
fn excerpt(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(EXCERPT_LINES).collect();
    let mut excerpt = lines.join("\n");
    if let Some((cut, _)) = excerpt.char_indices().nth(EXCERPT_CHARACTERS) {
        excerpt.truncate(cut);
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_by_hand() {
        let corpus = CorpusRef::Named("x".into());
        let info = measure(corpus.clone(), 23, "¡oh, oh!\n\n  año oh,\n", || true).unwrap();
        assert_eq!((info.characters, info.words, info.distinct_words), (20, 4, 4));
        assert_eq!(info.distinct_characters, 9);
        assert_eq!(info.excerpt, "¡oh, oh!\n  año oh,");
        assert_eq!(measure(corpus, 1, "a", || false), None);
    }

    #[test]
    fn a_text_without_line_breaks_is_cut_between_characters() {
        let text = "ñ".repeat(1_000);
        assert_eq!(excerpt(&text), format!("{}…", "ñ".repeat(EXCERPT_CHARACTERS)));
    }
}
