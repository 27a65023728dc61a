//! Continuing a text with models so small that everything about them is known.

use std::ops::ControlFlow;

use super::beam::{BeamListener, search};
use super::sampling::{judge, log_probability_and_rank, pick, stages, top};
use super::*;
use crate::kernels::Storage;
use crate::nn::{Decoder, DecoderConfig, LanguageModel, NoProbe, SliceReader, Weights, cpu, host_values};
use crate::text::{TextError, Tokenizer};
use crate::train::{Preset, TokenizerKind};

const TEXT: &str = "En un lugar de la Mancha,\nde cuyo nombre no quiero acordarme.";
const GREEDY: SamplingOptions = SamplingOptions::GREEDY;

/// A model with drawn weights that are large enough for its logits to differ.
struct Small {
    tokenizer: Tokenizer,
    weights: Weights,
}

impl Small {
    fn new(kind: TokenizerKind, change: impl FnOnce(&mut DecoderConfig)) -> Self {
        let tokenizer = Tokenizer::train(kind, TEXT).unwrap();
        let mut config = DecoderConfig {
            vocabulary: tokenizer.vocabulary(),
            context: 24,
            d_model: 16,
            n_layers: 2,
            n_heads: 2,
            n_kv_heads: 2,
            d_ff: 32,
            head_bias: true,
            ..Preset::Char.settings().model
        };
        change(&mut config);
        let mut weights = Weights::init(&config, 3).unwrap();
        weights.data.iter_mut().for_each(|value| *value *= 8.0);
        Self { tokenizer, weights }
    }

    fn characters() -> Self {
        Self::new(TokenizerKind::Characters, |_| {})
    }

    /// Whatever stands before it, these tokens come next, in this order of likelihood.
    fn always(mut self, likely: &[u32]) -> Self {
        let (bias, _) = self.weights.layout.find("head.bias").unwrap();
        for (rank, &id) in likely.iter().enumerate() {
            self.weights.parameter_mut(bias)[id as usize] = 10_000.0 - 1_000.0 * rank as f32;
        }
        self
    }

    fn id(&self, text: &str) -> u32 {
        self.tokenizer.encode_ids(text).unwrap()[0]
    }

    fn decoder(&self) -> Decoder {
        Decoder::from_weights(&self.weights, &cpu())
    }

    fn run(&self, request: &GenerateRequest) -> Result<Generation, GenerateError> {
        generate(&self.decoder(), &self.tokenizer, request, &mut Silent)
    }
}

fn request(prompt: &str, max_new_tokens: usize) -> GenerateRequest {
    GenerateRequest {
        prompt: prompt.to_owned(),
        sampling: SamplingOptions { temperature: 1.0, top_p: 1.0, ..SamplingOptions::default() },
        seed: 5,
        max_new_tokens,
        ..GenerateRequest::default()
    }
}

/// Writes down everything, and breaks off after so many tokens.
#[derive(Default)]
struct Notes {
    prompt_ids: Vec<u32>,
    tokens: Vec<GeneratedToken>,
    logits: Vec<Vec<f32>>,
    break_after: Option<usize>,
}

impl Listener for Notes {
    fn started(&mut self, prompt_ids: &[u32]) {
        assert!(self.tokens.is_empty());
        self.prompt_ids = prompt_ids.to_vec();
    }

