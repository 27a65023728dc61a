//! What is known of a token that was written, and why a text ended.

use serde::{Deserialize, Serialize};

/// How many of the likeliest tokens are told for each place.
pub const ALTERNATIVES: usize = 10;

/// A token that could stand at a place, and its probability there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// Its id.
    pub id: u32,
    /// Its probability.
    #[serde(rename = "p")]
    pub probability: f32,
}

/// One token of a generation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GeneratedToken {
    /// Its id.
    pub id: u32,
    /// Whole characters that can be drawn now; empty while a multi-byte character is incomplete.
    pub text: String,
    /// Natural logarithm of its probability under the model (temperature 1, nothing cut off).
    pub logprob: f32,
    /// Position among all tokens by probability under the model, 0 the likeliest.
    pub rank: usize,
    /// The probability with which it was drawn, after all steps; 1 for greedy decoding.
    pub share: f32,
    /// The number in `[0, 1)` that picked it on the cumulative curve (see [`super::sampling::hit`]); none for greedy
    /// decoding, which draws none.
    pub drawn: Option<f64>,
    /// Before the steps: the [`ALTERNATIVES`] likeliest tokens under the model, the likeliest first.
    pub alternatives: Vec<Alternative>,
    /// After the steps: the likeliest of those that could be drawn, at most [`ALTERNATIVES`], the likeliest first.
    pub candidates: Vec<Alternative>,
    /// How many tokens the model had before it when it was chosen: at most its context.
    pub read: usize,
}

impl GeneratedToken {
    /// Its probability under the model.
    pub fn probability(&self) -> f32 {
        self.logprob.exp()
    }
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// `max_new_tokens` reached.
    MaxTokens,
    /// The model wrote its end-of-text token.
    EndOfText,
    /// One of the stop texts appeared.
    StopText,
    /// The context is full.
    ContextFull,
    /// The person stopped it.
    Cancelled,
}
