//! Several texts with a common beginning on their way through a [`SliceReader`], all of them in one pass: every weight is
//! read from memory once for all beams.

use std::ops::ControlFlow;

use super::super::language_model::{Beams, Sequence};
use super::SliceReader;
use super::sequence::SliceSequence;
use crate::kernels::threads;

/// Texts that were read side by side.
pub(super) struct SliceBeams<'a> {
    text: SliceSequence<'a>,
    /// Tokens of the common beginning, which every lane has.
    common: usize,
    /// In which lane of the K/V buffers each beam lies.
    lanes: Vec<usize>,
    count: usize,
}

impl<'a> SliceBeams<'a> {
    pub fn new(reader: &'a SliceReader, beams: usize, capacity: usize) -> Self {
        let count = beams.max(1);
        Self { text: SliceSequence::with_lanes(reader, count, capacity), common: 0, lanes: (0..count).collect(), count }
    }

    /// Gives every new beam a lane with the keys and values of the old one that it continues. One of those that continue
    /// the same stays in its lane; the others get copies in lanes that nobody continues.
    fn rearrange(&mut self, from: &[usize]) {
        let old = std::mem::take(&mut self.lanes);
        let mut free: Vec<usize> =
            (0..self.count).filter(|lane| !from.iter().any(|&beam| old[beam] == *lane)).collect();
        for (i, &beam) in from.iter().enumerate() {
            let first = !from.iter().take(i).any(|&earlier| earlier == beam);
            let lane = if first { old[beam] } else { free.pop().expect("as many lanes as beams") };
            if !first {
                self.text.copy_lane(old[beam], lane, self.common);
            }
            self.lanes.push(lane);
        }
    }
}

impl Beams for SliceBeams<'_> {
    fn read(&mut self, ids: &[u32]) -> Vec<f32> {
        self.read_while(ids, &mut || ControlFlow::Continue(())).unwrap_or_default()
    }

    fn read_while(&mut self, ids: &[u32], go_on: &mut dyn FnMut() -> ControlFlow<()>) -> Option<Vec<f32>> {
        let logits = self.text.read_while(ids, go_on)?;
        self.common = self.text.len();
        (1..self.count).for_each(|lane| self.text.copy_lane(0, lane, 0));
        Some(logits)
    }

    fn step(&mut self, from: &[usize], ids: &[u32]) -> Vec<f32> {
        assert!(from.len() == ids.len() && from.len() <= self.count);
        self.rearrange(from);
        threads::run(|| self.text.step(ids, &self.lanes))
    }
}
