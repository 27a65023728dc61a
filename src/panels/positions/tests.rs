//! The page alone: what it asks of the engine, and what it shows of the answers.

use std::ops::ControlFlow;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::data::Home;
use crate::engine::{Command, EngineHandle, positions};
use crate::panels::Preferences;
use crate::widgets::theme;

struct Bench {
    page: Positions,
    shared: Shared,
    commands: Receiver<Command>,
}

impl Bench {
    fn new() -> Self {
        let (engine, commands) = EngineHandle::pair();
        let preferences = Preferences { language: "en", motion: false, ..Preferences::default() };
        let shared = Shared::new(engine, Home::at("nowhere"), preferences);
        Self { page: Positions::new(), shared, commands }
    }

    /// Does what the engine would, with its own functions; returns the sizes that were asked for.
    fn answer(&mut self) -> Vec<(usize, usize)> {
        let go_on = || ControlFlow::Continue(());
        let mut sizes = Vec::new();
        for command in self.commands.try_iter().collect::<Vec<_>>() {
            let event = match command {
                Command::Positions(job, request) => {
                    sizes.push((request.length, request.d_model));
                    Event::Positions(job, request, Arc::new(positions::matrix(&request, go_on).unwrap()))
                }
                Command::PositionCurves(job, length, d_model, dimensions) => {
                    let curves = positions::curves(length, d_model, &dimensions);
                    Event::PositionCurves(job, dimensions, Arc::new(curves))
                }
                Command::PositionDots(job, length, d_model) => {
                    Event::PositionDots(job, Arc::new(positions::dots(length, d_model, go_on).unwrap()))
                }
                other => panic!("{other:?}"),
            };
            self.page.on_event(&event, &mut self.shared);
        }
        sizes
    }
}

fn harness() -> Harness<'static, Bench> {
    let draw = |ui: &mut Ui, bench: &mut Bench| {
        bench.page.logic(ui.ctx(), &mut bench.shared);
        bench.page.ui(ui, &mut bench.shared);
    };
    let builder = Harness::builder().with_size(vec2(1280.0, 800.0)).with_context_setup(theme::install);
    builder.build_ui_state(draw, Bench::new())
}

fn settle(harness: &mut Harness<'static, Bench>) {
    for _ in 0..4 {
        harness.run_steps(2);
        harness.state_mut().answer();
    }
    assert!(harness.state().page.settled());
    harness.run_steps(2);
}

fn matrix<'a>(harness: &'a Harness<'static, Bench>) -> egui_kittest::Node<'a> {
    harness.get_by_label_contains("Sinusoidal matrix of")
}

#[test]
fn it_asks_for_what_can_be_seen_and_shows_it() {
    let mut harness = harness();
    assert!(!harness.state().page.settled(), "nothing is there yet");
    settle(&mut harness);
    harness.get_by_label("Sinusoidal matrix of 64 positions by 128 dimensions.");
    harness.get_by_label_contains("Curves of dimensions 0, 16, 32, 56");
    // d/2 pairs, each with cos 0 = 1.
    harness.get_by_label_contains("the largest is 64.0, at distance 0");
    let request = harness.state().page.desk.matrix.got().unwrap().0;
    assert_eq!((request.rows, request.columns), ((0, 64), (0, 128)));
}

#[test]
fn the_largest_matrix_is_asked_for_in_no_more_cells_than_pixels() {
    let mut harness = harness();
    harness.state_mut().page.resize(Size { length: 10_000, d_model: 10_000 });
    settle(&mut harness);
    let matrix = harness.state().page.desk.matrix.got().unwrap().1.clone();
    assert!(matrix.rows * matrix.columns < 1280 * 800, "{} × {}", matrix.rows, matrix.columns);
    harness.get_by_label_contains("10\u{202F}000 positions by 10\u{202F}000 dimensions");
}

