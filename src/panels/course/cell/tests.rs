//! A cell through the accessibility tree; the engine's part is played by the functions that it calls.

use crossbeam_channel::Receiver;
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable};

use super::*;
use crate::course::cells::{Limits, check};
use crate::data::Home;
use crate::engine::EngineHandle;
use crate::panels::Preferences;
use crate::widgets::theme;

struct Stage {
    cell: CodeCell,
    shared: Shared,
    commands: Receiver<Command>,
    news: CellNews,
}

const STARTER: &str = "fn mask(n) {\n    ones(n, n)\n}";

fn stage(saved: Option<&str>) -> Harness<'static, Stage> {
    stage_of(700.0, saved)
}

fn stage_of(width: f32, saved: Option<&str>) -> Harness<'static, Stage> {
    rust_i18n::set_locale("en");
    let (engine, commands) = EngineHandle::pair();
    let preferences = Preferences { language: "en", motion: false, ..Preferences::default() };
    let shared = Shared::new(engine, Home::at("nowhere"), preferences);
    let cell = CodeCell::new("2.8 mask", "causal_mask", STARTER, saved);
    let stage = Stage { cell, shared, commands, news: CellNews::default() };
    let draw = |ui: &mut Ui, stage: &mut Stage| stage.news = stage.news | stage.cell.ui(ui, &mut stage.shared);
    let builder = Harness::builder().with_size([width, 900.0]).with_max_steps(64).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(draw, stage);
    harness.run();
    harness
}

/// Does what the engine would do with the command that the cell sent.
fn answer(harness: &mut Harness<'static, Stage>) {
    let Ok(Command::Lesson(job, LessonRequest::RunCell { task, source })) = harness.state().commands.try_recv() else {
        panic!("nothing was asked for");
    };
    let report = check(tasks::find(&task).unwrap(), &source, &Limits::default(), Arc::new(|| true));
    let event = Event::Lesson(job, LessonResult::Cell(Arc::new(report)));
    let stage = harness.state_mut();
    stage.news = stage.news | stage.cell.on_event(&event);
    harness.run();
}

fn shows(harness: &Harness<'static, Stage>, words: &str) -> bool {
    format!("{:?}", harness.root()).contains(words)
}

#[test]
fn a_cell_is_written_run_and_passed_with_the_keyboard_alone() {
    let mut harness = stage(None);
    harness.get_by_label("Code").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::Enter);
    harness.step();
    harness.step();
    assert!(harness.state().cell.running() && harness.query_by_label("Stop").is_some());
    answer(&mut harness);
    assert_eq!(harness.state().news, CellNews { tried: true, ..CellNews::default() });
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    harness.run();
    harness.get_by_label("Code").type_text("fn mask(n) { tril(ones(n, n)) }");
    harness.run();
    assert!(harness.state().news.edited);
    assert_eq!(harness.state().cell.source(), "fn mask(n) { tril(ones(n, n)) }");
    // Esc leaves the editor for the button, and Enter presses it.
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.get_by_label("Run").accesskit_node().is_focused());
    harness.key_press(Key::Enter);
    harness.step();
    harness.step();
    answer(&mut harness);
    assert!(harness.state().news.passed);
}

#[test]
fn what_is_wrong_is_said() {
    let mut harness = stage(None);
    harness.get_by_label("Run").click();
    harness.step();
    harness.step();
    answer(&mut harness);
    assert!(shows(&harness, "Everything is allowed") && shows(&harness, "Not yet."));
}

/// Runs what is written in a cell of this width.
fn run(width: f32, source: &str) -> Harness<'static, Stage> {
    let mut harness = stage_of(width, Some(source));
    harness.get_by_label("Run").click();
    harness.step();
    harness.step();
    answer(&mut harness);
    harness
}

/// What a screen reader says by itself.
fn announced(harness: &Harness<'static, Stage>) -> Vec<String> {
    harness.query_all_by_role(Role::Status).filter_map(|node| node.accesskit_node().label()).collect()
}

#[test]
fn a_result_of_another_shape_stands_beside_what_it_should_be_with_both_shapes() {
    let harness = run(700.0, "fn mask(n) { ones(n, n + 1) }");
    let [given, expected] = ["Yours · [4, 5]", "Expected · [4, 4]"].map(|label| harness.get_by_label(label).rect());
    assert!(given.right() < expected.left() && given.top() == expected.top(), "{given:?} {expected:?}");
    let said = announced(&harness);
    assert!(said[0].starts_with("Not yet.") && said[0].contains("[4, 5]") && said[0].contains("[4, 4]"), "{said:?}");
}

