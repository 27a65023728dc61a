//! A beam search as it goes on: its tree, and what it has found.

use std::sync::Arc;

use super::Playground;
use super::answer::{Read, Report, Written};
use super::commands::writable;
use crate::engine::{Event, JobId, ModelInfo};
use crate::generate::{ALTERNATIVES, Alternative, BeamNode, BeamSearch, BeamSequence};
use crate::panels::Shared;

/// The search that was made last, or is being made.
#[derive(Default)]
pub struct Beams {
    job: Option<JobId>,
    /// All that was considered; a parent stands before its children.
    pub tree: Vec<BeamNode>,
    /// Steps made, and most steps that can be made.
    pub steps: (usize, usize),
    /// The text of the best beam so far.
    pub best: String,
    /// What was found, once it is over.
    pub found: Option<Arc<BeamSearch>>,
}

impl Beams {
    /// A new search.
    pub fn begin(&mut self, job: JobId) {
        *self = Self { job: Some(job), ..Self::default() };
    }

    /// Forgets the last search.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether there is a search to be drawn.
    pub fn is_there(&self) -> bool {
        self.job.is_some()
    }

    /// The nodes on the way of the best sequence, or of the best beam so far; the first token's first.
    pub fn best_path(&self) -> Vec<usize> {
        if let Some(best) = self.found.as_ref().and_then(|found| found.sequences.first()) {
            return best.path.clone();
        }
        // The continuations of a step come the best first.
        let last = self.tree.last().map_or(0, |node| node.depth);
        let mut at = self.tree.iter().position(|node| node.depth == last);
        let mut path = Vec::new();
        while let Some(place) = at {
            path.push(place);
            at = self.tree.get(place).and_then(|node| node.parent).filter(|&parent| parent < place);
        }
        path.reverse();
        path
    }
}

impl Playground {
    pub(super) fn heed_beams(&mut self, event: &Event, shared: &mut Shared) {
        match event {
            Event::BeamStep(job, step) if self.running == Some(*job) && self.beams.job == Some(*job) => {
                self.beams.tree.truncate(step.first);
                self.beams.tree.extend(&step.nodes);
                self.beams.steps = (step.step, step.most);
                self.beams.best.clone_from(&step.best);
            }
            Event::BeamsEnded(job, found) if self.is_mine(*job) => {
                self.take_best(found, shared);
                let report =
                    Report { stop: found.stop, first_token_s: found.first_token_s, tokens_per_s: found.tokens_per_s };
                self.ended(report, shared);
            }
            _ => {}
        }
    }

    /// The best sequence becomes the answer.
    fn take_best(&mut self, found: &Arc<BeamSearch>, shared: &Shared) {
        self.beams.tree.clone_from(&found.tree);
        self.beams.found = Some(found.clone());
        self.read = Read { prompt: Arc::new(found.prompt_ids.clone()), written: Vec::new() };
        let (Some(best), Some(model)) = (found.sequences.first(), &shared.model) else { return };
        self.read.written.clone_from(&best.ids);
        self.beams.best.clone_from(&best.text);
        let here = self.threads.current().map(|run| run.id) == self.writing;
        let before = self.text(shared);
        let written = tokens_of(best, &found.tree, model, &before);
        if let (true, Some(run)) = (here, self.threads.current_mut()) {
            run.tokens.extend(written.iter().cloned());
            written.into_iter().for_each(|token| self.answer.push(token));
        }
    }
}

/// The tokens of a sequence with their texts, and what else was considered at their places.
fn tokens_of(sequence: &BeamSequence, tree: &[BeamNode], model: &ModelInfo, before: &str) -> Vec<Written> {
    let mut text = before.to_owned();
    let mut left = sequence.text.as_str();
    let mut tokens = Vec::new();
    for (place, (&id, &logprob)) in sequence.ids.iter().zip(&sequence.logprobs).enumerate() {
        let piece = writable(model, id, &text).filter(|piece| left.starts_with(piece.as_str())).unwrap_or_default();
        left = left.get(piece.len()..).unwrap_or_default();
        text.push_str(&piece);
        let alternatives = siblings(tree, sequence.path.get(place).copied());
        let rank = alternatives.iter().position(|other| other.id == id).unwrap_or(0);
        tokens.push(Written { probability: logprob.exp(), rank, alternatives, ..Written::bare(id, &piece) });
    }
    // Where texts are more than their pieces, the end has the rest.
    if let Some(last) = tokens.last_mut() {
        last.text.push_str(left);
    }
    tokens
}

/// The continuations of the same beam that were considered, the likeliest first.
fn siblings(tree: &[BeamNode], node: Option<usize>) -> Vec<Alternative> {
    let Some(own) = node.and_then(|place| tree.get(place)) else { return Vec::new() };
    let same = tree.iter().filter(|node| node.parent == own.parent && node.depth == own.depth);
    let mut all: Vec<_> = same.map(|node| Alternative { id: node.id, probability: node.logprob.exp() }).collect();
    all.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    all.truncate(ALTERNATIVES);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Fate, StopReason};

    fn node(parent: Option<usize>, depth: usize, id: u32, logprob: f32) -> BeamNode {
        BeamNode { parent, depth, id, logprob, sum: logprob, fate: Fate::Followed }
    }

    #[test]
    fn the_best_way_so_far_is_known_while_the_search_goes_on() {
        let mut beams = Beams::default();
        assert!(beams.best_path().is_empty());
        beams.tree =
            vec![node(None, 1, 0, -0.1), node(None, 1, 1, -0.5), node(Some(1), 2, 2, -0.1), node(Some(0), 2, 3, -2.0)];
        assert_eq!(beams.best_path(), [1, 2]);
    }

    #[test]
    fn a_sequence_becomes_tokens_with_what_else_was_considered() {
        let model = crate::panels::testing::model(&["a", "b", "c"]);
        let tree = [node(None, 1, 0, 0.5f32.ln()), node(None, 1, 1, 0.25f32.ln()), node(Some(0), 2, 2, 0.1f32.ln())];
        let sequence = BeamSequence {
            text: "ac".to_owned(),
            ids: vec![0, 2],
            tokens: vec!["a".to_owned(), "c".to_owned()],
            logprobs: vec![0.5f32.ln(), 0.1f32.ln()],
            score: -1.0,
            stop: StopReason::MaxTokens,
            path: vec![0, 2],
        };
        let tokens = tokens_of(&sequence, &tree, &model, "x");
        let told: Vec<_> = tokens.iter().map(|token| (token.text.as_str(), token.alternatives.len())).collect();
        assert_eq!(told, [("a", 2), ("c", 1)]);
        assert!((tokens[0].alternatives[1].probability - 0.25).abs() < 1e-6);
    }
}
