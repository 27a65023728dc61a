//! What does a language model actually do? Shannon's game ("Prediction and entropy of printed English", 1951): guess the
//! next word of a real sentence, then see what the model would have guessed, and what the right word cost each of you.

use std::collections::BTreeMap;

use egui::{Key, Label, RichText, Ui};
use rust_i18n::t;

use super::next::in_spanish;
use crate::chapters::parts::{self, Asked, read};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::lesson::WordGuess;
use crate::engine::{Event, JobId, LessonRequest, LessonResult, ModelRef};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::number::in_bits;
use crate::widgets::theme::{self, Theme, size, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "guessing",
    make: |parameters| Box::new(Guessing::new(parameters)),
    parameters: &["text", "given"],
    readings: &["words", "my_bits", "model_bits"],
};

/// Guesses for a word before it is shown.
const TRIES: usize = 5;
/// Words that the demonstration plays.
const DEMONSTRATED: usize = 4;
/// A word that was not guessed is named out of so many, which costs its logarithm.
const LEXICON: f32 = 10_000.0;

/// A word that was played.
#[derive(Clone, Debug, PartialEq)]
struct Played {
    at: usize,
    /// Wrong guesses, in order.
    wrong: Vec<String>,
    /// Whether the next guess was right.
    found: bool,
}

impl Played {
    /// What the word cost the person, in bits. The r-th guess is given the probability 1 / (r·(r + 1)), which add up to 1
    /// over all r; after `n` wrong ones 1 / (n + 1) is left, and then the word must be named.
    fn bits(&self) -> f32 {
        let n = self.wrong.len() as f32;
        if self.found { ((n + 1.0) * (n + 2.0)).log2() } else { (n + 1.0).log2() + LEXICON.log2() }
    }
}

/// Model, its step, text.
type Question = (ModelRef, Option<u64>, String);

struct Guessing {
    /// As the lesson gives it.
    text: Option<String>,
    /// Without one, a sentence in the language of the model.
    example: String,
    given: usize,
    typed: String,
    wrong: Vec<String>,
    played: Vec<Played>,
    guesses: BTreeMap<usize, WordGuess>,
    asked: Asked<Question>,
    /// Put the keyboard into the field.
    focus: bool,
    /// So many words the model is still to guess in the person's place.
    demonstrated: usize,
}

impl Guessing {
    fn new(parameters: &Parameters) -> Self {
        Self {
            text: parameters.get("text").cloned(),
            example: String::new(),
            given: parts::number_of(parameters, "given", 1..=50, 3),
            typed: String::new(),
            wrong: Vec::new(),
            played: Vec::new(),
            guesses: BTreeMap::new(),
            asked: Asked::default(),
            focus: false,
            demonstrated: 0,
        }
    }

    /// Begins anew, with another sentence where the model has changed.
    fn begin(&mut self) {
        self.example.clear();
        self.typed.clear();
        self.wrong.clear();
        self.played.clear();
    }

    fn words(&self) -> Vec<&str> {
        self.text.as_deref().unwrap_or(&self.example).split_whitespace().collect()
    }

    /// The word to be guessed now.
    fn now(&self) -> Option<usize> {
        let at = self.given + self.played.len();
        (at < self.words().len()).then_some(at)
    }

    fn guess(&mut self) {
        let Some(at) = self.now() else { return };
        let typed = std::mem::take(&mut self.typed);
        self.focus = true;
        if bare(&typed).is_empty() {
            return;
        }
        let right = self.words().get(at).is_some_and(|word| bare(word) == bare(&typed));
        if right {
            self.end_word(at, true);
        } else {
            self.wrong.push(typed.trim().to_owned());
            if self.wrong.len() >= TRIES {
                self.end_word(at, false);
            }
        }
    }

    fn end_word(&mut self, at: usize, found: bool) {
        let wrong = std::mem::take(&mut self.wrong);
        self.played.push(Played { at, wrong, found });
        self.typed.clear();
        self.focus = true;
    }

    /// In the demonstration the model's own guesses are typed, the likeliest first, for every word that it has read.
    fn demonstrate_on(&mut self) {
        while self.demonstrated > 0 {
            let guess = self.now().and_then(|at| Some((at, self.guesses.get(&at)?)));
            let Some((at, guess)) = guess else {
                if self.asked.settled() {
                    self.demonstrated = 0;
                }
                return;
            };
            let best: Vec<String> = guess.best.iter().map(|(word, _)| word.clone()).collect();
            for word in best {
                if self.now() == Some(at) {
                    self.typed = word;
                    self.guess();
                }
            }
            if self.now() == Some(at) {
                self.end_word(at, false);
            }
            self.demonstrated -= 1;
            self.focus = false;
        }
    }

    /// Mean bits a word, of the person and of the model, over the words played whose cost is known.
    fn means(&self) -> Option<(f32, f32)> {
        let both: Vec<(f32, f32)> =
            self.played.iter().filter_map(|p| Some((p.bits(), self.guesses.get(&p.at)?.bits))).collect();
        let n = both.len() as f32;
        (!both.is_empty())
            .then(|| (both.iter().map(|b| b.0).sum::<f32>() / n, both.iter().map(|b| b.1).sum::<f32>() / n))
    }

