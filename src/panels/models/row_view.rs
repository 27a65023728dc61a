//! Draws one model: what it is, what it takes, and what can be done with it.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align, Align2, Color32, FontId, Galley, Label, Layout, Rect, RichText, Role, Sense, Stroke, TextFormat, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;
use rust_i18n::t;

use super::Act;
use super::desk::{Desk, Download};
use super::rows::{Row, Source, State};
use crate::panels::{LoadingNow, Shared};
use crate::widgets::controls::{icon, icon_button, note, progress_line, quiet_button};
use crate::widgets::number;
use crate::widgets::theme::{self, Theme, size, space};

/// Height of a row with one line on what the model is, in points.
const ROW: f32 = 52.0;
/// Where these lines begin.
const ABOUT: f32 = 28.0;
/// Room of the sign before the name.
const SIGN: f32 = 34.0;
/// Width of the bar below the memory.
const BAR: f32 = 92.0;

/// Where the columns begin, measured from the left; those that there is no room for have no width.
pub(super) struct Columns {
    width: f32,
    language: f32,
    licence: f32,
    bytes: f32,
    memory: f32,
    actions: f32,
}

impl Columns {
    /// The columns of a table of this width.
    pub fn of(width: f32) -> Self {
        let shown = |from: f32, wide: f32| if width >= from { wide } else { 0.0 };
        Self {
            width,
            language: shown(760.0, 92.0),
            licence: shown(880.0, 132.0),
            bytes: shown(620.0, 92.0),
            memory: shown(560.0, 116.0),
            actions: if width < 480.0 { 150.0 } else { 190.0 },
        }
    }

    fn name(&self) -> f32 {
        (self.width - self.language - self.licence - self.bytes - self.memory - self.actions).max(120.0)
    }
}

/// The names of the columns.
pub(super) fn heads_ui(ui: &mut Ui, columns: &Columns) {
    let ink = Theme::here(ui).ink_soft;
    let (rect, _) = ui.allocate_exact_size(vec2(columns.width, 18.0), Sense::hover());
    let mut x = rect.left() + columns.name();
    for (width, name) in [
        (columns.language, t!("models.head.language")),
        (columns.licence, t!("models.head.licence")),
        (columns.bytes, t!("models.head.bytes")),
        (columns.memory, t!("models.head.memory")),
    ] {
        if width > 0.0 {
            ui.painter().text(pos2(x, rect.center().y), Align2::LEFT_CENTER, name, theme::text(size::SMALL), ink);
        }
        x += width;
    }
}

/// One model.
pub(super) fn row_ui(
    ui: &mut Ui,
    row: &Row,
    columns: &Columns,
    desk: &Desk,
    doomed: Option<&str>,
    shared: &Shared,
    acts: &mut Vec<Act>,
) {
    let repository = match &row.source {
        Source::Hub(repository) => Some(repository.as_str()),
        _ => None,
    };
    let download = repository.and_then(|repository| desk.progress(repository));
    if let Some(repository) = repository.filter(|repository| doomed == Some(repository) && !row.found) {
        confirmation(ui, row, repository, acts);
        return;
    }
    let room = columns.name() - SIGN - space::M;
    let about = about_galley(ui, room, row);
    let height = ROW.max((ABOUT + about.size().y + space::S).ceil());
    let (rect, response) = ui.allocate_exact_size(vec2(columns.width, height), Sense::hover());
    let storage = shared.preferences.storage;
    let memory = row.weight.map(|weight| weight.memory(storage));
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, enabled, spoken(row, memory)));
    sign_ui(ui, rect, row, shared);
    let loading = loading_of(row, shared);
    let name = Rect::from_min_size(rect.min + vec2(SIGN, 0.0), vec2(room, height));
    title_ui(ui, name, row);
    match (download, loading) {
        (Some(download), _) => progress_ui(ui, wide(rect, columns), downloading(download)),
        (None, Some(now)) => progress_ui(ui, wide(rect, columns), reading(now)),
        (None, None) => {
            ui.painter().galley(name.min + vec2(0.0, ABOUT), about, Theme::here(ui).ink_soft);
            figures_ui(ui, rect, row, columns, memory, shared);
        }
    }
    let actions = Rect::from_min_max(pos2(rect.right() - columns.actions, rect.top()), rect.max);
    let builder = UiBuilder::new().max_rect(actions).layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(builder, |ui| match (download, loading) {
        (Some(download), _) => {
            let label = t!("models.cancel", name = row.title);
            if icon_button(ui, icons::ICON_CLOSE.codepoint, label).clicked() {
                acts.push(Act::Cancel(download.job));
            }
        }
        (None, Some(now)) => {
            if icon_button(ui, icons::ICON_CLOSE.codepoint, t!("app.job.cancel_loading")).clicked() {
                acts.push(Act::Cancel(now.job));
            }
        }
        (None, None) => actions_ui(ui, row, shared, acts),
    });
    if let Some(failure) = repository.and_then(|repository| desk.failures.get(repository)) {
        ui.horizontal(|ui| {
            ui.add_space(SIGN);
            sentence(ui, Theme::here(ui).bad, failure);
        });
        ui.add_space(space::S);
    }
}

