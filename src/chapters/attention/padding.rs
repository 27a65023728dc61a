//! What about sentences of different length? A batch of three, filled up at its end so that it is a rectangle. The filling
//! is a vector of zeros, but its weight is not zero: e⁰ = 1. To try: mark the padded keys by a click, and watch what is
//! left for them. Word vectors are real ones, and one real attention step is computed with them.

use egui::{Ui, vec2};
use rust_i18n::t;

use crate::chapters::parts::{self, read, softmax};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::data::vectors::{WordVectors, shipped};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::number_grid::{self, Cell, Grid};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{Theme, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "padding",
    make: |parameters| Box::new(Padding::new(parameters)),
    parameters: &["first", "second", "third"],
    readings: &["wrong", "on_padding"],
};

/// What stands where a sentence has ended.
const PAD: &str = "[PAD]";

struct Padding {
    /// As the lesson gives them; empty ones are the language's own.
    given: [String; 3],
    /// The language in which the batch was made.
    language: &'static str,
    batch: Vec<Sentence>,
    /// A row a sentence: which keys are marked as padding.
    marked: Vec<Vec<bool>>,
}

/// A sentence of a batch, filled up.
struct Sentence {
    words: Vec<String>,
    /// How many of them are words.
    length: usize,
    /// `score[j]`: of the last word's vector with key j's, divided by √d.
    scores: Vec<f32>,
    unknown: Vec<String>,
}

impl Sentence {
    fn of(text: &str, length: usize, vectors: &WordVectors) -> Self {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let own = words.len();
        words.resize(length.max(own), PAD.to_owned());
        // The filling is no word, even where there is one of its letters.
        let find = |word: &String| vectors.find(&bare(word)).filter(|_| word != PAD);
        let places: Vec<Option<usize>> = words.iter().map(find).collect();
        let unknown = words.iter().zip(&places).filter(|(word, place)| place.is_none() && *word != PAD);
        let unknown = unknown.map(|(word, _)| word.clone()).collect();
        let of = |place: Option<usize>| place.map_or(&[][..], |place| vectors.vector(place));
        let query = of(own.checked_sub(1).and_then(|last| places.get(last).copied().flatten()));
        let dot = |key: &[f32]| query.iter().zip(key).map(|(q, k)| q * k).sum::<f32>();
        let scale = (vectors.width().max(1) as f32).sqrt();
        let scores = places.iter().map(|place| dot(of(*place)) / scale).collect();
        Self { words, length: own, scores, unknown }
    }

    fn is_padding(&self, at: usize) -> bool {
        at >= self.length
    }

    /// How the last word shares its attention when the marked keys are left out.
    fn weights(&self, marked: &[bool]) -> Vec<f32> {
        let hidden = |at: usize| marked.get(at).copied().unwrap_or(false);
        if (0..self.scores.len()).all(hidden) {
            // Nothing is left to be looked at.
            return vec![0.0; self.scores.len()];
        }
        let masked: Vec<f32> =
            self.scores.iter().enumerate().map(|(at, &s)| if hidden(at) { f32::NEG_INFINITY } else { s }).collect();
        softmax(&masked)
    }

    fn on_padding(&self, marked: &[bool]) -> f32 {
        self.weights(marked).iter().skip(self.length).sum()
    }
}

/// A word without punctuation.
fn bare(word: &str) -> String {
    word.chars().filter(|c| c.is_alphabetic()).collect()
}

impl Padding {
    fn new(parameters: &Parameters) -> Self {
        let given = ["first", "second", "third"].map(|name| parameters.get(name).cloned().unwrap_or_default());
        Self { given, language: "", batch: Vec::new(), marked: Vec::new() }
    }

    /// Makes the batch, again for another language.
    fn update(&mut self, language: &'static str) {
        if self.language == language {
            return;
        }
        self.language = language;
        let own = [
            t!("chapters_attention.padding.first").into_owned(),
            t!("chapters_attention.padding.second").into_owned(),
            t!("chapters_attention.padding.third").into_owned(),
        ];
        let texts: Vec<&String> =
            self.given.iter().zip(&own).map(|(given, own)| if given.is_empty() { own } else { given }).collect();
        let longest = texts.iter().map(|text| text.split_whitespace().count()).max().unwrap_or(0);
        let vectors = shipped(language);
        self.batch = texts.iter().map(|text| Sentence::of(text, longest, vectors)).collect();
        self.marked = vec![vec![false; longest]; self.batch.len()];
    }

    fn wrong(&self) -> usize {
        let row = |(sentence, marked): (&Sentence, &Vec<bool>)| {
            marked.iter().enumerate().filter(|(at, marked)| **marked != sentence.is_padding(*at)).count()
        };
        self.batch.iter().zip(&self.marked).map(row).sum()
    }

    fn on_padding(&self) -> f32 {
        let shares = self.batch.iter().zip(&self.marked).map(|(sentence, marked)| sentence.on_padding(marked));
        shares.fold(0.0, f32::max)
    }

