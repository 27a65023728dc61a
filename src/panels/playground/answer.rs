//! What the model wrote, token by token, with what it was thinking of at each place.

use std::sync::Arc;

use crate::engine::ModelRef;
use crate::generate::{Alternative, GeneratedToken, StopReason};

/// A row of logits `[vocabulary]`, shared with the event that brought it.
pub type Logits = Arc<Vec<f32>>;

/// One token of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Its id.
    pub id: u32,
    /// The text that it adds; empty where its character is not complete yet.
    pub text: String,
    /// Its probability under the model.
    pub probability: f32,
    /// Its place among all tokens by probability, 0 the likeliest.
    pub rank: usize,
    /// The likeliest tokens at its place.
    pub alternatives: Vec<Alternative>,
    /// Whether the person put it there instead of the model.
    pub chosen: bool,
    /// The number in `[0, 1)` that picked it; none where none was drawn.
    pub number: Option<f64>,
    /// The row from which it was drawn, while there is room to keep it.
    pub logits: Option<Logits>,
    /// First character of the answer that it shows, and one past the last; none where its character is not complete yet.
    pub characters: (usize, usize),
    /// The same in bytes.
    pub bytes: (usize, usize),
}

/// How a generation went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Why it ended.
    pub stop: StopReason,
    /// Seconds to the first token.
    pub first_token_s: f64,
    /// Tokens a second.
    pub tokens_per_s: f64,
}

/// The text after the prompt.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// Its tokens.
    pub tokens: Vec<Written>,
    /// The prompt that it continues, and the model that wrote it.
    pub of: Option<(String, ModelRef)>,
    /// The seed with which it was written.
    pub seed: Option<u64>,
    /// How the last generation went.
    pub report: Option<Report>,
    characters: usize,
}

impl Answer {
    /// An answer to a prompt, of which nothing is written yet.
    pub fn to(prompt: String, by: ModelRef) -> Self {
        Self { of: Some((prompt, by)), ..Self::default() }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Whether it continues this prompt and comes from this model.
    pub fn belongs_to(&self, prompt: &str, model: &ModelRef) -> bool {
        self.of.as_ref().is_some_and(|(of, by)| of == prompt && by == model)
    }

    /// One more token that was written by the model, in its place.
    pub fn push(&mut self, mut written: Written) {
        let (characters, bytes) = (self.characters, self.text.len());
        self.text.push_str(&written.text);
        self.characters += written.text.chars().count();
        written.characters = (characters, self.characters);
        written.bytes = (bytes, self.text.len());
        self.tokens.push(written);
    }

    /// Other tokens in the place of all there are.
    pub fn rewrite(&mut self, tokens: impl IntoIterator<Item = Written>) {
        self.tokens.clear();
        self.text.clear();
        self.characters = 0;
        tokens.into_iter().for_each(|token| self.push(token));
    }

    /// The text before a token; all of it for one past the last.
    pub fn before(&self, at: usize) -> &str {
        let end = at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.bytes.1);
        self.text.get(..end).unwrap_or_default()
    }

    /// The token that shows a character of the answer.
    pub fn token_at(&self, character: usize) -> Option<usize> {
        let at = self.tokens.partition_point(|token| token.characters.1 <= character);
        self.tokens.get(at).filter(|token| token.characters.0 <= character).map(|_| at)
    }
}

impl Written {
    /// A token as the model wrote it, with the logits from which it was drawn.
    pub fn by_model(token: &GeneratedToken, logits: &Logits) -> Self {
        Self {
            probability: token.probability(),
            rank: token.rank,
            alternatives: token.alternatives.clone(),
            number: token.drawn,
            logits: Some(logits.clone()),
            ..Self::bare(token.id, &token.text)
        }
    }

