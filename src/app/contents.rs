//! The course in the navigation: its chapters with their level and progress, and the sections of the one that is open.

use std::sync::Arc;

use egui::{
    Color32, Galley, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetInfo, pos2,
    vec2,
};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::course::{Learning, Section, SectionId};
use crate::panels::course::header::chapter_name;
use crate::panels::{Intent, PanelId, Shared};
use crate::widgets::controls::just_appeared;
use crate::widgets::level;
use crate::widgets::theme::{RADIUS, Theme, size, strong, text};

/// Heights of a chapter and a section whose titles take one line.
const CHAPTER: f32 = 34.0;
const SECTION: f32 = 27.0;
/// Where a title begins, and least room above and below it.
const INDENT: f32 = 32.0;
const PADDING: f32 = 5.0;
/// Size of a section's title: between a note and the interface, for eleven of them are to be in sight.
const SECTION_TYPE: f32 = 13.0;
/// Radius of the ring that shows how much of something is done.
const RING: f32 = 6.0;

/// Where one enters a chapter: the open section if it is one of it, else the first that is not done, else the first.
pub(super) fn entrance(learning: &Learning, chapter: u8) -> Option<SectionId> {
    let ids = || learning.course.ids().iter().copied().filter(move |id| id.chapter == chapter);
    let open = learning.progress.last.filter(|id| id.chapter == chapter);
    open.or_else(|| ids().find(|id| learning.share(*id) < 1.0)).or_else(|| ids().next())
}

/// Draws the chapters in at most this height. The open chapter's heading stays in sight above its sections when they are
/// scrolled.
pub(super) fn contents_ui(ui: &mut Ui, page: PanelId, folded: bool, height: f32, shared: &mut Shared) {
    let scroll = ScrollArea::vertical().id_salt("contents").max_height(height).auto_shrink([false, true]);
    let shown = scroll.show(ui, |ui| chapters_ui(ui, page, folded, true, shared));
    let Some((heading, end)) = shown.inner else { return };
    let room = shown.inner_rect;
    let corner = pos2(room.left(), room.top().min(end));
    let rect = Rect::from_min_size(corner, vec2(room.width(), heading.height));
    let mut over = ui.new_child(UiBuilder::new().id_salt("open chapter").max_rect(rect));
    over.set_clip_rect(room.intersect(ui.clip_rect()));
    let theme = Theme::here(ui);
    over.painter().rect_filled(rect, 0.0, theme.margin);
    over.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, theme.line));
    if heading.show(&over, rect, shared).clicked() {
        enter(heading.chapter, shared);
    }
}

/// Draws the chapters in all the height that they take. Returns the open chapter's heading where it is scrolled out of sight,
/// and how far down it can stand above its sections; only where it `sticks`.
fn chapters_ui(ui: &mut Ui, page: PanelId, folded: bool, sticks: bool, shared: &mut Shared) -> Option<(Heading, f32)> {
    let open = shared.learning.open().filter(|_| page == PanelId::Course);
    ui.spacing_mut().item_spacing.y = 2.0;
    let mut stuck = None;
    for chapter in shared.learning.course.chapters() {
        let chosen = open.is_some_and(|id| id.chapter == chapter);
        let heading = Heading::new(ui, chapter, chosen, folded, shared);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), heading.height), Sense::hover());
        let out_of_sight = sticks && chosen && !folded && rect.top() < ui.clip_rect().top();
        if !out_of_sight && heading.show(ui, rect, shared).clicked() {
            enter(chapter, shared);
        }
        if chosen && !folded {
            sections_ui(ui, chapter, open, heading.height, shared);
        }
        if out_of_sight {
            // It goes only with the last of its sections.
            let end = ui.cursor().top() - heading.height;
            stuck = Some((heading, end));
        }
    }
    stuck
}

/// Draws the chapters where the whole navigation is scrolled, as in a low window.
pub(super) fn whole_contents_ui(ui: &mut Ui, page: PanelId, folded: bool, shared: &mut Shared) {
    chapters_ui(ui, page, folded, false, shared);
}

fn enter(chapter: u8, shared: &mut Shared) {
    if let Some(id) = entrance(&shared.learning, chapter) {
        shared.ask(Intent::OpenSection(id));
    }
}

/// The line of a chapter: number, title, level, and how much of it is done.
struct Heading {
    chapter: u8,
    chosen: bool,
    folded: bool,
    title: Title,
    height: f32,
}

impl Heading {
    fn new(ui: &Ui, chapter: u8, chosen: bool, folded: bool, shared: &Shared) -> Self {
        let theme = Theme::here(ui);
        let title = shared.learning.course.language(shared.language).chapter_title(chapter);
        let ink = if chosen { theme.accent } else { theme.ink };
        let font = if chosen { strong(size::BODY) } else { text(size::BODY) };
        let title = if folded { String::new() } else { title };
        let title = Title::new(ui, title, font, ink, 56.0);
        let height = title.height(CHAPTER);
        Self { chapter, chosen, folded, title, height }
    }

