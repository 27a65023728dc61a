//! What stands in each row of the page: made anew when something has changed, not in every frame.

use std::path::{Path, PathBuf};

use rust_i18n::t;

use crate::engine::{Library, ModelRef};
use crate::hub::catalogue::{self, CatalogueEntry};
use crate::hub::memory::Weight;
use crate::hub::remote::library::Manifest;
use crate::hub::remote::{FoundModel, short};
use crate::panels::model_label;
use crate::panels::training::corpus_title;
use crate::train::RunSummary;
use crate::widgets::number;

/// Of many runs the latest few stand here; the page of training has them all.
const MOST_RUNS: usize = 4;

/// Whose model it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    Shipped,
    Run,
    /// A repository of the hub.
    Hub(String),
    /// A folder of one's own.
    Folder(PathBuf),
}

/// What can be done with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// It can be used.
    Here(ModelRef),
    /// It can be downloaded.
    Absent,
    /// Some of it is here.
    Unfinished { done: u64, total: u64 },
    /// It does not open; the family's name.
    Closed(String),
}

/// A model as the page shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub source: Source,
    pub state: State,
    pub title: String,
    /// A sentence on what it is.
    pub about: String,
    pub language: String,
    pub licence: String,
    pub parameters: Option<u64>,
    /// On the disk, or to be downloaded.
    pub bytes: Option<u64>,
    /// Whether that is a round figure.
    pub about_bytes: bool,
    pub weight: Option<Weight>,
    /// Whether a search has found it; then it may stand in another group too, and is deleted there.
    pub found: bool,
}

/// All rows, by where the models come from.
#[derive(Default)]
pub(super) struct Rows {
    pub shipped: Vec<Row>,
    pub runs: Vec<Row>,
    /// Runs that are not among the rows.
    pub more_runs: usize,
    pub downloaded: Vec<Row>,
    pub catalogue: Vec<Row>,
    pub folders: Vec<Row>,
    pub found: Vec<Row>,
}

impl Rows {
    /// Makes all rows of what is known now.
    pub fn of(library: &Library, runs: &[RunSummary], folders: &[PathBuf], found: &[FoundModel]) -> Self {
        let unfinished = |repository: &str| {
            let one = library.unfinished.iter().find(|one| one.manifest.repository == repository)?;
            Some(State::Unfinished { done: one.done, total: one.manifest.bytes() })
        };
        let listed = |repository: &str| library.catalogue.iter().any(|(entry, _)| entry.repository == repository);
        let begun = library.unfinished.iter().filter(|one| !listed(&one.manifest.repository));
        // What was downloaded stands among the downloaded ones already.
        let here = |repository: &str| library.downloaded.iter().any(|(one, _)| one.repository == repository);
        let to_get = library.catalogue.iter().filter(|(entry, _)| !here(entry.repository));
        let of_catalogue = to_get.map(|(entry, weight)| {
            let state = unfinished(entry.repository).unwrap_or(State::Absent);
            catalogue_row(entry, *weight, state)
        });
        let begun =
            begun.filter_map(|one| Some(manifest_row(&one.manifest, None, unfinished(&one.manifest.repository)?)));
        // One that has only just begun has nothing on disk that could be opened.
        let weighs = |run: &RunSummary| library.runs.iter().any(|(id, _, weight)| *id == run.id && weight.is_some());
        let runs: Vec<&RunSummary> = runs.iter().filter(|run| run.step > 0 || weighs(run)).collect();
        Self {
            shipped: library.shipped.iter().map(|(name, weight)| shipped_row(name, *weight)).collect(),
            runs: runs.iter().take(MOST_RUNS).map(|run| run_row(run, library)).collect(),
            more_runs: runs.len().saturating_sub(MOST_RUNS),
            downloaded: library
                .downloaded
                .iter()
                .map(|(manifest, weight)| manifest_row(manifest, *weight, State::Here(ModelRef::Hub(manifest.model()))))
                .collect(),
            catalogue: of_catalogue.chain(begun).collect(),
            folders: folders.iter().map(|path| folder_row(path)).collect(),
            found: found
                .iter()
                .map(|model| {
                    let here = library.downloaded.iter().find(|(one, _)| one.repository == model.repository);
                    let here = here.map(|(manifest, _)| State::Here(ModelRef::Hub(manifest.model())));
                    found_row(model, here.or_else(|| unfinished(&model.repository)))
                })
                .collect(),
        }
    }
}

