mod threads;
mod views;

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::engine::{Command, Event};
use crate::generate::sampling::judge;
use crate::generate::{GenerateRequest, GeneratedToken, Preset, StopReason};
use crate::panels::testing::{Stage, model, stage, tell};

type Page = Harness<'static, Stage<Playground>>;

const PIECES: [&str; 5] = ["a", "b", "c", " ", "\n"];
const LOGITS: [f32; 5] = [2.0, 1.0, 0.0, -1.0, -2.0];

/// The page with a prompt, and the question after the next token that it asked.
fn page(prompt: &str) -> (Page, Vec<Command>) {
    let mut table = toml::Table::new();
    table.insert("prompt".to_owned(), prompt.into());
    let mut playground = Playground::new();
    playground.recall(&table);
    let page = stage(playground, [1080.0, 740.0], model(&PIECES));
    let commands = commands(&page);
    (page, commands)
}

/// What the page asked the engine for, but for the texts of earlier sessions.
fn commands(page: &Page) -> Vec<Command> {
    let all = page.state().commands.try_iter();
    all.filter(|command| !matches!(command, Command::OpenHistory(_) | Command::KeepHistory(..))).collect()
}

fn answered() -> Page {
    let (mut page, commands) = page("ab");
    let [Command::NextToken(job, _, text)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(text, "ab");
    tell(&mut page, &Event::NextToken(*job, vec![0, 1], Arc::new(LOGITS.to_vec())));
    page
}

fn token(id: u32) -> (GeneratedToken, Arc<Vec<f32>>) {
    let judged = judge(&LOGITS, id);
    let (logprob, rank, alternatives) = (judged.logprob, judged.rank, judged.alternatives);
    let text = PIECES[id as usize].to_owned();
    let drawn = Some(0.25);
    let token = GeneratedToken { id, text, logprob, rank, alternatives, drawn, ..GeneratedToken::default() };
    (token, Arc::new(LOGITS.to_vec()))
}

/// Presses generate and hands in the start of the answer and two tokens.
fn writing(page: &mut Page) -> (JobId, GenerateRequest) {
    page.get_by_label("Generate").click();
    page.run();
    let sent = commands(page);
    let Some(Command::Generate(job, _, request)) = sent.last() else { panic!("{sent:?}") };
    tell(page, &Event::GenerationStarted(*job, vec![0, 1], request.seed));
    for id in [2, 0] {
        let (token, logits) = token(id);
        tell(page, &Event::Token(*job, token, logits));
    }
    (*job, request.clone())
}

#[test]
fn moving_the_temperature_changes_the_bars_without_the_engine() {
    let mut page = answered();
    let before = page.get_by_label_contains("a, ").accesskit_node().label().unwrap_or_default();
    page.get_by_label("Temperature").focus();
    page.run();
    for _ in 0..6 {
        page.key_press(egui::Key::ArrowRight);
        page.run();
    }
    let after = page.get_by_label_contains("a, ").accesskit_node().label().unwrap_or_default();
    assert_ne!(before, after);
    assert!(commands(&page).is_empty(), "the model was not asked again");
}

#[test]
fn bars_say_which_step_cut_a_token() {
    let page = answered();
    // Temperature 0.6 and top-p 0.9: the two likeliest reach 0.94 together.
    assert!(
        page.query_by_label_contains("c, ")
            .is_some_and(|bar| { bar.accesskit_node().label().is_some_and(|label| label.contains("top-p")) })
    );
    assert!(page.query_by_label_contains("equal tokens").is_some(), "the entropy is told");
}

#[test]
fn a_generation_streams_and_can_be_stopped_at_once() {
    let mut page = answered();
    let (job, request) = writing(&mut page);
    assert_eq!((request.prompt.as_str(), request.seed), ("ab", 1));
    assert!(page.query_by_label("Answer: ca").is_some());
    page.get_by_label("Stop").click();
    page.run();
    let sent = commands(&page);
    assert!(sent.iter().any(|command| matches!(command, Command::Cancel(stopped) if *stopped == job)), "{sent:?}");
    let (late, logits) = token(1);
    tell(&mut page, &Event::Token(job, late, logits));
    assert!(page.query_by_label("Answer: ca").is_some(), "a late token is not shown");
    assert!(page.query_by_label("Generate").is_some());
    tell(&mut page, &Event::GenerationEnded(job, StopReason::Cancelled, 0.02, 80.0));
    assert!(page.query_by_label_contains("80.0 tokens/s").is_some());
}

#[test]
fn the_same_seed_is_asked_for_again_and_the_next_one_is_another() {
    let mut page = answered();
    let (job, first) = writing(&mut page);
    tell(&mut page, &Event::GenerationEnded(job, StopReason::MaxTokens, 0.02, 80.0));
    let request = |page: &mut Page, label: &str| {
        commands(page);
        page.get_by_label_contains(label).click();
        page.run();
        let generated = commands(page).into_iter().find_map(|command| match command {
            Command::Generate(job, _, request) => Some((job, request)),
            _ => None,
        });
        let (job, request) = generated.expect("it generates");
        tell(page, &Event::GenerationStarted(job, vec![0, 1], request.seed));
        let (token, logits) = token(2);
        tell(page, &Event::Token(job, token, logits));
        request
    };
    assert_eq!(request(&mut page, "same seed"), first);
    let next = request(&mut page, "next seed");
    assert_eq!((next.seed, &next.prompt), (first.seed + 1, &first.prompt));
}

#[test]
fn continuing_goes_on_behind_the_answer() {
    let mut page = answered();
    let (job, _) = writing(&mut page);
    tell(&mut page, &Event::GenerationEnded(job, StopReason::MaxTokens, 0.02, 80.0));
    let asked = commands(&page);
    assert!(
        matches!(asked.last(), Some(Command::NextToken(_, _, text)) if text == "abca"),
        "the next token is that after the answer: {asked:?}"
    );
    page.get_by_label("Continue").click();
    page.run();
    assert!(matches!(commands(&page).last(), Some(Command::Generate(_, _, request)) if request.prompt == "abca"));
}

#[test]
fn an_error_stands_beside_the_prompt_and_keeps_what_was_typed() {
    let (mut page, commands) = page("añ");
    let [Command::NextToken(job, ..)] = &commands[..] else { panic!("{commands:?}") };
    tell(&mut page, &Event::Failed(*job, "The vocabulary does not have ñ.".to_owned()));
    assert!(page.query_by_label("The vocabulary does not have ñ.").is_some());
    assert_eq!(page.get_by_label("Prompt").value().as_deref(), Some("añ"));
    assert!(page.state().page.settled(), "it does not ask again and again");
}

#[test]
fn another_model_keeps_the_prompt() {
    let mut page = answered();
    let stage = page.state_mut();
    let mut other = model(&["x", "y"]);
    other.model = ModelRef::Live;
    stage.shared.model_ref = ModelRef::Live;
    stage.shared.model = Some(Arc::new(other));
    stage.page.on_model(&mut stage.shared);
    page.run();
    assert_eq!(page.get_by_label("Prompt").value().as_deref(), Some("ab"));
    assert!(matches!(commands(&page).last(), Some(Command::NextToken(_, ModelRef::Live, text)) if text == "ab"));
    assert!(page.query_by_label_contains("a, ").is_none(), "bars of the other model are gone");
}

#[test]
fn another_page_can_have_a_text_continued() {
    let (mut page, _) = page("ab");
    let stage = page.state_mut();
    assert!(stage.page.on_intent(&Intent::Continue("ba".to_owned()), &mut stage.shared));
    page.run();
    let sent = commands(&page);
    assert!(sent.iter().any(|c| matches!(c, Command::Generate(_, _, request) if request.prompt == "ba")), "{sent:?}");
}

#[test]
fn what_is_remembered_comes_back() {
    let mut page = answered();
    page.get_by_label("Wild").click();
    page.run();
    let table = page.state().page.remember();
    let mut other = Playground::new();
    other.recall(&table);
    assert_eq!(other.prompt, "ab");
    assert_eq!(other.settings, page.state().page.settings);
    assert_eq!(Preset::of(&other.settings.manner.sampling), Some(Preset::Wild));
}

#[test]
fn without_a_prompt_an_example_is_one_click_away() {
    let (mut page, commands_at_first) = page("");
    assert!(commands_at_first.is_empty());
    page.get_by_label("Try an example").click();
    page.run();
    assert!(matches!(commands(&page).last(), Some(Command::NextToken(..))));
}
