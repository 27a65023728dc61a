//! Tokens side by side, each on a ground whose colour means something (a weight, say).

use egui::{Align2, Color32, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::theme::{self, Theme, size, space};

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Its text, ready to be shown ([`visible`]).
    pub text: String,
    /// Its ground; `None` for a bare one.
    pub fill: Option<Color32>,
    /// What it means, in words: shown beside the pointer and read aloud.
    pub spoken: String,
}

/// What the person did with the chips in this frame, by their place in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Under the pointer.
    pub hovered: Option<usize>,
    /// Clicked.
    pub clicked: Option<usize>,
}

/// A token's text with its white space made visible: `␣` for a space, `↵` for a line's end, `⇥` for a tab.
pub fn visible(text: &str) -> String {
    if text.is_empty() {
        return "∅".to_owned();
    }
    text.chars()
        .map(|c| match c {
            ' ' | '\u{A0}' => '␣',
            '\n' => '↵',
            '\t' => '⇥',
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .collect()
}

/// Height of a chip.
pub const HEIGHT: f32 = 24.0;

/// Draws chips in as many lines as it takes; `chosen` gets a frame.
pub fn show(ui: &mut Ui, chips: &[Chip], chosen: Option<usize>) -> Touched {
    let theme = Theme::here(ui);
    let font = theme::mono(size::BODY);
    let advance = ui.fonts_mut(|fonts| fonts.glyph_width(&font, 'm'));
    let (places, used) = places(chips.iter().map(|chip| chip.text.chars().count()), advance, ui.available_width());
    let (rect, outer) = ui.allocate_exact_size(used, Sense::hover());
    let mut touched = Touched::default();
    for (i, (chip, place)) in chips.iter().zip(places).enumerate() {
        let place = place.translate(rect.min.to_vec2());
        let response = ui.interact(place, outer.id.with(i), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen == Some(i), &chip.spoken));
        if response.clicked() {
            touched.clicked = Some(i);
        }
        if response.hovered() {
            touched.hovered = Some(i);
        }
        if ui.is_rect_visible(place) {
            let ground = chip.fill.unwrap_or(Color32::TRANSPARENT);
            let lit = response.hovered() || response.has_focus();
            let edge = match (chosen == Some(i), lit) {
                (true, _) => Stroke::new(2.0, theme.accent),
                (_, true) => Stroke::new(1.5, theme.ink),
                _ => Stroke::new(1.0, theme.line),
            };
            ui.painter().rect(place, 4.0, ground, edge, StrokeKind::Inside);
            let ink = chip.fill.map_or(theme.ink, |fill| theme.ink_on(fill));
            ui.painter().text(place.center(), Align2::CENTER_CENTER, &chip.text, font.clone(), ink);
        }
    }
    touched
}

/// Where chips of so many characters go in a width, and the room that they take together.
fn places(lengths: impl Iterator<Item = usize>, advance: f32, width: f32) -> (Vec<Rect>, Vec2) {
    let (mut x, mut y, mut widest) = (0.0f32, 0.0f32, 0.0f32);
    let mut out = Vec::new();
    for length in lengths {
        let own = (length.max(1) as f32 * advance + 2.0 * space::XS + 2.0).ceil();
        if x > 0.0 && x + own > width {
            x = 0.0;
            y += HEIGHT + 3.0;
        }
        out.push(Rect::from_min_size(pos2(x, y), vec2(own, HEIGHT)));
        widest = widest.max(x + own);
        x += own + 3.0;
    }
    let height = if out.is_empty() { 0.0 } else { y + HEIGHT };
    (out, vec2(widest, height))
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn white_space_is_made_visible() {
        assert_eq!(visible(" the"), "␣the");
        assert_eq!(visible("\n"), "↵");
        assert_eq!(visible("a\tb"), "a⇥b");
        assert_eq!(visible(""), "∅");
    }

    #[test]
    fn chips_wrap_and_do_not_overlap() {
        let (places, used) = places([3, 5, 2, 9, 1].into_iter(), 8.0, 100.0);
        assert!(used.x <= 100.0);
        for (i, a) in places.iter().enumerate() {
            assert!(a.right() <= 100.0);
            assert!(places[i + 1..].iter().all(|b| !a.shrink(0.5).intersects(b.shrink(0.5))));
        }
        assert!(places[4].top() > places[0].top());
    }

    #[test]
    fn a_chip_is_told_and_can_be_clicked() {
        let draw = |ui: &mut Ui, clicked: &mut Option<usize>| {
            let chip = |text: &str, spoken: &str| Chip { text: text.into(), fill: None, spoken: spoken.into() };
            let chips = [chip("the", "the, 10 %"), chip("␣cat", "cat, 90 %")];
            *clicked = clicked.or(show(ui, &chips, None).clicked);
        };
        let mut harness = Harness::builder().with_context_setup(theme::install).build_ui_state(draw, None);
        harness.run();
        harness.get_by_label("cat, 90 %").click();
        harness.run();
        assert_eq!(*harness.state(), Some(1));
    }
}
