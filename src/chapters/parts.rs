//! What several figures are made of: the two parts of a figure, numbers that are read off, a request that is pending.

use std::ops::RangeInclusive;

use egui::style::ScrollStyle;
use egui::{
    Align, Color32, Id, Label, Layout, Mesh, Rect, Response, RichText, Role, ScrollArea, Sense, Shape, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;

use super::Stage;
pub use crate::panels::asked::{Asked, only};
use crate::widgets::controls;
use crate::widgets::indexed::{self, indexed};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};

/// From this width on the two parts of a figure stand side by side.
pub const SIDE_BY_SIDE: f32 = 640.0;

/// The whole of a figure: scrolls where its room is too small, with a bar that is always seen, and to what the keyboard
/// reaches.
pub fn body<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope(|ui| {
        ui.spacing_mut().scroll = ScrollStyle::thin();
        let area = ScrollArea::vertical().id_salt(name).auto_shrink(false);
        area.show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(space::S, space::S);
            let drawn = add(ui);
            let key = ui.scope_id().with("focused");
            let mut focused = ui.data(|data| data.get_temp::<Option<Id>>(key)).flatten();
            controls::follow_focus(ui, &mut focused);
            ui.data_mut(|data| data.insert_temp(key, focused));
            drawn
        })
        .inner
    })
    .inner
}

/// Two parts of which the first takes `share` of the width; one below the other where there is not room for both. Both are
/// handed what they draw of.
pub fn two_parts<C>(
    ui: &mut Ui,
    share: f32,
    of: &mut C,
    first: impl FnOnce(&mut C, &mut Ui),
    second: impl FnOnce(&mut C, &mut Ui),
) {
    if ui.available_width() < SIDE_BY_SIDE {
        first(of, ui);
        ui.add_space(space::S);
        second(of, ui);
        return;
    }
    beside(ui, share, of, first, second);
}

/// Two parts side by side, of which the first takes `share` of the width; both are handed what they draw of.
pub fn beside<C>(
    ui: &mut Ui,
    share: f32,
    of: &mut C,
    first: impl FnOnce(&mut C, &mut Ui),
    second: impl FnOnce(&mut C, &mut Ui),
) {
    let gap = if ui.available_width() < SIDE_BY_SIDE { space::L } else { space::XL };
    let width = ui.available_width() - gap;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        column(ui, width * share, |ui| first(of, ui));
        column(ui, width * (1.0 - share), |ui| second(of, ui));
    });
}

/// Something whose height gives way between two bounds, so that whatever stands around it is in sight: `add` draws both
/// with this height of the one. How much the rest takes is known from the frame before; `guess` is for the first.
pub fn yielding(ui: &mut Ui, bounds: RangeInclusive<f32>, guess: f32, add: impl FnOnce(&mut Ui, f32)) {
    let key = ui.scope_id().with("yielding");
    let rest = ui.data(|data| data.get_temp::<f32>(key)).unwrap_or(guess);
    let height = (ui.available_height() - rest - 1.0).min(*bounds.end()).max(*bounds.start()).floor();
    let drawn = ui.scope(|ui| add(ui, height)).response.rect.height();
    if (drawn - height - rest).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(key, drawn - height));
        ui.ctx().request_repaint();
    }
}

/// A part of a given width, from top to bottom.
pub fn column(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        add(ui);
    });
}

/// Whether the text points at one of these symbols.
pub fn lit(stage: &Stage, names: &[&str]) -> bool {
    stage.symbol.as_deref().is_some_and(|symbol| names.contains(&symbol))
}

/// The ground behind words that are lit, or none.
pub fn ground(ui: &Ui, lit: bool) -> Color32 {
    if lit { Theme::here(ui).accent_soft } else { Color32::TRANSPARENT }
}

/// Lights a symbol of the text up while this is under the pointer.
pub fn point(response: &Response, symbol: &str, stage: &mut Stage) {
    if response.hovered() {
        stage.symbol = Some(symbol.to_owned());
    }
}

