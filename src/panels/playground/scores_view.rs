//! A pasted text in the colours of its surprise: pale where the model expected what came, strong where it did not.

use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Color32, Mesh, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::scores::{Stretch, stretches};
use super::{Playground, outlook};
use crate::generate::{TextScore, TokenScore};
use crate::panels::{Shared, model_label};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::{controls, number, scale};

/// Height of the colour scale with its numbers.
const LEGEND: f32 = 44.0;
/// So many alternatives are told of a token.
const TOLD: usize = 5;

impl Playground {
    /// The whole view.
    pub(super) fn scores_ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let room = ui.available_rect_before_wrap();
        let width = (room.width() * 0.36).clamp(260.0, 520.0);
        let left = Rect::from_min_size(room.min, vec2(width, room.height()));
        let right = Rect::from_min_max(pos2(left.right() + space::XL, room.top()), room.max);
        super::inside(ui, "pasted", left, |ui| self.pasted_ui(ui, shared));
        super::inside(ui, "judged", right, |ui| self.judged_ui(ui, shared));
    }

    /// The field, and what can be done with it.
    fn pasted_ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        controls::section_title(ui, t!("scores.text"));
        let room = ui.available_rect_before_wrap();
        let paper = Rect::from_min_max(room.min, room.max - vec2(0.0, 88.0));
        let theme = Theme::here(ui);
        ui.painter().rect(paper, theme::RADIUS, theme.card, Stroke::new(1.0, theme.line), StrokeKind::Inside);
        super::on_sheet(ui, "field", paper.shrink2(vec2(space::L, space::M)), |ui| {
            egui::ScrollArea::vertical().id_salt("pasted").auto_shrink(false).show(ui, |ui| {
                let edit = egui::TextEdit::multiline(&mut self.scores.text)
                    .font(theme::mono(size::BODY))
                    .hint_text(t!("scores.hint").into_owned())
                    .frame(egui::Frame::NONE)
                    .desired_rows(8)
                    .desired_width(f32::INFINITY);
                ui.add(edit).accessible_name(t!("scores.text"));
            });
        });
        ui.allocate_rect(paper, Sense::hover());
        ui.horizontal(|ui| {
            if self.scores.running() {
                if controls::primary_button(ui, icons::ICON_STOP.codepoint, t!("playground.stop")).clicked() {
                    self.scores.stop(shared);
                }
                return;
            }
            ui.add_enabled_ui(!self.scores.text.is_empty(), |ui| {
                if controls::primary_button(ui, icons::ICON_FACT_CHECK.codepoint, t!("scores.ask")).clicked() {
                    self.scores.ask(shared);
                }
            });
            let sheet = controls::quiet_button(ui, "", t!("scores.take_sheet"));
            if sheet.clicked() {
                self.scores.text = self.text(shared);
                self.scores.ask(shared);
            }
        });
        if let Some(problem) = &self.scores.problem {
            ui.add(egui::Label::new(egui::RichText::new(problem).color(theme.bad)).wrap());
        } else if self.scores.running() {
            let (done, all) = self.scores.progress;
            let share = (all > 0).then(|| done as f32 / all as f32);
            let words = t!("scores.progress", done = number::grouped(done as i64), all = number::grouped(all as i64));
            controls::progress_line(ui, share, words);
        }
    }

    /// The coloured text with its figures and its legend.
    fn judged_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        let Some((text, model, score)) = self.scores.judged.clone() else {
            let glyph = icons::ICON_FACT_CHECK.codepoint;
            let example = controls::empty_state(ui, glyph, t!("scores.empty"), t!("scores.take_example"));
            if example {
                self.scores.text = self.text(shared);
            }
            return;
        };
        controls::section_title(ui, summary(&score));
        let loss = score.loss.map_or_else(|| "—".to_owned(), |loss| format!("{loss:.3}"));
        let count = number::grouped(score.judged as i64);
        controls::note(ui, t!("scores.loss", loss = loss, count = count, model = model_label(&model)));
        let vocabulary = shared.model.as_ref().map_or(1000, |model| model.pieces.len()).max(2);
        let most = (vocabulary as f32).ln();
        let room = ui.available_rect_before_wrap();
        let paper = Rect::from_min_max(room.min, room.max - vec2(0.0, LEGEND + space::S));
        let theme = Theme::here(ui);
        ui.painter().rect(paper, theme::RADIUS, theme.card, Stroke::new(1.0, theme.line), StrokeKind::Inside);
        let mut hovered = None;
        super::on_sheet(ui, "coloured", paper.shrink2(vec2(space::L, space::M)), |ui| {
            egui::ScrollArea::vertical().id_salt("coloured").auto_shrink(false).show(ui, |ui| {
                hovered = self.coloured_ui(ui, &text, &score, most, shared);
            });
        });
        ui.allocate_rect(paper, Sense::hover());
        let marked = hovered.or(self.scores.selected).and_then(|at| surprise(score.tokens.get(at)?));
        legend_ui(ui, most, marked);
    }

    /// The text; returns the token under the pointer.
    fn coloured_ui(&mut self, ui: &mut Ui, text: &str, score: &TextScore, most: f32, shared: &Shared) -> Option<usize> {
        let theme = Theme::here(ui);
        let parts = stretches(text, &score.tokens);
        let galley = ui.painter().layout_job(coloured(theme, text, score, &parts, most, ui.available_width()));
        let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::click());
        ui.painter().galley(rect.min, galley.clone(), theme.ink);
        let spoken = t!("scores.coloured_is", text = text, summary = summary(score));
        response.widget_info(|| WidgetInfo::labeled(Role::Paragraph, true, spoken.as_ref()));
        let at = response.hover_pos().and_then(|pointer| {
            let near = galley.cursor_from_pos(pointer - rect.min);
            let place = galley.pos_from_cursor(near);
            let character =
                if place.left() > pointer.x - rect.left() { near.index.0.checked_sub(1)? } else { near.index.0 };
            let byte = text.char_indices().nth(character)?.0;
            parts.iter().find(|part| part.bytes.0 <= byte && byte < part.bytes.1).map(|part| part.token)
        });
        if response.clicked() {
            self.scores.selected = at;
        }
        if let Some(token) = at.and_then(|at| score.tokens.get(at)) {
            let words = token_words(token, shared);
            response.on_hover_text_at_pointer(egui::RichText::new(words).font(theme::mono(size::SMALL)));
        }
        at
    }
}

