//! How do likenesses become weights? Vectors to drag, their dot products with one of them, the softmax of these, and the
//! mean of all vectors under those weights. To try: make a vector twice as long; turn one to the other side.

use egui::{Grid, Label, RichText, Ui, vec2};
use rust_i18n::t;

use crate::chapters::parts::{self, bits, ground, lit, point, read, softmax, subscript};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::number::in_bits;
use crate::widgets::plane::{self, Arrow, Plane, number};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "dot_product",
    make: |parameters| Box::new(DotProduct::new(parameters)),
    parameters: &["length", "query"],
    readings: &["w1", "w2", "w3", "entropy"],
};

/// Where the vectors stand at first.
const START: [[f32; 2]; 4] = [[1.2, 0.5], [0.3, 1.3], [-1.0, -0.6], [0.9, -1.1]];
/// Both axes reach this far.
const RANGE: f32 = 2.5;
/// Least and greatest side of the plane, and what stands below it at first, in points.
const SIDES: (f32, f32) = (200.0, 640.0);
const BELOW: f32 = 330.0;
/// Room for the names above and below the plane where the numbers stand beside it.
const AROUND: f32 = 60.0;
const NAMES: [&str; 4] = ["w1", "w2", "w3", "w4"];

struct DotProduct {
    vectors: Vec<[f32; 2]>,
    /// Which of them asks.
    query: usize,
}

/// Everything that follows from the vectors.
struct Worked {
    scores: Vec<f32>,
    weights: Vec<f32>,
    context: [f32; 2],
}

impl DotProduct {
    fn new(parameters: &Parameters) -> Self {
        let count = parts::number_of(parameters, "length", 2..=START.len(), 3);
        let query = parts::number_of(parameters, "query", 1..=count, 1) - 1;
        Self { vectors: START[..count].to_vec(), query }
    }

    fn worked(&self) -> Worked {
        let query = self.vectors.get(self.query).copied().unwrap_or_default();
        let scores: Vec<f32> = self.vectors.iter().map(|key| query[0] * key[0] + query[1] * key[1]).collect();
        let weights = softmax(&scores);
        let mean = |axis: usize| self.vectors.iter().zip(&weights).map(|(v, w)| v[axis] * w).sum();
        Worked { context: [mean(0), mean(1)], scores, weights }
    }

    fn plane_ui(&mut self, ui: &mut Ui, worked: &Worked, stage: &mut Stage, side: f32) {
        let theme = Theme::here(ui);
        let symbol = stage.symbol.clone().unwrap_or_default();
        let stands_out = |i: usize| match symbol.as_str() {
            "q" => i == self.query,
            "k" | "v" | "x" => true,
            _ => false,
        };
        let arrow = |(i, tip): (usize, &[f32; 2])| {
            Arrow::movable(name(i), *tip, theme.series[i % theme.series.len()]).lit(stands_out(i))
        };
        let mut arrows: Vec<Arrow> = self.vectors.iter().enumerate().map(arrow).collect();
        arrows.push(Arrow::result("c", worked.context, theme.ink).lit(symbol == "c"));
        let side = ui.available_width().min(side);
        let title = t!("chapters_attention.dot_product.plane");
        let touched = plane::show(ui, side, &Plane { title: &title, range: RANGE, arrows: &arrows });
        if let Some((moved, tip)) = touched.moved
            && let Some(vector) = self.vectors.get_mut(moved)
        {
            *vector = tip;
        }
        if let Some(at) = touched.hovered {
            stage.symbol = Some(if at == self.query { "q" } else { "k" }.to_owned());
        }
        controls::note(ui, t!("chapters_attention.dot_product.hint"));
    }

    /// Who asks, and what follows from that.
    fn numbers_ui(&mut self, ui: &mut Ui, stage: &mut Stage, motion: bool) {
        let options: Vec<(usize, String)> = (0..self.vectors.len()).map(|i| (i, format!("q = {}", name(i)))).collect();
        ui.horizontal_wrapped(|ui| {
            controls::segmented(ui, &t!("chapters_attention.dot_product.query"), &mut self.query, &options);
            if controls::quiet_button(ui, "", t!("chapters_attention.reset")).clicked() {
                self.vectors = START[..self.vectors.len()].to_vec();
            }
        });
        // The plane or the button may have moved a vector just now.
        let worked = self.worked();
        self.table_ui(ui, &worked, stage, motion);
        self.sum_ui(ui, &worked, stage);
    }

