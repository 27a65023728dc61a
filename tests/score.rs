//! Scores of texts: every token as transformers judges it, in windows where the text is longer than the context.

use std::ops::ControlFlow;
use std::path::Path;

use safetensors::SafeTensors;
use telar::data::Home;
use telar::generate::score::score;
use telar::generate::{GenerateError, TextScore, sampling};
use telar::hub::{self, Loaded, ModelRef};
use telar::kernels::Storage;
use telar::nn::{Decoder, DecoderConfig, LanguageModel, SliceReader, Weights, cpu};
use telar::text::Tokenizer;
use telar::train::{Preset, TokenizerKind};

fn run(model: &dyn LanguageModel, tokenizer: &Tokenizer, text: &str) -> TextScore {
    score(model, tokenizer, text, &mut |_, _| ControlFlow::Continue(())).unwrap().expect("nobody broke it off")
}

/// A model of characters with a context of so many.
fn small(context: usize, causal: bool) -> Loaded {
    let tokenizer = Tokenizer::train(TokenizerKind::Characters, "\n abcdefghijklmnopqrstuvwxyz").unwrap();
    let preset = Preset::Char.settings().model;
    let config = DecoderConfig {
        vocabulary: tokenizer.vocabulary(),
        context,
        d_model: 16,
        n_layers: 2,
        n_heads: 2,
        n_kv_heads: 2,
        d_ff: 24,
        causal,
        ..preset
    };
    let mut weights = Weights::init(&config, 5).unwrap();
    weights.data.iter_mut().for_each(|weight| *weight *= 8.0);
    Loaded { name: "tiny".into(), weights, tokenizer, step: None, language: None }
}

