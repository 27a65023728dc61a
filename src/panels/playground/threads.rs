//! What was written after one prompt, as threads that part from one another: every run of tokens that was written in one go
//! is a knot on a thread, and nothing that was written is lost by going another way.

use super::answer::{Report, Written};

/// So many runs are kept; beyond that the oldest end that is not in sight goes.
const MOST: usize = 96;

/// Names a run. Names are given in the order of writing and never again.
pub type RunId = u64;

/// Tokens that were written in one go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// The run behind whose end it begins; none where it begins behind the prompt.
    pub parent: Option<RunId>,
    /// Its tokens.
    pub tokens: Vec<Written>,
    /// The seed with which it was written; none where the person put the token alone.
    pub seed: Option<u64>,
    /// How it ended.
    pub report: Option<Report>,
}

/// A run as it is drawn: over which tokens it goes, and in which lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strand {
    /// Which run.
    pub run: RunId,
    /// First token, counted from the prompt, and one past the last.
    pub tokens: (usize, usize),
    /// Its lane, 0 on top.
    pub lane: usize,
    /// The lane from which it parts; the same where it simply goes on.
    pub from_lane: usize,
    /// Whether it is part of the text in sight.
    pub in_sight: bool,
}

/// All runs after one prompt, and where the text in sight ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Threads {
    runs: Vec<Run>,
    current: Option<RunId>,
    next: RunId,
}

impl Threads {
    /// How many runs there are.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// A run by its name.
    pub fn run(&self, id: RunId) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// The run at whose end the text in sight ends; none where only the prompt is in sight.
    pub fn current(&self) -> Option<&Run> {
        self.run(self.current?)
    }

    /// The same, to be written on.
    pub fn current_mut(&mut self) -> Option<&mut Run> {
        let id = self.current?;
        self.runs.iter_mut().find(|run| run.id == id)
    }

    /// Begins a run behind the end of the text in sight.
    pub fn begin(&mut self, seed: Option<u64>) {
        let run = Run { id: self.next, parent: self.current, seed, ..Run::default() };
        self.next += 1;
        self.current = Some(run.id);
        self.runs.push(run);
        self.prune();
    }