    /// Score, weight and bar of every vector.
    fn table_ui(&self, ui: &mut Ui, worked: &Worked, stage: &mut Stage, motion: bool) {
        let theme = Theme::here(ui);
        // Name of each column, and its symbols in the text: the first lights up with it.
        let columns: [(&str, &[&str]); 3] = [
            ("chapters_attention.dot_product.key", &["k"]),
            ("chapters_attention.dot_product.score", &["s"]),
            ("chapters_attention.dot_product.weight", &["a", "softmax"]),
        ];
        let behind = columns.map(|(_, names)| ground(ui, lit(stage, names)));
        Grid::new("dot product").num_columns(4).min_row_height(20.0).spacing(vec2(space::M, 6.0)).show(ui, |ui| {
            for ((name, symbols), behind) in columns.into_iter().zip(behind) {
                let words = RichText::new(t!(name)).font(theme::text(size::SMALL)).color(theme.ink_soft);
                point(&ui.label(words.background_color(behind)), symbols[0], stage);
            }
            ui.end_row();
            for (i, (score, weight)) in worked.scores.iter().zip(&worked.weights).enumerate() {
                let color = theme.series[i % theme.series.len()];
                let key = RichText::new(name(i)).font(theme::strong(size::READ)).color(color);
                let values =
                    [number(*score), percent(*weight)].map(|text| RichText::new(text).font(theme::mono(size::BODY)));
                for ((words, behind), (_, symbols)) in [key].into_iter().chain(values).zip(behind).zip(columns) {
                    point(&ui.label(words.background_color(behind)), symbols[0], stage);
                }
                let seconds = if motion { theme::MOTION } else { 0.0 };
                let shown = ui.ctx().animate_value_with_time(ui.scope_id().with(("weight", i)), *weight, seconds);
                let spoken = t!("chapters_attention.dot_product.bar", key = name(i), weight = percent(*weight));
                parts::symbol(ui, stage, &["a", "softmax"], |ui, _| {
                    parts::bar(ui, vec2(ui.available_width().clamp(60.0, 320.0), 20.0), shown, color, &spoken);
                });
                ui.end_row();
            }
        });
    }

    fn sum_ui(&self, ui: &mut Ui, worked: &Worked, stage: &mut Stage) {
        let terms: Vec<String> =
            worked.weights.iter().enumerate().map(|(i, weight)| format!("{weight:.2}·{}", name(i))).collect();
        let [x, y] = worked.context.map(number);
        let words = RichText::new(format!("c = {} = ({x}, {y})", terms.join(" + ")));
        let words = words.font(theme::mono(size::SMALL + 1.0)).color(Theme::here(ui).ink);
        let behind = ground(ui, lit(stage, &["c"]));
        point(&ui.add(Label::new(words.background_color(behind)).wrap()), "c", stage);
        let entropy = in_bits(bits(&worked.weights), 2);
        parts::readings(ui, &[read(t!("chapters_attention.dot_product.entropy"), entropy)]);
    }
}

fn name(i: usize) -> String {
    format!("x{}", subscript(i + 1))
}

