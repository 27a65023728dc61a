//! The chosen head in numbers: what kind of head it is, what a pair's score is made of, and what the model loses without it.

use std::sync::Arc;

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::Attention;
use super::compute::Choice;
use super::scores::{self, HeadScore};
use crate::engine::lesson::{Ablated, HeadVectors};
use crate::engine::{Event, LessonRequest, LessonResult, ModelRef};
use crate::panels::Shared;
use crate::panels::asked::{Asked, only};
use crate::widgets::controls;
use crate::widgets::heatmap::value_text;
use crate::widgets::number::{in_bits, in_nats};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};

/// Capture, layer and head.
type Key = (u64, (usize, usize));

/// What was asked about the chosen head, and what came back.
#[derive(Default)]
pub(super) struct Detail {
    /// The scores of all heads of the capture of this number.
    pub scores: Option<(u64, Vec<HeadScore>)>,
    vectors: Asked<Key>,
    compared: Option<(Key, Arc<HeadVectors>)>,
    ablation: Asked<Key>,
    /// The head whose ablation was asked for, and what came of it.
    pub ablated: Option<(Key, Ablated)>,
}

impl Detail {
    /// Takes an event.
    pub fn on_event(&mut self, event: &Event) {
        let key = self.vectors.key().copied();
        if let (Some(LessonResult::HeadVectors(found)), Some(key)) = (self.vectors.answer(event, only), key) {
            self.compared = Some((key, found.clone()));
        }
        let key = self.ablation.key().copied();
        if let (Some(LessonResult::Ablated(found)), Some(key)) = (self.ablation.answer(event, only), key) {
            self.ablated = Some((key, *found));
        }
    }

    /// Whether it waits for something.
    pub fn busy(&self) -> bool {
        self.vectors.job().is_some() || self.ablation.job().is_some()
    }

    /// Whether it shows itself what went wrong with a job.
    pub fn shows_failure_of(&self, job: crate::engine::JobId) -> bool {
        self.vectors.waits_for(job) || self.ablation.waits_for(job)
    }
}

impl Attention {
    /// The chosen head, where it is one.
    pub(super) fn chosen_head(&self) -> Option<(usize, usize)> {
        match self.choice {
            Choice::Head(layer, head) => Some((layer, head)),
            _ => None,
        }
    }

    /// The scores of a head.
    pub(super) fn score_of(&self, (layer, head): (usize, usize)) -> Option<HeadScore> {
        let heads = self.capture.as_ref()?.heads;
        let (captures, all) = self.detail.scores.as_ref()?;
        all.get(layer * heads + head).copied().filter(|_| *captures == self.captures)
    }

    /// Asks for queries and keys of the chosen head once a pair is pinned.
    pub(super) fn compare(&mut self, shared: &Shared) {
        let (Some(head), Some(_), Some((model, text))) = (self.chosen_head(), self.heatmap.pin(), self.captured())
        else {
            return;
        };
        self.detail.vectors.ask(shared, (self.captures, head), |_| LessonRequest::HeadVectors { model, text, head });
    }

    /// Model and text of the capture that is shown.
    fn captured(&self) -> Option<(ModelRef, String)> {
        let asked = self.asked.as_ref().filter(|_| self.looking.is_none())?;
        Some((asked.model.clone(), asked.text.clone()))
    }