/// The room of a row without sign and actions.
fn wide(rect: Rect, columns: &Columns) -> Rect {
    let right = rect.right() - columns.actions;
    Rect::from_min_max(pos2(rect.left() + SIGN, rect.top() + 26.0), pos2(right, rect.bottom() - 6.0))
}

/// How far *the* next model is, where it is this one.
fn loading_of<'a>(row: &Row, shared: &'a Shared) -> Option<&'a LoadingNow> {
    let State::Here(model) = &row.state else { return None };
    shared.loading.as_ref().filter(|now| now.model == *model)
}

fn sign_ui(ui: &Ui, rect: Rect, row: &Row, shared: &Shared) {
    let theme = Theme::here(ui);
    let mine = matches!(&row.state, State::Here(model) if *model == shared.model_ref);
    let (glyph, ink) = match &row.state {
        State::Here(_) if mine => (icons::ICON_CHECK_CIRCLE, theme.accent),
        State::Here(_) => (icons::ICON_DEPLOYED_CODE, theme.ink_soft),
        State::Absent => (icons::ICON_CLOUD, theme.ink_soft),
        State::Unfinished { .. } => (icons::ICON_DOWNLOADING, theme.warn),
        State::Closed(_) => (icons::ICON_BLOCK, theme.ink_soft),
    };
    let font = FontId::new(size::TITLE, egui::FontFamily::Name(egui_material_icons::FONT_FAMILY.into()));
    ui.painter().text(pos2(rect.left() + 2.0, rect.center().y), Align2::LEFT_CENTER, glyph.codepoint, font, ink);
}

/// The name, with the number of its values beside it.
fn title_ui(ui: &Ui, rect: Rect, row: &Row) {
    let theme = Theme::here(ui);
    let mut job = one_line(rect.width());
    job.append(&row.title, 0.0, format(theme::strong(size::BODY), theme.ink));
    if let Some(parameters) = row.parameters {
        job.append(&number::parameters(parameters), space::S, format(theme::mono(size::SMALL), theme.ink_soft));
    }
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(rect.min + vec2(0.0, 8.0), galley, theme.ink);
}

/// What a model is, in two lines at most.
fn about_galley(ui: &Ui, width: f32, row: &Row) -> Arc<Galley> {
    let wrap = TextWrapping { max_width: width, max_rows: 2, ..TextWrapping::default() };
    let mut job = LayoutJob { wrap, ..LayoutJob::default() };
    job.append(&row.about, 0.0, format(theme::text(size::SMALL), Theme::here(ui).ink_soft));
    ui.painter().layout_job(job)
}

fn one_line(width: f32) -> LayoutJob {
    let wrap = TextWrapping { max_width: width, max_rows: 1, break_anywhere: true, ..TextWrapping::default() };
    LayoutJob { wrap, ..LayoutJob::default() }
}

fn format(font: FontId, color: Color32) -> TextFormat {
    TextFormat { font_id: font, color, valign: Align::Center, ..TextFormat::default() }
}

