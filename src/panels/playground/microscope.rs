//! The sampling microscope: the same tokens in every column, from logits to probabilities, each column with its own slider
//! above it; and below, the cumulative curve with the number that is drawn.

use egui::{Align2, Color32, Painter, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::lens::{Columns, LensRow};
use super::{Action, Playground};
use crate::generate::SamplingOptions;
use crate::generate::sampling::Step;
use crate::panels::Shared;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::{controls, number, scale};

/// Columns from logits to probabilities.
const COLUMNS: usize = 6;
/// Room for a token's text left of them.
const LABELS: f32 = 80.0;
/// Height of a column's name, slider and count.
const HEAD: f32 = 104.0;
/// Height of a row, at least and at most.
const ROW: (f32, f32) = (18.0, 26.0);
/// So many tokens that were cut off are shown where there is room for none.
const CUT: usize = 3;
/// Height of the cumulative curve with its words.
const CURVE: f32 = 236.0;

impl Playground {
    /// The whole view.
    pub(super) fn microscope_ui(&mut self, ui: &mut Ui, shared: &Shared) -> Option<Action> {
        self.microscope_title(ui, shared);
        let Some(columns) = self.lens.columns() else { return self.nothing_ui(ui) };
        let picked = self.mark().and_then(|mark| columns.pick(mark)).map(|pick| pick.id);
        let room = ui.available_rect_before_wrap();
        let table = Rect::from_min_max(room.min, pos2(room.right(), (room.bottom() - CURVE).max(room.top() + 220.0)));
        let places = Places::new(table);
        let rows = self.rows_in_sight(columns, places.fitting(), picked);
        paint_table(ui, &places, &rows, picked);
        tell_rows(ui, &places, &rows, picked);
        self.heads_ui(ui, &places, shared);
        ui.allocate_rect(table, Sense::hover());
        self.curve_ui(ui, shared)
    }

    /// Which token is looked at.
    fn microscope_title(&self, ui: &mut Ui, shared: &Shared) {
        let title = match self.shown_token() {
            Some(at) => t!("microscope.of_written", words = self.token_words(at, shared)).into_owned(),
            None => t!("microscope.of_next").into_owned(),
        };
        controls::section_title(ui, title);
    }

    /// The likeliest tokens, as many as fit; the picked one is always among them, and some that were cut off.
    fn rows_in_sight(&self, columns: &Columns, count: usize, picked: Option<u32>) -> Vec<LensRow> {
        let mut rows: Vec<LensRow> = columns.rows.iter().take(count).cloned().collect();
        // Where all of them can be drawn, the likeliest that were cut off are shown in the place of the last.
        if rows.iter().all(|row| row.gone_at.is_none()) {
            let cut: Vec<LensRow> =
                columns.rows.iter().filter(|row| row.gone_at.is_some()).take(CUT).cloned().collect();
            rows.truncate(count - cut.len().min(count));
            rows.extend(cut);
        }
        if let Some(id) = picked.filter(|&id| rows.iter().all(|row| row.id != id))
            && let Some(row) = self.lens.row_of(id)
        {
            let last = rows.iter().rposition(|row| row.gone_at.is_none()).unwrap_or(0);
            if let Some(place) = rows.get_mut(last) {
                *place = row;
            }
        }
        rows
    }

    /// A slider above each column; moving it changes everything right of it.
    fn heads_ui(&mut self, ui: &mut Ui, places: &Places, shared: &Shared) {
        let vocabulary = shared.model.as_ref().map_or(1000, |model| model.pieces.len()).max(2);
        let left = self.lens.columns().map(|columns| columns.left).unwrap_or_default();
        let options = &mut self.settings.manner.sampling;
        let before = *options;
        let mut line = None;
        for column in 0..COLUMNS {
            super::inside(ui, &format!("head {column}"), places.head(column), |ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                head_slider(ui, column, options, vocabulary);
                let Some(left) = column.checked_sub(1).and_then(|step| left.get(step.min(3))) else { return };
                let entropy = number::in_bits(left.entropy / std::f32::consts::LN_2, 2);
                if column == COLUMNS - 1 {
                    // In line with the words below the sliders.
                    let top = ui.cursor().top();
                    ui.add_space((line.unwrap_or(top) - top).max(0.0));
                    controls::note(ui, t!("microscope.entropy", entropy = entropy));
                } else {
                    let tokens = number::grouped(left.tokens as i64);
                    line = line.or(Some(ui.cursor().top()));
                    controls::note(ui, t!("microscope.left", tokens = tokens, entropy = entropy));
                }
            });
        }
        self.warm_up(&before);
    }

    /// The number that is drawn: the person's, or that of the seed.
    pub(super) fn mark(&self) -> Option<f64> {
        self.lens.mark.or(match self.shown_token() {
            Some(at) => self.answer.tokens.get(at).and_then(|token| token.number),
            None => Some(self.settings.first_number()),
        })
    }

    /// The cumulative curve with the mark that can be dragged, and what it picks.
    fn curve_ui(&mut self, ui: &mut Ui, shared: &Shared) -> Option<Action> {
        let theme = Theme::here(ui);
        let room = ui.available_rect_before_wrap();
        let words_width = (room.width() * 0.3).clamp(150.0, 260.0);
        let outer = Rect::from_min_max(room.min, pos2(room.right() - words_width - space::L, room.bottom()));
        let plot = Rect::from_min_max(outer.min + vec2(36.0, 22.0), outer.max - vec2(4.0, 24.0));
        let response = ui.interact(plot, ui.scope_id().with("mark"), Sense::click_and_drag());
        let mut mark = self.mark();
        if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked()) {
            mark = Some(f64::from((plot.bottom() - at.y) / plot.height()).clamp(0.0, 0.999_999));
            self.lens.mark = mark;
        }
        let steps = arrow_steps(ui, &response);
        if let (true, Some(now)) = (steps != 0, mark) {
            mark = Some((now + 0.01 * f64::from(steps)).clamp(0.0, 0.999_999));
            self.lens.mark = mark;
        }
        if response.double_clicked() {
            self.lens.mark = None;
            mark = self.mark();
        }
        let columns = self.lens.columns()?;
        let pick = mark.and_then(|mark| columns.pick(mark));
        paint_curve(ui.painter(), theme, plot, outer, columns);
        let mut covered = None;
        let label = pick.map(|pick| self.lens.row_of(pick.id).map_or_else(String::new, |row| row.label));
        if let (Some(mark), Some(pick), Some(label)) = (mark, pick, &label) {
            let lit = response.hovered() || response.dragged() || response.has_focus();
            let across = columns.across(pick.place);
            covered = Some(paint_mark(ui.painter(), theme, plot, (mark as f32, across), label, lit));
        }
        names_below(ui.painter(), theme, plot, columns, covered);
        let spoken = t!("microscope.mark", token = label.clone().unwrap_or_default());
        let value = mark.unwrap_or(0.0);
        response.widget_info(|| WidgetInfo::slider(true, value, spoken.as_ref()));
        let response = response.on_hover_cursor(egui::CursorIcon::ResizeVertical);
        response.on_hover_text(t!("microscope.mark_hint"));
        let words = Rect::from_min_max(pos2(outer.right() + space::L, room.top()), room.max);
        ui.allocate_rect(outer, Sense::hover());
        super::inside(ui, "drawn", words, |ui| self.drawn_ui(ui, mark, pick.map(|pick| pick.id), shared))
    }

    /// In words: which number, whose it is, what it picks; and what can be done with that.
    fn drawn_ui(&mut self, ui: &mut Ui, mark: Option<f64>, picked: Option<u32>, shared: &Shared) -> Option<Action> {
        let theme = Theme::here(ui);
        let shown = self.shown_token();
        let row = picked.and_then(|id| self.lens.row_of(id))?;
        let label =
            |text: String, font, ink: Color32| egui::Label::new(egui::RichText::new(text).font(font).color(ink));
        ui.add(label(row.label.clone(), theme::mono(size::TITLE), theme.generated));
        let greedy = self.lens.columns().is_some_and(|columns| columns.greedy);
        let number = mark.map_or_else(|| "—".to_owned(), |mark| format!("{mark:.4}"));
        let share = percent(row.probability);
        let whose = match (greedy, self.lens.mark.is_some(), shown) {
            (true, ..) => t!("microscope.greedy", share = share),
            (_, true, _) => t!("microscope.chosen", number = number, share = share),
            (_, _, Some(_)) => t!("microscope.drawn", number = number, share = share),
            (_, _, None) => {
                t!("microscope.of_seed", seed = self.settings.seed, number = number, share = share)
            }
        };
        controls::note(ui, whose);
        ui.add_space(space::XS);
        let at = shown.unwrap_or(self.answer.tokens.len());
        let mut action = None;
        if shared.model.is_some() && self.running.is_none() {
            let words = if shown.is_some() { t!("microscope.branch") } else { t!("microscope.take") };
            if controls::quiet_button(ui, egui_material_icons::icons::ICON_ADD.codepoint, words).clicked() {
                action = Some(if shown.is_some() { Action::Branch(at, row.id) } else { Action::Put(at, row.id) });
            }
        }
        if self.lens.mark.is_some() {
            let back = t!("microscope.back_to_drawn");
            if controls::quiet_button(ui, egui_material_icons::icons::ICON_REPLAY.codepoint, back).clicked() {
                self.lens.mark = None;
            }
        }
        action
    }
}

