//! Chapter 1: meet a model.

mod cut;
mod guessing;
mod next;
mod seed;
mod sizes;
mod temperature;

use super::FigureEntry;

/// The figures of this chapter.
pub(super) const FIGURES: [FigureEntry; 5] =
    [guessing::ENTRY, temperature::ENTRY, cut::ENTRY, seed::ENTRY, sizes::ENTRY];
