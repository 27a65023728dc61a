//! Why is a fixed vector per word not enough? One word in two contexts: its vector is the same in both, until one attention
//! step mixes in the words beside it. Vectors are real ones (GloVe); the step is attention without trained projections,
//! query, key and value being the vector itself. To try: other words; a longer context.

use egui::{Ui, vec2};
use rust_i18n::t;

use crate::chapters::parts::{self, lit, read, softmax};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::data::projection::{Points, pca};
use crate::data::vectors::{WordVectors, shipped};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::heatmap::value_text;
use crate::widgets::plane::{self, Arrow, Plane};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{Theme, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "two_contexts",
    make: |parameters| Box::new(TwoContexts::new(parameters)),
    parameters: &["word", "first", "second"],
    readings: &["similarity_before", "similarity_after"],
};

/// Least and greatest side of the plane, and what stands below it at first, in points.
const SIDES: (f32, f32) = (180.0, 640.0);
const BELOW: f32 = 270.0;
/// Room for the words above and below the plane where the lists stand beside it.
const AROUND: f32 = 80.0;
/// From this width on the lists of both contexts stand side by side.
const TWO_LISTS: f32 = 400.0;
/// Words of a context that count.
const MOST: usize = 12;

struct TwoContexts {
    word: String,
    contexts: [String; 2],
    worked: Option<(String, [String; 2], Worked)>,
}

/// A word in a context.
struct Mixed {
    words: Vec<String>,
    /// How the word shares its attention.
    weights: Vec<f32>,
    /// Its vector after the step.
    after: Vec<f32>,
    unknown: Vec<String>,
}

/// Everything that follows from the words.
struct Worked {
    /// The word has a vector.
    known: bool,
    mixed: [Mixed; 2],
    /// Cosine of the two vectors of the word, before and after.
    similarity: [f32; 2],
    /// In the plane: the word before, after in both contexts, then the words of both contexts.
    places: Vec<[f32; 2]>,
    names: Vec<String>,
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f32::MIN_POSITIVE)
}

