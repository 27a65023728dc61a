//! The downloaded models: one folder a repository, with a `telar.toml` that says what is in it.
//!
//! A download grows in a folder of another name (`.owner--name.part`) and gets its own only when every file is there and
//! right. So what is listed is whole, and what is not whole is never listed or opened.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::RemoteError;
use super::names::{HubRef, folder_name, is_repository};
use crate::data::{Home, write_atomic};

/// What stands in a model's folder beside the model's own files.
const MANIFEST: &str = "telar.toml";

/// `telar.toml`: what is in a folder, and from where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// `owner/name`.
    pub repository: String,
    /// The commit whose files these are.
    pub revision: String,
    /// What the person asked for: a branch, a tag or a commit.
    pub asked: String,
    /// The licence, as the hub abbreviates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Languages, `en`, `es`, …
    #[serde(default)]
    pub languages: Vec<String>,
    /// The files of the model.
    pub files: Vec<ManifestFile>,
}

/// One file of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name in the folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal, where the hub gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Manifest {
    /// Which model it is.
    pub fn model(&self) -> HubRef {
        HubRef { repository: self.repository.clone(), revision: self.revision.clone() }
    }

    /// All of its files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Its language where it has exactly one.
    pub fn language(&self) -> Option<String> {
        match &self.languages[..] {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), RemoteError> {
        let path = folder.join(MANIFEST);
        let text = toml::to_string_pretty(self).map_err(io::Error::other);
        let written = text.and_then(|text| write_atomic(&path, text.as_bytes()));
        written.map_err(|source| RemoteError::Unwritable { path, source })
    }

    /// The manifest of a folder, if it is one that belongs there.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join(MANIFEST)).ok()?;
        let manifest: Self = toml::from_str(&text).ok()?;
        let beside = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
        let sound = is_repository(&manifest.repository) && manifest.files.iter().all(|file| beside(&file.name));
        sound.then_some(manifest)
    }
}

/// A download that is not complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// What it will be.
    pub manifest: Manifest,
    /// Bytes that are here.
    pub done: u64,
}

/// The folder of a downloaded repository.
pub fn folder(home: &Home, repository: &str) -> PathBuf {
    home.models().join(folder_name(repository))
}

/// The folder in which a repository's download grows. The hub's names do not begin with a dot.
pub(super) fn unfinished_folder(home: &Home, repository: &str) -> PathBuf {
    home.models().join(format!(".{}.part", folder_name(repository)))
}

/// The end of the name of a file that is not complete.
pub(super) const PART: &str = ".part";

/// The models that are here, by their names.
pub fn list(home: &Home) -> Vec<Manifest> {
    let mut found: Vec<Manifest> = folders(home).filter_map(|folder| whole(&folder)).collect();
    found.sort_by(|a, b| a.repository.cmp(&b.repository));
    found
}

/// The downloads that were begun and not ended.
pub fn unfinished(home: &Home) -> Vec<Unfinished> {
    let mut found: Vec<Unfinished> = folders(home)
        .filter_map(|folder| {
            let manifest = Manifest::read(&folder)?;
            let mine = unfinished_folder(home, &manifest.repository) == folder;
            mine.then(|| Unfinished { done: arrived(&folder, &manifest), manifest })
        })
        .collect();
    found.sort_by(|a, b| a.manifest.repository.cmp(&b.manifest.repository));
    found
}

fn folders(home: &Home) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(home.models()).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir())
}

/// The manifest of a folder in which every file is there with its size.
fn whole(folder: &Path) -> Option<Manifest> {
    let manifest = Manifest::read(folder)?;
    let named = folder.file_name().is_some_and(|name| name == folder_name(&manifest.repository).as_str());
    let complete = manifest.files.iter().all(|file| size(&folder.join(&file.name)) == Some(file.bytes));
    (named && complete).then_some(manifest)
}

/// Bytes of a download's files that are here, in complete files and in parts.
fn arrived(folder: &Path, manifest: &Manifest) -> u64 {
    let of = |file: &ManifestFile| {
        let part = || size(&folder.join(format!("{}{PART}", file.name)));
        size(&folder.join(&file.name)).or_else(part).unwrap_or(0).min(file.bytes)
    };
    manifest.files.iter().map(of).sum()
}

fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().filter(|about| about.is_file()).map(|about| about.len())
}

/// The downloaded model of a repository, if it is here and whole.
pub fn find(home: &Home, repository: &str) -> Option<Manifest> {
    whole(&folder(home, repository)).filter(|manifest| manifest.repository == repository)
}

/// The downloaded model that a reference names.
///
/// # Errors
/// If it is not here, or is here in another revision.
pub fn resolve(home: &Home, model: &HubRef) -> Result<Manifest, RemoteError> {
    let not_here = || RemoteError::NotDownloaded(model.repository.clone());
    let manifest = find(home, &model.repository).ok_or_else(not_here)?;
    if manifest.revision != model.revision {
        return Err(RemoteError::OtherRevision {
            repository: model.repository.clone(),
            here: manifest.revision,
            wanted: model.revision.clone(),
        });
    }
    Ok(manifest)
}

/// Deletes what is here of a repository, complete or not. The model is gone at once also where the files take a while.
///
/// # Errors
/// If a folder cannot be removed.
pub fn delete(home: &Home, repository: &str) -> Result<(), RemoteError> {
    if !is_repository(repository) {
        return Err(RemoteError::BadName(repository.to_owned()));
    }
    for path in [folder(home, repository), unfinished_folder(home, repository)] {
        remove(&path).map_err(|source| RemoteError::Unwritable { path, source })?;
    }
    Ok(())
}

/// Removes a folder, first from its name and then from the disk.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let Some(name) = path.file_name().filter(|_| path.is_dir()) else { return Ok(()) };
    let mut gone_name = std::ffi::OsString::from(".gone-");
    gone_name.push(name);
    let gone = path.with_file_name(gone_name);
    if gone.exists() {
        fs::remove_dir_all(&gone)?;
    }
    fs::rename(path, &gone)?;
    fs::remove_dir_all(&gone)
}

/// Bytes of everything below a folder; what cannot be read counts for nothing, and links are not followed.
pub fn space(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let of = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => space(&entry.path()),
        Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |about| about.len()),
        _ => 0,
    };
    entries.map(of).sum()
}
