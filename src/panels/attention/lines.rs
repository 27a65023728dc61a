//! Who looks at whom, as lines between words: the looking ones left, the looked at right, a line as strong as its weight.
//! Hover over a word for its lines alone; a click locks it, Esc lets go (after Vig 2019, BertViz).

use egui::{Align2, Color32, Id, Mesh, Pos2, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo};
use egui::{pos2, vec2};
use rust_i18n::t;

use super::{Shown, heads};
use crate::widgets::heatmap::{svg, value_text};
use crate::widgets::theme::{self, Theme, size};

/// Height of a word's row.
const ROW: f32 = 22.0;
/// At most so many lines are drawn, the strongest ones.
const MOST_LINES: usize = 3000;

/// A word of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// One that looks.
    From(usize),
    /// One that is looked at.
    To(usize),
}

/// The state between frames.
#[derive(Default)]
pub struct Lines {
    /// The word that was clicked.
    pub locked: Option<Word>,
    /// The strongest lines of the picture of this version.
    strongest: Option<(u64, Vec<(usize, usize)>)>,
}

impl Lines {
    /// Draws into all the room there is; says which row is pointed at or locked, and a pair that was clicked in it.
    pub fn show(&mut self, ui: &mut Ui, shown: &Shown) -> Option<usize> {
        self.update(shown);
        if ui.input(|i| i.key_pressed(egui::Key::Escape)) {
            self.locked = None;
        }
        let area = ScrollArea::vertical().id_salt("lines").auto_shrink(false);
        area.show(ui, |ui| self.inside(ui, shown)).inner
    }

    /// Sorts the lines of a picture once, so that a frame draws only as many as can be told apart.
    fn update(&mut self, shown: &Shown) {
        if self.strongest.as_ref().is_some_and(|(version, _)| *version == shown.version) {
            return;
        }
        let (picture, t) = (&shown.picture, shown.labels.len());
        let weight = |k: usize| picture.values.get(k).copied().unwrap_or(0.0).abs();
        let mut all: Vec<usize> = (0..t * t).filter(|k| !picture.blank[*k] && weight(*k) > 0.0).collect();
        if all.len() > MOST_LINES {
            all.select_nth_unstable_by(MOST_LINES, |a, b| weight(*b).total_cmp(&weight(*a)));
            all.truncate(MOST_LINES);
        }
        self.strongest = Some((shown.version, all.into_iter().map(|k| (k / t.max(1), k % t.max(1))).collect()));
    }

    fn inside(&mut self, ui: &mut Ui, shown: &Shown) -> Option<usize> {
        let t = shown.labels.len();
        let width = ui.available_width().min(640.0);
        let (rect, outer) = ui.allocate_exact_size(vec2(width, ROW * t as f32), Sense::hover());
        let summary = t!("attention.lines_summary", name = heads::title(&shown.picture), count = t);
        outer.widget_info(|| WidgetInfo::labeled(Role::Image, true, &*summary));
        let columns = (width * 0.28).min(150.0);
        let place = |word: Word| match word {
            Word::From(i) => Rect::from_min_size(rect.min + vec2(0.0, ROW * i as f32), vec2(columns, ROW)),
            Word::To(j) => {
                Rect::from_min_size(pos2(rect.right() - columns, rect.top() + ROW * j as f32), vec2(columns, ROW))
            }
        };
        // Only what is in sight is asked and drawn: 512 words have 1024 places.
        let seen = ui.clip_rect();
        let first = (((seen.top() - rect.top()) / ROW).floor().max(0.0)) as usize;
        let last = ((((seen.bottom() - rect.top()) / ROW).ceil().max(0.0)) as usize).min(t);
        let mut hovered = None;
        for i in first..last {
            for word in [Word::From(i), Word::To(i)] {
                if self.word_ui(ui, outer.id, word, place(word), shown) {
                    hovered = Some(word);
                }
            }
        }
        let chosen = hovered.or(self.locked);
        self.paint(ui, shown, chosen, &place);
        match chosen {
            Some(Word::From(i)) => Some(i),
            _ => None,
        }
    }

