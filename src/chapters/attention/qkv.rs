//! Why three projections? Four tokens as vectors in the plane, and two matrices whose rows are dragged: a token's query is
//! its vector times W_Q, its key its vector times W_K. To try: make token 4 look at token 2 without token 2 looking at
//! token 4 (Vaswani et al. 2017, section 3.2.1).

use egui::{Color32, Ui, vec2};
use rust_i18n::t;

use crate::chapters::parts::{self, lit, read, softmax, subscript};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::number_grid::{self, Cell, Grid};
use crate::widgets::plane::{self, Arrow, Plane, number};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{Theme, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "qkv",
    make: |parameters| Box::new(Qkv::new(parameters)),
    parameters: &["words"],
    readings: &["a42", "a24", "a13", "a31"],
};

const TOKENS: usize = 4;
/// Greatest side of a plane, in points.
const LARGEST: f32 = 300.0;
/// Least and greatest height of the weights with their names, and what stands around them.
const GRID: (f32, f32) = (190.0, 340.0);
const TITLE: f32 = 40.0;
/// Token 2 points up and token 4 to the right, so that a row of W_Q can turn the one's query without the other's.
const START: [[f32; 2]; TOKENS] = [[-0.4, -1.2], [0.4, 1.3], [-1.1, 0.5], [1.2, -0.3]];
/// The rows of a matrix that changes nothing: where (1, 0) and (0, 1) go.
const IDENTITY: [[f32; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];
/// Both axes reach this far.
const RANGE: f32 = 2.5;

type Rows = [[f32; 2]; 2];

struct Qkv {
    words: Vec<String>,
    tokens: [[f32; 2]; TOKENS],
    w_q: Rows,
    w_k: Rows,
}

/// x·W, where x is a row.
fn times(x: [f32; 2], rows: &Rows) -> [f32; 2] {
    [x[0] * rows[0][0] + x[1] * rows[1][0], x[0] * rows[0][1] + x[1] * rows[1][1]]
}

impl Qkv {
    fn new(parameters: &Parameters) -> Self {
        let given = parameters.get("words").map_or("", String::as_str);
        let given: Vec<&str> = given.split_whitespace().collect();
        let word = |i: usize| given.get(i).map_or_else(|| format!("x{}", subscript(i + 1)), |word| (*word).to_owned());
        Self { words: (0..TOKENS).map(word).collect(), tokens: START, w_q: IDENTITY, w_k: IDENTITY }
    }

    /// Row i: how token i shares its attention, `softmax(q·k ÷ √2)`.
    fn weights(&self) -> Vec<Vec<f32>> {
        let queries = self.tokens.map(|x| times(x, &self.w_q));
        let keys = self.tokens.map(|x| times(x, &self.w_k));
        let score = |q: [f32; 2], k: [f32; 2]| (q[0] * k[0] + q[1] * k[1]) / 2f32.sqrt();
        queries.iter().map(|q| softmax(&keys.map(|k| score(*q, k)))).collect()
    }

    fn planes_ui(&mut self, ui: &mut Ui, stage: &mut Stage) {
        let width = ui.available_width();
        let side = ((width - 2.0 * space::S) / 3.0).min(LARGEST);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            self.tokens_ui(ui, side, stage);
            let title = t!("chapters_attention.qkv.queries");
            matrix_ui(ui, side, &title, &self.tokens, &mut self.w_q, ["w_Q", "W_Q", "q"], stage);
            let title = t!("chapters_attention.qkv.keys");
            matrix_ui(ui, side, &title, &self.tokens, &mut self.w_k, ["w_K", "W_K", "k"], stage);
        });
    }

    fn tokens_ui(&mut self, ui: &mut Ui, side: f32, stage: &mut Stage) {
        let theme = Theme::here(ui);
        let on = lit(stage, &["x"]);
        let arrow = |(i, tip): (usize, &[f32; 2])| {
            Arrow::movable(self.words[i].clone(), *tip, theme.series[i % theme.series.len()]).lit(on)
        };
        let arrows: Vec<Arrow> = self.tokens.iter().enumerate().map(arrow).collect();
        let title = t!("chapters_attention.qkv.tokens");
        let touched = plane::show(ui, side, &Plane { title: &title, range: RANGE, arrows: &arrows });
        if let Some((moved, tip)) = touched.moved
            && let Some(token) = self.tokens.get_mut(moved)
        {
            *token = tip;
        }
        if touched.hovered.is_some() {
            stage.symbol = Some("x".to_owned());
        }
    }

    fn weights_ui(&self, ui: &mut Ui, weights: &[Vec<f32>], height: f32, stage: &mut Stage) {
        let theme = Theme::here(ui);
        let cell = |i: usize, j: usize| {
            let weight = weights.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0.0);
            let spoken =
                t!("chapters_attention.qkv.cell", from = self.words[i], to = self.words[j], weight = percent(weight));
            Cell {
                text: format!("{weight:.2}"),
                fill: Some(theme.sequential(weight)),
                framed: ((i, j) == (3, 1)).then_some(theme.accent),
                spoken: spoken.into_owned(),
                ..Cell::default()
            }
        };
        let cells: Vec<Cell> = (0..TOKENS * TOKENS).map(|k| cell(k / TOKENS, k % TOKENS)).collect();
        let grid = Grid {
            rows: &self.words,
            columns: &self.words,
            corner: "",
            cells: &cells,
            touchable: false,
            largest: vec2(96.0, 64.0),
            summary: &t!("chapters_attention.qkv.weights"),
        };
        let room = vec2(ui.available_width(), height);
        parts::symbol(ui, stage, &["a"], |ui, _| {
            controls::note(ui, t!("chapters_attention.qkv.weights"));
            number_grid::show(ui, room, &grid);
        });
    }

    /// The two weights that one compares, and both matrices.
    fn matrices_ui(&mut self, ui: &mut Ui, weights: &[Vec<f32>]) {
        let of = |i: usize, j: usize| format!("{:.3}", weights[i][j]);
        parts::readings(ui, &[read("a₄₂", of(3, 1)), read("a₂₄", of(1, 3))]);
        parts::numbers(ui, format!("W_Q = {}", written(&self.w_q)));
        parts::numbers(ui, format!("W_K = {}", written(&self.w_k)));
        ui.horizontal_wrapped(|ui| {
            if controls::quiet_button(ui, "", t!("chapters_attention.qkv.same")).clicked() {
                self.w_k = self.w_q;
            }
            if controls::quiet_button(ui, "", t!("chapters_attention.reset")).clicked() {
                (self.tokens, self.w_q, self.w_k) = (START, IDENTITY, IDENTITY);
            }
        });
    }
}

