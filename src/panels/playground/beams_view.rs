//! The tree of a beam search: a column a token, the beams that were followed as threads from left to right, what was
//! dropped as ends.

use egui::epaint::CubicBezierShape;
use egui::{Align2, Color32, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::{Playground, outlook};
use crate::generate::{BeamNode, Fate};
use crate::panels::Shared;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::{controls, number};

/// Width of a step.
const STEP: f32 = 92.0;
/// Height of a node, at least and at most.
const NODE: (f32, f32) = (20.0, 46.0);
/// Room above for the steps' numbers.
const HEAD: f32 = 20.0;

impl Playground {
    /// The tree, what was found, and how far it is.
    pub(super) fn beams_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        controls::section_title(ui, t!("beams.title"));
        let (step, most) = self.beams.steps;
        let words = match &self.beams.found {
            Some(found) => t!(
                "beams.found",
                count = found.sequences.len(),
                considered = number::grouped(self.beams.tree.len() as i64)
            ),
            None => t!("beams.searching", step = number::grouped(step as i64), most = number::grouped(most as i64)),
        };
        controls::note(ui, words);
        if self.beams.found.is_none() {
            controls::note(ui, format!("{}{}", self.beams.best.chars().take(160).collect::<String>(), "…"));
        }
        let found = self.beams.found.as_ref().map_or(0, |found| found.sequences.len());
        let below = found as f32 * 26.0 + if found > 0 { 40.0 } else { 0.0 };
        let room = vec2(ui.available_width(), (ui.available_height() - below).max(160.0));
        let (rect, _) = ui.allocate_exact_size(room, Sense::hover());
        super::inside(ui, "tree", rect, |ui| self.tree_ui(ui, shared));
        self.sequences_ui(ui);
    }

    fn tree_ui(&self, ui: &mut Ui, shared: &Shared) {
        let Some(model) = &shared.model else { return };
        let tree = &self.beams.tree;
        let theme = Theme::here(ui);
        let depth = tree.last().map_or(1, |node| node.depth);
        let width = tree.iter().filter(|node| node.depth == 1).count().max(2);
        let most =
            (1..=depth.min(3)).map(|d| tree.iter().filter(|node| node.depth == d).count()).max().unwrap_or(width);
        let height = ui.available_height() - HEAD - space::L;
        let apart = (height / most.max(1) as f32).clamp(NODE.0, NODE.1);
        let follow = self.running.is_some();
        egui::ScrollArea::both().id_salt("beams").auto_shrink(false).stick_to_right(follow).show(ui, |ui| {
            let canvas = vec2(depth as f32 * STEP + STEP / 2.0, HEAD + most as f32 * apart);
            let (rect, outer) = ui.allocate_exact_size(canvas.max(ui.available_size()), Sense::hover());
            let (spots, in_view) = spots(tree, rect, apart, ui.clip_rect());
            let best = self.beams.best_path();
            for &place in &in_view {
                let (Some(node), Some(&spot)) = (tree.get(place), spots.get(place)) else { continue };
                let from = node.parent.and_then(|parent| spots.get(parent)).map(|rect| rect.right_center());
                let from = from.unwrap_or(pos2(rect.left(), rect.top() + HEAD + apart / 2.0));
                thread(ui, theme, from, spot, node, best.contains(&place));
            }
            for &place in &in_view {
                if let (Some(node), Some(&spot)) = (tree.get(place), spots.get(place)) {
                    let label = outlook::label(&model.pieces, node.id);
                    node_ui(ui, outer.id.with(place), spot, node, &label, best.contains(&place));
                }
            }
            for step in 1..=depth {
                let x = rect.left() + (step as f32 - 0.5) * STEP;
                let at = pos2(x, rect.top());
                ui.painter().text(at, Align2::CENTER_TOP, step, theme::text(size::SMALL), theme.ink_soft);
            }
        });
    }

    /// What was found, the best first.
    fn sequences_ui(&self, ui: &mut Ui) {
        let Some(found) = &self.beams.found else { return };
        let theme = Theme::here(ui);
        ui.add_space(space::S);
        for (place, sequence) in found.sequences.iter().enumerate() {
            let line = t!(
                "beams.sequence",
                place = place + 1,
                score = format!("{:.3}", sequence.score),
                text = sequence.text.replace('\n', "↵ ")
            );
            let ink = if place == 0 { theme.generated } else { theme.ink_soft };
            let text = egui::RichText::new(line.as_ref()).font(theme::mono(size::SMALL)).color(ink);
            ui.add(egui::Label::new(text).truncate()).on_hover_text(&sequence.text);
        }
    }
}

