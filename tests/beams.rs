//! Beam search against transformers, and what it promises beside that.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde::Deserialize;
use telar::data::Home;
use telar::generate::beam::{MOST_BEAMS, search, search_ids};
use telar::generate::{
    BeamRequest, BeamSearch, BeamStep, EarlyStopping, Fate, GenerateRequest, SamplingOptions, Silent, StopReason,
    generate,
};
use telar::hub::{self, Loaded, ModelRef};
use telar::kernels::Storage;
use telar::nn::{Decoder, LanguageModel, SliceReader, cpu};
use telar::text::Tokenizer;

/// See `fixtures/beams/make.py`.
#[derive(Deserialize)]
struct Case {
    model: String,
    options: Options,
    found: Vec<Found>,
}

#[derive(Debug, Deserialize)]
struct Options {
    num_beams: usize,
    max_new_tokens: usize,
    eos_token_id: Option<u32>,
    length_penalty: Option<f32>,
    early_stopping: Option<serde_json::Value>,
    repetition_penalty: Option<f32>,
    min_new_tokens: Option<usize>,
    min_length: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Found {
    ids: Vec<u32>,
    score: f32,
}

impl Options {
    fn request(&self) -> BeamRequest {
        BeamRequest {
            beams: self.num_beams,
            max_new_tokens: self.max_new_tokens,
            length_penalty: self.length_penalty.unwrap_or(1.0),
            early_stopping: match &self.early_stopping {
                Some(value) if value == "never" => EarlyStopping::Never,
                Some(value) if value == true => EarlyStopping::Full,
                _ => EarlyStopping::Heuristic,
            },
            repetition_penalty: self.repetition_penalty.unwrap_or(1.0),
            min_new_tokens: self.min_new_tokens.unwrap_or(0),
            min_length: self.min_length.unwrap_or(0),
            ..BeamRequest::default()
        }
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A small model of a family, and the ids that transformers continues.
fn family(name: &str) -> (Loaded, Vec<u32>) {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixtures().join("families").join(name)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    std::fs::copy(fixtures().join("text/bpe.tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    let bytes = std::fs::read(folder.path().join("expected.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let ids = file.tensor("ids").unwrap().data().chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap()));
    let loaded = hub::load(&ModelRef::Folder(folder.path().to_owned()), &Home::at("nowhere")).unwrap();
    (loaded, ids.collect())
}

/// Follows nothing.
fn unheard() -> impl FnMut(&BeamStep) -> ControlFlow<()> {
    |_: &BeamStep| ControlFlow::Continue(())
}

fn run(model: &dyn LanguageModel, tokenizer: &Tokenizer, ids: &[u32], request: &BeamRequest) -> BeamSearch {
    search_ids(model, tokenizer, ids.to_vec(), request, &mut unheard()).unwrap()
}

fn agrees(case: &Case, found: &BeamSearch, path: &str) {
    let label = format!("{path}, {}, {:?}", case.model, case.options);
    assert_eq!(found.sequences.len(), case.found.len(), "{label}");
    for (ours, theirs) in found.sequences.iter().zip(&case.found) {
        assert_eq!(ours.ids, theirs.ids, "{label}");
        // Scores of a negative length penalty are in the hundreds, where 1e-4 is no more than the last bit.
        let error = (ours.score - theirs.score).abs() / theirs.score.abs().max(1.0);
        assert!(error <= 1e-4, "{label}: the score {} instead of {}", ours.score, theirs.score);
    }
}

#[test]
fn the_same_sequences_and_scores_as_transformers() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/beams/cases.json")).unwrap();
    for name in ["gpt2", "llama"] {
        let (loaded, ids) = family(name);
        let reader = SliceReader::new(&loaded.weights, Storage::F32);
        let graph = Decoder::from_weights(&loaded.weights, &cpu());
        let mine: Vec<&Case> = cases.iter().filter(|case| case.model == name).collect();
        assert!(mine.len() >= 30);
        for (i, case) in mine.into_iter().enumerate() {
            let mut tokenizer = loaded.tokenizer.clone();
            // None of the others has an end: then a token that is never among the likeliest stands for it.
            tokenizer.set_ends(&[case.options.eos_token_id.unwrap_or(unlikely(&case.found))]);
            let request = case.options.request();
            agrees(case, &run(&reader, &tokenizer, &ids, &request), "reader");
            // The graph copies caches in another way; a part of the cases shows it.
            if i % 4 == 0 {
                agrees(case, &run(&graph, &tokenizer, &ids, &request), "graph");
            }
        }
    }
}

/// An id that occurs in none of the sequences.
fn unlikely(found: &[Found]) -> u32 {
    (0..320).rev().find(|id| found.iter().all(|found| !found.ids.contains(id))).unwrap()
}

#[test]
fn one_beam_is_greedy_decoding() {
    let (loaded, _) = family("gpt2");
    let reader = SliceReader::new(&loaded.weights, Storage::F32);
    let prompt = "the cat".to_owned();
    let request = BeamRequest { prompt: prompt.clone(), beams: 1, max_new_tokens: 16, ..BeamRequest::default() };
    let found = search(&reader, &loaded.tokenizer, &request, &mut unheard()).unwrap();
    let greedy =
        GenerateRequest { prompt, sampling: SamplingOptions::GREEDY, max_new_tokens: 16, ..GenerateRequest::default() };
    let made = generate(&reader, &loaded.tokenizer, &greedy, &mut Silent).unwrap();
    let best = &found.sequences[0];
    assert_eq!((&best.ids, &best.text, &best.tokens, best.stop), (&made.ids, &made.text, &made.tokens, made.stop));
    assert!(best.logprobs.iter().zip(&made.logprobs).all(|(a, b)| (a - b).abs() < 1e-4));
    let mean = best.logprobs.iter().sum::<f32>() / best.ids.len() as f32;
    assert!((best.score - mean).abs() < 1e-5, "{} is not {mean}", best.score);
}

#[test]
fn the_tree_holds_everything_that_was_considered() {
    let (loaded, ids) = family("llama");
    let reader = SliceReader::new(&loaded.weights, Storage::F32);
    let request = BeamRequest { beams: 3, max_new_tokens: 8, ..BeamRequest::default() };
    let mut nodes = Vec::new();
    let mut steps = Vec::new();
    let mut listen = |step: &BeamStep| {
        assert_eq!((step.first, step.most, step.nodes.len()), (nodes.len(), 8, 6));
        nodes.extend_from_slice(&step.nodes);
        steps.push(step.clone());
        ControlFlow::Continue(())
    };
    let found = search_ids(&reader, &loaded.tokenizer, ids, &request, &mut listen).unwrap();
    assert_eq!((found.tree.len(), steps.len()), (48, 8));
    assert_eq!(found.tree, nodes);
    for (place, node) in found.tree.iter().enumerate() {
        let before = node.parent.map_or(0.0, |parent| {
            assert!(parent < place && found.tree[parent].fate == Fate::Followed);
            assert_eq!(found.tree[parent].depth + 1, node.depth);
            found.tree[parent].sum
        });
        assert_eq!(node.parent.is_none(), node.depth == 1);
        assert!((before + node.logprob - node.sum).abs() < 1e-5);
    }
    for step in &steps {
        let count = |fate| step.nodes.iter().filter(|node| node.fate == fate).count();
        let expected = if step.step == 8 { (0, 3) } else { (3, 0) };
        assert_eq!((count(Fate::Followed), count(Fate::Finished)), expected, "step {}", step.step);
        assert!(step.nodes.is_sorted_by(|a, b| a.sum >= b.sum));
    }
    for sequence in &found.sequences {
        let on_the_way: Vec<u32> = sequence.path.iter().map(|&node| found.tree[node].id).collect();
        assert_eq!(on_the_way, sequence.ids);
        let last = found.tree[sequence.path[7]];
        assert!(last.parent == Some(sequence.path[6]) && (last.sum / 8.0 - sequence.score).abs() < 1e-5);
    }
    assert_eq!(steps[7].best, found.sequences[0].text);
}

#[test]
fn a_search_that_is_broken_off_returns_what_it_had() {
    let (loaded, ids) = family("gpt2");
    let reader = SliceReader::new(&loaded.weights, Storage::F32);
    let request = BeamRequest { beams: 3, max_new_tokens: 40, ..BeamRequest::default() };
    let mut listen = |step: &BeamStep| if step.step == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let found = search_ids(&reader, &loaded.tokenizer, ids, &request, &mut listen).unwrap();
    assert_eq!((found.stop, found.sequences.len()), (StopReason::Cancelled, 3));
    assert!(found.sequences.iter().all(|sequence| sequence.ids.len() == 5 && sequence.stop == StopReason::Cancelled));
}

#[test]
fn a_stop_text_finishes_a_sequence_and_is_not_shown() {
    let (loaded, ids) = family("gpt2");
    let reader = SliceReader::new(&loaded.weights, Storage::F32);
    let plain = BeamRequest { beams: 2, max_new_tokens: 12, ..BeamRequest::default() };
    let best = run(&reader, &loaded.tokenizer, &ids, &plain).sequences.swap_remove(0);
    let third = best.text.chars().nth(2).unwrap().to_string();
    // So that short ones win, else those that are stopped give way to longer ones.
    let stopping = BeamRequest { stop: vec![third.clone()], length_penalty: -3.0, ..plain };
    let found = run(&reader, &loaded.tokenizer, &ids, &stopping);
    assert!(found.sequences.iter().any(|sequence| sequence.stop == StopReason::StopText));
    assert!(found.sequences.iter().all(|sequence| !sequence.text.contains(&third)), "{:?}", found.sequences);
    // Before the least number of tokens it is plain text.
    let late = run(&reader, &loaded.tokenizer, &ids, &BeamRequest { min_new_tokens: 12, ..stopping });
    assert!(late.sequences.iter().all(|sequence| sequence.ids.len() == 12));
}

#[test]
fn a_full_context_ends_it_and_what_is_out_of_range_is_brought_in() {
    let (loaded, ids) = family("gpt2");
    let reader = SliceReader::new(&loaded.weights, Storage::F32);
    let long: Vec<u32> = ids.iter().cycle().take(90).copied().collect();
    let found = run(&reader, &loaded.tokenizer, &long, &BeamRequest { beams: 2, ..BeamRequest::default() });
    assert_eq!((found.sequences[0].ids.len(), found.stop), (7, StopReason::ContextFull));
    for (beams, returned) in [(0, 1), (1_000, MOST_BEAMS)] {
        let request = BeamRequest { beams, max_new_tokens: 2, ..BeamRequest::default() };
        assert_eq!(run(&reader, &loaded.tokenizer, &ids, &request).sequences.len(), returned);
    }
    let nothing = run(&reader, &loaded.tokenizer, &ids, &BeamRequest { max_new_tokens: 0, ..BeamRequest::default() });
    assert_eq!((nothing.sequences.len(), nothing.stop), (0, StopReason::MaxTokens));
}
