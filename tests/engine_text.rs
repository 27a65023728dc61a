//! Beam search and scores through the engine: progress, cancel, and the thread's other work.

mod lab;

use lab::{Lab, request};
use telar::engine::{Command, Event};
use telar::generate::{BeamRequest, StopReason};

fn beams(most: usize) -> BeamRequest {
    BeamRequest { prompt: "once upon".into(), beams: 3, max_new_tokens: most, ..BeamRequest::default() }
}

#[test]
fn a_search_tells_every_step_and_what_it_found() {
    let lab = Lab::new();
    let model = lab.model();
    let id = lab.ask(|id| Command::SearchBeams(id, model.clone(), beams(10)));
    let mut tree = Vec::new();
    let found = lab.until(|event| match event {
        Event::BeamStep(job, step) if *job == id => {
            assert_eq!(step.first, tree.len());
            tree.extend_from_slice(&step.nodes);
            None
        }
        Event::BeamsEnded(job, found) if *job == id => Some(found.clone()),
        _ => None,
    });
    assert_eq!((found.tree.len(), found.tree == tree), (60, true));
    assert_eq!((found.sequences.len(), found.stop, found.prompt_ids.len()), (3, StopReason::MaxTokens, 9));
    assert!(found.sequences.iter().all(|sequence| sequence.text.chars().count() == 10));
}

#[test]
fn a_cancelled_search_says_what_it_had_and_looks_need_not_wait_for_it() {
    let lab = Lab::new();
    let model = lab.model();
    let id = lab.ask(|id| Command::SearchBeams(id, model.clone(), beams(4_000)));
    lab.until(|event| matches!(event, Event::BeamStep(job, _) if *job == id).then_some(()));
    let look = lab.ask(|id| Command::NextToken(id, model.clone(), "b".into()));
    lab.until(|event| matches!(event, Event::NextToken(job, ..) if *job == look).then_some(()));
    lab.handle.send(Command::Cancel(id));
    let mut found = None;
    lab.until(|event| {
        if let Event::BeamsEnded(job, ended) = event {
            assert_eq!(*job, id);
            found = Some(ended.clone());
        }
        matches!(event, Event::Cancelled(job) if *job == id).then_some(())
    });
    let found = found.expect("what was found until then");
    assert_eq!((found.stop, found.sequences.len()), (StopReason::Cancelled, 3));
    assert!(!found.sequences[0].text.is_empty());
    // The thread goes on.
    assert_eq!(lab.generate(&model, &request("b", 3)).ids.len(), 3);
}

#[test]
fn a_text_is_scored_with_progress() {
    let lab = Lab::new();
    let model = lab.model();
    let text = "once upon a time ".repeat(20);
    let id = lab.ask(|id| Command::ScoreText(id, model.clone(), text.clone()));
    let mut progress = Vec::new();
    let scored = lab.until(|event| match event {
        Event::ScoreProgress(job, done, all) if *job == id => {
            progress.push((*done, *all));
            None
        }
        Event::TextScored(job, scored) if *job == id => Some(scored.clone()),
        _ => None,
    });
    let all = text.len() - 1;
    assert_eq!((scored.judged, progress.last()), (all, Some(&(all, all))));
    assert!(progress.len() >= 2 && scored.perplexity.is_some_and(|perplexity| perplexity > 1.0));
    let id = lab.ask(|id| Command::ScoreText(id, model.clone(), "año".into()));
    assert!(lab.failure(id).contains('ñ'));
}

#[test]
fn a_cancelled_score_ends_at_once() {
    let lab = Lab::new();
    let model = lab.model();
    let text = "once upon a time ".repeat(2_000);
    let id = lab.ask(|id| Command::ScoreText(id, model.clone(), text));
    lab.until(|event| matches!(event, Event::ScoreProgress(job, ..) if *job == id).then_some(()));
    lab.handle.send(Command::Cancel(id));
    lab.until(|event| {
        assert!(!matches!(event, Event::TextScored(..)), "it was scored to the end");
        matches!(event, Event::Cancelled(job) if *job == id).then_some(())
    });
}

#[test]
fn every_token_comes_with_what_could_have_come_instead() {
    let lab = Lab::new();
    let model = lab.model();
    let id = lab.ask(|id| Command::Generate(id, model, request("once upon", 12)));
    let mut tokens = Vec::new();
    lab.until(|event| {
        if let Event::Token(job, token, _) = event {
            assert_eq!(*job, id);
            tokens.push(token.clone());
        }
        matches!(event, Event::GenerationEnded(..)).then_some(())
    });
    assert_eq!(tokens.len(), 12);
    for (i, token) in tokens.iter().enumerate() {
        assert_eq!((token.alternatives.len(), token.read), (10, 9 + i));
        let own = token.alternatives.iter().position(|other| other.id == token.id);
        assert!(own.is_none_or(|place| place == token.rank), "{token:?}");
        assert!(token.candidates.iter().any(|other| other.id == token.id) || token.candidates.len() == 10);
        // Top-p has cut something off, so what is left is likelier than before.
        assert!(token.share >= token.probability() && token.drawn.is_some());
    }
}