    fn sentence_ui(&self, ui: &mut Ui) {
        let theme = Theme::here(ui);
        let words = self.words();
        let shown = self.given + self.played.len();
        let before = words.get(..shown.min(words.len())).unwrap_or_default().join(" ");
        let rest = if shown < words.len() { " ____" } else { "" };
        ui.add(Label::new(RichText::new(before + rest).font(theme::text(size::TITLE)).color(theme.ink)).wrap());
    }

    fn field_ui(&mut self, ui: &mut Ui) {
        let Some(at) = self.now() else {
            parts::sentence(ui, t!("chapters_meet.guessing.over"));
            if controls::quiet_button(ui, "", t!("chapters_meet.guessing.again")).clicked() {
                self.played.clear();
            }
            return;
        };
        ui.horizontal_wrapped(|ui| {
            let field = controls::text_field(ui, &t!("chapters_meet.guessing.field"), 180.0, &mut self.typed);
            if std::mem::take(&mut self.focus) {
                field.request_focus();
            }
            let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            if entered || controls::primary_button(ui, "", t!("chapters_meet.guessing.guess")).clicked() {
                self.guess();
            }
            if controls::quiet_button(ui, "", t!("chapters_meet.guessing.give_up")).clicked() {
                self.end_word(at, false);
            }
        });
        if !self.wrong.is_empty() {
            let left = TRIES - self.wrong.len();
            controls::note(ui, t!("chapters_meet.guessing.wrong", guesses = self.wrong.join(", "), left = left));
        }
    }

    /// The last word that was played: what the model would have said, and what it cost.
    fn last_ui(&self, ui: &mut Ui) {
        let theme = Theme::here(ui);
        let Some(played) = self.played.last() else {
            controls::note(ui, t!("chapters_meet.guessing.start"));
            return;
        };
        let word = self.words().get(played.at).map_or_else(String::new, |word| (*word).to_owned());
        // Set apart from the new question, and with its own sentence: the list below is about the word before.
        controls::hairline(ui);
        controls::section_title(ui, t!("chapters_meet.guessing.was", word = word.as_str()));
        let mine = in_bits(played.bits(), 1);
        let Some(guess) = self.guesses.get(&played.at) else {
            parts::readings(ui, &[read(t!("chapters_meet.guessing.you"), mine)]);
            controls::note(ui, t!("chapters_meet.reading"));
            return;
        };
        let model = in_bits(guess.bits, 1);
        parts::readings(
            ui,
            &[read(t!("chapters_meet.guessing.you"), mine), read(t!("chapters_meet.guessing.model"), model)],
        );
        let before = self.words().get(..played.at).unwrap_or_default().join(" ");
        controls::note(ui, t!("chapters_meet.guessing.best", before = before));
        let largest = guess.best.first().map_or(1.0, |best| best.1).max(f32::MIN_POSITIVE);
        for (word, share) in &guess.best {
            let right = bare(word) == bare(&guess.word);
            let ink = if right { theme.good } else { theme.ink };
            let name = RichText::new(word).font(theme::mono(size::BODY)).color(ink);
            parts::named_bar(ui, name, *share, largest, theme.generated);
        }
    }

    fn totals_ui(&self, ui: &mut Ui) {
        let Some((mine, model)) = self.means() else { return };
        controls::hairline(ui);
        let count = self.played.len();
        parts::readings(
            ui,
            &[
                read(t!("chapters_meet.guessing.words"), count.to_string()),
                read(t!("chapters_meet.guessing.you_mean"), in_bits(mine, 1)),
                read(t!("chapters_meet.guessing.model_mean"), in_bits(model, 1)),
            ],
        );
        let most = in_bits((TRIES as f32 + 1.0).log2() + LEXICON.log2(), 1);
        controls::note(ui, t!("chapters_meet.guessing.rule", tries = TRIES, most = most));
    }
}

/// A word without punctuation and case, so that what was meant counts.
fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

impl Figure for Guessing {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        let more = |result: &LessonResult| matches!(result, LessonResult::WordGuess(Some(_)));
        if let Some(LessonResult::WordGuess(Some((at, guess)))) = self.asked.answer(event, more) {
            self.guesses.insert(*at, guess.clone());
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    fn on_model(&mut self, _: &mut Shared) {
        if self.played.is_empty() {
            self.begin();
        }
        self.guesses.clear();
        self.asked.forget();
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        let Some(model) = &shared.model else { return };
        if self.example.is_empty() {
            let spanish = in_spanish(shared);
            let example =
                if spanish { t!("chapters_meet.guessing.text_es") } else { t!("chapters_meet.guessing.text_en") };
            self.example = example.into_owned();
        }
        let text = self.words().join(" ");
        let given = self.given;
        self.asked.ask(shared, (model.model.clone(), model.step, text), |(model, _, text)| {
            LessonRequest::WordGuesses { model: model.clone(), text: text.clone(), given }
        });
        self.demonstrate_on();
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "guessing", |ui| {
            self.sentence_ui(ui);
            ui.add_space(space::XS);
            self.field_ui(ui);
            if let Some(problem) = self.asked.problem() {
                parts::problem(ui, problem);
            }
            ui.add_space(space::S);
            self.last_ui(ui);
            self.totals_ui(ui);
        });
        stage.readings.insert("words", self.played.len() as f64);
        if let Some((mine, model)) = self.means() {
            stage.readings.insert("my_bits", f64::from(mine));
            stage.readings.insert("model_bits", f64::from(model));
        }
    }

