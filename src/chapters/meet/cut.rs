//! Which tokens are allowed at all? The same cuts on two contexts side by side: what top-k, top-p and min-p leave of each
//! (Fan et al. 2018; Holtzman et al. 2020; Nguyen et al. 2024). To try: settings that keep 5 tokens here and 1 there.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use egui::{Ui, vec2};
use rust_i18n::t;

use super::next::{Next, PLAIN};
use super::temperature::{bars_style, prompt_ui};
use crate::chapters::parts::{self, read};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::{Event, JobId};
use crate::generate::SamplingOptions;
use crate::panels::Shared;
use crate::panels::playground::outlook::Distribution;
use crate::widgets::controls;
use crate::widgets::probability_bars;
use crate::widgets::theme::space;

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "cut",
    make: |parameters| Box::new(Cut::new(parameters)),
    parameters: &["first", "second", "top_k", "top_p", "min_p", "temperature"],
    readings: &["kept_first", "kept_second", "top_k", "top_p", "min_p", "temperature"],
};

/// The largest k of the slider.
const MOST_K: usize = 50;
/// Greatest height of the bars of a context that stands below another, in points: seven bars, so that the sliders are seen.
const LOW: f32 = 8.5 * probability_bars::LEAST;

struct Cut {
    prompts: [Option<String>; 2],
    options: SamplingOptions,
    start: SamplingOptions,
    next: Next,
}

impl Cut {
    fn new(parameters: &Parameters) -> Self {
        let options = SamplingOptions {
            temperature: parts::number_of(parameters, "temperature", 0.05..=3.0, 1.0),
            top_k: parts::number_of(parameters, "top_k", 0..=MOST_K, 0),
            top_p: parts::number_of(parameters, "top_p", 0.0..=1.0, 0.9),
            min_p: parts::number_of(parameters, "min_p", 0.0..=1.0, 0.0),
            repetition_penalty: 1.0,
        };
        let prompts = ["first", "second"].map(|name| parameters.get(name).cloned());
        Self { prompts, options, start: options, next: Next::default() }
    }

    fn column_ui(&mut self, ui: &mut Ui, at: usize, height: f32, shared: &Shared) {
        let name = t!("chapters_meet.cut.context", number = at + 1);
        prompt_ui(ui, &name, &mut self.prompts[at], shared);
        let Some(distribution) = self.next.distributions().get(at) else {
            controls::note(ui, t!("chapters_meet.reading"));
            return;
        };
        let style = bars_style(ui, shared.motion);
        ui.push_id(("bars", at), |ui| {
            probability_bars::show(ui, vec2(ui.available_width(), height), &distribution.bars, style);
        });
        let shown = distribution.bars.iter().take(probability_bars::fitting(height));
        let more = distribution.left.saturating_sub(shown.filter(|bar| bar.cut.is_empty()).count());
        let kept = if more == 0 {
            t!("chapters_meet.cut.kept", of = distribution.vocabulary)
        } else {
            t!("chapters_meet.cut.kept_more", of = distribution.vocabulary, more = more)
        };
        parts::readings(ui, &[read(kept, distribution.left.to_string())]);
    }

    fn sliders_ui(&mut self, ui: &mut Ui) {
        let columns = if ui.available_width() < parts::SIDE_BY_SIDE { 2 } else { 4 };
        let width = (ui.available_width() - (columns - 1) as f32 * space::L) / columns as f32;
        let (options, start) = (&mut self.options, self.start);
        let mut sliders = [
            Slider::Share(&mut options.temperature, 0.05..=3.0, start.temperature, t!("chapters_meet.cut.temperature")),
            Slider::Count(&mut options.top_k, start.top_k, t!("chapters_meet.cut.top_k")),
            Slider::Share(&mut options.top_p, 0.0..=1.0, start.top_p, t!("chapters_meet.cut.top_p")),
            Slider::Share(&mut options.min_p, 0.0..=1.0, start.min_p, t!("chapters_meet.cut.min_p")),
        ];
        // Row by row and from the top, so that those of a row are level.
        for row in sliders.chunks_mut(columns) {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::L;
                row.iter_mut().for_each(|slider| slider.show(ui, width));
            });
        }
        controls::note(ui, t!("chapters_meet.cut.note"));
    }
}

/// One of the figure's sliders: what it sets, its default and its name.
enum Slider<'a> {
    Share(&'a mut f32, RangeInclusive<f32>, f32, Cow<'a, str>),
    Count(&'a mut usize, usize, Cow<'a, str>),
}

