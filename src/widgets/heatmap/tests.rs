use egui::{Key, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;

struct State {
    heatmap: Heatmap,
    values: Vec<f32>,
    blank: Vec<bool>,
    version: u64,
    zoom: bool,
    plot: Rect,
    view: Option<View>,
}

impl State {
    fn new(zoom: bool) -> Self {
        let values: Vec<f32> = (0..20).map(|i| i as f32 / 20.0).collect();
        let blank = (0..20).map(|i| i % 5 > i / 5).collect();
        Self { heatmap: Heatmap::default(), values, blank, version: 1, zoom, plot: Rect::ZERO, view: None }
    }
}

fn harness(zoom: bool) -> Harness<'static, State> {
    let draw = |ui: &mut egui::Ui, state: &mut State| {
        let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let figure = Figure {
            cells: Cells {
                rows: 4,
                columns: 5,
                values: &state.values,
                blank: Some(&state.blank),
                version: state.version,
                scale: Scale::Sequential { low: 0.0, high: 1.0 },
            },
            rows: Axis::texts("row", &names),
            columns: Axis::numbers("column", 5),
            value: "weight",
            summary: "A matrix of 4 × 5.",
            hint: "click pins",
            zoom: state.zoom,
            square: true,
            describe: None,
        };
        let shown = state.heatmap.show(ui, vec2(500.0, 400.0), &figure);
        (state.plot, state.view) = (shown.plot, Some(shown.view));
    };
    let mut harness = Harness::builder()
        .with_size(vec2(540.0, 440.0))
        .with_context_setup(theme::install)
        .build_ui_state(draw, State::new(zoom));
    harness.run();
    harness
}

fn label(harness: &Harness<'static, State>) -> String {
    harness.get_by_label_contains("A matrix of 4 × 5.").accesskit_node().label().unwrap_or_default()
}

fn center(harness: &Harness<'static, State>, row: usize, column: usize) -> Pos2 {
    let state = harness.state();
    state.view.expect("it was drawn").center_of(state.plot, row, column)
}

#[test]
fn pointing_at_a_cell_tells_its_value() {
    let mut harness = harness(false);
    assert_eq!(label(&harness), "A matrix of 4 × 5.");
    harness.hover_at(center(&harness, 2, 1));
    harness.run();
    assert!(label(&harness).contains("row c · column 1: 0.550"), "{}", label(&harness));
    harness.hover_at(center(&harness, 1, 3));
    harness.run();
    assert!(label(&harness).contains(&*t!("heatmap.blank")), "{}", label(&harness));
}

#[test]
fn a_click_pins_and_esc_releases() {
    let mut harness = harness(false);
    let at = center(&harness, 3, 0);
    harness.hover_at(at);
    for pressed in [true, false] {
        let button = egui::PointerButton::Primary;
        harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE });
    }
    harness.run();
    assert_eq!(harness.state().heatmap.pin(), Some((3, 0)));
    harness.hover_at(pos2(1.0, 1.0));
    harness.run();
    assert!(label(&harness).contains("row d · column 0: 0.750"), "still told after the pointer left");
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state().heatmap.pin(), None);
}

#[test]
fn arrows_move_the_pin_of_a_focused_picture() {
    let mut harness = harness(false);
    harness.get_by_label_contains("A matrix").focus();
    harness.run();
    for key in [Key::ArrowDown, Key::ArrowDown, Key::ArrowRight, Key::ArrowUp] {
        harness.key_press(key);
        harness.run();
    }
    assert_eq!(harness.state().heatmap.pin(), Some((1, 1)));
    assert!(label(&harness).contains("row b · column 1: 0.300"), "{}", label(&harness));
}

#[test]
fn the_texture_is_uploaded_only_when_data_or_theme_change() {
    let mut harness = harness(false);
    harness.run_steps(5);
    assert_eq!(harness.state().heatmap.texture.uploads, 1);
    harness.state_mut().version = 2;
    harness.run_steps(3);
    assert_eq!(harness.state().heatmap.texture.uploads, 2);
    harness.ctx.set_theme(egui::Theme::Light);
    harness.run_steps(3);
    let light = harness.state().heatmap.texture.uploads;
    harness.ctx.set_theme(egui::Theme::Dark);
    harness.run_steps(3);
    assert_eq!(harness.state().heatmap.texture.uploads, light + 1);
}

#[test]
fn the_wheel_zooms_around_the_pointer_and_reports_the_view() {
    let mut harness = harness(true);
    let before = harness.state().view.expect("it was drawn");
    assert_eq!((before.rows, before.columns), ((0.0, 4.0), (0.0, 5.0)));
    let at = center(&harness, 1, 1);
    harness.hover_at(at);
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, 60.0),
        modifiers: Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
    });
    harness.run_steps(30);
    let view = harness.state().view.expect("it was drawn");
    assert!(view.rows.1 - view.rows.0 < 4.0 && view.columns.1 - view.columns.0 < 5.0, "{view:?}");
    let moved = view.center_of(harness.state().plot, 1, 1);
    assert!((moved - at).length() < 1.0, "what is under the pointer stays there: {moved:?} {at:?}");
}

