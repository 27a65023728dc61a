//! What does size buy? One text through two models: each token on the colour of what it cost, and the mean of both.

use egui::Ui;
use rust_i18n::t;

use super::next::{bits, example};
use crate::chapters::parts::{self, Asked, only, read};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::lesson::TextLoss;
use crate::engine::{Event, JobId, LessonRequest, LessonResult, ModelRef};
use crate::panels::{Shared, model_label};
use crate::widgets::controls;
use crate::widgets::number::{grouped, in_bits, in_nats};
use crate::widgets::theme::{Theme, space};
use crate::widgets::token_chips::{self, Chip, visible};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "sizes",
    make: |parameters| Box::new(Sizes::new(parameters)),
    parameters: &["text"],
    readings: &["loss_first", "loss_second", "bits_first", "bits_second"],
};

/// A token of so many bits or more has the colour at the end of the scale.
const FULL: f32 = 12.0;

struct Sizes {
    text: Option<String>,
    models: Option<[ModelRef; 2]>,
    asked: Asked<([ModelRef; 2], String)>,
    found: Vec<TextLoss>,
}

impl Sizes {
    fn new(parameters: &Parameters) -> Self {
        Self { text: parameters.get("text").cloned(), models: None, asked: Asked::default(), found: Vec::new() }
    }

    fn column_ui(&mut self, ui: &mut Ui, at: usize, options: &[(ModelRef, String)]) {
        let theme = Theme::here(ui);
        if let Some(models) = &mut self.models {
            let name = t!("chapters_meet.sizes.model", number = at + 1);
            controls::chooser(ui, &name, 200.0, &mut models[at], options);
        }
        let Some(found) = self.found.get(at) else { return };
        controls::note(ui, t!("chapters_meet.sizes.parameters", count = grouped(found.parameters as i64)));
        let chip = |(text, loss): &(String, Option<f32>)| {
            let cost = loss.map(bits);
            let words = cost.map_or_else(|| t!("chapters_meet.sizes.no_cost").into_owned(), |c| in_bits(c, 1));
            Chip {
                text: visible(text),
                fill: cost.map(|cost| theme.sequential(cost / FULL)),
                spoken: format!("{}, {words}", visible(text)),
            }
        };
        let chips: Vec<Chip> = found.tokens.iter().map(chip).collect();
        ui.push_id(at, |ui| {
            let touched = token_chips::show(ui, &chips, None);
            let words = touched.hovered.and_then(|at| chips.get(at)).map_or("", |chip| chip.spoken.as_str());
            controls::note(ui, words);
        });
        parts::readings(
            ui,
            &[
                read(t!("chapters_meet.sizes.loss"), in_nats(found.mean(), 2)),
                read(t!("chapters_meet.sizes.bits"), in_bits(found.bits_per_character(), 2)),
            ],
        );
    }
}

/// The models that can be compared.
fn options(shared: &Shared) -> Vec<(ModelRef, String)> {
    shared.models().into_iter().map(|model| (model.clone(), model_label(&model))).collect()
}

impl Figure for Sizes {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        if let Some(LessonResult::TokenLosses(found)) = self.asked.answer(event, only) {
            self.found.clone_from(found);
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        let text = self.text.get_or_insert_with(|| example(shared)).clone();
        let models = self.models.get_or_insert_with(|| {
            let options = options(shared);
            let at = |i: usize| options.get(i).or(options.first()).map_or(ModelRef::Live, |(model, _)| model.clone());
            [at(0), at(1)]
        });
        self.asked.ask(shared, (models.clone(), text), |(models, text)| {
            LessonRequest::TokenLosses(models.iter().map(|model| (model.clone(), text.clone())).collect())
        });
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        let options = options(shared);
        parts::body(ui, "sizes", |ui| {
            if let Some(text) = &mut self.text {
                controls::text_area(ui, &t!("chapters_meet.sizes.text"), 2, text);
            }
            if let Some(problem) = self.asked.problem() {
                parts::problem(ui, problem);
            }
            if self.found.is_empty() && self.asked.problem().is_none() {
                controls::note(ui, t!("chapters_meet.reading"));
            }
            ui.add_space(space::S);
            parts::two_parts(
                ui,
                0.5,
                self,
                |figure, ui| figure.column_ui(ui, 0, &options),
                |figure, ui| figure.column_ui(ui, 1, &options),
            );
            let theme = Theme::here(ui);
            controls::note(ui, t!("chapters_meet.sizes.colour"));
            let ends = [in_bits(0.0, 0), t!("chapters_meet.sizes.or_more", most = in_bits(FULL, 0)).into_owned()];
            parts::colour_scale(ui, ends.each_ref().map(String::as_str), |share| theme.sequential(share));
            controls::note(ui, t!("chapters_meet.sizes.note"));
        });
        let names = [("loss_first", "bits_first"), ("loss_second", "bits_second")];
        for ((loss, bits), found) in names.into_iter().zip(&self.found) {
            stage.readings.insert(loss, f64::from(found.mean()));
            stage.readings.insert(bits, f64::from(found.bits_per_character()));
        }
    }

    fn describe(&self) -> String {
        let one = |found: &TextLoss| {
            let (loss, bits) = (in_nats(found.mean(), 2), in_bits(found.bits_per_character(), 2));
            t!("chapters_meet.sizes.describe", name = found.name, loss = loss, bits = bits).into_owned()
        };
        let all: Vec<String> = self.found.iter().map(one).collect();
        if all.is_empty() { t!("chapters_meet.reading").into_owned() } else { all.join(" ") }
    }

    fn settled(&self) -> bool {
        self.asked.settled()
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{asked, page, reading, tell};

    fn loss(name: &str, losses: &[f32]) -> TextLoss {
        let tokens = losses.iter().map(|loss| ("ab".to_owned(), Some(*loss))).collect();
        TextLoss { name: name.to_owned(), parameters: 1000, tokens, characters: 2 * losses.len() }
    }

    #[test]
    fn two_models_are_compared_on_one_text() {
        let mut page = page("sizes", &[("text", "abab")]);
        let (job, request) = asked(&page).pop().expect("it asks");
        let LessonRequest::TokenLosses(texts) = request else { panic!() };
        assert!(texts.len() == 2 && texts[0].0 != texts[1].0, "{texts:?}");
        tell(&mut page, job, LessonResult::TokenLosses(vec![loss("small", &[3.0, 1.0]), loss("large", &[1.0, 1.0])]));
        assert_eq!((reading(&page, "loss_first"), reading(&page, "loss_second")), (2.0, 1.0));
        assert!(page.query_by_label("ab, 4.3 bits").is_some(), "3 nats");
        assert!((reading(&page, "bits_second") - 0.5 / std::f64::consts::LN_2).abs() < 1e-6);
        let field = page.get_by_label("Text");
        field.focus();
        page.run();
        page.get_by_label("Text").type_text("c");
        page.run();
        assert_eq!(asked(&page).len(), 1, "a new text is read anew");
    }
}