/// A part of a figure that lights up while the text points at one of these symbols, and lights the first of them up while
/// it is under the pointer itself.
pub fn symbol<R>(ui: &mut Ui, stage: &mut Stage, names: &[&str], add: impl FnOnce(&mut Ui, &mut Stage) -> R) -> R {
    let behind = ui.painter().add(Shape::Noop);
    let lit = lit(stage, names);
    let before = stage.symbol.clone();
    let shown = ui.scope(|ui| add(ui, stage));
    let rect = shown.response.rect;
    if lit {
        let fill = Theme::here(ui).accent_soft;
        ui.painter().set(behind, Shape::rect_filled(rect.expand(4.0), theme::RADIUS, fill));
    }
    // What lies within and is a symbol of its own goes first.
    if stage.symbol == before
        && ui.rect_contains_pointer(rect)
        && let Some(name) = names.first()
    {
        stage.symbol = Some((*name).to_owned());
    }
    shown.inner
}

/// A number that is read off.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// What it is.
    pub name: String,
    /// The number with its unit.
    pub value: String,
}

/// Makes a [`Read`].
pub fn read(name: impl Into<String>, value: impl Into<String>) -> Read {
    Read { name: name.into(), value: value.into() }
}

/// Numbers that are read off, side by side: the value large, its name below.
pub fn readings(ui: &mut Ui, all: &[Read]) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::XL, space::S);
        for reading in all {
            reading_ui(ui, reading);
        }
    });
}

fn reading_ui(ui: &mut Ui, reading: &Read) {
    let theme = Theme::here(ui);
    let value = ui.painter().layout_no_wrap(reading.value.clone(), theme::strong(size::TITLE), theme.ink);
    let name = ui.painter().layout_job(indexed(&reading.name, &theme::text(size::SMALL), theme.ink_soft));
    let room = vec2(value.size().x.max(name.size().x), value.size().y + name.size().y);
    let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{}: {}", reading.name, reading.value)));
    let below = rect.min + vec2(0.0, value.size().y);
    ui.painter().galley(rect.min, value, theme.ink);
    ui.painter().galley(below, name, theme.ink_soft);
}

/// A horizontal bar on a pale rail: a share of 1.
pub fn bar(ui: &mut Ui, room: Vec2, share: f32, color: egui::Color32, spoken: &str) {
    bar_in(ui, room, share, color, spoken, true);
}

/// A horizontal bar that takes this share of its room, with a rail where the whole room is the whole.
fn bar_in(ui: &mut Ui, room: Vec2, share: f32, color: egui::Color32, spoken: &str, rail: bool) {
    let theme = Theme::here(ui);
    let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, spoken));
    let lane = rect.shrink2(vec2(0.0, (rect.height() - 14.0).max(0.0) / 2.0));
    if rail {
        ui.painter().rect_filled(lane, 3.0, theme.line.gamma_multiply(0.45));
    }
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let full = Rect::from_min_max(lane.min, pos2(lane.left() + lane.width() * share, lane.bottom()));
    ui.painter().rect_filled(full, 3.0, color);
}

