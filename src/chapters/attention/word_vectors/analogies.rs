//! What is to one word as another is to a third? By adding and subtracting vectors (Mikolov et al. 2013).

use egui::Ui;
use rust_i18n::t;

use super::near::bars;
use crate::chapters::parts::{self, Asked, only};
use crate::engine::lesson::{Near as Found, VectorSource};
use crate::engine::{Event, JobId, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::widgets::controls;

/// So many answers.
const COUNT: usize = 8;

/// The page.
pub struct Analogies {
    words: [String; 3],
    asked: Asked<(VectorSource, [String; 3])>,
    found: Found,
}

impl Analogies {
    /// The page with its example.
    pub fn new(source: &VectorSource) -> Self {
        let english = *source == VectorSource::Shipped("en");
        let words = if english { ["man", "king", "woman"] } else { ["hombre", "caballero", "mujer"] };
        Self { words: words.map(str::to_owned), asked: Asked::default(), found: Vec::new() }
    }

    /// Asks for the words as they stand.
    pub fn logic(&mut self, shared: &Shared, source: &VectorSource) {
        let words = [0, 1, 2].map(|i| self.words[i].trim().to_lowercase());
        self.asked.ask(shared, (source.clone(), words), |(source, words)| {
            LessonRequest::Analogy(source.clone(), words.clone(), COUNT)
        });
    }

    /// Takes an event.
    pub fn on_event(&mut self, event: &Event) {
        if let Some(LessonResult::Analogy(found)) = self.asked.answer(event, only) {
            self.found.clone_from(found);
        }
    }

    /// Whether it shows itself what went wrong with a job.
    pub fn shows_failure_of(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    /// «a is to b as c is to …».
    pub fn ui(&mut self, ui: &mut Ui, source: &VectorSource) {
        ui.horizontal_wrapped(|ui| {
            let [a, b, c] = &mut self.words;
            controls::text_field(ui, &t!("chapters_attention.words.first"), 110.0, a);
            ui.label(t!("chapters_attention.words.is_to"));
            controls::text_field(ui, &t!("chapters_attention.words.second"), 110.0, b);
            ui.label(t!("chapters_attention.words.as"));
            controls::text_field(ui, &t!("chapters_attention.words.third"), 110.0, c);
            ui.label(t!("chapters_attention.words.is_to_what"));
        });
        let [a, b, c] = &self.words;
        parts::numbers(ui, format!("{} + {} − {} ≈ ?", c.trim(), b.trim(), a.trim()));
        let vectors = source.vectors();
        let unknown: Vec<&str> =
            self.words.iter().map(|word| word.trim()).filter(|word| vectors.find(word).is_none()).collect();
        if !unknown.is_empty() {
            parts::problem(ui, &t!("chapters_attention.unknown_words", words = unknown.join(", ")));
            return;
        }
        if let Some(problem) = self.asked.problem() {
            parts::problem(ui, problem);
        }
        bars(ui, &self.found);
        controls::note(ui, t!("chapters_attention.words.analogy_note"));
    }

    /// The answers in words.
    pub fn describe(&self) -> String {
        let [a, b, c] = &self.words;
        let all: Vec<&str> = self.found.iter().map(|(word, _)| word.as_str()).collect();
        format!("{c} + {b} − {a}: {}", all.join(", "))
    }

    /// Whether the answers are there.
    pub fn settled(&self) -> bool {
        self.asked.settled()
    }
}
