//! The large picture as a file: a picture with its labels, or a table.

use std::sync::Arc;

use rust_i18n::t;

use super::compute::Picture;
use super::figure::Words;
use super::heads;
use crate::panels::Shared;
use crate::panels::export::Export;
use crate::widgets::heatmap::{export, svg};
use crate::widgets::theme;

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A picture.
    Png,
    /// A table.
    Csv,
    /// A drawing that stays sharp; the lines between words instead of the matrix where they are what is seen.
    Svg {
        /// Whether lines are seen.
        lines: bool,
    },
}

impl Kind {
    fn end(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Csv => "csv",
            Self::Svg { .. } => "svg",
        }
    }
}

/// Asks where a file is to go that holds the picture as it is now.
pub(super) fn ask(
    ctx: &egui::Context,
    kind: Kind,
    picture: &Arc<Picture>,
    labels: &Arc<Vec<String>>,
    shared: &Shared,
) -> Export {
    let (model, stage) = (shared.model.as_ref(), t!(format!("attention.stage.{}", picture.stage.name())));
    let model = model.map_or("", |model| model.name.as_str());
    let title = format!("{model} · {} · {stage}", heads::title(picture));
    let (picture, labels) = (picture.clone(), labels.clone());
    let question = match kind {
        Kind::Png => t!("attention.export_png"),
        Kind::Csv => t!("attention.export_csv"),
        Kind::Svg { .. } => t!("attention.export_svg"),
    };
    let file = format!("{}.{}", t!("attention.file_name"), kind.end());
    let of = t!(format!("attention.file_kind.{}", kind.end()));
    Export::ask(ctx, &question, &file, (&of, &[kind.end()]), move || bytes(kind, &picture, &labels, &title))
}

/// The file's bytes; `None` where a picture cannot be encoded.
pub(super) fn bytes(kind: Kind, picture: &Picture, labels: &[String], title: &str) -> Option<Vec<u8>> {
    let words = Words::new(picture);
    let figure = words.figure(picture, labels, 0, None);
    match kind {
        Kind::Csv => Some(export::csv(&figure).into_bytes()),
        Kind::Svg { lines: false } => Some(svg::matrix(&figure, &theme::PAPER, title).into_bytes()),
        Kind::Svg { lines: true } => Some(svg::lines(&figure, &theme::PAPER, title).into_bytes()),
        // On paper whatever the window's theme is: pictures go into documents.
        Kind::Png => export::png(&figure, &theme::PAPER, title)
            .inspect_err(|error| tracing::warn!("a picture cannot be encoded: {error}"))
            .ok(),
    }
}
