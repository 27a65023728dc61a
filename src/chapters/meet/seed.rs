//! Is it random? One number between 0 and 1 decides: where it meets the cumulative curve of the probabilities, that token
//! is taken. To try: drag the number; draw it from a seed; find the ends of a token's interval.

use egui::{Align2, EventFilter, Key, Modifiers, Painter, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::next::{Next, example};
use super::temperature::{prompt_ui, share};
use crate::chapters::parts::{self, read};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::{Event, JobId};
use crate::generate::{SamplingOptions, sampling};
use crate::nn::Rng;
use crate::panels::Shared;
use crate::panels::playground::outlook::label;
use crate::widgets::controls;
use crate::widgets::theme::{self, Theme, size, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "seed",
    make: |parameters| Box::new(Seed::new(parameters)),
    parameters: &["prompt", "temperature", "top_p", "seed", "token"],
    readings: &["drawn", "low", "high", "probability"],
};

/// The number can be drawn up to here; 1 itself never is.
const LAST: f64 = 0.9999;

/// Least width of a note beside the controls, in points; in less it stands below them.
const NOTE: f32 = 130.0;

/// A token's interval of the numbers.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    label: String,
    low: f64,
    high: f64,
}

struct Seed {
    prompt: Option<String>,
    options: SamplingOptions,
    seed: u64,
    drawn: f64,
    /// Whose interval is asked for: the n-th most likely, from 1.
    token: usize,
    next: Next,
    steps: Vec<Step>,
    made_for: Option<(u64, SamplingOptions)>,
}

impl Seed {
    fn new(parameters: &Parameters) -> Self {
        let options = SamplingOptions {
            temperature: parts::number_of(parameters, "temperature", 0.05..=3.0, 0.6),
            top_p: parts::number_of(parameters, "top_p", 0.05..=1.0, 0.9),
            ..SamplingOptions::default()
        };
        let seed = parts::number_of(parameters, "seed", 0..=u64::from(u32::MAX), 2);
        Self {
            prompt: parameters.get("prompt").cloned(),
            options,
            seed,
            drawn: first_number(seed),
            token: parts::number_of(parameters, "token", 1..=20, 1),
            next: Next::default(),
            steps: Vec::new(),
            made_for: None,
        }
    }

    /// The tokens that can be drawn, the likeliest first, as the generator goes through them.
    fn update(&mut self) {
        let key = (self.next.version(), self.options);
        if self.made_for == Some(key) {
            return;
        }
        self.made_for = Some(key);
        let Some(row) = self.next.rows().first() else {
            self.steps.clear();
            return;
        };
        let stages = sampling::stages(&row.logits, &row.ids, &self.options);
        let all = sampling::intervals(&stages.probabilities, stages.probabilities.len());
        let step = |at: sampling::Interval| Step { label: label(&row.pieces, at.id), low: at.from, high: at.to };
        self.steps = all.into_iter().map(step).collect();
    }

    /// The token that the drawn number takes.
    fn picked(&self) -> Option<&Step> {
        self.steps.iter().find(|step| self.drawn < step.high).or(self.steps.last())
    }

    /// The n-th most likely.
    fn wanted(&self) -> Option<&Step> {
        self.steps.get(self.token - 1)
    }

