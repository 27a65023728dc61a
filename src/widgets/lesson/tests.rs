//! Lesson text as it is drawn.

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::course::{Block, Course, Inline};
use crate::widgets::theme::{self, Theme};

struct State {
    formulas: Formulas,
    blocks: Vec<Block>,
    pointed: Option<String>,
    /// Letters of every line of every paragraph.
    lines: Vec<String>,
}

fn blocks(body: &str) -> Vec<Block> {
    let lesson =
        format!("---\nid = \"1.1\"\nlevel = \"beginner\"\ntitle = \"T\"\nquestion = \"Q\"\nminutes = 1\n---\n{body}\n");
    crate::course::parse::section("1.01-x.md", &lesson).unwrap().blocks
}

fn harness(blocks: Vec<Block>) -> Harness<'static, State> {
    let draw = |ui: &mut egui::Ui, state: &mut State| {
        state.formulas.refresh(ui.ctx());
        ui.set_width(COLUMN);
        let glossary = crate::course::Glossary::default();
        let mut reader = Reader::new(&mut state.formulas, &glossary, None);
        state.lines.clear();
        let face = Face::read(Theme::here(ui));
        each_paragraph(&state.blocks, &mut |words| {
            let laid = lay(ui, words, face, COLUMN, &mut reader);
            // Without the letters that nobody sees: where a formula stands there are a few of them.
            let seen = |row: String| row.chars().filter(|letter| !('\u{2061}'..='\u{2064}').contains(letter)).collect();
            state.lines.extend(laid.galley.rows.iter().map(|row| seen(row.text())));
        });
        text_ui(ui, &state.blocks, &mut reader);
        state.pointed = reader.pointed;
    };
    let state = State { formulas: Formulas::default(), blocks, pointed: None, lines: Vec::new() };
    let builder = Harness::builder().with_size([700.0, 2000.0]).with_max_steps(64).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(draw, state);
    settle(&mut harness);
    harness
}

