//! A whole section, from its first exercise to its last: by the keyboard alone, in two languages, and over a restart.

use super::*;
use crate::course::lesson::plain;
use crate::course::{Attempt, Kind};
use crate::data::Home;

/// The ids of the exercises, one of every kind.
const EXERCISES: [&str; 6] = ["longer", "asymmetric", "spread", "steps", "bits", "mask"];
const SOLUTION: &str = "fn mask(n) { tril(ones(n, n)) }";

/// Presses Tab, or Shift+Tab, until something holds. Out of the editor, which keeps Tab for itself, the way is Esc.
fn focus_by_tab(harness: &mut Page, back: bool, holds: impl Fn(&Page) -> bool) -> bool {
    for _ in 0..160 {
        if holds(harness) {
            return true;
        }
        match harness.get_by_label("Code").is_focused() {
            true => harness.key_press(Key::Escape),
            false if back => harness.key_press_modifiers(Modifiers::SHIFT, Key::Tab),
            false => harness.key_press(Key::Tab),
        }
        harness.run();
    }
    false
}

/// Gives the keyboard to the widget of this role and name (the one of this number, where there are several).
fn go(harness: &mut Page, back: bool, role: Role, label: &str, number: usize) {
    let reached = focus_by_tab(harness, back, |harness| {
        let mut nodes = harness.query_all_by_role_and_label(role, label);
        nodes.nth(number).is_some_and(|node| node.is_focused())
    });
    assert!(reached, "the keyboard does not reach {label}");
}

fn key(harness: &mut Page, key: Key) {
    harness.key_press(key);
    harness.run();
}

/// Writes over whatever stands in the field that has the keyboard.
fn write(harness: &mut Page, text: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.event(egui::Event::Text(text.to_owned()));
    harness.run();
}

fn failed(harness: &Page, exercise: &str) {
    let attempt = attempt(harness, exercise);
    assert!(attempt.tries > 0 && !attempt.solved, "{exercise}: {attempt:?}");
    assert!(attempt.verdict.as_ref().is_none_or(|verdict| !verdict.right), "{exercise}: {attempt:?}");
}

fn solved(harness: &Page, exercise: &str) {
    let attempt = attempt(harness, exercise);
    assert!(attempt.tries > 0 && attempt.solved, "{exercise}: {attempt:?}");
}

#[test]
fn every_kind_of_exercise_is_failed_and_then_solved_by_the_keyboard_alone() {
    let mut harness = page_of([1280.0, 700.0]);
    go(&mut harness, false, Role::Mark, "q", 0);
    go(&mut harness, false, Role::Link, "another", 0);
    // Predict. It is said once and for all; what is said of a wrong one is tested in `a_prediction_is_compared…`.
    go(&mut harness, false, Role::RadioButton, "They stay", 0);
    key(&mut harness, Key::Space);
    go(&mut harness, false, Role::Button, &t!("course_page.reveal"), 0);
    key(&mut harness, Key::Enter);
    assert!(says(&harness, &t!("course_page.says.predicted_other", mine = "They stay", truth = "They sharpen")));
    solved(&harness, "longer");
    // Choose.
    go(&mut harness, false, Role::RadioButton, "Yes, always", 0);
    key(&mut harness, Key::Space);
    go(&mut harness, false, Role::Button, &check(), 0);
    key(&mut harness, Key::Enter);
    failed(&harness, "asymmetric");
    go(&mut harness, true, Role::RadioButton, "No, not in general", 0);
    key(&mut harness, Key::Space);
    go(&mut harness, false, Role::Button, &check(), 0);
    key(&mut harness, Key::Enter);
    solved(&harness, "asymmetric");
    // Type a number.
    for (typed, right) in [("256", false), ("16", true)] {
        go(&mut harness, false, Role::TextInput, "Spread", 0);
        write(&mut harness, typed);
        key(&mut harness, Key::Enter);
        if right { solved(&harness, "spread") } else { failed(&harness, "spread") }
    }
    order_by_keyboard(&mut harness);
    set_by_keyboard(&mut harness);
    code_by_keyboard(&mut harness);
    for exercise in EXERCISES {
        solved(&harness, exercise);
    }
    harness.key_press_modifiers(Modifiers::COMMAND, Key::PageDown);
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().shared.intents);
    assert!(matches!(asked[..], [Intent::OpenSection(SectionId { chapter: 1, number: 2 })]), "{asked:?}");
}

