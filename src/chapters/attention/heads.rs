//! What can two heads do that one cannot? A width cut into 1, 2, 4 or 8 heads, with the shape at every step and the number
//! of parameters; below it two heads of a real model that ask for different things, beside their mean, which is the most
//! that a single one could do (Vaswani et al. 2017, section 3.2.2).

use egui::{Grid as Table, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::mask::example;
use crate::chapters::parts::{self, Asked, ground, lit, only, point, read};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::{AttentionCapture, Event, JobId, LessonRequest, LessonResult, ModelRef};
use crate::nn::{DecoderConfig, Layout};
use crate::panels::Shared;
use crate::panels::attention::scores;
use crate::train::Preset;
use crate::widgets::controls;
use crate::widgets::indexed::indexed;
use crate::widgets::number::grouped;
use crate::widgets::number_grid::{self, Cell, Grid};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::token_chips::visible;

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "heads",
    make: |parameters| Box::new(Heads::new(parameters)),
    parameters: &["d_model", "heads", "text"],
    readings: &["heads", "parameters", "d_head"],
};

/// Least and greatest height of a small matrix with its names, in points, and what stands below it.
const MATRIX: (f32, f32) = (150.0, 360.0);
const BELOW: f32 = 50.0;
/// Tokens of the small matrices.
const TOKENS: usize = 8;
const CHOICES: [usize; 4] = [1, 2, 4, 8];

struct Heads {
    d_model: usize,
    heads: usize,
    text: Option<String>,
    asked: Asked<(ModelRef, Option<u64>, String)>,
    found: Option<Pair>,
}

/// Two heads of a model, cut to the first tokens.
struct Pair {
    names: Vec<String>,
    /// Layer and head, from 0: one that looks at the token before, and one that looks at the first token.
    heads: [(usize, usize); 2],
    /// Their weights and the mean of both, `[t, t]`.
    weights: [Vec<f32>; 3],
}

impl Pair {
    fn of(capture: &AttentionCapture) -> Option<Self> {
        let all = scores::scores(capture);
        let previous = scores::best(&all, capture.heads, |score| score.previous_token)?;
        let first = scores::best(&all, capture.heads, |score| score.first_token)?;
        let (whole, t) = (capture.tokens.len(), capture.tokens.len().min(TOKENS));
        let cut = |(layer, head): (usize, usize)| -> Vec<f32> {
            let start = (layer * capture.heads + head) * whole * whole;
            (0..t * t).map(|k| capture.weights.get(start + k / t * whole + k % t).copied().unwrap_or(0.0)).collect()
        };
        let (a, b) = (cut(previous), cut(first));
        let mean = a.iter().zip(&b).map(|(a, b)| (a + b) / 2.0).collect();
        let names = capture.tokens.iter().take(t).map(|token| visible(token)).collect();
        Some(Self { names, heads: [previous, first], weights: [a, b, mean] })
    }
}

impl Heads {
    fn new(parameters: &Parameters) -> Self {
        let d_model = parts::number_of(parameters, "d_model", 8..=4096, 128) / 8 * 8;
        let heads = parts::number_of(parameters, "heads", 1..=8, 4);
        let heads = CHOICES.into_iter().find(|choice| *choice == heads).unwrap_or(4);
        Self { d_model, heads, text: parameters.get("text").cloned(), asked: Asked::default(), found: None }
    }

    /// What the attention of one block of the tutorial's model would train, counted in the layout of the model itself.
    fn parameters(&self) -> usize {
        let config = DecoderConfig {
            d_model: self.d_model,
            n_heads: self.heads,
            n_kv_heads: self.heads,
            n_layers: 1,
            vocabulary: 1,
            ..Preset::Tutorial.settings().model
        };
        let layout = Layout::new(&config);
        layout.parameters.iter().filter(|spec| spec.name.contains(".attn.")).map(|spec| spec.range.len()).sum()
    }

