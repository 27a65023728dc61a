//! A text is continued: prompt → tokens → logits → one token more, until something ends it.
//!
//! The prompt goes through the model in one pass that fills the K/V cache; from then on every token is read once.

use std::ops::ControlFlow;
use std::time::Instant;

use serde::Serialize;

use super::error::GenerateError;
use super::sampling::{log_probability_and_rank, sample};
use super::stop::StopWatch;
use super::{GenerateRequest, GeneratedToken, StopReason};
use crate::nn::{DecoderConfig, LanguageModel, Rng, Sequence};
use crate::text::{StreamDecoder, Tokenizer};

/// Somebody who follows a generation while it is made.
pub trait Listener {
    /// The ids that the model reads; see [`Generation::prompt_ids`].
    fn started(&mut self, prompt_ids: &[u32]);
    /// One more token, and the model's own logits `[vocabulary]` after the text before it, to which no option was
    /// applied. [`ControlFlow::Break`] ends the generation with [`StopReason::Cancelled`].
    fn token(&mut self, token: &GeneratedToken, logits: &[f32]) -> ControlFlow<()>;
}

/// A listener for whom the result is enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Listener for Silent {
    fn started(&mut self, _: &[u32]) {}

    fn token(&mut self, _: &GeneratedToken, _: &[f32]) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A text that was continued.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Generation {
    /// The prompt as the model reads it: of a prompt longer than the context its last tokens, as many as the context
    /// holds; of an empty one the token from which the model starts.
    pub prompt_ids: Vec<u32>,
    /// The new tokens; an end-of-text token and those that complete a stop text are among them.
    pub ids: Vec<u32>,
    /// The text of each new token by itself, as in [`Tokenizer::pieces`].
    pub tokens: Vec<String>,
    /// Natural logarithm of each new token's probability under the model (temperature 1, nothing cut off).
    pub logprobs: Vec<f32>,
    /// What was written after the prompt, without the stop text.
    pub text: String,
    /// Why it ended.
    pub stop: StopReason,
    /// The seed: with it, the same model writes the same text.
    pub seed: u64,
    /// Seconds until the first token was there: encoding, the prompt's pass and the choice. 0 where there is none.
    pub first_token_s: f64,
    /// Tokens a second after the first one; for a single token one through `first_token_s`; 0 where there is none.
    pub tokens_per_s: f64,
}

/// Continues the text of a request.
///
/// The texts of all tokens that the listener hears, put together, are [`Generation::text`], except that a listener who
/// breaks off does not hear what was held back because it might have become a stop text.
///
/// # Errors
/// If the prompt has words or characters that the vocabulary does not have, if there is nothing to start from, or if
/// the model computes something that is no number.
pub fn generate(
    model: &dyn LanguageModel,
    tokenizer: &Tokenizer,
    request: &GenerateRequest,
    listener: &mut dyn Listener,
) -> Result<Generation, GenerateError> {
    let begin = Instant::now();
    let prompt_ids = prompt_ids(model.config(), tokenizer, &request.prompt)?;
    listener.started(&prompt_ids);
    let mut writer = Writer::new(model, tokenizer, request, prompt_ids);
    let mut first_token_s = 0.0;
    let stop = loop {
        if writer.ids.len() >= request.max_new_tokens {
            break StopReason::MaxTokens;
        }
        let logits = writer.reader.logits(&writer.sequence)?;
        let (token, stop) = writer.choose(&logits);
        if writer.ids.len() == 1 {
            first_token_s = begin.elapsed().as_secs_f64();
        }
        let heard = listener.token(&token, &logits);
        if let Some(stop) = stop {
            break stop;
        }
        if heard.is_break() {
            break StopReason::Cancelled;
        }
    };
    let tokens_per_s = match writer.ids.len() {
        0 => 0.0,
        1 => 1.0 / first_token_s.max(f64::MIN_POSITIVE),
        n => (n - 1) as f64 / (begin.elapsed().as_secs_f64() - first_token_s).max(f64::MIN_POSITIVE),
    };
    Ok(writer.finish(stop, first_token_s, tokens_per_s))
}

/// The ids of a text's tokens as the model reads them (see [`Generation::prompt_ids`]), and the logits `[vocabulary]` of
/// the token after them.
///
/// # Errors
/// As [`generate`].
pub fn next_logits(
    model: &dyn LanguageModel,
    tokenizer: &Tokenizer,
    text: &str,
) -> Result<(Vec<u32>, Vec<f32>), GenerateError> {
    let ids = prompt_ids(model.config(), tokenizer, text)?;
    let logits = Reader::new(model, ids.len()).logits(&ids)?;
    Ok((ids, logits))
}

/// The ids of a text's tokens as the model reads them: never none, and at most the context; see
/// [`Generation::prompt_ids`].
///
/// # Errors
/// If the text has words or characters that the vocabulary does not have, or if there is nothing to start from.
pub fn prompt_ids(config: &DecoderConfig, tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>, GenerateError> {
    let mut ids = tokenizer.encode_for_model(text)?;
    if ids.is_empty() {
        ids = vec![first_id(tokenizer).ok_or(GenerateError::EmptyPrompt)?];
    }
    let surplus = ids.len().saturating_sub(config.context);
    ids.drain(..surplus);
    Ok(ids)
}

/// From which token does a text start that nobody has begun? From the one that stands between texts, or else from white
/// space. Where tokens are words there is neither.
fn first_id(tokenizer: &Tokenizer) -> Option<u32> {
    tokenizer.end_of_text().or_else(|| {
        let alone = |text: &&str| tokenizer.encode_ids(text).is_ok_and(|ids| ids.len() == 1);
        let text = ["\n", " "].into_iter().find(alone)?;
        tokenizer.encode_ids(text).ok()?.first().copied()
    })
}

/// The model, and what it has read.
struct Reader<'a> {
    text: Box<dyn Sequence + 'a>,
    capacity: usize,
    read: usize,
}

