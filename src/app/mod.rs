//! The window: navigation, theme, settings, status bar, messages and the pump of the engine's events.
//!
//! Start reading at [`TelarApp`]: in every frame `logic` drains what the engine has to say, `ui` draws, and what was
//! asked for while drawing is carried out afterwards.

mod contents;
pub(crate) mod frames;
mod keys;
mod memory;
mod messages;
mod models;
mod navigation;
mod pump;
pub(crate) mod scratch;
mod search;
pub mod settings;
mod shell;
mod status;
pub mod tour;

pub use shell::{Options, TelarApp};

use std::sync::Arc;

use anyhow::anyhow;

use crate::data::Home;
use crate::engine::EngineError;
use crate::widgets::{mark, theme};

/// What the command line says about the window.
#[derive(Clone, Debug)]
pub struct Start {
    /// The device as the person named it: `auto`, `cpu`, `cuda`, `cuda:N`.
    pub device: String,
    /// `es` or `en`.
    pub language: &'static str,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// Where no window can be opened.
pub fn run(start: Start) -> anyhow::Result<()> {
    let home = Home::locate()?;
    if let Err(error) = crate::engine::log::start(&home.logs()) {
        // The window says the same of the settings; without a log the work goes on.
        eprintln!("{error}");
    }
    let mut options = Options::open(home, start.language);
    if start.device != "auto" {
        options.device = Some(start.device);
    }
    let viewport = viewport(&options.settings.window);
    open(viewport, move |context| Ok(Box::new(TelarApp::new(&context.egui_ctx, options)?)))
}

/// Opens a window for an app and returns when it is closed.
pub(crate) fn open(
    viewport: egui::ViewportBuilder,
    app: impl FnOnce(&eframe::CreationContext<'_>) -> Result<Box<dyn eframe::App>, EngineError>,
) -> anyhow::Result<()> {
    memory::keep_pages();
    let native = eframe::NativeOptions { viewport, ..Default::default() };
    eframe::run_native("telar", native, Box::new(|context| Ok(app(context)?)))
        .map_err(|error| anyhow!(rust_i18n::t!("app.no_window", reason = error).into_owned()))
}

/// The window before anything is drawn in it.
pub(crate) fn viewport(size: &settings::WindowSize) -> egui::ViewportBuilder {
    const SIDE: usize = 128;
    let icon = mark::pixels(SIDE, theme::PAPER.paper, theme::PAPER.ink_soft, theme::PAPER.accent);
    egui::ViewportBuilder::default()
        .with_title("Telar")
        .with_app_id("telar")
        .with_inner_size([size.width, size.height])
        .with_min_inner_size([480.0, 360.0])
        .with_maximized(size.maximized)
        .with_icon(Arc::new(egui::IconData { rgba: icon, width: SIDE as u32, height: SIDE as u32 }))
}
