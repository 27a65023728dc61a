//! Why was attention invented? Small recurrent networks are trained here. Two say a sentence again, one from one vector
//! alone, one looking back with attention: the early words fade from the one vector (Bahdanau, Cho & Bengio 2015). A third
//! translates with attention, and its weights can be dragged. To try: a longer sentence; another word by other weights.

mod repetition;
mod translation;

use std::sync::Arc;

use egui::{Ui, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::chapters::on_demand::OnDemand;
use crate::chapters::parts;
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::{Event, JobId, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::train::recall::{Recall, RecallOptions, Task};
use crate::widgets::controls;
use crate::widgets::number_grid::{self, Cell, Grid};
use crate::widgets::theme::{Theme, space};

use repetition::Repetition;
use translation::Translation;

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "seq2seq",
    make: |parameters| Box::new(Seq2Seq::new(parameters)),
    parameters: &["length"],
    readings: &["first_one", "last_one", "first_attention", "step", "changed", "translated"],
};

/// Steps of each training.
const STEPS: usize = 600;
/// Steps of the training of a translation.
const TRANSLATION_STEPS: usize = 800;

/// What is trained by one press of the button.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Training {
    /// Both networks that say a sentence of so many words again.
    Repeating(usize),
    /// The one that translates.
    Translating,
    /// All of them.
    All(usize),
}

impl Training {
    /// The networks, in the order in which they are trained.
    fn options(self) -> Vec<RecallOptions> {
        let options = |task, length, attention| {
            let (steps, seed) = if task == Task::Translate { (TRANSLATION_STEPS, 4) } else { (STEPS, 1) };
            RecallOptions { task, length, attention, steps, seed }
        };
        let repeating = |length| vec![options(Task::Repeat, length, false), options(Task::Repeat, length, true)];
        let translating = options(Task::Translate, 0, true);
        match self {
            Self::Repeating(length) => repeating(length),
            Self::Translating => vec![translating],
            Self::All(length) => [repeating(length), vec![translating]].concat(),
        }
    }
}

struct Seq2Seq {
    task: Task,
    length: usize,
    training: OnDemand<Training>,
    repetition: Repetition,
    translation: Translation,
    /// Whether a weight is to be moved once the training is over.
    demonstrating: bool,
}

impl Seq2Seq {
    fn new(parameters: &Parameters) -> Self {
        Self {
            task: Task::Repeat,
            length: parts::number_of(parameters, "length", 4..=20, 12),
            training: OnDemand::default(),
            repetition: Repetition::default(),
            translation: Translation::default(),
            demonstrating: false,
        }
    }

    fn task_ui(&mut self, ui: &mut Ui) {
        let options = [
            (Task::Repeat, t!("chapters_attention.seq2seq.repeat").into_owned()),
            (Task::Translate, t!("chapters_attention.seq2seq.translate").into_owned()),
        ];
        controls::segmented(ui, &t!("chapters_attention.seq2seq.task"), &mut self.task, &options);
    }

    /// How many steps the training has made, of how many.
    fn progress(&self) -> (usize, usize) {
        let all = self.training.what().map(|what| what.options()).unwrap_or_default();
        let step = |options: &RecallOptions| match options.task {
            Task::Repeat => self.repetition.step_of(options.attention),
            Task::Translate => self.translation.trained(),
        };
        (all.iter().map(step).sum(), all.iter().map(|options| options.steps).sum())
    }

    fn train_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        let (what, begin) = match self.task {
            Task::Repeat => {
                controls::value_slider(&mut self.length, 4..=20, t!("chapters_attention.seq2seq.length"))
                    .default(12)
                    .width(320.0)
                    .show(ui);
                (Training::Repeating(self.length), t!("chapters_attention.seq2seq.train"))
            }
            Task::Translate => (Training::Translating, t!("chapters_attention.seq2seq.train_translation")),
        };
        let (done, all) = self.progress();
        ui.horizontal(|ui| {
            let stop = t!("chapters_attention.words.cancel");
            self.training.button_ui(ui, shared, (icons::ICON_PLAY_ARROW.codepoint, &begin), &stop, what);
            if self.training.working() {
                let share = done as f32 / all.max(1) as f32;
                controls::progress_line(ui, Some(share), t!("chapters_attention.seq2seq.training", step = done));
            }
        });
        if let Some(problem) = self.training.problem() {
            parts::problem(ui, problem);
        }
        ui.add_space(space::XS);
    }

    fn take(&mut self, recall: &Arc<Recall>) {
        match recall.task {
            Task::Repeat => self.repetition.take(recall.clone()),
            Task::Translate => self.translation.take(recall.clone()),
        }
    }
}

