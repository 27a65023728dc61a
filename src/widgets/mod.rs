//! Drawing only. This room knows nothing of the engine.

pub mod decimate;
pub mod number;
pub mod scale;
pub mod theme;
