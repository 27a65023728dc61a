//! How does a model learn at all positions at once without cheating? The first tokens of a text through a real model, with
//! a mask whose cells are clicked: the weights, their rows' sums, and what each next token costs. To try: let a row look
//! ahead; multiply weights by 0 instead of filling scores, and look at the sums.

use std::sync::Arc;

use egui::{Grid as Table, RichText, Ui, vec2};
use rust_i18n::t;

use super::mask_shape::{self, MaskShape};
use crate::chapters::parts::{self, Asked, only, read};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::lesson::Masked;
use crate::engine::{Event, JobId, LessonRequest, LessonResult, ModelRef};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::number::in_nats;
use crate::widgets::number_grid::{self, Cell, Grid};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::token_chips::visible;

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "mask",
    make: |parameters| Box::new(Mask::new(parameters)),
    parameters: &["text", "start"],
    readings: &["illegal", "missing", "loss", "row_sum"],
};

/// Tokens of the text.
const TOKENS: usize = 8;
/// Room for the table of the tokens' costs, in points.
const TABLE: f32 = 300.0;
/// The cell that is open without right where a lesson starts with `illegal`.
const CHEAT: (usize, usize) = (2, 5);

/// What decides the numbers: model, its step, text, mask, where it is put.
type Key = (ModelRef, Option<u64>, String, Vec<bool>, bool);

struct Mask {
    /// As the lesson gives it; without one the example of the model's language.
    text: Option<String>,
    allowed: Vec<bool>,
    after_softmax: bool,
    asked: Asked<Key>,
    found: Option<(Arc<Masked>, bool)>,
    /// The mask of a longer text, once there is a model.
    shape: Option<MaskShape>,
}

fn causal(row: usize, column: usize) -> bool {
    column <= row
}

fn mask_of(rule: impl Fn(usize, usize) -> bool) -> Vec<bool> {
    (0..TOKENS * TOKENS).map(|k| rule(k / TOKENS, k % TOKENS)).collect()
}

impl Mask {
    fn new(parameters: &Parameters) -> Self {
        let allowed = match parameters.get("start").map(String::as_str) {
            Some("all") => mask_of(|_, _| true),
            Some("illegal") => mask_of(|row, column| causal(row, column) || (row, column) == CHEAT),
            _ => mask_of(causal),
        };
        Self {
            text: parameters.get("text").cloned(),
            allowed,
            after_softmax: false,
            asked: Asked::default(),
            found: None,
            shape: None,
        }
    }

    /// Cells that are open although they lie ahead, and closed although they lie behind.
    fn wrong(&self) -> (usize, usize) {
        let cells = || self.allowed.iter().enumerate().map(|(k, open)| (causal(k / TOKENS, k % TOKENS), *open));
        let count = |kind: (bool, bool)| cells().filter(|cell| *cell == kind).count();
        (count((false, true)), count((true, false)))
    }

    fn grid_ui(&mut self, ui: &mut Ui, found: &Masked, height: f32) {
        let theme = Theme::here(ui);
        let t = found.tokens.len().min(TOKENS);
        let names: Vec<String> = found.tokens.iter().take(t).map(|token| visible(token)).collect();
        let sums = row_sums(found);
        let rows: Vec<String> = names.clone();
        let columns: Vec<String> = names.iter().cloned().chain(["Σ".to_owned()]).collect();
        let mut cells = Vec::with_capacity(t * (t + 1));
        for row in 0..t {
            cells.extend((0..t).map(|column| self.cell(theme, found, &names, row, column)));
            cells.push(sum_cell(theme, &names[row], sums[row]));
        }
        let summary = t!("chapters_attention.mask.grid");
        let grid = Grid {
            rows: &rows,
            columns: &columns,
            corner: "",
            cells: &cells,
            touchable: true,
            largest: vec2(72.0, 60.0),
            summary: &summary,
        };
        let wide = ui.available_width();
        let room = vec2(wide, (wide * 0.8).min(height).clamp(220.0, 560.0));
        let touched = number_grid::show(ui, room, &grid);
        if let Some((row, column)) = touched.clicked.filter(|at| at.1 < t)
            && let Some(open) = self.allowed.get_mut(row * TOKENS + column)
        {
            *open = !*open;
        }
    }

