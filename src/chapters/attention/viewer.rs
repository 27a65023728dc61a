//! What do the heads of a real model do? The attention page itself, inside a lesson: every head of the model at hand on any
//! text. To try: find a previous-token head; switch it off and compare the loss.

use egui::Ui;
use rust_i18n::t;

use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::{Event, JobId};
use crate::panels::attention::Attention;
use crate::panels::{Panel as _, Shared};
use crate::widgets::number::in_bits;
use crate::widgets::probability_bars::percent;

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "viewer",
    make: |parameters| Box::new(Viewer::new(parameters)),
    parameters: &["text"],
    readings: &["layer", "head", "previous_token", "first_token", "entropy", "best_previous", "ablation"],
};

struct Viewer(Attention);

impl Viewer {
    fn new(parameters: &Parameters) -> Self {
        Self(Attention::in_lesson(parameters.get("text").cloned()))
    }
}

impl Figure for Viewer {
    fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        self.0.on_event(event, shared);
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.0.shows_failure_of(job)
    }

    fn on_model(&mut self, shared: &mut Shared) {
        self.0.on_model(shared);
    }

    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        self.0.logic(ctx, shared);
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        self.0.ui(ui, shared);
        let Some(facts) = self.0.facts() else { return };
        for (name, value) in [
            ("layer", facts.layer as f64 + 1.0),
            ("head", facts.head as f64 + 1.0),
            ("previous_token", f64::from(facts.score.previous_token)),
            ("first_token", f64::from(facts.score.first_token)),
            ("entropy", f64::from(facts.score.entropy)),
            ("best_previous", f64::from(facts.best_previous)),
        ] {
            stage.readings.insert(name, value);
        }
        if let Some(ablation) = facts.ablation {
            stage.readings.insert("ablation", f64::from(ablation));
        }
    }

    fn describe(&self) -> String {
        let Some(facts) = self.0.facts() else { return t!("chapters_attention.computing").into_owned() };
        let scores = t!(
            "attention.scores",
            previous = percent(facts.score.previous_token),
            first = percent(facts.score.first_token),
            entropy = in_bits(facts.score.entropy, 2)
        );
        format!("{}. {scores}", t!("attention.head", layer = facts.layer + 1, head = facts.head + 1))
    }

    fn demonstrate(&mut self, shared: &mut Shared) {
        self.0.demonstrate(shared);
    }

    fn settled(&self) -> bool {
        self.0.settled()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::chapters::testing::{asked, page, reading, tell};
    use crate::engine::{AttentionCapture, LessonRequest, LessonResult, ModelRef};

    #[test]
    fn the_chosen_heads_numbers_are_readings() {
        let mut page = page("viewer", &[("text", "abc")]);
        page.run_steps(30);
        let (job, request) = asked(&page).pop().expect("it asks on the lessons' thread");
        assert!(matches!(&request, LessonRequest::Attention(_, text) if text == "abc"));
        let on = |yes: bool| f32::from(u8::from(yes));
        let first: Vec<f32> = (0..9).map(|k| on(k % 3 == 0)).collect();
        let previous: Vec<f32> = (0..9).map(|k| on(k % 3 + 1 == k / 3 || k == 0)).collect();
        let capture = AttentionCapture {
            model: ModelRef::Builtin("shakespeare".to_owned()),
            tokens: ["a", "b", "c"].map(str::to_owned).to_vec(),
            truncated: false,
            layers: 1,
            heads: 2,
            scores: vec![0.0; 18],
            weights: [first, previous].concat(),
            scale: 1.0,
            allowed: vec![(0..9).map(|k| k % 3 <= k / 3).collect()],
            d_head: 4,
        };
        tell(&mut page, job, LessonResult::Attention(Arc::new(capture)));
        for _ in 0..500 {
            page.run();
            if page.state().stage.readings.contains_key("layer") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!((reading(&page, "layer"), reading(&page, "head")), (1.0, 1.0));
        assert_eq!((reading(&page, "previous_token"), reading(&page, "best_previous")), (0.5, 1.0));
    }
}