    fn grid_ui(&mut self, ui: &mut Ui) {
        let theme = Theme::here(ui);
        let longest = self.marked.first().map_or(0, Vec::len);
        let rows: Vec<String> = (1..=self.batch.len())
            .map(|i| t!("chapters_attention.padding.sentence", number = i).into_owned())
            .collect();
        let columns: Vec<String> = (1..=longest).map(|i| i.to_string()).collect();
        let mut cells = Vec::with_capacity(rows.len() * longest);
        for (i, (sentence, marked)) in self.batch.iter().zip(&self.marked).enumerate() {
            let weights = sentence.weights(marked);
            for (at, word) in sentence.words.iter().enumerate() {
                let weight = weights.get(at).copied().unwrap_or(0.0);
                let out = marked.get(at).copied().unwrap_or(false);
                let state = if out {
                    t!("chapters_attention.padding.marked")
                } else {
                    t!("chapters_attention.padding.weight", weight = percent(weight))
                };
                cells.push(Cell {
                    text: format!("{word}\n{}", percent(weight)),
                    fill: Some(if out { theme.card } else { theme.sequential(weight) }),
                    hatched: out,
                    framed: None,
                    spoken: t!(
                        "chapters_attention.padding.cell",
                        row = i + 1,
                        place = at + 1,
                        word = word,
                        state = state
                    )
                    .into_owned(),
                });
            }
        }
        let summary = t!("chapters_attention.padding.grid");
        let grid = Grid {
            rows: &rows,
            columns: &columns,
            corner: "",
            cells: &cells,
            touchable: true,
            largest: vec2(150.0, 90.0),
            summary: &summary,
        };
        let touched = number_grid::show(
            ui,
            vec2(ui.available_width(), (ui.available_height() * 0.42).clamp(200.0, 320.0)),
            &grid,
        );
        if let Some((row, at)) = touched.clicked
            && let Some(marked) = self.marked.get_mut(row).and_then(|row| row.get_mut(at))
        {
            *marked = !*marked;
        }
    }
}

impl Figure for Padding {
    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        self.update(shared.language);
        parts::body(ui, "padding", |ui| {
            self.grid_ui(ui);
            controls::note(ui, t!("chapters_attention.padding.hint"));
            let theme = Theme::here(ui);
            parts::colour_scale(ui, [&percent(0.0), &percent(1.0)], |share| theme.sequential(share));
            ui.add_space(space::S);
            let shares: Vec<parts::Read> = self
                .batch
                .iter()
                .zip(&self.marked)
                .enumerate()
                .map(|(i, (sentence, marked))| {
                    let name = t!("chapters_attention.padding.on_padding", number = i + 1);
                    read(name, percent(sentence.on_padding(marked)))
                })
                .collect();
            parts::readings(ui, &shares);
            let unknown: Vec<&str> = self.batch.iter().flat_map(|s| s.unknown.iter().map(String::as_str)).collect();
            if !unknown.is_empty() {
                parts::problem(ui, &t!("chapters_attention.unknown_words", words = unknown.join(", ")));
            }
            controls::note(ui, t!("chapters_attention.padding.note"));
            if controls::quiet_button(ui, "", t!("chapters_attention.padding.clear")).clicked() {
                self.marked.iter_mut().for_each(|row| row.fill(false));
            }
        });
        stage.readings.insert("wrong", self.wrong() as f64);
        stage.readings.insert("on_padding", f64::from(self.on_padding()));
    }

    fn describe(&self) -> String {
        let rows: Vec<String> = self
            .batch
            .iter()
            .zip(&self.marked)
            .map(|(sentence, marked)| format!("{}: {}", sentence.words.join(" "), percent(sentence.on_padding(marked))))
            .collect();
        t!("chapters_attention.padding.describe", rows = rows.join("; "), wrong = self.wrong()).into_owned()
    }

    fn demonstrate(&mut self, shared: &mut Shared) {
        self.update(shared.language);
        if let (Some(marked), Some(sentence)) = (self.marked.first_mut(), self.batch.first()) {
            marked.iter_mut().enumerate().for_each(|(at, marked)| *marked = sentence.is_padding(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{page, reading};

    const SENTENCES: [(&str, &str); 3] =
        [("first", "the king drinks"), ("second", "a dog"), ("third", "cats eat the fish")];

    #[test]
    fn padding_takes_weight_until_it_is_marked() {
        let mut page = page("padding", &SENTENCES);
        // One cell is padded in the first sentence, two in the second.
        assert_eq!(reading(&page, "wrong"), 3.0);
        assert!(reading(&page, "on_padding") > 0.001);
        for cell in ["sentence 1, place 4", "sentence 2, place 3", "sentence 2, place 4"] {
            page.get_by_label_contains(cell).click();
            page.run();
        }
        assert_eq!((reading(&page, "wrong"), reading(&page, "on_padding")), (0.0, 0.0));
        page.get_by_label_contains("sentence 3, place 1").click();
        page.run();
        assert_eq!(reading(&page, "wrong"), 1.0, "a real word is no padding");
    }

    #[test]
    fn the_sentences_of_both_languages_have_vectors_and_give_the_padding_a_share_that_is_seen() {
        for language in ["en", "es"] {
            let text = |name: &str| t!(format!("chapters_attention.padding.{name}"), locale = language).into_owned();
            let texts = ["first", "second", "third"].map(text);
            let longest = texts.iter().map(|text| text.split_whitespace().count()).max().unwrap();
            let batch = texts.map(|text| Sentence::of(&text, longest, shipped(language)));
            assert!(batch.iter().all(|sentence| sentence.unknown.is_empty()), "{language}");
            let none = vec![false; longest];
            for sentence in batch.iter().filter(|sentence| sentence.length < longest) {
                let share = sentence.on_padding(&none);
                assert!(share > 0.2, "{language}: {} gives {share}", sentence.words.join(" "));
            }
        }
    }

    #[test]
    fn a_row_without_any_key_looks_at_nothing() {
        let sentence = Sentence::of("the king", 3, shipped("en"));
        assert_eq!(sentence.weights(&[true; 3]), [0.0; 3]);
        let weights = sentence.weights(&[false; 3]);
        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let zero = 1.0 / sentence.scores.iter().map(|score| score.exp()).sum::<f32>();
        assert!((weights[2] - zero).abs() < 1e-5, "the filling's score is 0 and its share e⁰ of the sum");
    }
}
