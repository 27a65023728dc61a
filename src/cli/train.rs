//! `telar train`: trains a model, and says on stdout what happens.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rust_i18n::t;
use serde::Serialize;

use super::Shared;
use crate::data::{self, CorpusRef, Home};
use crate::engine::devices;
use crate::nn::Positions;
use crate::train::{
    Directive, EndReason, MetricPoint, On, Preset, Report, TrainError, TrainSettings, TrainSpec, Trainer, drive,
};
use crate::widgets::number;

/// Options of `telar train`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[arg(long, default_value = "char", value_name = "PRESET", value_parser = ["tutorial", "char", "nano", "mini-llama"])]
    preset: String,
    #[arg(long, value_name = "NAME|FILE|FOLDER")]
    corpus: Option<String>,
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    #[arg(long, value_name = "B")]
    batch_size: Option<usize>,
    #[arg(long, value_name = "T")]
    context: Option<usize>,
    #[arg(long, value_name = "X")]
    lr: Option<f64>,
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    #[arg(long, value_name = "N")]
    log_every: Option<u64>,
    #[arg(long, value_name = "N")]
    checkpoint_every: Option<u64>,
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "corpus", "batch_size", "context", "lr", "seed"])]
    resume: Option<PathBuf>,
    #[arg(long = "set", value_name = "KEY=VALUE", conflicts_with = "resume")]
    settings: Vec<String>,
}

