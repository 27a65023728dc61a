//! The command line: `telar` alone opens the window, `telar COMMAND` does one thing without it.
//!
//! One file a subcommand, each a thin caller of the library. Exit status: 0 done; 1 failed, with one sentence on
//! stderr; 2 wrong usage. Stdout holds nothing but the result, so that it can be piped.

mod help;
pub mod language;
mod shared;
mod tour;
mod train;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

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
    Tour(tour::Args),
    Train(train::Args),
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let raw: Vec<_> = std::env::args_os().collect();
    rust_i18n::set_locale(&language::for_arguments(&raw));
    let parsed = help::localized(Arguments::command())
        .try_get_matches_from(raw)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        // Prints help and version on stdout with status 0, wrong usage on stderr with status 2.
        Err(error) => error.exit(),
    };
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { global, command } = arguments;
    let shared = Shared { device: global.device.clone(), json: global.json };
    crate::engine::threads::set_up(None);
    match command {
        None => crate::app::run(crate::app::Start { device: global.device, language: language::current() }),
        Some(command) => match command {
            Command::Tour(args) => tour::run(&args, global.lang.as_deref(), &shared),
            Command::Train(args) => train::run(&args, &shared),
        },
    }
}
