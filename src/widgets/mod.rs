//! Drawing only. This room knows nothing of the engine.

pub mod axes;
pub mod code_editor;
pub mod controls;
pub mod decimate;
pub mod heatmap;
pub mod histogram;
pub mod indexed;
pub mod lesson;
pub mod level;
pub mod line_chart;
pub mod loss_plot;
pub mod mark;
pub mod number;
pub mod number_grid;
pub mod plane;
pub mod probability_bars;
pub mod scale;
pub mod share_bar;
pub mod theme;
pub mod token_chips;