    fn strip_ui(&self, ui: &mut Ui) {
        let theme = Theme::here(ui);
        let width = ui.available_width();
        let (rect, response) = ui.allocate_exact_size(vec2(width, 40.0), Sense::hover());
        let d_head = self.d_model / self.heads;
        let spoken = t!("chapters_attention.heads.strip", d = self.d_model, heads = self.heads, each = d_head);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &*spoken));
        let step = rect.width() / self.heads as f32;
        for head in 0..self.heads {
            let left = rect.left() + step * head as f32;
            let block = Rect::from_min_max(pos2(left + 1.0, rect.top()), pos2(left + step - 1.0, rect.bottom()));
            let color = theme.series[head % theme.series.len()];
            ui.painter().rect_filled(block, 4.0, color);
            let words = d_head.to_string();
            let font = theme::strong(size::BODY);
            ui.painter().text(block.center(), egui::Align2::CENTER_CENTER, words, font, theme.ink_on(color));
        }
    }

    /// Every step with its shape, and the symbol of the text that lights up with it.
    fn shapes_ui(&self, ui: &mut Ui, stage: &mut Stage) {
        let theme = Theme::here(ui);
        let (d, h, each) = (self.d_model, self.heads, self.d_model / self.heads);
        let steps = [
            ("input", format!("[t, {d}]")),
            ("project", format!("3 × [t, {d}]")),
            ("split", format!("3 × [{h}, t, {each}]")),
            ("attend", format!("[{h}, t, t]")),
            ("mix", format!("[{h}, t, {each}]")),
            ("join", format!("[t, {d}]")),
            ("output", format!("[t, {d}]")),
        ];
        Table::new("shapes").num_columns(2).min_row_height(18.0).spacing(vec2(space::L, 4.0)).show(ui, |ui| {
            for (step, shape) in steps {
                let behind = ground(ui, lit(stage, &[step]));
                let name = t!(format!("chapters_attention.heads.{step}"));
                let mut job = indexed(&name, &theme::text(size::BODY), theme.ink_soft);
                job.sections.iter_mut().for_each(|section| section.format.background = behind);
                let shown = ui.label(job);
                shown.widget_info(|| WidgetInfo::labeled(Role::Label, true, &*name));
                point(&shown, step, stage);
                let shape = RichText::new(shape).font(theme::mono(size::BODY)).color(theme.ink);
                point(&ui.label(shape.background_color(behind)), step, stage);
                ui.end_row();
            }
        });
    }

    fn split_ui(&mut self, ui: &mut Ui, stage: &mut Stage) {
        let options: Vec<(usize, String)> = CHOICES.map(|choice| (choice, choice.to_string())).to_vec();
        parts::symbol(ui, stage, &["h"], |ui, _| {
            controls::labelled(ui, t!("chapters_attention.heads.count"), 90.0, |ui| {
                controls::segmented(ui, &t!("chapters_attention.heads.count"), &mut self.heads, &options);
            });
        });
        parts::symbol(ui, stage, &["d"], |ui, _| self.strip_ui(ui));
        parts::beside(
            ui,
            0.62,
            self,
            |figure, ui| figure.shapes_ui(ui, stage),
            |figure, ui| {
                let count = grouped(figure.parameters() as i64);
                parts::readings(
                    ui,
                    &[
                        read(t!("chapters_attention.heads.parameters"), count),
                        read("d_head", (figure.d_model / figure.heads).to_string()),
                    ],
                );
                let d = figure.d_model;
                parts::numbers(ui, format!("4 · {d}² + 4 · {d}"));
            },
        );
    }

    fn pair_ui(&self, ui: &mut Ui) {
        controls::section_title(ui, t!("chapters_attention.heads.pair"));
        if let Some(problem) = self.asked.problem() {
            parts::problem(ui, problem);
        } else if self.found.is_none() {
            controls::note(ui, t!("chapters_attention.computing"));
        }
        let Some(pair) = &self.found else { return };
        let name = |(layer, head): (usize, usize)| t!("attention.head", layer = layer + 1, head = head + 1);
        let titles = [
            t!("chapters_attention.heads.previous", head = name(pair.heads[0])),
            t!("chapters_attention.heads.first", head = name(pair.heads[1])),
            t!("chapters_attention.heads.mean"),
        ];
        // Only the first has the names of its rows: all three are level, and so there is room for them side by side.
        let none = vec![String::new(); pair.names.len()];
        let names = number_grid::names_width(ui, &pair.names) - number_grid::names_width(ui, &none);
        let width = ((ui.available_width() - names - 2.0 * space::M) / 3.0).floor();
        let widths = [width + names, width, width];
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            for (title, width) in titles.iter().zip(widths) {
                parts::column(ui, width, |ui| _ = controls::note(ui, &**title));
            }
        });
        let height = (ui.available_height() - BELOW).clamp(MATRIX.0, MATRIX.1);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            for (i, (title, width)) in titles.iter().zip(widths).enumerate() {
                let rows = if i == 0 { &pair.names[..] } else { &none[..] };
                ui.push_id(i, |ui| {
                    parts::column(ui, width, |ui| {
                        matrix_ui(ui, vec2(width, height), title, [rows, &pair.names], &pair.weights[i])
                    });
                });
            }
        });
        controls::note(ui, t!("chapters_attention.heads.note"));
    }
}

fn matrix_ui(ui: &mut Ui, room: egui::Vec2, title: &str, [rows, names]: [&[String]; 2], weights: &[f32]) {
    let theme = Theme::here(ui);
    let t = names.len();
    let cell = |(k, weight): (usize, &f32)| {
        let spoken = format!("{} → {}: {}", names[k / t.max(1)], names[k % t.max(1)], percent(*weight));
        let open = k % t.max(1) <= k / t.max(1);
        Cell { fill: Some(theme.sequential(*weight)).filter(|_| open), spoken, ..Cell::default() }
    };
    let cells: Vec<Cell> = weights.iter().enumerate().map(cell).collect();
    let grid = Grid {
        rows,
        columns: names,
        corner: "",
        cells: &cells,
        touchable: false,
        largest: vec2(44.0, 36.0),
        summary: title,
    };
    number_grid::show(ui, room, &grid);
}

