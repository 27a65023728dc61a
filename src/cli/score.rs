//! `telar score`: how likely does a model find every token of a text?

use std::ops::ControlFlow;

use rust_i18n::t;
use serde::Serialize;

use super::interrupt::Interrupt;
use super::{Shared, model};
use crate::generate::score::score;
use crate::generate::{Alternative, TextScore};

/// The model, and what it reads.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model.
    #[arg(long, value_name = "M")]
    model: String,
    /// The text.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    text: String,
}

/// The result as JSON, one entry a token in each list; the first token is not judged.
#[derive(Serialize)]
struct Report<'a> {
    model: &'a str,
    ids: Vec<u32>,
    tokens: Vec<&'a str>,
    spans: Vec<(usize, usize)>,
    logprobs: Vec<Option<f32>>,
    ranks: Vec<Option<usize>>,
    alternatives: Vec<&'a [Alternative]>,
    loss: Option<f64>,
    perplexity: Option<f64>,
}

/// Prints log-probability and rank of every token, and the text's perplexity.
///
/// # Errors
/// If the model cannot be opened or used, or the text has what its vocabulary does not have.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let model = model::open(&args.model)?;
    let runner = model.runner(shared)?;
    let interrupt = Interrupt::watch();
    let mut listen = |_, _| if interrupt.requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let scored = model::on_device(|| score(runner.model(), &model.opened.tokenizer, &args.text, &mut listen))??;
    match scored {
        // Broken off by the person: nothing to print.
        None => Ok(()),
        Some(scored) if shared.json => shared.print_json(&report(&model.spelled, &scored)),
        Some(scored) => shared.print_text(&table(&scored)),
    }
}

fn report<'a>(model: &'a str, scored: &'a TextScore) -> Report<'a> {
    let tokens = || scored.tokens.iter();
    let judged = || tokens().map(|token| token.judged.as_ref());
    Report {
        model,
        ids: tokens().map(|token| token.id).collect(),
        tokens: tokens().map(|token| token.piece.as_str()).collect(),
        spans: tokens().map(|token| token.span).collect(),
        logprobs: judged().map(|judged| judged.map(|judged| judged.logprob)).collect(),
        ranks: judged().map(|judged| judged.map(|judged| judged.rank)).collect(),
        alternatives: judged().map(|judged| judged.map_or(&[][..], |judged| &judged.alternatives)).collect(),
        loss: scored.loss,
        perplexity: scored.perplexity,
    }
}

/// Log-probability, rank and text of every token, one a line, and what they come to.
fn table(scored: &TextScore) -> String {
    let line = |token: &crate::generate::TokenScore| match &token.judged {
        Some(judged) => format!("{:>9.4}  {:>6}  {:?}\n", judged.logprob, judged.rank + 1, token.piece),
        None => format!("{:>9}  {:>6}  {:?}\n", "—", "—", token.piece),
    };
    let lines: String = scored.tokens.iter().map(line).collect();
    match (scored.loss, scored.perplexity) {
        (Some(loss), Some(perplexity)) => {
            let perplexity = format!("{perplexity:.3}");
            format!("{lines}{}\n", t!("cli.score.sum", loss = format!("{loss:.4}"), perplexity = perplexity))
        }
        _ => format!("{lines}{}\n", t!("cli.score.nothing")),
    }
}
