//! `telar bench`: how long does a piece of work take here?

use rust_i18n::t;

use super::Shared;
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
/// If there is no such work, or the device cannot be used.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let measured = bench::run(&args.work, &shared.device)?;
    if shared.json {
        return shared.print_json(&measured);
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
