//! The window: navigation, theme, settings, status bar, messages and the pump of the engine's events.

/// What the command line says about the window.
#[derive(Clone, Debug)]
pub struct Start {
    /// The device as the person named it: `auto`, `cpu`, `cuda`, `cuda:N`.
    pub device: String,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// Where no window can be opened.
pub fn run(_start: Start) -> anyhow::Result<()> {
    Ok(())
}
