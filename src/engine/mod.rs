//! Worker threads behind a channel of commands and a channel of events.
//!
//! **Invariant**: nothing in this room draws or imports `egui`; nothing above it touches a tensor.

pub mod command;
pub mod devices;
pub mod event;
pub mod guard;
pub mod handle;
mod job;
pub mod log;
pub mod positions;

pub use crate::data::CorpusRef;
pub use crate::hub::ModelRef;
pub use command::{Command, JobId, PositionsRequest, TrainControl};
pub use event::{AttentionCapture, CorpusInfo, DeviceInfo, Devices, Event, Matrix, ModelInfo, TrainEvent};
pub use handle::EngineHandle;
