//! Shannon's game for a model: what would it guess for the next word, and what does the right one cost it?

use std::collections::{BinaryHeap, HashMap};

use super::super::error::EngineError;
use super::super::event::Event;
use super::super::job::Job;
use super::{LessonResult, Lessons};
use crate::generate::prompt_ids;
use crate::generate::sampling::{log_probability_and_rank, top};
use crate::hub::ModelRef;
use crate::kernels::rows::softmax;
use crate::nn::LanguageModel;
use crate::text::Tokenizer;
use crate::train::TokenizerKind;

/// So many guesses are kept.
const BEST: usize = 5;
/// So often the model is asked for one word.
const EXPANSIONS: usize = 40;
/// So many tokens are tried after each beginning.
const BRANCHES: usize = 24;

/// A model and one word.
#[derive(Clone, Debug, PartialEq)]
pub struct WordGuess {
    /// The word itself, without the punctuation behind it.
    pub word: String,
    /// What its letters cost the model, in bits.
    pub bits: f32,
    /// The likeliest words that were found and their probabilities, the likeliest first.
    pub best: Vec<(String, f32)>,
}

/// The letters of a word, without the punctuation at its end.
fn letters(word: &str) -> &str {
    word.trim_end_matches(|c: char| !c.is_alphanumeric())
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '’' | '-')
}

/// Guesses word after word; each is sent as soon as it is there.
pub(super) fn words(
    lessons: &mut Lessons,
    job: &Job,
    model: &ModelRef,
    text: &str,
    given: usize,
) -> Result<Option<LessonResult>, EngineError> {
    let model = lessons.models.get(model, job)?;
    let (reader, tokenizer) = (model.runner.model(), &model.vocabulary.tokenizer);
    let words: Vec<&str> = text.split(' ').collect();
    for at in given.max(1)..words.len() {
        if !job.wanted() {
            return Ok(None);
        }
        let before = words.get(..at).unwrap_or_default().join(" ");
        let word = letters(words.get(at).copied().unwrap_or_default());
        let bits = cost(reader, tokenizer, &before, word)?;
        let prefix = prompt_ids(reader.config(), tokenizer, &before)?;
        let search = Search { reader, tokenizer, pieces: &model.vocabulary.pieces, prefix };
        let best = search.best(|| job.wanted());
        let guess = WordGuess { word: word.to_owned(), bits, best };
        job.send(Event::Lesson(job.id, LessonResult::WordGuess(Some((at, guess)))));
    }
    Ok(Some(LessonResult::WordGuess(None)))
}

/// What the letters of `word` cost after `before`, in bits.
fn cost(model: &dyn LanguageModel, tokenizer: &Tokenizer, before: &str, word: &str) -> Result<f32, EngineError> {
    let start = prompt_ids(model.config(), tokenizer, before)?;
    let whole = prompt_ids(model.config(), tokenizer, &format!("{before} {word}"))?;
    // A text longer than the context has lost its beginning: then the word is at the end all the same.
    let same = start.iter().zip(&whole).take_while(|(a, b)| a == b).count().clamp(1, whole.len().max(1));
    let mut sequence = model.begin(whole.len());
    let mut logits = sequence.read(whole.get(..same).unwrap_or_default());
    let mut nats = 0.0;
    for &id in whole.get(same..).unwrap_or_default() {
        nats -= log_probability_and_rank(&logits, id).0;
        logits = sequence.read(&[id]);
    }
    Ok(nats / std::f32::consts::LN_2)
}

/// Looks for likely words after a text, the likeliest beginnings first.
struct Search<'a> {
    reader: &'a dyn LanguageModel,
    tokenizer: &'a Tokenizer,
    pieces: &'a [String],
    prefix: Vec<u32>,
}

/// The beginning of a word.
struct Beginning {
    log_probability: f32,
    ids: Vec<u32>,
    text: String,
}

