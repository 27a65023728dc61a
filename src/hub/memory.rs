//! Does a model fit into memory? Asked before anything of it is read.
//!
//! What answers on the CPU (`kernels::packed`) is made of one parameter at a time. Other programs' files are read that way
//! too; a file of our own is there as a whole while it is read, and then all its weights as 32-bit numbers.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::error::HubError;
use super::folder::CONFIG;
use super::{CHECKPOINTS, ModelRef, builtin, checkpoints, folder, foreign, remote};
use crate::data::Home;
use crate::kernels::Storage;
use crate::nn::{DecoderConfig, Layout};

/// What a model weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Number of trained values.
    pub parameters: u64,
    /// Bytes of the files that hold them.
    pub file_bytes: u64,
    /// How they come into memory.
    pub taken: Taken,
}

/// How weights come from their files into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// All together.
    Whole,
    /// One parameter after the other, of which the largest has so many values.
    Singly(u64),
}

impl Weight {
    /// Bytes of memory that loading takes at its highest, where weights are kept in this storage afterwards.
    pub fn memory(&self, storage: Storage) -> u64 {
        let bits = match storage {
            Storage::F32 => 32,
            Storage::F16 => 16,
            Storage::Q8 => 8,
        };
        let kept = self.parameters.saturating_mul(bits) / 8;
        match self.taken {
            Taken::Whole => self.parameters.saturating_mul(4).saturating_add(kept.max(self.file_bytes)),
            // As it is stored, and as 32-bit numbers.
            Taken::Singly(largest) => kept.saturating_add(largest.saturating_mul(8)),
        }
    }

    /// The weight of a decoder in another program's files.
    pub fn of_files(config: &DecoderConfig, file_bytes: u64) -> Self {
        let layout = Layout::new(config);
        let largest = layout.parameters.iter().map(|parameter| parameter.range.len()).max().unwrap_or(0);
        Self { parameters: layout.len() as u64, file_bytes, taken: Taken::Singly(largest as u64) }
    }

    /// The same where only the number of parameters is known. The largest one is the embedding, which has seldom more than a
    /// third of a model.
    pub fn of_unseen(parameters: u64, file_bytes: u64) -> Self {
        Self { parameters, file_bytes, taken: Taken::Singly(parameters / 3) }
    }
}

/// The number of trained values of a configuration.
pub fn parameters(config: &DecoderConfig) -> u64 {
    Layout::new(config).len() as u64
}

/// What a model weighs by its configuration and the sizes of its files; `None` for the model in training, and where a
/// configuration is not understood (opening it says why).
pub fn weight(model: &ModelRef, home: &Home) -> Option<Weight> {
    match model {
        ModelRef::Builtin(name) => {
            let files = builtin::find(name).ok()?;
            Some(Weight {
                parameters: parameters(&config(files.config, Path::new(name))?.0),
                file_bytes: files.weights.len() as u64,
                taken: Taken::Whole,
            })
        }
        ModelRef::Run(id) => of_run(&home.runs().join(id)),
        ModelRef::Live => None,
        ModelRef::Hub(model) => of_folder(&remote::library::folder(home, &model.repository)),
        ModelRef::Folder(path) if path.join(CHECKPOINTS).is_dir() => of_run(path),
        ModelRef::Folder(path) if foreign::gguf::is_gguf(path) => of_gguf(path),
        ModelRef::Folder(path) => of_folder(path),
    }
}

fn of_run(run: &Path) -> Option<Weight> {
    of_folder(&checkpoints(run).first()?.1)
}

fn of_folder(path: &Path) -> Option<Weight> {
    if !path.join(CONFIG).exists() {
        return of_gguf(&foreign::gguf::only_one(path).ok()??);
    }
    let (config, own) = config(&fs::read(path.join(CONFIG)).ok()?, &path.join(CONFIG))?;
    let file_bytes = weights_bytes(path);
    if own {
        return Some(Weight { parameters: parameters(&config), file_bytes, taken: Taken::Whole });
    }
    Some(Weight::of_files(&config, file_bytes))
}

fn of_gguf(path: &Path) -> Option<Weight> {
    let config = foreign::gguf::shape(path).ok()?;
    Some(Weight::of_files(&config, fs::metadata(path).ok()?.len()))
}

