//! What is copied of a text: formulas as TeX between dollars, the app's own signs as the emoji that stand for them.
//!
//! A selection consists of letters, and where a formula is drawn there are only two that nobody sees. So the first of them
//! is followed by a few more, as invisible, that spell the formula's number, and what goes to the clipboard is translated.

use std::collections::HashMap;

use egui::{Context, FullOutput, OutputCommand, Plugin};

use super::paragraph::{EMOJI, sign};
use crate::course::tex::unmarked;
use crate::widgets::theme::PAPER;

/// A letter that is never drawn and never parted from the next.
pub(super) const JOINER: char = '\u{2060}';
/// The digits of a formula's number: operators that are never drawn either.
const DIGITS: [char; 4] = ['\u{2061}', '\u{2062}', '\u{2063}', '\u{2064}'];

/// All formulas that were ever laid out, by their numbers.
#[derive(Default)]
pub(super) struct Copying {
    written: Vec<String>,
    /// In a line of text, and on a line of its own.
    numbers: [HashMap<String, usize>; 2],
}

impl Copying {
    /// The letters before the gap of a formula: they tell which one it is.
    pub fn letters(ctx: &Context, source: &str, display: bool) -> String {
        let copying = ctx.plugin_or_default::<Self>();
        let mut number = copying.lock().number(source, display);
        let mut digits = Vec::new();
        loop {
            digits.push(DIGITS[number % DIGITS.len()]);
            number /= DIGITS.len();
            if number == 0 {
                break;
            }
        }
        std::iter::once(JOINER).chain(digits.into_iter().rev()).collect()
    }

    fn number(&mut self, source: &str, display: bool) -> usize {
        let numbers = &mut self.numbers[usize::from(display)];
        if let Some(number) = numbers.get(source) {
            return *number;
        }
        let number = self.written.len();
        let dollars = if display { "$$" } else { "$" };
        self.written.push(format!("{dollars}{}{dollars}", unmarked(source)));
        numbers.insert(source.to_owned(), number);
        number
    }

    /// A copied text with its formulas written out.
    fn translated(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter != JOINER {
                // A digit alone is left of a formula that is selected in part.
                if !DIGITS.contains(&letter) {
                    out.push(letter);
                }
                continue;
            }
            let mut number = None;
            while let Some(digit) = letters.peek().and_then(|next| DIGITS.iter().position(|digit| digit == next)) {
                number = Some(number.unwrap_or(0usize).wrapping_mul(DIGITS.len()).wrapping_add(digit));
                letters.next();
            }
            if let Some(written) = number.and_then(|number| self.written.get(number))
                && letters.next_if_eq(&JOINER).is_some()
            {
                out.push_str(written);
            }
        }
        for emoji in EMOJI {
            if let Some((glyph, _)) = sign(emoji, &PAPER) {
                out = out.replace(glyph, emoji.encode_utf8(&mut [0; 4]));
            }
        }
        out
    }
}

impl Plugin for Copying {
    fn debug_name(&self) -> &'static str {
        "formulas in copied text"
    }

    fn output_hook(&mut self, _: &Context, output: &mut FullOutput) {
        for command in &mut output.platform_output.commands {
            if let OutputCommand::CopyText(text) | OutputCommand::TextSelectionSettled(text) = command {
                *text = self.translated(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(ctx: &Context, source: &str, display: bool) -> String {
        format!("{}{JOINER}", Copying::letters(ctx, source, display))
    }

    #[test]
    fn every_formula_comes_back_as_it_is_written() {
        let ctx = Context::default();
        let sources: Vec<String> = (0..300).map(|i| format!("x_{{{i}}}")).collect();
        let text: Vec<String> = sources.iter().map(|source| gap(&ctx, source, false)).collect();
        let expected: Vec<String> = sources.iter().map(|source| format!("${source}$")).collect();
        let copying = ctx.plugin::<Copying>();
        assert_eq!(copying.lock().translated(&text.join(", ")), expected.join(", "));
        assert_eq!(copying.lock().translated("plain"), "plain");
    }

    #[test]
    fn of_a_formula_selected_in_part_nothing_is_left_and_nothing_of_its_neighbour_is_lost() {
        let ctx = Context::default();
        let (q, k) = (gap(&ctx, "q", false), gap(&ctx, r"\htmlClass{k}{k}", true));
        let copying = ctx.plugin::<Copying>();
        let both = format!("{q}{k}");
        for from in 0..=q.chars().count() {
            let cut: String = both.chars().skip(from).collect();
            let expected = if from == 0 { "$q$$$k$$" } else { "$$k$$" };
            assert_eq!(copying.lock().translated(&cut), expected, "from {from}");
            let cut: String = both.chars().take(q.chars().count() + k.chars().count() - 1 - from).collect();
            assert!(copying.lock().translated(&cut).len() <= "$q$".len(), "{from}");
        }
    }
}