    fn cell(&self, theme: &Theme, found: &Masked, names: &[String], row: usize, column: usize) -> Cell {
        let open = self.allowed.get(row * TOKENS + column).copied().unwrap_or(false);
        let weight = found.weights.get(row * names.len() + column).copied().unwrap_or(0.0);
        let weight_words = percent(weight);
        let (from, to) = (names[row].as_str(), names[column].as_str());
        let spoken = if open {
            t!(
                "chapters_attention.mask.open",
                from = from,
                to = to,
                row = row + 1,
                column = column + 1,
                weight = weight_words
            )
        } else {
            t!("chapters_attention.mask.closed", from = from, to = to, row = row + 1, column = column + 1)
        };
        Cell {
            text: if open { format!("{weight:.2}") } else { String::new() },
            fill: open.then(|| theme.sequential(weight)),
            hatched: !open,
            framed: (open && !causal(row, column)).then_some(theme.bad),
            spoken: spoken.into_owned(),
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui, stage: &mut Stage) {
        let options = [
            (false, t!("chapters_attention.mask.before").into_owned()),
            (true, t!("chapters_attention.mask.after").into_owned()),
        ];
        parts::symbol(ui, stage, &["mask"], |ui, _| {
            controls::segmented(ui, &t!("chapters_attention.mask.place"), &mut self.after_softmax, &options);
        });
        ui.horizontal_wrapped(|ui| {
            if controls::quiet_button(ui, "", t!("chapters_attention.mask.causal")).clicked() {
                self.allowed = mask_of(causal);
            }
            if controls::quiet_button(ui, "", t!("chapters_attention.mask.all")).clicked() {
                self.allowed = mask_of(|_, _| true);
            }
            if controls::quiet_button(ui, "", t!("chapters_attention.mask.self_only")).clicked() {
                self.allowed = mask_of(|row, column| row == column);
            }
        });
    }

    fn numbers_ui(&mut self, ui: &mut Ui, found: &Masked, stage: &mut Stage) {
        self.controls_ui(ui, stage);
        let (illegal, missing) = self.wrong();
        parts::readings(
            ui,
            &[
                read(t!("chapters_attention.mask.loss"), in_nats(found.loss(), 3)),
                read(t!("chapters_attention.mask.illegal"), illegal.to_string()),
                read(t!("chapters_attention.mask.missing"), missing.to_string()),
            ],
        );
        if ui.available_width() < TABLE + mask_shape::WIDTH {
            costs_ui(ui, found);
            self.shape_ui(ui);
        } else {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::XL;
                ui.vertical(|ui| costs_ui(ui, found));
                ui.vertical(|ui| self.shape_ui(ui));
            });
        }
    }

    fn shape_ui(&self, ui: &mut Ui) {
        if let Some(shape) = &self.shape {
            shape.ui(ui);
        }
    }
}

/// After each token, what the model expects and what came costs.
fn costs_ui(ui: &mut Ui, found: &Masked) {
    let theme = Theme::here(ui);
    Table::new("mask").num_columns(3).min_row_height(18.0).spacing(vec2(space::L, 3.0)).show(ui, |ui| {
        for title in
            ["chapters_attention.mask.after_token", "chapters_attention.mask.guess", "chapters_attention.mask.cost"]
        {
            ui.label(RichText::new(t!(title)).font(theme::text(size::SMALL)).color(theme.ink_soft));
        }
        ui.end_row();
        for (i, token) in found.tokens.iter().enumerate() {
            let cost = found.losses.get(i).map_or_else(|| "—".to_owned(), |loss| format!("{loss:.2}"));
            let guess = found
                .guesses
                .get(i)
                .map_or_else(String::new, |(piece, p)| format!("{} {}", visible(piece), percent(*p)));
            for words in [visible(token), guess, cost] {
                ui.label(RichText::new(words).font(theme::mono(size::SMALL + 1.0)));
            }
            ui.end_row();
        }
    });
}