/// The decoder that a `config.json` describes, and whether it is one of our own.
fn config(bytes: &[u8], path: &Path) -> Option<(DecoderConfig, bool)> {
    let tree: Value = serde_json::from_slice(bytes).ok()?;
    let (config, own) = match folder::own_config(&tree) {
        Some(config) => (config, true),
        None => (foreign::config::parse(&tree, path).ok()?, false),
    };
    foreign::config::check(&config, path).ok().map(|()| (config, own))
}

/// Bytes of the files of weights in a folder: of the format that is read first.
pub(super) fn weights_bytes(folder: &Path) -> u64 {
    let mut sums = [0u64; 2];
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for entry in entries {
        let name = entry.file_name();
        let kind = match name.to_str() {
            Some(name) if name.ends_with(".safetensors") => 0,
            Some(name) if name.starts_with("pytorch_model") && name.ends_with(".bin") => 1,
            _ => continue,
        };
        sums[kind] += entry.metadata().map_or(0, |about| about.len());
    }
    if sums[0] > 0 { sums[0] } else { sums[1] }
}

/// Bytes of memory that programs can still have, where the system says it.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn available() -> Option<u64> {
    available_in(&fs::read_to_string("/proc/meminfo").ok()?)
}

/// Other systems are not asked.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn available() -> Option<u64> {
    None
}

/// The line `MemAvailable:    8140440 kB`.
#[cfg(any(target_os = "linux", target_os = "android", test))]
fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Whether a model of this weight can be loaded now.
///
/// # Errors
/// If it cannot; the error has both figures.
pub fn check(weight: Option<Weight>, storage: Storage, available: Option<u64>) -> Result<(), HubError> {
    match (weight.map(|weight| weight.memory(storage)), available) {
        (Some(needed), Some(available)) if needed > available => Err(HubError::Memory { needed, available }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loading_takes_is_the_larger_of_two_moments() {
        let gpt2 = crate::hub::catalogue::entry("gpt2").and_then(|entry| entry.weight()).unwrap();
        let embedding = 50_257 * 768;
        assert_eq!((gpt2.parameters, gpt2.taken), (124_439_808, Taken::Singly(embedding)));
        assert_eq!(
            gpt2.memory(Storage::F32),
            4 * 124_439_808 + 8 * embedding,
            "the copy that answers and the embedding"
        );
        let own = Weight { parameters: 1_000, file_bytes: 4_100, taken: Taken::Whole };
        assert_eq!(own.memory(Storage::F32), 8_100, "numbers beside the file");
        let half = Weight { file_bytes: 2_100, ..own };
        assert_eq!([Storage::F32, Storage::F16, Storage::Q8].map(|kept| half.memory(kept)), [8_000, 6_100, 6_100]);
    }

    #[test]
    fn a_model_that_cannot_fit_is_refused_with_both_figures() {
        let weight =
            Some(Weight { parameters: 1_000_000_000, file_bytes: 2_000_000_000, taken: Taken::Singly(500_000_000) });
        let sentence = check(weight, Storage::F16, Some(4_400_000_000)).unwrap_err().to_string();
        assert!(sentence.contains("6.0 GB") && sentence.contains("4.4 GB"), "{sentence}");
        assert!(check(weight, Storage::F16, Some(6_000_000_000)).is_ok());
        assert!(check(weight, Storage::F32, None).is_ok() && check(None, Storage::F32, Some(0)).is_ok());
    }

    #[test]
    fn the_systems_own_figure_is_read() {
        let text = "MemTotal:       16384000 kB\nMemFree:          200000 kB\nMemAvailable:    8140440 kB\n";
        assert_eq!(available_in(text), Some(8_140_440 * 1024));
        assert_eq!(available_in("MemFree: 1 kB"), None);
    }

    #[test]
    fn shipped_models_are_weighed() {
        let weight = weight(&ModelRef::Builtin("quijote".to_owned()), &Home::at("nowhere")).unwrap();
        assert_eq!(weight.parameters, 2_164_800);
        assert!(weight.file_bytes > 2 * weight.parameters);
    }
}
