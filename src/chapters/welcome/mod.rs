//! Chapter 0: welcome.

mod path;

use super::FigureEntry;

/// The figures of this chapter.
pub(super) const FIGURES: [FigureEntry; 1] = [path::ENTRY];
