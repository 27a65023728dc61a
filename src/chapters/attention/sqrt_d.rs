//! What goes wrong without √d? Scores of random queries and keys of any width, with and without the factor: their spread,
//! what the softmax makes of them, and what is left of its gradient. To try: from d = 2 to d = 512 (Vaswani et al. 2017,
//! section 3.2.1, footnote 4).

use std::sync::Arc;

use egui::{Grid, RichText, Ui, vec2};
use rust_i18n::t;

use crate::chapters::parts::{self, Asked, ground, lit, only, point};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::lesson::{SPREAD_KEYS, Softened, Spread};
use crate::engine::{Event, JobId, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::histogram::{self, Bins, Histogram};
use crate::widgets::number::in_bits;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "sqrt_d",
    make: |parameters| Box::new(SqrtD::new(parameters)),
    parameters: &["d"],
    readings: &["d", "spread", "spread_scaled", "entropy", "entropy_scaled"],
};

/// How far the axes reach: without the factor, and with it.
const RANGES: [f32; 2] = [70.0, 5.0];
/// Steps of a histogram.
const STEPS: usize = 56;
const START: usize = 64;
/// Which random vectors.
const SEED: u64 = 1;

struct SqrtD {
    d: usize,
    asked: Asked<usize>,
    found: Option<(Arc<Spread>, [Bins; 2])>,
}

impl SqrtD {
    fn new(parameters: &Parameters) -> Self {
        Self { d: parts::number_of(parameters, "d", 2..=512, START), asked: Asked::default(), found: None }
    }

    fn histograms_ui(&self, ui: &mut Ui, spread: &Spread, bins: &[Bins; 2]) {
        let theme = Theme::here(ui);
        let titles = [t!("chapters_attention.sqrt_d.without"), t!("chapters_attention.sqrt_d.with")];
        let width = (ui.available_width() - space::M) / 2.0;
        let height = (ui.available_height() - BELOW).clamp(150.0, 440.0);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            for (i, (title, softened)) in titles.iter().zip([&spread.raw, &spread.scaled]).enumerate() {
                let deviation = format!("{:.2}", softened.deviation);
                let summary = t!("chapters_attention.sqrt_d.histogram", which = title, deviation = deviation);
                let drawn = Histogram {
                    bins: &bins[i],
                    x_title: title,
                    y_title: &t!("chapters_attention.sqrt_d.share"),
                    color: theme.series[i],
                    deviation: softened.deviation,
                    summary: &summary,
                };
                histogram::show(ui, vec2(width, height), &drawn);
            }
        });
    }
}

/// Room for the slider and the table below the histograms, in points.
const BELOW: f32 = 290.0;
/// The symbols of the text that the rows light up with.
const SYMBOLS: [Option<&str>; 4] = [Some("sigma"), Some("softmax"), Some("softmax"), None];

/// What is compared: a row with both numbers.
fn rows(spread: &Spread) -> Vec<(String, [String; 2])> {
    let both = |number: fn(&Softened) -> String| [number(&spread.raw), number(&spread.scaled)];
    vec![
        (t!("chapters_attention.sqrt_d.spread").into_owned(), both(|s| format!("{:.2}", s.deviation))),
        (
            t!("chapters_attention.sqrt_d.entropy", most = in_bits((SPREAD_KEYS as f32).log2(), 0)).into_owned(),
            both(|s| in_bits(s.entropy, 2)),
        ),
        (t!("chapters_attention.sqrt_d.largest").into_owned(), both(|s| percent(s.largest))),
        (t!("chapters_attention.sqrt_d.gradient").into_owned(), both(|s| format!("{:.3}", s.gradient))),
    ]
}

fn table_ui(ui: &mut Ui, spread: &Spread, stage: &mut Stage) {
    let theme = Theme::here(ui);
    Grid::new("sqrt_d").num_columns(3).spacing(vec2(space::XL, 6.0)).show(ui, |ui| {
        ui.label("");
        let title =
            |title: &str, i: usize| RichText::new(t!(title)).font(theme::strong(size::BODY)).color(theme.series[i]);
        ui.label(title("chapters_attention.sqrt_d.without", 0));
        let behind = ground(ui, lit(stage, &["scale"]));
        let with = ui.label(title("chapters_attention.sqrt_d.with", 1).background_color(behind));
        point(&with, "scale", stage);
        ui.end_row();
        for ((name, both), symbol) in rows(spread).into_iter().zip(SYMBOLS) {
            let behind = ground(ui, symbol.is_some_and(|symbol| lit(stage, &[symbol])));
            let name = RichText::new(name).color(theme.ink_soft);
            let values = both.map(|words| RichText::new(words).font(theme::mono(size::BODY)).color(theme.ink));
            for words in [name].into_iter().chain(values) {
                let shown = ui.label(words.background_color(behind));
                symbol.into_iter().for_each(|symbol| point(&shown, symbol, stage));
            }
            ui.end_row();
        }
    });
}