fn settle(harness: &mut Harness<'static, State>) {
    for _ in 0..2_000 {
        harness.run();
        if !harness.state().formulas.pending() {
            harness.run();
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("formulas do not come");
}

fn each_paragraph(blocks: &[Block], take: &mut impl FnMut(&[Inline])) {
    for block in blocks {
        match block {
            Block::Paragraph(words) => take(words),
            Block::List(_, items) => items.iter().for_each(|item| each_paragraph(item, take)),
            Block::Quote(inner) => each_paragraph(inner, take),
            _ => {}
        }
    }
}

#[test]
fn no_line_has_more_than_80_characters_and_most_have_many() {
    let mut all: Vec<Block> = Vec::new();
    let course = Course::shipped();
    for language in ["es", "en"] {
        for section in &course.language(language).sections {
            all.extend(section.blocks.iter().filter(|block| !matches!(block, Block::Exercise(_))).cloned());
        }
    }
    let narrow = "Illicit little lilies, til it fills: ".repeat(20);
    all.push(Block::Paragraph(vec![Inline::Text { text: narrow, bold: false, italic: false }]));
    let usual = "The quick brown fox jumps over the lazy dog while seven wizards box and dine. ".repeat(10);
    all.extend(blocks(&usual));
    let harness = harness(all);
    let lengths: Vec<usize> = harness.state().lines.iter().map(|line| line.trim_end().chars().count()).collect();
    let fox = harness.state().lines.iter().filter(|line| line.contains("fox")).map(|line| line.len()).max().unwrap();
    assert!(fox >= 65, "a column too narrow: {fox}");
    // Even of the narrowest words: they are not those of a text.
    let most = lengths.iter().max().unwrap();
    let longest = harness.state().lines.iter().filter(|line| !line.contains("lilies"));
    let longest = longest.max_by_key(|line| line.trim_end().chars().count()).unwrap();
    assert!(longest.trim_end().chars().count() <= 80, "{longest}");
    assert!(*most <= 110);
}

#[test]
fn a_formula_stands_on_its_line_in_the_room_that_it_takes() {
    let one = harness(blocks("Before $x$ after."));
    let none = harness(blocks("Before  after."));
    let wide = |harness: &Harness<'static, State>| harness.get_by_label_contains("Before").rect().width();
    assert!(wide(&one) > wide(&none) + 5.0);
    let tall = harness(blocks(r"Before $\frac{\sum_i e^{x_i}}{\sum_j e^{x_j}}$ after."));
    let height = |harness: &Harness<'static, State>| harness.get_by_label_contains("Before").rect().height();
    assert!(height(&tall) > height(&one) + 6.0, "{} {}", height(&tall), height(&one));
    assert_eq!(height(&one), 24.0, "a small one changes nothing about the line");
}

#[test]
fn a_broken_formula_is_shown_as_it_is_written() {
    let harness = harness(blocks(r"See $\frac{1$ and $$ \nosuchthing{2} $$"));
    assert!(harness.query_by_label_contains("\\frac{1").is_some());
    assert!(harness.query_by_label_contains("\\nosuchthing{2}").is_some());
}

#[test]
fn a_paragraph_breaks_around_a_formula_and_never_inside_it() {
    let words = "word ".repeat(12);
    for more in 0..24 {
        let body = format!("{words}{}$\\operatorname{{softmax}}(QK)$, end.", "x".repeat(more));
        let blocks = blocks(&body);
        let harness = harness(blocks);
        let rect = harness.get_by_label_contains("softmax").rect();
        assert!(rect.width() <= COLUMN + 1.0, "{more}: {rect:?}");
        let lines = &harness.state().lines;
        let ends: usize = lines.iter().map(|line| line.matches('\u{2060}').count() % 2).sum();
        assert_eq!(ends, 0, "{more}: {lines:?}");
    }
}

#[test]
fn lists_and_tables_are_read_in_their_order() {
    let harness = harness(blocks("1. one\n2. two\n\n| a | b |\n|---|---|\n| c | d |\n"));
    let tops: Vec<f32> = ["one", "two", "a", "c"].map(|label| harness.get_by_label(label).rect().top()).to_vec();
    assert!(tops.is_sorted(), "{tops:?}");
    assert!(harness.get_by_label("b").rect().left() > harness.get_by_label("a").rect().right());
}

#[test]
fn no_line_breaks_at_a_narrow_no_break_space() {
    let text = "2\u{202F}164\u{202F}800 ".repeat(40);
    let harness = harness(blocks(&text));
    let lines = &harness.state().lines;
    assert!(lines.len() > 2, "{lines:?}");
    for word in lines.iter().flat_map(|line| line.split(' ')).filter(|word| !word.is_empty()) {
        assert_eq!(word, "2\u{A0}164\u{A0}800");
    }
}

/// Selects with the pointer from one place to another and copies.
fn copied(harness: &mut Harness<'static, State>, from: egui::Pos2, to: egui::Pos2) -> String {
    harness.drag_at(from);
    harness.run();
    for step in 1..=4 {
        harness.hover_at(from.lerp(to, step as f32 / 4.0));
        harness.run();
    }
    harness.drop_at(to);
    harness.run();
    harness.event(egui::Event::Copy);
    harness.step();
    let commands = &harness.output().platform_output.commands;
    let text = commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    text.unwrap_or_else(|| panic!("nothing is copied: {commands:?}"))
}

#[test]
fn what_is_copied_holds_the_formulas_as_tex() {
    let text = "Before $q \\cdot k$ after [$\\sqrt{d}$](symbol:d), 🌱.\n\n\
        $$ a = \\frac{\\htmlClass{q}{q}}{2} $$\n\nThe $x_1$ end.";
    let mut harness = harness(blocks(text));
    let first = harness.get_by_label_contains("Before").rect();
    let last = harness.get_by_label_contains("The").rect();
    let (from, to) = (first.left_center() + egui::vec2(1.0, 0.0), last.right_center() - egui::vec2(1.0, 0.0));
    let all = copied(&mut harness, from, to);
    let pieces: Vec<&str> = all.lines().filter(|line| !line.is_empty()).collect();
    let expected = [r"Before $q \cdot k$ after $\sqrt{d}$, 🌱.", r"$$a = \frac{q}{2}$$", "The $x_1$ end."];
    assert_eq!(pieces, expected, "{all:?}");
    // A part of a paragraph: from the middle on, formula and all.
    let part = copied(&mut harness, first.center(), first.right_center() - egui::vec2(1.0, 0.0));
    assert!(part.ends_with(r"$\sqrt{d}$, 🌱.") && part.len() < 40, "{part:?}");
}

#[test]
fn formulas_are_read_out_as_one_says_them_and_keep_their_tex() {
    let harness = harness(blocks("Before $q \\cdot k_1$ after.\n\n$$ \\frac{a}{b} $$"));
    assert!(harness.query_by_label("Before q · k₁ after.").is_some());
    let formula = harness.get_by_role_and_label(egui::accesskit::Role::Math, "a/b");
    assert_eq!(formula.accesskit_node().description().as_deref(), Some(r"\frac{a}{b}"));
}

#[test]
fn a_marked_symbol_of_a_formula_is_pointed_at_where_it_stands() {
    let text = "Before $\\htmlClass{q}{q} \\cdot x$ after.\n\n$$ \\frac{\\htmlClass{k}{k}}{x + y + z} $$";
    let mut harness = harness(blocks(text));
    let paragraph = harness.get_by_label_contains("Before").rect();
    let display = harness.get_by_role(egui::accesskit::Role::Math).rect();
    let display = egui::Rect::from_center_size(display.center(), egui::vec2(100.0, display.height()));
    let mut found = std::collections::BTreeMap::new();
    for (name, rect) in [("line", paragraph), ("display", display)] {
        let grid = (0..rect.width() as usize)
            .step_by(2)
            .flat_map(|x| (2..rect.height() as usize).step_by(6).map(move |y| (x, y)));
        for (x, y) in grid {
            harness.hover_at(rect.min + egui::vec2(x as f32, y as f32));
            harness.run();
            if let Some(symbol) = harness.state().pointed.clone() {
                found.entry((name, symbol)).or_insert_with(Vec::new).push((x, y));
            }
        }
    }
    let keys: Vec<_> = found.keys().map(|(place, symbol)| (*place, symbol.as_str())).collect();
    assert_eq!(keys, [("display", "k"), ("line", "q")]);
    let width = |place: &str, symbol: &str| {
        let columns: Vec<usize> = found[&(place, symbol.to_owned())].iter().map(|(x, _)| *x).collect();
        columns.iter().max().unwrap() - columns.iter().min().unwrap()
    };
    assert!(width("line", "q") < 16 && width("display", "k") < 16, "the symbol alone: {found:?}");
}

#[test]
fn words_that_light_up_are_reached_by_the_keyboard() {
    let mut harness = harness(blocks("See [$q$](symbol:query) and [another](section:1.2)."));
    harness.key_press(egui::Key::Tab);
    harness.run();
    assert_eq!(harness.state().pointed.as_deref(), Some("query"));
    assert!(harness.get_by_role_and_label(egui::accesskit::Role::Mark, "q").is_focused());
    harness.key_press(egui::Key::Tab);
    harness.run();
    assert_eq!(harness.state().pointed, None);
}
