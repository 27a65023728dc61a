//! Telar: a desktop laboratory in which people learn how large language models work.
//!
//! The rooms of this library and the rules between them are described in `ARCHITECTURE.md`. In one sentence: the
//! window never computes and the engine never draws.

rust_i18n::i18n!("locales", fallback = "en");

pub mod app;
pub mod bench;
pub mod chapters;
pub mod cli;
pub mod course;
pub mod data;
pub mod engine;
pub mod generate;
pub mod hub;
pub mod nn;
pub mod panels;
pub mod text;
pub mod train;
pub mod widgets;

pub use telar_kernels as kernels;
