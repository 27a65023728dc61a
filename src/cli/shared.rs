//! What every subcommand is given, and how results reach stdout.

use std::io::Write;

use serde::Serialize;

use super::error::CliError;

/// Options that every command takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
    /// `auto`, `cpu`, `cuda` or `cuda:N`.
    #[arg(long, global = true, default_value = "auto", value_name = "DEVICE")]
    pub device: String,
    /// One JSON object, or one a line for streams, on stdout.
    #[arg(long, global = true)]
    pub json: bool,
    /// `es` or `en`; otherwise the settings', otherwise the system's.
    #[arg(long, global = true, value_name = "es|en", value_parser = ["es", "en"])]
    pub lang: Option<String>,
}

/// The surroundings of a subcommand.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The device as the person named it; [`crate::engine::devices`] resolves it.
    pub device: String,
    /// Whether stdout holds JSON.
    pub json: bool,
}

impl Shared {
    /// Writes one JSON object as a line on stdout and flushes it.
    ///
    /// # Errors
    /// Those of writing to stdout.
    pub fn print_json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_string(value)?;
        line.push('\n');
        self.print_text(&line)
    }

    /// Writes text as it is on stdout and flushes it.
    ///
    /// # Errors
    /// Those of writing to stdout.
    pub fn print_text(&self, text: &str) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(CliError::Stdout)?;
        Ok(())
    }
}
