//! Why was attention invented? A small recurrent network is trained here, twice: it reads a sentence and says it again, once
//! from one vector alone, once looking back with attention. The early words fade from the one vector (Bahdanau, Cho &
//! Bengio 2015). To try: a longer sentence.

use std::sync::Arc;

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::chapters::parts::{self, Asked};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::{Command, Event, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::train::recall::{Recall, RecallOptions, WORDS};
use crate::widgets::controls;
use crate::widgets::number_grid::{self, Cell, Grid};
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "seq2seq",
    make: |parameters| Box::new(Seq2Seq::new(parameters)),
    parameters: &["length"],
    readings: &["first_one", "last_one", "first_attention", "step"],
};

/// Steps of each training.
const STEPS: usize = 600;

struct Seq2Seq {
    length: usize,
    wanted: bool,
    turn: u64,
    asked: Asked<(usize, u64)>,
    /// Without and with attention.
    found: [Option<Arc<Recall>>; 2],
    /// The output step that is looked at.
    step: usize,
}

impl Seq2Seq {
    fn new(parameters: &Parameters) -> Self {
        let length = parts::number_of(parameters, "length", 4..=20, 12);
        Self { length, wanted: false, turn: 0, asked: Asked::default(), found: [None, None], step: 0 }
    }

    fn train_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        controls::value_slider(&mut self.length, 4..=20, t!("chapters_attention.seq2seq.length"))
            .default(12)
            .width(320.0)
            .show(ui);
        match self.asked.job() {
            Some(job) => {
                ui.horizontal(|ui| {
                    let stop = t!("chapters_attention.words.cancel");
                    if controls::icon_button(ui, icons::ICON_CLOSE.codepoint, stop).clicked() {
                        shared.engine.send(Command::Cancel(job));
                    }
                    let done: usize = self.found.iter().flatten().map(|recall| recall.step).sum();
                    let share = done as f32 / (2 * STEPS) as f32;
                    controls::progress_line(ui, Some(share), t!("chapters_attention.seq2seq.training", step = done));
                });
            }
            None => {
                let glyph = icons::ICON_PLAY_ARROW.codepoint;
                if controls::primary_button(ui, glyph, t!("chapters_attention.seq2seq.train")).clicked() {
                    (self.wanted, self.turn) = (true, self.turn + 1);
                }
            }
        }
    }

    /// How well every place is recalled, by both networks.
    fn bars_ui(&self, ui: &mut Ui) {
        let theme = Theme::here(ui);
        let titles = [t!("chapters_attention.seq2seq.one"), t!("chapters_attention.seq2seq.all")];
        let height = ((ui.available_height() - 280.0) / 2.0).clamp(90.0, 180.0);
        for (i, (title, found)) in titles.iter().zip(&self.found).enumerate() {
            let Some(found) = found else { continue };
            controls::note(ui, &**title);
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{title}: {}", spoken(found))));
            let width = rect.width() / found.right.len().max(1) as f32;
            let plot = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() - 16.0));
            // Guessing at random is right once in so many.
            let chance = plot.bottom() - plot.height() / WORDS as f32;
            ui.painter().hline(plot.x_range(), plot.top(), Stroke::new(1.0, theme.line.gamma_multiply(0.6)));
            for (place, right) in found.right.iter().enumerate() {
                let left = plot.left() + place as f32 * width;
                let top = plot.bottom() - plot.height() * right;
                let bar = Rect::from_min_max(pos2(left + 2.0, top), pos2(left + width - 2.0, plot.bottom()));
                ui.painter().rect_filled(bar, 2.0, theme.series[i]);
                let font = theme::text(size::SMALL);
                let center = left + width / 2.0;
                ui.painter().text(
                    pos2(center, plot.bottom() + 1.0),
                    Align2::CENTER_TOP,
                    place + 1,
                    font.clone(),
                    theme.ink_soft,
                );
                if width > 30.0 {
                    let words = format!("{:.0}", 100.0 * right);
                    let (anchor, y, ink) = if *right > 0.3 {
                        (Align2::CENTER_TOP, top + 2.0, theme.ink_on(theme.series[i]))
                    } else {
                        (Align2::CENTER_BOTTOM, top - 1.0, theme.ink)
                    };
                    ui.painter().text(pos2(center, y), anchor, words, font, ink);
                }
            }
            ui.painter().hline(plot.x_range(), chance, Stroke::new(1.0, theme.warn));
        }
        controls::note(ui, t!("chapters_attention.seq2seq.axis"));
    }

    /// One sentence, and whom each output step looked at.
    fn example_ui(&mut self, ui: &mut Ui) {
        let Some(found) = self.found[1].clone() else { return };
        let theme = Theme::here(ui);
        let words = words();
        let name = |word: &usize| words.get(*word).cloned().unwrap_or_default();
        let read: Vec<String> = found.sentence.iter().map(name).collect();
        let said: Vec<String> = found.said.iter().map(name).collect();
        controls::section_title(ui, t!("chapters_attention.seq2seq.example"));
        let n = read.len();
        let cell = |(k, weight): (usize, &f32)| Cell {
            text: if *weight >= 0.005 { format!("{weight:.2}") } else { String::new() },
            fill: Some(theme.sequential(*weight)),
            framed: (k / n.max(1) == self.step).then_some(theme.accent),
            spoken: t!(
                "chapters_attention.seq2seq.cell",
                step = k / n.max(1) + 1,
                word = read[k % n.max(1)],
                weight = percent(*weight)
            )
            .into_owned(),
            ..Cell::default()
        };
        let cells: Vec<Cell> = found.weights.iter().enumerate().map(cell).collect();
        let summary = t!("chapters_attention.seq2seq.grid");
        let grid = Grid {
            rows: &said,
            columns: &read,
            corner: "",
            cells: &cells,
            touchable: true,
            largest: vec2(58.0, 24.0),
            summary: &summary,
        };
        let touched = number_grid::show(ui, vec2(ui.available_width(), 24.0 * n as f32 + 30.0), &grid);
        if let Some((row, _)) = touched.clicked {
            self.step = row;
        }
        controls::note(ui, &*summary);
        self.step_ui(ui, &found, &read, &said);
    }

    /// Score, softmax, weighted sum of the output step that is looked at.
    fn step_ui(&self, ui: &mut Ui, found: &Recall, read: &[String], said: &[String]) {
        let n = read.len();
        let step = self.step.min(n.saturating_sub(1));
        let row = found.weights.get(step * n..(step + 1) * n).unwrap_or_default();
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|a, b| row[*b].total_cmp(&row[*a]));
        let terms: Vec<String> =
            order.iter().take(3).map(|j| format!("{:.2}·h{}", row[*j], parts::subscript(j + 1))).collect();
        let subscript = parts::subscript(step + 1);
        parts::numbers(ui, format!("c{subscript} = {} + …  →  {}", terms.join(" + "), said[step]));
    }
}