fn order_by_keyboard(harness: &mut Page) {
    go(harness, false, Role::Button, &check(), 2);
    key(harness, Key::Enter);
    failed(harness, "steps");
    for words in ["Softmax", "Mix"] {
        let place = harness
            .query_all_by_role(Role::ListItem)
            .find_map(|node| node.accesskit_node().label().filter(|label| label.ends_with(words)))
            .unwrap();
        go(harness, true, Role::ListItem, &place, 0);
        for _ in 0..3 {
            key(harness, Key::ArrowDown);
        }
    }
    go(harness, false, Role::Button, &check(), 2);
    key(harness, Key::Enter);
    solved(harness, "steps");
}

fn set_by_keyboard(harness: &mut Page) {
    go(harness, false, Role::Button, &check(), 3);
    key(harness, Key::Enter);
    failed(harness, "bits");
    let dial = focus_by_tab(harness, false, |harness| harness.get_by_label("dial").is_focused());
    assert!(dial, "the figure can be reached");
    write(harness, "3");
    key(harness, Key::Enter);
    go(harness, false, Role::Button, &check(), 3);
    let button = harness.query_all_by_role_and_label(Role::Button, &check()).nth(3).unwrap().rect();
    assert!(button.top() >= 0.0 && button.bottom() <= 700.0, "the page follows the keyboard: {button:?}");
    key(harness, Key::Enter);
    solved(harness, "bits");
}

fn code_by_keyboard(harness: &mut Page) {
    let editor = focus_by_tab(harness, false, |harness| harness.get_by_label("Code").is_focused());
    assert!(editor, "the editor can be reached");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    answer(harness);
    failed(harness, "mask");
    let not_yet = t!("cells.wrong").into_owned();
    let said = |node: egui_kittest::Node<'_>| {
        node.accesskit_node().label().is_some_and(|sentence| sentence.starts_with(&not_yet))
    };
    assert!(harness.query_all_by_role(Role::Status).any(said), "and it is said");
    assert!(harness.get_by_label("Code").is_focused(), "one goes on where one was");
    write(harness, SOLUTION);
    key(harness, Key::Escape);
    assert!(harness.get_by_label(&t!("cells.run")).is_focused());
    key(harness, Key::Enter);
    answer(harness);
    solved(harness, "mask");
}

/// Moves the first step down, into another order than the right one.
fn mix(harness: &mut Page) {
    loop {
        let first = harness.query_all_by_role(Role::ListItem).find_map(|node| {
            let label = node.accesskit_node().label()?;
            label.strip_prefix(&*t!("course_page.order_item", place = 1, count = 3, words = "")).map(str::to_owned)
        });
        press(harness, &t!("course_page.move_down", words = first.unwrap()), 0);
        if !matches!(&attempt(harness, "steps").answer, Some(Answer::Order(order)) if order.is_sorted()) {
            return;
        }
    }
}

/// Begins every exercise and finishes none: something is chosen, typed, moved and written.
fn begin(harness: &mut Page) {
    choose(harness, "They stay");
    choose(harness, "Yes, always");
    press(harness, &check(), 0);
    harness.get_by_role_and_label(Role::TextInput, "Spread").focus();
    harness.run();
    write(harness, "256");
    key(harness, Key::Enter);
    mix(harness);
    press(harness, &check(), 2);
    press(harness, &check(), 3);
    harness.get_by_label("Code").focus();
    harness.run();
    write(harness, "fn mask(n) { 1 }");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    answer(harness);
}

