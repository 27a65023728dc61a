//! How can a dot product measure likeness? Real word vectors: how alike one's own words are, all words in the plane, the
//! neighbours of a word, analogies; and vectors that are trained here. To try: a word nearer to «king» than «queen» is.

mod analogies;
mod matrix;
mod near;
mod scatter;
mod train;

use egui::Ui;
use rust_i18n::t;

use crate::chapters::parts;
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::lesson::VectorSource;
use crate::engine::{Event, JobId};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::theme::space;

use analogies::Analogies;
use near::Near;
use scatter::Scatter;
use train::Train;

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "word_vectors",
    make: |parameters| Box::new(WordVectorsFigure::new(parameters)),
    parameters: &["words", "tab", "vectors"],
    readings: &["kept_variance", "nearest", "own_words"],
};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Matrix,
    Plane,
    Near,
    Analogies,
    Train,
}

impl Tab {
    const ALL: [Self; 5] = [Self::Matrix, Self::Plane, Self::Near, Self::Analogies, Self::Train];

    fn name(self) -> &'static str {
        match self {
            Self::Matrix => "matrix",
            Self::Plane => "plane",
            Self::Near => "near",
            Self::Analogies => "analogies",
            Self::Train => "train",
        }
    }
}

/// Words that are compared at most.
const MOST_WORDS: usize = 12;

/// The figure.
struct WordVectorsFigure {
    tab: Tab,
    source: VectorSource,
    /// The person's own words as they are written, for the source that they were written for.
    typed: String,
    near: Near,
    analogies: Analogies,
    scatter: Scatter,
    train: Train,
}

/// A person's own words: those that have a vector, and those that have none.
struct Own {
    known: Vec<String>,
    unknown: Vec<String>,
}

impl Own {
    fn of(typed: &str, source: &VectorSource) -> Self {
        let vectors = source.vectors();
        let mut words: Vec<String> = Vec::new();
        for word in typed.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
            let word = word.to_lowercase();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let (mut known, unknown): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| vectors.find(word).is_some());
        known.truncate(MOST_WORDS);
        Self { known, unknown }
    }
}

/// Words to begin with.
fn example(source: &VectorSource) -> String {
    match source {
        VectorSource::Shipped("en") => "king queen royalty food apple pear computers".to_owned(),
        _ => "rey reina caballero escudero pan vino libro".to_owned(),
    }
}

impl WordVectorsFigure {
    fn new(parameters: &Parameters) -> Self {
        let source = match parameters.get("vectors").map(String::as_str) {
            Some("quijote") => VectorSource::Shipped("es"),
            _ => VectorSource::Shipped("en"),
        };
        let tab = parameters.get("tab").map(String::as_str);
        Self {
            tab: Tab::ALL.into_iter().find(|known| Some(known.name()) == tab).unwrap_or(Tab::Matrix),
            typed: parameters.get("words").cloned().unwrap_or_else(|| example(&source)),
            near: Near::new(&source),
            analogies: Analogies::new(&source),
            scatter: Scatter::default(),
            train: Train::default(),
            source,
        }
    }

    /// Which vectors, and which page.
    fn top_ui(&mut self, ui: &mut Ui) {
        let mut options = vec![
            (VectorSource::Shipped("en"), t!("chapters_attention.words.glove").into_owned()),
            (VectorSource::Shipped("es"), t!("chapters_attention.words.quijote").into_owned()),
        ];
        if let Some(trained) = self.train.vectors() {
            options.push((VectorSource::Trained(trained), t!("chapters_attention.words.trained").into_owned()));
        }
        let tabs = Tab::ALL.map(|tab| (tab, t!(format!("chapters_attention.words.tab.{}", tab.name())).into_owned()));
        ui.horizontal_wrapped(|ui| {
            controls::segmented(ui, &t!("chapters_attention.words.tabs"), &mut self.tab, &tabs);
            ui.add_space(space::S);
            let before = self.source.clone();
            if controls::chooser(ui, &t!("chapters_attention.words.source"), 190.0, &mut self.source, &options) {
                let (old, new) = (example(&before), example(&self.source));
                if self.typed == old {
                    self.typed = new;
                }
                (self.near, self.analogies) = (Near::new(&self.source), Analogies::new(&self.source));
            }
        });
    }

    fn words_ui(&mut self, ui: &mut Ui, own: &Own) {
        let name = t!("chapters_attention.words.own");
        controls::labelled(ui, &*name, 90.0, |ui| {
            let width = ui.available_width() - space::S;
            controls::text_field(ui, &name, width, &mut self.typed);
        });
        if !own.unknown.is_empty() {
            parts::problem(ui, &t!("chapters_attention.unknown_words", words = own.unknown.join(", ")));
        }
    }
}