/// Words of the sentences, in the language of the interface.
fn words() -> Vec<String> {
    t!("chapters_attention.seq2seq.words").split_whitespace().map(str::to_owned).collect()
}

fn spoken(found: &Recall) -> String {
    found.right.iter().map(|right| percent(*right)).collect::<Vec<_>>().join(", ")
}

impl Figure for Seq2Seq {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        let more = |result: &LessonResult| matches!(result, LessonResult::Recall(Some(_)));
        if let Some(LessonResult::Recall(Some(recall))) = self.asked.answer(event, more) {
            self.found[usize::from(recall.attention)] = Some(recall.clone());
        }
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        if std::mem::take(&mut self.wanted) {
            (self.found, self.step) = ([None, None], 0);
            self.asked.ask(shared, (self.length, self.turn), |(length, _)| {
                let options = |attention| RecallOptions { length: *length, attention, steps: STEPS, seed: 1 };
                LessonRequest::Recall(vec![options(false), options(true)])
            });
        }
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "seq2seq", |ui| {
            self.train_ui(ui, shared);
            if let Some(problem) = self.asked.problem() {
                parts::problem(ui, problem);
            }
            ui.add_space(space::XS);
            if self.found.iter().all(Option::is_none) {
                parts::sentence(ui, t!("chapters_attention.seq2seq.start"));
                return;
            }
            self.bars_ui(ui);
            self.example_ui(ui);
        });
        stage.readings.insert("step", self.step as f64 + 1.0);
        let [one, all] = &self.found;
        let of = |found: &Option<Arc<Recall>>, last: bool| {
            let right = &found.as_ref()?.right;
            if last { right.last() } else { right.first() }.copied().map(f64::from)
        };
        for (name, value) in
            [("first_one", of(one, false)), ("last_one", of(one, true)), ("first_attention", of(all, false))]
        {
            if let Some(value) = value {
                stage.readings.insert(name, value);
            }
        }
    }

    fn describe(&self) -> String {
        let [one, all] =
            self.found.each_ref().map(|found| found.as_ref().map_or_else(|| "—".to_owned(), |f| spoken(f)));
        t!("chapters_attention.seq2seq.describe", one = one, all = all).into_owned()
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        (self.wanted, self.turn) = (true, self.turn + 1);
    }

    fn settled(&self) -> bool {
        !self.wanted && self.asked.job().is_none()
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{asked, page, reading, tell};

    #[test]
    fn both_networks_are_trained_and_compared() {
        let mut page = page("seq2seq", &[("length", "4")]);
        assert!(asked(&page).is_empty(), "nothing is trained unasked");
        page.get_by_label("Train both networks").click();
        page.run();
        let (job, request) = asked(&page).pop().expect("it asks");
        let LessonRequest::Recall(all) = request else { panic!("{request:?}") };
        assert_eq!(
            all.iter().map(|options| (options.length, options.attention)).collect::<Vec<_>>(),
            [(4, false), (4, true)]
        );
        for (attention, first) in [(false, 0.25), (true, 1.0)] {
            let weights = if attention { vec![0.25; 16] } else { vec![] };
            let right = vec![first, 0.5, 0.75, 1.0];
            let recall =
                Recall { attention, step: 600, right, sentence: vec![0, 1, 2, 3], said: vec![0, 1, 2, 3], weights };
            let state = page.state_mut();
            state.figure.on_event(&Event::Lesson(job, LessonResult::Recall(Some(Arc::new(recall)))), &mut state.shared);
        }
        tell(&mut page, job, LessonResult::Recall(None));
        assert_eq!((reading(&page, "first_one"), reading(&page, "last_one")), (0.25, 1.0));
        assert_eq!(reading(&page, "first_attention"), 1.0);
        let second =
            page.query_all_by_label_contains("step 2 looks at").next().expect("a cell of the second step").rect();
        page.drag_at(second.center());
        page.drop_at(second.center());
        page.run();
        assert_eq!(reading(&page, "step"), 2.0);
    }
}
