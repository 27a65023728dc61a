//! What does a head compare? Its queries and keys on a text, so that a score can be taken apart factor by factor.

use std::sync::Arc;

use super::super::error::EngineError;
use super::super::job::Job;
use super::{LessonResult, Lessons, Part};
use crate::hub::ModelRef;
use crate::nn::{Recorder, Seen, Site};

/// Queries and keys of one head.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadVectors {
    /// Layer and head, from 0.
    pub head: (usize, usize),
    /// Width of the head.
    pub d_head: usize,
    /// `[t, d_head]`, as they enter the product.
    pub queries: Vec<f32>,
    /// `[t, d_head]`, likewise.
    pub keys: Vec<f32>,
}

impl HeadVectors {
    /// The factors of the score of a pair: query, key and their product at every place.
    pub fn factors(&self, from: usize, to: usize) -> Vec<[f32; 3]> {
        let row = |all: &'_ [f32], at: usize| -> Vec<f32> {
            all.get(at * self.d_head..(at + 1) * self.d_head).unwrap_or_default().to_vec()
        };
        row(&self.queries, from).into_iter().zip(row(&self.keys, to)).map(|(q, k)| [q, k, q * k]).collect()
    }
}

/// One head of `[1, heads, t, d_head]`.
fn cut(seen: Option<Seen>, head: usize) -> Vec<f32> {
    let Some(seen) = seen else { return Vec::new() };
    let size: usize = seen.shape.iter().skip(2).product();
    seen.values.get(head * size..(head + 1) * size).unwrap_or_default().to_vec()
}

/// Runs a text through the model and keeps what one head compares.
pub(super) fn vectors(
    lessons: &mut Lessons,
    job: &Job,
    model: &ModelRef,
    text: &str,
    head: (usize, usize),
) -> Result<Option<LessonResult>, EngineError> {
    let (model, ids) = lessons.open(job, model, text, Part::Attended)?;
    let config = model.runner.model().config();
    let (layer, own) = head;
    let mut probe = Recorder::new(|site| site == Site::Query(layer) || site == Site::Key(layer));
    model.runner.look(|decoder| drop(decoder.hidden(decoder.ids(&ids, 1), &mut probe)));
    // Query heads share keys in groups.
    let shared = own / (config.n_heads / config.n_kv_heads.max(1)).max(1);
    Ok(Some(LessonResult::HeadVectors(Arc::new(HeadVectors {
        head,
        d_head: config.d_head(),
        queries: cut(probe.seen.remove(&Site::Query(layer)), own),
        keys: cut(probe.seen.remove(&Site::Key(layer)), shared),
    }))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_add_up_to_the_score() {
        let vectors =
            HeadVectors { head: (0, 0), d_head: 2, queries: vec![1.0, 2.0, 3.0, 4.0], keys: vec![0.5, -1.0, 2.0, 0.0] };
        assert_eq!(vectors.factors(1, 0), [[3.0, 0.5, 1.5], [4.0, -1.0, -4.0]]);
        assert!(vectors.factors(2, 0).is_empty(), "no such row");
        let seen = Seen { shape: vec![1, 2, 1, 2], values: vec![1.0, 2.0, 3.0, 4.0] };
        assert_eq!(cut(Some(seen), 1), [3.0, 4.0]);
    }
}
