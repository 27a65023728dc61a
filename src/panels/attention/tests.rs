use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::compute::tests::{capture, wish};
use super::*;
use crate::panels::testing::{Stage as OnStage, model, settle, stage, tell};

type Page = Harness<'static, OnStage<Attention>>;

const TOKENS: [&str; 4] = ["a", " ", "b", "\n"];

fn asked(page: &Page) -> Vec<(JobId, String)> {
    let commands = page.state().commands.try_iter();
    commands
        .filter_map(|command| match command {
            Command::CaptureAttention(job, _, text) => Some((job, text)),
            _ => None,
        })
        .collect()
}

/// The page with a capture of two layers and three heads.
fn page() -> Page {
    let mut attention = Attention::new();
    let mut table = toml::Table::new();
    table.insert("text".to_owned(), "a b\n".into());
    attention.recall(&table);
    let mut page = stage(attention, [1080.0, 740.0], model(&["a", "b"]));
    let asked = asked(&page);
    let [(job, text)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(text, "a b\n");
    tell(&mut page, &Event::Attention(*job, capture(2, 3, &TOKENS)));
    settle(&mut page);
    page
}

fn heatmap(page: &Page) -> String {
    page.get_by_label_contains("attention matrix of").accesskit_node().label().unwrap_or_default()
}

/// Points at a cell of the large picture.
fn point(page: &mut Page, row: usize, column: usize) {
    let rect = page.get_by_label_contains("attention matrix of").rect();
    let cell = rect.size() / TOKENS.len() as f32;
    page.hover_at(rect.min + vec2(cell.x * (column as f32 + 0.5), cell.y * (row as f32 + 0.5)));
    page.run();
}

#[test]
fn another_head_shows_other_values() {
    let mut page = page();
    point(&mut page, 2, 1);
    let first = heatmap(&page);
    assert!(first.contains("Layer 1 · head 1") && first.contains("“b” → “␣”"), "{first}");
    page.get_by_label("Scores").click();
    settle(&mut page);
    point(&mut page, 2, 1);
    assert!(heatmap(&page).contains(": 0.000"), "0 + 2 × 0.5 − 1: {}", heatmap(&page));
    page.get_by_label("Layer 2 · head 3").click();
    settle(&mut page);
    point(&mut page, 2, 1);
    assert!(heatmap(&page).contains(": 5.000"), "1 + 2 × 2 + 2 × 0.5 − 1: {}", heatmap(&page));
}

#[test]
fn what_is_masked_has_no_value() {
    let mut page = page();
    point(&mut page, 0, 3);
    assert!(heatmap(&page).contains("masked"), "{}", heatmap(&page));
    page.get_by_label("Scaled").click();
    settle(&mut page);
    point(&mut page, 0, 3);
    assert!(heatmap(&page).contains("−1.500"), "(0 + 0 − 3) × 0.5: {}", heatmap(&page));
}

#[test]
fn a_pinned_row_is_told_as_tokens() {
    let mut page = page();
    assert!(page.query_by_label_contains("looks at").is_none());
    page.state_mut().page.heatmap.set_pin(Some((2, 0)));
    page.run();
    assert!(page.query_by_label_contains("What “b” looks at").is_some());
    let chips: Vec<String> =
        page.query_all_by_label_contains(", 0.").filter_map(|chip| chip.accesskit_node().label()).collect();
    assert_eq!(chips.len(), 3, "the three tokens that may be seen: {chips:?}");
    page.key_press(Key::Escape);
    page.run();
    assert!(page.query_by_label_contains("What “b” looks at").is_none());
}

#[test]
fn arrows_step_through_heads_and_layers() {
    let mut page = page();
    for (key, expected) in [
        (Key::ArrowRight, Choice::Head(0, 1)),
        (Key::ArrowDown, Choice::Head(1, 1)),
        (Key::ArrowDown, Choice::Head(1, 1)),
        (Key::ArrowRight, Choice::Head(1, 2)),
        (Key::ArrowRight, Choice::Layer(1)),
        (Key::ArrowLeft, Choice::Head(1, 2)),
        (Key::ArrowUp, Choice::Head(0, 2)),
    ] {
        page.key_press(key);
        page.run();
        assert_eq!(page.state().page.choice, expected);
    }
}

#[test]
fn the_mean_of_all_heads_is_one_click_away() {
    let mut page = page();
    page.get_by_label("Mean of all heads").click();
    settle(&mut page);
    assert!(heatmap(&page).contains("Mean of all heads"), "{}", heatmap(&page));
    page.get_by_label("Layer 2 · mean of its heads").click();
    settle(&mut page);
    assert!(heatmap(&page).contains("Layer 2 · mean"), "{}", heatmap(&page));
}

#[test]
fn typing_asks_once_after_a_pause() {
    let mut page = page();
    page.get_by_label("Text to look at").focus();
    page.run();
    page.get_by_label("Text to look at").type_text("c");
    page.step();
    assert!(asked(&page).is_empty(), "not while typing");
    page.run_steps(4);
    let asked = asked(&page);
    assert_eq!(asked.len(), 1);
    assert!(asked[0].1.contains('c'));
    assert!(!page.state().page.settled(), "its capture is still to come");
}

#[test]
fn a_text_that_does_not_fit_is_told() {
    let mut page = page();
    let mut long = (*capture(2, 3, &TOKENS)).clone();
    long.truncated = true;
    page.state_mut().page.asked = None;
    page.run_steps(3);
    let (job, _) = asked(&page).pop().expect("it asks again");
    tell(&mut page, &Event::Attention(job, Arc::new(long)));
    settle(&mut page);
    assert!(page.query_by_label_contains("only its last 4 are shown").is_some());
}

#[test]
fn an_error_is_told_and_the_text_stays() {
    let mut page = page();
    page.state_mut().page.text = "añ".to_owned();
    page.run_steps(3);
    let (job, _) = asked(&page).pop().expect("it asks");
    tell(&mut page, &Event::Failed(job, "The vocabulary does not have ñ.".to_owned()));
    assert!(page.query_by_label("The vocabulary does not have ñ.").is_some());
    assert_eq!(page.get_by_label("Text to look at").value().as_deref(), Some("añ"));
}

#[test]
fn another_page_can_have_a_text_looked_at() {
    let mut page = page();
    let stage = page.state_mut();
    assert!(stage.page.on_intent(&Intent::LookAt("ba".to_owned()), &mut stage.shared));
    page.run();
    assert_eq!(asked(&page).pop().map(|(_, text)| text).as_deref(), Some("ba"));
}

#[test]
fn files_hold_what_is_shown() {
    let picture = compute::picture(&capture(1, 1, &["a", "b"]), wish(Choice::Head(0, 0), Stage::Softmax));
    let file = |kind| export::bytes(kind, &picture, &picture.capture.tokens, "title");
    let table = file(export::Kind::Csv).expect("a table");
    let table = String::from_utf8(table).expect("it is text");
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1], "\"a\",1,", "what is masked is empty");
    let file = file(export::Kind::Png).expect("a picture");
    assert!(image::load_from_memory(&file).is_ok());
}

