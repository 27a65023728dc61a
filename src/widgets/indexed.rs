//! Symbols with an index, in words that egui lays out: `W_Q` in a name is drawn as the formulas of the text draw it.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Label, Response, Role, Ui, WidgetInfo};

/// Size of an index beside its symbol of 1.
const SMALLER: f32 = 0.74;
/// Height of an index's line beside its size of 1: less than its letters have, so that they sink below the base line.
const SUNK: f32 = 0.7;

/// Words in a font, in which what follows an underscore stands small and low: `W_Q`, `d_head`, `w_Q₁`. Words without one
/// are laid out as they are.
pub fn indexed(words: &str, font: &FontId, color: Color32) -> LayoutJob {
    let mut job = LayoutJob::default();
    let plain = TextFormat::simple(font.clone(), color);
    let size = font.size * SMALLER;
    let low = TextFormat {
        line_height: Some(size * SUNK),
        ..TextFormat::simple(FontId::new(size, font.family.clone()), color)
    };
    for (symbol, index) in parts(words) {
        // Words without letters still have the height of a line.
        if !symbol.is_empty() || job.sections.is_empty() {
            job.append(symbol, 0.0, plain.clone());
        }
        if !index.is_empty() {
            job.append(&index, 0.0, low.clone());
        }
    }
    job
}

/// The same in a width, on as many lines as it takes.
pub fn indexed_in(words: &str, font: &FontId, color: Color32, width: f32) -> LayoutJob {
    LayoutJob { wrap: TextWrapping::wrap_at_width(width), ..indexed(words, font, color) }
}

/// Draws such words, wrapped; a screen reader reads them as they are written.
pub fn label(ui: &mut Ui, words: &str, font: &FontId, color: Color32) -> Response {
    let response = ui.add(Label::new(indexed(words, font, color)).wrap());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    response
}

/// Words cut at their indices: what stands on the line, and the index behind it, with digits of full size.
fn parts(words: &str) -> Vec<(&str, String)> {
    let mut out = Vec::new();
    let mut rest = words;
    while let Some((before, after)) = cut(rest) {
        let end = after.find(|letter: char| !in_index(letter)).unwrap_or(after.len());
        let (index, behind) = after.split_at(end);
        out.push((before, index.chars().map(full).collect()));
        rest = behind;
    }
    out.push((rest, String::new()));
    out
}

/// What stands before the first underscore between letters, and what stands behind it.
fn cut(words: &str) -> Option<(&str, &str)> {
    let at = words.match_indices('_').map(|(at, _)| at).find(|at| {
        let before = words[..*at].chars().next_back();
        let after = words[at + 1..].chars().next();
        before.is_some_and(char::is_alphabetic) && after.is_some_and(in_index)
    })?;
    Some((&words[..at], &words[at + 1..]))
}

fn in_index(letter: char) -> bool {
    letter.is_alphanumeric() || subscript(letter).is_some()
}

/// A small digit in full size.
fn full(letter: char) -> char {
    subscript(letter).unwrap_or(letter)
}

fn subscript(letter: char) -> Option<char> {
    let digit = u32::from(letter).checked_sub(0x2080).filter(|digit| *digit < 10)?;
    char::from_digit(digit, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_an_underscore_is_an_index() {
        let of = |words| -> Vec<(&str, String)> { parts(words) };
        let pair = |symbol, index: &str| (symbol, index.to_owned());
        assert_eq!(of("q = x·W_Q."), [pair("q = x·W", "Q"), pair(".", "")]);
        assert_eq!(of("w_Q₁"), [pair("w", "Q1"), pair("", "")]);
        assert_eq!(of("d_head, W_K = W_Q"), [pair("d", "head"), pair(", W", "K"), pair(" = W", "Q"), pair("", "")]);
        assert_eq!(of("a₄₂ and _ alone_"), [pair("a₄₂ and _ alone_", "")], "nothing is lost");
    }

    #[test]
    fn an_index_is_smaller_and_its_underscore_is_not_drawn() {
        let job = indexed("W_Q", &FontId::proportional(14.0), Color32::BLACK);
        assert_eq!(job.text, "WQ");
        let sizes: Vec<f32> = job.sections.iter().map(|section| section.format.font_id.size).collect();
        assert!(sizes.len() == 2 && sizes[1] < sizes[0], "{sizes:?}");
    }
}
