//! The model that `--model` names, in memory and on the device that `--device` names.

use rust_i18n::t;

use super::Shared;
use super::error::CliError;
use crate::data::Home;
use crate::engine::devices;
use crate::engine::guard::guard;
use crate::engine::runner::Runner;
use crate::hub::{self, ModelRef, Opened, Reading};
use crate::kernels::Storage;
use crate::nn::Decoder;

/// A model with its tokenizer, read from disk.
pub struct Model {
    /// How its name is written.
    pub spelled: String,
    /// What was opened.
    pub opened: Opened,
}

/// Reads the model of this name.
///
/// # Errors
/// If there is none, or its files are damaged.
pub fn open(name: &str) -> anyhow::Result<Model> {
    let home = Home::locate()?;
    let model = ModelRef::parse(name, &home)?;
    Ok(Model { spelled: model.spelled(), opened: hub::open(&model, &home, Storage::F32, &Reading::quiet())? })
}

impl Model {
    /// Ready to read and continue texts on the device that the person named.
    ///
    /// # Errors
    /// If that device cannot be used.
    pub fn runner(&self, shared: &Shared) -> anyhow::Result<Runner> {
        let device = devices::resolve(&shared.device)?.device;
        let reading = Reading::quiet();
        Ok(on_device(|| Runner::open(&self.opened, &device, Storage::F32, &reading))??)
    }

    /// Its weights as a graph, for looking inside, on the device that the person named.
    ///
    /// # Errors
    /// If that device cannot be used.
    pub fn decoder(&self, shared: &Shared) -> anyhow::Result<Decoder> {
        let device = devices::resolve(&shared.device)?.device;
        let weights = self.opened.weights(&Reading::quiet())?;
        Ok(on_device(|| Decoder::from_weights(&weights, &device))?)
    }

    /// Says on stderr that only the end of a prompt was read, where that is so.
    pub fn note_if_cut(&self, prompt: &str, read: &[u32]) {
        let all = self.opened.tokenizer.encode_for_model(prompt).map_or(0, |ids| ids.len());
        if all > read.len() {
            eprintln!("{}", t!("cli.prompt_cut", all = all, read = read.len()));
        }
    }

    /// The texts of ids.
    pub fn pieces(&self, ids: &[u32]) -> Vec<String> {
        let pieces = self.opened.tokenizer.pieces();
        ids.iter().map(|&id| pieces.get(id as usize).cloned().unwrap_or_default()).collect()
    }
}

/// Work on a device, whose libraries panic where it fails.
///
/// # Errors
/// What the library said.
pub fn on_device<T>(work: impl FnOnce() -> T) -> Result<T, CliError> {
    guard(work).map_err(|reason| CliError::Device(reason.lines().next().unwrap_or_default().to_owned()))
}
