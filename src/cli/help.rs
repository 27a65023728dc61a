//! Help texts of the command line in the person's language.

use clap::Command;

/// Puts the localized texts of `cli.help` into a command and its subcommands: the key of an argument is
/// `cli.help.SUBCOMMAND.ARGUMENT`, that of the command itself `cli.help.SUBCOMMAND.about`.
pub fn localized(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = describe(command, "telar");
    for name in names {
        command = command.mut_subcommand(&name, |sub| describe(sub, &name));
    }
    command
}

fn describe(command: Command, key: &str) -> Command {
    let arguments: Vec<String> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    let mut command = match text(key, "about") {
        Some(about) => command.about(about),
        None => command,
    };
    for name in arguments {
        if let Some(help) = text(key, &name) {
            command = command.mut_arg(&name, |argument| argument.help(help));
        }
    }
    command
}

/// A text of the help, where the language files have one.
fn text(command: &str, argument: &str) -> Option<String> {
    let key = format!("cli.help.{command}.{argument}");
    let found = rust_i18n::t!(&key).into_owned();
    // A missing key comes back as itself, with the language in front.
    (!found.ends_with(&key)).then_some(found)
}
