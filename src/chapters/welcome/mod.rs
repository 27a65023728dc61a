//! Chapter 0: welcome.

mod devices;
mod path;

use super::FigureEntry;

/// The figures of this chapter.
pub(super) const FIGURES: [FigureEntry; 2] = [path::ENTRY, devices::ENTRY];
