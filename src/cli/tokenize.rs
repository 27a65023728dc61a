//! `telar tokenize`: a text as tokens, each with its id and place.

use serde::Serialize;

use super::{Shared, model};
use crate::text::Encoding;

/// What is made into tokens, and whose.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model whose tokenizer is used.
    #[arg(long, value_name = "M")]
    model: String,
    /// The text.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    text: String,
}

/// The result as JSON; see `cli.md` in the design for the fields.
#[derive(Serialize)]
struct Report {
    ids: Vec<u32>,
    tokens: Vec<String>,
    /// First byte of each token in the text, and the one after its last.
    spans: Vec<(usize, usize)>,
}

/// Prints the tokens.
///
/// # Errors
/// If the model cannot be opened, or the text has what its vocabulary does not have.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let model = model::open(&args.model)?;
    let Encoding { ids, tokens, spans, .. } = model.opened.tokenizer.encode(&args.text)?;
    let report = Report { ids, tokens, spans };
    if shared.json {
        return shared.print_json(&report);
    }
    let rows = report.ids.iter().zip(&report.tokens).zip(&report.spans);
    let lines = rows.map(|((id, token), (start, end))| format!("{id:>6}  {start:>5}–{end:<5}  {token:?}\n"));
    shared.print_text(&lines.collect::<String>())
}