/// `w₁·h₁ + w₂·h₂ + …`: the largest terms of a weighted sum of states.
fn largest_terms(weights: &[f32]) -> String {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
    let term = |j: &usize| format!("{:.2}·h{}", weights[*j], parts::subscript(j + 1));
    let terms: Vec<String> = order.iter().take(3).map(term).collect();
    if order.len() > terms.len() { format!("{} + …", terms.join(" + ")) } else { terms.join(" + ") }
}

/// A sentence that is read and the one that is said of it.
struct Pair<'a> {
    read: &'a [String],
    said: &'a [String],
    /// `[said, read]`.
    weights: &'a [f32],
    /// The word said that is looked at.
    step: usize,
}

/// Whom each word that is said looks at, with a word about the grid below it; the row that was clicked. `spoken` says a cell,
/// by its row and column.
fn weights_ui(
    ui: &mut Ui,
    pair: &Pair<'_>,
    widest: f32,
    summary: &str,
    spoken: impl Fn(usize, usize, f32) -> String,
) -> Option<usize> {
    let theme = Theme::here(ui);
    let n = pair.read.len().max(1);
    let cell = |(k, weight): (usize, &f32)| Cell {
        text: if *weight >= 0.005 { format!("{weight:.2}") } else { String::new() },
        fill: Some(theme.sequential(*weight)),
        framed: (k / n == pair.step).then_some(theme.accent),
        spoken: spoken(k / n, k % n, *weight),
        ..Cell::default()
    };
    let cells: Vec<Cell> = pair.weights.iter().enumerate().map(cell).collect();
    let grid = Grid {
        rows: pair.said,
        columns: pair.read,
        corner: "",
        cells: &cells,
        touchable: true,
        largest: vec2(widest, 22.0),
        summary,
    };
    let touched = number_grid::show(ui, vec2(ui.available_width(), 22.0 * n as f32 + 30.0), &grid);
    controls::note(ui, summary);
    touched.clicked.map(|(row, _)| row)
}

