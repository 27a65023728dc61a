//! What a search has considered, as a tree that can be drawn while it grows.

use serde::Serialize;

/// What became of a continuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// A beam follows it.
    Followed,
    /// The text ends with it, and it is among the best finished ones so far.
    Finished,
    /// Others were better.
    Dropped,
}

/// A token that was considered as the continuation of a beam.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BeamNode {
    /// The place in the tree of the node that it continues; none after the prompt.
    pub parent: Option<usize>,
    /// Tokens from the prompt to here: 1 for the first new token.
    pub depth: usize,
    /// The token.
    pub id: u32,
    /// What it adds to the sum: its log-probability (after repetition penalty).
    pub logprob: f32,
    /// The sum of all log-probabilities from the prompt to here.
    pub sum: f32,
    /// What became of it at this step.
    pub fate: Fate,
}

/// One step of a search: every beam is one token longer.
#[derive(Clone, Debug, PartialEq)]
pub struct BeamStep {
    /// How many steps were made, this one included.
    pub step: usize,
    /// Most steps that can be made.
    pub most: usize,
    /// Where the new nodes begin in the tree.
    pub first: usize,
    /// The continuations considered at this step, the best first: 2·beams.
    pub nodes: Vec<BeamNode>,
    /// The text of the best beam so far, finished or running.
    pub best: String,
}