/// Language, licence, size, and memory with the share of what is free.
fn figures_ui(ui: &Ui, rect: Rect, row: &Row, columns: &Columns, memory: Option<u64>, shared: &Shared) {
    let theme = Theme::here(ui);
    let mut x = rect.left() + columns.name();
    let middle = rect.center().y;
    let words = |x: f32, y: f32, width: f32, words: &str| {
        let mut job = one_line(width - space::S);
        job.append(words, 0.0, format(theme::text(size::BODY), theme.ink));
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(pos2(x, y - galley.size().y / 2.0), galley, theme.ink);
    };
    for (width, text) in [
        (columns.language, row.language.clone()),
        (columns.licence, row.licence.clone()),
        (columns.bytes, size_words(row)),
    ] {
        if width > 0.0 {
            words(x, middle, width, if text.is_empty() { "—" } else { &text });
        }
        x += width;
    }
    if columns.memory <= 0.0 {
        return;
    }
    let Some(needed) = memory else {
        words(x, middle, columns.memory, "—");
        return;
    };
    let free = shared.library.as_ref().and_then(|library| library.memory);
    words(x, middle - if free.is_some() { 4.0 } else { 0.0 }, columns.memory, &number::bytes(needed));
    let Some(free) = free else { return };
    let rail = Rect::from_min_size(pos2(x, middle + 9.0), vec2(BAR, 3.0));
    let share = (needed as f32 / free.max(1) as f32).min(1.0);
    let ink = if needed > free { theme.bad } else { theme.accent };
    ui.painter().rect_filled(rail, 1.5, theme.line);
    ui.painter().rect_filled(Rect::from_min_size(rail.min, vec2((BAR * share).max(2.0), 3.0)), 1.5, ink);
    let room = Rect::from_min_size(pos2(x, rect.top()), vec2(BAR, rect.height()));
    let hover = ui.interact(room, ui.scope_id().with("memory"), Sense::hover());
    hover.on_hover_text(t!("models.memory_hover", needed = number::bytes(needed), free = number::bytes(free)));
}

fn size_words(row: &Row) -> String {
    match row.bytes {
        Some(bytes @ 0..1_000_000_000) if row.about_bytes => format!("≈ {:.0} MB", bytes as f64 / 1e6),
        Some(bytes) if row.about_bytes => format!("≈ {}", number::bytes(bytes)),
        Some(bytes) => number::bytes(bytes),
        None => String::new(),
    }
}

fn progress_ui(ui: &mut Ui, rect: Rect, (share, words): (Option<f32>, String)) {
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::Min)), |ui| {
        progress_line(ui, share, words);
    });
}

/// How far a download is, in a line.
fn downloading(download: &Download) -> (Option<f32>, String) {
    let now = &download.progress;
    if !download.begun {
        return (None, t!("models.queued").into_owned());
    }
    let share = now.total.map(|total| now.done as f32 / total.max(1) as f32);
    if let Some(seconds) = now.waiting {
        return (share, t!("models.waiting", time = number::duration(seconds.ceil())).into_owned());
    }
    let Some(total) = now.total else { return (None, t!("models.asking").into_owned()) };
    let mut words = t!("models.arrived", done = number::bytes(now.done), total = number::bytes(total)).into_owned();
    if let Some(rate) = now.rate {
        words = format!("{words} · {}/s", number::bytes(rate as u64));
    }
    if let Some(left) = now.seconds_left {
        words = format!("{words} · {}", t!("models.left", time = number::duration(left)));
    }
    (share, words)
}

fn reading(now: &LoadingNow) -> (Option<f32>, String) {
    let words = t!("app.job.loading", done = number::bytes(now.done), total = number::bytes(now.total));
    (Some(now.done as f32 / now.total.max(1) as f32), words.into_owned())
}