    fn show(&self, ui: &Ui, rect: Rect, shared: &Shared) -> Response {
        let theme = Theme::here(ui);
        let name = chapter_name(self.chapter, shared);
        let (done, of) = shared.learning.of_chapter(self.chapter);
        let level = shared.learning.course.level_of_chapter(self.chapter);
        let spoken = match level {
            Some(level) => t!("app.chapter", name = name, level = level::name(level), done = done, of = of),
            None => name.into(),
        };
        let row = Row { chosen: self.chosen, spoken: &spoken, id: ("chapter", self.chapter, 0) };
        let response = row.show(ui, rect);
        let number = self.chapter.to_string();
        if self.folded {
            let align = egui::Align2::CENTER_CENTER;
            ui.painter().text(rect.center(), align, number, strong(size::BODY), self.title.ink);
            return response;
        }
        self.title.paint(ui, rect, &number, strong(size::BODY), self.title.ink);
        let middle = rect.right_center();
        if let Some(level) = level {
            let (glyph, color) = level::sign(level, theme);
            sign(ui, middle - vec2(38.0, 0.0), glyph, size::READ, color);
        }
        ring(ui, pos2(middle.x - 14.0, middle.y), done as f32 / of.max(1) as f32);
        response
    }
}

/// The sections of the open chapter; its heading of so many points may stand over the first of them.
fn sections_ui(ui: &mut Ui, chapter: u8, open: Option<SectionId>, heading: f32, shared: &mut Shared) {
    let course = shared.learning.course.clone();
    for section in course.language(shared.language).sections.iter().filter(|section| section.id.chapter == chapter) {
        let chosen = open == Some(section.id);
        let response = section_ui(ui, section, chosen, shared);
        // When it is opened, or the list is there again: whoever scrolls the list then is not pulled back. With its neighbours,
        // so that one sees that the list goes on.
        if chosen && just_appeared(ui, egui::Id::unique(("open section", section.id.chapter, section.id.number))) {
            let mut around = response.rect.expand2(vec2(0.0, 1.4 * SECTION));
            // In a low list one neighbour has to do: the section itself must fit below the heading.
            let most = ui.clip_rect().height() - heading;
            if around.height() > most {
                around = response.rect.expand2(vec2(0.0, ((most - response.rect.height()) / 2.0).max(0.0)));
            }
            around.min.y -= heading;
            ui.scroll_to_rect(around, None);
        }
        if response.clicked() {
            shared.ask(Intent::OpenSection(section.id));
        }
    }
}

fn section_ui(ui: &mut Ui, section: &Section, chosen: bool, shared: &Shared) -> Response {
    let theme = Theme::here(ui);
    let share = shared.learning.share(section.id);
    let on_path = section.level <= shared.learning.progress.path;
    let bookmark = shared.learning.progress.sections.get(&section.id).is_some_and(|done| done.bookmark);
    let (ink, font) = match (chosen, on_path) {
        (true, _) => (theme.accent, strong(SECTION_TYPE)),
        (false, true) => (theme.ink, text(SECTION_TYPE)),
        (false, false) => (theme.ink_soft, text(SECTION_TYPE)),
    };
    let title = format!("{} {}", section.id, section.title);
    let spoken =
        t!("app.section", title = title, level = level::name(section.level), percent = (share * 100.0).floor());
    let id = ("section", section.id.chapter, section.id.number);
    let title = Title::new(ui, section.title.clone(), font, ink, if bookmark { 48.0 } else { 30.0 });
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), title.height(SECTION)), Sense::hover());
    let response = Row { chosen, spoken: &spoken, id }.show(ui, rect);
    title.paint(ui, rect, &section.id.number.to_string(), text(size::SMALL), theme.ink_soft);
    let middle = rect.right_center();
    if bookmark {
        sign(ui, middle - vec2(32.0, 0.0), icons::ICON_BOOKMARK.codepoint, size::BODY, theme.accent);
    }
    ring(ui, pos2(middle.x - 14.0, middle.y), share);
    response
}

/// A line of the contents: its ground, and what can be done with it.
struct Row<'a> {
    chosen: bool,
    /// What a screen reader says, and the pointer shows.
    spoken: &'a str,
    id: (&'static str, u8, u8),
}