    /// Scores, ablation and the pinned pair.
    pub(super) fn detail_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        let Some(head) = self.chosen_head() else {
            self.over_ui(ui);
            return;
        };
        // A button wider than the column would widen what comes after it.
        let width = ui.available_width();
        if let Some(score) = self.score_of(head) {
            self.score_ui(ui, score);
        }
        self.ablation_ui(ui, shared, head);
        self.pair_ui(ui, head, width);
    }

    /// How several heads become one picture.
    fn over_ui(&mut self, ui: &mut Ui) {
        use super::compute::Over;
        let options = [
            (Over::Mean, t!("attention.over.mean").into_owned()),
            (Over::Maximum, t!("attention.over.maximum").into_owned()),
        ];
        controls::segmented(ui, &t!("attention.over.name"), &mut self.over, &options);
    }

    fn score_ui(&mut self, ui: &mut Ui, score: HeadScore) {
        let words = t!(
            "attention.scores",
            previous = percent(score.previous_token),
            first = percent(score.first_token),
            entropy = in_bits(score.entropy, 2)
        );
        controls::note(ui, words);
        ui.horizontal_wrapped(|ui| {
            let find = |name: &str| t!(format!("attention.find.{name}")).into_owned();
            type Of = fn(&HeadScore) -> f32;
            let kinds: [(&str, Of); 3] = [
                ("previous", |score| score.previous_token),
                ("first", |score| score.first_token),
                ("spread", |score| score.entropy),
            ];
            for (name, of) in kinds {
                if controls::quiet_button(ui, "", find(name)).clicked()
                    && let (Some((_, all)), Some(capture)) = (&self.detail.scores, &self.capture)
                    && let Some((layer, head)) = scores::best(all, capture.heads, of)
                {
                    self.choice = Choice::Head(layer, head);
                }
            }
        });
    }

    fn ablation_ui(&mut self, ui: &mut Ui, shared: &Shared, head: (usize, usize)) {
        let key = (self.captures, head);
        ui.horizontal_wrapped(|ui| {
            if controls::quiet_button(ui, "", t!("attention.ablate")).clicked()
                && let Some((model, text)) = self.captured()
            {
                self.detail.ablation.forget();
                self.detail.ablation.ask(shared, key, |_| LessonRequest::Ablated { model, text, head });
            }
            if self.detail.ablation.job().is_some() {
                controls::note(ui, t!("attention.computing"));
            }
            if let Some((_, found)) = self.detail.ablated.filter(|(of, _)| *of == key) {
                let (before, after) = (format!("{:.3}", found.before), in_nats(found.after, 3));
                let change = value_text(found.after - found.before);
                controls::note(ui, t!("attention.ablated", before = before, after = after, change = change));
            }
        });
        if let Some(problem) = self.detail.ablation.problem() {
            controls::note(ui, problem);
        }
    }

    /// q·k of the pinned pair, factor by factor.
    fn pair_ui(&self, ui: &mut Ui, head: (usize, usize), width: f32) {
        let (Some((from, to)), Some(capture)) = (self.heatmap.pin(), &self.capture) else {
            controls::note(ui, t!("attention.no_pair"));
            return;
        };
        let wanted = (self.captures, head);
        let Some((_, vectors)) = self.detail.compared.as_ref().filter(|(key, _)| *key == wanted) else {
            if let Some(problem) = self.detail.vectors.problem() {
                controls::note(ui, problem);
            }
            return;
        };
        let factors = vectors.factors(from, to);
        let sum: f32 = factors.iter().map(|factor| factor[2]).sum();
        let token = |at: usize| {
            capture.tokens.get(at).map_or_else(String::new, |token| crate::widgets::token_chips::visible(token))
        };
        let words = t!(
            "attention.pair",
            from = token(from),
            to = token(to),
            sum = value_text(sum),
            scaled = value_text(sum * capture.scale)
        );
        controls::note(ui, &*words);
        factors_ui(ui, width, &factors, &words);
    }
}

/// Height of the products with the words above them, in points.
const FACTORS: f32 = 96.0;

/// The products as bars from a line in the middle, blue above and orange below.
fn factors_ui(ui: &mut Ui, width: f32, factors: &[[f32; 3]], words: &str) {
    let theme = Theme::here(ui);
    let room = vec2(width, FACTORS);
    let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
    let largest = factors.iter().map(|factor| factor[2].abs()).fold(f32::MIN_POSITIVE, f32::max);
    // The words have a line of their own above the bars.
    let plot = Rect::from_min_max(rect.min + vec2(0.0, size::SMALL + space::S), rect.max - vec2(0.0, space::XS));
    let width = plot.width() / factors.len().max(1) as f32;
    let at = response.hover_pos().map(|at| (((at.x - plot.left()) / width).max(0.0)) as usize);
    let hovered = at.and_then(|at| Some((at, factors.get(at)?)));
    let told = hovered.map(|(at, [q, k, product])| {
        let (q, k, product) = (value_text(*q), value_text(*k), value_text(*product));
        t!("attention.factor", place = at + 1, q = q, k = k, product = product).into_owned()
    });
    let spoken = told.clone().unwrap_or_else(|| words.to_owned());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    ui.painter().hline(plot.x_range(), plot.center().y, Stroke::new(1.0, theme.line));
    for (i, factor) in factors.iter().enumerate() {
        let x = plot.left() + i as f32 * width;
        let end = plot.center().y - factor[2] / largest * plot.height() / 2.0;
        let bar = Rect::from_two_pos(pos2(x + 0.5, plot.center().y), pos2(x + (width - 0.5).max(1.0), end));
        let color = if factor[2] < 0.0 { theme.series[1] } else { theme.series[0] };
        let color = if at.is_none_or(|at| at == i) { color } else { color.gamma_multiply(0.5) };
        ui.painter().rect_filled(bar, 0.0, color);
    }
    let note = told.unwrap_or_else(|| t!("attention.factors", count = factors.len()).into_owned());
    ui.painter().text(rect.left_top(), Align2::LEFT_TOP, note, theme::text(size::SMALL), theme.ink_soft);
}