/// What can be done with a model; drawn from right to left.
fn actions_ui(ui: &mut Ui, row: &Row, shared: &Shared, acts: &mut Vec<Act>) {
    let name = &row.title;
    match (&row.source, &row.state) {
        (_, State::Here(model)) if *model == shared.model_ref => {
            let theme = Theme::here(ui);
            ui.add(Label::new(RichText::new(t!("models.in_use")).font(theme::strong(size::BODY)).color(theme.accent)));
        }
        (_, State::Here(model)) => {
            let button = quiet_button(ui, "", t!("models.use"));
            if button.accessible_name(t!("models.use_name", name = name)).clicked() {
                acts.push(Act::Use(model.clone()));
            }
        }
        (Source::Hub(repository), State::Absent) => {
            let button = quiet_button(ui, icons::ICON_DOWNLOAD.codepoint, t!("models.download"));
            if button.accessible_name(t!("models.download_name", name = name)).clicked() {
                acts.push(Act::Download(repository.clone()));
            }
        }
        (Source::Hub(repository), State::Unfinished { done, total }) => {
            let button = quiet_button(ui, icons::ICON_DOWNLOAD.codepoint, t!("models.resume"));
            let arrived = t!("models.arrived", done = number::bytes(*done), total = number::bytes(*total));
            let button = button.on_hover_text(arrived);
            if button.accessible_name(t!("models.resume_name", name = name)).clicked() {
                acts.push(Act::Download(repository.clone()));
            }
        }
        (_, State::Closed(family)) => {
            note(ui, t!("models.closed", family = family));
        }
        _ => {}
    }
    // Left of it, so that the buttons of all rows stand in line at the right edge.
    match (&row.source, &row.state) {
        (Source::Hub(repository), State::Here(_) | State::Unfinished { .. }) if !row.found => {
            let label = t!("models.delete", name = name);
            if icon_button(ui, icons::ICON_DELETE.codepoint, label).clicked() {
                acts.push(Act::AskToDelete(Some(repository.clone())));
            }
        }
        (Source::Folder(path), _) => {
            let label = t!("models.forget", name = name);
            if icon_button(ui, icons::ICON_CLOSE.codepoint, label).clicked() {
                acts.push(Act::Forget(path.clone()));
            }
        }
        _ => {}
    }
}

/// The question before a model is deleted, in the place of its row.
fn confirmation(ui: &mut Ui, row: &Row, repository: &str, acts: &mut Vec<Act>) {
    let theme = Theme::here(ui);
    let bytes = match row.state {
        State::Unfinished { done, .. } => done,
        _ => row.bytes.unwrap_or(0),
    };
    ui.allocate_ui_with_layout(vec2(ui.available_width(), ROW), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_height(ROW);
        ui.add(Label::new(icon(icons::ICON_DELETE.codepoint, size::TITLE).color(theme.bad)).selectable(false));
        let question = t!("models.delete_question", name = row.title, bytes = number::bytes(bytes));
        ui.add(Label::new(RichText::new(question).font(theme::text(size::BODY)).color(theme.ink)));
        ui.visuals_mut().override_text_color = Some(theme.bad);
        let delete = quiet_button(ui, "", t!("models.delete_now"));
        ui.visuals_mut().override_text_color = None;
        if delete.clicked() {
            acts.push(Act::Delete(repository.to_owned()));
        }
        if quiet_button(ui, "", t!("models.keep")).clicked() || ui.input(|input| input.key_pressed(egui::Key::Escape)) {
            acts.push(Act::AskToDelete(None));
        }
    });
}

/// The row for a screen reader.
fn spoken(row: &Row, memory: Option<u64>) -> String {
    let mut parts = vec![row.title.clone(), row.about.clone()];
    parts.extend([&row.language, &row.licence].into_iter().filter(|part| !part.is_empty()).cloned());
    if row.bytes.is_some() {
        parts.push(size_words(row));
    }
    if let Some(memory) = memory {
        parts.push(format!("{} {}", t!("models.head.memory"), number::bytes(memory)));
    }
    parts.push(match &row.state {
        State::Here(_) => t!("models.here").into_owned(),
        State::Absent => t!("models.absent").into_owned(),
        State::Unfinished { .. } => t!("models.unfinished").into_owned(),
        State::Closed(family) => t!("models.closed", family = family).into_owned(),
    });
    parts.join(". ")
}

/// A sentence that something went wrong, with a bar in its colour beside it.
pub(super) fn sentence(ui: &mut Ui, color: Color32, words: &str) {
    let shown = ui.horizontal(|ui| {
        ui.add_space(space::S);
        ui.add(Label::new(RichText::new(words).font(theme::text(size::BODY)).color(color)).wrap())
    });
    let rect = shown.response.rect;
    ui.painter().vline(rect.left() + 1.0, rect.y_range(), Stroke::new(2.0, color));
}
