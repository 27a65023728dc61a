//! The map of the course: every section a knot on its chapter's thread, filled as far as it is done. A level chosen above it
//! marks the path; what is not on it is paler, and can be opened all the same.

use egui::{
    Align2, Button, Color32, Label, Pos2, Rect, Response, RichText, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::chapters::{Figure, FigureEntry, Stage};
use crate::course::{Level, Section, SectionId};
use crate::panels::course::header::chapter_name;
use crate::panels::{Intent, Shared};
use crate::widgets::controls::{icon, primary_button};
use crate::widgets::level;
use crate::widgets::theme::{RADIUS, Theme, mono, size, space, strong, text};

/// Radius of a knot, and from the middle of one to the next.
const KNOT: f32 = 15.0;
const STEP: f32 = 46.0;

/// The figure.
#[derive(Default)]
pub struct Path {
    /// Sections done, on the path, and in all.
    done: usize,
    on_path: usize,
    all: usize,
    level: String,
}

/// Its line in the registry; there is nothing to choose.
pub(super) const ENTRY: FigureEntry =
    FigureEntry { name: "path", make: |_| Box::new(Path::default()), parameters: &[], readings: &[] };

impl Figure for Path {
    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, _stage: &mut Stage) {
        ui.spacing_mut().item_spacing.y = space::M;
        self.count(shared);
        levels_ui(ui, shared);
        let course = shared.learning.course.clone();
        for chapter in course.chapters() {
            let sections: Vec<&Section> = course
                .ids()
                .iter()
                .filter(|id| id.chapter == chapter)
                .filter_map(|id| course.section(shared.language, *id))
                .collect();
            chapter_ui(ui, chapter, &sections, shared);
        }
        ui.add_space(space::S);
        self.next_ui(ui, shared);
    }

    fn describe(&self) -> String {
        t!("path.describe", level = self.level.as_str(), on_path = self.on_path, all = self.all, done = self.done)
            .into_owned()
    }
}

impl Path {
    fn count(&mut self, shared: &Shared) {
        let learning = &shared.learning;
        let on_path = |id: &&SectionId| learning.course.any(**id).is_some_and(|s| s.level <= learning.progress.path);
        self.all = learning.course.ids().len();
        self.on_path = learning.course.ids().iter().filter(on_path).count();
        self.done = learning.course.ids().iter().filter(on_path).filter(|id| learning.share(**id) >= 1.0).count();
        self.level = level::name(learning.progress.path);
    }

    /// Where one is, and the one thing to do next.
    fn next_ui(&self, ui: &mut Ui, shared: &mut Shared) {
        let theme = Theme::here(ui);
        let words = t!("path.done", done = self.done, on_path = self.on_path);
        ui.add(Label::new(RichText::new(words).font(text(size::BODY)).color(theme.ink_soft)).wrap());
        // From here one goes on to the next section, not to this one.
        let here = SectionId::new(0, 1);
        let next = match shared.learning.next_step() {
            Some(id) if id == here => shared.learning.neighbours(here).1,
            other => other,
        };
        let course = shared.learning.course.clone();
        if let Some(section) = next.and_then(|id| course.section(shared.language, id)) {
            let name = t!("path.go_on", id = section.id, title = section.title.as_str());
            if primary_button(ui, icons::ICON_ARROW_FORWARD.codepoint, name).clicked() {
                shared.ask(Intent::OpenSection(section.id));
            }
        }
    }
}

/// The three levels; the chosen one is the most that the path asks for.
fn levels_ui(ui: &mut Ui, shared: &mut Shared) {
    let theme = Theme::here(ui);
    let path = &mut shared.learning.progress.path;
    let row = ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        for one in Level::ALL {
            let (glyph, color) = level::sign(one, theme);
            let chosen = *path == one;
            let font = if chosen { strong(size::BODY) } else { text(size::BODY) };
            let words = RichText::new(level::name(one)).font(font).color(if chosen { color } else { theme.ink });
            let sign = icon(glyph, size::TITLE + 2.0).color(color);
            let line = if chosen { Stroke::new(2.0, color) } else { Stroke::new(1.0, theme.line) };
            let button = Button::new((sign, words)).gap(6.0).fill(theme.card).stroke(line).selected(chosen);
            let response = ui.add(button.corner_radius(RADIUS).min_size(vec2(0.0, 38.0)));
            let response = response.accessible_name(level::name(one));
            if response.on_hover_text(t!(format!("path.level.{}", one.name()))).clicked() {
                *path = one;
            }
        }
    });
    row.response.widget_info(|| WidgetInfo::labeled(Role::RadioGroup, true, t!("path.levels")));
    let about = t!(format!("path.level.{}", path.name()));
    ui.add(Label::new(RichText::new(about).font(text(size::BODY)).color(theme.ink_soft)).wrap());
}

