//! Why does the same prompt give other answers? The probabilities after a prompt while the temperature is dragged. To try:
//! double it and watch the second bar; set it so that the entropy is 3 bits.

use egui::{Ui, vec2};
use rust_i18n::t;

use super::next::{Next, PLAIN, bits, example};
use crate::chapters::parts::{self, read};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::{Event, JobId};
use crate::generate::SamplingOptions;
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::number::in_bits;
use crate::widgets::probability_bars::{self, Style, percent};
use crate::widgets::theme::{Theme, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "temperature",
    make: |parameters| Box::new(Temperature::new(parameters)),
    parameters: &["prompt", "temperature"],
    readings: &["temperature", "entropy", "first", "second"],
};

struct Temperature {
    prompt: Option<String>,
    temperature: f32,
    next: Next,
}

impl Temperature {
    fn new(parameters: &Parameters) -> Self {
        let temperature = parts::number_of(parameters, "temperature", 0.0..=3.0, 1.0);
        Self { prompt: parameters.get("prompt").cloned(), temperature, next: Next::default() }
    }

    fn options(&self) -> SamplingOptions {
        SamplingOptions { temperature: self.temperature, ..PLAIN }
    }
}

impl Figure for Temperature {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        self.next.on_event(event);
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.next.waits_for(job)
    }

    fn on_model(&mut self, _: &mut Shared) {
        self.next.forget();
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        let prompt = self.prompt.get_or_insert_with(|| example(shared)).clone();
        self.next.logic(shared, &[prompt], &self.options());
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        stage.readings.insert("temperature", f64::from(self.temperature));
        parts::body(ui, "temperature", |ui| {
            prompt_ui(ui, &t!("chapters_meet.prompt"), &mut self.prompt, shared);
            if let Some(problem) = self.next.problem() {
                parts::problem(ui, problem);
            }
            let distribution = self.next.distributions().first();
            parts::symbol(ui, stage, &["p"], |ui, _| {
                let Some(distribution) = distribution else {
                    controls::note(ui, t!("chapters_meet.reading"));
                    return;
                };
                let height = (ui.available_height() - 130.0).clamp(180.0, 420.0);
                let style = bars_style(ui, shared.motion);
                probability_bars::show(ui, vec2(ui.available_width(), height), &distribution.bars, style);
            });
            parts::symbol(ui, stage, &["T"], |ui, _| {
                controls::value_slider(&mut self.temperature, 0.0..=3.0, t!("chapters_meet.temperature.slider"))
                    .default(1.0)
                    .decimals(2)
                    .show(ui);
            });
            let Some(distribution) = distribution else { return };
            parts::readings(
                ui,
                &[
                    read(t!("chapters_meet.temperature.entropy"), in_bits(bits(distribution.entropy), 2)),
                    read(t!("chapters_meet.temperature.as_open_as"), format!("{:.1}", distribution.entropy.exp())),
                ],
            );
            controls::note(ui, t!("chapters_meet.temperature.mark"));
            stage.readings.insert("entropy", f64::from(bits(distribution.entropy)));
            for (name, bar) in ["first", "second"].into_iter().zip(&distribution.bars) {
                stage.readings.insert(name, f64::from(bar.share));
            }
        });
    }

    fn describe(&self) -> String {
        let Some(distribution) = self.next.distributions().first() else {
            return t!("chapters_meet.reading").into_owned();
        };
        let bars: Vec<String> = distribution.bars.iter().take(8).map(probability_bars::Bar::spoken).collect();
        t!(
            "chapters_meet.temperature.describe",
            temperature = format!("{:.2}", self.temperature),
            bars = bars.join("; "),
            entropy = in_bits(bits(distribution.entropy), 2)
        )
        .into_owned()
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.temperature = 1.6;
    }

    fn settled(&self) -> bool {
        self.next.settled()
    }
}

/// How bars of tokens that can be drawn look.
pub(super) fn bars_style(ui: &Ui, motion: bool) -> Style {
    Style { color: Theme::here(ui).generated, animate: motion, touchable: false, tallest: 28.0 }
}

/// The prompt, to be written anew.
pub(super) fn prompt_ui(ui: &mut Ui, name: &str, prompt: &mut Option<String>, shared: &Shared) {
    let text = prompt.get_or_insert_with(|| example(shared));
    controls::labelled(ui, name, 90.0, |ui| {
        let width = ui.available_width() - space::S;
        controls::text_field(ui, name, width, text);
    });
}

/// A share in words, for other figures of this chapter.
pub(super) fn share(value: f64) -> String {
    percent(value as f32)
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use egui_kittest::kittest::Queryable as _;

    use crate::chapters::testing::{asked, page, reading, tell};
    use crate::engine::lesson::NextToken;
    use crate::engine::{LessonRequest, LessonResult};

    /// A row of logits for tokens a, b, c, …
    pub fn row(logits: &[f32]) -> NextToken {
        let pieces = ('a'..).take(logits.len()).map(String::from).collect();
        NextToken { pieces: Arc::new(pieces), ids: vec![], logits: Arc::new(logits.to_vec()) }
    }

    #[test]
    fn the_entropy_grows_with_the_temperature() {
        let mut page = page("temperature", &[("prompt", "Once")]);
        let (job, request) = asked(&page).pop().expect("it asks");
        assert!(matches!(&request, LessonRequest::NextTokens(texts) if texts[0].1 == "Once"));
        tell(&mut page, job, LessonResult::NextTokens(vec![row(&[2.0, 1.0, 0.0, 0.0])]));
        page.run();
        let before = reading(&page, "entropy");
        let e: Vec<f64> = [2.0f64, 1.0, 0.0, 0.0].map(f64::exp).to_vec();
        let total: f64 = e.iter().sum();
        let expected: f64 = -e.iter().map(|w| w / total * (w / total).log2()).sum::<f64>();
        assert!((before - expected).abs() < 1e-4, "{before} instead of {expected}");
        let slider = page.get_by_role(egui::Role::Slider);
        slider.focus();
        page.run();
        for _ in 0..5 {
            page.key_press(egui::Key::ArrowRight);
            page.run();
        }
        page.run();
        assert!(reading(&page, "temperature") > 1.0 && reading(&page, "entropy") > before);
        assert!(asked(&page).is_empty(), "the model is not asked again");
    }

    #[test]
    fn the_slider_under_the_pointer_lights_t_up() {
        let mut page = page("temperature", &[("prompt", "Once")]);
        page.state_mut().stage.symbol = None;
        page.get_by_role(egui::Role::Slider).hover();
        page.run();
        assert_eq!(page.state().stage.symbol.as_deref(), Some("T"));
    }
}
