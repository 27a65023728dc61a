//! `telar inspect`: everything that a model computes on its way through a text.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Shared;
use super::error::CliError;
use super::model::{self, Model};
use crate::generate::SamplingOptions;
use crate::generate::prompt_ids;
use crate::generate::sampling::{stages, top};
use crate::hub::HubError;
use crate::hub::tensors::{Named, write_named};
use crate::nn::{DecoderConfig, Recorder, Seen, Site};

/// How many of the likeliest tokens are listed.
const TOP: usize = 10;

/// What the model reads, and where everything goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model.
    #[arg(long, value_name = "M")]
    model: String,
    #[command(flatten)]
    input: Input,
    /// A file for ids, logits, hidden states and attention.
    #[arg(long, value_name = "FILE.safetensors")]
    out: Option<PathBuf>,
}

/// A text, or tokens.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Input {
    /// The text.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: Option<String>,
    /// Ids of tokens instead of a text.
    #[arg(long, value_name = "1,2,3", value_delimiter = ',', allow_negative_numbers = true)]
    ids: Vec<u32>,
}

/// The result as JSON.
#[derive(Serialize)]
struct Report {
    ids: Vec<u32>,
    tokens: Vec<String>,
    logits_last: Vec<f32>,
    top: Vec<Likely>,
}

/// One of the likeliest next tokens.
#[derive(Serialize)]
struct Likely {
    id: u32,
    token: String,
    p: f32,
}

/// Prints the logits of the next token, and writes everything else to a file.
///
/// # Errors
/// If the model cannot be opened or used, the input does not fit it, or the file cannot be written.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let model = model::open(&args.model)?;
    let config = model.opened.config.clone();
    let ids = ids(&args.input, &model)?;
    let decoder = model.decoder(shared)?;
    let file = args.out.is_some();
    let mut probe = Recorder::new(|site| site == Site::Logits || (file && name(&config, site).is_some()));
    model::on_device(|| drop(decoder.forward(decoder.ids(&ids, 1), &mut probe)))?;
    if let Some(path) = &args.out {
        write(path, &config, &ids, &probe.seen)?;
    }
    let report = report(&model, ids, &probe.seen);
    if shared.json { shared.print_json(&report) } else { shared.print_text(&table(&report)) }
}

/// The ids that the model reads.
fn ids(input: &Input, model: &Model) -> anyhow::Result<Vec<u32>> {
    let config = &model.opened.config;
    if let Some(prompt) = &input.prompt {
        let ids = prompt_ids(config, &model.opened.tokenizer, prompt)?;
        model.note_if_cut(prompt, &ids);
        return Ok(ids);
    }
    let ids = input.ids.clone();
    if ids.len() > config.context {
        return Err(CliError::TooManyIds { ids: ids.len(), context: config.context }.into());
    }
    if let Some(&id) = ids.iter().find(|&&id| id as usize >= config.vocabulary) {
        return Err(CliError::Id { id, vocabulary: config.vocabulary }.into());
    }
    Ok(ids)
}

/// What a site is called in the file. Hidden states are counted as in `transformers`: what enters the first block, then
/// what each block leaves, the last one after the final normalization where the model has one.
fn name(config: &DecoderConfig, site: Site) -> Option<String> {
    let last = config.n_layers.saturating_sub(1);
    match site {
        Site::Logits => Some("logits".to_owned()),
        Site::Positions => Some("hidden.0".to_owned()),
        Site::AfterFeedForward(layer) if config.final_norm && layer == last => None,
        Site::AfterFeedForward(layer) => Some(format!("hidden.{}", layer + 1)),
        Site::FinalNorm => Some(format!("hidden.{}", config.n_layers)),
        Site::Weights(layer) => Some(format!("attention.{layer}")),
        _ => None,
    }
}

/// Everything that was seen, as one safetensors file. The batch of one has no axis there.
fn write(path: &Path, config: &DecoderConfig, ids: &[u32], seen: &HashMap<Site, Seen>) -> Result<(), HubError> {
    let as_floats: Vec<f32> = ids.iter().map(|&id| id as f32).collect();
    let mut tensors = vec![Named { name: "ids".to_owned(), shape: vec![ids.len()], values: &as_floats }];
    tensors.extend(seen.iter().filter_map(|(&site, seen)| {
        let shape = seen.shape.get(1..)?.to_vec();
        Some(Named { name: name(config, site)?, shape, values: &seen.values })
    }));
    write_named(path, &tensors)
}

fn report(model: &Model, ids: Vec<u32>, seen: &HashMap<Site, Seen>) -> Report {
    let logits = seen.get(&Site::Logits).map(|seen| seen.values.as_slice()).unwrap_or_default();
    let vocabulary = model.opened.config.vocabulary;
    let logits_last = logits.get(logits.len().saturating_sub(vocabulary)..).unwrap_or_default().to_vec();
    let probabilities = stages(&logits_last, &[], &SamplingOptions::PLAIN).probabilities;
    let likeliest = top(&logits_last, TOP);
    let tokens = model.pieces(&likeliest);
    let probability = |id: u32| probabilities.get(id as usize).copied().unwrap_or_default();
    let top = likeliest.into_iter().zip(tokens).map(|(id, token)| Likely { id, token, p: probability(id) }).collect();
    Report { tokens: model.pieces(&ids), ids, logits_last, top }
}

/// The likeliest next tokens, one a line.
fn table(report: &Report) -> String {
    report.top.iter().map(|Likely { id, token, p }| format!("{p:.4}  {id:>6}  {token:?}\n")).collect()
}