/// A chapter's name with its thread.
fn chapter_ui(ui: &mut Ui, chapter: u8, sections: &[&Section], shared: &mut Shared) {
    let theme = Theme::here(ui);
    ui.horizontal(|ui| {
        let name = chapter_name(chapter, shared);
        ui.add(Label::new(RichText::new(name).font(strong(size::BODY)).color(theme.ink)));
        let (done, of) = shared.learning.of_chapter(chapter);
        let words = RichText::new(format!("{done} / {of}")).font(mono(size::SMALL)).color(theme.ink_soft);
        ui.add(Label::new(words)).on_hover_text(t!("path.of_chapter", done = done, of = of));
    });
    let course = shared.learning.course.clone();
    if let Some(chapter) = course.language(shared.language).chapters.get(&chapter) {
        let words = RichText::new(&chapter.text).font(text(size::SMALL)).color(theme.ink_soft);
        ui.add(Label::new(words).wrap());
    }
    let across = ((ui.available_width() / STEP).floor() as usize).max(1);
    let lines = sections.len().div_ceil(across).max(1);
    let whole = vec2(ui.available_width(), lines as f32 * STEP - (STEP - 2.0 * KNOT - 4.0));
    let (area, _) = ui.allocate_exact_size(whole, Sense::hover());
    let middle = |i: usize| {
        let (line, column) = (i / across, i % across);
        area.min + vec2(KNOT + 2.0 + column as f32 * STEP, KNOT + 2.0 + line as f32 * STEP)
    };
    for (i, pair) in sections.windows(2).enumerate() {
        thread(ui, middle(i), middle(i + 1), pair, shared);
    }
    for (i, section) in sections.iter().enumerate() {
        if knot_ui(ui, middle(i), section, shared).clicked() {
            shared.ask(Intent::OpenSection(section.id));
        }
    }
}

fn on_path(section: &Section, shared: &Shared) -> bool {
    section.level <= shared.learning.progress.path
}

/// The thread between two knots: thick where the path goes.
fn thread(ui: &Ui, from: Pos2, to: Pos2, pair: &[&Section], shared: &Shared) {
    let theme = Theme::here(ui);
    if (from.y - to.y).abs() > 1.0 {
        return;
    }
    let strong = pair.iter().all(|section| on_path(section, shared));
    let stroke = if strong { Stroke::new(3.0, theme.accent_soft) } else { Stroke::new(1.0, theme.line) };
    ui.painter().line_segment([from + vec2(KNOT, 0.0), to - vec2(KNOT, 0.0)], stroke);
}

/// A section: its number in the colour of its level, in a disc that fills as far as it is done.
fn knot_ui(ui: &Ui, center: Pos2, section: &Section, shared: &Shared) -> Response {
    let theme = Theme::here(ui);
    let rect = Rect::from_center_size(center, Vec2::splat(2.0 * KNOT));
    let response = ui.interact(rect, ui.scope_id().with(("knot", section.id)), Sense::click());
    let share = shared.learning.share(section.id);
    let title = format!("{} {}", section.id, section.title);
    let spoken =
        t!("app.section", title = title, level = level::name(section.level), percent = (share * 100.0).floor());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &*spoken));
    let (_, color) = level::sign(section.level, theme);
    let path = on_path(section, shared);
    let line = if path { color } else { theme.line };
    let painter = ui.painter();
    let lively = response.hovered() || response.has_focus();
    let ground = if lively { theme.accent_soft } else { theme.card };
    painter.circle(center, KNOT, ground, Stroke::new(if path { 2.0 } else { 1.0 }, line));
    let done = share >= 1.0;
    if done {
        painter.circle_filled(center, KNOT - 3.0, color);
    } else if share > 0.0 {
        fill(ui, center, share, color.gamma_multiply(0.35));
    }
    if response.has_focus() {
        painter.circle_stroke(center, KNOT + 3.0, Stroke::new(1.5, theme.ink));
    }
    let ink = match (done, path) {
        (true, _) => theme.ink_on(color),
        (false, true) => theme.ink,
        (false, false) => theme.ink_soft,
    };
    let number = section.id.number.to_string();
    painter.text(center, Align2::CENTER_CENTER, number, strong(size::BODY), ink);
    response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_ui(|ui| {
        ui.set_max_width(320.0);
        ui.label(RichText::new(&title).font(strong(size::BODY)));
        ui.label(&section.question);
        level::level_ui(ui, section.level, true);
    })
}

/// The lower part of a disc, as much of its height as the share.
fn fill(ui: &Ui, center: Pos2, share: f32, color: Color32) {
    let radius = KNOT - 3.0;
    let top = center.y + radius - 2.0 * radius * share;
    let clip = Rect::from_min_max(pos2(center.x - KNOT, top), pos2(center.x + KNOT, center.y + KNOT));
    let painter = ui.painter().with_clip_rect(clip.intersect(ui.clip_rect()));
    painter.circle_filled(center, radius, color);
}
