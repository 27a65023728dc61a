//! The page, driven through its accessibility tree, with the lessons of `tests/fixtures/lessons` and a figure of its own.

use std::path::Path;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable};

use super::*;
use crate::chapters::{Figure, FigureEntry, Parameters, Stage as FigureStage};
use crate::course::cells::{Limits, check as run_cell, tasks};
use crate::course::{Answer, Progress, Says};
use crate::engine::{Command, LessonRequest, LessonResult};
use crate::panels::testing::{Stage, model, stage, tell};
use crate::widgets::theme::Theme;

mod whole;

/// What the dial waits for.
const DIALLING: JobId = JobId(77);

/// A figure with one number to set, which lights up when `q` does and lets it light up.
struct Dial {
    entropy: f64,
    lit: bool,
}

impl Figure for Dial {
    fn ui(&mut self, ui: &mut Ui, _shared: &mut Shared, stage: &mut FigureStage) {
        self.lit = stage.symbol.as_deref() == Some("q");
        let dial = ui.add(egui::DragValue::new(&mut self.entropy)).accessible_name("dial");
        if dial.hovered() {
            stage.symbol = Some("q".to_owned());
        }
        stage.readings.insert("entropy", self.entropy);
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        job == DIALLING
    }

    fn describe(&self) -> String {
        format!("A dial at {}, {}", self.entropy, if self.lit { "lit" } else { "dark" })
    }
}

/// What the registry has in these tests.
pub(super) static FIGURES: [FigureEntry; 1] = [FigureEntry {
    name: "dial",
    make: |_: &Parameters| Box::new(Dial { entropy: 1.0, lit: false }),
    parameters: &[],
    readings: &["entropy"],
}];

type Page = Harness<'static, Stage<CoursePage>>;

fn page_of(size: [f32; 2]) -> Page {
    page_after(size, Progress::default())
}

/// The page of somebody who has done this already.
fn page_after(size: [f32; 2], progress: Progress) -> Page {
    let mut harness = stage(CoursePage::default(), size, model(&["a", "b"]));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lessons");
    let course = Course::from_folder(&folder);
    assert_eq!(course.problems, []);
    let shared = &mut harness.state_mut().shared;
    shared.learning.course = Arc::new(course);
    shared.learning.progress = progress;
    shared.learning.progress.last = Some(SectionId::new(1, 1));
    harness.run();
    harness
}

fn page() -> Page {
    page_of([1280.0, 4000.0])
}

/// Presses the button of this name that belongs to the exercise of this number on the page.
fn press(harness: &mut Page, label: &str, number: usize) {
    let buttons = harness.query_all_by_role_and_label(Role::Button, label);
    buttons.into_iter().nth(number).unwrap_or_else(|| panic!("no {label} {number}")).click();
    harness.run();
}

fn choose(harness: &mut Page, option: &str) {
    harness.get_by_role_and_label(Role::RadioButton, option).click();
    harness.run();
}

fn says(harness: &Page, sentence: &str) -> bool {
    harness.query_all_by_role(Role::Status).any(|node| node.accesskit_node().label().as_deref() == Some(sentence))
}

fn attempt<'a>(harness: &'a Page, exercise: &str) -> &'a crate::course::Attempt {
    &harness.state().shared.learning.progress.sections[&SectionId::new(1, 1)].exercises[exercise]
}

fn check() -> String {
    t!("course_page.check").into_owned()
}

/// Does what the engine would do with the program that the code cell wants to run.
fn answer(harness: &mut Page) {
    let commands: Vec<Command> = harness.state().commands.try_iter().collect();
    let asked = commands.into_iter().find_map(|command| match command {
        Command::Lesson(job, LessonRequest::RunCell { task, source }) => Some((job, task, source)),
        _ => None,
    });
    let (job, task, source) = asked.expect("the cell asks to be run");
    let report = run_cell(tasks::find(&task).unwrap(), &source, &Limits::default(), Arc::new(|| true));
    tell(harness, &Event::Lesson(job, LessonResult::Cell(Arc::new(report))));
}

