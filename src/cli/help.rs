//! Help texts of the command line in the person's language.

use clap::{Arg, ArgAction, Command};
use rust_i18n::t;

/// Puts the localized texts of `cli.help` into a command and its subcommands: the key of an argument is
/// `cli.help.SUBCOMMAND.ARGUMENT`, that of the command itself `cli.help.SUBCOMMAND.about`. Texts of the options that
/// every command has are under `telar`.
pub fn localized(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let version = option("version", 'V', ArgAction::Version);
    let mut command = describe(command.disable_version_flag(true).arg(version), "telar")
        .disable_help_subcommand(true)
        .subcommand_value_name(lasting("cli.help.command"))
        .subcommand_help_heading(lasting("cli.help.commands"));
    for name in names {
        command = command.mut_subcommand(&name, |sub| describe(sub, &name));
    }
    command
}

/// Options that every command has come after a command's own.
const LAST: usize = 900;

fn describe(command: Command, key: &str) -> Command {
    let command = match text(key, "about") {
        Some(about) => command.about(about),
        None => command,
    };
    let heading = lasting("cli.help.options");
    let command = command.disable_help_flag(true).arg(option("help", 'h', ArgAction::Help)).mut_args(|argument| {
        let name = argument.get_id().to_string();
        let takes_value = argument.get_action().takes_values();
        // What clap adds in brackets is English; the texts say it themselves.
        let argument = argument.help_heading(heading).hide_default_value(takes_value).hide_possible_values(takes_value);
        let argument = if key == "telar" || name == "help" { argument.display_order(LAST) } else { argument };
        match text(key, &name) {
            Some(help) => argument.help(help),
            None => argument,
        }
    });
    let usage = usage(&command, key);
    command
        .override_usage(usage)
        .help_template(format!("{{about-with-newline}}\n{}: {{usage}}\n\n{{all-args}}", t!("cli.help.usage")))
}

/// One of the options that clap would otherwise add in English.
fn option(name: &'static str, short: char, action: ArgAction) -> Arg {
    Arg::new(name).short(short).long(name).action(action).help(text("telar", name).unwrap_or_default())
}

/// The line of usage, with its one English word replaced.
fn usage(command: &Command, key: &str) -> String {
    let name = if key == "telar" { key.to_owned() } else { format!("telar {key}") };
    let line = command.clone().bin_name(name).subcommand_value_name(lasting("cli.help.command")).render_usage();
    let line = line.to_string().replace("[OPTIONS]", &format!("[{}]", t!("cli.help.options_in_usage")));
    line.split_once(": ").map_or(line.clone(), |(_, usage)| usage.to_owned())
}

/// A word that clap keeps as long as the program runs. There are a few, made once.
fn lasting(key: &str) -> &'static str {
    Box::leak(t!(key).into_owned().into_boxed_str())
}

/// A text of the help, where the language files have one.
fn text(command: &str, argument: &str) -> Option<String> {
    let key = format!("cli.help.{command}.{argument}");
    let found = t!(&key).into_owned();
    // A missing key comes back as itself, with the language in front.
    (!found.ends_with(&key)).then_some(found)
}