    fn curve_ui(&mut self, ui: &mut Ui) {
        let height = (ui.available_height() - 170.0).clamp(200.0, 460.0);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click_and_drag());
        let plot = Rect::from_min_max(rect.min + vec2(44.0, 26.0), rect.max - vec2(12.0, 46.0));
        let spoken = t!("chapters_meet.seed.curve", drawn = format!("{:.3}", self.drawn));
        response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, &*spoken));
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked()) {
            let share = f64::from((plot.bottom() - at.y) / plot.height());
            self.drawn = ((share * 1000.0).round() / 1000.0).clamp(0.0, LAST);
        }
        if response.has_focus() {
            self.keys(ui, response.id);
        }
        if ui.is_rect_visible(rect) {
            self.paint(ui, plot, response.has_focus());
        }
    }

    fn keys(&mut self, ui: &Ui, id: egui::Id) {
        let filter = EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let count = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as f64;
        let coarse = count(Key::ArrowUp) - count(Key::ArrowDown);
        let fine = count(Key::ArrowRight) - count(Key::ArrowLeft);
        self.drawn = (self.drawn + 0.01 * coarse + 0.001 * fine).clamp(0.0, LAST);
    }

    fn paint(&self, ui: &Ui, plot: Rect, focused: bool) {
        let theme = Theme::here(ui);
        let painter = ui.painter();
        let y_of = |u: f64| plot.bottom() - plot.height() * u as f32;
        let small = || theme::text(size::SMALL);
        titles(painter, theme, plot);
        for tick in 0..=4 {
            let u = f64::from(tick) / 4.0;
            painter.hline(plot.x_range(), y_of(u), Stroke::new(1.0, theme.line.gamma_multiply(0.6)));
            painter.text(
                pos2(plot.left() - 8.0, y_of(u)),
                Align2::RIGHT_CENTER,
                format!("{u:.2}"),
                small(),
                theme.ink_soft,
            );
        }
        let width = plot.width() / self.steps.len().max(1) as f32;
        let picked = self.picked();
        for (i, step) in self.steps.iter().enumerate() {
            let left = plot.left() + i as f32 * width;
            let on = picked == Some(step);
            let block = Rect::from_min_max(pos2(left + 0.5, y_of(step.high)), pos2(left + width - 0.5, y_of(step.low)));
            let color = if on { theme.generated } else { theme.generated.gamma_multiply(0.35) };
            painter.rect_filled(block, 1.0, color);
            // The curve goes on to the right, as high as it has come.
            let rest = [pos2(left + width, y_of(step.high)), pos2(left + width * 2.0, y_of(step.high))];
            if i + 1 < self.steps.len() {
                painter.line_segment(rest, Stroke::new(1.0, theme.ink_soft));
            }
            if on || (width > 26.0) || step.high - step.low > 0.04 {
                let ink = if on { theme.generated } else { theme.ink };
                let at = pos2(left + width / 2.0, plot.bottom() + 6.0);
                painter.text(at, Align2::CENTER_TOP, &step.label, theme::mono(size::SMALL), ink);
            }
        }
        let y = y_of(self.drawn);
        // Set off from a step that it crosses.
        painter.hline(plot.x_range(), y, Stroke::new(if focused { 6.0 } else { 5.0 }, theme.paper.gamma_multiply(0.7)));
        painter.hline(plot.x_range(), y, Stroke::new(if focused { 3.0 } else { 2.0 }, theme.accent));
        painter.circle(pos2(plot.left(), y), 7.0, theme.card, Stroke::new(2.5, theme.accent));
        let words = format!("u = {:.3}", self.drawn);
        let side = if self.drawn > 0.9 { (Align2::LEFT_TOP, 4.0) } else { (Align2::LEFT_BOTTOM, -4.0) };
        let galley = painter.layout_no_wrap(words, theme::strong(size::BODY), theme.accent);
        let at = side.0.anchor_size(pos2(plot.left() + 14.0, y + side.1), galley.size());
        painter.rect_filled(at.expand2(vec2(4.0, 0.0)), 3.0, theme.paper.gamma_multiply(0.85));
        painter.galley(at.min, galley, theme.accent);
    }

    fn seed_ui(&mut self, ui: &mut Ui) {
        let same = t!("chapters_meet.seed.same");
        let mut said = false;
        ui.horizontal_top(|ui| {
            ui.horizontal(|ui| {
                ui.label(t!("chapters_meet.seed.seed"));
                let field = egui::DragValue::new(&mut self.seed).range(0..=u64::from(u32::MAX)).speed(0.2);
                let changed = ui.add(field).accessible_name(t!("chapters_meet.seed.seed")).changed();
                let pressed =
                    controls::quiet_button(ui, icons::ICON_CASINO.codepoint, t!("chapters_meet.seed.draw")).clicked();
                if changed || pressed {
                    self.drawn = first_number(self.seed);
                }
            });
            let width = ui.available_width() - space::S;
            if width >= NOTE {
                // In a column of its own its second line begins where the first does.
                ui.add_space(space::S);
                parts::column(ui, width, |ui| {
                    // Its first line is level with the words of the button.
                    ui.add_space(space::S);
                    controls::note(ui, &*same);
                });
                said = true;
            }
        });
        if !said {
            controls::note(ui, &*same);
        }
    }
}

/// What the axes of the curve are.
fn titles(painter: &Painter, theme: &Theme, plot: Rect) {
    let all = [
        (pos2(plot.left() - 36.0, plot.top() - 8.0), Align2::LEFT_BOTTOM, t!("chapters_meet.seed.cumulative")),
        (pos2(plot.right(), plot.bottom() + 24.0), Align2::RIGHT_TOP, t!("chapters_meet.seed.tokens")),
    ];
    for (at, align, title) in all {
        painter.text(at, align, title, theme::text(size::SMALL), theme.ink_soft);
    }
}