#[test]
fn what_is_remembered_comes_back() {
    let mut page = page();
    page.get_by_label("Scaled").click();
    page.get_by_label("Layer 2 · head 2").click();
    settle(&mut page);
    let mut other = Attention::new();
    other.recall(&page.state().page.remember());
    assert_eq!((other.text.as_str(), other.stage, other.choice), ("a b\n", Stage::Scaled, Choice::Head(1, 1)));
}

#[test]
fn lines_between_words_are_hovered_and_locked() {
    let mut page = page();
    page.get_by_label("Lines").click();
    settle(&mut page);
    assert!(page.query_by_label_contains("lines between 4 words").is_some());
    page.get_by_label("looking word 3: b").click();
    page.run();
    assert_eq!(page.state().page.lines.locked, Some(lines::Word::From(2)));
    page.remove_cursor();
    page.run();
    assert!(page.query_by_label_contains("What “b” looks at").is_some(), "the lock stays");
    page.key_press(Key::Escape);
    page.run();
    assert_eq!(page.state().page.lines.locked, None);
}

#[test]
fn small_weights_are_left_out() {
    let mut page = page();
    let shown = |page: &Page| {
        let shown = page.state().page.shown.as_ref().map(|shown| shown.picture.blank.clone());
        shown.unwrap_or_default().iter().filter(|blank| !**blank).count()
    };
    let all = shown(&page);
    page.state_mut().page.least = 0.3;
    settle(&mut page);
    assert!(shown(&page) < all);
}

#[test]
fn a_pinned_pair_is_compared_factor_by_factor_and_a_head_is_ablated() {
    use crate::engine::lesson::{Ablated, HeadVectors};

    let mut page = page();
    page.state_mut().page.heatmap.set_pin(Some((2, 1)));
    page.run();
    let lesson = |page: &Page| {
        page.state()
            .commands
            .try_iter()
            .filter_map(|command| match command {
                Command::Lesson(job, request) => Some((job, request)),
                _ => None,
            })
            .next()
    };
    let (job, request) = lesson(&page).expect("it asks for the vectors");
    assert!(matches!(request, LessonRequest::HeadVectors { head: (0, 0), .. }));
    let vectors = HeadVectors {
        head: (0, 0),
        d_head: 2,
        queries: vec![1.0, 2.0, 0.0, 0.0, 3.0, 1.0, 0.0, 0.0],
        keys: vec![2.0; 8],
    };
    tell(&mut page, &Event::Lesson(job, LessonResult::HeadVectors(Arc::new(vectors))));
    assert!(page.query_all_by_label_contains("8.000").next().is_some(), "3·2 + 1·2");
    page.get_by_label("Switch this head off").click();
    page.run();
    let (job, request) = lesson(&page).expect("it asks for the ablation");
    assert!(matches!(request, LessonRequest::Ablated { head: (0, 0), .. }));
    tell(&mut page, &Event::Lesson(job, LessonResult::Ablated(Ablated { head: (0, 0), before: 2.0, after: 2.5 })));
    let facts = page.state().page.facts().expect("a head is chosen");
    assert_eq!(facts.ablation, Some(0.5));
    assert!(page.query_by_label_contains("2.500").is_some());
}

#[test]
fn the_best_head_of_a_kind_is_one_click_away() {
    let mut page = page();
    page.get_by_label("Previous-token head").click();
    settle(&mut page);
    let facts = page.state().page.facts().expect("a head is chosen");
    assert_eq!(facts.score.previous_token, facts.best_previous);
}