impl<'a> Reader<'a> {
    /// Reads at most `most` tokens, or the context if that is less.
    fn new(model: &'a dyn LanguageModel, most: usize) -> Self {
        let capacity = most.min(model.config().context);
        Self { text: model.begin(capacity), capacity, read: 0 }
    }

    /// Tokens that can still be read.
    fn room(&self) -> usize {
        self.capacity - self.read
    }

    /// The logits after the last token of the sequence, which begins with what was read before.
    fn logits(&mut self, sequence: &[u32]) -> Result<Vec<f32>, GenerateError> {
        let logits = self.text.read(sequence.get(self.read..).unwrap_or_default());
        self.read = sequence.len();
        if logits.iter().all(|logit| logit.is_finite()) { Ok(logits) } else { Err(GenerateError::NotFinite) }
    }
}

/// The text as it grows.
struct Writer<'a> {
    request: &'a GenerateRequest,
    tokenizer: &'a Tokenizer,
    reader: Reader<'a>,
    rng: Rng,
    stream: StreamDecoder<'a>,
    watch: StopWatch<'a>,
    prompt: usize,
    /// Prompt and answer.
    sequence: Vec<u32>,
    ids: Vec<u32>,
    logprobs: Vec<f32>,
    text: String,
}

impl<'a> Writer<'a> {
    fn new(
        model: &'a dyn LanguageModel,
        tokenizer: &'a Tokenizer,
        request: &'a GenerateRequest,
        prompt_ids: Vec<u32>,
    ) -> Self {
        let most = prompt_ids.len().saturating_add(request.max_new_tokens);
        Self {
            request,
            tokenizer,
            reader: Reader::new(model, most),
            rng: Rng::new(request.seed),
            stream: StreamDecoder::after(tokenizer, &request.prompt),
            watch: StopWatch::new(&request.stop),
            prompt: prompt_ids.len(),
            sequence: prompt_ids,
            ids: Vec::new(),
            logprobs: Vec::new(),
            text: String::new(),
        }
    }

    /// Draws a token and appends it; says whether the text ends with it.
    fn choose(&mut self, logits: &[f32]) -> (GeneratedToken, Option<StopReason>) {
        let id = self.draw(logits);
        let (logprob, rank) = log_probability_and_rank(logits, id);
        self.sequence.push(id);
        self.ids.push(id);
        self.logprobs.push(logprob);
        let (text, stop) = self.write(id);
        self.text.push_str(&text);
        (GeneratedToken { id, text, logprob, rank }, stop)
    }

    fn draw(&mut self, logits: &[f32]) -> u32 {
        let too_early = self.ids.len() < self.request.min_new_tokens;
        let forbidden = self.tokenizer.end_of_text().filter(|_| too_early);
        let mut allowed = logits.to_vec();
        if let Some(logit) = forbidden.and_then(|id| allowed.get_mut(id as usize)) {
            *logit = f32::NEG_INFINITY;
        }
        sample(&allowed, &self.sequence, &self.request.sampling, &mut self.rng)
    }

    /// The text that a new token lets be shown. With the last one, everything that was held back comes too.
    fn write(&mut self, id: u32) -> (String, Option<StopReason>) {
        if Some(id) == self.tokenizer.end_of_text() {
            return (self.rest(), Some(StopReason::EndOfText));
        }
        let armed = self.ids.len() >= self.request.min_new_tokens;
        let piece = self.stream.push(id);
        let mut shown = self.watch.push(&piece, armed);
        if shown.stopped {
            return (shown.text, Some(StopReason::StopText));
        }
        let stop = if self.ids.len() >= self.request.max_new_tokens {
            StopReason::MaxTokens
        } else if self.reader.room() == 0 {
            StopReason::ContextFull
        } else {
            return (shown.text, None);
        };
        shown.text.push_str(&self.rest());
        (shown.text, Some(stop))
    }

    /// What the stream and the watch for stop texts still hold.
    fn rest(&mut self) -> String {
        let unfinished = self.stream.finish();
        // A stop text cannot end in the sign for a character that was never completed, so nothing is watched for.
        let shown = self.watch.push(&unfinished, false).text;
        shown + &self.watch.finish()
    }

    fn finish(mut self, stop: StopReason, first_token_s: f64, tokens_per_s: f64) -> Generation {
        let rest = self.rest();
        self.text.push_str(&rest);
        let pieces = if self.ids.is_empty() { Vec::new() } else { self.tokenizer.pieces() };
        let piece = |&id: &u32| pieces.get(id as usize).cloned().unwrap_or_default();
        let tokens = self.ids.iter().map(piece).collect();
        self.sequence.truncate(self.prompt);
        Generation {
            prompt_ids: self.sequence,
            ids: self.ids,
            tokens,
            logprobs: self.logprobs,
            text: self.text,
            stop,
            seed: self.request.seed,
            first_token_s,
            tokens_per_s,
        }
    }
}
