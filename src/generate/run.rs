//! A text is continued: prompt → tokens → logits → one token more, until something ends it.
//!
//! The prompt goes through the model in one pass that fills the K/V cache; from then on every token is read once.

use std::ops::ControlFlow;
use std::time::Instant;

use serde::Serialize;

use super::error::GenerateError;
use super::pen::Pen;
use super::request::WhenFull;
use super::sampling::{Drawn, Judged, Place, draw, judge};
use super::window::{Window, prompt_ids};
use super::{GenerateRequest, GeneratedToken, StopReason};
use crate::nn::{LanguageModel, Rng};
use crate::text::Tokenizer;

/// Somebody who follows a generation while it is made.
pub trait Listener {
    /// The ids that the model reads; see [`Generation::prompt_ids`].
    fn started(&mut self, prompt_ids: &[u32]);
    /// Asked now and then while a long prompt is read. [`ControlFlow::Break`] ends it as in [`Listener::token`].
    fn reading(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
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
        let logits = writer.window.logits_while(&writer.sequence, &mut || listener.reading())?;
        let Some(logits) = logits else { break StopReason::Cancelled };
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

/// The text as it grows.
struct Writer<'a> {
    request: &'a GenerateRequest,
    tokenizer: &'a Tokenizer,
    window: Window<'a>,
    rng: Rng,
    pen: Pen<'a>,
    /// Tokens of the prompt.
    prompt: usize,
    /// New tokens before which it must not end.
    least: usize,
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
        let prompt = prompt_ids.len();
        Self {
            request,
            tokenizer,
            window: Window::new(model, prompt.saturating_add(request.max_new_tokens)),
            rng: Rng::new(request.seed),
            pen: Pen::new(tokenizer, &request.prompt, &request.stop),
            prompt,
            least: request.least_new_tokens(prompt),
            sequence: prompt_ids,
            ids: Vec::new(),
            logprobs: Vec::new(),
            text: String::new(),
        }
    }

    /// Draws a token and appends it; says whether the text ends with it.
    fn choose(&mut self, logits: &[f32]) -> (GeneratedToken, Option<StopReason>) {
        let forbidden = if self.ids.len() < self.least { self.tokenizer.ends() } else { &[] };
        let place = Place { previous: &self.sequence, forbidden };
        let Drawn { id, share, number, candidates } = draw(logits, place, &self.request.sampling, &mut self.rng);
        let Judged { logprob, rank, alternatives } = judge(logits, id);
        let read = self.window.len();
        self.sequence.push(id);
        self.ids.push(id);
        self.logprobs.push(logprob);
        let last = self.last();
        let (text, stop) = self.pen.write(id, self.ids.len() >= self.least, last);
        self.text.push_str(&text);
        (GeneratedToken { id, text, logprob, rank, share, drawn: number, alternatives, candidates, read }, stop)
    }

    /// Why no token can come after the one that was just chosen, whatever it is. Makes room where the person wants that.
    fn last(&mut self) -> Option<StopReason> {
        if self.ids.len() >= self.request.max_new_tokens {
            return Some(StopReason::MaxTokens);
        }
        if self.window.room() > 0 {
            return None;
        }
        match self.request.when_full {
            WhenFull::Stop => Some(StopReason::ContextFull),
            WhenFull::KeepHalf => {
                self.window.keep_half(self.sequence.len());
                None
            }
        }
    }

    fn finish(mut self, stop: StopReason, first_token_s: f64, tokens_per_s: f64) -> Generation {
        let rest = self.pen.rest();
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
