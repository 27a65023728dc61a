//! Several beginnings of a text are followed at once, and of all that could come next the likeliest are kept.
//!
//! Where greedy decoding takes the likeliest token and never looks back, beam search keeps the `beams` likeliest
//! *sequences*. Its steps are those of `transformers` (`GenerationMixin._beam_search`): log-softmax, repetition penalty and
//! least length on the log-probabilities, the sum with what the beam has, the best of all beams together, of which finished
//! ones are set aside with `score / length^length_penalty`.

mod candidates;
mod search;
mod tree;

pub use search::{BeamListener, search, search_ids};
pub use tree::{BeamNode, BeamStep, Fate};

use serde::{Deserialize, Serialize};

use super::StopReason;

/// Most beams that can be followed at once: each holds keys and values of its own.
pub const MOST_BEAMS: usize = 32;

/// When does a search end that has as many finished sequences as beams? `early_stopping` in `transformers`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarlyStopping {
    /// When the best running beam, at its present length, is no better than the worst finished one (`False`).
    #[default]
    Heuristic,
    /// At once (`True`).
    Full,
    /// Only when no running beam could become better, however long it grew (`"never"`).
    Never,
}

/// What to search for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BeamRequest {
    /// The text to continue.
    pub prompt: String,
    /// How many sequences are followed, and returned: 1 to [`MOST_BEAMS`]; what lies outside is brought into it.
    pub beams: usize,
    /// A finished sequence of n new tokens counts its log-probability divided by nᵖ: above 0 favours long ones.
    pub length_penalty: f32,
    /// When it ends.
    pub early_stopping: EarlyStopping,
    /// At most this many new tokens.
    pub max_new_tokens: usize,
    /// No end before this many new tokens.
    pub min_new_tokens: usize,
    /// No end before prompt and answer have so many tokens together.
    pub min_length: usize,
    /// Makes tokens that are in the text already less likely; 1 is off. As in `transformers` it acts on log-probabilities.
    pub repetition_penalty: f32,
    /// Texts that finish a sequence.
    pub stop: Vec<String>,
}

impl Default for BeamRequest {
    fn default() -> Self {
        Self {
            prompt: String::new(),
            beams: 4,
            length_penalty: 1.0,
            early_stopping: EarlyStopping::Heuristic,
            max_new_tokens: 64,
            min_new_tokens: 0,
            min_length: 0,
            repetition_penalty: 1.0,
            stop: Vec::new(),
        }
    }
}

/// A sequence that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BeamSequence {
    /// Its text after the prompt, without the stop text.
    pub text: String,
    /// The new tokens; an end-of-text token and those that complete a stop text are among them.
    pub ids: Vec<u32>,
    /// The text of each new token by itself, as in [`crate::text::Tokenizer::pieces`].
    pub tokens: Vec<String>,
    /// What each new token has added to the sum: its log-probability after repetition penalty.
    pub logprobs: Vec<f32>,
    /// Sum of the log-probabilities divided by nᵖ, p the length penalty: what sequences are compared by.
    pub score: f32,
    /// Why it ended.
    pub stop: StopReason,
    /// The nodes of the tree on its way, the first token's first.
    #[serde(skip)]
    pub path: Vec<usize>,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BeamSearch {
    /// The prompt as the model reads it, as in [`super::Generation::prompt_ids`].
    pub prompt_ids: Vec<u32>,
    /// The sequences, the best first; at most as many as beams.
    pub sequences: Vec<BeamSequence>,
    /// Everything that was considered: a parent always stands before its children.
    #[serde(skip)]
    pub tree: Vec<BeamNode>,
    /// Why the search ended: [`StopReason::Cancelled`], or why its best sequence did.
    pub stop: StopReason,
    /// Seconds until the first step was made: encoding, the prompt's pass and the choice.
    pub first_token_s: f64,
    /// Steps a second after the first one, each of which reads one token of every beam.
    pub tokens_per_s: f64,
}