/// The word looks at itself and at the words of its context, `softmax(x·xⱼ ÷ √d)`, and becomes their mean.
fn mix(word: &str, context: &str, vectors: &WordVectors) -> Mixed {
    let clean = |word: &str| word.chars().filter(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
    let typed = context.split_whitespace().map(clean).filter(|other| !other.is_empty() && other != word);
    let (known, unknown): (Vec<String>, Vec<String>) = typed.partition(|other| vectors.find(other).is_some());
    let words: Vec<String> = std::iter::once(word.to_owned()).chain(known).take(MOST).collect();
    let rows: Vec<&[f32]> =
        words.iter().map(|word| vectors.find(word).map_or(&[][..], |place| vectors.vector(place))).collect();
    let query = rows.first().copied().unwrap_or_default();
    let scale = (vectors.width().max(1) as f32).sqrt();
    let score = |key: &&[f32]| query.iter().zip(*key).map(|(q, k)| q * k).sum::<f32>() / scale;
    let weights = softmax(&rows.iter().map(score).collect::<Vec<_>>());
    let mut after = vec![0.0; query.len()];
    for (row, weight) in rows.iter().zip(&weights) {
        after.iter_mut().zip(*row).for_each(|(sum, x)| *sum += weight * x);
    }
    Mixed { words, weights, after, unknown }
}

fn work(word: &str, contexts: &[String; 2], vectors: &WordVectors) -> Worked {
    let word = word.trim().to_lowercase();
    let before = vectors.find(&word).map_or(&[][..], |place| vectors.vector(place));
    let mixed = [mix(&word, &contexts[0], vectors), mix(&word, &contexts[1], vectors)];
    let similarity = [cosine(before, before), cosine(&mixed[0].after, &mixed[1].after)];
    let mut names = vec![word];
    let mut values: Vec<f32> = before.to_vec();
    for mixed in &mixed {
        for other in mixed.words.iter().skip(1) {
            if !names.contains(other)
                && let Some(place) = vectors.find(other)
            {
                names.push(other.clone());
                values.extend(vectors.vector(place));
            }
        }
    }
    // The plane of the words themselves; what comes out of the step is then put into it.
    let points = Points { width: vectors.width(), values: &values };
    let axes = pca(points);
    let all: Vec<f32> =
        [&values[..before.len().min(values.len())], &mixed[0].after, &mixed[1].after, &values[before.len()..]].concat();
    let places = axes.plane(Points { width: vectors.width(), values: &all });
    Worked { known: !before.is_empty(), mixed, similarity, places, names }
}

impl TwoContexts {
    fn new(parameters: &Parameters) -> Self {
        let text = |name: &str, otherwise: &str| parameters.get(name).cloned().unwrap_or_else(|| otherwise.to_owned());
        Self {
            word: text("word", "apple"),
            contexts: [text("first", "computer software code"), text("second", "pear fruit juice")],
            worked: None,
        }
    }

    /// Works it out again if a word has changed.
    fn update(&mut self) {
        let same =
            self.worked.as_ref().is_some_and(|(word, contexts, _)| *word == self.word && *contexts == self.contexts);
        if !same {
            let worked = work(&self.word, &self.contexts, shipped("en"));
            self.worked = Some((self.word.clone(), self.contexts.clone(), worked));
        }
    }

    fn fields_ui(&mut self, ui: &mut Ui) {
        let [first, second] = &mut self.contexts;
        let fields = [
            (t!("chapters_attention.contexts.word"), &mut self.word),
            (t!("chapters_attention.contexts.first"), first),
            (t!("chapters_attention.contexts.second"), second),
        ];
        for (name, text) in fields {
            controls::labelled(ui, &*name, 120.0, |ui| {
                let width = ui.available_width() - space::S;
                controls::text_field(ui, &name, width, text);
            });
        }
    }
}

impl Worked {
    fn plane_ui(&self, ui: &mut Ui, side: f32, stage: &Stage) {
        let (before, after) = (!lit(stage, &["c"]), !lit(stage, &["x"]));
        let theme = Theme::here(ui);
        let Some(word) = self.names.first() else { return };
        let range = self.places.iter().flatten().map(|x| x.abs()).fold(0.5, f32::max) * 1.25;
        let mut arrows: Vec<Arrow> = self
            .names
            .iter()
            .skip(1)
            .zip(self.places.iter().skip(3))
            .map(|(name, place)| {
                let mut arrow = Arrow::result(name.clone(), *place, theme.ink_soft);
                arrow.dashed = true;
                arrow.lit(lit(stage, &["x"]))
            })
            .collect();
        // While the text points at what goes in or at what comes out, the other of the two steps back.
        let own = [
            (word.clone(), theme.ink, before),
            (format!("{word} ①"), theme.series[0], after),
            (format!("{word} ②"), theme.series[1], after),
        ];
        for ((name, color, lit), place) in own.into_iter().zip(&self.places) {
            let mut arrow = Arrow::result(name, *place, color).lit(lit);
            arrow.dashed = false;
            arrows.push(arrow);
        }
        let title = t!("chapters_attention.contexts.plane");
        plane::show(ui, ui.available_width().min(side), &Plane { title: &title, range, arrows: &arrows });
    }

    /// What the word looks at: one context beside the other where there is room for both.
    fn weights_ui(&self, ui: &mut Ui, stage: &mut Stage) {
        parts::symbol(ui, stage, &["a"], |ui, _| {
            if ui.available_width() < TWO_LISTS {
                (0..2).for_each(|i| self.list_ui(ui, i));
            } else {
                let mut it = self;
                parts::beside(ui, 0.5, &mut it, |it, ui| it.list_ui(ui, 0), |it, ui| it.list_ui(ui, 1));
            }
        });
    }

    /// What the word looks at in one context.
    fn list_ui(&self, ui: &mut Ui, i: usize) {
        let theme = Theme::here(ui);
        let mixed = &self.mixed[i];
        controls::note(ui, t!("chapters_attention.contexts.weights", number = i + 1));
        ui.spacing_mut().item_spacing.y = space::XS;
        for (word, weight) in mixed.words.iter().zip(&mixed.weights) {
            ui.horizontal(|ui| {
                ui.spacing_mut().interact_size.y = 20.0;
                let room = vec2(76.0, 20.0);
                ui.allocate_ui(room, |ui| {
                    ui.set_min_width(room.x);
                    ui.add(egui::Label::new(word.as_str()).truncate());
                });
                let spoken = format!("{word}, {}", percent(*weight));
                let width = (ui.available_width() - 64.0).clamp(40.0, 240.0);
                parts::bar(ui, vec2(width, 18.0), *weight, theme.series[i], &spoken);
                controls::note(ui, percent(*weight));
            });
        }
    }

    fn readings(&self) -> [parts::Read; 2] {
        [
            read(t!("chapters_attention.contexts.before"), value_text(self.similarity[0])),
            read(t!("chapters_attention.contexts.after"), value_text(self.similarity[1])),
        ]
    }
}

impl Figure for TwoContexts {
    fn logic(&mut self, _: &egui::Context, _: &mut Shared) {
        self.update();
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "two_contexts", |ui| {
            self.fields_ui(ui);
            let Some((_, _, worked)) = &self.worked else { return };
            let unknown: Vec<&str> =
                worked.mixed.iter().flat_map(|mixed| mixed.unknown.iter().map(String::as_str)).collect();
            if !worked.known {
                parts::problem(ui, &t!("chapters_attention.unknown_words", words = self.word.trim()));
                return;
            }
            if !unknown.is_empty() {
                parts::problem(ui, &t!("chapters_attention.unknown_words", words = unknown.join(", ")));
            }
            let width = ui.available_width();
            let mut draw = |ui: &mut Ui, side: f32| {
                parts::two_parts(
                    ui,
                    0.5,
                    &mut (worked, &mut *stage),
                    |(worked, stage), ui| worked.plane_ui(ui, side, stage),
                    |(worked, stage), ui| {
                        parts::readings(ui, &worked.readings());
                        worked.weights_ui(ui, stage);
                    },
                );
                controls::note(ui, t!("chapters_attention.contexts.note"));
            };
            if width < parts::SIDE_BY_SIDE {
                // The lists stand below the plane and should be in sight too.
                parts::yielding(ui, SIDES.0..=SIDES.1.min(width), BELOW, draw);
            } else {
                draw(ui, (ui.available_height() - AROUND).clamp(SIDES.0, SIDES.1));
            }
        });
        if let Some((_, _, worked)) = self.worked.as_ref().filter(|(_, _, worked)| worked.known) {
            stage.readings.insert("similarity_before", f64::from(worked.similarity[0]));
            stage.readings.insert("similarity_after", f64::from(worked.similarity[1]));
        }
    }

    fn describe(&self) -> String {
        let Some((word, contexts, worked)) = &self.worked else { return String::new() };
        let [before, after] = worked.similarity.map(value_text);
        let (first, second) = (contexts[0].as_str(), contexts[1].as_str());
        t!(
            "chapters_attention.contexts.describe",
            word = word,
            first = first,
            second = second,
            before = before,
            after = after
        )
        .into_owned()
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.contexts = ["computer software code".to_owned(), "pear fruit juice".to_owned()];
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{page, reading};

    #[test]
    fn the_word_is_the_same_before_and_another_after() {
        let mut page = page("two_contexts", &[("word", "apple"), ("first", "code"), ("second", "pear")]);
        assert!((reading(&page, "similarity_before") - 1.0).abs() < 1e-5);
        let after = reading(&page, "similarity_after");
        assert!(after < 0.9999, "{after}");
        let field = page.get_by_role_and_label(egui::Role::TextInput, "Second context");
        field.focus();
        page.run();
        page.get_by_role_and_label(egui::Role::TextInput, "Second context").type_text(" fruit qwertz");
        page.run();
        page.run();
        assert_ne!(reading(&page, "similarity_after"), after);
        assert!(page.query_by_label_contains("qwertz").is_some(), "the unknown word is named");
    }

    #[test]
    fn the_step_is_attention_over_the_word_and_its_context() {
        let words = ["a", "b"].map(str::to_owned).to_vec();
        let vectors = WordVectors::new(words, vec![1.0, 0.0, 0.0, 2.0]);
        let mixed = mix("a", "b a zzz", &vectors);
        let expected = softmax(&[1.0 / 2f32.sqrt(), 0.0]);
        assert_eq!(mixed.weights, expected);
        assert!((mixed.after[1] - 2.0 * expected[1]).abs() < 1e-6);
        assert_eq!(mixed.unknown, ["zzz"]);
    }
}