    fn describe(&self) -> String {
        let words = self.words();
        let shown = words.get(..(self.given + self.played.len()).min(words.len())).unwrap_or_default().join(" ");
        let (mine, model) = self.means().unwrap_or_default();
        let (mine, model) = (format!("{mine:.1}"), format!("{model:.1}"));
        t!("chapters_meet.guessing.describe", text = shown, count = self.played.len(), mine = mine, model = model)
            .into_owned()
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.begin();
        self.demonstrated = DEMONSTRATED;
    }

    fn settled(&self) -> bool {
        self.asked.settled() && self.demonstrated == 0
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{Page, asked, page, reading, tell};

    fn write(page: &mut Page, word: &str) {
        let field = page.get_by_label("Next word");
        field.focus();
        page.run();
        page.get_by_label("Next word").type_text(word);
        page.run();
        page.get_by_label("Guess").click();
        page.run();
    }

    #[test]
    fn a_guess_costs_what_its_number_is_worth() {
        let played = |wrong: usize, found| Played { at: 0, wrong: vec![String::new(); wrong], found };
        assert_eq!(played(0, true).bits(), 1.0);
        assert_eq!(played(1, true).bits(), 6f32.log2());
        assert_eq!(played(0, false).bits(), LEXICON.log2());
        // All that can happen has the probability 1 together: some r-th guess, or none of them.
        let found: f32 = (0..TRIES).map(|n| 0.5f32.powf(played(n, true).bits())).sum();
        assert!((found + 1.0 / (TRIES as f32 + 1.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn words_are_guessed_and_compared_with_the_model() {
        let mut page = page("guessing", &[("text", "the sun is hot, and bright"), ("given", "3")]);
        let (job, request) = asked(&page).pop().expect("it asks");
        assert!(matches!(request, LessonRequest::WordGuesses { given: 3, .. }));
        for (at, word, bits) in [(3, "hot", 3.0), (4, "and", 1.0)] {
            let best = vec![(word.to_owned(), 0.25), ("x".to_owned(), 0.1)];
            let guess = WordGuess { word: word.to_owned(), bits, best };
            tell(&mut page, job, LessonResult::WordGuess(Some((at, guess))));
        }
        write(&mut page, "cold");
        assert_eq!(reading(&page, "words"), 0.0);
        assert!(page.query_by_label_contains("cold").is_some(), "the wrong guess stays in sight");
        write(&mut page, "Hot");
        assert_eq!((reading(&page, "words"), reading(&page, "model_bits")), (1.0, 3.0));
        assert!((reading(&page, "my_bits") - f64::from(6f32.log2())).abs() < 1e-6, "the second guess");
        assert!(page.query_by_label("hot, 25.0\u{202F}%").is_some());
        let title = "After “the sun is” the model expected:";
        assert!(page.query_by_label(title).is_some(), "the list belongs to the word before");
        page.get_by_label("Show me").click();
        page.run();
        assert_eq!((reading(&page, "words"), reading(&page, "model_bits")), (2.0, 2.0));
    }

    #[test]
    fn the_demonstration_plays_the_models_own_guesses() {
        let mut page = page("guessing", &[("text", "the sun is hot, and bright, but far away"), ("given", "3")]);
        let state = page.state_mut();
        state.figure.demonstrate(&mut state.shared);
        page.run();
        assert_eq!(reading(&page, "words"), 0.0, "the model has read nothing yet");
        let (job, _) = asked(&page).pop().expect("it asks");
        let words =
            [("hot", ["red", "hot"]), ("and", ["and", "or"]), ("bright", ["dark", "cold"]), ("but", ["a", "but"])];
        for (i, (word, best)) in words.into_iter().enumerate() {
            assert!(!page.state().figure.settled());
            let best = best.map(|word| (word.to_owned(), 0.25)).to_vec();
            let guess = WordGuess { word: word.to_owned(), bits: 2.0, best };
            tell(&mut page, job, LessonResult::WordGuess(Some((3 + i, guess))));
            assert_eq!(reading(&page, "words"), i as f64 + 1.0);
        }
        tell(&mut page, job, LessonResult::WordGuess(None));
        assert!(page.state().figure.settled());
        // The second guess, the first, none of two, the second.
        let cost = 6f32.log2() + 1.0 + (3f32.log2() + LEXICON.log2()) + 6f32.log2();
        assert!((reading(&page, "my_bits") - f64::from(cost / 4.0)).abs() < 1e-5, "{}", reading(&page, "my_bits"));
        assert!(page.query_by_label_contains("the sun is hot, and bright, but ____").is_some());
    }
}
