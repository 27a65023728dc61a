//! Where do the vectors come from? A skip-gram that is trained here, on Don Quijote or on the texts that ship.

use std::sync::Arc;

use egui::Ui;
use egui_material_icons::icons;
use rust_i18n::t;

use crate::chapters::on_demand::OnDemand;
use crate::chapters::parts;
use crate::data::vectors::WordVectors;
use crate::data::{CorpusRef, catalogue};
use crate::engine::{Event, JobId, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::train::skip_gram::{Progress, SkipGramOptions};
use crate::widgets::controls;
use crate::widgets::number::{grouped, in_nats};

/// The page.
pub struct Train {
    corpus: String,
    epochs: usize,
    /// Which text, and how often it is read.
    training: OnDemand<(String, usize)>,
    progress: Option<Progress>,
    vectors: Option<Arc<WordVectors>>,
}

impl Default for Train {
    fn default() -> Self {
        Self {
            corpus: "telar-es".to_owned(),
            epochs: SkipGramOptions::default().epochs,
            training: OnDemand::default(),
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
        let begun = self.training.begin(shared, |(corpus, epochs)| {
            let options = SkipGramOptions { epochs: *epochs, ..SkipGramOptions::default() };
            LessonRequest::SkipGram(CorpusRef::Named(corpus.clone()), options)
        });
        if begun.is_some() {
            self.progress = None;
        }
    }

    /// Whether it shows itself what went wrong with a job.
    pub fn shows_failure_of(&self, job: JobId) -> bool {
        self.training.waits_for(job)
    }

    /// Takes an event.
    pub fn on_event(&mut self, event: &Event) {
        let more = |result: &LessonResult| matches!(result, LessonResult::SkipGram { vectors: None, .. });
        if let Some(LessonResult::SkipGram { progress, vectors }) = self.training.answer(event, more) {
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
        let begin = t!("chapters_attention.words.train");
        let stop = t!("chapters_attention.words.cancel");
        let what = (self.corpus.clone(), self.epochs);
        self.training.button_ui(ui, shared, (icons::ICON_PLAY_ARROW.codepoint, &begin), &stop, what);
        if self.training.working() {
            let share = self.progress.map(|progress| progress.share);
            let loss = self.progress.map_or_else(String::new, |progress| in_nats(progress.loss, 3));
            controls::progress_line(ui, share, t!("chapters_attention.words.loss", loss = loss));
        }
        if let Some(problem) = self.training.problem() {
            parts::problem(ui, problem);
        }
        if let Some(vectors) = self.vectors.as_ref().filter(|_| !self.training.working()) {
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