/// The first number that the generator draws for a seed.
fn first_number(seed: u64) -> f64 {
    Rng::new(seed).uniform_f64()
}

impl Figure for Seed {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        self.next.on_event(event);
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.next.waits_for(job)
    }

    fn on_model(&mut self, _: &mut Shared) {
        self.next.forget();
        self.made_for = None;
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        let prompt = self.prompt.get_or_insert_with(|| example(shared)).clone();
        self.next.logic(shared, &[prompt], &self.options);
        self.update();
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "seed", |ui| {
            prompt_ui(ui, &t!("chapters_meet.prompt"), &mut self.prompt, shared);
            if let Some(problem) = self.next.problem() {
                parts::problem(ui, problem);
            }
            if self.steps.is_empty() {
                controls::note(ui, t!("chapters_meet.reading"));
                return;
            }
            self.curve_ui(ui);
            if let Some(step) = self.picked() {
                let interval = format!("[{:.3}, {:.3})", step.low, step.high);
                parts::readings(
                    ui,
                    &[
                        read(t!("chapters_meet.seed.token"), step.label.clone()),
                        read(t!("chapters_meet.seed.interval"), interval),
                        read(t!("chapters_meet.seed.probability"), share(step.high - step.low)),
                    ],
                );
            }
            self.seed_ui(ui);
            let settings = t!(
                "chapters_meet.seed.settings",
                temperature = format!("{:.2}", self.options.temperature),
                top_p = format!("{:.2}", self.options.top_p)
            );
            controls::note(ui, settings);
        });
        stage.readings.insert("drawn", self.drawn);
        if let Some(step) = self.wanted() {
            stage.readings.insert("low", step.low);
            stage.readings.insert("high", step.high);
            stage.readings.insert("probability", step.high - step.low);
        }
    }

    fn describe(&self) -> String {
        let Some(picked) = self.picked() else { return t!("chapters_meet.reading").into_owned() };
        let steps: Vec<String> =
            self.steps.iter().take(12).map(|s| format!("{} [{:.3}, {:.3})", s.label, s.low, s.high)).collect();
        t!(
            "chapters_meet.seed.describe",
            drawn = format!("{:.3}", self.drawn),
            token = picked.label,
            steps = steps.join("; ")
        )
        .into_owned()
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.drawn = 0.62;
    }

    fn settled(&self) -> bool {
        self.next.settled()
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::super::temperature::tests::row;
    use super::*;
    use crate::chapters::testing::{Page, asked, drag, page, reading, tell};
    use crate::engine::LessonResult;

    /// Four tokens of probabilities ⅛, ½, ⅛, ¼: not in their order.
    fn ready() -> Page {
        let mut page = page("seed", &[("prompt", "a"), ("temperature", "1"), ("top_p", "1"), ("token", "2")]);
        let (job, _) = asked(&page).pop().expect("it asks");
        let logits = [0.125f32, 0.5, 0.125, 0.25].map(f32::ln);
        tell(&mut page, job, LessonResult::NextTokens(vec![row(&logits)]));
        page.run();
        page
    }

    #[test]
    fn intervals_are_those_that_the_generator_uses() {
        let page = ready();
        assert!((reading(&page, "low") - 0.5).abs() < 1e-6 && (reading(&page, "high") - 0.75).abs() < 1e-6);
        let probabilities = [0.125, 0.5, 0.125, 0.25];
        for (u, id) in [(0.0, 1), (0.49, 1), (0.51, 3), (0.8, 0), (0.99, 2)] {
            assert_eq!(sampling::pick(&probabilities, u), id);
        }
        assert!((reading(&page, "drawn") - Rng::new(2).uniform_f64()).abs() < 1e-12, "seed 2 of the playground");
    }

    #[test]
    fn dragging_the_number_takes_another_token() {
        let mut page = ready();
        let curve = page.get_by_label_contains("Cumulative curve").rect();
        drag(&mut page, curve.center(), vec2(0.0, curve.height() * 0.2));
        let low = reading(&page, "drawn");
        assert!(low < 0.4 && page.query_by_label_contains("token taken: b").is_some(), "{low}");
        page.key_press(Key::ArrowUp);
        page.run();
        assert!((reading(&page, "drawn") - low - 0.01).abs() < 1e-9);
    }
}
