//! Models on disk: our own folders, the shipped ones, those from the hub, and their safetensors.

mod builtin;
pub mod catalogue;
mod error;
pub mod folder;
pub mod foreign;
pub mod memory;
mod opened;
mod reading;
pub mod remote;
pub mod tensors;

use std::fs;
use std::path::{Path, PathBuf};

pub use builtin::{BUILTIN, builtin_for};
pub use error::HubError;
pub use opened::Opened;
pub use reading::Reading;
pub use remote::HubRef;
pub use tensors::Precision;

use crate::data::Home;
use crate::kernels::Storage;
use crate::nn::Weights;
use crate::text::Tokenizer;

/// Which model a command is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelRef {
    /// One that ships with the app: `shakespeare`, `quijote`.
    Builtin(String),
    /// A run's last checkpoint, by the run's id.
    Run(String),
    /// The model in training, at its latest snapshot.
    Live,
    /// A folder with `config.json`, `model.safetensors` and `tokenizer.json`, or a GGUF file or a folder with one.
    Folder(PathBuf),
    /// One that was downloaded from the hub, at the commit that it was pinned to.
    Hub(HubRef),
}

/// A model in memory.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// A short name for a person.
    pub name: String,
    /// Configuration and values.
    pub weights: Weights,
    /// How text becomes its tokens.
    pub tokenizer: Tokenizer,
    /// For runs: the training step of these weights.
    pub step: Option<u64>,
    /// `en`, `es`, … where it is known.
    pub language: Option<String>,
}

impl ModelRef {
    /// What a person may write: `builtin:NAME`, `latest`, a run's id, a folder (of a model, or of a run), a GGUF file, or
    /// the name of a downloaded model, `owner/name[@revision]` or that of the catalogue without its owner.
    ///
    /// # Errors
    /// If it is none of these.
    pub fn parse(text: &str, home: &Home) -> Result<Self, HubError> {
        if let Some(name) = text.strip_prefix("builtin:") {
            builtin::find(name)?;
            return Ok(Self::Builtin(name.to_owned()));
        }
        if text == "latest" {
            return newest_run(home).map(Self::Run).ok_or(HubError::NoRuns);
        }
        let is_name = !text.is_empty() && Path::new(text).components().count() == 1;
        if is_name && text != "." && text != ".." && home.runs().join(text).is_dir() {
            return Ok(Self::Run(text.to_owned()));
        }
        if Path::new(text).is_dir() || foreign::gguf::is_gguf(Path::new(text)) {
            return Ok(Self::Folder(PathBuf::from(text)));
        }
        if let Some((repository, revision)) = remote_name(text) {
            return downloaded(repository, revision, home).map(Self::Hub);
        }
        Err(builtin::unknown(text))
    }

    /// How a person would write it; the reverse of [`Self::parse`].
    pub fn spelled(&self) -> String {
        match self {
            Self::Builtin(name) => format!("builtin:{name}"),
            Self::Run(id) => id.clone(),
            Self::Live => "live".to_owned(),
            Self::Folder(path) => path.display().to_string(),
            Self::Hub(model) => format!("{}@{}", model.repository, model.revision),
        }
    }
}

/// The repository, and the revision where one is named, of a text that can mean a model of the hub: `owner/name`,
/// `owner/name@revision`, or a name of the catalogue without its owner.
pub fn remote_name(text: &str) -> Option<(&str, Option<&str>)> {
    match remote::parse(text) {
        Some((repository, revision)) => {
            Some((catalogue::entry(repository).map_or(repository, |entry| entry.repository), revision))
        }
        None => catalogue::entry(text).map(|entry| (entry.repository, None)),
    }
}

