//! The threads of what was written, drawn below the text: where one parts from another, and which one is in sight.

use egui::epaint::CubicBezierShape;
use egui::{Color32, Id, Painter, Pos2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::threads::{RunId, Strand, Threads};
use super::{Action, Playground};
use crate::widgets::controls::just_appeared;
use crate::widgets::number;
use crate::widgets::theme::{self, Theme, size, space};

/// Height of a lane.
const LANE: f32 = 18.0;
/// Most lanes in sight at once; the rest is scrolled to.
const LANES: usize = 5;
/// Width of the bend with which a thread parts from another, in points at most.
const BEND: f32 = 28.0;
/// Room for the prompt's knot.
const START: f32 = 14.0;
/// So many characters of a thread are told.
const TOLD: usize = 60;

/// How tall the band of a tree is; nothing while only one thread was written in one go.
pub fn height(threads: &Threads) -> f32 {
    if threads.len() < 2 {
        return 0.0;
    }
    let lanes = threads.strands().iter().map(|strand| strand.lane + 1).max().unwrap_or(0);
    lanes.min(LANES) as f32 * LANE + 26.0
}

impl Playground {
    /// The band of threads; a click on a knot shows the text up to there.
    pub(super) fn threads_ui(&self, ui: &mut Ui) -> Option<Action> {
        let theme = Theme::here(ui);
        let strands = self.threads.strands();
        let lanes = strands.iter().map(|strand| strand.lane + 1).max()?;
        let title = t!(
            "playground.threads",
            count = number::grouped(lanes as i64),
            lines = match weft_step(last_token(&strands)) {
                1 => t!("playground.weft_one"),
                step => t!("playground.weft", step = number::grouped(step as i64)),
            }
        );
        let words = egui::RichText::new(title).font(theme::text(size::SMALL)).color(theme.ink_soft);
        ui.add_sized(vec2(ui.available_width(), 16.0), egui::Label::new(words).truncate().halign(egui::Align::LEFT));
        let mut action = None;
        egui::ScrollArea::vertical().id_salt("threads").max_height(LANES as f32 * LANE).show(ui, |ui| {
            let room = vec2(ui.available_width(), lanes as f32 * LANE);
            let (rect, outer) = ui.allocate_exact_size(room, Sense::hover());
            let loom = Loom::new(rect, &strands);
            loom.weft(ui.painter(), theme);
            let prompt = ui.interact(
                Rect::from_center_size(loom.start(), vec2(LANE, LANE)),
                outer.id.with("prompt"),
                Sense::click(),
            );
            prompt.widget_info(|| WidgetInfo::labeled(Role::Button, true, t!("playground.thread_prompt")));
            if self.threads.current().is_none() && just_appeared(ui, Id::unique("only the prompt in sight")) {
                ui.scroll_to_rect(prompt.rect, None);
            }
            if prompt.on_hover_text(t!("playground.thread_prompt")).clicked() {
                action = Some(Action::Show(None));
            }
            // What is in sight is drawn over the rest.
            let (near, far): (Vec<&Strand>, Vec<&Strand>) = strands.iter().partition(|strand| strand.in_sight);
            for strand in far.into_iter().chain(near) {
                if let Some(run) = self.strand_ui(ui, &loom, strand, outer.id) {
                    action = Some(Action::Show(Some(run)));
                }
            }
            ui.painter().circle_filled(loom.start(), 4.0, theme.prompt);
        });
        action
    }

    fn strand_ui(&self, ui: &Ui, loom: &Loom, strand: &Strand, id: egui::Id) -> Option<RunId> {
        let theme = Theme::here(ui);
        let run = self.threads.run(strand.run)?;
        let (from, to) = (loom.at(strand.tokens.0, strand.lane), loom.at(strand.tokens.1, strand.lane));
        let area = Rect::from_two_pos(from, to).expand2(vec2(5.0, LANE / 2.0 - 1.0));
        let response = ui.interact(area, id.with(strand.run), Sense::click());
        let text: String = run.tokens.iter().map(|token| token.text.as_str()).collect();
        let shown: String = text.replace('\n', "↵ ").chars().take(TOLD).collect();
        let words = match run.seed {
            Some(seed) => {
                t!("playground.thread_is", text = shown, count = number::grouped(run.tokens.len() as i64), seed = seed)
            }
            None => t!("playground.thread_put", text = shown),
        };
        let here = self.threads.current().map(|run| run.id) == Some(strand.run);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, here, words.as_ref()));
        // The thread that becomes the one in sight is scrolled to, once: whoever scrolls then is not pulled back.
        if here && just_appeared(ui, Id::unique(("thread in sight", strand.run, strand.lane))) {
            ui.scroll_to_rect(area.expand2(vec2(0.0, LANE / 2.0)), None);
        }
        let lit = response.hovered() || response.has_focus();
        let color = if strand.in_sight { theme.generated } else { theme.ink_soft.gamma_multiply(0.7) };
        let stroke =
            Stroke::new(if strand.in_sight || lit { 2.5 } else { 1.5 }, if lit { theme.accent } else { color });
        loom.thread(ui.painter(), strand, stroke);
        if run.tokens.first().is_some_and(|token| token.chosen) {
            let bend = if strand.lane == strand.from_lane { from.x } else { (from.x + BEND).min(to.x) };
            ui.painter().circle_filled(pos2(bend, from.y), 3.5, theme.prompt);
        }
        if here {
            ui.painter().circle(to, 5.0, theme.card, Stroke::new(2.5, theme.accent));
        } else {
            ui.painter().circle_filled(to, 3.0, stroke.color);
        }
        response.on_hover_text(words).clicked().then_some(strand.run)
    }
}