impl PartialEq for Beginning {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Beginning {}

impl PartialOrd for Beginning {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Beginning {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.log_probability.total_cmp(&other.log_probability).then_with(|| other.ids.cmp(&self.ids))
    }
}

impl Search<'_> {
    fn best(&self, wanted: impl Fn() -> bool) -> Vec<(String, f32)> {
        let by_words = self.tokenizer.kind() == TokenizerKind::Words;
        let mut found: HashMap<String, f32> = HashMap::new();
        let mut open = BinaryHeap::from([Beginning { log_probability: 0.0, ids: Vec::new(), text: String::new() }]);
        for _ in 0..EXPANSIONS {
            let Some(beginning) = open.pop().filter(|_| wanted()) else { break };
            let ids = [&self.prefix[..], &beginning.ids].concat();
            let room = self.reader.config().context;
            let shares =
                softmax(&self.reader.begin(room).read(ids.get(ids.len().saturating_sub(room)..).unwrap_or(&ids)));
            if by_words {
                let pieces = top(&shares, BEST);
                let word = |id: u32| (self.piece(id).to_owned(), shares.get(id as usize).copied().unwrap_or(0.0));
                return pieces.into_iter().map(word).collect();
            }
            self.grow(&beginning, &shares, &mut open, &mut found);
        }
        let mut best: Vec<(String, f32)> = found.into_iter().collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        best.truncate(BEST);
        best
    }

    fn piece(&self, id: u32) -> &str {
        self.pieces.get(id as usize).map_or("", String::as_str)
    }

    /// A beginning may be a whole word, and it may go on.
    fn grow(
        &self,
        beginning: &Beginning,
        shares: &[f32],
        open: &mut BinaryHeap<Beginning>,
        found: &mut HashMap<String, f32>,
    ) {
        let word = beginning.text.trim_start();
        if !word.is_empty() {
            let ends = |piece: &String| piece.chars().next().is_none_or(|c| !is_letter(c));
            let end: f32 =
                self.pieces.iter().zip(shares).filter(|(piece, _)| ends(piece)).map(|(_, share)| share).sum();
            *found.entry(word.to_owned()).or_default() += beginning.log_probability.exp() * end;
        }
        for id in top(shares, BRANCHES) {
            let text = format!("{}{}", beginning.text, self.piece(id));
            // One space, then letters alone.
            let goes_on =
                text.strip_prefix(' ').is_some_and(|rest| rest.chars().all(is_letter)) && text != beginning.text;
            if goes_on {
                let share = shares.get(id as usize).copied().unwrap_or(0.0);
                let ids = [&beginning.ids[..], &[id]].concat();
                open.push(Beginning { log_probability: beginning.log_probability + share.ln(), ids, text });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Home;
    use crate::hub;
    use crate::kernels::Storage;
    use crate::nn::SliceReader;

    #[test]
    fn the_shipped_model_guesses_words_and_pays_less_for_likely_ones() {
        let loaded = hub::load(&ModelRef::Builtin("shakespeare".to_owned()), &Home::at("nowhere")).unwrap();
        let reader = SliceReader::new(&loaded.weights, Storage::F32);
        let pieces = loaded.tokenizer.pieces();
        let prefix = prompt_ids(reader.config(), &loaded.tokenizer, "I pray you, sir, tell").unwrap();
        let search = Search { reader: &reader, tokenizer: &loaded.tokenizer, pieces: &pieces, prefix };
        let best = search.best(|| true);
        assert_eq!(best.len(), BEST);
        assert!(best.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        assert!(best.iter().map(|(_, p)| p).sum::<f32>() <= 1.0);
        assert!(best.iter().all(|(word, _)| word.chars().all(is_letter)), "{best:?}");
        assert!(best.iter().any(|(word, _)| word == "me"), "{best:?}");
        let bits = |word| cost(&reader, &loaded.tokenizer, "I pray you, sir, tell", word).unwrap();
        assert!(bits("me") < 4.0 && bits("me") < bits("mountain"), "{} {}", bits("me"), bits("mountain"));
    }

    #[test]
    fn punctuation_does_not_belong_to_the_word() {
        assert_eq!((letters("sea,"), letters("d'or"), letters("—")), ("sea", "d'or", ""));
    }
}
