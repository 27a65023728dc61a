//! How long from the program's start to the first picture of its window, and how much memory does it take then? As a
//! person meets it: a new process, an empty home, the shipped model loading behind.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::anyhow;
use serde::{Deserialize, Serialize};

use super::resident_bytes;
use crate::app::scratch::TemporaryFolder;
use crate::app::settings::WindowSize;
use crate::app::{self, Options, TelarApp};
use crate::data::Home;

/// The work that the new process is given: open the window once, say what is asked here, and close it.
pub(super) const ONCE: &str = "start/once";

/// What the new process says, one a line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// The first frame is on the screen.
    FirstFrame,
    /// The shipped model is loaded; bytes that the process has in memory, where the system tells.
    Ready(Option<u64>),
}

/// Seconds to the first frame and the resident bytes once the model is there, of so many starts.
///
/// # Errors
/// If the program cannot be started, or no window can be opened.
pub(super) fn measure(device: &str, language: &'static str, samples: usize) -> anyhow::Result<(Vec<f64>, Option<u64>)> {
    let (mut seconds, mut resident) = (Vec::with_capacity(samples), None);
    // The first start reads the program from disk; it counts for nothing.
    for sample in 0..=samples {
        let (first_frame, bytes) = start(device, language)?;
        if sample > 0 {
            seconds.push(first_frame);
            resident = resident.max(bytes);
        }
    }
    Ok((seconds, resident))
}

fn start(device: &str, language: &str) -> anyhow::Result<(f64, Option<u64>)> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.args(["bench", ONCE, "--device", device, "--lang", language]).stdout(Stdio::piped());
    let begin = Instant::now();
    let mut child = command.spawn()?;
    let output = child.stdout.take().ok_or_else(|| anyhow!(rust_i18n::t!("bench.no_start").into_owned()))?;
    let (mut first_frame, mut resident) = (None, None);
    for line in BufReader::new(output).lines() {
        match serde_json::from_str(&line?) {
            Ok(Word::FirstFrame) => first_frame = Some(begin.elapsed().as_secs_f64()),
            Ok(Word::Ready(bytes)) => resident = bytes,
            Err(_) => {}
        }
    }
    let status = child.wait()?;
    match first_frame {
        Some(seconds) if status.success() => Ok((seconds, resident)),
        // The process has said on stderr why.
        _ => Err(anyhow!(rust_i18n::t!("bench.no_start").into_owned())),
    }
}

/// What the new process does.
///
/// # Errors
/// If no window can be opened.
pub(super) fn once(device: &str, language: &'static str) -> anyhow::Result<()> {
    let folder = TemporaryFolder::create()?;
    let mut options = Options::open(Home::at(&folder.0), language);
    options.device = Some(device.to_owned());
    let viewport = app::viewport(&WindowSize::default());
    app::open(viewport, move |context| {
        let app = TelarApp::new(&context.egui_ctx, options)?;
        Ok(Box::new(Once { app, frames: 0, ready: false }))
    })
}

struct Once {
    app: TelarApp,
    frames: usize,
    ready: bool,
}

impl eframe::App for Once {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        // The second frame begins when the first one has been handed to the screen.
        if self.frames == 1 {
            say(&Word::FirstFrame);
        }
        self.frames += 1;
        if self.app.ready() && !self.ready {
            self.ready = true;
            say(&Word::Ready(resident_bytes()));
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        ctx.request_repaint();
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.app.clear_color(visuals)
    }
}

fn say(word: &Word) {
    if let Ok(line) = serde_json::to_string(word) {
        let mut out = std::io::stdout().lock();
        // Whoever started this process may have gone; then nobody wants to know.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_new_process_says_is_understood() {
        for word in [Word::FirstFrame, Word::Ready(Some(7)), Word::Ready(None)] {
            let line = serde_json::to_string(&word).unwrap();
            let back: Word = serde_json::from_str(&line).unwrap();
            assert_eq!(format!("{word:?}"), format!("{back:?}"));
        }
    }
}