/// −ln p of a token, in nats.
fn surprise(token: &TokenScore) -> Option<f32> {
    token.judged.as_ref().map(|judged| -judged.logprob)
}

fn summary(score: &TextScore) -> String {
    match score.perplexity {
        Some(perplexity) => t!("scores.perplexity", value = number::rate(perplexity)).into_owned(),
        None => t!("scores.nothing_judged").into_owned(),
    }
}

/// Every stretch on the ground of its surprise.
fn coloured(theme: &Theme, text: &str, score: &TextScore, parts: &[Stretch], most: f32, width: f32) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    let font = theme::mono(size::READ);
    for part in parts {
        let ground = score.tokens.get(part.token).and_then(surprise).map(|nats| theme.wash(nats / most));
        let ink = if ground.is_some() { theme.ink } else { theme.ink_soft };
        let background = ground.unwrap_or(Color32::TRANSPARENT);
        let format = TextFormat { background, line_height: Some(24.0), ..TextFormat::simple(font.clone(), ink) };
        job.append(text.get(part.bytes.0..part.bytes.1).unwrap_or_default(), 0.0, format);
    }
    job
}

/// A token in words: its probability and rank, and what the model would rather have read.
fn token_words(token: &TokenScore, shared: &Shared) -> String {
    let label = crate::widgets::token_chips::visible(&token.piece);
    let Some(judged) = &token.judged else { return t!("scores.first_token", token = label).into_owned() };
    let mut words = t!(
        "scores.token",
        token = label,
        share = percent(judged.logprob.exp()),
        nats = format!("{:.2}", -judged.logprob),
        rank = number::grouped(judged.rank as i64 + 1)
    )
    .into_owned();
    if let Some(model) = &shared.model {
        for other in judged.alternatives.iter().take(TOLD) {
            let label = outlook::label(&model.pieces, other.id);
            words.push_str(&format!("\n{label:<12}{:>10}", percent(other.probability)));
        }
    }
    words
}

/// Which colour is which surprise.
fn legend_ui(ui: &mut Ui, most: f32, marked: Option<f32>) {
    let theme = Theme::here(ui);
    ui.add_space(space::S);
    let title = ui.painter().layout_no_wrap(t!("scores.legend").into_owned(), theme::text(size::SMALL), theme.ink_soft);
    let width = (ui.available_width() - title.size().x - space::L).clamp(80.0, 420.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, LEGEND - space::S), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, t!("scores.legend")));
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), 12.0));
    let mut mesh = Mesh::default();
    for step in 0..32 {
        let x = |k: usize| bar.left() + bar.width() * k as f32 / 32.0;
        let part = Rect::from_min_max(pos2(x(step), bar.top()), pos2(x(step + 1), bar.bottom()));
        mesh.add_colored_rect(part, theme.wash((step as f32 + 0.5) / 32.0));
    }
    ui.painter().add(Shape::mesh(mesh));
    ui.painter().rect_stroke(bar, 0.0, Stroke::new(1.0, theme.line), StrokeKind::Outside);
    for tick in scale::linear_ticks(0.0, f64::from(most), 5) {
        let x = bar.left() + bar.width() * tick as f32 / most;
        let at = pos2(x, bar.bottom() + 3.0);
        ui.painter().text(at, Align2::CENTER_TOP, tick, theme::text(size::SMALL), theme.ink_soft);
    }
    if let Some(nats) = marked {
        let x = bar.left() + bar.width() * (nats / most).clamp(0.0, 1.0);
        ui.painter().vline(x, bar.y_range().expand(3.0), Stroke::new(2.0, theme.accent));
    }
    let corner = pos2(bar.right() + space::S, bar.center().y - title.size().y / 2.0);
    ui.painter().galley(corner, title, theme.ink_soft);
}
