//! Tensor modules. This room knows nothing of threads, files or windows.

pub mod alteration;
pub mod attention;
pub mod config;
mod decoder;
pub mod dropout;
mod feed_forward;
mod kv_cache;
mod language_model;
pub mod layout;
pub mod loss;
pub mod mask;
mod norm;
mod parameter;
mod plan;
pub mod positional;
pub mod probe;
pub mod reader;
pub mod rng;
pub mod slices;
pub mod substitute;
pub mod weights;

pub use alteration::Alteration;
pub use config::{Activation, ConfigError, DecoderConfig, Head, Init, NormKind, NormPlace, Positions, RotaryScaling};
pub use decoder::Decoder;
pub use kv_cache::KvCache;
pub use language_model::{Beams, LanguageModel, Sequence};
pub use layout::{Layout, ParameterSpec, Role};
pub use parameter::{Gradients, Parameter};
pub use probe::{NoProbe, Probe, Recorder, Seen, Site};
pub use reader::SliceReader;
pub use rng::Rng;
pub use slices::SliceDecoder;
pub use substitute::{HeadInput, Substitute};
pub use weights::Weights;

/// The one backend of the app: the device is chosen at run time.
pub type B = burn::Dispatch;

/// A device of [`B`]; `Device::autodiff(device)` records gradients. Never take its `Default`: that is the GPU, and without
/// a driver it panics.
pub type Device = burn::DispatchDevice;

/// The CPU.
pub fn cpu() -> Device {
    Device::Flex(burn_flex::FlexDevice)
}

/// A tensor's values on the host, row-major; waits for the device.
pub fn host_values<const D: usize>(tensor: burn::tensor::Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().into_vec().unwrap_or_default()
}