/// The slider of a column's step.
fn head_slider(ui: &mut Ui, column: usize, options: &mut SamplingOptions, vocabulary: usize) {
    let default = SamplingOptions::default();
    match column {
        0 => controls::value_slider(&mut options.repetition_penalty, 1.0..=2.0, t!("microscope.logits"))
            .default(default.repetition_penalty)
            .decimals(2)
            .hint(t!("microscope.logits_hint"))
            .unit(t!("microscope.penalty"))
            .stacked()
            .show(ui),
        1 => controls::value_slider(&mut options.temperature, 0.0..=2.0, t!("microscope.temperature"))
            .default(default.temperature)
            .decimals(2)
            .hint(t!("playground.temperature_hint"))
            .stacked()
            .show(ui),
        2 => controls::value_slider(&mut options.top_k, 0..=vocabulary, t!("playground.top_k"))
            .default(default.top_k)
            .logarithmic()
            .hint(t!("playground.top_k_hint"))
            .stacked()
            .show(ui),
        3 => controls::value_slider(&mut options.top_p, 0.0..=1.0, t!("playground.top_p"))
            .default(default.top_p)
            .decimals(2)
            .hint(t!("playground.top_p_hint"))
            .stacked()
            .show(ui),
        4 => controls::value_slider(&mut options.min_p, 0.0..=1.0, t!("playground.min_p"))
            .default(default.min_p)
            .decimals(2)
            .hint(t!("playground.min_p_hint"))
            .stacked()
            .show(ui),
        _ => ui.add(egui::Label::new(t!("microscope.probabilities").into_owned()).truncate()),
    };
}

