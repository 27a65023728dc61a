//! Threads from every token of a sentence to those that it attends to, from a probe on the real forward pass.

use egui::epaint::CubicBezierShape;
use egui::{Color32, Galley, Pos2, Rect, Stroke, Ui, Vec2};

use crate::engine::AttentionCapture;
use crate::widgets::theme::Theme;

/// So many threads at most go out from a token.
const THREADS: usize = 3;
/// Weaker ones are not drawn.
const LEAST: f32 = 0.05;

/// A thread from a token to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Thread {
    from: usize,
    to: usize,
    /// Attention weight, the mean over all layers and heads.
    weight: f32,
}

/// What is drawn over a sentence.
pub struct Weave {
    /// The sentence.
    pub sentence: String,
    /// Where every token begins in it, in characters, and one more for the end; not all of the sentence where it was
    /// longer than the model's context.
    starts: Vec<usize>,
    threads: Vec<Thread>,
}

impl Weave {
    /// Nothing to draw over this sentence.
    pub fn empty(sentence: String) -> Self {
        Self { sentence, starts: Vec::new(), threads: Vec::new() }
    }

    /// The strongest threads of a capture.
    pub fn new(sentence: String, capture: &AttentionCapture) -> Self {
        let lengths: Vec<usize> = capture.tokens.iter().map(|token| token.chars().count()).collect();
        // A longer text than the model's context was cut at its start.
        let shown: usize = lengths.iter().sum();
        let mut at = sentence.chars().count().saturating_sub(shown);
        let mut starts = vec![at];
        for length in lengths {
            at += length;
            starts.push(at);
        }
        let mut threads = strongest(capture);
        // The strong ones are drawn over the weak ones.
        threads.sort_by(|a, b| a.weight.total_cmp(&b.weight));
        Self { sentence, starts, threads }
    }

    /// Draws the threads into `above`, each from the middle of its token in the line of text to the middle of another.
    /// The token below the pointer shows its own threads alone.
    pub fn draw(&self, ui: &Ui, above: Rect, galley_at: Pos2, galley: &Galley, line: Rect, motion: bool) {
        let theme = Theme::here(ui);
        let middles = self.middles(galley_at, galley);
        let pointed = ui.input(|input| input.pointer.hover_pos()).and_then(|pointer| {
            let near = line.union(above).contains(pointer);
            let nearest =
                |a: &(usize, &f32), b: &(usize, &f32)| (a.1 - pointer.x).abs().total_cmp(&(b.1 - pointer.x).abs());
            near.then(|| middles.iter().enumerate().min_by(nearest).map(|(i, _)| i)).flatten()
        });
        let painter = ui.painter_at(above.union(line).expand2(Vec2::new(4.0, 2.0)));
        let farthest = self.threads.iter().map(|thread| thread.from - thread.to).max().unwrap_or(1).max(1) as f32;
        let strongest = self.threads.iter().map(|thread| thread.weight).fold(LEAST, f32::max);
        for (i, thread) in self.threads.iter().enumerate() {
            let (Some(from), Some(to)) = (middles.get(thread.from), middles.get(thread.to)) else { continue };
            let share = (thread.weight / strongest).sqrt();
            let shown = ui.ctx().animate_bool_with_time(
                ui.scope_id().with(("thread", i)),
                pointed.is_none_or(|token| token == thread.from),
                if motion { crate::widgets::theme::MOTION } else { 0.0 },
            );
            let strength = (0.16 + 0.74 * share) * (0.12 + 0.88 * shown);
            let color = if pointed == Some(thread.from) { theme.prompt } else { theme.accent };
            let reach = ((thread.from - thread.to) as f32 / farthest).powf(0.6);
            let foot = above.bottom() - 2.0;
            let top = foot - above.height() * (0.12 + 1.18 * reach);
            let points = [Pos2::new(*from, foot), Pos2::new(*from, top), Pos2::new(*to, top), Pos2::new(*to, foot)];
            let stroke = Stroke::new(0.8 + 1.6 * share, color.gamma_multiply(strength));
            painter.add(CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke));
        }
        if let Some(middle) = pointed.and_then(|token| middles.get(token)) {
            painter.circle_filled(Pos2::new(*middle, above.bottom() - 2.0), 3.0, theme.prompt);
        }
    }

    /// The middle of every token in the line, in points of the screen.
    fn middles(&self, galley_at: Pos2, galley: &Galley) -> Vec<f32> {
        let x =
            |characters: usize| galley_at.x + galley.pos_from_cursor(egui::text::CCursor::new(characters)).center().x;
        self.starts.windows(2).map(|pair| (x(pair[0]) + x(pair[1])) / 2.0).collect()
    }
}

/// For every token the strongest few of its weights on earlier tokens, as the mean over all layers and heads.
fn strongest(capture: &AttentionCapture) -> Vec<Thread> {
    let t = capture.tokens.len();
    let grids = capture.layers * capture.heads;
    let mut mean = vec![0.0f32; t * t];
    for grid in capture.weights.chunks_exact((t * t).max(1)) {
        mean.iter_mut().zip(grid).for_each(|(sum, weight)| *sum += weight / grids as f32);
    }
    let mut threads = Vec::new();
    for from in 1..t {
        let mut row: Vec<Thread> = (0..from).map(|to| Thread { from, to, weight: mean[from * t + to] }).collect();
        row.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        threads.extend(row.into_iter().take(THREADS).filter(|thread| thread.weight >= LEAST));
    }
    threads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ModelRef;

    fn capture() -> AttentionCapture {
        // Two heads of one layer on three tokens.
        let one = [1.0, 0.0, 0.0, 0.9, 0.1, 0.0, 0.5, 0.3, 0.2];
        let two = [1.0, 0.0, 0.0, 0.1, 0.9, 0.0, 0.01, 0.01, 0.98];
        AttentionCapture {
            model: ModelRef::Live,
            tokens: vec!["a".into(), "bc".into(), "d".into()],
            truncated: false,
            layers: 1,
            heads: 2,
            scores: vec![0.0; 18],
            weights: [one, two].concat(),
            scale: 1.0,
            allowed: vec![vec![true; 9]],
            d_head: 4,
        }
    }

    #[test]
    fn threads_are_means_over_the_heads_and_go_backwards() {
        let mut threads = strongest(&capture());
        threads.sort_by_key(|thread| (thread.from, thread.to));
        let places: Vec<_> = threads.iter().map(|thread| (thread.from, thread.to)).collect();
        assert_eq!(places, [(1, 0), (2, 0), (2, 1)]);
        assert!((threads[0].weight - 0.5).abs() < 1e-6);
        assert!((threads[2].weight - 0.155).abs() < 1e-6);
    }

    #[test]
    fn tokens_find_their_place_in_the_sentence_also_where_its_start_was_cut() {
        assert_eq!(Weave::new("abcd".into(), &capture()).starts, [0, 1, 3, 4]);
        assert_eq!(Weave::new("xyabcd".into(), &capture()).starts, [2, 3, 5, 6]);
    }
}