impl Figure for Heads {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        if let Some(LessonResult::Attention(capture)) = self.asked.answer(event, only) {
            self.found = Pair::of(capture);
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    fn on_model(&mut self, _: &mut Shared) {
        self.found = None;
        self.asked.forget();
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        let Some(model) = &shared.model else { return };
        let text = self.text.clone().unwrap_or_else(|| example(shared));
        let key = (model.model.clone(), model.step, text);
        self.asked.ask(shared, key, |(model, _, text)| LessonRequest::Attention(model.clone(), text.clone()));
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "heads", |ui| {
            self.split_ui(ui, stage);
            ui.add_space(space::S);
            self.pair_ui(ui);
        });
        stage.readings.insert("heads", self.heads as f64);
        stage.readings.insert("parameters", self.parameters() as f64);
        stage.readings.insert("d_head", (self.d_model / self.heads) as f64);
    }

    fn describe(&self) -> String {
        let each = self.d_model / self.heads;
        let strip = t!("chapters_attention.heads.strip", d = self.d_model, heads = self.heads, each = each);
        format!("{strip} {}: {}", t!("chapters_attention.heads.parameters"), grouped(self.parameters() as i64))
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.heads = 8;
    }

    fn settled(&self) -> bool {
        self.asked.settled()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{Page, asked, page, reading, scroll, sized, tell};

    /// A capture of one layer with two heads.
    fn capture(t: usize) -> Arc<AttentionCapture> {
        let on = |yes: bool| f32::from(u8::from(yes));
        let first = (0..t * t).map(|k| on(k % t == 0));
        let previous = (0..t * t).map(|k| on(k % t + 1 == k / t || k == 0));
        Arc::new(AttentionCapture {
            model: ModelRef::Live,
            tokens: (0..t).map(|i| format!("t{i}")).collect(),
            truncated: false,
            layers: 1,
            heads: 2,
            scores: vec![0.0; 2 * t * t],
            weights: first.chain(previous).collect(),
            scale: 1.0,
            allowed: vec![vec![true; t * t]],
            d_head: 4,
        })
    }

    #[test]
    fn the_number_of_heads_changes_shapes_and_not_parameters() {
        let mut page = page("heads", &[("d_model", "128")]);
        assert_eq!(reading(&page, "parameters"), f64::from(4 * 128 * 128 + 4 * 128));
        assert!(page.query_by_label("3 × [4, t, 32]").is_some());
        page.get_by_label("8").click();
        page.run();
        assert_eq!((reading(&page, "heads"), reading(&page, "d_head")), (8.0, 16.0));
        assert_eq!(reading(&page, "parameters"), f64::from(4 * 128 * 128 + 4 * 128));
        assert!(page.query_by_label("3 × [8, t, 16]").is_some());
    }

    #[test]
    fn a_step_under_the_pointer_lights_its_symbol_up() {
        let mut page = page("heads", &[("d_model", "128")]);
        for (label, symbol) in [("3 × [4, t, 32]", "split"), ("[4, t, t]", "attend"), ("[4, t, 32]", "mix")] {
            page.state_mut().stage.symbol = None;
            page.get_by_label(label).hover();
            page.run();
            assert_eq!(page.state().stage.symbol.as_deref(), Some(symbol), "{label}");
        }
    }

    #[test]
    fn two_heads_are_found_that_look_at_different_things() {
        let mut page = page("heads", &[]);
        let (job, request) = asked(&page).pop().expect("it asks");
        assert!(matches!(request, LessonRequest::Attention(..)));
        tell(&mut page, job, LessonResult::Attention(capture(12)));
        assert!(page.query_all_by_label_contains("Layer 1 · head 2: looks most at the token before").next().is_some());
        assert!(page.query_all_by_label_contains("Layer 1 · head 1: looks most at the first token").next().is_some());
        let pair = Pair::of(&capture(12)).unwrap();
        assert_eq!(pair.names.len(), TOKENS);
        assert_eq!(pair.weights[2][3 * TOKENS + 2], 0.5, "half of what one head saw is left in the mean");
    }

    #[test]
    fn a_room_that_is_too_small_for_it_scrolls() {
        let size = [560.0, 420.0];
        let mut page = sized("heads", &[], size);
        let (job, _) = asked(&page).pop().expect("it asks");
        tell(&mut page, job, LessonResult::Attention(capture(12)));
        let last = |page: &Page| page.get_by_label_contains("the heads of the open model").rect();
        assert!(last(&page).top() > size[1], "{:?}", last(&page));
        scroll(&mut page, egui::pos2(300.0, 200.0), 2000.0);
        assert!(last(&page).bottom() <= size[1], "{:?}", last(&page));
    }
}
