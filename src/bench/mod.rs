//! Whole pieces of work, measured: `telar bench WORK`. `benches/README.md` says against what.

mod error;
mod step;

pub use error::BenchError;

use serde::Serialize;

/// What can be measured, by the names that the command line takes.
pub const WORKS: [&str; 3] = ["train/tutorial", "train/nano", "train/char"];

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
}

/// Measures a piece of work on the device that the person named.
///
/// # Errors
/// If there is no such work, or the device cannot be used.
pub fn run(work: &str, device: &str) -> Result<Measurement, BenchError> {
    let preset = step::preset(work).ok_or_else(|| BenchError::unknown(work))?;
    let chosen = crate::engine::devices::resolve(device)?;
    let samples = step::measure(preset, &chosen.device, WARM_UP, SAMPLES)?;
    let found = crate::engine::devices::probe().devices;
    let name = found.into_iter().find(|device| device.id == chosen.id).map(|device| device.name);
    let device = name.map_or_else(|| chosen.id.clone(), |name| format!("{}, {name}", chosen.id));
    Ok(Measurement { work: work.to_owned(), device, unit: "s", median: median(&samples), samples })
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
        let sentence = run("train/gigantic", "cpu").unwrap_err().to_string();
        assert!(WORKS.iter().all(|work| sentence.contains(work)), "{sentence}");
    }
}