impl Slider<'_> {
    fn show(&mut self, ui: &mut Ui, width: f32) {
        match self {
            Self::Share(value, range, start, name) => {
                let slider = controls::value_slider(*value, range.clone(), &**name).default(*start).decimals(2);
                slider.width(width).show(ui);
            }
            Self::Count(value, start, name) => {
                controls::value_slider(*value, 0..=MOST_K, &**name).default(*start).width(width).show(ui);
            }
        }
    }
}

impl Figure for Cut {
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
        let spanish = super::next::in_spanish(shared);
        let [first, second] = &mut self.prompts;
        let own = |spanish: bool| {
            if spanish {
                [t!("chapters_meet.cut.open_in_spanish"), t!("chapters_meet.cut.narrow_in_spanish")]
            } else {
                [t!("chapters_meet.cut.open_in_english"), t!("chapters_meet.cut.narrow_in_english")]
            }
        };
        let [open, narrow] = own(spanish);
        let prompts = [
            first.get_or_insert_with(|| open.into_owned()).clone(),
            second.get_or_insert_with(|| narrow.into_owned()).clone(),
        ];
        self.next.logic(shared, &prompts, &self.options);
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "cut", |ui| {
            let height = (ui.available_height() - 230.0).clamp(170.0, 420.0);
            if let Some(problem) = self.next.problem() {
                parts::problem(ui, problem);
            }
            let half = (ui.available_width() - space::L) / 2.0;
            if ui.available_width() < parts::SIDE_BY_SIDE {
                let low = (0.6 * height).min(LOW);
                self.column_ui(ui, 0, low, shared);
                self.column_ui(ui, 1, low, shared);
            } else {
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = space::L;
                    for at in 0..2 {
                        parts::column(ui, half, |ui| self.column_ui(ui, at, height, shared));
                    }
                });
            }
            self.sliders_ui(ui);
        });
        for (name, distribution) in ["kept_first", "kept_second"].into_iter().zip(self.next.distributions()) {
            stage.readings.insert(name, distribution.left as f64);
        }
        stage.readings.insert("top_k", self.options.top_k as f64);
        for (name, value) in
            [("top_p", self.options.top_p), ("min_p", self.options.min_p), ("temperature", self.options.temperature)]
        {
            stage.readings.insert(name, f64::from(value));
        }
    }

    fn describe(&self) -> String {
        let one = |(at, distribution): (usize, &Distribution)| {
            let bars: Vec<String> = distribution.bars.iter().take(6).map(probability_bars::Bar::spoken).collect();
            let prompt = self.prompts[at.min(1)].clone().unwrap_or_default();
            t!("chapters_meet.cut.describe", prompt = prompt, kept = distribution.left, bars = bars.join("; "))
                .into_owned()
        };
        let all: Vec<String> = self.next.distributions().iter().enumerate().map(one).collect();
        if all.is_empty() { t!("chapters_meet.reading").into_owned() } else { all.join(" ") }
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.options = SamplingOptions { top_p: 0.8, ..PLAIN };
    }

    fn settled(&self) -> bool {
        self.next.settled()
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::super::temperature::tests::row;
    use crate::chapters::testing::{asked, page, reading, sized, tell};
    use crate::engine::{LessonRequest, LessonResult};

    #[test]
    fn a_cut_keeps_many_tokens_where_much_is_open_and_few_where_little_is() {
        let mut page = page("cut", &[("first", "The"), ("second", "New York"), ("top_p", "0.9")]);
        let (job, request) = asked(&page).pop().expect("it asks");
        assert!(matches!(&request, LessonRequest::NextTokens(texts) if texts.len() == 2 && texts[1].1 == "New York"));
        let rows = vec![row(&[1.0; 10]), row(&[9.0, 1.0, 0.0, 0.0])];
        tell(&mut page, job, LessonResult::NextTokens(rows));
        page.run();
        assert_eq!((reading(&page, "kept_first"), reading(&page, "kept_second")), (9.0, 1.0));
    }

    #[test]
    fn the_sliders_of_a_row_are_level() {
        let mut page = sized("cut", &[("first", "The"), ("second", "New York")], [470.0, 640.0]);
        page.run();
        let tops: Vec<f32> = page.query_all_by_role(egui::Role::Slider).map(|slider| slider.rect().top()).collect();
        assert_eq!(tops.len(), 4);
        assert!((tops[0] - tops[1]).abs() < 0.5 && (tops[2] - tops[3]).abs() < 0.5, "{tops:?}");
        assert!(tops[2] > tops[0] + 20.0, "{tops:?}");
    }

    #[test]
    fn parameters_set_the_sliders() {
        let page = page("cut", &[("top_k", "7"), ("top_p", "1"), ("min_p", "9")]);
        assert_eq!((reading(&page, "top_k"), reading(&page, "top_p")), (7.0, 1.0));
        assert_eq!(reading(&page, "min_p"), 0.0, "out of range");
    }
}