    fn token(&mut self, token: &GeneratedToken, logits: &[f32]) -> ControlFlow<()> {
        self.tokens.push(token.clone());
        self.logits.push(logits.to_vec());
        if self.break_after == Some(self.tokens.len()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The last row of the logits of a whole pass, without a cache.
fn last_row(decoder: &Decoder, ids: &[u32]) -> Vec<f32> {
    let logits = host_values(decoder.forward(decoder.ids(ids, 1), &mut NoProbe));
    logits[logits.len() - decoder.config().vocabulary..].to_vec()
}

#[test]
fn the_same_seed_writes_the_same_text_and_another_seed_another() {
    let small = Small::characters();
    let texts = [5, 5, 6].map(|seed| small.run(&GenerateRequest { seed, ..request("lugar", 12) }).unwrap().text);
    assert_eq!(texts[0], texts[1]);
    assert_ne!(texts[0], texts[2]);
    assert_eq!(texts[0].chars().count(), 12);
}

#[test]
fn the_cache_changes_nothing() {
    for causal in [true, false] {
        let small = Small::new(TokenizerKind::Characters, |config| config.causal = causal);
        let decoder = small.decoder();
        let mut notes = Notes::default();
        let greedy = GenerateRequest { sampling: GREEDY, ..request("un lugar", 10) };
        let made = generate(&decoder, &small.tokenizer, &greedy, &mut notes).unwrap();
        assert_eq!(made.ids.len(), 10);
        let sure = |token: &GeneratedToken| token.share == 1.0 && token.drawn.is_none() && token.candidates.len() == 1;
        assert!(notes.tokens.iter().all(sure));
        let mut sequence = small.tokenizer.encode_ids("un lugar").unwrap();
        for (&id, logits) in made.ids.iter().zip(&notes.logits) {
            let expected = last_row(&decoder, &sequence);
            assert_eq!(top(&expected, 1), [id]);
            let error = expected.iter().zip(logits).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
            assert!(error < 1e-3, "causal {causal}, {} tokens: {error}", sequence.len());
            sequence.push(id);
        }
    }
}

#[test]
fn the_listener_hears_what_the_result_says() {
    let small = Small::characters();
    let mut notes = Notes::default();
    let made = generate(&small.decoder(), &small.tokenizer, &request("la", 8), &mut notes).unwrap();
    assert_eq!(notes.prompt_ids, made.prompt_ids);
    assert_eq!(made.prompt_ids, small.tokenizer.encode_ids("la").unwrap());
    assert_eq!(notes.tokens.iter().map(|token| token.text.as_str()).collect::<String>(), made.text);
    assert_eq!(notes.tokens.iter().map(|token| token.id).collect::<Vec<_>>(), made.ids);
    assert_eq!(made.tokens.concat(), made.text);
    assert_eq!((made.stop, made.seed), (StopReason::MaxTokens, 5));
    assert!(made.first_token_s > 0.0 && made.tokens_per_s > 0.0);
    for ((token, logits), &logprob) in notes.tokens.iter().zip(&notes.logits).zip(&made.logprobs) {
        assert_eq!((token.logprob, token.rank), log_probability_and_rank(logits, token.id));
        assert_eq!(token.logprob, logprob);
        let before = judge(logits, token.id);
        assert_eq!(token.alternatives, before.alternatives);
        let own = token.alternatives.iter().find(|other| other.id == token.id);
        assert!(own.is_none_or(|own| (own.probability - token.probability()).abs() < 1e-6));
        // Temperature 1 and nothing cut off: afterwards it is as before.
        assert!((token.share - token.probability()).abs() < 1e-6);
        assert_eq!(token.candidates.iter().map(|c| c.id).collect::<Vec<_>>(), top(logits, ALTERNATIVES));
        assert!(
            token.drawn.is_some_and(
                |number| pick(&stages(logits, &[], &SamplingOptions::PLAIN).probabilities, number) == token.id
            )
        );
    }
}

#[test]
fn logprob_and_rank_are_the_models_own() {
    let small = Small::characters();
    // So high that every other token is drawn before one that stood already.
    let sampling = SamplingOptions { repetition_penalty: 1e30, ..GREEDY };
    let made = small.run(&GenerateRequest { sampling, ..request("ma", 6) }).unwrap();
    let decoder = small.decoder();
    let mut sequence = made.prompt_ids.clone();
    for (&id, &logprob) in made.ids.iter().zip(&made.logprobs) {
        let (expected, _) = log_probability_and_rank(&last_row(&decoder, &sequence), id);
        assert!((logprob - expected).abs() < 1e-3, "{logprob} instead of {expected}");
        sequence.push(id);
    }
}

#[test]
fn a_stop_text_ends_it_and_is_not_shown() {
    let small = Small::characters();
    let id = small.id("a");
    let small = small.always(&[id]);
    let stop = |stop: &str, min_new_tokens| {
        let made = small.run(&GenerateRequest { stop: vec![stop.into()], min_new_tokens, ..request("l", 9) }).unwrap();
        (made.text, made.ids.len(), made.stop)
    };
    assert_eq!(stop("aaa", 0), (String::new(), 3, StopReason::StopText));
    assert_eq!(stop("aaa", 5), ("aa".into(), 5, StopReason::StopText));
    // Held back as the start of a stop text that never comes: shown at the end.
    assert_eq!(stop("aaaaaaaaaaaa", 0), ("aaaaaaaaa".into(), 9, StopReason::MaxTokens));
    let mut notes = Notes::default();
    let held = GenerateRequest { stop: vec!["ab".into()], ..request("l", 4) };
    generate(&small.decoder(), &small.tokenizer, &held, &mut notes).unwrap();
    assert_eq!(notes.tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>(), ["", "a", "a", "aa"]);
}

#[test]
fn end_of_text_ends_it_but_not_before_the_least_number_of_tokens() {
    let small = Small::new(TokenizerKind::Bpe(270), |_| {});
    let (end, a) = (small.tokenizer.end_of_text().unwrap(), small.id("a"));
    let small = small.always(&[end, a]);
    let run = |min_new_tokens| {
        let made = small.run(&GenerateRequest { min_new_tokens, ..request("l", 6) }).unwrap();
        // The prompt's one token counts for the whole length.
        let whole = GenerateRequest { min_length: min_new_tokens + 1, ..request("l", 6) };
        assert_eq!(small.run(&whole).unwrap().ids, made.ids);
        (made.text, made.ids, made.stop)
    };
    assert_eq!(run(0), (String::new(), vec![end], StopReason::EndOfText));
    assert_eq!(run(3), ("aaa".into(), vec![a, a, a, end], StopReason::EndOfText));
    assert_eq!(run(6), ("aaaaaa".into(), vec![a; 6], StopReason::MaxTokens));
}

#[test]
fn each_of_several_ends_ends_it_and_none_before_the_least_number_of_tokens() {
    let mut small = Small::new(TokenizerKind::Bpe(270), |_| {});
    let (end, a, turn) = (small.tokenizer.end_of_text().unwrap(), small.id("a"), small.id("b"));
    small.tokenizer.set_ends(&[end, turn]);
    let small = small.always(&[turn, end, a]);
    let run = |min_new_tokens| small.run(&GenerateRequest { min_new_tokens, ..request("l", 6) }).unwrap();
    assert_eq!((run(0).ids, run(0).stop), (vec![turn], StopReason::EndOfText));
    assert_eq!((run(2).ids, run(2).text), (vec![a, a, turn], "aa".to_owned()));
}

#[test]
fn a_long_prompt_can_be_broken_off_while_it_is_read() {
    /// Breaks off at the question of this number.
    struct Impatient(usize);
    impl Listener for Impatient {
        fn started(&mut self, _: &[u32]) {}

        fn reading(&mut self) -> ControlFlow<()> {
            self.0 -= 1;
            if self.0 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }

        fn token(&mut self, _: &GeneratedToken, _: &[f32]) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }
    impl BeamListener for Impatient {
        fn step(&mut self, _: &BeamStep) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }

        fn reading(&mut self) -> ControlFlow<()> {
            Listener::reading(self)
        }
    }
    let small = Small::characters();
    let reader = SliceReader::new(&small.weights, Storage::F32);
    let beams = BeamRequest { prompt: TEXT.to_owned(), max_new_tokens: 1, ..BeamRequest::default() };
    let all = small.run(&request(TEXT, 1)).unwrap();
    for model in [&reader as &dyn LanguageModel, &small.decoder()] {
        let made = generate(model, &small.tokenizer, &request(TEXT, 1), &mut Impatient(1)).unwrap();
        assert_eq!((made.ids.len(), made.stop), (0, StopReason::Cancelled));
        let found = search(model, &small.tokenizer, &beams, &mut Impatient(1)).unwrap();
        assert_eq!((found.sequences.len(), found.stop), (0, StopReason::Cancelled));
        // Whoever never breaks off reads the same as without being asked.
        let made = generate(model, &small.tokenizer, &request(TEXT, 1), &mut Impatient(1_000)).unwrap();
        assert_eq!((made.ids, made.stop), (all.ids.clone(), StopReason::MaxTokens));
    }
}

#[test]
fn when_the_context_is_full_it_ends() {
    let small = Small::characters();
    // Of 24 places 5 are taken; the last new token needs none of its own.
    let made = small.run(&request("lugar", 100)).unwrap();
    assert_eq!((made.ids.len(), made.stop), (20, StopReason::ContextFull));
    let exactly = small.run(&request("lugar", 20)).unwrap();
    assert_eq!((exactly.ids, exactly.stop), (made.ids, StopReason::MaxTokens));
}

#[test]
fn when_the_context_is_full_it_can_go_on_with_the_last_half() {
    let small = Small::characters();
    let decoder = small.decoder();
    let mut notes = Notes::default();
    let on = GenerateRequest { when_full: WhenFull::KeepHalf, sampling: GREEDY, ..request("lugar", 50) };
    let made = generate(&decoder, &small.tokenizer, &on, &mut notes).unwrap();
    assert_eq!((made.ids.len(), made.stop), (50, StopReason::MaxTokens));
    // The first 20 are those that fit, as without the option.
    let stopped = small.run(&GenerateRequest { when_full: WhenFull::Stop, ..on }).unwrap();
    assert_eq!((&stopped.ids[..], stopped.stop), (&made.ids[..20], StopReason::ContextFull));
    let read: Vec<usize> = notes.tokens.iter().map(|token| token.read).collect();
    let fresh = |from: usize, count: usize| from..from + count;
    assert_eq!(read, fresh(5, 20).chain(fresh(12, 13)).chain(fresh(12, 13)).chain(fresh(12, 4)).collect::<Vec<_>>());
    // Every token is the likeliest after what the model had before it, read as a text of its own.
    let sequence = [&made.prompt_ids[..], &made.ids].concat();
    for (place, token) in (5..).zip(&notes.tokens) {
        let logits = last_row(&decoder, &sequence[place - token.read..place]);
        assert_eq!(top(&logits, 1), [token.id], "token {place}");
    }
}

#[test]
fn of_a_prompt_that_is_too_long_the_end_is_read() {
    let small = Small::characters();
    let ids = small.tokenizer.encode_ids(TEXT).unwrap();
    let made = small.run(&request(TEXT, 3)).unwrap();
    assert_eq!(made.prompt_ids, ids[ids.len() - 24..]);
    assert_eq!((made.ids.len(), made.stop), (1, StopReason::ContextFull));
    let (read, logits) = next_logits(&small.decoder(), &small.tokenizer, TEXT).unwrap();
    assert_eq!(read, made.prompt_ids);
    assert_eq!(log_probability_and_rank(&logits, made.ids[0]).0, made.logprobs[0]);
}

#[test]
fn no_new_tokens_is_no_text() {
    let mut notes = Notes::default();
    let small = Small::characters();
    let made = generate(&small.decoder(), &small.tokenizer, &request("la", 0), &mut notes).unwrap();
    assert_eq!((made.text.as_str(), made.stop), ("", StopReason::MaxTokens));
    assert!(made.ids.is_empty() && made.tokens.is_empty() && notes.tokens.is_empty());
    assert_eq!((made.first_token_s, made.tokens_per_s), (0.0, 0.0));
    assert_eq!(notes.prompt_ids, made.prompt_ids);
}

#[test]
fn whoever_listens_can_break_it_off() {
    let mut notes = Notes { break_after: Some(3), ..Notes::default() };
    let small = Small::characters();
    let made = generate(&small.decoder(), &small.tokenizer, &request("la", 9), &mut notes).unwrap();
    assert_eq!((made.ids.len(), made.stop, notes.tokens.len()), (3, StopReason::Cancelled, 3));
    assert_eq!(made.text.chars().count(), 3);
}

#[test]
fn unknown_characters_are_named() {
    let error = Small::characters().run(&request("Ω y 5", 3)).unwrap_err();
    assert!(matches!(&error, GenerateError::Text(TextError::Unknown(_))), "{error:?}");
    assert!(error.to_string().contains('Ω') && error.to_string().contains('5'), "{error}");
}

#[test]
fn an_empty_prompt_begins_where_a_text_begins() {
    let first = |kind| {
        let small = Small::new(kind, |_| {});
        let id = small.run(&request("", 4)).map(|made| made.prompt_ids);
        (small, id)
    };
    let (small, ids) = first(TokenizerKind::Bpe(270));
    assert_eq!(ids.unwrap(), [small.tokenizer.end_of_text().unwrap()]);
    let (small, ids) = first(TokenizerKind::Characters);
    assert_eq!(ids.unwrap(), [small.id("\n")]);
    let (_, ids) = first(TokenizerKind::Words);
    assert!(matches!(ids, Err(GenerateError::EmptyPrompt)));
}

#[test]
fn words_are_set_off_from_the_prompt_by_a_space() {
    let small = Small::new(TokenizerKind::Words, |_| {});
    let id = small.id("lugar");
    let small = small.always(&[id]);
    assert_eq!(small.run(&request("En un", 2)).unwrap().text, " lugar lugar");
    assert_eq!(small.run(&request("En un ", 2)).unwrap().text, "lugar lugar");
}

#[test]
fn weights_that_are_no_numbers_are_an_error() {
    let mut small = Small::characters();
    small.weights.data[7] = f32::NAN;
    small.weights.data.iter_mut().rev().take(3).for_each(|value| *value = f32::NAN);
    assert!(matches!(small.run(&request("la", 3)), Err(GenerateError::NotFinite)));
    assert!(matches!(next_logits(&small.decoder(), &small.tokenizer, "la"), Err(GenerateError::NotFinite)));
}