impl Figure for DotProduct {
    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        let before = self.worked();
        parts::body(ui, "dot_product", |ui| {
            let mut draw = |ui: &mut Ui, side: f32| {
                parts::two_parts(
                    ui,
                    0.5,
                    &mut (&mut *self, &mut *stage),
                    |(figure, stage), ui| figure.plane_ui(ui, &before, stage, side),
                    |(figure, stage), ui| figure.numbers_ui(ui, stage, shared.motion),
                );
            };
            let width = ui.available_width();
            if width < parts::SIDE_BY_SIDE {
                // The numbers stand below the plane and should be in sight too.
                parts::yielding(ui, SIDES.0..=SIDES.1.min(width), BELOW, draw);
            } else {
                let side = (ui.available_height() - AROUND).clamp(SIDES.0, SIDES.1);
                draw(ui, side);
            }
        });
        let worked = self.worked();
        for (name, weight) in NAMES.iter().zip(&worked.weights) {
            stage.readings.insert(name, f64::from(*weight));
        }
        stage.readings.insert("entropy", f64::from(bits(&worked.weights)));
    }

    fn describe(&self) -> String {
        let worked = self.worked();
        let rows = self.vectors.iter().zip(worked.scores.iter().zip(&worked.weights)).enumerate();
        let rows: Vec<String> = rows
            .map(|(i, (v, (score, weight)))| {
                let (x, y, score, weight) = (number(v[0]), number(v[1]), number(*score), percent(*weight));
                t!("chapters_attention.dot_product.row", key = name(i), x = x, y = y, score = score, weight = weight)
                    .into_owned()
            })
            .collect();
        let [x, y] = worked.context.map(number);
        let query = name(self.query);
        t!("chapters_attention.dot_product.describe", query = query, rows = rows.join(" "), x = x, y = y).into_owned()
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.vectors = START[..self.vectors.len()].to_vec();
        if let Some(vector) = self.vectors.get_mut(1) {
            *vector = [1.0, 1.6];
        }
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{drag, page, reading};

    #[test]
    fn weights_are_the_softmax_of_the_dot_products() {
        let figure = DotProduct { vectors: vec![[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]], query: 0 };
        let worked = figure.worked();
        assert_eq!(worked.scores, [1.0, 0.0, 2.0]);
        let e = std::f32::consts::E;
        assert!((worked.weights[2] - e * e / (e + 1.0 + e * e)).abs() < 1e-6);
        assert!((worked.context[0] - (worked.weights[0] + 2.0 * worked.weights[2])).abs() < 1e-6);
    }

    #[test]
    fn the_numbers_of_the_tutorials_task_are_reproduced() {
        let vectors = vec![[0.18693547f32, 1.0653335], [-1.5593132, -1.5352963]];
        for (query, weights, context) in [
            (0, [0.9567678f32, 0.0432322], [0.1114412f32, 0.9529026]),
            (1, [0.0012103, 0.9987897], [-1.5571996, -1.5321486]),
        ] {
            let worked = DotProduct { vectors: vectors.clone(), query }.worked();
            assert!(worked.weights.iter().zip(weights).all(|(a, b)| (a - b).abs() < 1e-6), "{:?}", worked.weights);
            assert!(worked.context.iter().zip(context).all(|(a, b)| (a - b).abs() < 2e-6), "{:?}", worked.context);
        }
    }

    #[test]
    fn a_part_of_the_figure_under_the_pointer_lights_its_symbol_up() {
        let mut page = page("dot_product", &[("length", "3")]);
        for (label, symbol) in [("q·k", "s"), ("weight", "a"), ("x₁ (1.20, 0.50)", "q"), ("x₂ (0.30, 1.30)", "k")]
        {
            page.state_mut().stage.symbol = None;
            page.get_by_label(label).hover();
            page.run();
            assert_eq!(page.state().stage.symbol.as_deref(), Some(symbol), "{label}");
        }
        page.state_mut().stage.symbol = None;
        page.get_by_label_contains("c = ").hover();
        page.run();
        assert_eq!(page.state().stage.symbol.as_deref(), Some("c"));
    }

    #[test]
    fn dragging_a_vector_changes_its_weight() {
        let mut page = page("dot_product", &[("length", "3")]);
        let before = reading(&page, "w2");
        let tip = page.get_by_label("x₂ (0.30, 1.30)").rect().center();
        drag(&mut page, tip, egui::vec2(80.0, -20.0));
        assert!(reading(&page, "w2") > before + 0.05, "nearer to the query");
        let sum: f64 = ["w1", "w2", "w3"].iter().map(|name| reading(&page, name)).sum();
        assert!((sum - 1.0).abs() < 1e-6);
        let entropy = reading(&page, "entropy");
        page.get_by_label("q = x₃").click();
        page.run();
        assert_ne!(reading(&page, "entropy"), entropy, "another one asks");
    }
}