/// Everything that was begun is there, in the words of this language.
fn look(harness: &Page, language: &str) {
    let course = harness.state().shared.learning.course.clone();
    let section = course.section(language, SectionId::new(1, 1)).unwrap();
    for exercise in section.exercises() {
        let attempt = attempt(harness, &exercise.id);
        match (&exercise.kind, attempt.answer.as_ref()) {
            (Kind::Predict { options, .. } | Kind::Choose { options, .. }, Some(Answer::Option(chosen))) => {
                let words = plain(&options[*chosen]);
                let option = harness.get_by_role_and_label(Role::RadioButton, &words);
                assert_eq!(option.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True), "{}", exercise.id);
            }
            (Kind::Number { fields, .. }, Some(Answer::Numbers(typed))) => {
                let label = plain(&fields[0].label);
                let field = harness.get_by_role_and_label(Role::TextInput, &label);
                assert_eq!(field.value().as_deref(), Some(typed[0].as_str()));
            }
            (Kind::Order { items }, Some(Answer::Order(order))) => {
                for (place, item) in order.iter().enumerate() {
                    let words = plain(&items[*item]);
                    let label = t!("course_page.order_item", place = place + 1, count = items.len(), words = words);
                    assert!(harness.query_by_label(&label).is_some(), "{label}");
                }
            }
            (Kind::Set { .. }, None) => assert!(attempt.verdict.is_some()),
            (Kind::Code { .. }, Some(Answer::Code(code))) => {
                assert_eq!(harness.get_by_label("Code").value().as_deref(), Some(code.as_str()));
            }
            (kind, answer) => panic!("{}: {kind:?} {answer:?}", exercise.id),
        }
    }
}

/// What is said of the wrong answers is still said, in the words of this language.
fn verdicts(harness: &Page, feedback: &str, mistake: &str) {
    assert!(harness.query_by_label_contains(feedback).is_some());
    assert!(harness.query_by_label_contains(mistake).is_some());
    for exercise in &EXERCISES[1..] {
        failed(harness, exercise);
    }
}

/// Solves everything in Spanish, from where it stands.
fn finish(harness: &mut Page) {
    press(harness, &t!("course_page.reveal"), 0);
    choose(harness, "No, en general no");
    press(harness, &check(), 0);
    harness.get_by_role_and_label(Role::TextInput, "Dispersión").focus();
    harness.run();
    write(harness, "16");
    key(harness, Key::Enter);
    for (words, times) in [("Softmax", 2), ("Mezclar", 2)] {
        for _ in 0..times {
            let down = t!("course_page.move_down", words = words).into_owned();
            let button = harness.get_by_role_and_label(Role::Button, &down);
            if !button.accesskit_node().is_disabled() {
                button.click();
                harness.run();
            }
        }
    }
    press(harness, &check(), 2);
    set_dial(harness, "3");
    press(harness, &check(), 3);
    harness.get_by_label("Code").focus();
    harness.run();
    write(harness, SOLUTION);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    answer(harness);
    for exercise in EXERCISES {
        solved(harness, exercise);
    }
}

#[test]
fn an_answer_of_every_kind_survives_another_language_in_the_middle_of_it() {
    let mut harness = page();
    begin(&mut harness);
    set_dial(&mut harness, "2.5");
    look(&harness, "en");
    verdicts(&harness, "Try two vectors of unlike length", "That is the variance");
    harness.state_mut().shared.language = "es";
    harness.run();
    look(&harness, "es");
    verdicts(&harness, "Prueba con dos vectores", "Eso es la varianza");
    assert!(harness.query_by_label_contains("A dial at 2.5").is_some(), "the figure stays as it was set");
    finish(&mut harness);
}

#[test]
fn an_answer_of_every_kind_survives_a_restart_in_the_middle_of_it() {
    let mut harness = page();
    begin(&mut harness);
    let before: Vec<Attempt> = EXERCISES.map(|exercise| attempt(&harness, exercise).clone()).to_vec();
    let (_folder, home) = Home::temporary();
    std::fs::write(home.progress_file(), harness.state().shared.learning.progress.to_text()).unwrap();
    drop(harness);
    let (progress, notice) = Progress::load(&home);
    assert_eq!(notice, None);
    let mut harness = page_after([1280.0, 4000.0], progress);
    let after: Vec<Attempt> = EXERCISES.map(|exercise| attempt(&harness, exercise).clone()).to_vec();
    assert_eq!(after, before);
    look(&harness, "en");
    verdicts(&harness, "Try two vectors of unlike length", "That is the variance");
    harness.state_mut().shared.language = "es";
    harness.run();
    finish(&mut harness);
}