/// The model of a repository, if it is here.
fn downloaded(repository: &str, revision: Option<&str>, home: &Home) -> Result<HubRef, HubError> {
    let not_here = || remote::RemoteError::NotDownloaded(repository.to_owned());
    let manifest = remote::library::find(home, repository).ok_or_else(not_here)?;
    if let Some(wanted) = revision.filter(|wanted| *wanted != manifest.asked) {
        let model = HubRef { repository: repository.to_owned(), revision: wanted.to_owned() };
        return Ok(remote::library::resolve(home, &model)?.model());
    }
    Ok(manifest.model())
}

/// Reads a model into memory. The live model is not on disk; the engine holds it.
///
/// # Errors
/// If there is no such model, it does not fit into memory, or its files are damaged or do not fit together.
pub fn load(model: &ModelRef, home: &Home) -> Result<Loaded, HubError> {
    let reading = Reading::quiet();
    open(model, home, Storage::F32, &reading)?.load(&reading)
}

/// Opens a model whose weights are to be kept in `storage`, told and stopped by `reading`.
///
/// # Errors
/// As [`load`], and if it was stopped.
pub fn open(model: &ModelRef, home: &Home, storage: Storage, reading: &Reading) -> Result<Opened, HubError> {
    memory::check(memory::weight(model, home), storage, memory::available())?;
    match model {
        ModelRef::Builtin(name) => builtin::load(name).map(Opened::from),
        ModelRef::Run(id) => open_run(&home.runs().join(id), id, reading),
        ModelRef::Live => Err(HubError::NothingLive),
        ModelRef::Folder(path) if path.join(CHECKPOINTS).is_dir() => open_run(path, &file_name(path), reading),
        ModelRef::Folder(path) if foreign::gguf::is_gguf(path) => foreign::gguf::open(path, &file_name(path), reading),
        ModelRef::Folder(path) => folder::open(path, &file_name(path), reading),
        ModelRef::Hub(model) => {
            let manifest = remote::library::resolve(home, model)?;
            let folder = remote::library::folder(home, &model.repository);
            let mut opened = folder::open(&folder, model.short(), reading)?;
            opened.language = opened.language.or_else(|| manifest.language());
            Ok(opened)
        }
    }
}

/// The folder inside a run's folder in which checkpoints are.
pub const CHECKPOINTS: &str = "checkpoints";

/// The checkpoints in a run's folder with their steps, newest first. Unfinished ones (their names begin with a dot) are
/// not among them.
pub fn checkpoints(run: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(run.join(CHECKPOINTS)) else { return Vec::new() };
    let mut found: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let step = path.file_name()?.to_str()?.strip_prefix("step-")?.parse().ok()?;
            Some((step, path))
        })
        .collect();
    found.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
    found
}

/// The file of a model's folder whose time and size tell whether its weights have changed.
pub fn witness(folder: &Path) -> PathBuf {
    if foreign::gguf::is_gguf(folder) {
        return folder.to_owned();
    }
    let gguf = || foreign::gguf::only_one(folder).ok().flatten();
    foreign::witness(folder).or_else(gguf).unwrap_or_else(|| folder.join(folder::WEIGHTS))
}

/// The newest checkpoint that can be read; an older one where the newest is damaged.
fn open_run(run: &Path, id: &str, reading: &Reading) -> Result<Opened, HubError> {
    let mut first_error = None;
    for (step, path) in checkpoints(run) {
        match folder::open(&path, id, reading) {
            Ok(mut opened) => {
                opened.step = Some(step);
                return Ok(opened);
            }
            Err(HubError::Cancelled) => return Err(HubError::Cancelled),
            Err(error) => {
                tracing::warn!(path = %path.display(), "a checkpoint cannot be read: {error}");
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or_else(|| HubError::NoCheckpoint(id.to_owned())))
}

/// The id of the run that was begun last. Ids begin with the date and time, so their order is that of time.
fn newest_run(home: &Home) -> Option<String> {
    let entries = fs::read_dir(home.runs()).ok()?;
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    ids.filter(|id| !checkpoints(&home.runs().join(id)).is_empty()).max()
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