impl Figure for WordVectorsFigure {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        self.near.on_event(event);
        self.analogies.on_event(event);
        self.scatter.on_event(event);
        self.train.on_event(event);
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        match self.tab {
            Tab::Near => self.near.shows_failure_of(job),
            Tab::Analogies => self.analogies.shows_failure_of(job),
            Tab::Plane => self.scatter.shows_failure_of(job),
            Tab::Train => self.train.shows_failure_of(job),
            Tab::Matrix => false,
        }
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        match self.tab {
            Tab::Near => self.near.logic(shared, &self.source),
            Tab::Analogies => self.analogies.logic(shared, &self.source),
            Tab::Plane => {
                let own = Own::of(&self.typed, &self.source);
                self.scatter.logic(shared, &self.source, &own.known);
            }
            Tab::Train => self.train.logic(shared),
            Tab::Matrix => {}
        }
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "word_vectors", |ui| {
            self.top_ui(ui);
            let own = Own::of(&self.typed, &self.source);
            if matches!(self.tab, Tab::Matrix | Tab::Plane) {
                self.words_ui(ui, &own);
            }
            match self.tab {
                Tab::Matrix => matrix::ui(ui, &self.source, &own.known),
                Tab::Plane => self.scatter.ui(ui, shared),
                Tab::Near => self.near.ui(ui, &self.source),
                Tab::Analogies => self.analogies.ui(ui, &self.source),
                Tab::Train => self.train.ui(ui, shared),
            }
            stage.readings.insert("own_words", own.known.len() as f64);
        });
        if let Some(kept) = self.scatter.kept_variance() {
            stage.readings.insert("kept_variance", kept);
        }
        if let Some(nearest) = self.near.nearest() {
            stage.readings.insert("nearest", f64::from(nearest));
        }
    }

    fn describe(&self) -> String {
        match self.tab {
            Tab::Matrix => matrix::describe(&self.source, &Own::of(&self.typed, &self.source).known),
            Tab::Plane => self.scatter.describe(),
            Tab::Near => self.near.describe(),
            Tab::Analogies => self.analogies.describe(),
            Tab::Train => self.train.describe(),
        }
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.tab = Tab::Plane;
    }

    fn settled(&self) -> bool {
        match self.tab {
            Tab::Plane => self.scatter.settled(),
            Tab::Near => self.near.settled(),
            Tab::Analogies => self.analogies.settled(),
            Tab::Matrix | Tab::Train => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::kittest::Queryable as _;

    use crate::chapters::testing::{asked, page, reading, tell};
    use crate::data::projection::Method;
    use crate::engine::lesson::Projection;
    use crate::engine::{LessonRequest, LessonResult};

    #[test]
    fn own_words_are_compared_and_unknown_ones_are_named() {
        let mut page = page("word_vectors", &[("words", "king queen qwertz apple")]);
        assert!(page.query_by_label_contains("king and queen: 0.78").is_some());
        assert!(page.query_by_label_contains("qwertz").is_some(), "it is named");
        assert_eq!(reading(&page, "own_words"), 3.0);
        page.get_by_label("Neighbours").click();
        page.run();
        let (job, request) = asked(&page).pop().expect("it asks");
        assert!(matches!(request, LessonRequest::Near(_, word, _) if word == "king"));
        tell(&mut page, job, LessonResult::Near(vec![("prince".to_owned(), 0.82)]));
        assert!(page.query_by_label_contains("prince, 0.820").is_some());
        assert!((reading(&page, "nearest") - 0.82).abs() < 1e-6);
    }

    #[test]
    fn a_projection_grows_and_tells_what_it_keeps() {
        let mut page = page("word_vectors", &[("words", "king queen"), ("tab", "plane")]);
        let (job, request) = asked(&page).pop().expect("it asks");
        assert!(matches!(&request, LessonRequest::Project { own, method: Method::Pca, .. } if own.len() == 2));
        let projection = Projection {
            method: Method::Pca,
            words: Arc::new(["king", "queen", "the"].map(str::to_owned).to_vec()),
            own: 2,
            plane: vec![[0.0, 0.0], [1.0, 0.5], [-2.0, 1.0]],
            share: 1.0,
            kept_variance: Some(0.15),
        };
        tell(&mut page, job, LessonResult::Projection(Arc::new(projection)));
        assert_eq!(reading(&page, "kept_variance"), 0.15);
        assert!(page.query_by_label_contains("3 words in the plane").is_some());
        page.get_by_label("UMAP").click();
        page.run();
        assert!(matches!(asked(&page)[..], [(_, LessonRequest::Project { method: Method::Umap, seed: 1, .. })]));
    }

    #[test]
    fn an_analogy_is_asked_for() {
        let mut page = page("word_vectors", &[("tab", "analogies")]);
        let (job, request) = asked(&page).pop().expect("it asks");
        let LessonRequest::Analogy(_, words, _) = request else { panic!("{request:?}") };
        assert_eq!(words, ["man", "king", "woman"]);
        tell(&mut page, job, LessonResult::Analogy(vec![("queen".to_owned(), 0.7)]));
        assert!(page.query_by_label_contains("queen, 0.700").is_some());
    }
}