    /// Says how a run ended.
    pub fn set_report(&mut self, id: RunId, report: Report) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.id == id) {
            run.report = Some(report);
        }
    }

    /// Takes a run away if nothing was written in it; returns whether.
    pub fn drop_empty(&mut self, id: RunId) -> bool {
        let Some(place) = self.runs.iter().position(|run| run.id == id && run.tokens.is_empty()) else { return false };
        let run = self.runs.remove(place);
        for other in self.runs.iter_mut().filter(|other| other.parent == Some(id)) {
            other.parent = run.parent;
        }
        if self.current == Some(id) {
            self.current = run.parent;
        }
        true
    }

    /// Shows the text up to the end of a run, or only the prompt.
    pub fn show(&mut self, run: Option<RunId>) {
        if run.is_none_or(|id| self.run(id).is_some()) {
            self.current = run;
        }
    }

    /// Shows the text up to its `count`-th token, so that what comes next parts from there.
    pub fn cut(&mut self, count: usize) {
        let mut before = 0;
        for id in self.path() {
            let Some(length) = self.run(id).map(|run| run.tokens.len()) else { return };
            if before == count {
                break;
            }
            if count < before + length {
                self.split(id, count - before);
            }
            self.current = Some(id);
            before += length;
            if before >= count {
                return;
            }
        }
        if count == 0 {
            self.current = None;
        }
    }

    /// One knot back. Returns whether there was one.
    pub fn back(&mut self) -> bool {
        let before = self.current;
        self.current = self.current().and_then(|run| run.parent);
        before.is_some()
    }

    /// One knot on, along the run that was written last. Returns whether there was one.
    pub fn forth(&mut self) -> bool {
        let next = self.runs.iter().filter(|run| run.parent == self.current).map(|run| run.id).max();
        self.current = next.or(self.current);
        next.is_some()
    }

    /// Whether there is a knot before and behind the end of the text in sight.
    pub fn ways(&self) -> (bool, bool) {
        (self.current.is_some(), self.runs.iter().any(|run| run.parent == self.current))
    }

    /// The names of the runs of the text in sight, in order.
    pub fn path(&self) -> Vec<RunId> {
        let mut path = Vec::new();
        let mut at = self.current;
        while let Some(run) = at.and_then(|id| self.run(id)) {
            path.push(run.id);
            at = run.parent;
        }
        path.reverse();
        path
    }

    /// The tokens of the text in sight.
    pub fn tokens(&self) -> impl Iterator<Item = &Written> {
        self.path().into_iter().filter_map(|id| self.run(id)).flat_map(|run| &run.tokens)
    }

    /// Lets go of rows of logits, those of the oldest runs first, until all that are left have at most so many values.
    pub fn forget_rows(&mut self, most_values: usize) {
        let row = |token: &Written| token.logits.as_ref().map_or(0, |row| row.len());
        let mut held: usize = self.runs.iter().flat_map(|run| &run.tokens).map(row).sum();
        for token in self.runs.iter_mut().flat_map(|run| &mut run.tokens) {
            if held <= most_values {
                return;
            }
            held -= token.logits.take().map_or(0, |row| row.len());
        }
    }

    /// Where every run is drawn; the first to be written keeps its lane, the others part from it downwards.
    pub fn strands(&self) -> Vec<Strand> {
        let path = self.path();
        let mut strands = Vec::with_capacity(self.runs.len());
        let mut lanes = 0;
        // (parent, tokens before it, the parent's lane), the next to be drawn at the end.
        let mut open: Vec<(RunId, usize, usize, bool)> = self.below(None, 0, 0);
        while let Some((id, from, from_lane, first)) = open.pop() {
            let Some(run) = self.run(id) else { continue };
            let lane = if first && !strands.is_empty() { from_lane } else { lanes };
            lanes = lanes.max(lane + 1);
            let to = from + run.tokens.len();
            strands.push(Strand { run: id, tokens: (from, to), lane, from_lane, in_sight: path.contains(&id) });
            open.extend(self.below(Some(id), to, lane));
        }
        strands
    }

    /// The runs behind one, the last first.
    fn below(&self, parent: Option<RunId>, from: usize, lane: usize) -> Vec<(RunId, usize, usize, bool)> {
        let children = self.runs.iter().filter(|run| run.parent == parent);
        let mut below: Vec<_> = children.enumerate().map(|(i, run)| (run.id, from, lane, i == 0)).collect();
        below.reverse();
        below
    }

    /// Parts a run: it keeps the first `at` tokens, and the rest becomes a run behind it.
    fn split(&mut self, id: RunId, at: usize) {
        let rest_id = self.next;
        let Some(run) = self.runs.iter_mut().find(|run| run.id == id) else { return };
        let rest = Run {
            id: rest_id,
            parent: Some(id),
            tokens: run.tokens.split_off(at.min(run.tokens.len())),
            seed: run.seed,
            report: run.report.take(),
        };
        for other in self.runs.iter_mut().filter(|other| other.parent == Some(id)) {
            other.parent = Some(rest_id);
        }
        self.next += 1;
        if self.current == Some(id) {
            self.current = Some(rest_id);
        }
        // Right behind its head, so that it counts as the first to be written there.
        let place = self.runs.iter().position(|run| run.id == id).map_or(self.runs.len(), |place| place + 1);
        self.runs.insert(place, rest);
    }

    fn prune(&mut self) {
        while self.runs.len() > MOST {
            let path = self.path();
            let is_end = |run: &Run| self.runs.iter().all(|other| other.parent != Some(run.id));
            let Some(place) = self.runs.iter().position(|run| is_end(run) && !path.contains(&run.id)) else { return };
            self.runs.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn write(threads: &mut Threads, seed: u64, ids: &[u32]) {
        threads.begin(Some(seed));
        let tokens = ids.iter().map(|&id| Written::by_person(id, &format!("{id} "), None));
        threads.current_mut().unwrap().tokens.extend(tokens);
    }

    fn ids(threads: &Threads) -> Vec<u32> {
        threads.tokens().map(|token| token.id).collect()
    }

    #[test]
    fn going_back_and_forth_loses_nothing() {
        let mut threads = Threads::default();
        write(&mut threads, 1, &[1, 2]);
        write(&mut threads, 2, &[3]);
        assert_eq!(ids(&threads), [1, 2, 3]);
        assert!(threads.back() && threads.back());
        assert_eq!(ids(&threads), [0u32; 0]);
        assert!(!threads.back());
        assert!(threads.forth() && threads.forth() && !threads.forth());
        assert_eq!(ids(&threads), [1, 2, 3]);
    }

    #[test]
    fn a_branch_inside_a_run_parts_it() {
        let mut threads = Threads::default();
        write(&mut threads, 1, &[1, 2, 3, 4]);
        write(&mut threads, 1, &[5]);
        let old = threads.path().last().copied();
        threads.cut(2);
        assert_eq!(ids(&threads), [1, 2]);
        write(&mut threads, 9, &[7]);
        assert_eq!(ids(&threads), [1, 2, 7]);
        threads.show(old);
        assert_eq!(ids(&threads), [1, 2, 3, 4, 5], "the old way is still there");
        threads.cut(0);
        assert_eq!(ids(&threads), [0u32; 0]);
        threads.show(old);
        threads.cut(4);
        assert_eq!((ids(&threads), threads.len()), (vec![1, 2, 3, 4], 4), "at the end of a run nothing parts");
    }

    #[test]
    fn strands_go_on_in_their_lane_and_part_into_others() {
        let mut threads = Threads::default();
        write(&mut threads, 1, &[1, 2, 3, 4]);
        threads.cut(2);
        write(&mut threads, 2, &[7]);
        threads.show(None);
        write(&mut threads, 3, &[8, 9]);
        let drawn: Vec<_> = threads.strands().iter().map(|s| (s.tokens, s.from_lane, s.lane, s.in_sight)).collect();
        assert_eq!(drawn, [((0, 2), 0, 0, false), ((2, 4), 0, 0, false), ((2, 3), 0, 1, false), ((0, 2), 0, 2, true)]);
    }

    #[test]
    fn only_so_many_are_kept_and_those_in_sight_always() {
        let mut threads = Threads::default();
        write(&mut threads, 0, &[42]);
        let kept = threads.path().last().copied();
        for seed in 0..2 * MOST as u64 {
            threads.show(kept);
            write(&mut threads, seed, &[1]);
        }
        assert_eq!(threads.len(), MOST);
        assert_eq!(ids(&threads), [42, 1]);
    }

    #[test]
    fn rows_of_logits_are_kept_within_a_bound() {
        let mut threads = Threads::default();
        write(&mut threads, 1, &[1, 2, 3]);
        for token in &mut threads.current_mut().unwrap().tokens {
            token.logits = Some(Arc::new(vec![0.0; 10]));
        }
        threads.forget_rows(20);
        let held: Vec<bool> = threads.tokens().map(|token| token.logits.is_some()).collect();
        assert_eq!(held, [false, true, true]);
    }
}
