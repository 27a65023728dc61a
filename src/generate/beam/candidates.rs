//! Which tokens could continue the beams, and which of all of them together are the best?

use super::super::sampling::{log_probabilities, penalize, top};

/// A token that could continue a beam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Which beam.
    pub beam: usize,
    /// The token.
    pub id: u32,
    /// Its log-probability, after repetition penalty.
    pub logprob: f32,
    /// With that of the whole beam before it.
    pub sum: f32,
}

/// What is done to a beam's row before its best are taken.
pub(super) struct Row<'a> {
    /// The logits `[vocabulary]`.
    pub logits: &'a [f32],
    /// The sum of the log-probabilities of what the beam has.
    pub sum: f32,
    /// The tokens before; looked at only where there is a penalty.
    pub previous: &'a [u32],
}

/// The `most` best continuations of all beams together, the best first; among equals the earlier beam, then the lower id.
/// Those of `forbidden` may not come yet.
pub(super) fn best(rows: &[Row], forbidden: &[u32], penalty: f32, most: usize) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::with_capacity(rows.len() * most);
    for (beam, row) in rows.iter().enumerate() {
        let mut scores = penalize(&log_probabilities(row.logits), row.previous, penalty);
        for &id in forbidden {
            if let Some(score) = scores.get_mut(id as usize) {
                *score = f32::NEG_INFINITY;
            }
        }
        let best = top(&scores, most).into_iter().filter_map(|id| {
            let logprob = scores.get(id as usize).copied().filter(|score| *score > f32::NEG_INFINITY)?;
            Some(Candidate { beam, id, logprob, sum: row.sum + logprob })
        });
        found.extend(best);
    }
    // A stable sort: equals stay in the order of beams and ids.
    found.sort_by(|a, b| b.sum.total_cmp(&a.sum));
    found.truncate(most);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_all_beams_together() {
        // ln of (½, ¼, ¼) and (¾, ⅛, ⅛).
        let (first, second) = ([2f32.ln(), 0.0, 0.0], [6f32.ln(), 0.0, 0.0]);
        let row = |logits, sum| Row { logits, sum, previous: &[0] };
        let ids = |candidates: Vec<Candidate>| candidates.iter().map(|c| (c.beam, c.id)).collect::<Vec<_>>();
        let rows = [row(&first, 0.0), row(&second, -0.5)];
        assert_eq!(ids(best(&rows, &[], 1.0, 4)), [(0, 0), (1, 0), (0, 1), (0, 2)]);
        assert_eq!(ids(best(&rows, &[0], 1.0, 4)), [(0, 1), (0, 2), (1, 1), (1, 2)]);
        // ln ½ · 3 is less than ln ¼.
        assert_eq!(ids(best(&rows[..1], &[], 3.0, 2)), [(0, 1), (0, 2)]);
        let found = best(&rows, &[], 1.0, 2)[1];
        assert!((found.logprob - 0.75f32.ln()).abs() < 1e-6 && (found.sum - found.logprob + 0.5).abs() < 1e-6);
    }
}
