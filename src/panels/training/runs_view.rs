//! Draws the list of runs: what each was, and what can be done with it. Deleting asks first, in the row itself.

use std::time::{SystemTime, UNIX_EPOCH};

use egui::{Align2, DragValue, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::{ICON_DELETE, ICON_HISTORY};
use rust_i18n::t;

use super::parts::sentence;
use super::{Act, Side, Training, figure_view};
use crate::data::{self, CorpusRef};
use crate::engine::ModelRef;
use crate::panels::Shared;
use crate::train::RunSummary;
use crate::widgets::controls::{empty_state, icon_button, note, quiet_button};
use crate::widgets::number;
use crate::widgets::theme::{self, RADIUS, Theme, size, space};

/// Height of a run's row, in points.
const ROW: f32 = 48.0;

impl Training {
    pub(super) fn runs_ui(&mut self, ui: &mut Ui, shared: &Shared, acts: &mut Vec<Act>) {
        if let Some(error) = &self.runs.error {
            sentence(ui, Theme::here(ui).bad, error);
        }
        if shared.runs.is_empty() {
            if empty_state(ui, ICON_HISTORY.codepoint, t!("training.no_runs"), t!("training.first_run")) {
                self.side = Side::New;
            }
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        ScrollArea::vertical().id_salt("runs").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            for run in &shared.runs {
                self.run_ui(ui, run, now, acts);
            }
        });
    }

    fn run_ui(&mut self, ui: &mut Ui, run: &RunSummary, now: u64, acts: &mut Vec<Act>) {
        let opened = self.opened.as_ref().is_some_and(|opened| opened.run.as_ref() == Some(&run.id));
        let training = self.in_progress() && self.live.as_ref().is_some_and(|l| l.record.run.as_ref() == Some(&run.id));
        if self.runs.doomed.as_ref() == Some(&run.id) {
            confirmation(ui, run, acts);
            return;
        }
        if row(ui, run, opened, training, now).clicked() {
            acts.push(Act::OpenRun(run.id.clone()));
        }
        if opened && !training {
            self.actions_ui(ui, run, acts);
        }
    }

    /// What can be done with the opened run.
    fn actions_ui(&mut self, ui: &mut Ui, run: &RunSummary, acts: &mut Vec<Act>) {
        note(ui, settings_line(run));
        ui.horizontal(|ui| {
            if quiet_button(ui, "", t!("training.use_model")).clicked() {
                acts.push(Act::Use(ModelRef::Run(run.id.clone())));
            }
            if icon_button(ui, ICON_DELETE.codepoint, t!("training.delete_run", run = run.id)).clicked() {
                acts.push(Act::AskToDelete(Some(run.id.clone())));
            }
        });
        ui.horizontal(|ui| {
            let busy = self.in_progress();
            let more = self.runs.more_steps;
            let button = ui.add_enabled_ui(!busy, |ui| quiet_button(ui, "", t!("training.go_on"))).inner;
            if button.on_disabled_hover_text(t!("training.busy")).clicked() {
                acts.push(Act::ContinueRun(run.id.clone(), run.step + more));
            }
            let field = DragValue::new(&mut self.runs.more_steps).range(1..=10_000_000);
            ui.add(field.speed((more as f64 / 100.0).max(1.0))).accessible_name(t!("training.more_steps_name"));
            note(ui, t!("training.more_steps"));
        });
        ui.add_space(space::S);
    }
}

/// One run: preset and text; step, loss and age below.
fn row(ui: &mut Ui, run: &RunSummary, opened: bool, training: bool, now: u64) -> Response {
    let theme = Theme::here(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width() - space::S, ROW), Sense::click());
    let title = format!("{} · {}", run.spec.preset.name(), title(&run.spec.corpus));
    let loss = run.loss.map_or_else(|| "—".to_owned(), |loss| format!("{loss:.2}"));
    let age = if training { t!("training.in_training").into_owned() } else { number::ago(run.created, now) };
    let (step, steps) = (number::grouped(run.step as i64), number::grouped(run.spec.settings.steps as i64));
    let below = t!("training.run_line", step = step, steps = steps, loss = loss, age = age);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, opened, format!("{title}. {below}")));
    let painter = ui.painter_at(rect);
    if opened || response.hovered() || response.has_focus() {
        painter.rect_filled(rect, RADIUS, if opened { theme.accent_soft } else { theme.margin });
    }
    if response.has_focus() {
        painter.rect_stroke(rect, RADIUS, Stroke::new(1.5, theme.accent), StrokeKind::Inside);
    }
    let ink = if opened { theme.accent } else { theme.ink };
    painter.text(rect.min + vec2(space::S, 6.0), Align2::LEFT_TOP, title, theme::strong(size::BODY), ink);
    let soft = if opened { theme.ink } else { theme.ink_soft };
    painter.text(rect.min + vec2(space::S, 27.0), Align2::LEFT_TOP, below, theme::text(size::SMALL), soft);
    response.on_hover_text(&run.id)
}

/// The question before a run is deleted, in the place of its row.
fn confirmation(ui: &mut Ui, run: &RunSummary, acts: &mut Vec<Act>) {
    let theme = Theme::here(ui);
    sentence(ui, theme.ink, &t!("training.delete_question", run = run.id, step = number::grouped(run.step as i64)));
    ui.horizontal(|ui| {
        ui.visuals_mut().override_text_color = Some(theme.bad);
        if quiet_button(ui, ICON_DELETE.codepoint, t!("training.delete_now")).clicked() {
            acts.push(Act::Delete(run.id.clone()));
        }
        ui.visuals_mut().override_text_color = None;
        if quiet_button(ui, "", t!("training.keep")).clicked() {
            acts.push(Act::AskToDelete(None));
        }
    });
    ui.add_space(space::S);
}

/// A text's title, or its file's name.
pub(in crate::panels) fn title(corpus: &CorpusRef) -> String {
    match corpus {
        CorpusRef::Named(name) => data::entry(name).map_or_else(|_| name.clone(), data::CorpusEntry::title),
        CorpusRef::Path(path) => {
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
        }
    }
}

/// The settings that matter, in one line, and why the run ended.
fn settings_line(run: &RunSummary) -> String {
    let settings = &run.spec.settings;
    t!(
        "training.settings_line",
        state = figure_view::ended(run.ended),
        device = run.device.to_uppercase(),
        parameters = number::grouped(run.parameters as i64),
        batch = settings.batch_size,
        context = settings.context,
        lr = settings.lr,
        seed = settings.seed
    )
    .into_owned()
}
