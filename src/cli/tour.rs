//! `telar tour`: opens the window, visits every page and takes pictures of them.

use std::path::PathBuf;

use anyhow::anyhow;
use rust_i18n::t;

use super::Shared;
use super::values::Expected;
use crate::app::tour::{self, Plan};
use crate::panels::ThemeChoice;

/// Options of `telar tour`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[arg(long, value_name = "light|dark", value_parser = ["light", "dark"])]
    theme: Option<String>,
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x800", value_parser = parse_size)]
    size: (u32, u32),
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// Visits both languages where `language` names none, and both themes where the options name none.
///
/// # Errors
/// Where no window can be opened, a picture cannot be written, or a page never has everything that it shows.
pub fn run(args: &Args, language: Option<&str>, shared: &Shared) -> anyhow::Result<()> {
    let languages = match language {
        Some("en") => vec!["en"],
        Some(_) => vec!["es"],
        None => vec!["es", "en"],
    };
    let themes = match args.theme.as_deref() {
        Some("light") => vec![ThemeChoice::Light],
        Some(_) => vec![ThemeChoice::Dark],
        None => vec![ThemeChoice::Light, ThemeChoice::Dark],
    };
    std::fs::create_dir_all(&args.out).map_err(|error| {
        let path = args.out.display();
        anyhow!(t!("tour.unwritable", path = path, reason = error).into_owned())
    })?;
    let plan = Plan {
        out: args.out.clone(),
        languages,
        themes,
        size: args.size,
        device: shared.device.clone(),
        only: args.only.clone(),
    };
    let shared = shared.clone();
    tour::run(plan, Box::new(move |picture| shared.print_json(picture)))
}

/// A size as `1280x800`, in points.
fn parse_size(text: &str) -> Result<(u32, u32), Expected> {
    let size = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match size {
        Some((width @ 480..=7680, height @ 360..=4320)) => Ok((width, height)),
        _ => Err(Expected(t!("tour.bad_size").into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes_are_two_numbers_within_reason() {
        assert_eq!(parse_size("1280x800"), Ok((1280, 800)));
        for wrong in ["", "1280", "x", "1280x", "0x0", "1280x800x2", "99999x800", "a×b"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