fn shipped_row(name: &str, weight: Option<Weight>) -> Row {
    let model = ModelRef::Builtin(name.to_owned());
    Row {
        source: Source::Shipped,
        title: model_label(&model),
        state: State::Here(model),
        about: t!(format!("models.about.{name}")).into_owned(),
        language: language(&[if name == "quijote" { "es" } else { "en" }]),
        licence: env!("CARGO_PKG_LICENSE").replace(" OR ", ", "),
        parameters: weight.map(|weight| weight.parameters),
        bytes: weight.map(|weight| weight.file_bytes),
        about_bytes: false,
        weight,
        found: false,
    }
}

fn run_row(run: &RunSummary, library: &Library) -> Row {
    let known = library.runs.iter().find(|(id, ..)| *id == run.id);
    let step = number::grouped(run.step as i64);
    let about = match run.val_loss.or(run.loss) {
        Some(loss) => t!("app.model.run_note", step = step, loss = format!("{loss:.2}")),
        None => t!("app.model.step", step = step),
    };
    Row {
        source: Source::Run,
        state: State::Here(ModelRef::Run(run.id.clone())),
        title: run.id.clone(),
        about: format!("{} · {} · {about}", run.spec.preset.name(), corpus_title(&run.spec.corpus)),
        language: String::new(),
        licence: String::new(),
        parameters: Some(run.parameters as u64),
        bytes: known.map(|(_, bytes, _)| *bytes),
        about_bytes: false,
        weight: known.and_then(|(_, _, weight)| *weight),
        found: false,
    }
}

fn catalogue_row(entry: &CatalogueEntry, weight: Option<Weight>, state: State) -> Row {
    Row {
        source: Source::Hub(entry.repository.to_owned()),
        state,
        title: short(entry.repository).to_owned(),
        about: entry.about(),
        language: language(&[entry.language]),
        licence: licence(Some(entry.licence)),
        parameters: weight.map(|weight| weight.parameters),
        bytes: Some(entry.bytes()),
        about_bytes: true,
        weight,
        found: false,
    }
}

fn manifest_row(manifest: &Manifest, weight: Option<Weight>, state: State) -> Row {
    let known = catalogue::entry(&manifest.repository).filter(|entry| entry.repository == manifest.repository);
    let revision: String = manifest.revision.chars().take(7).collect();
    let pinned = t!("models.pinned", repository = manifest.repository, revision = revision).into_owned();
    let codes: Vec<&str> = manifest.languages.iter().map(String::as_str).collect();
    Row {
        source: Source::Hub(manifest.repository.clone()),
        state,
        title: short(&manifest.repository).to_owned(),
        about: known.map_or(pinned, CatalogueEntry::about),
        language: known.map_or_else(|| language(&codes), |entry| language(&[entry.language])),
        licence: licence(manifest.licence.as_deref().or(known.map(|entry| entry.licence))),
        parameters: weight.map(|weight| weight.parameters),
        bytes: Some(manifest.bytes()),
        about_bytes: false,
        weight,
        found: false,
    }
}

fn folder_row(path: &Path) -> Row {
    let model = ModelRef::Folder(path.to_owned());
    Row {
        title: model_label(&model),
        state: State::Here(model),
        about: path.display().to_string(),
        source: Source::Folder(path.to_owned()),
        language: String::new(),
        licence: String::new(),
        parameters: None,
        bytes: None,
        about_bytes: false,
        weight: None,
        found: false,
    }
}

