//! What the window remembers: settings and the course's progress, written while it is open and when it closes.

use std::time::Duration;

use egui::Context;
use rust_i18n::t;

use super::TelarApp;
use crate::app::settings::WindowSize;
use crate::engine::ModelRef;
use crate::hub::builtin_for;
use crate::panels::Tone;

/// How often what is to be remembered is compared with what is on disk, in seconds.
const REMEMBER_EVERY: f64 = 2.0;

impl TelarApp {
    /// Has what is to be remembered written from time to time, and says so once if that fails.
    pub(super) fn remember(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        if now - self.remembered_at >= REMEMBER_EVERY {
            self.remembered_at = now;
            self.collect();
            self.collect_size(ctx);
            let settings = self.settings.clone();
            self.keeper.keep(&settings);
            self.progress.keep(self.shared.learning.progress.to_text());
        } else if ctx.input(|input| !input.events.is_empty()) {
            let left = REMEMBER_EVERY - (now - self.remembered_at);
            ctx.request_repaint_after(Duration::from_secs_f64(left.max(0.0) + 0.05));
        }
        if let Some(sentence) = self.keeper.failure() {
            self.messages.add(Tone::Note, sentence);
        }
        if let Some(error) = self.progress.failure() {
            let path = self.progress.path().display();
            self.messages.add(Tone::Note, t!("course.progress.unwritable", path = path, reason = error).into_owned());
        }
    }

    /// Gathers what is to be remembered into the settings.
    fn collect(&mut self) {
        self.settings.page = Some(self.page);
        let usual = builtin_for(self.shared.language);
        let model = Some(self.shared.model_ref.clone());
        self.settings.model = model.filter(|model| *model != usual && *model != ModelRef::Live);
        for panel in &self.panels {
            let table = panel.remember();
            if !table.is_empty() {
                self.settings.panels.insert(panel.id().name().to_owned(), table);
            }
        }
    }

    fn collect_size(&mut self, ctx: &Context) {
        // Asked before: the input is locked while it is read.
        let zoom = ctx.zoom_factor();
        ctx.input(|input| {
            let viewport = input.viewport();
            let window = &mut self.settings.window;
            if let Some(maximized) = viewport.maximized {
                window.maximized = maximized;
            }
            if let (Some(rect), false) = (viewport.inner_rect, window.maximized) {
                // In points of the system: the app's own scale is no part of the window's size.
                let size = rect.size() * zoom;
                *window = WindowSize { width: size.x.round(), height: size.y.round(), maximized: false };
            }
        });
    }
}

impl Drop for TelarApp {
    /// What was typed last is remembered too; the keeper waits until it is on disk.
    fn drop(&mut self) {
        self.collect();
        let settings = self.settings.clone();
        self.keeper.keep(&settings);
        self.progress.keep(self.shared.learning.progress.to_text());
    }
}
