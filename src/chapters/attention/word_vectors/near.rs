//! Which words are nearest to a word?

use egui::{Label, RichText, Ui, vec2};
use rust_i18n::t;

use crate::chapters::parts::{self, Asked, only};
use crate::engine::lesson::{Near as Found, VectorSource};
use crate::engine::{Event, JobId, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::heatmap::value_text;
use crate::widgets::theme::{self, Theme, size};

/// So many neighbours.
const COUNT: usize = 12;

/// The page.
pub struct Near {
    word: String,
    asked: Asked<(VectorSource, String)>,
    found: Found,
}

impl Near {
    /// The page before anything was written.
    pub fn new(source: &VectorSource) -> Self {
        let word = if *source == VectorSource::Shipped("en") { "king" } else { "rey" };
        Self { word: word.to_owned(), asked: Asked::default(), found: Vec::new() }
    }

    /// Asks for the word as it stands.
    pub fn logic(&mut self, shared: &Shared, source: &VectorSource) {
        let key = (source.clone(), self.word.trim().to_lowercase());
        self.asked.ask(shared, key, |(source, word)| LessonRequest::Near(source.clone(), word.clone(), COUNT));
    }

    /// Takes an event.
    pub fn on_event(&mut self, event: &Event) {
        if let Some(LessonResult::Near(found)) = self.asked.answer(event, only) {
            self.found.clone_from(found);
        }
    }

    /// Whether it shows itself what went wrong with a job.
    pub fn shows_failure_of(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    /// The cosine of the nearest.
    pub fn nearest(&self) -> Option<f32> {
        self.found.first().map(|(_, cosine)| *cosine)
    }

    /// Field and bars.
    pub fn ui(&mut self, ui: &mut Ui, source: &VectorSource) {
        let name = t!("chapters_attention.words.word");
        controls::labelled(ui, &*name, 90.0, |ui| controls::text_field(ui, &name, 200.0, &mut self.word));
        if let Some(problem) = self.asked.problem() {
            parts::problem(ui, problem);
        }
        if self.asked.settled() && source.vectors().find(&self.word).is_none() {
            parts::problem(ui, &t!("chapters_attention.unknown_words", words = self.word.trim()));
            return;
        }
        if let Some(word) = bars(ui, &self.found) {
            self.word = word;
        }
        controls::note(ui, t!("chapters_attention.words.near_note"));
    }

    /// The neighbours in words.
    pub fn describe(&self) -> String {
        let all: Vec<String> = self.found.iter().map(|(word, cosine)| told(word, *cosine)).collect();
        format!("{}: {}", self.word, all.join("; "))
    }

    /// Whether the neighbours of the word are there.
    pub fn settled(&self) -> bool {
        self.asked.settled()
    }
}

fn told(word: &str, cosine: f32) -> String {
    format!("{word}, {}", value_text(cosine))
}

/// Words with their cosines as bars; says which word was clicked.
pub fn bars(ui: &mut Ui, found: &Found) -> Option<String> {
    let theme = Theme::here(ui);
    let mut clicked = None;
    for (word, cosine) in found {
        ui.horizontal(|ui| {
            let room = vec2(120.0, 22.0);
            ui.allocate_ui(room, |ui| {
                ui.set_min_width(room.x);
                let text = RichText::new(word).font(theme::mono(size::BODY)).color(theme.accent);
                if ui.add(Label::new(text).truncate().sense(egui::Sense::click())).clicked() {
                    clicked = Some(word.clone());
                }
            });
            let width = (ui.available_width() - 70.0).clamp(40.0, 420.0);
            parts::bar(ui, vec2(width, 20.0), *cosine, theme.series[0], &told(word, *cosine));
            ui.label(RichText::new(value_text(*cosine)).font(theme::text(size::SMALL)).color(theme.ink_soft));
        });
    }
    clicked
}