/// The rows of a matrix, to drag, and what becomes of the tokens; with the names of a row, of the matrix and of a result.
fn matrix_ui(
    ui: &mut Ui,
    side: f32,
    title: &str,
    tokens: &[[f32; 2]],
    rows: &mut Rows,
    [row_name, matrix, result]: [&str; 3],
    stage: &mut Stage,
) {
    let theme = Theme::here(ui);
    let color = |i: usize| -> Color32 { theme.series[i % theme.series.len()] };
    let (matrix_lit, result_lit) = (lit(stage, &[matrix]), lit(stage, &[result]));
    let results = tokens.iter().enumerate().map(|(i, x)| {
        Arrow::result(format!("{result}{}", subscript(i + 1)), times(*x, rows), color(i)).lit(result_lit)
    });
    let handles = rows
        .iter()
        .enumerate()
        .map(|(i, row)| Arrow::movable(format!("{row_name}{}", subscript(i + 1)), *row, theme.ink).lit(matrix_lit));
    let arrows: Vec<Arrow> = results.chain(handles).collect();
    let shown = ui.scope(|ui| plane::show(ui, side, &Plane { title, range: RANGE, arrows: &arrows }));
    let touched = shown.inner;
    if let Some((moved, tip)) = touched.moved
        && let Some(row) = moved.checked_sub(TOKENS).and_then(|row| rows.get_mut(row))
    {
        *row = tip;
    }
    if touched.hovered.is_some() {
        stage.symbol = Some(matrix.to_owned());
    } else if ui.rect_contains_pointer(shown.response.rect) {
        stage.symbol = Some(result.to_owned());
    }
}

fn written(rows: &Rows) -> String {
    let row = |row: [f32; 2]| format!("[{}, {}]", number(row[0]), number(row[1]));
    format!("[{}, {}]", row(rows[0]), row(rows[1]))
}