/// The fixtures' ids need not be what their text is encoded to, so the model's own logits say what is expected; that those
/// are the ones of transformers is shown in `families.rs` and once more here.
#[test]
fn every_token_is_judged_by_the_logits_of_transformers() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors"] {
        std::fs::copy(fixtures.join("families/gpt2").join(file), folder.path().join(file)).unwrap();
    }
    std::fs::copy(fixtures.join("text/bpe.tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    let loaded = hub::load(&ModelRef::Folder(folder.path().to_owned()), &Home::at("nowhere")).unwrap();
    let bytes = std::fs::read(fixtures.join("families/gpt2/expected.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |name: &str| file.tensor(name).unwrap().data().to_vec();
    let ids: Vec<u32> = numbers("ids").chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect();
    let logits: Vec<f32> =
        numbers("logits").chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let reader = SliceReader::new(&loaded.weights, Storage::F32);
    let vocabulary = loaded.weights.config.vocabulary;
    let mut found = Vec::new();
    reader.begin(ids.len()).read_each(&ids, &mut |_, row: &[f32]| found.push(row.to_vec()));
    for (place, pair) in ids.windows(2).enumerate() {
        let theirs = sampling::judge(&logits[place * vocabulary..][..vocabulary], pair[1]);
        let ours = sampling::judge(&found[place], pair[1]);
        assert!((ours.logprob - theirs.logprob).abs() < 1e-4, "{} instead of {}", ours.logprob, theirs.logprob);
        assert_eq!(ours.rank, theirs.rank);
        assert_eq!(
            ours.alternatives.iter().map(|a| a.id).collect::<Vec<_>>(),
            theirs.alternatives.iter().map(|a| a.id).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_text_is_judged_token_by_token() {
    let text = "the quick brown fox";
    for causal in [true, false] {
        let loaded = small(32, causal);
        let reader = SliceReader::new(&loaded.weights, Storage::F32);
        let graph = Decoder::from_weights(&loaded.weights, &cpu());
        let scored = run(&reader, &loaded.tokenizer, text);
        assert_eq!((scored.tokens.len(), scored.judged), (19, 18));
        assert!(scored.tokens[0].judged.is_none());
        assert_eq!(scored.tokens.iter().map(|token| token.piece.as_str()).collect::<String>(), text);
        assert!(scored.tokens.iter().all(|token| text[token.span.0..token.span.1] == token.piece));
        let ids = loaded.tokenizer.encode_ids(text).unwrap();
        let mut sum = 0.0;
        for (place, token) in scored.tokens.iter().enumerate().skip(1) {
            let expected = sampling::judge(&graph.begin(place).read(&ids[..place]), token.id);
            let judged = token.judged.as_ref().unwrap();
            assert!((judged.logprob - expected.logprob).abs() < 1e-3, "causal {causal}, token {place}");
            assert_eq!((judged.rank, judged.alternatives.len()), (expected.rank, 10));
            assert!(judged.alternatives.is_sorted_by(|a, b| a.probability >= b.probability));
            sum -= f64::from(judged.logprob);
        }
        assert!((scored.loss.unwrap() - sum / 18.0).abs() < 1e-9);
        assert!((scored.perplexity.unwrap() - (sum / 18.0).exp()).abs() < 1e-6);
    }
}

#[test]
fn of_a_long_text_every_token_has_half_a_context_before_it() {
    let text = "it was the best of times it was the worst of times";
    for context in [1, 2, 7, 10, 49, 200] {
        let loaded = small(context, true);
        let reader = SliceReader::new(&loaded.weights, Storage::F32);
        let ids = loaded.tokenizer.encode_ids(text).unwrap();
        let scored = run(&reader, &loaded.tokenizer, text);
        assert_eq!(scored.judged, ids.len() - 1, "context {context}");
        for (place, token) in scored.tokens.iter().enumerate().skip(1) {
            let judged = token.judged.as_ref().unwrap();
            // Which beginning it was read from is for the windows to say; one of those that leave enough is the one.
            let least = place.min((context / 2).max(1));
            let read_from = (0..=place - least).filter(|from| place - from <= context);
            let fits = read_from.into_iter().any(|from| {
                let expected = sampling::judge(&reader.begin(context).read(&ids[from..place]), token.id);
                (judged.logprob - expected.logprob).abs() < 1e-3 && judged.rank == expected.rank
            });
            assert!(fits, "context {context}, token {place}");
        }
    }
}

#[test]
fn progress_is_told_and_a_score_that_nobody_wants_ends() {
    let loaded = small(64, true);
    let reader = SliceReader::new(&loaded.weights, Storage::F32);
    let text = "abc ".repeat(100);
    let mut heard = Vec::new();
    let mut listen = |done, all| {
        heard.push((done, all));
        ControlFlow::Continue(())
    };
    assert!(score(&reader, &loaded.tokenizer, &text, &mut listen).unwrap().is_some());
    assert!(heard.len() > 5 && heard.is_sorted() && heard.last() == Some(&(399, 399)), "{heard:?}");
    let mut asked = 0;
    let mut stop = |_, _| {
        asked += 1;
        ControlFlow::Break(())
    };
    assert!(score(&reader, &loaded.tokenizer, &text, &mut stop).unwrap().is_none());
    assert_eq!(asked, 1);
}

#[test]
fn of_less_than_two_tokens_nothing_is_judged_and_what_cannot_be_judged_is_an_error() {
    let mut loaded = small(16, true);
    let reader = SliceReader::new(&loaded.weights, Storage::F32);
    for (text, tokens) in [("", 0), ("a", 1)] {
        let scored = run(&reader, &loaded.tokenizer, text);
        assert_eq!((scored.tokens.len(), scored.judged, scored.loss, scored.perplexity), (tokens, 0, None, None));
    }
    let unknown = score(&reader, &loaded.tokenizer, "año", &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(unknown.to_string().contains('ñ'));
    loaded.weights.data.iter_mut().rev().take(3).for_each(|value| *value = f32::NAN);
    let broken = SliceReader::new(&loaded.weights, Storage::F32);
    let error = score(&broken, &loaded.tokenizer, "abc", &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, GenerateError::NotFinite));
}
