//! The sheet: prompt and answer as one text, and below it what can be done with it.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{CornerRadius, EventFilter, Galley, Key, Margin, Modifiers, Pos2, Rect, Role, Sense, Stroke};
use egui::{StrokeKind, TextEdit, Ui, Vec2, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::{Action, Playground, outlook};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::number;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};

/// Height of everything below the sheet but the threads.
const BELOW: f32 = 72.0;

impl Playground {
    /// The left column.
    pub(super) fn sheet_ui(&mut self, ui: &mut Ui, shared: &Shared) -> Option<Action> {
        let room = ui.available_rect_before_wrap();
        let problem = if self.problem.is_some() { 40.0 } else { 0.0 };
        let threads = super::threads_view::height(&self.threads);
        let full = if self.context_is_full(shared) && !self.answer.is_empty() { 40.0 } else { 0.0 };
        let below = BELOW + problem + threads + full;
        let sheet = Rect::from_min_max(room.min, pos2(room.right(), (room.bottom() - below).max(room.top() + 120.0)));
        self.paper_ui(ui, sheet, shared);
        ui.allocate_rect(sheet, Sense::hover());
        if let Some(problem) = &self.problem {
            let theme = Theme::here(ui);
            ui.horizontal_top(|ui| {
                ui.label(controls::icon(icons::ICON_ERROR.codepoint, size::TITLE).color(theme.bad));
                ui.add(egui::Label::new(egui::RichText::new(problem).color(theme.bad)).wrap());
            });
        }
        ui.add_space(space::XS);
        let woven =
            if threads > 0.0 { super::inside_next(ui, "threads", threads, |ui| self.threads_ui(ui)) } else { None };
        let offer = if full > 0.0 { self.full_ui(ui) } else { None };
        let pressed = self.buttons_ui(ui, shared);
        self.report_ui(ui, shared);
        let card = self.card_ui(ui, shared);
        woven.or(offer).or(pressed).or(card)
    }

    /// The paper itself, which scrolls.
    fn paper_ui(&mut self, ui: &mut Ui, rect: Rect, shared: &Shared) {
        let theme = Theme::here(ui);
        let corners = CornerRadius::same(theme::RADIUS);
        ui.painter().rect(rect, corners, theme.card, Stroke::new(1.0, theme.line), StrokeKind::Inside);
        let ground = ui.interact(rect, ui.scope_id().with("paper"), Sense::click());
        let inner = rect.shrink2(vec2(space::XL, space::L));
        let prompt_id = ui.scope_id().with("prompt");
        let running = self.running.is_some();
        let follow = std::mem::take(&mut self.follow) || running;
        super::on_sheet(ui, "text", inner, |ui| {
            let area = egui::ScrollArea::vertical().id_salt("sheet").auto_shrink(false).stick_to_bottom(follow);
            area.show(ui, |ui| {
                let (end, line) = self.prompt_ui(ui, prompt_id);
                self.answer_ui(ui, end, line, shared);
                ui.add_space(space::L);
            });
        });
        if ground.clicked() && ui.input(|i| i.pointer.interact_pos()).is_some_and(|at| rect.contains(at)) {
            ui.memory_mut(|memory| memory.request_focus(prompt_id));
        }
    }