/// Steps of the arrow keys while the mark has the keyboard.
fn arrow_steps(ui: &Ui, response: &egui::Response) -> i32 {
    if !response.has_focus() {
        return 0;
    }
    let filter = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let count = |key| ui.input_mut(|i| i.count_and_consume_key(egui::Modifiers::NONE, key)) as i32;
    use egui::Key::{ArrowDown, ArrowLeft, ArrowRight, ArrowUp};
    count(ArrowUp) + count(ArrowRight) - count(ArrowDown) - count(ArrowLeft)
}

/// Where columns and rows of the table are.
struct Places {
    table: Rect,
    width: f32,
}

impl Places {
    fn new(table: Rect) -> Self {
        Self { table, width: (table.width() - LABELS) / COLUMNS as f32 }
    }

    fn fitting(&self) -> usize {
        (((self.table.height() - HEAD) / ROW.0).floor().max(1.0)) as usize
    }

    fn height(&self, rows: usize) -> f32 {
        ((self.table.height() - HEAD) / rows.max(1) as f32).clamp(ROW.0, ROW.1)
    }

    fn head(&self, column: usize) -> Rect {
        let left = self.table.left() + LABELS + column as f32 * self.width;
        Rect::from_min_size(pos2(left, self.table.top()), vec2(self.width - space::S, HEAD - space::XS))
    }