#[test]
fn a_prediction_is_compared_with_what_happens_and_stays_as_it_was() {
    let mut harness = page();
    let reveal = t!("course_page.reveal").into_owned();
    assert!(harness.get_by_label(&reveal).accesskit_node().is_disabled(), "first say something");
    choose(&mut harness, "They stay");
    press(&mut harness, &reveal, 0);
    assert!(says(&harness, &t!("course_page.says.predicted_other", mine = "They stay", truth = "They sharpen")));
    assert!(harness.query_by_label_contains("The scores double").is_some());
    assert!(attempt(&harness, "longer").solved);
    choose(&mut harness, "They sharpen");
    assert_eq!(attempt(&harness, "longer").answer, Some(Answer::Option(0)), "too late");
}

#[test]
fn a_choice_is_failed_then_solved_with_hints_and_solution() {
    let mut harness = page();
    press(&mut harness, &check(), 0);
    assert!(says(&harness, &t!("course_page.says.nothing")));
    assert!(harness.query_by_label(&t!("course_page.solution_show")).is_none(), "not before a try");
    choose(&mut harness, "Yes, always");
    press(&mut harness, &check(), 0);
    assert!(says(&harness, &t!("course_page.says.wrong")));
    assert!(harness.query_by_label_contains("Try two vectors").is_some());
    assert!(harness.query_by_label("Look at the rows.").is_none());
    press(&mut harness, &t!("course_page.hint", number = 1, count = 2), 0);
    assert!(harness.query_by_label("Look at the rows.").is_some());
    assert!(harness.query_by_label("Each row sums to 1.").is_none(), "one by one");
    press(&mut harness, &t!("course_page.hint", number = 2, count = 2), 0);
    assert!(harness.query_by_label("Each row sums to 1.").is_some());
    press(&mut harness, &t!("course_page.solution_show"), 0);
    assert!(harness.query_by_label("It is not.").is_some());
    choose(&mut harness, "No, not in general");
    assert!(!says(&harness, &t!("course_page.says.wrong")), "what was said belongs to the other answer");
    press(&mut harness, &check(), 0);
    assert!(says(&harness, &t!("course_page.says.right")));
    assert!(harness.query_by_label_contains("normalized one by one").is_some());
    assert!(attempt(&harness, "asymmetric").solved);
}

#[test]
fn a_number_is_refused_with_its_usual_mistake_and_taken_with_a_comma() {
    let mut harness = page();
    let type_in = |harness: &mut Page, text: &str| {
        harness.get_by_role_and_label(Role::TextInput, "Spread").focus();
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        harness.get_by_role_and_label(Role::TextInput, "Spread").type_text(text);
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
    };
    type_in(&mut harness, "256");
    assert!(harness.query_by_label_contains("That is the variance").is_some());
    type_in(&mut harness, "many");
    assert!(says(&harness, &t!("course_page.says.no_number", name = "Spread")));
    type_in(&mut harness, "3");
    assert!(says(&harness, &t!("course_page.says.wrong")));
    assert!(!attempt(&harness, "spread").solved);
    type_in(&mut harness, "16,02");
    assert!(attempt(&harness, "spread").solved);
    assert_eq!(attempt(&harness, "spread").tries, 4);
}

#[test]
fn steps_are_moved_by_buttons_by_arrows_and_by_the_pointer() {
    let mut harness = page();
    let order = |harness: &Page| match &attempt(harness, "steps").answer {
        Some(Answer::Order(order)) => order.clone(),
        _ => Vec::new(),
    };
    press(&mut harness, &check(), 2);
    assert!(!attempt(&harness, "steps").solved && attempt(&harness, "steps").tries == 1);
    // By buttons: the first step up until it is the first, then the last one down.
    while harness.query_by_label(&t!("course_page.order_item", place = 1, count = 3, words = "Score")).is_none() {
        press(&mut harness, &t!("course_page.move_up", words = "Score"), 0);
    }
    // By the keyboard: it keeps the keyboard wherever it moves.
    let item = |harness: &Page, words: &str| {
        (1..=3)
            .map(|place| t!("course_page.order_item", place = place, count = 3, words = words).into_owned())
            .find(|label| harness.query_by_label(label).is_some())
            .unwrap()
    };
    let label = item(&harness, "Mix");
    harness.get_by_label(&label).focus();
    harness.run();
    for _ in 0..3 {
        harness.key_press(Key::ArrowDown);
        harness.run();
    }
    assert_eq!(order(&harness), [0, 1, 2]);
    press(&mut harness, &check(), 2);
    assert!(attempt(&harness, "steps").solved);
    // By the pointer: the first one below the last.
    let from = harness.get_by_label(&item(&harness, "Score")).rect().center();
    let to = harness.get_by_label(&item(&harness, "Mix")).rect().center() + egui::vec2(0.0, 10.0);
    harness.drag_at(from);
    for step in 1..=8 {
        harness.hover_at(from.lerp(to, step as f32 / 8.0));
        harness.run();
    }
    harness.drop_at(to);
    harness.run();
    assert_eq!(order(&harness), [1, 2, 0]);
}

