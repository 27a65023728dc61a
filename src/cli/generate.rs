//! `telar generate`: a model continues a text, by drawing tokens or by beam search.

use std::ops::ControlFlow;

use serde::Serialize;

use super::interrupt::Interrupt;
use super::{Shared, model, values};
use crate::generate::beam::{BeamStep, search};
use crate::generate::{
    self, BeamRequest, BeamSearch, BeamSequence, EarlyStopping, GenerateRequest, GeneratedToken, Generation, Listener,
    Preset, StopReason, WhenFull, any_seed,
};

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
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    beam: Beam,
    /// The same seed writes the same text.
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// At most this many new tokens.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_new_tokens: Option<usize>,
    /// No end before this many new tokens.
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    min_new_tokens: usize,
    /// No end before prompt and answer have so many tokens together.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    min_length: Option<usize>,
    /// Makes tokens that are in the text already less likely.
    #[arg(long, value_name = "X", value_parser = values::positive, allow_negative_numbers = true)]
    repetition_penalty: Option<f32>,
    /// Ends where this text appears; may be repeated.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    stop: Vec<String>,
}

/// How a token is drawn.
#[derive(Debug, clap::Args)]
struct Choice {
    /// Values that belong together; what is given beside it counts more.
    #[arg(long, value_name = "NAME", value_parser = ["tutorial", "precise", "balanced", "wild"])]
    preset: Option<String>,
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
    /// Always the likeliest token.
    #[arg(long, conflicts_with = "temperature")]
    greedy: bool,
    /// What happens when the context is full.
    #[arg(long, value_name = "stop|keep-half", value_parser = ["stop", "keep-half"])]
    when_full: Option<String>,
}

/// Beam search instead of drawing.
#[derive(Debug, clap::Args)]
struct Beam {
    /// How many sequences are followed.
    #[arg(
        long, value_name = "N", value_parser = values::beams, allow_negative_numbers = true,
        conflicts_with_all = ["preset", "temperature", "top_k", "top_p", "min_p", "greedy", "when_full"]
    )]
    beams: Option<usize>,
    /// Above 0 favours long sequences, below 0 short ones.
    #[arg(long, value_name = "X", value_parser = values::finite, allow_negative_numbers = true, requires = "beams")]
    length_penalty: Option<f32>,
    /// When the search ends.
    #[arg(long, value_name = "WHEN", value_parser = ["heuristic", "full", "never"], requires = "beams")]
    early_stopping: Option<String>,
}

/// The result as JSON.
#[derive(Serialize)]
struct Report<'a> {
    model: &'a str,
    prompt: &'a str,
    #[serde(flatten)]
    made: &'a Generation,
}

/// The result of a beam search as JSON: the best sequence as if it had been drawn, and all of them.
#[derive(Serialize)]
struct BeamReport<'a> {
    model: &'a str,
    prompt: &'a str,
    prompt_ids: &'a [u32],
    text: &'a str,
    ids: &'a [u32],
    tokens: &'a [String],
    logprobs: &'a [f32],
    score: Option<f32>,
    stop: StopReason,
    /// Nothing is drawn, but whoever reads it finds the same fields.
    seed: u64,
    first_token_s: f64,
    tokens_per_s: f64,
    beams: &'a [BeamSequence],
}

/// Streams the text token by token, or prints everything as JSON at the end.
///
/// # Errors
/// If the model cannot be opened or used, or the prompt has what its vocabulary does not have.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    match args.beam.beams {
        Some(beams) => run_beams(args, beams, shared),
        None => run_draws(args, shared),
    }
}

fn run_draws(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let model = model::open(&args.model)?;
    let runner = model.runner(shared)?;
    let request = request(args);
    let mut stream = Stream { shared, interrupt: Interrupt::watch(), heard: 0, failed: None };
    let tokenizer = &model.opened.tokenizer;
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

fn run_beams(args: &Args, beams: usize, shared: &Shared) -> anyhow::Result<()> {
    let model = model::open(&args.model)?;
    let runner = model.runner(shared)?;
    let request = beam_request(args, beams);
    let interrupt = Interrupt::watch();
    let mut listen =
        |_: &BeamStep| if interrupt.requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let tokenizer = &model.opened.tokenizer;
    let found = model::on_device(|| search(runner.model(), tokenizer, &request, &mut listen))??;
    model.note_if_cut(&request.prompt, &found.prompt_ids);
    if shared.json {
        return shared.print_json(&beam_report(&model.spelled, args, &found));
    }
    let text = found.sequences.first().map_or("", |best| &best.text);
    shared.print_text(&format!("{text}\n"))
}

fn beam_report<'a>(model: &'a str, args: &'a Args, found: &'a BeamSearch) -> BeamReport<'a> {
    let best = found.sequences.first();
    BeamReport {
        model,
        prompt: &args.prompt,
        prompt_ids: &found.prompt_ids,
        text: best.map_or("", |best| &best.text),
        ids: best.map_or(&[], |best| &best.ids),
        tokens: best.map_or(&[], |best| &best.tokens),
        logprobs: best.map_or(&[], |best| &best.logprobs),
        score: best.map(|best| best.score),
        stop: found.stop,
        seed: args.seed.unwrap_or_default(),
        first_token_s: found.first_token_s,
        tokens_per_s: found.tokens_per_s,
        beams: &found.sequences,
    }
}

fn request(args: &Args) -> GenerateRequest {
    let Choice { preset, temperature, top_k, top_p, min_p, greedy, when_full } = &args.choice;
    let mut request = GenerateRequest {
        prompt: args.prompt.clone(),
        seed: args.seed.unwrap_or_else(any_seed),
        max_new_tokens: MAX_NEW_TOKENS,
        min_new_tokens: args.min_new_tokens,
        stop: args.stop.clone(),
        ..GenerateRequest::default()
    };
    if let Some(preset) = preset.as_deref().and_then(Preset::parse) {
        preset.apply(&mut request);
    }
    request.max_new_tokens = args.max_new_tokens.unwrap_or(request.max_new_tokens);
    request.min_length = args.min_length.unwrap_or(request.min_length);
    if when_full.as_deref() == Some("keep-half") {
        request.when_full = WhenFull::KeepHalf;
    }
    let sampling = &mut request.sampling;
    sampling.temperature = if *greedy { 0.0 } else { temperature.unwrap_or(sampling.temperature) };
    sampling.top_k = top_k.unwrap_or(sampling.top_k);
    sampling.top_p = top_p.unwrap_or(sampling.top_p);
    sampling.min_p = min_p.unwrap_or(sampling.min_p);
    sampling.repetition_penalty = args.repetition_penalty.unwrap_or(sampling.repetition_penalty);
    request
}

fn beam_request(args: &Args, beams: usize) -> BeamRequest {
    let default = BeamRequest::default();
    BeamRequest {
        prompt: args.prompt.clone(),
        beams,
        length_penalty: args.beam.length_penalty.unwrap_or(default.length_penalty),
        early_stopping: match args.beam.early_stopping.as_deref() {
            Some("full") => EarlyStopping::Full,
            Some("never") => EarlyStopping::Never,
            _ => EarlyStopping::Heuristic,
        },
        max_new_tokens: args.max_new_tokens.unwrap_or(MAX_NEW_TOKENS),
        min_new_tokens: args.min_new_tokens,
        min_length: args.min_length.unwrap_or_default(),
        repetition_penalty: args.repetition_penalty.unwrap_or(default.repetition_penalty),
        stop: args.stop.clone(),
    }
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