impl Figure for Qkv {
    fn ui(&mut self, ui: &mut Ui, _: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "qkv", |ui| {
            self.planes_ui(ui, stage);
            controls::note_of_symbols(ui, &t!("chapters_attention.qkv.hint"));
            let weights = self.weights();
            // Where the matrices stand below the weights, these leave room for them.
            let beside = ui.available_width() >= parts::SIDE_BY_SIDE;
            let height = if beside { (ui.available_height() - TITLE).clamp(GRID.0, GRID.1) } else { GRID.0 };
            parts::two_parts(
                ui,
                0.55,
                self,
                |figure, ui| figure.weights_ui(ui, &weights, height, stage),
                |figure, ui| figure.matrices_ui(ui, &weights),
            );
        });
        let weights = self.weights();
        for (name, i, j) in [("a42", 3, 1), ("a24", 1, 3), ("a13", 0, 2), ("a31", 2, 0)] {
            stage.readings.insert(name, f64::from(weights[i][j]));
        }
    }

    fn describe(&self) -> String {
        let rows: Vec<String> = self
            .weights()
            .iter()
            .enumerate()
            .map(|(i, row)| {
                let shares: Vec<String> =
                    row.iter().enumerate().map(|(j, w)| format!("{} {}", self.words[j], percent(*w))).collect();
                format!("{} → {}", self.words[i], shares.join(", "))
            })
            .collect();
        let (w_q, w_k) = (written(&self.w_q), written(&self.w_k));
        t!("chapters_attention.qkv.describe", q = w_q, k = w_k, rows = rows.join("; ")).into_owned()
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        // Whoever points to the right now asks for what is above: token 4 looks at token 2.
        (self.tokens, self.w_q, self.w_k) = (START, [[0.3, 2.0], [0.0, 1.0]], IDENTITY);
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{Page, drag, page, reading};

    #[test]
    fn scores_are_symmetric_only_while_both_matrices_are_the_same() {
        let score = |figure: &Qkv, i: usize, j: usize| {
            let (q, k) = (times(figure.tokens[i], &figure.w_q), times(figure.tokens[j], &figure.w_k));
            q[0] * k[0] + q[1] * k[1]
        };
        let mut figure = Qkv::new(&Parameters::new());
        figure.w_q = [[0.5, -1.0], [2.0, 0.3]];
        figure.w_k = figure.w_q;
        assert!((score(&figure, 3, 1) - score(&figure, 1, 3)).abs() < 1e-6);
        figure.w_k = IDENTITY;
        assert!((score(&figure, 3, 1) - score(&figure, 1, 3)).abs() > 0.1);
        assert_eq!(times([2.0, 3.0], &[[1.0, 10.0], [100.0, 1000.0]]), [302.0, 3020.0]);
    }

    #[test]
    fn a_plane_under_the_pointer_lights_up_what_is_drawn_in_it() {
        let mut page = page("qkv", &[("words", "The animal street it")]);
        let plane = page.get_by_label_contains("queries q = x·W_Q:").rect();
        for (place, symbol) in [
            (page.get_by_label("w_K₁ (1.00, 0.00)").rect().center(), "W_K"),
            (plane.left_bottom() + egui::vec2(8.0, -8.0), "q"),
            (page.get_by_label_contains("The looks at animal:").rect().center(), "a"),
        ] {
            page.state_mut().stage.symbol = None;
            page.hover_at(place);
            page.run();
            assert_eq!(page.state().stage.symbol.as_deref(), Some(symbol));
        }
    }

    #[test]
    fn one_row_of_w_q_makes_token_4_look_at_token_2_and_not_back() {
        let mut figure = Qkv::new(&Parameters::new());
        let weights = figure.weights();
        assert!((weights[3][1] - 0.20).abs() < 0.005 && (weights[1][3] - 0.17).abs() < 0.005, "{weights:?}");
        figure.w_q[0] = [0.0, 2.0];
        let weights = figure.weights();
        assert!((weights[3][1] - 0.703).abs() < 0.001, "a42 = {}", weights[3][1]);
        assert!((weights[1][3] - 0.065).abs() < 0.001, "a24 = {}", weights[1][3]);
    }

    #[test]
    fn dragging_a_row_of_w_q_solves_the_lessons_exercise() {
        let mut page = page("qkv", &[]);
        let solved = |page: &Page| reading(page, "a42") >= 0.5 && reading(page, "a24") <= 0.25;
        let (a42, a24) = (reading(&page, "a42"), reading(&page, "a24"));
        assert!(!solved(&page), "there is something to do");
        // The first row of W_Q from (1, 0) to (0, 2): the planes are 300 points wide and reach 2.5 each way.
        let tip = page.get_by_label("w_Q₁ (1.00, 0.00)").rect().center();
        drag(&mut page, tip, egui::vec2(-60.0, -120.0));
        assert!(page.query_by_label("w_Q₁ (0.00, 2.00)").is_some());
        assert!(solved(&page) && reading(&page, "a42") > a42 + 0.4, "{:?}", page.state().stage.readings);
        page.get_by_label("W_K = W_Q").click();
        page.run();
        assert!(!solved(&page), "with one matrix for both it is not");
        page.get_by_label("Back to the start").click();
        page.run();
        assert_eq!((reading(&page, "a42"), reading(&page, "a24")), (a42, a24));
    }
}
