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
/// So many characters of what texts have in common are written before the part in which one differs.
const BEFORE: usize = 28;

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
        let below = found as f32 * 26.0 + if found > 0 { 80.0 } else { 0.0 };
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
        controls::note(ui, t!("beams.score_is"));
        let texts: Vec<&str> = found.sequences.iter().map(|sequence| sequence.text.as_str()).collect();
        for (place, sequence) in found.sequences.iter().enumerate() {
            let line = t!(
                "beams.sequence",
                place = place + 1,
                score = number::signed(sequence.score, 3),
                text = own_part(&texts, place).replace('\n', "↵ ")
            );
            let ink = if place == 0 { theme.generated } else { theme.ink_soft };
            let text = egui::RichText::new(line.as_ref()).font(theme::mono(size::SMALL)).color(ink);
            ui.add(egui::Label::new(text).truncate()).on_hover_text(&sequence.text);
        }
    }
}

/// The part in which a text differs from the one that it is most alike with, with a few words before it; what comes before
/// these is left out, with «…» in its place.
fn own_part(texts: &[&str], place: usize) -> String {
    let Some(text) = texts.get(place) else { return String::new() };
    let alike = |other: &&str| text.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let others = texts.iter().enumerate().filter(|(other, _)| *other != place);
    let common = others.map(|(_, other)| alike(other)).max().unwrap_or(0);
    let earliest = common.saturating_sub(BEFORE);
    if earliest == 0 {
        return (*text).to_owned();
    }
    // From the beginning of a word on, where one begins before the difference.
    let mut chars = text.chars().enumerate().skip(earliest).take(common - earliest);
    let start = chars.find(|(_, c)| c.is_whitespace()).map_or(earliest, |(at, _)| at);
    let rest: String = text.chars().skip(start).collect();
    format!("…{}", if rest.trim().is_empty() { rest.as_str() } else { rest.trim_start_matches(' ') })
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
        sum = number::signed(node.sum, 2),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_from_the_part_on_in_which_they_differ() {
        let common = "once upon a time there was a king who had three daughters and ";
        let texts = [format!("{common}a cat"), format!("{common}a dog"), "twice".to_owned()];
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(own_part(&texts, 0), "…had three daughters and a cat");
        assert_eq!(own_part(&texts, 1), "…had three daughters and a dog");
        assert_eq!(own_part(&texts, 2), "twice", "nothing in common");
        assert_eq!(own_part(&["alone"], 0), "alone");
    }

    #[test]
    fn a_text_that_only_begins_another_shows_its_end() {
        let long = "a beginning that is long enough to be left out in both texts";
        let longer = format!("{long} and goes on");
        assert_eq!(own_part(&[long, &longer], 0), "…be left out in both texts");
        assert_eq!(own_part(&[long, &longer], 1), "…be left out in both texts and goes on");
    }
}