#[test]
fn the_figure_is_set_wrong_and_then_right() {
    let mut harness = page();
    press(&mut harness, &check(), 3);
    assert_eq!(attempt(&harness, "bits").verdict.as_ref().map(|v| v.says.clone()), Some(Says::Condition(false)));
    assert!(says(&harness, &t!("course_page.says.condition", readings = "entropy\u{A0}=\u{A0}1")));
    set_dial(&mut harness, "3.05");
    press(&mut harness, &check(), 3);
    assert!(attempt(&harness, "bits").solved);
}

fn set_dial(harness: &mut Page, value: &str) {
    harness.get_by_label("dial").click();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Text(value.to_owned()));
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
}

#[test]
fn text_formulas_and_figures_are_in_the_accessibility_tree_in_reading_order() {
    let mut harness = page();
    let paragraph = harness.get_by_label_contains("A vector q meets");
    let formula = harness.get_by_role(Role::Math);
    assert_eq!(formula.accesskit_node().label().as_deref(), Some("aᵢⱼ = (e^sᵢⱼ)/(∑ₖ e^sᵢₖ)"));
    assert!(paragraph.rect().bottom() <= formula.rect().top());
    assert!(harness.query_by_label("A dial at 1, dark").is_some());
    harness.get_by_role_and_label(Role::Mark, "q").focus();
    harness.run();
    assert!(harness.query_by_label("A dial at 1, lit").is_some(), "by the keyboard too");
}

/// Whether something within is painted on the ground of what is lit.
fn is_lit(harness: &Page, within: egui::Rect) -> bool {
    let lit = Theme::of(&harness.ctx).accent_soft;
    harness.output().shapes.iter().any(|shape| match &shape.shape {
        egui::Shape::Rect(rect) => rect.fill == lit && within.contains_rect(rect.rect),
        egui::Shape::Text(text) => {
            let grounds = text.galley.job.sections.iter().any(|section| section.format.background == lit);
            grounds && within.contains(text.pos + egui::vec2(1.0, 1.0))
        }
        _ => false,
    })
}

#[test]
fn a_symbol_and_its_part_of_the_figure_light_up_together() {
    let mut harness = page();
    crate::panels::testing::settle(&mut harness);
    let word = harness.get_by_role_and_label(Role::Mark, "q").rect();
    let paragraph = harness.get_by_label_contains("A vector q meets").rect();
    let formula = harness.get_by_role(Role::Math).rect();
    let lit = |harness: &Page| harness.query_by_label("A dial at 1, lit").is_some();
    assert!(!lit(&harness) && !is_lit(&harness, formula) && !is_lit(&harness, paragraph));
    // From a word of the text to the figure, and to the formula that names it too.
    harness.hover_at(word.center());
    harness.run();
    assert!(lit(&harness) && is_lit(&harness, formula) && is_lit(&harness, paragraph));
    // From the symbol in the formula: somewhere in it, and not everywhere.
    let places: Vec<bool> = (0..60)
        .map(|step| {
            harness.hover_at(formula.center() + egui::vec2(step as f32 * 3.0 - 90.0, 0.0));
            harness.run();
            lit(&harness)
        })
        .collect();
    assert!(places.contains(&true) && places.contains(&false), "{places:?}");
    // And from the figure to the text.
    harness.hover_at(formula.center() + egui::vec2(0.0, 300.0));
    harness.run();
    assert!(!is_lit(&harness, formula));
    harness.get_by_label("dial").hover();
    harness.run();
    assert!(is_lit(&harness, formula) && is_lit(&harness, paragraph));
}

