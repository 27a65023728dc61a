//! How alike are a few words? The cosine of every pair.

use egui::{Ui, vec2};
use rust_i18n::t;

use crate::engine::lesson::VectorSource;
use crate::widgets::controls;
use crate::widgets::heatmap::value_text;
use crate::widgets::number_grid::{self, Cell, Grid};
use crate::widgets::theme::Theme;

/// The matrix of the words that have a vector.
pub fn ui(ui: &mut Ui, source: &VectorSource, words: &[String]) {
    let theme = Theme::here(ui);
    let all = likeness(source, words);
    let n = words.len();
    let cell = |(k, likeness): (usize, &f32)| {
        let (a, b) = (&words[k / n.max(1)], &words[k % n.max(1)]);
        let value = value_text(*likeness);
        Cell {
            text: format!("{likeness:.2}").replace('-', "−"),
            fill: Some(theme.diverging(*likeness)),
            spoken: t!("chapters_attention.words.pair", a = a, b = b, value = value).into_owned(),
            ..Cell::default()
        }
    };
    let cells: Vec<Cell> = all.iter().enumerate().map(cell).collect();
    let summary = t!("chapters_attention.words.matrix");
    let grid = Grid {
        rows: words,
        columns: words,
        corner: "",
        cells: &cells,
        touchable: false,
        largest: vec2(78.0, 46.0),
        summary: &summary,
    };
    let height = (ui.available_height() - 40.0).clamp(180.0, 560.0);
    number_grid::show(ui, vec2(ui.available_width(), height), &grid);
    controls::note(ui, summary.clone());
}

fn likeness(source: &VectorSource, words: &[String]) -> Vec<f32> {
    let vectors = source.vectors();
    let places: Vec<usize> = words.iter().filter_map(|word| vectors.find(word)).collect();
    places.iter().flat_map(|a| places.iter().map(move |b| vectors.similarity(*a, *b))).collect()
}

/// For every word its likest other one.
pub fn describe(source: &VectorSource, words: &[String]) -> String {
    let (all, n) = (likeness(source, words), words.len());
    let likest = |i: usize| {
        let others = (0..n).filter(|j| *j != i);
        let best = others.max_by(|a, b| all[i * n + a].total_cmp(&all[i * n + b]))?;
        let value = value_text(all[i * n + best]);
        Some(t!("chapters_attention.words.pair", a = words[i], b = words[best], value = value).into_owned())
    };
    (0..n).filter_map(likest).collect::<Vec<_>>().join("; ")
}
