//! `telar bench`: how long does a piece of work take here?

use rust_i18n::t;

use super::{Shared, language, values};
use crate::bench::{self, Settings};
use crate::kernels::Storage;

/// What is measured.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its name.
    #[arg(value_name = "WORK")]
    work: String,
    /// How a reading model's weights are stored.
    #[arg(long, value_name = "f32|f16|q8", default_value = "f32", value_parser = ["f32", "f16", "q8"])]
    weights: String,
    /// On how many threads.
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub threads: Option<usize>,
}

/// Measures, and prints the samples.
///
/// # Errors
/// If there is no such work, the device cannot be used, or no window can be opened.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let storage = match args.weights.as_str() {
        "f16" => Storage::F16,
        "q8" => Storage::Q8,
        _ => Storage::F32,
    };
    let settings = Settings { device: &shared.device, language: language::current(), storage };
    let Some(measured) = bench::run(&args.work, &settings)? else { return Ok(()) };
    if shared.json {
        return shared.print_json(&measured);
    }
    for scene in &measured.scenes {
        let ms = |seconds: f64| format!("{:.2}", seconds * 1e3);
        let line = match scene.open {
            Some(open) => t!("bench.section", scene = scene.scene, ms = ms(scene.p95), open = ms(open)),
            None => t!("bench.scene", scene = scene.scene, ms = ms(scene.p95)),
        };
        shared.print_text(&format!("{line}\n"))?;
    }
    if let Some(busy) = measured.cores_busy {
        let line = t!("bench.busy", cores = format!("{busy:.2}"));
        shared.print_text(&format!("{line}\n"))?;
    }
    if let Some(bytes) = measured.resident_bytes {
        let line = t!("bench.resident", mib = bytes >> 20);
        shared.print_text(&format!("{line}\n"))?;
    }
    let value = match measured.unit {
        "s" => format!("{:.4} s", measured.median),
        unit => format!("{:.1} {unit}", measured.median),
    };
    let line = t!(
        "bench.line",
        work = measured.work,
        value = value,
        samples = measured.samples.len(),
        device = measured.device
    );
    shared.print_text(&format!("{line}\n"))
}