    fn row(&self, place: usize, rows: usize) -> Rect {
        let height = self.height(rows);
        let top = self.table.top() + HEAD + place as f32 * height;
        Rect::from_min_size(pos2(self.table.left(), top), vec2(self.table.width(), height))
    }

    fn cell(&self, row: Rect, column: usize) -> Rect {
        let left = row.left() + LABELS + column as f32 * self.width;
        Rect::from_min_max(pos2(left, row.top() + 2.0), pos2(left + self.width - space::S, row.bottom() - 2.0))
    }
}

/// Every row as something that a screen reader finds.
fn tell_rows(ui: &Ui, places: &Places, rows: &[LensRow], picked: Option<u32>) {
    for (place, row) in rows.iter().enumerate() {
        let response =
            ui.interact(places.row(place, rows.len()), ui.scope_id().with(("microscope row", row.id)), Sense::hover());
        let gone = match row.gone_at {
            Some(Step::TopK) => t!("playground.top_k"),
            Some(Step::TopP) => t!("playground.top_p"),
            Some(Step::MinP) => t!("playground.min_p"),
            Some(_) => t!("microscope.gone_at_once"),
            None => "".into(),
        };
        let words = t!(
            "microscope.row",
            token = row.label.as_str(),
            logit = number::signed(row.logit, 2),
            scaled = number::signed(row.scaled, 2),
            share = percent(row.share),
            probability = percent(row.probability)
        );
        let words = if gone.is_empty() { words.into_owned() } else { format!("{words} ({gone})") };
        let chosen = picked == Some(row.id);
        response.widget_info(|| WidgetInfo::selected(egui::Role::Image, true, chosen, &words));
        response.on_hover_text(&words);
    }
}

/// All bars of the table.
fn paint_table(ui: &Ui, places: &Places, rows: &[LensRow], picked: Option<u32>) {
    let theme = Theme::here(ui);
    let painter = ui.painter();
    let logits = Range::of(rows.iter().map(|row| row.logit));
    let scaled = Range::of(rows.iter().flat_map(|row| [row.scaled, row.logit]));
    let largest = rows.iter().fold(0.0f32, |most, row| most.max(row.share).max(row.probability));
    let full = scale::nice_ceil(f64::from(largest)).clamp(0.01, 1.0) as f32;
    let soft = theme.generated.gamma_multiply(if theme.dark { 0.55 } else { 0.5 });
    if let Some(first) = rows.iter().position(|row| row.gone_at.is_some()).filter(|&first| first > 0) {
        let y = places.row(first, rows.len()).top();
        painter.hline(places.table.x_range(), y, Stroke::new(1.0, theme.warn.gamma_multiply(0.6)));
    }
    for (place, row) in rows.iter().enumerate() {
        let line = places.row(place, rows.len());
        if picked == Some(row.id) {
            painter.rect_filled(line.expand2(vec2(4.0, 0.0)), theme::RADIUS, theme.accent_soft);
        }
        let alive = row.gone_at.is_none();
        label(painter, theme, line, row, alive);
        logits.or(&scaled).bar(painter, theme, places.cell(line, 0), row.logit, theme.ink_soft);
        scaled.bar(painter, theme, places.cell(line, 1), row.scaled, theme.ink_soft);
        for (column, step) in [(2, Step::TopK), (3, Step::TopP), (4, Step::MinP)] {
            filtered(painter, theme, places.cell(line, column), row, step, soft, full);
        }
        if alive {
            let cell = places.cell(line, COLUMNS - 1);
            share_bar(painter, cell, row.probability / full, theme.generated);
            share_words(painter, theme, cell, row.probability / full, percent(row.probability));
        }
    }
}

