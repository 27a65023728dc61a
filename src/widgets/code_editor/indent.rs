//! Tab, Shift+Tab and Enter in a program: edits of a text with a selection, both in characters.

use std::ops::Range;

/// One level.
const LEVEL: &str = "    ";

/// Changes a text and says what is selected afterwards.
pub(super) type Edit = fn(&mut String, Range<usize>) -> Range<usize>;

/// Indents the selected lines; without a selection, or with one inside a line, up to the next level at the cursor.
pub(super) fn indent(source: &mut String, selected: Range<usize>) -> Range<usize> {
    let bytes = bytes(source, &selected);
    if !source[bytes.clone()].contains('\n') {
        let column = source[line_start(source, bytes.start)..bytes.start].chars().count();
        let spaces = LEVEL.len() - column % LEVEL.len();
        source.replace_range(bytes, &LEVEL[..spaces]);
        let cursor = selected.start + spaces;
        return cursor..cursor;
    }
    // A selection that begins at the start of a line takes the new spaces in.
    let first = if source[..bytes.start].is_empty() || source[..bytes.start].ends_with('\n') { 0 } else { LEVEL.len() };
    let mut added = 0;
    for start in line_starts(source, &bytes).into_iter().rev() {
        source.insert_str(start, LEVEL);
        added += LEVEL.len();
    }
    selected.start + first..selected.end + added
}

/// Takes up to one level away from every selected line, or from the line of the cursor.
pub(super) fn outdent(source: &mut String, selected: Range<usize>) -> Range<usize> {
    let bytes = bytes(source, &selected);
    let (mut before, mut all) = (0, 0);
    let starts = line_starts(source, &bytes);
    for (i, start) in starts.iter().enumerate().rev() {
        let indented = source[*start..].bytes().take(LEVEL.len()).take_while(|byte| *byte == b' ').count();
        source.replace_range(*start..start + indented, "");
        all += indented;
        if i == 0 {
            // The cursor moves with its line, but not in front of it.
            before = indented.min(bytes.start.saturating_sub(*start));
        }
    }
    selected.start - before..selected.end.saturating_sub(all).max(selected.start - before)
}

/// A new line, as far in as the one before, and one level more after an opening bracket.
pub(super) fn new_line(source: &mut String, selected: Range<usize>) -> Range<usize> {
    let bytes = bytes(source, &selected);
    let line = &source[line_start(source, bytes.start)..bytes.start];
    let mut text: String = std::iter::once('\n').chain(line.chars().take_while(|c| *c == ' ')).collect();
    if line.trim_end().ends_with(['{', '[', '(']) {
        text.push_str(LEVEL);
    }
    let cursor = selected.start + text.chars().count();
    source.replace_range(bytes, &text);
    cursor..cursor
}

/// A range of characters as one of bytes, cut to the text.
fn bytes(source: &str, selected: &Range<usize>) -> Range<usize> {
    let byte = |character: usize| source.char_indices().nth(character).map_or(source.len(), |(byte, _)| byte);
    byte(selected.start)..byte(selected.end.max(selected.start))
}

fn line_start(source: &str, byte: usize) -> usize {
    source[..byte].rfind('\n').map_or(0, |at| at + 1)
}

/// Where the lines begin that a range touches; one whose first character only ends it does not count.
fn line_starts(source: &str, bytes: &Range<usize>) -> Vec<usize> {
    let first = line_start(source, bytes.start);
    let further = source[bytes.clone()].match_indices('\n').map(|(at, _)| bytes.start + at + 1);
    std::iter::once(first).chain(further.filter(|&start| start < bytes.end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Runs an edit on a text in which `[` and `]` mark the selection, or `|` the cursor.
    fn run(edit: Edit, marked: &str) -> String {
        let plain: String = marked.chars().filter(|c| !"[]|".contains(*c)).collect();
        let place = |c: char| marked.chars().position(|x| x == c);
        let selected = match place('|') {
            Some(cursor) => cursor..cursor,
            None => place('[').unwrap()..place(']').unwrap() - 1,
        };
        let mut text = plain;
        let left = edit(&mut text, selected);
        let mut marked: Vec<char> = text.chars().collect();
        if left.is_empty() {
            marked.insert(left.start, '|');
        } else {
            marked.insert(left.end, ']');
            marked.insert(left.start, '[');
        }
        marked.into_iter().collect()
    }

    #[test]
    fn tab_indents() {
        assert_eq!(run(indent, "a|b"), "a   |b");
        assert_eq!(run(indent, "|b"), "    |b");
        assert_eq!(run(indent, "[a\nñ]b\nc"), "[    a\n    ñ]b\nc");
        assert_eq!(run(indent, "x[a\n]b"), "    x[a\n]b");
    }

    #[test]
    fn shift_tab_takes_it_back() {
        assert_eq!(run(outdent, "      a|b"), "  a|b");
        assert_eq!(run(outdent, " |   ab"), "|ab");
        assert_eq!(run(outdent, "[    a\n  b]\n c"), "[a\nb]\n c");
        assert_eq!(run(outdent, "ab|"), "ab|");
    }

    #[test]
    fn a_new_line_begins_under_the_one_before() {
        assert_eq!(run(new_line, "  a|b"), "  a\n  |b");
        assert_eq!(run(new_line, "fn f() {|"), "fn f() {\n    |");
        assert_eq!(run(new_line, "a[bc]d"), "a\n|d");
    }

    proptest! {
        #[test]
        fn any_selection_of_any_text_is_taken(text in "[ añ\n{]{0,30}", a in 0usize..40, b in 0usize..40) {
            for edit in [indent as Edit, outdent, new_line] {
                let mut text = text.clone();
                let left = edit(&mut text, a.min(b)..a.max(b));
                prop_assert!(left.start <= left.end);
            }
        }
    }
}
