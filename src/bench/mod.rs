//! Whole pieces of work, measured: `telar bench WORK`. `benches/README.md` says against what.

mod attention;
mod decode;
mod error;
mod frame;
mod start;
mod step;

pub use error::BenchError;
pub use frame::SceneCost;

use serde::Serialize;

use crate::kernels::Storage;

/// What can be measured, by the names that the command line takes.
pub const WORKS: [&str; 10] = [
    "train/tutorial",
    "train/nano",
    "train/char",
    "decode/gpt2",
    "decode/gpt2-medium",
    "prefill/gpt2",
    "attention/capture",
    "attention/shipped",
    "frame",
    "start",
];

/// Runs that are measured, as many as on the other side (`benches/peers/steps.py`).
const SAMPLES: usize = 5;

/// Runs before them, which fill caches and, on a GPU, compile the kernels.
const WARM_UP: usize = 2;

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Measurement {
    /// The work's name.
    pub work: String,
    /// Where it was done: the device's id and name.
    pub device: String,
    /// The samples' unit: `s`, or `tokens/s`.
    pub unit: &'static str,
    /// One value a run.
    pub samples: Vec<f64>,
    /// Their median.
    pub median: f64,
    /// `frame`: what each scene cost; the samples are the same values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scenes: Vec<SceneCost>,
    /// `train`: seconds of processor time in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores_busy: Option<f64>,
    /// `decode` and `prefill` on the CPU: bytes that the weights take in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_bytes: Option<u64>,
    /// `start`, `decode`, `prefill`: the most bytes that the process had in memory, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_bytes: Option<u64>,
}

/// Where and how a piece of work is measured.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The device that the person named.
    pub device: &'a str,
    /// What a window speaks.
    pub language: &'static str,
    /// How a reading model's weights are stored on the CPU.
    pub storage: Storage,
}

/// Measures a piece of work. Nothing comes back of the work that [`start`] gives to the process that it starts.
///
/// # Errors
/// If there is no such work, the device cannot be used, or no window can be opened.
pub fn run(work: &str, settings: &Settings) -> Result<Option<Measurement>, BenchError> {
    let Settings { device, language, storage } = *settings;
    if work == start::ONCE {
        start::once(device, language)?;
        return Ok(None);
    }
    let scenes = work.strip_prefix("frame/");
    let known = scenes.map_or(WORKS.contains(&work), |scene| !frame::scenes(scene).is_empty());
    if !known {
        return Err(BenchError::unknown(work));
    }
    let chosen = crate::engine::devices::resolve(device)?;
    let found = crate::engine::devices::probe().devices;
    let name = found.into_iter().find(|device| device.id == chosen.id).map(|device| device.name);
    let mut measured = Measurement {
        work: work.to_owned(),
        device: name.map_or_else(|| chosen.id.clone(), |name| format!("{}, {name}", chosen.id)),
        unit: "s",
        ..Measurement::default()
    };
    if let Some(preset) = step::preset(work) {
        (measured.samples, measured.cores_busy) = step::measure(preset, &chosen.device, WARM_UP, SAMPLES)?;
    } else if let Some((kind, config)) = decode::parse(work) {
        let result = decode::measure(kind, &config, &chosen.device, storage, SAMPLES)?;
        (measured.samples, measured.weight_bytes) = (result.samples, result.weight_bytes);
        measured.resident_bytes = result.resident_bytes;
        if kind == decode::Work::Decode {
            measured.unit = "tokens/s";
        }
    } else if let Some(shape) = attention::parse(work) {
        let (config, tokens) = shape?;
        measured.samples = attention::measure(&config, tokens, &chosen.device, storage, SAMPLES)?;
    } else if scenes.is_some() || work == "frame" {
        measured.scenes = frame::measure(device, language, scenes.unwrap_or_default())?;
        measured.samples = measured.scenes.iter().map(|scene| scene.p95).collect();
    } else {
        (measured.samples, measured.resident_bytes) = start::measure(device, language, SAMPLES)?;
    }
    measured.median = median(&measured.samples);
    Ok(Some(measured))
}

/// Bytes of this process that are in memory, as Linux tells it; elsewhere unknown.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: u64 =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// The middle one, or the mean of the two in the middle; 0 of none.
fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        None => 0.0,
        Some(&upper) if sorted.len() % 2 == 1 => upper,
        Some(&upper) => (upper + sorted.get(middle - 1).copied().unwrap_or(upper)) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn an_unknown_work_is_answered_with_the_list() {
        let settings = Settings { device: "cpu", language: "es", storage: Storage::F32 };
        let sentence = run("train/gigantic", &settings).unwrap_err().to_string();
        assert!(WORKS.iter().all(|work| sentence.contains(work)), "{sentence}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_knows_its_memory() {
        let bytes = resident_bytes().unwrap();
        assert!((1 << 20..1 << 40).contains(&bytes), "{bytes}");
    }
}