fn label(painter: &Painter, theme: &Theme, line: Rect, row: &LensRow, alive: bool) {
    let ink = if alive { theme.ink } else { theme.ink_soft };
    let mut job = egui::text::LayoutJob::simple_singleline(row.label.clone(), theme::mono(size::BODY), ink);
    job.wrap = egui::text::TextWrapping::truncate_at_width(LABELS - space::M);
    let galley = painter.layout_job(job);
    let corner = pos2(line.left() + LABELS - space::S - galley.size().x, line.center().y - galley.size().y / 2.0);
    painter.galley(corner, galley, ink);
}

/// A token in the column of a filter: there, just cut off, or gone.
fn filtered(painter: &Painter, theme: &Theme, cell: Rect, row: &LensRow, step: Step, color: Color32, full: f32) {
    if row.gone_at.is_none_or(|gone| gone > step) {
        share_bar(painter, cell, row.share / full, color);
    } else if row.gone_at == Some(step) {
        let cut =
            Rect::from_min_max(cell.min, pos2(cell.left() + (row.share / full).min(1.0) * cell.width(), cell.bottom()));
        painter.rect_stroke(cut, 1.0, Stroke::new(1.0, theme.warn), egui::StrokeKind::Inside);
        let glyph = egui_material_icons::icons::ICON_CONTENT_CUT.codepoint;
        let font = egui::FontId::new(size::SMALL, egui::FontFamily::Name(egui_material_icons::FONT_FAMILY.into()));
        painter.text(pos2(cut.right() + 4.0, cell.center().y), Align2::LEFT_CENTER, glyph, font, theme.warn);
    }
}

fn share_bar(painter: &Painter, cell: Rect, share: f32, color: Color32) {
    let bar = Rect::from_min_size(cell.min, vec2((share.clamp(0.0, 1.0) * cell.width()).max(1.0), cell.height()));
    painter.rect_filled(bar, 1.0, color);
}

/// How likely a token is, in figures: right of its bar, or inside of it where it leaves no room.
fn share_words(painter: &Painter, theme: &Theme, cell: Rect, share: f32, words: String) {
    let ink = theme.ink_on(theme.generated);
    let galley = painter.layout_no_wrap(words, theme::text(size::SMALL), Color32::PLACEHOLDER);
    let (bar, wide) = (share.clamp(0.0, 1.0) * cell.width(), galley.size().x);
    let free = cell.width() + space::S - bar - space::XS;
    let inside = wide > free && wide + space::XS <= bar;
    let x = if inside {
        cell.left() + (bar - wide).min(4.0)
    } else {
        (cell.width() - wide).max(bar + space::XS) + cell.left()
    };
    let y = cell.center().y - galley.size().y / 2.0;
    painter.galley_with_override_text_color(pos2(x, y), galley, if inside { ink } else { theme.ink });
}

/// The values that a column of signed bars spans, 0 among them.
#[derive(Clone, Copy)]
struct Range {
    low: f32,
    high: f32,
}

impl Range {
    fn of(values: impl Iterator<Item = f32>) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite.fold((0.0f32, 0.0f32), |(low, high), x| (low.min(x), high.max(x)));
        Self { low, high: if high - low < 1e-6 { low + 1.0 } else { high } }
    }

    /// One scale for two columns, so that it is seen how the second stretches the first.
    fn or(self, other: &Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    fn bar(&self, painter: &Painter, theme: &Theme, cell: Rect, value: f32, color: Color32) {
        let x_of = |v: f32| cell.left() + (v - self.low) / (self.high - self.low) * cell.width();
        let zero = x_of(0.0);
        if self.low < 0.0 {
            painter.vline(zero, cell.y_range().expand(2.0), Stroke::new(1.0, theme.line));
        }
        if value.is_finite() {
            let x = x_of(value.clamp(self.low, self.high));
            let bar = Rect::from_min_max(
                pos2(zero.min(x), cell.top()),
                pos2(zero.max(x).max(zero.min(x) + 1.0), cell.bottom()),
            );
            painter.rect_filled(bar, 1.0, color.gamma_multiply(0.55));
        }
    }
}