/// Where every node is, and which of them can be seen. Followed ones of a step stand on top, in the order of their sums.
fn spots(tree: &[BeamNode], rect: Rect, apart: f32, clip: Rect) -> (Vec<Rect>, Vec<usize>) {
    let (mut row, mut depth) = (0, 0);
    let mut in_view = Vec::new();
    let mut spots = Vec::with_capacity(tree.len());
    for (place, node) in tree.iter().enumerate() {
        if node.depth != depth {
            (row, depth) = (0, node.depth);
        }
        let left = rect.left() + (node.depth as f32 - 1.0) * STEP + 16.0;
        let top = rect.top() + HEAD + row as f32 * apart;
        let spot = Rect::from_min_size(pos2(left, top + 2.0), vec2(STEP - 24.0, apart - 4.0));
        if spot.expand(STEP).intersects(clip) {
            in_view.push(place);
        }
        spots.push(spot);
        row += 1;
    }
    (spots, in_view)
}

fn thread(ui: &Ui, theme: &Theme, from: egui::Pos2, spot: Rect, node: &BeamNode, best: bool) {
    let (color, width) = match (best, node.fate) {
        (true, _) => (theme.accent, 3.0),
        (_, Fate::Followed | Fate::Finished) => (theme.generated.gamma_multiply(0.8), 1.5),
        (_, Fate::Dropped) => (theme.line, 1.0),
    };
    let to = spot.left_center();
    let half = vec2((to.x - from.x) / 2.0, 0.0);
    let points = [from, from + half, to - half, to];
    ui.painter().add(CubicBezierShape::from_points_stroke(
        points,
        false,
        Color32::TRANSPARENT,
        Stroke::new(width, color),
    ));
}

fn node_ui(ui: &Ui, id: egui::Id, spot: Rect, node: &BeamNode, label: &str, best: bool) {
    let theme = Theme::here(ui);
    let response = ui.interact(spot, id, Sense::hover());
    let fate = match node.fate {
        Fate::Followed => t!("beams.followed"),
        Fate::Finished => t!("beams.finished"),
        Fate::Dropped => t!("beams.dropped"),
    };
    let words = t!(
        "beams.node",
        token = label,
        share = percent(node.logprob.exp()),
        sum = format!("{:.2}", node.sum),
        fate = fate
    );
    response.widget_info(|| WidgetInfo::selected(Role::Image, true, best, words.as_ref()));
    let dropped = node.fate == Fate::Dropped;
    let share = node.logprob.exp();
    let ground = if dropped { theme.paper } else { theme.sequential(share) };
    let ink = if dropped { theme.ink_soft } else { theme.ink_on(ground) };
    let edge = if best { Stroke::new(2.0, theme.accent) } else { Stroke::new(1.0, theme.line) };
    ui.painter().rect(spot, 3.0, ground, edge, egui::StrokeKind::Inside);
    let mut job = egui::text::LayoutJob::simple_singleline(label.to_owned(), theme::mono(size::SMALL), ink);
    job.wrap = egui::text::TextWrapping::truncate_at_width(spot.width() - 6.0);
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(spot.center() - galley.size() / 2.0, galley, ink);
    response.on_hover_text(words);
}