impl Row<'_> {
    fn show(&self, ui: &Ui, rect: Rect) -> Response {
        let theme = Theme::here(ui);
        let response = ui.interact(rect, ui.scope_id().with(self.id), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, self.chosen, self.spoken));
        let lively = response.hovered() || response.has_focus();
        if self.chosen || lively {
            ui.painter().rect_filled(rect, RADIUS, theme.accent_soft);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(rect, RADIUS, Stroke::new(1.5, theme.accent), egui::StrokeKind::Inside);
        }
        if self.chosen {
            let edge = Rect::from_min_size(rect.left_top() + vec2(0.0, 7.0), vec2(3.0, rect.height() - 14.0));
            ui.painter().rect_filled(edge, 1.5, theme.accent);
        }
        response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(self.spoken)
    }
}

/// A title in its lines: as many as it needs.
struct Title {
    galley: Arc<Galley>,
    ink: Color32,
}

impl Title {
    /// Leaves `behind` points free at the end of the line.
    fn new(ui: &Ui, title: String, font: egui::FontId, ink: Color32, behind: f32) -> Self {
        let room = ui.available_width() - INDENT - behind;
        let words = egui::WidgetText::from(RichText::new(title).font(font.clone()).color(ink));
        Self { galley: words.into_galley(ui, Some(egui::TextWrapMode::Wrap), room, font), ink }
    }

    fn height(&self, least: f32) -> f32 {
        least.max((self.galley.size().y + 2.0 * PADDING).round())
    }

    /// Paints it into its row, with a number before its first line.
    fn paint(&self, ui: &Ui, row: Rect, number: &str, font: egui::FontId, ink: Color32) {
        let at = pos2(row.left() + INDENT, row.center().y - self.galley.size().y / 2.0);
        let first = self.galley.rows.first().map_or(0.0, |line| line.rect().center().y);
        let before = pos2(row.left() + 12.0, at.y + first);
        ui.painter().text(before, egui::Align2::LEFT_CENTER, number, font, ink);
        ui.painter().galley(at, self.galley.clone(), self.ink);
    }
}

fn sign(ui: &Ui, center: egui::Pos2, glyph: &str, size: f32, color: Color32) {
    let font = egui::FontId::new(size, egui::FontFamily::Name(egui_material_icons::FONT_FAMILY.into()));
    ui.painter().text(center, egui::Align2::CENTER_CENTER, glyph, font, color);
}

/// A ring that closes as something gets done, and a full disc with a tick when it is.
fn ring(ui: &Ui, center: egui::Pos2, share: f32) {
    let theme = Theme::here(ui);
    let painter = ui.painter();
    if share >= 1.0 {
        painter.circle_filled(center, RING, theme.good);
        let stroke = Stroke::new(1.5, theme.margin);
        painter.line_segment([center + vec2(-2.8, 0.2), center + vec2(-0.8, 2.4)], stroke);
        painter.line_segment([center + vec2(-0.8, 2.4), center + vec2(3.0, -2.2)], stroke);
        return;
    }
    // Half-way to the ink: a hairline's colour would vanish on the ground of a chosen row.
    painter.circle_stroke(center, RING - 1.0, Stroke::new(1.5, theme.line.lerp_to_gamma(theme.ink_soft, 0.5)));
    if share > 0.0 {
        const STEPS: usize = 24;
        let at = |step: usize| {
            let angle = std::f32::consts::TAU * (share * step as f32 / STEPS as f32 - 0.25);
            center + (RING - 1.0) * Vec2::angled(angle)
        };
        painter.line((0..=STEPS).map(at).collect(), Stroke::new(2.0, theme.good));
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;

    use super::*;
    use crate::course::Course;
    use crate::widgets::theme;

    #[test]
    fn every_title_is_shown_whole_in_two_lines_at_most() {
        // The navigation without its margins.
        let width = super::super::navigation::WIDTH - 2.0 * theme::space::S;
        let mut seen = 0;
        let draw = |ui: &mut Ui| {
            ui.set_width(width);
            seen = 0;
            let course = Course::shipped();
            for language in ["es", "en"] {
                for section in &course.language(language).sections {
                    for (font, behind) in [(text(SECTION_TYPE), 30.0), (strong(SECTION_TYPE), 48.0)] {
                        let title = Title::new(ui, section.title.clone(), font, Color32::BLACK, behind);
                        assert!(title.galley.rows.len() <= 2 && !title.galley.elided, "{}", section.title);
                        assert!(title.galley.size().x <= width - INDENT - behind, "{}", section.title);
                        assert_eq!(title.height(SECTION) > SECTION, title.galley.rows.len() == 2, "{}", section.title);
                        seen += 1;
                    }
                }
            }
        };
        let builder = Harness::builder().with_size([300.0, 300.0]).with_context_setup(theme::install);
        let mut harness = builder.build_ui(draw);
        harness.run();
        drop(harness);
        assert!(seen > 40, "{seen}");
    }
}
