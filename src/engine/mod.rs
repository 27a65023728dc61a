//! Worker threads behind a channel of commands and a channel of events.
//!
//! **Invariant**: nothing in this room draws or imports `egui`; nothing above it touches a tensor.

mod chooser;
pub mod command;
mod corpora;
pub mod devices;
mod error;
pub mod event;
mod files;
pub mod guard;
pub mod handle;
pub mod history;
pub mod hub;
mod inference;
mod job;
mod jobs;
pub mod lesson;
pub mod log;
pub mod positions;
mod router;
pub mod runner;
mod shared;
mod start;
pub mod threads;
mod training;
mod worker;

pub use crate::data::CorpusRef;
pub use crate::hub::ModelRef;
pub use command::{Command, JobId, PositionsRequest, TrainControl};
pub use error::EngineError;
pub use event::{AttentionCapture, CorpusInfo, DeviceInfo, Devices, Event, Matrix, ModelInfo, TrainEvent};
pub use handle::EngineHandle;
pub use hub::{HubEvent, HubProgress, HubRequest, Library};
pub use lesson::{LessonRequest, LessonResult};
pub use start::{Engine, EngineOptions, start};
