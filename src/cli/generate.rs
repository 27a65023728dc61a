//! `telar generate`: a model continues a text.

use std::hash::{BuildHasher, Hasher};
use std::ops::ControlFlow;

use serde::Serialize;

use super::interrupt::Interrupt;
use super::{Shared, model, values};
use crate::generate::{self, GenerateRequest, GeneratedToken, Generation, Listener, SamplingOptions};

/// New tokens where the person does not say how many.
const MAX_NEW_TOKENS: usize = 100;

/// What is continued, by which model, and how tokens are chosen.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model.
    #[arg(long, value_name = "M")]
    model: String,
    /// The text to continue.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: String,
    /// Logits are divided by it.
    #[arg(long, value_name = "X", value_parser = values::not_negative, allow_negative_numbers = true)]
    temperature: Option<f32>,
    /// Keep the k likeliest.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    top_k: Option<usize>,
    /// Keep the smallest set whose probability reaches p.
    #[arg(long, value_name = "X", value_parser = values::share, allow_negative_numbers = true)]
    top_p: Option<f32>,
    /// Keep what has at least this share of the largest probability.
    #[arg(long, value_name = "X", value_parser = values::share, allow_negative_numbers = true)]
    min_p: Option<f32>,
    /// Makes tokens that are in the text already less likely.
    #[arg(long, value_name = "X", value_parser = values::positive, allow_negative_numbers = true)]
    repetition_penalty: Option<f32>,
    /// The same seed writes the same text.
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// At most this many new tokens.
    #[arg(long, value_name = "N", default_value_t = MAX_NEW_TOKENS, allow_negative_numbers = true)]
    max_new_tokens: usize,
    /// No end before this many new tokens.
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    min_new_tokens: usize,
    /// Ends where this text appears; may be repeated.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    stop: Vec<String>,
    /// Always the likeliest token.
    #[arg(long, conflicts_with = "temperature")]
    greedy: bool,
}

/// The result as JSON.
#[derive(Serialize)]
struct Report<'a> {
    model: &'a str,
    prompt: &'a str,
    #[serde(flatten)]
    made: &'a Generation,
}

/// Streams the text token by token, or prints everything as JSON at the end.
///
/// # Errors
/// If the model cannot be opened or used, or the prompt has what its vocabulary does not have.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let model = model::open(&args.model)?;
    let runner = model.runner(shared)?;
    let request = request(args);
    let mut stream = Stream { shared, interrupt: Interrupt::watch(), heard: 0, failed: None };
    let tokenizer = &model.loaded.tokenizer;
    let made = model::on_device(|| generate::generate(runner.model(), tokenizer, &request, &mut stream))??;
    model.note_if_cut(&request.prompt, &made.prompt_ids);
    if let Some(error) = stream.failed {
        return Err(error);
    }
    if shared.json {
        return shared.print_json(&Report { model: &model.spelled, prompt: &args.prompt, made: &made });
    }
    let rest = made.text.get(stream.heard..).unwrap_or_default();
    shared.print_text(&format!("{rest}\n"))
}

fn request(args: &Args) -> GenerateRequest {
    let default = SamplingOptions::default();
    GenerateRequest {
        prompt: args.prompt.clone(),
        sampling: SamplingOptions {
            temperature: if args.greedy { 0.0 } else { args.temperature.unwrap_or(default.temperature) },
            top_k: args.top_k.unwrap_or(default.top_k),
            top_p: args.top_p.unwrap_or(default.top_p),
            min_p: args.min_p.unwrap_or(default.min_p),
            repetition_penalty: args.repetition_penalty.unwrap_or(default.repetition_penalty),
        },
        seed: args.seed.unwrap_or_else(any_seed),
        max_new_tokens: args.max_new_tokens,
        min_new_tokens: args.min_new_tokens,
        stop: args.stop.clone(),
    }
}

/// A seed that nobody chose, short enough to be typed again.
fn any_seed() -> u64 {
    // The standard library keys its hash maps with the system's randomness.
    std::hash::RandomState::new().build_hasher().finish() >> 32
}

/// Shows the text as it comes, unless JSON is wanted, and listens for Ctrl-C.
struct Stream<'a> {
    shared: &'a Shared,
    interrupt: Interrupt,
    /// Bytes of the text that were shown.
    heard: usize,
    failed: Option<anyhow::Error>,
}

impl Listener for Stream<'_> {
    fn started(&mut self, _: &[u32]) {}

    fn token(&mut self, token: &GeneratedToken, _: &[f32]) -> ControlFlow<()> {
        if !self.shared.json {
            if let Err(error) = self.shared.print_text(&token.text) {
                self.failed = Some(error);
                return ControlFlow::Break(());
            }
            self.heard += token.text.len();
        }
        if self.interrupt.requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