    /// A token that the person puts in the place of another one (or behind the last).
    pub fn by_person(id: u32, text: &str, instead_of: Option<&Self>) -> Self {
        let mut written = Self { chosen: true, ..Self::bare(id, text) };
        if let Some(old) = instead_of {
            written.rank = old.alternatives.iter().position(|a| a.id == id).unwrap_or(old.rank);
            let found = old.alternatives.iter().find(|a| a.id == id);
            written.probability = found.map_or(f32::NAN, |a| a.probability);
            written.alternatives.clone_from(&old.alternatives);
            written.logits.clone_from(&old.logits);
        }
        written
    }

    /// The same, for places where nobody looks at the row.
    pub fn without_row(&self) -> Self {
        let Self { id, text, probability, rank, alternatives, chosen, number, characters, bytes, .. } = self;
        Self {
            id: *id,
            text: text.clone(),
            probability: *probability,
            rank: *rank,
            alternatives: alternatives.clone(),
            chosen: *chosen,
            number: *number,
            logits: None,
            characters: *characters,
            bytes: *bytes,
        }
    }

    /// A token of which nothing is known but what it is.
    pub fn bare(id: u32, text: &str) -> Self {
        Self {
            id,
            text: text.to_owned(),
            probability: f32::NAN,
            rank: 0,
            alternatives: Vec::new(),
            chosen: false,
            number: None,
            logits: None,
            characters: (0, 0),
            bytes: (0, 0),
        }
    }
}

/// The tokens that the model reads while it answers: the prompt's, then the answer's.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Ids of the prompt's tokens.
    pub prompt: Arc<Vec<u32>>,
    /// Ids of the tokens written since.
    pub written: Vec<u32>,
}

impl Read {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.prompt.len() + self.written.len()
    }

    /// All of them, in order.
    pub fn ids(&self) -> Vec<u32> {
        [self.prompt.as_slice(), &self.written].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::generate::sampling;

    fn token(id: u32, text: &str, logits: &[f32]) -> GeneratedToken {
        let sampling::Judged { logprob, rank, alternatives } = sampling::judge(logits, id);
        GeneratedToken { id, text: text.to_owned(), logprob, rank, alternatives, ..GeneratedToken::default() }
    }

    fn answer() -> Answer {
        let logits = Arc::new(vec![1.0, 3.0, 2.0, -1.0]);
        let mut answer = Answer::default();
        for (id, text) in [(1, "ñ"), (2, ""), (0, "ab"), (3, "\n")] {
            answer.push(Written::by_model(&token(id, text, &logits), &logits));
        }
        answer
    }

    #[test]
    fn a_character_leads_to_its_token() {
        let answer = answer();
        assert_eq!(answer.text, "ñab\n");
        assert_eq!([0, 1, 2, 3, 4].map(|c| answer.token_at(c)), [Some(0), Some(2), Some(2), Some(3), None]);
    }

    #[test]
    fn alternatives_are_the_models_own_probabilities() {
        let answer = answer();
        let first = &answer.tokens[0];
        assert_eq!((first.rank, first.alternatives[0].id), (0, 1));
        let total: f32 = first.alternatives.iter().map(|a| a.probability).sum();
        assert!((total - 1.0).abs() < 1e-5, "all four are among the ten: {total}");
        assert!((first.alternatives[0].probability - first.probability).abs() < 1e-6);
    }

    #[test]
    fn a_token_of_the_person_knows_what_the_model_thought_of_it() {
        let answer = answer();
        let put = Written::by_person(1, "ñ", answer.tokens.get(2));
        assert!(put.chosen);
        assert_eq!(put.rank, 0, "the likeliest was put there");
        assert!((put.probability - answer.tokens[0].probability).abs() < 1e-6);
        assert!(Written::by_person(1, "ñ", None).probability.is_nan(), "nobody was asked");
    }

    #[test]
    fn rewriting_finds_every_place_anew() {
        let mut answer = answer();
        let tokens = answer.tokens.split_off(2);
        answer.rewrite(tokens);
        assert_eq!((answer.text.as_str(), answer.tokens[0].characters), ("ab\n", (0, 2)));
        assert_eq!((answer.before(0), answer.before(1), answer.before(2)), ("", "ab", "ab\n"));
    }
}
