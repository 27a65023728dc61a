//! `telar devices`: what can compute on this machine.

use rust_i18n::t;

use super::Shared;
use crate::engine::DeviceInfo;
use crate::engine::devices;
use crate::widgets::number;

/// No options of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints the devices, which one `auto` means, and why others cannot be used.
///
/// # Errors
/// Those of writing to stdout.
pub fn run(_: &Args, shared: &Shared) -> anyhow::Result<()> {
    let found = devices::probe();
    if shared.json {
        return shared.print_json(&found);
    }
    let mut lines: Vec<String> = found.devices.iter().map(|device| line(device, &found.default)).collect();
    lines.extend(found.notes);
    shared.print_text(&(lines.join("\n") + "\n"))
}

fn line(device: &DeviceInfo, default: &str) -> String {
    let mut line = format!("{:<8} {}", device.id, device.name);
    if let Some(cores) = device.cores {
        let cores = if cores == 1 { t!("cli.devices.core") } else { t!("cli.devices.cores", count = cores) };
        line.push_str(&format!(" · {cores}"));
    }
    if let Some(bytes) = device.memory_bytes {
        line.push_str(&format!(" · {}", number::bytes(bytes)));
    }
    if device.id == default {
        line.push_str(&format!(" · {}", t!("cli.devices.default")));
    }
    line
}