impl Figure for Seq2Seq {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        let more = |result: &LessonResult| matches!(result, LessonResult::Recall(Some(_)));
        if let Some(LessonResult::Recall(Some(recall))) = self.training.answer(event, more) {
            self.take(recall);
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.training.waits_for(job)
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        if let Some(what) = self.training.begin(shared, |what| LessonRequest::Recall(what.options())).copied() {
            if what != Training::Translating {
                self.repetition = Repetition::default();
            }
            if !matches!(what, Training::Repeating(_)) {
                self.translation = Translation::default();
            }
        }
        if self.demonstrating && self.training.settled() {
            self.demonstrating = false;
            self.translation.demonstrate();
        }
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "seq2seq", |ui| {
            self.task_ui(ui);
            self.train_ui(ui, shared);
            match self.task {
                Task::Repeat => self.repetition.ui(ui),
                Task::Translate => self.translation.ui(ui, !self.training.working()),
            }
        });
        let step = match self.task {
            Task::Repeat => self.repetition.step(),
            Task::Translate => self.translation.step(),
        };
        stage.readings.insert("step", step as f64 + 1.0);
        self.repetition.read(&mut stage.readings);
        self.translation.read(&mut stage.readings);
    }

    fn describe(&self) -> String {
        match self.task {
            Task::Repeat => self.repetition.describe(),
            Task::Translate => self.translation.describe(),
        }
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.task = Task::Translate;
        self.training.want(Training::All(self.length));
        self.demonstrating = true;
    }

    fn settled(&self) -> bool {
        self.training.settled() && !self.demonstrating
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{Page, asked, drag, page, reading, tell};
    use crate::train::recall::{Reading, Readout, WIDTH, english, softmax, spanish};

    fn give(page: &mut Page, job: JobId, recall: Recall) {
        tell(page, job, LessonResult::Recall(Some(Arc::new(recall))));
    }

    /// What a network has come to that says a sentence of four words again.
    fn repeated(attention: bool, first: f32) -> Recall {
        let weights = if attention { vec![0.25; 16] } else { vec![] };
        let words = vec![0, 1, 2, 3];
        let example = Reading {
            read: words.clone(),
            wanted: words.clone(),
            said: words,
            states: vec![0.0; 4 * WIDTH],
            scores: vec![0.0; weights.len()],
            weights,
        };
        let right = vec![first, 0.5, 0.75, 1.0];
        Recall { task: Task::Repeat, attention, step: 600, right, examples: vec![example], readout: None }
    }

    /// Two words are read, whose states are the first two axes, and the readout says «gato» of the one and «perro» of the
    /// other.
    fn translated() -> Recall {
        let place = |words: &[&str], word: &str| words.iter().position(|known| *known == word).unwrap();
        let (read, said) = (["cat", "dog"], ["gato", "perro"]);
        let read = read.map(|word| place(&english(), word)).to_vec();
        let said = said.map(|word| place(&spanish(), word)).to_vec();
        let outputs = spanish().len();
        let (mut states, mut values) = (vec![0.0; 2 * WIDTH], vec![0.0; WIDTH * outputs]);
        for axis in 0..2 {
            states[axis * WIDTH + axis] = 1.0;
            values[axis * outputs + said[axis]] = 8.0;
        }
        let scores = vec![2.0, 0.0, 0.0, 2.0];
        let weights = scores.chunks(2).flat_map(softmax).collect();
        let example = Reading { read, wanted: said.clone(), said, states, scores, weights };
        Recall {
            task: Task::Translate,
            attention: true,
            step: TRANSLATION_STEPS,
            right: vec![1.0; 2],
            examples: vec![example],
            readout: Some(Readout::of(values, outputs)),
        }
    }

    fn trained_translation() -> Page {
        let mut page = page("seq2seq", &[]);
        page.get_by_label("Translating").click();
        page.run();
        page.get_by_label("Train the network").click();
        page.run();
        let (job, request) = asked(&page).pop().expect("it asks");
        let LessonRequest::Recall(all) = request else { panic!("{request:?}") };
        assert!(matches!(all[..], [RecallOptions { task: Task::Translate, attention: true, .. }]), "{all:?}");
        give(&mut page, job, translated());
        tell(&mut page, job, LessonResult::Recall(None));
        page
    }

    #[test]
    fn both_networks_are_trained_and_compared() {
        let mut page = page("seq2seq", &[("length", "4")]);
        assert!(asked(&page).is_empty(), "nothing is trained unasked");
        page.get_by_label("Train both networks").click();
        page.run();
        let (job, request) = asked(&page).pop().expect("it asks");
        let LessonRequest::Recall(all) = request else { panic!("{request:?}") };
        let what = |options: &RecallOptions| (options.task, options.length, options.attention);
        let both: Vec<_> = all.iter().map(what).collect();
        assert_eq!(both, [(Task::Repeat, 4, false), (Task::Repeat, 4, true)]);
        give(&mut page, job, repeated(false, 0.25));
        assert!(page.query_all_by_label("Training: 600 steps").next().is_some());
        give(&mut page, job, repeated(true, 1.0));
        tell(&mut page, job, LessonResult::Recall(None));
        assert_eq!((reading(&page, "first_one"), reading(&page, "last_one")), (0.25, 1.0));
        assert_eq!(reading(&page, "first_attention"), 1.0);
        let second =
            page.query_all_by_label_contains("step 2 looks at").next().expect("a cell of the second step").rect();
        page.drag_at(second.center());
        page.drop_at(second.center());
        page.run();
        assert_eq!(reading(&page, "step"), 2.0);
    }

    #[test]
    fn a_dragged_weight_changes_the_context_and_the_word_that_is_read_of_it() {
        let mut page = trained_translation();
        assert_eq!(reading(&page, "changed"), 0.0);
        assert!(page.query_by_label_contains("c₁ = 0.88·h₁ + 0.12·h₂  →  gato").is_some());
        let bar = page.get_by_label("weight of “dog” (h₂)").rect();
        let rail = bar.width() - 10.0;
        let at = egui::pos2(bar.left() + 5.0 + rail * 0.12, bar.center().y);
        drag(&mut page, at, egui::vec2(rail * 0.63, 0.0));
        assert!(
            page.query_by_label_contains("c₁ = 0.75·h₂ + 0.25·h₁  →  perro").is_some(),
            "the other weight gives way"
        );
        assert_eq!(reading(&page, "changed"), 1.0);
        page.get_by_label("Back to the start").click();
        page.run();
        assert_eq!(reading(&page, "changed"), 0.0);
        assert!(page.query_by_label_contains("c₁ = 0.88·h₁ + 0.12·h₂  →  gato").is_some());
    }

    #[test]
    fn another_row_is_looked_at_and_dragged_by_itself() {
        let mut page = trained_translation();
        let cell = page.query_all_by_label_contains("step 2, perro, looks at dog").next().expect("a cell").rect();
        page.drag_at(cell.center());
        page.drop_at(cell.center());
        page.run();
        assert_eq!(reading(&page, "step"), 2.0);
        page.get_by_label("weight of “cat” (h₁)").focus();
        page.run();
        for _ in 0..9 {
            page.key_press(egui::Key::ArrowRight);
            page.run();
        }
        assert!(page.query_by_label_contains("c₂ = 0.57·h₁ + 0.43·h₂  →  gato").is_some(), "by the keyboard");
        assert_eq!(reading(&page, "changed"), 1.0);
    }

    #[test]
    fn largest_terms_come_first() {
        assert_eq!(largest_terms(&[0.1, 0.6, 0.05, 0.25]), "0.60·h₂ + 0.25·h₄ + 0.10·h₁ + …");
        assert_eq!(largest_terms(&[0.9, 0.1]), "0.90·h₁ + 0.10·h₂");
    }
}
