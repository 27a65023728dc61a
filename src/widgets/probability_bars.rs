//! What might come next: one bar a token, so that it is seen at a glance what each option does to it.
//!
//! A bar is solid as far as the token can be drawn, pale as far as it could have been before something cut it off, and a
//! fine mark says what the model itself gave it.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::scale;
use super::theme::{self, Theme, size, space};

/// One token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    /// Whose bar it is, so that it can grow from where it was.
    pub key: u64,
    /// The token, ready to be shown.
    pub label: String,
    /// Probability with which it is drawn.
    pub share: f32,
    /// Probability before anything was cut off.
    pub before: f32,
    /// What the model itself says, where that is another matter.
    pub model: Option<f32>,
    /// What cut it off, in a word; empty where nothing did.
    pub cut: String,
    /// Whether it was drawn.
    pub drawn: bool,
}

impl Bar {
    /// The bar in words, such as `e, 12.3 %`.
    pub fn spoken(&self) -> String {
        if self.cut.is_empty() {
            format!("{}, {}", self.label, percent(self.share))
        } else {
            format!("{}, {} ({})", self.label, percent(self.before), self.cut)
        }
    }
}

/// A share as a percentage with three digits that count: `12.3 %`, `0.04 %`.
pub fn percent(share: f32) -> String {
    let value = 100.0 * f64::from(share);
    match value {
        v if !v.is_finite() => "—".to_owned(),
        v if v >= 99.95 => format!("{v:.0}\u{202F}%"),
        v if v >= 9.995 => format!("{v:.1}\u{202F}%"),
        v if v >= 0.005 => format!("{v:.2}\u{202F}%"),
        v if v > 0.0 => "< 0.01\u{202F}%".to_owned(),
        _ => "0\u{202F}%".to_owned(),
    }
}

/// How bars are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Colour of what can be drawn.
    pub color: Color32,
    /// Whether bars may grow and shrink by and by.
    pub animate: bool,
    /// Whether a click on a bar means something.
    pub touchable: bool,
    /// Height of one bar with its space, at most.
    pub tallest: f32,
}

/// What the person did with the bars in this frame, by their place in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Under the pointer.
    pub hovered: Option<usize>,
    /// Clicked.
    pub clicked: Option<usize>,
}

/// Least height of a bar with its space.
pub const LEAST: f32 = 17.0;
/// Height of the axis below the bars.
const AXIS: f32 = 20.0;
/// Motion is done after so many seconds.
const MOTION: f32 = 0.18;

/// How many bars fit into a height.
pub fn fitting(height: f32) -> usize {
    (((height - AXIS) / LEAST).floor().max(0.0)) as usize
}

/// Draws as many bars as fit into an area, the first on top.
pub fn show(ui: &mut Ui, area: egui::Vec2, bars: &[Bar], style: Style) -> Touched {
    let (rect, outer) = ui.allocate_exact_size(area, Sense::hover());
    let bars = &bars[..bars.len().min(fitting(rect.height()))];
    let columns = Columns::new(rect, bars);
    let height = ((rect.height() - AXIS) / bars.len().max(1) as f32).clamp(LEAST, style.tallest.max(LEAST));
    axis(ui.painter(), Theme::here(ui), &columns, rect.top() + height * bars.len() as f32);
    if let Some(first_cut) = bars.iter().position(|bar| !bar.cut.is_empty()).filter(|&at| at > 0) {
        let y = rect.top() + height * first_cut as f32;
        ui.painter().hline(rect.x_range(), y, Stroke::new(1.0, Theme::here(ui).warn.gamma_multiply(0.6)));
    }
    let mut touched = Touched::default();
    for (i, bar) in bars.iter().enumerate() {
        let row = Rect::from_min_size(rect.min + vec2(0.0, i as f32 * height), vec2(rect.width(), height));
        let sense = if style.touchable { Sense::click() } else { Sense::hover() };
        let response = ui.interact(row, outer.id.with(bar.key), sense);
        let role = if style.touchable { Role::Button } else { Role::Image };
        response.widget_info(|| WidgetInfo::labeled(role, true, bar.spoken()));
        if response.hovered() {
            touched.hovered = Some(i);
        }
        if response.clicked() {
            touched.clicked = Some(i);
        }
        if ui.is_rect_visible(row) {
            let lit = style.touchable && (response.hovered() || response.has_focus());
            columns.row(ui, outer.id.with(bar.key), row, bar, style, lit);
        }
    }
    touched
}

