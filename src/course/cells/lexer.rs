//! Which parts of a cell are words, names, numbers, texts and comments? For colours, and to read what rhai would not.

use std::ops::Range;

use super::language::{FUNCTIONS, KEYWORDS};

/// What a part of the source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A word of the language.
    Keyword,
    /// A function that the language has.
    Function,
    /// Another name.
    Name,
    /// A number.
    Number,
    /// A text in quotes.
    Text,
    /// A comment.
    Comment,
    /// Signs and white space.
    Rest,
}

/// Cuts a source into parts that cover it without gaps. Never fails: what is unfinished reaches to the end.
pub fn parts(source: &str) -> Vec<(Range<usize>, Part)> {
    let mut parts: Vec<(Range<usize>, Part)> = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        let (length, part) = first_part(rest);
        let length = length.clamp(1, rest.len());
        // A clamp of one byte may cut a character.
        let end = (at + length..=source.len()).find(|&end| source.is_char_boundary(end)).unwrap_or(source.len());
        match parts.last_mut() {
            Some((range, Part::Rest)) if part == Part::Rest => range.end = end,
            _ => parts.push((at..end, part)),
        }
        at = end;
    }
    parts
}

fn first_part(rest: &str) -> (usize, Part) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), Part::Comment);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), Part::Comment);
    }
    let first = rest.chars().next().unwrap_or(' ');
    match first {
        '"' | '`' | '\'' => (quoted(rest, first), Part::Text),
        c if c.is_ascii_digit() => (number(rest), Part::Number),
        c if is_name(c) => {
            let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let name = &rest[..length];
            let part = match name {
                name if KEYWORDS.contains(&name) => Part::Keyword,
                name if FUNCTIONS.contains(&name) => Part::Function,
                _ => Part::Name,
            };
            (length, part)
        }
        c => (c.len_utf8(), Part::Rest),
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Comments in comments count.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    let bytes = rest.as_bytes();
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth.saturating_sub(1), at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return i + 1,
            // Only texts in back quotes go over lines.
            '\n' if quote != '`' => return i,
            _ => {}
        }
    }
    rest.len()
}

fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        let goes_on = byte.is_ascii_alphanumeric()
            || byte == b'_'
            || (byte == b'.' && next.is_ascii_digit())
            || (matches!(byte, b'-' | b'+') && at > 0 && matches!(bytes[at - 1], b'e' | b'E') && next.is_ascii_digit());
        if !goes_on {
            break;
        }
        at += 1;
    }
    at
}

/// rhai keeps some words for itself that lessons need as names; they get a tail on the way in.
const KEPT: [&str; 1] = ["var"];

/// The tail.
const TAIL: &str = "_";

/// The source as rhai can read it, line by line the same.
pub(super) fn for_rhai(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 16);
    for (range, _) in parts(source) {
        let text = &source[range];
        out.push_str(text);
        if KEPT.contains(&text) {
            out.push_str(TAIL);
        }
    }
    out
}

/// A name as the person wrote it.
pub(super) fn from_rhai(name: &str) -> &str {
    name.strip_suffix(TAIL).filter(|name| KEPT.contains(name)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(source: &str) -> Vec<(&str, Part)> {
        parts(source).into_iter().map(|(range, part)| (&source[range], part)).collect()
    }

    #[test]
    fn a_line_of_code() {
        use Part::*;
        assert_eq!(
            words("let año = softmax(x, -1e-5); // fin"),
            [
                ("let", Keyword),
                (" ", Rest),
                ("año", Name),
                (" = ", Rest),
                ("softmax", Function),
                ("(", Rest),
                ("x", Name),
                (", -", Rest),
                ("1e-5", Number),
                ("); ", Rest),
                ("// fin", Comment),
            ]
        );
        assert_eq!(words("0..4")[0], ("0", Number));
        assert_eq!(words("\"a\\\"b\" c")[0], ("\"a\\\"b\"", Text));
        assert_eq!(words("/* a /* b */ c */ d")[0], ("/* a /* b */ c */", Comment));
    }

    #[test]
    fn kept_words_become_names_except_in_texts_and_comments() {
        assert_eq!(for_rhai("var(x, -1) // var\n\"var\" variable"), "var_(x, -1) // var\n\"var\" variable");
        assert_eq!((from_rhai("var_"), from_rhai("x_")), ("var", "x_"));
    }

    proptest! {
        #[test]
        fn parts_cover_any_text(source in ".{0,80}") {
            let mut end = 0;
            for (range, _) in parts(&source) {
                prop_assert_eq!(range.start, end);
                end = range.end;
            }
            prop_assert_eq!(end, source.len());
        }
    }
}
