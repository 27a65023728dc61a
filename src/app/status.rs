//! The status bar: the model that every page looks at, the device it is computed on, and the work in progress.

use egui::{Align, Frame, Label, Layout, Margin, Panel as Bar, Response, RichText, Sense, Ui, Vec2, WidgetInfo};
use egui_material_icons::icons;
use rust_i18n::t;

use super::models::{ModelSwitch, model_menu_ui};
use crate::engine::{Command, JobId, TrainControl};
use crate::panels::{LoadingNow, Shared, TrainingNow, device_label};
use crate::widgets::controls::{icon, icon_button};
use crate::widgets::number;
use crate::widgets::theme::{Theme, mono, size, space, text};

/// Height of the bar, in points.
pub const HEIGHT: f32 = 38.0;
/// Below this width the sentence on the device is shown on hover alone.
const NARROW: f32 = 1000.0;

/// A download in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DownloadNow {
    /// Its job.
    pub job: JobId,
    /// Bytes that have arrived.
    pub done: u64,
    /// Bytes in all, where that is known.
    pub total: Option<u64>,
}

/// Draws the bar. Returns whether a folder is to be chosen as the model.
pub fn status_ui(ui: &mut Ui, shared: &mut Shared, switch: &ModelSwitch, download: Option<DownloadNow>) -> bool {
    let theme = Theme::here(ui);
    let frame = Frame::new().fill(theme.margin).inner_margin(Margin::symmetric(space::S as i8, 0));
    let bar = Bar::bottom("status").resizable(false).frame(frame).exact_size(HEIGHT);
    let drawn = bar.show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        // The work comes first from the right, so that the sentence on the device gets the room that is left.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(now) = shared.training.clone() {
                training_ui(ui, &now, shared);
            } else if let Some(now) = &shared.loading {
                loading_ui(ui, now, shared);
            } else if let Some(now) = download {
                download_ui(ui, now, shared);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let pick_folder = model_menu_ui(ui, shared, switch);
                dot(ui);
                device_ui(ui, shared);
                pick_folder
            })
            .inner
        })
        .inner
    });
    drawn.inner
}

fn dot(ui: &mut Ui) {
    let ink = Theme::here(ui).ink_soft;
    ui.add(Label::new(RichText::new("·").color(ink)).selectable(false));
}

/// The device in use, and where it is only the processor, a sentence on why.
fn device_ui(ui: &mut Ui, shared: &Shared) {
    let theme = Theme::here(ui);
    let Some(found) = &shared.devices else {
        small(ui, t!("app.device.looking"));
        return;
    };
    let in_use = shared.device.as_deref().unwrap_or(&found.default);
    let name = found.devices.iter().find(|device| device.id == in_use).map_or(in_use.to_owned(), device_label);
    ui.add(Label::new(icon(icons::ICON_MEMORY.codepoint, size::READ).color(theme.ink_soft)).selectable(false));
    let label = ui.add(Label::new(RichText::new(name).font(text(size::SMALL)).color(theme.ink)).sense(Sense::hover()));
    let all = || {
        let names = found.devices.iter().map(device_label);
        names.chain(found.notes.iter().cloned()).collect::<Vec<_>>().join("\n")
    };
    label.on_hover_ui(|ui| {
        ui.set_max_width(420.0);
        ui.label(all());
    });
    if in_use == "cpu"
        && let Some(note) = found.notes.first()
        && ui.ctx().content_rect().width() >= NARROW
    {
        let words = RichText::new(note).font(text(size::SMALL)).color(theme.ink_soft);
        ui.add(Label::new(words).truncate());
    }
}

/// The training job: how far it is, and how to steer it. Drawn from right to left.
fn training_ui(ui: &mut Ui, now: &TrainingNow, shared: &mut Shared) {
    let control = |shared: &Shared, control| shared.engine.send(Command::Control(now.job, control));
    if icon_button(ui, icons::ICON_STOP_CIRCLE.codepoint, t!("app.job.stop")).clicked() {
        control(shared, TrainControl::Stop);
    }
    let (glyph, name, wish) = if now.paused {
        (icons::ICON_PLAY_ARROW, t!("app.job.resume"), TrainControl::Resume)
    } else {
        (icons::ICON_PAUSE, t!("app.job.pause"), TrainControl::Pause)
    };
    if icon_button(ui, glyph.codepoint, name).clicked() {
        control(shared, wish);
    }
    let share = now.step as f32 / now.total.max(1) as f32;
    let steps = format!("{} / {}", number::grouped(now.step as i64), number::grouped(now.total as i64));
    let words = match (now.paused, now.seconds_left) {
        (true, _) => t!("app.job.paused", steps = steps),
        (false, Some(left)) => t!("app.job.training_left", steps = steps, left = number::duration(left)),
        (false, None) => t!("app.job.training", steps = steps),
    };
    let line = work_ui(ui, share, &words);
    let line = match &now.run {
        Some(run) => line.on_hover_text(t!("app.job.run", run = run)),
        None => line,
    };
    if line.interact(Sense::click()).clicked() {
        shared.ask(crate::panels::Intent::Open(crate::panels::PanelId::Training));
    }
}

fn download_ui(ui: &mut Ui, now: DownloadNow, shared: &Shared) {
    if icon_button(ui, icons::ICON_CLOSE.codepoint, t!("app.job.cancel")).clicked() {
        shared.engine.send(Command::Cancel(now.job));
    }
    let done = number::bytes(now.done);
    let (share, words) = match now.total {
        Some(total) => {
            let words = t!("app.job.download_of", done = done, total = number::bytes(total));
            (now.done as f32 / total.max(1) as f32, words)
        }
        None => (0.0, t!("app.job.download", done = done)),
    };
    work_ui(ui, share, &words);
}

/// How much of another model has been read.
fn loading_ui(ui: &mut Ui, now: &LoadingNow, shared: &Shared) {
    if icon_button(ui, icons::ICON_CLOSE.codepoint, t!("app.job.cancel_loading")).clicked() {
        shared.engine.send(Command::Cancel(now.job));
    }
    let words = t!("app.job.loading", done = number::bytes(now.done), total = number::bytes(now.total));
    work_ui(ui, now.done as f32 / now.total.max(1) as f32, &words);
}

/// A short bar with words beside it.
fn work_ui(ui: &mut Ui, share: f32, words: &str) -> Response {
    let theme = Theme::here(ui);
    let label = ui.add(Label::new(RichText::new(words).font(mono(size::SMALL)).color(theme.ink)).sense(Sense::hover()));
    let (rect, bar) = ui.allocate_exact_size(Vec2::new(110.0, 6.0), Sense::hover());
    ui.painter().rect_filled(rect, 3.0, theme.line);
    let mut done = rect;
    done.set_width(rect.width() * share.clamp(0.0, 1.0));
    ui.painter().rect_filled(done, 3.0, theme.accent);
    let enabled = ui.is_enabled();
    bar.widget_info(|| {
        let role = egui::accesskit::Role::ProgressIndicator;
        let mut info = WidgetInfo::labeled(role, enabled, t!("app.job.progress"));
        info.value = Some(f64::from(share * 100.0).floor());
        info
    });
    label.union(bar)
}

fn small(ui: &mut Ui, words: impl Into<String>) {
    let ink = Theme::here(ui).ink_soft;
    ui.add(Label::new(RichText::new(words).font(text(size::SMALL)).color(ink)).truncate());
}