    /// The prompt, and where its text ends: right edge of the last character and height of a line.
    fn prompt_ui(&mut self, ui: &mut Ui, id: egui::Id) -> (Pos2, f32) {
        let theme = Theme::here(ui);
        let font = theme::mono(size::READ);
        let edit = TextEdit::multiline(&mut self.prompt)
            .id(id)
            .font(font)
            .text_color(theme.prompt)
            .hint_text(t!("playground.prompt_hint").into_owned())
            .frame(egui::Frame::NONE)
            .margin(Margin::ZERO)
            .desired_rows(1)
            .desired_width(f32::INFINITY);
        let shown = edit.show(ui);
        if std::mem::take(&mut self.focus_prompt) {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        shown.response.response.clone().accessible_name(t!("playground.prompt"));
        if shown.response.response.changed() {
            self.problem = None;
            self.begun = true;
            self.selected = None;
        }
        let end = shown.galley.pos_from_cursor(shown.galley.end()).translate(shown.galley_pos.to_vec2());
        (end.right_top(), end.height())
    }

    /// The answer, from the end of the prompt's last line on.
    fn answer_ui(&mut self, ui: &mut Ui, start: Pos2, line: f32, shared: &Shared) {
        self.hovered = None;
        if self.answer.is_empty() && self.running.is_none() {
            self.card = None;
            return;
        }
        let belongs = self.answer_belongs(shared);
        let (left, width) = (ui.max_rect().left(), ui.available_width());
        let galley = self.answer_galley(ui, start.x - left, width, belongs);
        let corner = pos2(left, start.y);
        let rect = Rect::from_min_size(corner, vec2(width, galley.size().y));
        // Its first line is the prompt's last one.
        let below = Rect::from_min_max(pos2(left, start.y + line), rect.max);
        if below.height() > 0.0 {
            ui.allocate_space(vec2(width, (below.height() - ui.spacing().item_spacing.y).max(0.0)));
        }
        // Two areas, because the first line begins where the prompt ends; the larger one speaks for both.
        let first = Rect::from_min_max(start, pos2(rect.right(), start.y + line));
        let on_first = ui.interact(first, ui.scope_id().with("answer's first line"), Sense::click());
        let on_rest = below.is_positive().then(|| ui.interact(below, ui.scope_id().with("answer"), Sense::click()));
        let whole = on_rest.as_ref().unwrap_or(&on_first);
        let pointer = on_first.hover_pos().or(whole.hover_pos());
        if belongs {
            self.hovered = pointer.and_then(|at| self.token_under(&galley, at - corner));
        }
        if on_first.clicked() || whole.clicked() {
            self.selected = if self.hovered == self.selected { None } else { self.hovered };
        }
        self.answer_keys(ui, whole);
        let spoken = t!("playground.answer_is", text = self.answer.text.as_str());
        whole.widget_info(|| WidgetInfo::labeled(Role::Paragraph, true, &spoken));
        self.paint_answer(ui, &galley, corner, belongs);
        let under =
            self.hovered.filter(|_| self.running.is_none()).and_then(|at| Some((at, self.token_rect(&galley, at)?)));
        self.follow_pointer(ui, under.map(|(at, rect)| (at, rect.translate(corner.to_vec2()))));
    }

    fn answer_galley(&self, ui: &Ui, indent: f32, width: f32, belongs: bool) -> Arc<Galley> {
        let theme = Theme::here(ui);
        let format = |chosen: bool| {
            let color = if chosen { theme.prompt } else { theme.generated };
            let color = if belongs { color } else { color.gamma_multiply(0.45) };
            TextFormat::simple(theme::mono(size::READ), color)
        };
        let mut job = LayoutJob::default();
        job.wrap.max_width = width;
        let mut from = 0;
        let mut indent = indent;
        let mut append = |to: usize, chosen: bool| {
            let text = self.answer.text.get(from..to).unwrap_or_default();
            if !text.is_empty() {
                job.append(text, std::mem::take(&mut indent), format(chosen));
            }
            from = to;
        };
        // Runs of tokens from the same hand are one section.
        for pair in self.answer.tokens.windows(2) {
            if pair[0].chosen != pair[1].chosen {
                append(pair[0].bytes.1, pair[0].chosen);
            }
        }
        append(self.answer.text.len(), self.answer.tokens.last().is_some_and(|last| last.chosen));
        ui.painter().layout_job(job)
    }

    /// The token whose characters are at a place of the laid out answer.
    fn token_under(&self, galley: &Galley, at: Vec2) -> Option<usize> {
        let near = galley.cursor_from_pos(at);
        let place = |index: usize| {
            let cursor = egui::text::CCursor { index: egui::text::CharIndex(index), prefer_next_row: true };
            galley.pos_from_cursor(cursor)
        };
        let left = place(near.index.0);
        let index = if left.left() <= at.x { near.index.0 } else { near.index.0.checked_sub(1)? };
        let rect = place(index);
        let on_it = rect.left() <= at.x && rect.top() <= at.y && at.y <= rect.bottom();
        // Beyond the end of a line there is nothing.
        let end = place(index + 1);
        let beyond = end.top() <= rect.top() && at.x > end.left().max(rect.left() + 1.0);
        if on_it && !beyond { self.answer.token_at(index) } else { None }
    }

    /// Arrows step through the tokens while the answer has the focus.
    fn answer_keys(&mut self, ui: &Ui, response: &egui::Response) {
        if !response.has_focus() || self.answer.is_empty() {
            return;
        }
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let count = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as isize;
        let step = count(Key::ArrowRight) - count(Key::ArrowLeft);
        if step != 0 {
            let last = self.answer.tokens.len() - 1;
            let at = self.selected.map_or(0, |at| at.saturating_add_signed(step));
            self.selected = Some(at.min(last));
        }
    }

    fn paint_answer(&self, ui: &Ui, galley: &Arc<Galley>, corner: Pos2, belongs: bool) {
        let theme = Theme::here(ui);
        let painter = ui.painter();
        let hovered = self.hovered.or(self.card.map(|card| card.token));
        let marked = [(self.selected, theme.accent), (hovered, theme.ink)];
        for (at, color) in marked.into_iter().filter_map(|(at, color)| Some((at?, color))) {
            if let Some(rect) = self.token_rect(galley, at).filter(|_| belongs) {
                let rect = rect.translate(corner.to_vec2()).expand(1.0);
                painter.rect(rect, 3.0, theme.accent_soft, Stroke::new(1.0, color), StrokeKind::Outside);
            }
        }
        painter.galley(corner, galley.clone(), theme.generated);
        if self.running.is_some() {
            let end = galley.pos_from_cursor(galley.end()).translate(corner.to_vec2());
            let at = if self.answer.text.is_empty() { Rect::from_min_size(corner, Vec2::ZERO) } else { end };
            let caret = Rect::from_min_size(at.right_top() + vec2(2.0, 2.0), vec2(8.0, end.height() - 4.0));
            painter.rect_filled(caret, 1.0, theme.generated);
        }
    }

    /// Where the first line of a token's text is.
    fn token_rect(&self, galley: &Galley, at: usize) -> Option<Rect> {
        let (from, to) = self.answer.tokens.get(at)?.characters;
        let cursor = |index: usize, next: bool| {
            let index = egui::text::CharIndex(index);
            galley.pos_from_cursor(egui::text::CCursor { index, prefer_next_row: next })
        };
        let start = cursor(from, true);
        let end = cursor(to, false);
        let right = if end.top() <= start.top() { end.right() } else { start.right() + 8.0 };
        Some(Rect::from_min_max(start.min, pos2(right.max(start.left() + 3.0), start.bottom())))
    }

    /// A token of the answer in a few words: what it is, how likely it was, its rank.
    pub(super) fn token_words(&self, at: usize, shared: &Shared) -> String {
        let (Some(token), Some(model)) = (self.answer.tokens.get(at), &shared.model) else { return String::new() };
        let label = outlook::label(&model.pieces, token.id);
        if token.chosen {
            return t!("playground.token_chosen", token = label).into_owned();
        }
        let (share, rank) = (percent(token.probability), number::grouped(token.rank as i64 + 1));
        let vocabulary = number::grouped(model.pieces.len() as i64);
        t!("playground.token_is", token = label, share = share, rank = rank, vocabulary = vocabulary).into_owned()
    }
}