fn row_sums(found: &Masked) -> Vec<f32> {
    found.weights.chunks(found.tokens.len().max(1)).map(|row| row.iter().sum()).collect()
}

/// A row's sum: red where it is not 1.
fn sum_cell(theme: &Theme, name: &str, sum: f32) -> Cell {
    let whole = (sum - 1.0).abs() < 0.005;
    Cell {
        text: format!("{sum:.2}"),
        fill: None,
        hatched: false,
        framed: (!whole).then_some(theme.warn),
        spoken: t!("chapters_attention.mask.sum", token = name, sum = format!("{sum:.2}")).into_owned(),
    }
}

/// A few words in the language of a model.
pub(super) fn example(shared: &Shared) -> String {
    let language = shared.model.as_ref().and_then(|model| model.language.as_deref());
    match language.unwrap_or(shared.language) {
        "es" => t!("chapters_attention.example_in_spanish").into_owned(),
        _ => t!("chapters_attention.example_in_english").into_owned(),
    }
}

impl Figure for Mask {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        let after_softmax = self.asked.key().is_some_and(|key| key.4);
        if let Some(LessonResult::Masked(found)) = self.asked.answer(event, only) {
            self.found = Some((found.clone(), after_softmax));
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    fn on_model(&mut self, shared: &mut Shared) {
        self.shape = shared.model.as_ref().map(|model| MaskShape::of(&model.config));
        self.found = None;
        self.asked.forget();
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        let Some(model) = &shared.model else { return };
        let text = self.text.clone().unwrap_or_else(|| example(shared));
        let key = (model.model.clone(), model.step, text, self.allowed.clone(), self.after_softmax);
        self.asked.ask(shared, key, |(model, _, text, allowed, after_softmax)| LessonRequest::Masked {
            model: model.clone(),
            text: text.clone(),
            tokens: TOKENS,
            allowed: allowed.clone(),
            after_softmax: *after_softmax,
        });
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Shared, stage: &mut Stage) {
        let (illegal, missing) = self.wrong();
        stage.readings.insert("illegal", illegal as f64);
        stage.readings.insert("missing", missing as f64);
        let found = self.found.as_ref().map(|(found, _)| found.clone());
        parts::body(ui, "mask", |ui| {
            if let Some(problem) = self.asked.problem() {
                parts::problem(ui, problem);
            } else if found.is_none() {
                // In the place of what lights up with the same symbols.
                parts::symbol(ui, stage, &["mask", "a"], |ui, _| {
                    controls::note(ui, t!("chapters_attention.computing"));
                });
            }
            let Some(found) = &found else { return };
            // Beside the numbers the matrix has all the height; above them, not half of it.
            let height = ui.available_height();
            let height = if ui.available_width() < parts::SIDE_BY_SIDE { height * 0.42 } else { height - 40.0 };
            parts::two_parts(
                ui,
                0.55,
                &mut (&mut *self, &mut *stage),
                |(figure, stage), ui| {
                    parts::symbol(ui, stage, &["a"], |ui, _| figure.grid_ui(ui, found, height));
                    controls::note(ui, t!("chapters_attention.mask.hint"));
                },
                |(figure, stage), ui| figure.numbers_ui(ui, found, stage),
            );
        });
        // Between a click and its answer the numbers belong to the mask before.
        if let Some(found) = found.filter(|_| self.asked.settled()) {
            stage.readings.insert("loss", f64::from(found.loss()));
            let furthest = row_sums(&found)
                .into_iter()
                .fold(1.0, |far: f32, sum| if (sum - 1.0).abs() > (far - 1.0).abs() { sum } else { far });
            stage.readings.insert("row_sum", f64::from(furthest));
        }
    }

    fn describe(&self) -> String {
        let Some((found, _)) = &self.found else { return t!("chapters_attention.computing").into_owned() };
        let (illegal, missing) = self.wrong();
        let sums: Vec<String> = row_sums(found).iter().map(|sum| format!("{sum:.2}")).collect();
        t!(
            "chapters_attention.mask.describe",
            tokens = found.tokens.iter().map(|token| visible(token)).collect::<Vec<_>>().join(" "),
            illegal = illegal,
            missing = missing,
            sums = sums.join(", "),
            loss = in_nats(found.loss(), 3)
        )
        .into_owned()
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.allowed = mask_of(|row, column| causal(row, column) || (row, column) == CHEAT);
    }

    fn settled(&self) -> bool {
        self.asked.settled()
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{asked, page, reading, tell};

    fn masked(sum: f32) -> LessonResult {
        LessonResult::Masked(Arc::new(Masked {
            tokens: ('a'..='h').map(String::from).collect(),
            weights: vec![sum / 8.0; 64],
            losses: vec![2.0; 7],
            guesses: vec![("x".to_owned(), 0.5); 8],
        }))
    }

    #[test]
    fn a_click_opens_a_cell_and_the_model_is_asked_again() {
        let mut page = page("mask", &[]);
        let (job, _) = asked(&page).pop().expect("it asks");
        tell(&mut page, job, masked(1.0));
        assert_eq!((reading(&page, "illegal"), reading(&page, "loss")), (0.0, 2.0));
        page.get_by_label_contains("(row 3, column 6): closed").click();
        page.run();
        assert_eq!(reading(&page, "illegal"), 1.0);
        let requests = asked(&page);
        let [(job, LessonRequest::Masked { allowed, after_softmax: false, .. })] = &requests[..] else {
            panic!("{requests:?}")
        };
        assert!(allowed[2 * 8 + 5] && !allowed[2 * 8 + 6]);
        assert!(!page.state().stage.readings.contains_key("loss"), "the loss of the new mask is still to come");
        tell(&mut page, *job, masked(1.0));
        assert_eq!(reading(&page, "loss"), 2.0);
    }

    #[test]
    fn the_mask_of_a_longer_text_stands_beside_it() {
        let mut page = page("mask", &[]);
        let (job, _) = asked(&page).pop().expect("it asks");
        tell(&mut page, job, masked(1.0));
        let picture = page.get_by_label_contains("Mask of 32 × 32").rect();
        let grid = page.get_by_label_contains("(row 8, column 8)").rect();
        assert!(picture.left() > grid.right() && picture.width() > 100.0, "{picture:?} beside {grid:?}");
    }

    #[test]
    fn weights_and_the_place_of_the_mask_light_their_symbols_up() {
        let mut page = page("mask", &[]);
        let (job, _) = asked(&page).pop().expect("it asks");
        tell(&mut page, job, masked(1.0));
        for (label, symbol) in
            [("weights × 0", "mask"), ("“b” → “a” (row 2, column 1): open, weight 12.5\u{202F}%", "a")]
        {
            page.state_mut().stage.symbol = None;
            page.get_by_label(label).hover();
            page.run();
            assert_eq!(page.state().stage.symbol.as_deref(), Some(symbol), "{label}");
        }
    }

    #[test]
    fn multiplying_by_zero_is_seen_in_the_rows_sums() {
        let mut page = page("mask", &[("start", "illegal")]);
        assert_eq!(reading(&page, "illegal"), 1.0);
        let (job, _) = asked(&page).pop().expect("it asks");
        tell(&mut page, job, masked(1.0));
        page.get_by_label("weights × 0").click();
        page.run();
        let (job, request) = asked(&page).pop().expect("it asks");
        assert!(matches!(request, LessonRequest::Masked { after_softmax: true, .. }));
        tell(&mut page, job, masked(0.6));
        assert!((reading(&page, "row_sum") - 0.6).abs() < 1e-6);
        assert!(page.query_all_by_label_contains("sums to 0.60").count() == 8);
    }
}
