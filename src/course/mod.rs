//! The course: what a lesson says, what its exercises ask, and how an answer is checked. Nothing here draws.

pub mod cells;
