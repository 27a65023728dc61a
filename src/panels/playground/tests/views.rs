//! The microscope, answers side by side, scores, settings and history.

use super::*;
use crate::engine::history::{Entry, History};
use crate::generate::sampling::Judged;
use crate::generate::{BeamNode, BeamSearch, BeamSequence, BeamStep, Fate, TextScore, TokenScore};

fn go(page: &mut Page, view: &str) {
    page.get_by_label(view).click();
    page.run();
}

/// The token that the mark picks.
fn picked(page: &Page) -> String {
    page.get_by_label_contains("Number drawn, picks").accesskit_node().label().unwrap_or_default()
}

#[test]
fn dragging_the_number_picks_another_token_in_the_same_frame_without_a_run_or_the_engine() {
    let mut page = answered();
    go(&mut page, "Microscope");
    let runs = page.state().page.lens.runs();
    let mark = page.get_by_label_contains("Number drawn, picks").rect();
    let press = |page: &mut Page, share: f32, pressed: bool| {
        let pos = egui::pos2(mark.center().x, mark.bottom() - share * mark.height());
        page.hover_at(pos);
        page.event(egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
        page.step();
    };
    press(&mut page, 0.05, true);
    let mut seen = Vec::new();
    for share in [0.1, 0.5, 0.97] {
        page.hover_at(egui::pos2(mark.center().x, mark.bottom() - share * mark.height()));
        page.step();
        page.step();
        seen.push(picked(&page));
    }
    press(&mut page, 0.97, false);
    assert!(seen[0].ends_with("picks a") && seen[2].ends_with("picks b"), "{seen:?}");
    assert_eq!(page.state().page.lens.runs(), runs, "the pipeline did not run again");
    assert!(commands(&page).is_empty(), "nor did the model");
}

#[test]
fn a_slider_above_a_column_changes_what_is_right_of_it() {
    let mut page = answered();
    go(&mut page, "Microscope");
    let row = |page: &Page| page.get_by_label_contains("c: logit").accesskit_node().label().unwrap_or_default();
    assert!(row(&page).contains("(top-p)"), "{}", row(&page));
    page.get_by_label("÷ T").focus();
    page.run();
    for _ in 0..60 {
        page.key_press(egui::Key::ArrowRight);
        page.step();
    }
    page.run();
    assert!(!row(&page).contains("(top-p)"), "hot enough for it to be needed: {}", row(&page));
    assert!(commands(&page).is_empty());
}

#[test]
fn the_microscope_shows_the_number_that_was_really_drawn_and_can_branch_from_there() {
    let mut page = answered();
    let (job, _) = writing(&mut page);
    tell(&mut page, &Event::GenerationEnded(job, StopReason::MaxTokens, 0.02, 80.0));
    page.get_by_label_contains("Answer: ").focus();
    page.run();
    page.key_press(egui::Key::ArrowRight);
    page.run();
    go(&mut page, "Microscope");
    assert!(page.query_by_label_contains("The number drawn was 0.2500").is_some());
    commands(&page);
    page.get_by_label("Continue with this one").click();
    page.run();
    assert!(matches!(commands(&page).last(), Some(Command::Generate(_, _, request)) if request.prompt == "aba"));
}

#[test]
fn three_temperatures_are_written_one_after_the_other_with_the_same_seed() {
    let mut page = answered();
    go(&mut page, "Compare");
    page.get_by_label("Generate all").click();
    page.run();
    let mut temperatures = Vec::new();
    for _ in 0..3 {
        let sent = commands(&page);
        let Some(Command::Generate(job, _, request)) = sent.last() else { panic!("{sent:?}") };
        assert_eq!((request.prompt.as_str(), request.seed), ("ab", 1));
        temperatures.push(request.sampling.temperature);
        let (next, logits) = token(2);
        tell(&mut page, &Event::Token(*job, next, logits));
        tell(&mut page, &Event::GenerationEnded(*job, StopReason::MaxTokens, 0.02, 80.0));
    }
    assert_eq!(temperatures, [0.3, 0.8, 1.4]);
    for place in ["A", "B", "C"] {
        assert!(page.query_by_label(&format!("Answer {place}: c")).is_some());
    }
    // One of them becomes a thread of the sheet.
    page.get_all_by_label("Open this text in Write").next().expect("a button").click();
    page.run();
    assert!(page.query_by_label("Answer: c").is_some());
}

#[test]
fn two_models_answer_the_same_prompt() {
    let mut page = answered();
    go(&mut page, "Compare");
    go(&mut page, "Two models");
    page.get_by_label("Generate all").click();
    page.run();
    let mut models = Vec::new();
    for _ in 0..2 {
        let sent = commands(&page);
        let Some(Command::Generate(job, model, _)) = sent.last() else { panic!("{sent:?}") };
        models.push(model.clone());
        tell(&mut page, &Event::Failed(*job, "It cannot be loaded.".to_owned()));
    }
    assert_ne!(models[0], models[1]);
    assert!(page.query_all_by_label("It cannot be loaded.").count() == 2, "each says what is wrong with it");
}

#[test]
fn a_pasted_text_is_coloured_and_its_perplexity_told() {
    let mut page = answered();
    go(&mut page, "Score");
    page.get_by_label("Take it from Write").click();
    page.run();
    let sent = commands(&page);
    let Some(Command::ScoreText(job, _, text)) = sent.last() else { panic!("{sent:?}") };
    assert_eq!(text, "ab");
    let judged = Judged { logprob: 0.25f32.ln(), rank: 2, alternatives: vec![] };
    let token = |id, piece: &str, span, judged| TokenScore { id, piece: piece.to_owned(), span, judged };
    let tokens = vec![token(0, "a", (0, 1), None), token(1, "b", (1, 2), Some(judged))];
    let score = TextScore { tokens, judged: 1, loss: Some(4f64.ln()), perplexity: Some(4.0) };
    tell(&mut page, &Event::TextScored(*job, Arc::new(score)));
    assert!(page.query_by_label("Perplexity 4.00: ab").is_some());
    let rect = page.get_by_label("Perplexity 4.00: ab").rect();
    page.hover_at(rect.left_top() + egui::vec2(14.0, 10.0));
    page.run_steps(4);
}

#[test]
fn beams_draw_their_tree_and_the_best_becomes_the_answer() {
    let mut page = answered();
    go(&mut page, "Settings");
    go(&mut page, "Beams");
    page.get_by_label("Generate").click();
    page.run();
    let sent = commands(&page);
    let Some(Command::SearchBeams(job, _, request)) = sent.last() else { panic!("{sent:?}") };
    assert_eq!((request.prompt.as_str(), request.beams), ("ab", 4));
    go(&mut page, "Beam tree");
    let node = |parent, depth, id, fate| BeamNode { parent, depth, id, logprob: -0.5, sum: -0.5, fate };
    let nodes = vec![node(None, 1, 2, Fate::Followed), node(None, 1, 1, Fate::Dropped)];
    let step = BeamStep { step: 1, most: 8, first: 0, nodes: nodes.clone(), best: "c".to_owned() };
    tell(&mut page, &Event::BeamStep(*job, step));
    assert!(page.query_by_label_contains("others were better").is_some(), "dropped ones are drawn too");
    let sequence = BeamSequence {
        text: "c".to_owned(),
        ids: vec![2],
        tokens: vec!["c".to_owned()],
        logprobs: vec![-0.5],
        score: -0.5,
        stop: StopReason::MaxTokens,
        path: vec![0],
    };
    let found = BeamSearch {
        prompt_ids: vec![0, 1],
        sequences: vec![sequence],
        tree: nodes,
        stop: StopReason::MaxTokens,
        first_token_s: 0.01,
        tokens_per_s: 50.0,
    };
    tell(&mut page, &Event::BeamsEnded(*job, Arc::new(found)));
    assert!(page.query_by_label("Answer: c").is_some());
}

#[test]
fn settings_reach_the_request_and_can_be_given_a_name() {
    let mut page = answered();
    go(&mut page, "Settings");
    page.get_by_label("Stop texts").focus();
    page.run();
    page.get_by_label("Stop texts").type_text("c");
    page.run();
    page.get_by_label("Name of the preset").focus();
    page.run();
    page.get_by_label("Name of the preset").type_text("mine");
    page.run();
    page.get_by_label("Save").click();
    page.run();
    assert!(page.query_by_label("Delete the preset “mine”").is_some());
    page.get_by_label("Generate").click();
    page.run();
    assert!(matches!(commands(&page).last(), Some(Command::Generate(_, _, request)) if request.stop == ["c"]));
}

#[test]
fn what_was_written_is_kept_and_an_earlier_text_is_taken_up() {
    let mut page = answered();
    let opened = |page: &mut Page, entries: Vec<Entry>| {
        let job = page.state().page.past.opening().expect("it asked for earlier texts");
        let mut history = History::default();
        entries.into_iter().for_each(|entry| history.add(entry));
        tell(page, &Event::HistoryOpened(job, Box::new(history)));
    };
    opened(&mut page, Vec::new());
    let (job, _) = writing(&mut page);
    page.state().commands.try_iter().count();
    tell(&mut page, &Event::GenerationEnded(job, StopReason::MaxTokens, 0.02, 80.0));
    let kept = page.state().commands.try_iter().find_map(|command| match command {
        Command::KeepHistory(_, history) => Some(history),
        _ => None,
    });
    let kept = kept.expect("it is kept");
    assert_eq!((kept.entries[0].text.as_str(), kept.entries[0].tokens.len()), ("ca", 2));

    // In the next session it is there again, with the alternatives of every token.
    let (mut next, _) = super::page("other");
    opened(&mut next, kept.entries.clone());
    go(&mut next, "History");
    next.get_by_label("Open in Write").click();
    next.run();
    assert_eq!(next.get_by_label("Prompt").value().as_deref(), Some("ab"));
    assert!(next.query_by_label("Answer: ca").is_some());
    assert_eq!(next.state().page.answer.tokens[0].alternatives.len(), 5);
}