#[test]
fn a_preset_brings_the_tutorials_matrix_and_the_old_one_stays_until_then() {
    let mut harness = harness();
    settle(&mut harness);
    harness.get_by_label("1000 × 768").click();
    harness.run_steps(4);
    harness.get_by_label("Sinusoidal matrix of 64 positions by 128 dimensions.");
    assert_eq!(harness.state_mut().answer(), [(1_000, 768)]);
    harness.run_steps(2);
    harness.get_by_label("Sinusoidal matrix of 1000 positions by 768 dimensions.");
}

#[test]
fn of_many_positions_the_first_are_drawn_until_all_are_wanted() {
    let mut harness = harness();
    settle(&mut harness);
    assert!(harness.query_by_label("0–63").is_none(), "few positions are drawn whole");
    harness.state_mut().page.resize(Size { length: 1_000, d_model: 64 });
    settle(&mut harness);
    assert!(!harness.state().page.all_drawn);
    harness.get_by_label("0–99");
    harness.get_by_label("0–999").click();
    harness.run_steps(2);
    assert!(harness.state().page.all_drawn);
    harness.get_by_label_contains("Curves of dimensions");
}

#[test]
fn length_and_width_can_be_typed() {
    let mut harness = harness();
    settle(&mut harness);
    let field = t!("controls.value_of", name = t!("positions.length")).into_owned();
    harness.get_by_label(&field).click();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.get_by_label(&field).type_text("200");
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    settle(&mut harness);
    harness.get_by_label("Sinusoidal matrix of 200 positions by 128 dimensions.");
    harness.get_by_role_and_label(Role::Slider, &t!("positions.width"));
}

#[test]
fn pointing_tells_the_formula_and_a_click_adds_the_columns_curve() {
    let mut harness = harness();
    settle(&mut harness);
    let before = harness.state().page.dimensions.list();
    let at = matrix(&harness).rect().center();
    harness.hover_at(at);
    harness.run_steps(2);
    let label = matrix(&harness).accesskit_node().label().unwrap_or_default();
    assert!(label.contains("/ 10000^(") && label.contains("wavelength"), "{label}");
    for pressed in [true, false] {
        let button = egui::PointerButton::Primary;
        harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers: egui::Modifiers::NONE });
        harness.run_steps(2);
    }
    let after = harness.state().page.dimensions.list();
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
    let added = *after.iter().find(|dimension| !before.contains(dimension)).unwrap();
    settle(&mut harness);
    harness.get_by_label_contains("Curves of dimensions 0, 16, 32, 56, ");
    let remove = t!("positions.remove", dimension = added.to_string()).into_owned();
    harness.get_by_role_and_label(Role::Button, &remove).click();
    harness.run_steps(2);
    assert_eq!(harness.state().page.dimensions.list(), before);
}

#[test]
fn zooming_asks_for_the_part_in_view() {
    let mut harness = harness();
    settle(&mut harness);
    harness.hover_at(matrix(&harness).rect().center());
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, 120.0),
        modifiers: egui::Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
    });
    for _ in 0..30 {
        harness.run_steps(2);
        harness.state_mut().answer();
    }
    settle(&mut harness);
    let request = harness.state().page.desk.matrix.got().unwrap().0;
    assert!(
        request.rows.0 > 0 && request.rows.1 < 64 && request.columns.0 > 0 && request.columns.1 < 128,
        "{request:?}"
    );
}

#[test]
fn size_and_dimensions_survive_a_restart() {
    let mut page = Positions::new();
    page.resize(Size { length: 50, d_model: 10_000 });
    page.dimensions = Dimensions::of([2, 9_999]);
    let remembered = toml::from_str(&toml::to_string(&page.remember()).unwrap()).unwrap();
    let mut again = Positions::new();
    again.recall(&remembered);
    assert_eq!((again.size, again.dimensions.list()), (page.size, vec![2, 9_999]));
    let nonsense = toml::toml! { length = -4 d_model = "wide" dimensions = [true, 77_777] };
    again.recall(&nonsense);
    assert_eq!(again.size, page.size);
    assert!(again.dimensions.list().iter().all(|dimension| *dimension < 10_000));
}
