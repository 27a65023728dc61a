//! Tensor modules. This room knows nothing of threads, files or windows.

pub mod config;
pub mod layout;

pub use config::{Activation, ConfigError, DecoderConfig, Head, Init, NormKind, NormPlace, Positions};
pub use layout::{Layout, ParameterSpec, Role};

/// The one backend of the app: the device is chosen at run time.
pub type B = burn::Dispatch;