/// Where label, bar and number of every row stand.
struct Columns {
    label: f32,
    left: f32,
    right: f32,
    /// The share that fills the whole width.
    full: f32,
}

impl Columns {
    fn new(rect: Rect, bars: &[Bar]) -> Self {
        let longest = bars.iter().map(|bar| bar.label.chars().count()).max().unwrap_or(1).clamp(3, 12);
        let label = rect.left() + longest as f32 * 8.5 + space::S;
        let largest = bars
            .iter()
            .fold(0.0f32, |largest, bar| largest.max(bar.share).max(bar.before).max(bar.model.unwrap_or(0.0)));
        let full = scale::nice_ceil(f64::from(largest)).clamp(0.01, 1.0) as f32;
        Self { label, left: label + space::S, right: (rect.right() - 128.0).max(label + 40.0), full }
    }

    fn x_of(&self, share: f32) -> f32 {
        self.left + (self.right - self.left) * (share / self.full).clamp(0.0, 1.0)
    }

    fn row(&self, ui: &Ui, id: egui::Id, row: Rect, bar: &Bar, style: Style, lit: bool) {
        let theme = Theme::here(ui);
        let painter = ui.painter();
        if lit {
            painter.rect_filled(row, theme::RADIUS, theme.accent_soft);
        }
        let seconds = if style.animate { MOTION } else { 0.0 };
        let share = ui.ctx().animate_value_with_time(id.with("share"), bar.share, seconds);
        let before = ui.ctx().animate_value_with_time(id.with("before"), bar.before, seconds);
        let thick = (row.height() - 5.0).clamp(8.0, 20.0);
        let y = row.center().y;
        let lane = |to: f32| Rect::from_min_max(pos2(self.left, y - thick / 2.0), pos2(to, y + thick / 2.0));
        let pale = pale(theme, style.color);
        painter.rect_filled(lane(self.x_of(before)), 2.0, pale);
        painter.rect_filled(lane(self.x_of(share)), 2.0, style.color);
        // At the very start it would only be one line from top to bottom.
        if let Some(x) = bar.model.map(|model| self.x_of(model)).filter(|&x| x > self.left + 1.5) {
            painter.vline(x, (y - thick / 2.0 - 1.5)..=(y + thick / 2.0 + 1.5), Stroke::new(3.0, theme.paper));
            painter.vline(x, (y - thick / 2.0 - 1.5)..=(y + thick / 2.0 + 1.5), Stroke::new(1.5, theme.ink));
        }
        self.words(painter, theme, row, bar);
    }

    fn words(&self, painter: &Painter, theme: &Theme, row: Rect, bar: &Bar) {
        let y = row.center().y;
        let cut = !bar.cut.is_empty();
        let ink = if cut { theme.ink_soft } else { theme.ink };
        let mut job = LayoutJob::simple_singleline(bar.label.clone(), theme::mono(size::BODY), ink);
        job.wrap = TextWrapping::truncate_at_width(self.label - row.left() - space::XS);
        let galley = painter.layout_job(job);
        let corner = pos2(self.label - galley.size().x, y - galley.size().y / 2.0);
        if bar.drawn {
            let chip = Rect::from_min_size(corner, galley.size()).expand2(vec2(3.0, 0.0));
            painter.rect_stroke(chip, 3.0, Stroke::new(1.5, theme.generated), StrokeKind::Outside);
        }
        painter.galley(corner, galley, ink);
        let number = if cut { percent(bar.before) } else { percent(bar.share) };
        let at = pos2(self.right + 62.0, y);
        painter.text(at, Align2::RIGHT_CENTER, number, theme::text(size::SMALL), ink);
        if cut {
            painter.text(
                pos2(row.right() - 2.0, y),
                Align2::RIGHT_CENTER,
                &bar.cut,
                theme::text(size::SMALL),
                theme.warn,
            );
        }
    }
}