/// Which colour is which value: a bar from low to high between what its ends are, which a screen reader is told too.
pub fn colour_scale(ui: &mut Ui, [low, high]: [&str; 2], color: impl Fn(f32) -> Color32) {
    const STEPS: u32 = 32;
    let theme = Theme::here(ui);
    let small = |words: &str| ui.painter().layout_no_wrap(words.to_owned(), theme::text(size::SMALL), theme.ink_soft);
    let (low_words, high_words) = (small(low), small(high));
    let ends = low_words.size().x + high_words.size().x + 2.0 * space::S;
    let long = (ui.available_width() - ends).clamp(40.0, 220.0);
    let height = low_words.size().y.max(high_words.size().y);
    let (rect, response) = ui.allocate_exact_size(vec2(ends + long, height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{low} – {high}")));
    let left = rect.left() + low_words.size().x + space::S;
    let bar = Rect::from_min_max(pos2(left, rect.center().y - 6.0), pos2(left + long, rect.center().y + 6.0));
    let mut mesh = Mesh::default();
    for i in 0..=STEPS {
        let share = i as f32 / STEPS as f32;
        let x = bar.left() + share * bar.width();
        mesh.colored_vertex(pos2(x, bar.top()), color(share));
        mesh.colored_vertex(pos2(x, bar.bottom()), color(share));
        if i > 0 {
            mesh.add_triangle(2 * i - 2, 2 * i - 1, 2 * i);
            mesh.add_triangle(2 * i - 1, 2 * i, 2 * i + 1);
        }
    }
    ui.painter().add(mesh);
    ui.painter().rect_stroke(bar, 0.0, Stroke::new(1.0, theme.line), StrokeKind::Outside);
    ui.painter().galley(rect.min, low_words, theme.ink_soft);
    ui.painter().galley(pos2(bar.right() + space::S, rect.top()), high_words, theme.ink_soft);
}

/// A name and its share of 1 as a bar, drawn as a part of `most`, with the percentage behind it. Only a bar whose whole
/// room is 1 lies on a rail: another would be taken for a share of it.
pub fn named_bar(ui: &mut Ui, name: RichText, share: f32, most: f32, color: egui::Color32) {
    let theme = Theme::here(ui);
    let spoken = format!("{}, {}", name.text(), percent(share));
    ui.horizontal(|ui| {
        let room = vec2(110.0, 20.0);
        ui.allocate_ui(room, |ui| {
            ui.set_min_width(room.x);
            ui.add(Label::new(name).truncate());
        });
        let width = (ui.available_width() - 80.0).clamp(40.0, 480.0);
        bar_in(ui, vec2(width, 18.0), share / most, color, &spoken, most >= 1.0);
        ui.label(RichText::new(percent(share)).font(theme::text(size::SMALL)).color(theme.ink_soft));
    });
}

/// A sentence of the figure in the size of the interface.
pub fn sentence(ui: &mut Ui, words: impl Into<String>) {
    let ink = Theme::here(ui).ink;
    ui.add(Label::new(RichText::new(words).font(theme::text(size::BODY)).color(ink)).wrap());
}

/// A formula or a row of numbers.
pub fn numbers(ui: &mut Ui, words: impl Into<String>) {
    let ink = Theme::here(ui).ink;
    let words: String = words.into();
    indexed::label(ui, &words, &theme::mono(size::SMALL + 1.0), ink);
}

/// What went wrong, where it is seen.
pub fn problem(ui: &mut Ui, words: &str) {
    let theme = Theme::here(ui);
    ui.horizontal_top(|ui| {
        ui.label(controls::icon(icons::ICON_ERROR.codepoint, size::TITLE).color(theme.bad));
        ui.add(Label::new(RichText::new(words).color(theme.bad)).wrap());
    });
}

/// A small number as a subscript, as in x₁.
pub fn subscript(number: usize) -> String {
    let digit = |c: char| char::from_u32(0x2080 + c.to_digit(10).unwrap_or(0)).unwrap_or(c);
    number.to_string().chars().map(digit).collect()
}

/// Softmax of a few values.
pub fn softmax(scores: &[f32]) -> Vec<f32> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = scores.iter().map(|x| (x - largest).exp()).collect();
    let total: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

/// Entropy of a few weights in bits.
pub fn bits(weights: &[f32]) -> f32 {
    // Adding 0 turns a negative zero into one.
    0.0 - weights.iter().filter(|w| **w > 0.0).map(|w| w * w.log2()).sum::<f32>()
}

/// A number from a figure's parameters, inside a range; otherwise `otherwise`.
pub fn number_of<N: std::str::FromStr + PartialOrd + Copy>(
    parameters: &super::Parameters,
    name: &str,
    range: RangeInclusive<N>,
    otherwise: N,
) -> N {
    parameters.get(name).and_then(|text| text.parse().ok()).filter(|value| range.contains(value)).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_parameters_stay_in_their_range() {
        let parameters = [("length".to_owned(), "3".to_owned()), ("size".to_owned(), "99".to_owned())].into();
        assert_eq!(number_of(&parameters, "length", 2..=4, 2), 3);
        assert_eq!(number_of(&parameters, "size", 2..=4, 2), 2);
        assert_eq!(number_of(&parameters, "absent", 0.0..=1.0, 0.5), 0.5);
    }

    #[test]
    fn bits_of_equal_weights() {
        assert_eq!(bits(&[0.25; 4]), 2.0);
        assert_eq!(bits(&[1.0, 0.0]).to_string(), "0");
        assert_eq!(subscript(12), "₁₂");
        assert!((softmax(&[1000.0, 1000.0])[0] - 0.5).abs() < 1e-6);
    }
}
