//! Drawing only. This room knows nothing of the engine.

pub mod controls;
pub mod decimate;
pub mod mark;
pub mod number;
pub mod scale;
pub mod theme;