/// Axes and staircase.
fn paint_curve(painter: &Painter, theme: &Theme, plot: Rect, outer: Rect, columns: &Columns) {
    let small = || theme::text(size::SMALL);
    for (share, text) in [(0.0, "0"), (0.25, ""), (0.5, "0.5"), (0.75, ""), (1.0, "1")] {
        let y = painter.round_to_pixel_center(plot.bottom() - share * plot.height());
        painter.hline(plot.x_range(), y, Stroke::new(1.0, theme.line));
        painter.text(pos2(plot.left() - 6.0, y), Align2::RIGHT_CENTER, text, small(), theme.ink_soft);
    }
    painter.text(outer.left_top(), Align2::LEFT_TOP, t!("microscope.cumulative"), small(), theme.ink_soft);
    let at = |[x, y]: [f32; 2]| pos2(plot.left() + x * plot.width(), plot.bottom() - y * plot.height());
    let points: Vec<_> = columns.curve.iter().map(|&point| at(point)).collect();
    painter.add(egui::Shape::line(points, Stroke::new(2.0, theme.generated)));
    let tokens = t!("microscope.tokens_in_order", count = number::grouped(columns.drawable() as i64));
    painter.text(outer.right_top(), Align2::RIGHT_TOP, tokens, small(), theme.ink_soft);
}

/// The texts of the likeliest tokens below their steps, where there is room.
fn names_below(painter: &Painter, theme: &Theme, plot: Rect, columns: &Columns, chip: Option<egui::Rangef>) {
    let mut taken: Vec<egui::Rangef> = chip.into_iter().collect();
    for interval in columns.likeliest(24) {
        let Some(row) = columns.rows.iter().find(|row| row.id == interval.id) else { continue };
        let x = plot.left() + columns.across(interval.place) * plot.width();
        let galley = painter.layout_no_wrap(row.label.clone(), theme::mono(size::SMALL), theme.ink_soft);
        let own = egui::Rangef::new(x - galley.size().x / 2.0 - 3.0, x + galley.size().x / 2.0 + 3.0);
        if own.max < plot.right() && taken.iter().all(|other| own.max < other.min || own.min > other.max) {
            painter.galley(pos2(own.min + 3.0, plot.bottom() + 6.0), galley, theme.ink_soft);
            taken.push(own);
        }
    }
}

/// The number on the axis, across to the curve, and down to the token that it picks.
/// Returns what the token's name covers of the axis.
fn paint_mark(
    painter: &Painter,
    theme: &Theme,
    plot: Rect,
    (mark, across): (f32, f32),
    label: &str,
    lit: bool,
) -> egui::Rangef {
    let y = plot.bottom() - mark * plot.height();
    let x = plot.left() + across * plot.width();
    let line = Stroke::new(if lit { 2.5 } else { 1.5 }, theme.accent);
    painter.line_segment([pos2(plot.left(), y), pos2(x, y)], line);
    painter.line_segment([pos2(x, y), pos2(x, plot.bottom())], Stroke::new(1.5, theme.accent));
    let knob = if lit { 7.0 } else { 6.0 };
    painter.circle(pos2(plot.left(), y), knob, theme.card, Stroke::new(2.5, theme.accent));
    painter.circle_filled(pos2(x, y), 3.5, theme.accent);
    let galley = painter.layout_no_wrap(label.to_owned(), theme::mono(size::BODY), theme.on_accent);
    let half = galley.size().x / 2.0;
    let middle = x.clamp(plot.left() + half + 6.0, (plot.right() - half - 6.0).max(plot.left() + half + 6.0));
    let chip = Rect::from_center_size(pos2(middle, plot.bottom() + 13.0), galley.size() + vec2(10.0, 2.0));
    painter.rect_filled(chip, 3.0, theme.accent);
    painter.galley(chip.min + vec2(5.0, 1.0), galley, theme.on_accent);
    chip.x_range()
}