/// What is pale of a bar.
fn pale(theme: &Theme, color: Color32) -> Color32 {
    color.gamma_multiply(if theme.dark { 0.30 } else { 0.22 })
}

/// Says in one line what solid, pale and mark mean.
pub fn legend(ui: &mut Ui, color: Color32, solid: &str, before: &str, model: &str) {
    let theme = Theme::here(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for (i, words) in [solid, before, model].into_iter().enumerate() {
            let (place, _) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
            match i {
                0 => ui.painter().rect_filled(place, 2.0, color),
                1 => ui.painter().rect_filled(place, 2.0, pale(theme, color)),
                _ => ui.painter().vline(place.center().x, place.y_range(), Stroke::new(1.5, theme.ink)),
            };
            ui.label(egui::RichText::new(words).font(theme::text(size::SMALL)).color(theme.ink_soft));
            ui.add_space(space::S);
        }
    });
}

/// Round shares below the bars.
fn axis(painter: &Painter, theme: &Theme, columns: &Columns, y: f32) {
    painter.hline(columns.left..=columns.right, y + 1.0, Stroke::new(1.0, theme.line));
    for i in 0..=2 {
        let share = columns.full * i as f32 / 2.0;
        let x = columns.x_of(share);
        painter.vline(x, y + 1.0..=y + 4.0, Stroke::new(1.0, theme.line));
        let decimals = if columns.full < 0.05 && i == 1 { 1 } else { 0 };
        let text = format!("{:.decimals$}\u{202F}%", 100.0 * share);
        painter.text(pos2(x, y + 5.0), Align2::CENTER_TOP, text, theme::text(size::SMALL), theme.ink_soft);
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    fn bar(key: u64, label: &str, share: f32) -> Bar {
        Bar { key, label: label.to_owned(), share, before: share, ..Bar::default() }
    }

    #[test]
    fn percentages_keep_the_digits_that_count() {
        let text = |share| percent(share).replace('\u{202F}', " ");
        assert_eq!(text(0.123), "12.3 %");
        assert_eq!(text(0.0123), "1.23 %");
        assert_eq!(text(1.0), "100 %");
        assert_eq!(text(1e-6), "< 0.01 %");
        assert_eq!(text(0.0), "0 %");
        assert_eq!(text(f32::NAN), "—");
    }

    #[test]
    fn every_bar_is_told_and_can_be_clicked() {
        let style = Style { color: Color32::BLUE, animate: true, touchable: true, tallest: 24.0 };
        let draw = move |ui: &mut Ui, clicked: &mut Option<usize>| {
            let cut = Bar { cut: "top-p".to_owned(), share: 0.0, before: 0.1, ..bar(3, "u", 0.0) };
            let bars = [bar(1, "e", 0.7), bar(2, "a", 0.3), cut];
            let touched = show(ui, vec2(400.0, 200.0), &bars, style);
            *clicked = clicked.or(touched.clicked);
        };
        let mut harness = Harness::builder()
            .with_size(vec2(420.0, 220.0))
            .with_context_setup(theme::install)
            .build_ui_state(draw, None);
        harness.run();
        assert!(harness.query_by_label_contains("e, 70.0").is_some());
        assert!(harness.query_by_label_contains("(top-p)").is_some());
        harness.get_by_label_contains("a, 30.0").click();
        harness.run();
        assert_eq!(*harness.state(), Some(1));
    }

    #[test]
    fn only_as_many_bars_as_fit_are_drawn() {
        assert_eq!(fitting(AXIS + 10.0 * LEAST + 1.0), 10);
        assert_eq!(fitting(3.0), 0);
    }
}
