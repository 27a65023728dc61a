//! `telar bench`: how long does a piece of work take here?

use rust_i18n::t;

use super::{Shared, language};
use crate::bench;

/// What is measured.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its name.
    #[arg(value_name = "WORK")]
    work: String,
}

/// Measures, and prints the samples.
///
/// # Errors
/// If there is no such work, the device cannot be used, or no window can be opened.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let Some(measured) = bench::run(&args.work, &shared.device, language::current())? else { return Ok(()) };
    if shared.json {
        return shared.print_json(&measured);
    }
    for scene in &measured.scenes {
        let line = t!("bench.scene", scene = scene.scene, ms = format!("{:.2}", scene.p95 * 1e3));
        shared.print_text(&format!("{line}\n"))?;
    }
    if let Some(bytes) = measured.resident_bytes {
        let line = t!("bench.resident", mib = bytes >> 20);
        shared.print_text(&format!("{line}\n"))?;
    }
    let seconds = format!("{:.4}", measured.median);
    let line = t!(
        "bench.line",
        work = measured.work,
        seconds = seconds,
        samples = measured.samples.len(),
        device = measured.device
    );
    shared.print_text(&format!("{line}\n"))
}
