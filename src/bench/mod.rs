//! Whole pieces of work, measured: `telar bench WORK`. `benches/README.md` says against what.

mod error;
mod frame;
mod start;
mod step;

pub use error::BenchError;
pub use frame::SceneCost;

use serde::Serialize;

/// What can be measured, by the names that the command line takes.
pub const WORKS: [&str; 5] = ["train/tutorial", "train/nano", "train/char", "frame", "start"];

/// Runs that are measured, as many as on the other side (`benches/peers/steps.py`).
const SAMPLES: usize = 5;

/// Runs before them, which fill caches and, on a GPU, compile the kernels.
const WARM_UP: usize = 2;

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// The work's name.
    pub work: String,
    /// Where it was done: the device's id and name.
    pub device: String,
    /// The samples' unit.
    pub unit: &'static str,
    /// One value a run.
    pub samples: Vec<f64>,
    /// Their median.
    pub median: f64,
    /// `frame`: what each scene cost; the samples are the same values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scenes: Vec<SceneCost>,
    /// `start`: the most bytes that the process had in memory when the shipped model was loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_bytes: Option<u64>,
}

/// Measures a piece of work on the device that the person named; a window speaks `language`. Nothing comes back of the
/// work that [`start`] gives to the process that it starts.
///
/// # Errors
/// If there is no such work, the device cannot be used, or no window can be opened.
pub fn run(work: &str, device: &str, language: &'static str) -> Result<Option<Measurement>, BenchError> {
    if work == start::ONCE {
        start::once(device, language)?;
        return Ok(None);
    }
    let preset = step::preset(work);
    if preset.is_none() && !WORKS.contains(&work) {
        return Err(BenchError::unknown(work));
    }
    let chosen = crate::engine::devices::resolve(device)?;
    let (mut scenes, mut resident_bytes) = (Vec::new(), None);
    let samples = match (preset, work) {
        (Some(preset), _) => step::measure(preset, &chosen.device, WARM_UP, SAMPLES)?,
        (None, "frame") => {
            scenes = frame::measure(device, language)?;
            scenes.iter().map(|scene| scene.p95).collect()
        }
        (None, _) => {
            let (samples, bytes) = start::measure(device, language, SAMPLES)?;
            resident_bytes = bytes;
            samples
        }
    };
    let found = crate::engine::devices::probe().devices;
    let name = found.into_iter().find(|device| device.id == chosen.id).map(|device| device.name);
    let device = name.map_or_else(|| chosen.id.clone(), |name| format!("{}, {name}", chosen.id));
    let median = median(&samples);
    Ok(Some(Measurement { work: work.to_owned(), device, unit: "s", samples, median, scenes, resident_bytes }))
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
        let sentence = run("train/gigantic", "cpu", "es").unwrap_err().to_string();
        assert!(WORKS.iter().all(|work| sentence.contains(work)), "{sentence}");
    }
}
