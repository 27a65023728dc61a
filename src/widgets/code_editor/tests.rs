//! The editor, driven through the accessibility tree.

use egui::{Id, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable};

use super::*;
use crate::widgets::theme;

fn harness(source: &str) -> Harness<'static, (String, Vec<EditorNews>)> {
    let draw = |ui: &mut egui::Ui, (source, news): &mut (String, Vec<EditorNews>)| {
        let found = CodeEditor::new(source, Id::unique("code"), "Code").wrong_line(Some(2)).show(ui);
        if found != EditorNews::default() {
            news.push(found);
        }
    };
    let builder = Harness::builder().with_size([500.0, 300.0]).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(draw, (source.to_owned(), Vec::new()));
    harness.run();
    harness.get_by_label("Code").focus();
    harness.run();
    harness
}

#[test]
fn what_is_typed_is_told_and_read_back() {
    let mut harness = harness("");
    harness.get_by_label("Code").type_text("fn f(x) {");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    harness.get_by_label("Code").type_text("x");
    harness.run();
    assert_eq!(harness.state().0, "fn f(x) {\n    x");
    assert!(harness.state().1.iter().all(|news| news.changed));
    assert_eq!(harness.get_by_label("Code").accesskit_node().value().as_deref(), Some("fn f(x) {\n    x"));
}

#[test]
fn signs_that_stand_together_stay_apart() {
    let mut job = LayoutJob::default();
    append_code(&mut job, "a == b // c", &TextFormat::default());
    assert_eq!(job.text, "a == b // c");
    let ranges = job.sections.iter().map(|section| section.byte_range.start.0..section.byte_range.end.0);
    let parts: Vec<&str> = ranges.map(|range| &job.text[range]).collect();
    assert_eq!(parts, ["a =", "= b /", "/ c"]);
}

#[test]
fn tab_indents_and_escape_leaves() {
    let mut harness = harness("a");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.key_press(Key::ArrowLeft);
    harness.run();
    harness.key_press(Key::Tab);
    harness.run();
    assert_eq!(harness.state().0, "    a");
    harness.key_press_modifiers(Modifiers::SHIFT, Key::Tab);
    harness.run();
    assert_eq!(harness.state().0, "a");
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.state().1.last().unwrap().left);
}

#[test]
fn control_and_enter_run_and_change_nothing() {
    let mut harness = harness("a");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    assert_eq!(harness.state(), &("a".to_owned(), vec![EditorNews { run: true, ..EditorNews::default() }]));
}

#[test]
fn a_megabyte_is_cut() {
    let mut harness = harness("");
    harness.get_by_label("Code").type_text(&"x".repeat(1 << 20));
    harness.run();
    assert_eq!(harness.state().0.len(), MOST_CHARACTERS);
}
