//! The course's page.

pub mod cell;