#[test]
fn a_view_stays_inside_the_whole() {
    let whole = View { rows: (0.0, 10.0), columns: (0.0, 100.0) };
    let view = View { rows: (2.0, 6.0), columns: (50.0, 90.0) };
    assert_eq!(view.moved(-5.0, 30.0).within(&whole), View { rows: (0.0, 4.0), columns: (60.0, 100.0) });
    assert_eq!(view.zoomed((4.0, 70.0), 0.01).within(&whole), whole);
    assert_eq!(view.zoomed((4.0, 70.0), 2.0), View { rows: (3.0, 5.0), columns: (60.0, 80.0) });
    let few = View { rows: (0.0, 2.5), columns: (0.0, 2.5) };
    assert_eq!(few.zoomed((1.0, 1.0), 2.0), few, "two cells at least stay in view");
}

#[test]
fn colours_follow_the_scale_and_blank_cells_are_clear() {
    let scale = Scale::Diverging { limit: 2.0 };
    let values = [-2.0, 0.0, 2.0, f32::NAN, 9.0, 1.0];
    let blank = [false, false, false, false, false, true];
    let cells = Cells { rows: 2, columns: 3, values: &values, blank: Some(&blank), version: 0, scale };
    let image = cells.image(&theme::PAPER, 64);
    assert_eq!(image.size, [3, 2]);
    assert_eq!(image.pixels[0], theme::PAPER.diverging(-1.0));
    assert_eq!(image.pixels[2], theme::PAPER.diverging(1.0));
    assert_eq!(image.pixels[4], image.pixels[2], "beyond the end is the end's colour");
    assert_eq!(image.pixels[3], egui::Color32::TRANSPARENT);
    assert_eq!(image.pixels[5], egui::Color32::TRANSPARENT);
    assert_eq!(Scale::diverging_for(&values), Scale::Diverging { limit: 9.0 });
    assert_eq!(Scale::diverging_for(&[]), Scale::Diverging { limit: 1.0 });
}

#[test]
fn a_picture_larger_than_a_texture_is_thinned() {
    let values: Vec<f32> = (0..100).map(|i| i as f32).collect();
    let scale = Scale::Sequential { low: 0.0, high: 99.0 };
    let cells = Cells { rows: 1, columns: 100, values: &values, blank: None, version: 0, scale };
    let image = cells.image(&theme::NIGHT, 10);
    assert_eq!(image.size, [10, 1]);
    assert_eq!(image.pixels[0], scale.color(&theme::NIGHT, 5.0));
}

#[test]
fn values_have_the_digits_they_deserve() {
    assert_eq!(value_text(0.12345), "0.123");
    assert_eq!(value_text(-12.345), "−12.35");
    assert_eq!(value_text(-0.0001), "0.000");
    assert_eq!(value_text(12_345.6), "12\u{202F}346");
    assert_eq!(value_text(f32::NAN), "—");
}

fn table_figure<'a>(values: &'a [f32], blank: &'a [bool], names: &'a [String]) -> Figure<'a> {
    let scale = Scale::Sequential { low: 0.0, high: 1.0 };
    Figure {
        cells: Cells { rows: 2, columns: 2, values, blank: Some(blank), version: 0, scale },
        rows: Axis::texts("from", names),
        columns: Axis::texts("to", names),
        value: "weight",
        summary: "",
        hint: "",
        zoom: false,
        square: true,
        describe: None,
    }
}

#[test]
fn a_table_has_labels_and_leaves_blank_cells_empty() {
    let names = ["a\"".to_owned(), ",".to_owned()];
    let figure = table_figure(&[1.0, 0.0, 0.25, 0.75], &[false, true, false, false], &names);
    assert_eq!(export::csv(&figure), "\"from \\ to\",\"a\"\"\",\",\"\n\"a\"\"\",1,\n\",\",0.25,0.75\n");
}

#[test]
fn an_exported_picture_shows_the_cells_and_their_labels() {
    let names = ["one".to_owned(), "two".to_owned()];
    let figure = table_figure(&[1.0, 0.0, 0.25, 0.75], &[false, true, false, false], &names);
    let theme = &theme::PAPER;
    let picture = export::picture(&figure, theme, "title");
    let count = |color: egui::Color32| picture.pixels.iter().filter(|&&pixel| pixel == color).count();
    let cell = 80 * 80;
    assert!(count(theme.sequential(0.25)) >= cell - 1, "a whole cell in its colour");
    assert!(count(theme.margin) >= cell - 1, "a blank one in the neutral colour");
    let left: Vec<usize> = (0..picture.size[1]).map(|y| y * picture.size[0]).collect();
    let written = |x: usize| left.iter().filter(|&&start| picture.pixels[start + x] != theme.paper).count();
    assert!((10..80).any(|x| written(x) > 3), "labels left of the cells");
    let file = export::png(&figure, theme, "title").expect("it is small");
    let read = image::load_from_memory(&file).expect("it is a PNG");
    assert_eq!([read.width() as usize, read.height() as usize], picture.size);
}