    /// A word; returns whether it is pointed at.
    fn word_ui(&mut self, ui: &Ui, id: Id, word: Word, at: Rect, shown: &Shown) -> bool {
        let (key, i, role) = match word {
            Word::From(i) => (("from", i), i, t!("attention.word_from")),
            Word::To(j) => (("to", j), j, t!("attention.word_to")),
        };
        let label = shown.labels.get(i).map_or("", String::as_str);
        let response = ui.interact(at, id.with(key), Sense::click());
        let on = self.locked == Some(word);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, format!("{role} {}: {label}", i + 1)));
        if response.clicked() {
            self.locked = if on { None } else { Some(word) };
        }
        let theme = Theme::here(ui);
        let lit = response.hovered() || response.has_focus();
        if on || lit {
            ui.painter().rect_filled(at.shrink(1.0), 4.0, theme.accent_soft);
        }
        if on {
            ui.painter().rect_stroke(at.shrink(1.0), 4.0, Stroke::new(1.5, theme.accent), StrokeKind::Inside);
        }
        let (align, x) = match word {
            Word::From(_) => (Align2::RIGHT_CENTER, at.right() - 8.0),
            Word::To(_) => (Align2::LEFT_CENTER, at.left() + 8.0),
        };
        ui.painter().text(pos2(x, at.center().y), align, label, theme::mono(size::BODY), theme.ink);
        lit
    }

    fn paint(&self, ui: &Ui, shown: &Shown, chosen: Option<Word>, place: &impl Fn(Word) -> Rect) {
        let theme = Theme::here(ui);
        let (picture, t) = (&shown.picture, shown.labels.len());
        let color_of = |k: usize| -> (f32, Color32) {
            let value = picture.values.get(k).copied().unwrap_or(0.0);
            let color = if value < 0.0 { theme.series[1] } else { theme.generated };
            (svg::strength(picture.scale, value), color)
        };
        let mut mesh = Mesh::default();
        let mut add = |i: usize, j: usize, bold: bool| {
            let (strength, color) = color_of(i * t + j);
            let from = place(Word::From(i)).right_center() + vec2(2.0, 0.0);
            let to = place(Word::To(j)).left_center() - vec2(2.0, 0.0);
            let width = if bold { 1.0 + 3.0 * strength } else { 0.6 + 1.8 * strength };
            strip(&mut mesh, from, to, width, color.gamma_multiply(strength.clamp(0.04, 1.0)));
        };
        match chosen {
            Some(Word::From(i)) => (0..t).filter(|j| !picture.blank[i * t + j]).for_each(|j| add(i, j, true)),
            Some(Word::To(j)) => (0..t).filter(|i| !picture.blank[i * t + j]).for_each(|i| add(i, j, true)),
            None => {
                let all = self.strongest.as_ref().map_or(&[][..], |(_, all)| all);
                all.iter().for_each(|&(i, j)| add(i, j, false));
            }
        }
        ui.painter().add(mesh);
        if let Some(word) = chosen {
            values(ui, shown, word, place);
        }
    }
}

/// The weights of a word's lines, at their other ends.
fn values(ui: &Ui, shown: &Shown, word: Word, place: &impl Fn(Word) -> Rect) {
    let theme = Theme::here(ui);
    let (picture, t) = (&shown.picture, shown.labels.len());
    for other in 0..t {
        let (k, at, align, shift) = match word {
            Word::From(i) => (i * t + other, place(Word::To(other)).right_center(), Align2::RIGHT_CENTER, -4.0),
            Word::To(j) => (other * t + j, place(Word::From(other)).left_center(), Align2::LEFT_CENTER, 4.0),
        };
        let Some(value) = picture.values.get(k).copied().filter(|_| !picture.blank[k]) else { continue };
        if !ui.clip_rect().contains(at + vec2(shift, 0.0)) {
            continue;
        }
        let font = theme::text(size::SMALL);
        ui.painter().text(at + vec2(shift, 0.0), align, value_text(value), font, theme.ink_soft);
    }
}

/// A straight line as two triangles: thousands of them are one draw call.
fn strip(mesh: &mut Mesh, from: Pos2, to: Pos2, width: f32, color: Color32) {
    let along = (to - from).normalized();
    let aside = vec2(-along.y, along.x) * (width / 2.0);
    let first = mesh.vertices.len() as u32;
    for at in [from + aside, from - aside, to - aside, to + aside] {
        mesh.colored_vertex(at, color);
    }
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first, first + 2, first + 3);
}