impl Figure for SqrtD {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        if let Some(LessonResult::Spread(spread)) = self.asked.answer(event, only) {
            let bins = [
                Bins::of(&spread.raw.scores, RANGES[0], STEPS), //
                Bins::of(&spread.scaled.scores, RANGES[1], STEPS),
            ];
            self.found = Some((spread.clone(), bins));
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        self.asked.ask(shared, self.d, |&d| LessonRequest::Spread { d, seed: SEED });
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Shared, stage: &mut Stage) {
        stage.readings.insert("d", self.d as f64);
        parts::body(ui, "sqrt_d", |ui| {
            if let Some((spread, bins)) = &self.found {
                self.histograms_ui(ui, spread, bins);
            }
            parts::symbol(ui, stage, &["d"], |ui, _| {
                controls::value_slider(&mut self.d, 2..=512, t!("chapters_attention.sqrt_d.d"))
                    .default(START)
                    .logarithmic()
                    .show(ui);
            });
            match &self.found {
                Some((spread, _)) => table_ui(ui, spread, stage),
                None if self.asked.problem().is_some() => {}
                // In the place of the table, and lit up with whatever the table lights up with.
                None => parts::symbol(ui, stage, &["sigma", "softmax", "scale"], |ui, _| {
                    controls::note(ui, t!("chapters_attention.computing"));
                }),
            }
            if let Some(problem) = self.asked.problem() {
                parts::problem(ui, problem);
            }
            controls::note(ui, t!("chapters_attention.sqrt_d.note", keys = SPREAD_KEYS));
        });
        // Numbers of another width would be wrong ones.
        if let Some((spread, _)) = self.found.as_ref().filter(|(spread, _)| spread.d == self.d) {
            stage.readings.insert("spread", f64::from(spread.raw.deviation));
            stage.readings.insert("spread_scaled", f64::from(spread.scaled.deviation));
            stage.readings.insert("entropy", f64::from(spread.raw.entropy));
            stage.readings.insert("entropy_scaled", f64::from(spread.scaled.entropy));
        }
    }

    fn describe(&self) -> String {
        let Some((spread, _)) = &self.found else { return t!("chapters_attention.computing").into_owned() };
        let rows: Vec<String> =
            rows(spread).into_iter().map(|(name, [without, with])| format!("{name}: {without} / {with}")).collect();
        t!("chapters_attention.sqrt_d.describe", d = spread.d, rows = rows.join("; ")).into_owned()
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.d = 256;
    }

    fn settled(&self) -> bool {
        self.asked.settled() && self.asked.key() == Some(&self.d)
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{asked, page, reading, tell};

    fn softened(deviation: f32, entropy: f32) -> Softened {
        Softened { scores: vec![-deviation, 0.0, deviation], deviation, entropy, largest: 0.5, gradient: 0.1 }
    }

    #[test]
    fn another_width_is_asked_for_and_its_numbers_are_shown() {
        let mut page = page("sqrt_d", &[("d", "16")]);
        let first = asked(&page);
        let [(job, LessonRequest::Spread { d: 16, .. })] = first[..] else { panic!("{first:?}") };
        let spread = Spread { d: 16, raw: softened(4.0, 0.9), scaled: softened(1.0, 3.4) };
        tell(&mut page, job, LessonResult::Spread(Arc::new(spread)));
        assert_eq!(reading(&page, "spread"), 4.0);
        assert!(page.query_by_label("0.90 bits").is_some() && page.query_by_label("3.40 bits").is_some());
        page.state_mut().stage.symbol = None;
        page.get_by_label("4.00").hover();
        page.run();
        assert_eq!(page.state().stage.symbol.as_deref(), Some("sigma"), "the spread under the pointer");
        let value = page.get_by_role(egui::Role::Slider);
        value.focus();
        page.run();
        page.key_press(egui::Key::ArrowRight);
        page.run();
        assert!(matches!(asked(&page)[..], [(_, LessonRequest::Spread { d, .. })] if d != 16));
        assert!(!page.state().stage.readings.contains_key("spread"), "the old number does not belong to the new width");
    }
}
