//! In which order does a text reach the model? Windows of `context + 1` tokens, cut into inputs (all but the last) and
//! targets (all but the first).

use serde::{Deserialize, Serialize};

use super::{DataOrder, TrainError, TrainSettings};
use crate::nn::Rng;

/// Batches that the tutorial's shuffle buffer holds.
const BUFFERED_BATCHES: usize = 10;

/// Streams of the seed, apart from those of the weights (which count up from 0).
const ORDER_STREAM: u64 = 1 << 40;

/// One batch, row-major `[batch, context]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// What the model reads.
    pub ids: Vec<u32>,
    /// What it should say after each position.
    pub targets: Vec<u32>,
}

/// Where in the data a run stands. Plain, so that a checkpoint can hold it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    rng: Rng,
    /// The next window that enters the shuffle buffer.
    cursor: usize,
    /// Windows in the shuffle buffer.
    buffer: Vec<usize>,
}

/// Chooses batches from a text.
pub struct Batches {
    order: DataOrder,
    batch_size: usize,
    context: usize,
    /// Windows that the shuffle buffer cycles through.
    windows: usize,
    position: Position,
}

impl Batches {
    /// For a text of this many tokens.
    ///
    /// # Errors
    /// If the text has fewer tokens than one window.
    pub fn new(settings: &TrainSettings, tokens: usize) -> Result<Self, TrainError> {
        let TrainSettings { data_order: order, batch_size, context, seed, .. } = *settings;
        let window = context + 1;
        if tokens < window {
            return Err(TrainError::TooShort { tokens, least: window, context });
        }
        // As the tutorial does: what does not fill a whole batch at the end is left out.
        let whole_batches = tokens / (window * batch_size) * batch_size;
        let windows = if whole_batches > 0 { whole_batches } else { tokens / window };
        let position = Position { rng: Rng::from_parts(seed, ORDER_STREAM), cursor: 0, buffer: Vec::new() };
        let mut batches = Self { order, batch_size, context, windows, position };
        if order == DataOrder::ShuffleBuffer {
            batches.fill_buffer();
        }
        Ok(batches)
    }

    /// Where it stands.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Goes on from where an earlier run stood.
    pub fn set_position(&mut self, position: Position) {
        self.position = position;
    }

    /// The next batch of `text`.
    pub fn next(&mut self, text: &[u32]) -> Batch {
        let mut batch = Batch::default();
        for _ in 0..self.batch_size {
            let start = match self.order {
                DataOrder::RandomWindows => self.position.rng.below(text.len() - self.context),
                DataOrder::ShuffleBuffer => self.next_window() * (self.context + 1),
            };
            push(&mut batch, &text[start..=start + self.context]);
        }
        batch
    }

    fn fill_buffer(&mut self) {
        let size = BUFFERED_BATCHES * self.batch_size;
        let mut buffer: Vec<usize> = (0..size).map(|i| i % self.windows).collect();
        self.position.rng.shuffle(&mut buffer);
        self.position.buffer = buffer;
        self.position.cursor = size % self.windows;
    }

    /// One window out of the buffer, the next one of the text in its place.
    fn next_window(&mut self) -> usize {
        let Position { rng, cursor, buffer } = &mut self.position;
        let place = rng.below(buffer.len());
        let Some(slot) = buffer.get_mut(place) else { return 0 };
        let window = std::mem::replace(slot, *cursor);
        *cursor = (*cursor + 1) % self.windows;
        window
    }
}

fn push(batch: &mut Batch, window: &[u32]) {
    batch.ids.extend_from_slice(&window[..window.len() - 1]);
    batch.targets.extend_from_slice(&window[1..]);
}

/// The windows on which the held-out loss is measured: in order, without overlap, in batches of equal size, at most
/// `most` batches. A text that is shorter than one window gives none; one shorter than a batch is measured window by
/// window.
pub fn held_out(text: &[u32], batch_size: usize, context: usize, most: usize) -> (usize, Vec<Batch>) {
    let windows: Vec<&[u32]> = text.chunks_exact(context + 1).collect();
    let batch_size = if windows.len() < batch_size { 1 } else { batch_size };
    let batches = windows.chunks_exact(batch_size).take(most).map(|windows| {
        let mut batch = Batch::default();
        windows.iter().for_each(|window| push(&mut batch, window));
        batch
    });
    (batch_size, batches.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Preset;
    use proptest::prelude::*;

    fn settings(order: DataOrder, batch_size: usize, context: usize) -> TrainSettings {
        TrainSettings { data_order: order, batch_size, context, ..Preset::Char.settings() }
    }

    #[test]
    fn the_shuffle_buffer_reads_every_window_about_equally_often() {
        let text: Vec<u32> = (0..65 * 40).collect();
        let mut batches = Batches::new(&settings(DataOrder::ShuffleBuffer, 4, 64), text.len()).unwrap();
        let mut counts = [0u32; 40];
        for _ in 0..1_000 {
            let batch = batches.next(&text);
            for row in batch.ids.chunks(64) {
                assert_eq!(row[0] % 65, 0, "windows do not overlap");
                counts[row[0] as usize / 65] += 1;
            }
        }
        assert!(counts.iter().all(|&count| (90..=110).contains(&count)), "{counts:?}");
    }

    #[test]
    fn the_tutorials_text_has_its_windows() {
        let batches = Batches::new(&Preset::Tutorial.settings(), 202_651).unwrap();
        assert_eq!(batches.windows, 97 * 32);
        assert_eq!(batches.position.buffer.len(), 320);
    }

    #[test]
    fn a_text_shorter_than_a_window_is_refused() {
        for order in [DataOrder::ShuffleBuffer, DataOrder::RandomWindows] {
            let settings = settings(order, 4, 8);
            assert!(matches!(Batches::new(&settings, 8), Err(TrainError::TooShort { tokens: 8, least: 9, .. })));
            let text: Vec<u32> = (0..9).collect();
            let batch = Batches::new(&settings, 9).unwrap().next(&text);
            assert_eq!(batch.ids, [0, 1, 2, 3, 4, 5, 6, 7].repeat(4));
        }
    }

    proptest! {
        #[test]
        fn targets_are_the_inputs_moved_by_one_and_a_position_goes_on(
            shuffled in any::<bool>(), batch_size in 1usize..5, context in 1usize..9, tokens in 10usize..200, steps in 0usize..9,
        ) {
            let order = if shuffled { DataOrder::ShuffleBuffer } else { DataOrder::RandomWindows };
            let settings = settings(order, batch_size, context);
            let text: Vec<u32> = (0..tokens as u32).collect();
            let mut batches = Batches::new(&settings, tokens).unwrap();
            for _ in 0..steps {
                let batch = batches.next(&text);
                prop_assert_eq!(batch.ids.len(), batch_size * context);
                prop_assert!(batch.ids.iter().zip(&batch.targets).all(|(id, target)| id + 1 == *target));
            }
            let mut again = Batches::new(&settings, tokens).unwrap();
            let stored = serde_json::to_string(batches.position()).unwrap();
            again.set_position(serde_json::from_str(&stored).unwrap());
            prop_assert_eq!(again.next(&text), batches.next(&text));
        }
    }
}
