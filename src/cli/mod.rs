//! The command line: `telar` alone opens the window, `telar COMMAND` does one thing without it.
//!
//! One file a subcommand, each a thin caller of the library. Exit status: 0 done; 1 failed, with one sentence on
//! stderr; 2 wrong usage. Stdout holds nothing but the result, so that it can be piped.

mod bench;
mod devices;
mod download;
mod error;
mod generate;
mod help;
mod inspect;
mod interrupt;
pub mod language;
mod model;
mod score;
mod shared;
mod tokenize;
mod tour;
mod train;
mod usage;
mod values;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::kernels::heap;

pub use error::CliError;
pub use interrupt::Interrupt;
pub use shared::{Global, Shared};

/// Everything that can stand on the command line.
#[derive(Debug, Parser)]
#[command(name = "telar", version)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// One variant a subcommand; each has a file of its own with `Args` and `run`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Measure a piece of work.
    Bench(bench::Args),
    /// What can compute on this machine.
    Devices(devices::Args),
    /// Fetch a model.
    Download(download::Args),
    /// Continue a text.
    Generate(generate::Args),
    /// Look at everything that a model computes.
    Inspect(inspect::Args),
    /// How likely a model finds a text.
    Score(score::Args),
    /// A text as tokens.
    Tokenize(tokenize::Args),
    /// Take pictures of every page.
    Tour(tour::Args),
    /// Train a model.
    Train(train::Args),
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    heap::usual_pages_only();
    let raw: Vec<_> = std::env::args_os().collect();
    rust_i18n::set_locale(&language::for_arguments(&raw));
    let command = help::localized(Arguments::command());
    let parsed = command.clone().try_get_matches_from(&raw).and_then(|matches| Arguments::from_arg_matches(&matches));
    let done = match parsed {
        Ok(arguments) => dispatch(arguments),
        Err(error) => return usage::report(&error, &command, &raw),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.downcast_ref::<CliError>().is_some_and(CliError::nobody_reads) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { global, command } = arguments;
    let shared = Shared { device: global.device, json: global.json };
    let threads = match &command {
        Some(Command::Bench(args)) => args.threads,
        _ => None,
    };
    crate::engine::threads::set_up(threads);
    match command {
        None => crate::app::run(crate::app::Start { device: shared.device, language: language::current() }),
        Some(Command::Bench(args)) => bench::run(&args, &shared),
        Some(Command::Devices(args)) => devices::run(&args, &shared),
        Some(Command::Download(args)) => download::run(&args, &shared),
        Some(Command::Generate(args)) => generate::run(&args, &shared),
        Some(Command::Inspect(args)) => inspect::run(&args, &shared),
        Some(Command::Score(args)) => score::run(&args, &shared),
        Some(Command::Tokenize(args)) => tokenize::run(&args, &shared),
        Some(Command::Tour(args)) => tour::run(&args, global.lang.as_deref(), &shared),
        Some(Command::Train(args)) => train::run(&args, &shared),
    }
}