fn found_row(model: &FoundModel, here: Option<State>) -> Row {
    let absent = match (&model.family, model.opens) {
        (Some(family), Some(false)) => State::Closed(family.clone()),
        _ => State::Absent,
    };
    let downloads = number::grouped(i64::try_from(model.downloads).unwrap_or(i64::MAX));
    let mut about = t!("models.found_about", repository = model.repository, downloads = downloads).into_owned();
    if model.gated {
        about = format!("{about} · {}", t!("models.gated"));
    }
    let codes: Vec<&str> = model.languages.iter().map(String::as_str).collect();
    let weight = model.parameters.zip(model.bytes);
    Row {
        source: Source::Hub(model.repository.clone()),
        state: here.unwrap_or(absent),
        title: short(&model.repository).to_owned(),
        about,
        language: language(&codes),
        licence: licence(model.licence.as_deref()),
        parameters: model.parameters,
        bytes: model.bytes,
        about_bytes: true,
        weight: weight.map(|(parameters, file_bytes)| Weight::of_unseen(parameters, file_bytes)),
        found: true,
    }
}

/// Languages for a person: the name of one, «several» for more than two, nothing where none is known.
fn language(codes: &[&str]) -> String {
    let name = |code: &&str| match *code {
        "es" | "en" | "fr" | "de" | "pt" | "it" | "ca" | "gl" | "eu" => {
            t!(format!("models.language.{code}")).into_owned()
        }
        other => other.to_owned(),
    };
    match codes {
        [] => String::new(),
        [_] | [_, _] => codes.iter().map(name).collect::<Vec<_>>().join(", "),
        _ => t!("models.several").into_owned(),
    }
}

/// A licence as people write it.
fn licence(short: Option<&str>) -> String {
    match short {
        None => String::new(),
        Some("mit") => "MIT".to_owned(),
        Some("apache-2.0") => "Apache-2.0".to_owned(),
        Some(other) => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::remote::library::{ManifestFile, Unfinished};

    fn manifest(repository: &str) -> Manifest {
        let file = ManifestFile { name: "model.safetensors".into(), bytes: 1_000, sha256: None };
        Manifest {
            repository: repository.to_owned(),
            revision: "0123456789abcdef".to_owned(),
            asked: "main".to_owned(),
            licence: Some("mit".to_owned()),
            languages: vec!["es".to_owned()],
            files: vec![file],
        }
    }

    fn found(repository: &str, family: &str, opens: bool) -> FoundModel {
        FoundModel {
            repository: repository.to_owned(),
            family: Some(family.to_owned()),
            opens: Some(opens),
            licence: None,
            languages: vec!["en".into(), "fr".into(), "de".into()],
            parameters: None,
            bytes: None,
            downloads: 12_345,
            gated: false,
        }
    }

    #[test]
    fn every_model_stands_where_it_belongs() {
        let entries = catalogue::catalogue();
        let library = Library {
            downloaded: vec![(manifest("a/here"), None)],
            unfinished: vec![
                Unfinished { manifest: manifest("a/begun"), done: 400 },
                Unfinished { manifest: manifest(entries[0].repository), done: 300 },
            ],
            catalogue: entries.iter().map(|entry| (*entry, entry.weight())).collect(),
            ..Library::default()
        };
        let models = [found("a/here", "gpt2", true), found("a/begun", "gpt2", true), found("a/odd", "mamba", false)];
        let rows = Rows::of(&library, &[], &[PathBuf::from("/x/mine")], &models);
        assert_eq!(rows.catalogue.len(), entries.len() + 1, "the one that was begun stands there too");
        assert_eq!(rows.catalogue[0].state, State::Unfinished { done: 300, total: 1_000 });
        assert_eq!(rows.catalogue[1].state, State::Absent);
        let here = State::Here(ModelRef::Hub(manifest("a/here").model()));
        assert_eq!((rows.downloaded[0].state.clone(), rows.found[0].state.clone()), (here.clone(), here));
        assert_eq!(rows.found[1].state, State::Unfinished { done: 400, total: 1_000 });
        assert_eq!(rows.found[2].state, State::Closed("mamba".to_owned()));
        assert_eq!((rows.folders[0].title.as_str(), rows.more_runs), ("mine", 0));
    }
}