#[test]
fn what_is_not_a_number_is_said_and_seen() {
    let harness = run(700.0, "fn mask(n) { log(ones(n, n) - 2) }");
    let said = announced(&harness);
    assert!(said[0].contains("NaN") && said[0].contains("[0, 0]"), "{said:?}");
    assert!(shows(&harness, "[[NaN, NaN, NaN, NaN]"));
}

#[test]
fn an_error_is_announced_with_its_line_and_the_line_is_marked() {
    let harness = run(700.0, "fn mask(n) {\n    let a = ones(2, 3);\n    matmul(a, a)\n}");
    let said = announced(&harness);
    assert!(said[0].starts_with("Line 3:") && said[0].contains("[2, 3]"), "{said:?}");
    let verdict = &harness.state().cell.report.value().unwrap().verdict;
    assert_eq!(verdict.line(), Some(3));
}

#[test]
fn in_a_narrow_window_nothing_is_cut() {
    let width = 320.0;
    let long = "x".repeat(120);
    for source in [
        // Two results that have no room beside each other, and one that is wider than the cell.
        "fn mask(n) { ones(n, n) / 3 }".to_owned(),
        "fn mask(n) { print(zeros(20, 20) + 0.123456); reshape(zeros(n * n * 16), [2, n, n, 8]) }".to_owned(),
        format!("fn mask(n) {{ {long}(n) }}"),
        "fn mask(n) { tril(ones(n, n)) }".to_owned(),
    ] {
        let mut harness = run(width, &source);
        let inside = |node: egui_kittest::Node<'_>| {
            let rect = node.rect();
            assert!(rect.left() >= 0.0 && rect.right() <= width, "{source}: {node:?} {rect:?}");
        };
        harness.query_all_by_role(Role::Status).for_each(inside);
        harness.query_all_by_role(Role::Button).for_each(inside);
        harness.query_all_by_role(Role::MultilineTextInput).for_each(inside);
        for label in ["Yours", "Expected"] {
            harness.query_all_by_label_contains(label).for_each(inside);
        }
        harness.run();
    }
}

#[test]
fn where_nothing_may_move_waiting_stands_still() {
    let mut harness = stage(None);
    harness.get_by_label("Run").click();
    // Comes to rest although nothing has come back yet.
    harness.run();
    assert!(harness.state().cell.running() && harness.query_by_label("Running…").is_some());
    harness.state_mut().shared.motion = true;
    assert!(harness.try_run().is_err(), "the sign turns");
}

#[test]
fn what_is_known_of_another_text_says_so() {
    let mut harness = run(700.0, STARTER);
    let stale = t!("cells.stale", locale = "en").into_owned();
    assert!(harness.query_by_label(&stale).is_none());
    harness.get_by_label("Code").focus();
    harness.run();
    harness.get_by_label("Code").type_text(" ");
    harness.run();
    assert!(harness.query_by_label(&stale).is_some());
}

#[test]
fn what_was_written_comes_back_and_so_does_the_beginning() {
    let mut harness = stage(Some("fn mask(n) { 1 }"));
    assert_eq!(harness.state().cell.source(), "fn mask(n) { 1 }");
    harness.get_by_label("Start again").click();
    harness.run();
    assert_eq!(harness.state().cell.source(), STARTER);
    assert!(harness.state().news.edited && harness.query_by_label("Start again").is_none());
}

#[test]
fn stop_cancels_and_a_newer_run_elsewhere_ends_this_one() {
    let mut harness = stage(None);
    harness.get_by_label("Run").click();
    harness.step();
    harness.step();
    harness.get_by_label("Stop").click();
    harness.step();
    harness.step();
    let commands: Vec<Command> = harness.state().commands.try_iter().collect();
    let [Command::Lesson(job, _), Command::Cancel(cancelled)] = commands[..] else { panic!("{commands:?}") };
    assert_eq!(job, cancelled);
    harness.state_mut().cell.on_event(&Event::Cancelled(job));
    harness.run();
    assert!(harness.state().cell.settled() && shows(&harness, "Stopped."));
    harness.get_by_label("Run").click();
    harness.step();
    harness.step();
    let report = check(tasks::find("causal_mask").unwrap(), STARTER, &Limits::default(), Arc::new(|| true));
    let other = harness.state().shared.engine.next_job();
    let news = harness.state_mut().cell.on_event(&Event::Lesson(other, LessonResult::Cell(Arc::new(report))));
    assert_eq!(news, CellNews::default());
    assert!(harness.state().cell.settled());
}
