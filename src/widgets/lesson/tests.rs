//! Lesson text as it is drawn.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

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
            state.lines.extend(laid.galley.rows.iter().map(|row| row.text()));
        });
        text_ui(ui, &state.blocks, &mut reader);
        state.pointed = reader.pointed;
    };
    let state = State { formulas: Formulas::default(), blocks, pointed: None, lines: Vec::new() };
    let builder = Harness::builder().with_size([700.0, 2000.0]).with_context_setup(theme::install);
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
