//! Wrong usage in the person's language: what is wrong, and where help is.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use rust_i18n::t;

use super::values::Expected;

/// The exit status of wrong usage.
const WRONG_USAGE: u8 = 2;

/// Prints help and version where they were asked for, and otherwise a sentence on stderr.
pub fn report(error: &Error, command: &Command, raw: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        // Fails only where nobody reads.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let help = subcommand(command, raw).map_or("telar --help".to_owned(), |name| format!("telar {name} --help"));
    eprintln!("{} {}", sentence(error), t!("cli.usage.hint", help = help));
    ExitCode::from(WRONG_USAGE)
}

/// The first word that is a subcommand's name.
fn subcommand(command: &Command, raw: &[OsString]) -> Option<String> {
    let words = raw.iter().skip(1).filter_map(|word| word.to_str());
    let mut known = words.filter(|word| command.get_subcommands().any(|sub| sub.get_name() == *word));
    known.next().map(str::to_owned)
}

fn sentence(error: &Error) -> String {
    let argument = || context(error, ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::UnknownArgument => t!("cli.usage.unknown_argument", argument = argument()),
        ErrorKind::InvalidSubcommand => {
            t!("cli.usage.unknown_command", command = context(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => t!("cli.usage.missing", arguments = argument()),
        ErrorKind::ArgumentConflict if context(error, ContextKind::PriorArg) == argument() => {
            t!("cli.usage.repeated", argument = argument())
        }
        ErrorKind::ArgumentConflict => {
            t!("cli.usage.conflict", argument = argument(), other = context(error, ContextKind::PriorArg))
        }
        ErrorKind::InvalidValue if context(error, ContextKind::InvalidValue).is_empty() => {
            t!("cli.usage.no_value", argument = argument())
        }
        ErrorKind::InvalidValue => t!(
            "cli.usage.not_among",
            value = context(error, ContextKind::InvalidValue),
            argument = argument(),
            known = context(error, ContextKind::ValidValue)
        ),
        ErrorKind::ValueValidation => {
            let wrong =
                t!("cli.usage.bad_value", value = context(error, ContextKind::InvalidValue), argument = argument());
            // Whatever else is behind it speaks English.
            let expected = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Expected>());
            expected.map_or(wrong.clone(), |expected| format!("{wrong} {expected}").into())
        }
        _ => t!("cli.usage.other"),
    }
    .into_owned()
}

/// A detail of the error as text; several with commas between them.
fn context(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::None) | None => String::new(),
        Some(value) => value.to_string(),
    }
}
