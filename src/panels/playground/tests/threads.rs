//! Branches, going back and forth along them, and the card beside a token.

use super::*;

/// A page on which «ca» was written after «ab».
fn written() -> (Page, JobId) {
    let mut page = answered();
    let (job, _) = writing(&mut page);
    tell(&mut page, &Event::GenerationEnded(job, StopReason::MaxTokens, 0.02, 80.0));
    commands(&page);
    (page, job)
}

/// The request for a text that was sent last.
fn asked(page: &Page) -> (JobId, GenerateRequest) {
    let sent = commands(page);
    let generated = sent.iter().rev().find_map(|command| match command {
        Command::Generate(job, _, request) => Some((*job, request.clone())),
        _ => None,
    });
    generated.unwrap_or_else(|| panic!("nothing is generated: {sent:?}"))
}

/// Moves the pointer onto the first token of the answer, which begins where the prompt ends.
fn point_at_first_token(page: &mut Page) {
    let answer = page.get_by_label("Answer: ca").rect();
    page.hover_at(answer.left_top() + egui::vec2(4.0, 8.0));
    page.run_steps(3);
}

#[test]
fn a_token_under_the_pointer_shows_what_else_the_model_thought_of_and_a_click_branches() {
    let (mut page, _) = written();
    point_at_first_token(&mut page);
    assert!(page.query_by_label_contains("“c” is in the text").is_some(), "the card is there");
    assert!(page.query_all_by_label_contains("rank 3 of 5").next().is_some(), "with probability and rank");
    let other = page.get_by_label_contains("Put “b” here and continue");
    let at = other.rect().center();
    // On its way to the card the pointer leaves the token.
    page.hover_at(at);
    page.run_steps(3);
    page.get_by_label_contains("Put “b” here and continue").click();
    page.run();
    let (job, request) = asked(&page);
    assert_eq!(request.prompt, "abb", "it goes on behind the other token");
    tell(&mut page, &Event::GenerationStarted(job, vec![0, 1, 1], request.seed));
    let (next, logits) = token(0);
    tell(&mut page, &Event::Token(job, next, logits));
    assert!(page.query_by_label("Answer: ba").is_some());
    tell(&mut page, &Event::GenerationEnded(job, StopReason::MaxTokens, 0.02, 80.0));
    // The first way is still there, and one click away.
    page.get_by_label_contains("“ca” · 2 tokens").click();
    page.run();
    assert!(page.query_by_label("Answer: ca").is_some());
}

#[test]
fn the_keyboard_finds_the_alternatives_too() {
    let (mut page, _) = written();
    page.get_by_label_contains("Answer: ").focus();
    page.run();
    page.key_press(egui::Key::ArrowRight);
    page.run();
    assert!(page.query_by_label("Token 1 of the answer").is_some());
    assert!(page.query_by_label_contains("rank 3 of 5").is_some());
    page.get_by_label_contains("b, ").click();
    page.run();
    assert_eq!(asked(&page).1.prompt, "abb");
}

#[test]
fn undo_goes_back_along_the_thread_and_redo_on() {
    let (mut page, _) = written();
    page.get_by_label("Continue").click();
    page.run();
    let (job, request) = asked(&page);
    assert_eq!(request.prompt, "abca");
    tell(&mut page, &Event::GenerationStarted(job, vec![0, 1, 2, 0], request.seed));
    let (next, logits) = token(1);
    tell(&mut page, &Event::Token(job, next, logits));
    tell(&mut page, &Event::GenerationEnded(job, StopReason::MaxTokens, 0.02, 80.0));
    assert!(page.query_by_label("Answer: cab").is_some());
    page.get_by_label_contains("One knot back").click();
    page.run();
    assert!(page.query_by_label("Answer: ca").is_some());
    page.get_by_label_contains("One knot back").click();
    page.run();
    assert!(page.query_by_label_contains("Answer: ").is_none(), "only the prompt is left");
    for _ in 0..2 {
        page.get_by_label_contains("One knot forward").click();
        page.run();
    }
    assert!(page.query_by_label("Answer: cab").is_some());
}

#[test]
fn the_whole_text_can_be_edited_and_gone_on_with() {
    let (mut page, _) = written();
    page.get_by_label_contains("Edit everything").click();
    page.run();
    assert_eq!(page.get_by_label("Prompt").value().as_deref(), Some("abca"));
    assert!(page.query_by_label_contains("Answer: ").is_none());
    page.get_by_label("Generate").click();
    page.run();
    assert_eq!(asked(&page).1.prompt, "abca");
}

#[test]
fn going_on_from_the_middle_keeps_the_rest_as_another_thread() {
    let (mut page, _) = written();
    point_at_first_token(&mut page);
    page.get_by_label("Continue from here").click();
    page.run();
    assert_eq!(asked(&page).1.prompt, "abc");
    page.get_by_label("Stop").click();
    page.run();
    assert!(page.query_by_label_contains("“a” · 1 tokens").is_some(), "what came after stands on a thread of its own");
}

#[test]
fn a_full_context_offers_to_go_on_with_the_last_part() {
    let mut page = answered();
    let (job, _) = writing(&mut page);
    tell(&mut page, &Event::GenerationEnded(job, StopReason::ContextFull, 0.02, 80.0));
    commands(&page);
    page.get_by_label("Continue with the last part").click();
    page.run();
    let (_, request) = asked(&page);
    assert_eq!(request.when_full, crate::generate::WhenFull::KeepHalf);
    assert_eq!(request.prompt, "abca");
}

#[test]
fn a_run_that_was_stopped_before_its_first_token_leaves_no_knot() {
    let (mut page, _) = written();
    page.get_by_label("Continue").click();
    page.run();
    let (job, _) = asked(&page);
    page.get_by_label("Stop").click();
    page.run();
    tell(&mut page, &Event::GenerationEnded(job, StopReason::Cancelled, 0.0, 0.0));
    assert_eq!(page.state().page.threads.len(), 1);
    assert!(page.query_by_label("Answer: ca").is_some());
}