#[test]
fn a_figure_in_the_text_lights_up_with_a_symbol_below_it_too() {
    let mut harness = page_of([900.0, 2600.0]);
    harness.get_by_role_and_label(Role::Mark, "its question").hover();
    harness.run();
    assert!(harness.query_by_label("A dial at 1, lit").is_some());
    harness.hover_at(egui::pos2(5.0, 5.0));
    harness.run();
    assert!(harness.query_by_label("A dial at 1, dark").is_some());
}

#[test]
fn links_lead_where_they_say() {
    let mut harness = page();
    harness.get_by_role_and_label(Role::Link, "the next section").click();
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().shared.intents);
    assert!(matches!(asked[..], [Intent::OpenSection(SectionId { chapter: 1, number: 2 })]), "{asked:?}");
    harness.get_by_role_and_label(Role::Link, "the attention").click();
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().shared.intents);
    assert!(matches!(asked[..], [Intent::Open(PanelId::Attention)]), "{asked:?}");
    harness.get_by_role_and_label(Role::Link, "another").click();
    harness.run();
    assert!(harness.query_by_label_contains("What a query is compared with").is_some());
}

#[test]
fn the_end_is_reached_and_then_the_section_counts_as_read() {
    let mut harness = page_of([1280.0, 700.0]);
    let read = |harness: &Page| harness.state().shared.learning.progress.sections[&SectionId::new(1, 1)].read;
    harness.run_steps(40);
    assert!(!read(&harness), "the end is not in sight");
    harness.key_press(Key::End);
    harness.run();
    harness.run_steps(40);
    assert!(read(&harness));
    let next = format!("{}: 1.2 The next one", t!("course_page.next"));
    harness.get_by_label(&next).click();
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().shared.intents);
    assert!(matches!(asked[..], [Intent::OpenSection(_)]), "{asked:?}");
    // On the path of a beginner there is no next section here.
    harness.state_mut().shared.learning.progress.path = crate::course::Level::Beginner;
    harness.run();
    assert!(harness.query_by_label(&next).is_none());
    // The way goes on all the same.
    let on = format!("{}: {}", t!("course_page.end"), t!("course_page.end_at"));
    harness.get_by_label(&on).click();
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().shared.intents);
    assert!(matches!(asked[..], [Intent::Open(PanelId::Attention)]), "{asked:?}");
}

#[test]
fn bookmarks_and_notes_are_kept() {
    let mut harness = page();
    harness.get_by_label(&t!("course_page.bookmark_add")).click();
    harness.get_by_label(&t!("course_page.note")).click();
    harness.run();
    harness.get_by_label(&t!("course_page.note_name")).focus();
    harness.run();
    harness.get_by_label(&t!("course_page.note_name")).type_text("why?");
    harness.run();
    let done = &harness.state().shared.learning.progress.sections[&SectionId::new(1, 1)];
    assert!(done.bookmark && done.note == "why?");
}

#[test]
fn in_a_narrow_window_the_figure_stands_in_the_text() {
    let wide = page_of([1280.0, 900.0]);
    assert!(wide.get_by_label("dial").rect().left() > wide.get_by_label_contains("A vector q meets").rect().right());
    let harness = page_of([900.0, 2600.0]);
    let text = harness.get_by_label_contains("A vector q meets").rect();
    let dial = harness.get_by_label("dial").rect();
    assert!(dial.top() > text.bottom() && dial.left() >= text.left() - 1.0, "{dial:?} {text:?}");
}

#[test]
fn a_failure_that_a_figure_in_sight_shows_is_not_said_once_more() {
    let mut harness = page();
    assert!(harness.state().page.shows_failure_of(DIALLING));
    assert!(!harness.state().page.shows_failure_of(JobId(78)), "somebody else's");
    // Another page is shown: `logic` runs and nothing of this one is drawn.
    let stage = harness.state_mut();
    let ctx = egui::Context::default();
    stage.page.logic(&ctx, &mut stage.shared);
    assert!(!stage.page.shows_failure_of(DIALLING), "nobody would see it");
}
