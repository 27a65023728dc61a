//! From logits to text: the sampling pipeline, stop conditions, and the K/V cache's use.

mod error;
mod run;
pub mod sampling;
pub mod stop;
#[cfg(test)]
mod tests;

pub use error::GenerateError;
pub use run::{Generation, Listener, Silent, generate, next_logits, prompt_ids};

use serde::{Deserialize, Serialize};

/// How the next token is chosen from one row of logits. The steps run in this order: repetition penalty, temperature,
/// top-k, top-p, min-p, softmax, draw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SamplingOptions {
    /// Logits are divided by it; 0 means greedy.
    pub temperature: f32,
    /// Keep the k largest; 0 is off.
    pub top_k: usize,
    /// Keep the smallest set whose probability reaches p; 1 is off.
    pub top_p: f32,
    /// Keep what has at least this share of the largest probability; 0 is off.
    pub min_p: f32,
    /// Divides positive and multiplies negative logits of tokens already in the text; 1 is off.
    pub repetition_penalty: f32,
}

impl Default for SamplingOptions {
    /// The tutorial's defaults: temperature 0.6, top-p 0.9, everything else off.
    fn default() -> Self {
        Self { temperature: 0.6, top_k: 0, top_p: 0.9, min_p: 0.0, repetition_penalty: 1.0 }
    }
}

/// What to generate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateRequest {
    /// The text to continue.
    pub prompt: String,
    /// How tokens are chosen.
    pub sampling: SamplingOptions,
    /// The generator's seed.
    pub seed: u64,
    /// At most this many new tokens.
    pub max_new_tokens: usize,
    /// End-of-text and stop texts are ignored before this many.
    pub min_new_tokens: usize,
    /// Texts that end the generation.
    pub stop: Vec<String>,
}

/// One token of a generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneratedToken {
    /// Its id.
    pub id: u32,
    /// Whole characters that can be drawn now; empty while a multi-byte character is incomplete.
    pub text: String,
    /// Natural logarithm of its probability under the model (temperature 1, nothing cut off).
    pub logprob: f32,
    /// Position among all tokens by probability, 0 the likeliest.
    pub rank: usize,
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