/// How many tokens the longest thread has, at least one.
fn last_token(strands: &[Strand]) -> usize {
    strands.iter().map(|strand| strand.tokens.1).max().unwrap_or(1).max(1)
}

/// So many tokens are between two lines of the weft.
fn weft_step(tokens: usize) -> usize {
    crate::widgets::scale::nice_ceil(tokens as f64 / 12.0).max(1.0) as usize
}

/// Where tokens and lanes are.
struct Loom {
    rect: Rect,
    /// Points a token.
    apart: f32,
    tokens: usize,
}

impl Loom {
    fn new(rect: Rect, strands: &[Strand]) -> Self {
        let tokens = last_token(strands);
        Self { rect, apart: (rect.width() - START - space::M) / tokens as f32, tokens }
    }

    fn start(&self) -> Pos2 {
        self.at(0, 0)
    }

    fn at(&self, token: usize, lane: usize) -> Pos2 {
        let x = self.rect.left() + START / 2.0 + token as f32 * self.apart;
        pos2(x, self.rect.top() + (lane as f32 + 0.5) * LANE)
    }

    /// Fine lines across, a round number of tokens apart: the weft by which lengths are compared.
    fn weft(&self, painter: &Painter, theme: &Theme) {
        let step = weft_step(self.tokens);
        let color: Color32 = theme.line.gamma_multiply(0.7);
        for token in (0..=self.tokens).step_by(step) {
            let x = painter.round_to_pixel_center(self.at(token, 0).x);
            painter.vline(x, self.rect.y_range(), Stroke::new(1.0, color));
        }
    }

    /// A thread along its lane, with a bend where it parts from another.
    fn thread(&self, painter: &Painter, strand: &Strand, stroke: Stroke) {
        let (from, to) = (self.at(strand.tokens.0, strand.lane), self.at(strand.tokens.1, strand.lane));
        if strand.lane == strand.from_lane {
            painter.line_segment([from, to], stroke);
            return;
        }
        let parts = self.at(strand.tokens.0, strand.from_lane);
        let bend = pos2((from.x + BEND).min(to.x), from.y);
        let half = (bend.x - parts.x) / 2.0;
        let points = [parts, parts + vec2(half, 0.0), bend - vec2(half, 0.0), bend];
        painter.add(CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke));
        painter.line_segment([bend, to], stroke);
    }
}