/// What stdout holds with `--json`, one object a line.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Start { run: &'a str, device: &'a str, parameters: usize, vocabulary: usize, tokens: usize },
    Step(Step),
    Sample { step: u64, text: &'a str },
    Checkpoint { step: u64, path: &'a Path },
    End { step: u64, reason: EndReason, path: &'a Path },
}

#[derive(Serialize)]
struct Step {
    step: u64,
    loss: f32,
    val_loss: Option<f32>,
    lr: f64,
    grad_norm: f32,
    tokens_per_s: f64,
    seconds: f64,
}

impl From<MetricPoint> for Step {
    fn from(point: MetricPoint) -> Self {
        let MetricPoint { step, loss, val_loss, lr, grad_norm, tokens_per_s, seconds } = point;
        Self { step, loss, val_loss, lr, grad_norm, tokens_per_s, seconds }
    }
}

/// Trains.
///
/// # Errors
/// As a sentence: settings that make no sense, a text that cannot be used, a device that cannot, a run that diverged.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let home = Home::locate()?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    ctrlc::set_handler(move || asked.store(true, Ordering::Relaxed))?;
    let chosen = devices::resolve(&shared.device)?;
    if let Some(note) = &chosen.note {
        eprintln!("{note}");
    }
    let on = On { device: chosen.device, id: chosen.id };
    let mut trainer = match &args.resume {
        Some(folder) => Trainer::resume(folder, &home, on, args.steps)?,
        None => {
            let spec = spec(args)?;
            fetch_if_missing(&spec.corpus, &home, &stop)?;
            Trainer::begin(spec, &home, on)?
        }
    };
    start(&trainer, shared)?;
    let reason = follow(&mut trainer, shared, &stop)?;
    end(&trainer, reason, shared)
}

/// The preset with what the command line changes.
fn spec(args: &Args) -> anyhow::Result<TrainSpec> {
    let preset = Preset::named(&args.preset)?;
    let mut settings = preset.settings();
    for setting in &args.settings {
        let (key, value) = setting.split_once('=').ok_or_else(|| TrainError::UnknownSetting(setting.clone()))?;
        settings.set(key.trim(), value.trim())?;
    }
    if let Some(context) = args.context {
        set_context(&mut settings, context);
    }
    let TrainSettings { steps, batch_size, lr, seed, log_every, checkpoint_every, .. } = &mut settings;
    replace(steps, args.steps);
    replace(batch_size, args.batch_size);
    replace(lr, args.lr);
    replace(seed, args.seed);
    replace(log_every, args.log_every);
    replace(checkpoint_every, args.checkpoint_every);
    let corpus = match &args.corpus {
        Some(text) if data::entry(text).is_ok() => CorpusRef::Named(text.clone()),
        // A word that is neither a name nor a path: the names are of more help than «no such file».
        Some(text)
            if !Path::new(text).exists() && Path::new(text).extension().is_none() && !text.contains(['/', '\\']) =>
        {
            CorpusRef::Named(text.clone())
        }
        Some(text) => CorpusRef::Path(std::path::absolute(text).unwrap_or_else(|_| PathBuf::from(text))),
        None => CorpusRef::Named(if &*rust_i18n::locale() == "es" { "telar-es" } else { "telar-en" }.to_owned()),
    };
    Ok(TrainSpec { preset, corpus, settings, out: args.out.clone() })
}

/// Windows of another length. A table of learned positions gets that length too, since positions that are never trained
/// would only do harm.
fn set_context(settings: &mut TrainSettings, context: usize) {
    settings.context = context;
    let model = &mut settings.model;
    model.context = if model.positions == Positions::Learned { context } else { model.context.max(context) };
}

fn replace<T: Copy>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Fetches a corpus of the catalogue that is not here yet, with its progress on stderr.
fn fetch_if_missing(corpus: &CorpusRef, home: &Home, stop: &AtomicBool) -> anyhow::Result<()> {
    let CorpusRef::Named(name) = corpus else { return Ok(()) };
    let entry = data::entry(name)?;
    if data::available(entry, home) {
        return Ok(());
    }
    let title = entry.title();
    data::download(entry, home, &mut |got, whole| {
        let whole = whole.map_or_else(|| "?".to_owned(), number::bytes);
        eprint!("\r{}", t!("train.cli.downloading", title = title, got = number::bytes(got), whole = whole));
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .inspect(|_| eprintln!())
    .inspect_err(|_| eprintln!())?;
    Ok(())
}

fn start(trainer: &Trainer, shared: &Shared) -> anyhow::Result<()> {
    let summary = trainer.summary();
    if shared.json {
        return shared.print_json(&Line::Start {
            run: &summary.id,
            device: &summary.device,
            parameters: summary.parameters,
            vocabulary: summary.vocabulary,
            tokens: summary.tokens,
        });
    }
    let text = t!(
        "train.cli.start",
        run = summary.id,
        device = summary.device,
        parameters = number::grouped(summary.parameters as i64),
        vocabulary = number::grouped(summary.vocabulary as i64),
        tokens = number::grouped(summary.tokens as i64)
    );
    shared.print_text(&format!("{text}\n"))
}

/// Trains to the end and prints what happens. A stdout that nobody reads any more ends the run like Ctrl-C.
fn follow(trainer: &mut Trainer, shared: &Shared, stop: &AtomicBool) -> anyhow::Result<EndReason> {
    let mut failed = None;
    let reason = drive(
        trainer,
        &mut |_| if stop.load(Ordering::Relaxed) { Directive::Stop } else { Directive::Step },
        &mut |report| {
            if let Err(error) = print(report, shared) {
                stop.store(true, Ordering::Relaxed);
                failed.get_or_insert(error);
            }
        },
    )?;
    failed.map_or(Ok(reason), Err)
}

fn print(report: Report, shared: &Shared) -> anyhow::Result<()> {
    if let (Report::CompilingKernels, _) = (&report, shared.json) {
        eprintln!("{}", t!("train.cli.compiling"));
        return Ok(());
    }
    if shared.json {
        return match &report {
            Report::Metrics(point) => shared.print_json(&Line::Step((*point).into())),
            Report::Sample(sample) => shared.print_json(&Line::Sample { step: sample.step, text: &sample.text }),
            Report::Checkpoint { step, path } => shared.print_json(&Line::Checkpoint { step: *step, path }),
            Report::CompilingKernels | Report::Snapshot(..) => Ok(()),
        };
    }
    let text = match report {
        Report::Metrics(point) => {
            let held_out = point
                .val_loss
                .map_or(String::new(), |loss| t!("train.cli.held_out", loss = format!("{loss:.4}")).into_owned());
            let rate = if point.step > 0 { number::rate(point.tokens_per_s) } else { String::new() };
            format!("{:>7}  {:.4}  {held_out}  {rate}\n", point.step, point.loss)
        }
        Report::Sample(sample) => format!("— {}\n{}\n—\n", sample.step, sample.text),
        Report::Checkpoint { path, .. } => format!("{}\n", t!("train.cli.checkpoint", path = path.display())),
        Report::CompilingKernels | Report::Snapshot(..) => return Ok(()),
    };
    shared.print_text(&text)
}

fn end(trainer: &Trainer, reason: EndReason, shared: &Shared) -> anyhow::Result<()> {
    if shared.json {
        shared.print_json(&Line::End { step: trainer.step(), reason, path: trainer.folder() })?;
    } else if reason != EndReason::Diverged {
        let end = t!("train.cli.end", step = trainer.step(), path = trainer.folder().display());
        shared.print_text(&format!("{end}\n"))?;
    }
    match reason {
        EndReason::Diverged => Err(TrainError::Diverged(trainer.step()).into()),
        EndReason::Finished | EndReason::Stopped => Ok(()),
    }
}
