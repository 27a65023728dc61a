//! What a person asks for when a text is to be continued.

use std::hash::{BuildHasher, Hasher};

use serde::{Deserialize, Serialize};

/// How the next token is chosen from one row of logits. The steps run in the order of [`super::sampling::Step::ALL`]:
/// repetition penalty, no end before the least length, temperature, top-k, top-p, min-p; then softmax and the draw.
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

impl SamplingOptions {
    /// Every step off: the model's own probabilities.
    pub const PLAIN: Self = Self { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0 };

    /// Always the likeliest token.
    pub const GREEDY: Self = Self { temperature: 0.0, ..Self::PLAIN };
}

impl Default for SamplingOptions {
    /// The tutorial's defaults: temperature 0.6, top-p 0.9, everything else off.
    fn default() -> Self {
        Self { temperature: 0.6, top_p: 0.9, ..Self::PLAIN }
    }
}

/// What happens when the context has no room for another token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// The text ends with [`super::StopReason::ContextFull`].
    #[default]
    Stop,
    /// The model forgets the first half of its context, reads the last half anew, as if the text began there, and goes on.
    KeepHalf,
}

/// What to generate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerateRequest {
    /// The text to continue.
    pub prompt: String,
    /// How tokens are chosen.
    pub sampling: SamplingOptions,
    /// The generator's seed; [`any_seed`] where the person does not care. It is reported with what was made.
    pub seed: u64,
    /// At most this many new tokens.
    pub max_new_tokens: usize,
    /// End-of-text is not drawn and stop texts are ignored before this many new tokens.
    pub min_new_tokens: usize,
    /// End-of-text is not drawn and stop texts are ignored before prompt and answer have so many tokens together.
    pub min_length: usize,
    /// Texts that end the generation.
    pub stop: Vec<String>,
    /// What happens when the context is full.
    pub when_full: WhenFull,
}

impl Default for GenerateRequest {
    /// No prompt, the tutorial's way of choosing, and at most 64 new tokens.
    fn default() -> Self {
        Self {
            prompt: String::new(),
            sampling: SamplingOptions::default(),
            seed: 0,
            max_new_tokens: 64,
            min_new_tokens: 0,
            min_length: 0,
            stop: Vec::new(),
            when_full: WhenFull::Stop,
        }
    }
}

impl GenerateRequest {
    /// How many new tokens there are at least after a prompt of so many tokens: end-of-text is not drawn before.
    pub fn least_new_tokens(&self, prompt: usize) -> usize {
        least_new(prompt, self.min_new_tokens, self.min_length)
    }
}

/// The least number of new tokens after a prompt of so many, from both ways of asking for it.
pub(super) fn least_new(prompt: usize, min_new_tokens: usize, min_length: usize) -> usize {
    min_new_tokens.max(min_length.saturating_sub(prompt))
}

/// Seeds that are drawn lie below this, so that they can be read out and typed.
const SEEDS: u64 = 1_000_000;

/// A seed that nobody chose, short enough to be typed again.
pub fn any_seed() -> u64 {
    // The standard library keys its hash maps with the system's randomness.
    std::hash::RandomState::new().build_hasher().finish() % SEEDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_that_nobody_chose_differ_and_can_be_typed() {
        let seeds: Vec<u64> = (0..8).map(|_| any_seed()).collect();
        assert!(seeds.iter().all(|&seed| seed < SEEDS));
        assert!(seeds.windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn the_least_length_counts_the_prompt_and_the_least_number_of_new_tokens_does_not() {
        assert_eq!([least_new(5, 3, 0), least_new(5, 0, 30), least_new(40, 2, 30)], [3, 25, 2]);
    }

    #[test]
    fn what_an_older_file_does_not_say_is_the_default() {
        let request: GenerateRequest = serde_json::from_str(r#"{"prompt": "a", "seed": 7}"#).unwrap();
        assert_eq!(request, GenerateRequest { prompt: "a".into(), seed: 7, ..GenerateRequest::default() });
    }
}
