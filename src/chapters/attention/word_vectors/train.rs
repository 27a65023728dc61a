//! Where do the vectors come from? A skip-gram that is trained here, on Don Quijote or on the texts that ship.

use std::sync::Arc;

use egui::Ui;
use egui_material_icons::icons;
use rust_i18n::t;

use crate::chapters::parts::{self, Asked};
use crate::data::vectors::WordVectors;
use crate::data::{CorpusRef, catalogue};
use crate::engine::{Command, Event, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::train::skip_gram::{Progress, SkipGramOptions};
use crate::widgets::controls;
use crate::widgets::number::grouped;

/// The page.
pub struct Train {
    corpus: String,
    epochs: usize,
    wanted: bool,
    turn: u64,
    asked: Asked<(String, usize, u64)>,
    progress: Option<Progress>,
    vectors: Option<Arc<WordVectors>>,
}

impl Default for Train {
    fn default() -> Self {
        Self {
            corpus: "telar-es".to_owned(),
            epochs: SkipGramOptions::default().epochs,
            wanted: false,
            turn: 0,
            asked: Asked::default(),
            progress: None,
            vectors: None,
        }
    }
}

impl Train {
    /// The vectors, once they were trained.
    pub fn vectors(&self) -> Option<Arc<WordVectors>> {
        self.vectors.clone()
    }

    /// Begins when it was asked to.
    pub fn logic(&mut self, shared: &Shared) {
        if std::mem::take(&mut self.wanted) {
            self.progress = None;
            let key = (self.corpus.clone(), self.epochs, self.turn);
            self.asked.ask(shared, key, |(corpus, epochs, _)| {
                let options = SkipGramOptions { epochs: *epochs, ..SkipGramOptions::default() };
                LessonRequest::SkipGram(CorpusRef::Named(corpus.clone()), options)
            });
        }
    }

    /// Takes an event.
    pub fn on_event(&mut self, event: &Event) {
        let more = |result: &LessonResult| matches!(result, LessonResult::SkipGram { vectors: None, .. });
        if let Some(LessonResult::SkipGram { progress, vectors }) = self.asked.answer(event, more) {
            match vectors {
                Some(vectors) => self.vectors = Some(vectors.clone()),
                None => self.progress = Some(*progress),
            }
        }
    }

    /// Which text, how often, and how far.
    pub fn ui(&mut self, ui: &mut Ui, shared: &Shared) {
        parts::sentence(ui, t!("chapters_attention.words.train_about"));
        let corpora: Vec<(String, String)> = catalogue()
            .iter()
            .map(|entry| (entry.name.to_owned(), t!(format!("data.title.{}", entry.name)).into_owned()))
            .collect();
        controls::labelled(ui, t!("chapters_attention.words.corpus"), 90.0, |ui| {
            controls::chooser(ui, &t!("chapters_attention.words.corpus"), 220.0, &mut self.corpus, &corpora);
        });
        controls::value_slider(&mut self.epochs, 1..=40, t!("chapters_attention.words.epochs"))
            .default(SkipGramOptions::default().epochs)
            .width(320.0)
            .show(ui);
        match self.asked.job() {
            Some(job) => {
                if controls::quiet_button(ui, icons::ICON_STOP.codepoint, t!("chapters_attention.words.cancel"))
                    .clicked()
                {
                    shared.engine.send(Command::Cancel(job));
                }
                let share = self.progress.map(|progress| progress.share);
                let loss = self.progress.map_or_else(String::new, |progress| format!("{:.3}", progress.loss));
                controls::progress_line(ui, share, t!("chapters_attention.words.loss", loss = loss));
            }
            None => {
                let glyph = icons::ICON_PLAY_ARROW.codepoint;
                if controls::primary_button(ui, glyph, t!("chapters_attention.words.train")).clicked() {
                    (self.wanted, self.turn) = (true, self.turn + 1);
                }
            }
        }
        if let Some(problem) = self.asked.problem() {
            parts::problem(ui, problem);
        }
        if let Some(vectors) = self.vectors.as_ref().filter(|_| self.asked.job().is_none()) {
            let count = grouped(vectors.len() as i64);
            parts::sentence(ui, t!("chapters_attention.words.trained_note", count = count));
        }
    }

    /// How far it is.
    pub fn describe(&self) -> String {
        let count = self.vectors.as_ref().map_or(0, |vectors| vectors.len());
        t!("chapters_attention.words.trained_note", count = grouped(count as i64)).into_owned()
    }
}
