//! A whole model from the hub: pinned to a commit, resumed where it was stopped, listed only when it is complete.

use std::fs;
use std::io;
use std::path::Path;

use super::access::Access;
use super::client::{Client, Now, Watch};
use super::error::RemoteError;
use super::info::{Info, info};
use super::library::{self, Manifest, ManifestFile, PART};
use super::names::{HubRef, escaped};
use super::plan::plan;
use super::transfer::Transfer;
use super::{MAIN, here};
use crate::data::Home;
use crate::hub::{HubError, foreign};

/// Fetches a model into the folder of models and says what it is pinned to. Without a revision it is the newest, or the
/// one that an unfinished download began with; a model that is here already is not fetched again.
///
/// # Errors
/// One sentence for whatever went wrong; what has come by then is kept for the next time, except what can never be right.
pub fn download(
    access: &Access,
    home: &Home,
    repository: &str,
    revision: Option<&str>,
    watch: Watch,
) -> Result<HubRef, HubError> {
    if let Some(manifest) = library::find(home, repository)
        && revision.is_none_or(|wanted| wanted == manifest.revision || wanted == manifest.asked)
    {
        return Ok(manifest.model());
    }
    let client = Client { access, here: here(home) };
    let asked = revision.unwrap_or(MAIN);
    let begun = Manifest::read(&library::unfinished_folder(home, repository)).filter(|begun| begun.asked == asked);
    let pinned = begun.as_ref().map_or(asked, |begun| &begun.revision);
    let found = info(&client, repository, pinned, watch)?;
    let manifest = manifest(repository, asked, found)?;
    let folder = library::unfinished_folder(home, repository);
    prepare(&folder, begun.as_ref(), &manifest)?;
    fetch(&client, &folder, &manifest, watch)?;
    publish(home, &folder, &manifest)?;
    Ok(manifest.model())
}

/// What is to be fetched. The name is the one that the person knows, also where the repository has moved.
fn manifest(repository: &str, asked: &str, found: Info) -> Result<Manifest, RemoteError> {
    let files = plan(&found)?;
    let files = files.into_iter().map(|file| ManifestFile { name: file.name, bytes: file.bytes, sha256: file.sha256 });
    Ok(Manifest {
        repository: repository.to_owned(),
        asked: asked.to_owned(),
        files: files.collect(),
        revision: found.revision,
        licence: found.licence,
        languages: found.languages,
    })
}

/// Makes the folder, without what came of files that are other files now.
fn prepare(folder: &Path, begun: Option<&Manifest>, manifest: &Manifest) -> Result<(), RemoteError> {
    let unwritable = |source| RemoteError::Unwritable { path: folder.to_owned(), source };
    match begun {
        Some(begun) => {
            for old in begun.files.iter().filter(|old| !manifest.files.contains(old)) {
                for name in [old.name.clone(), format!("{}{PART}", old.name), format!("{}{PART}.tag", old.name)] {
                    match fs::remove_file(folder.join(name)) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritable(error)),
                        _ => {}
                    }
                }
            }
        }
        None => library::remove(folder).map_err(unwritable)?,
    }
    fs::create_dir_all(folder).map_err(unwritable)?;
    manifest.write(folder)
}

/// Fetches file after file.
fn fetch(client: &Client, folder: &Path, manifest: &Manifest, watch: Watch) -> Result<(), HubError> {
    let total = manifest.bytes();
    let mut before = 0;
    for file in &manifest.files {
        let mut told = |now: Now| watch(Now { done: before + now.done, total: Some(total), ..now });
        let path = format!("/{}/resolve/{}/{}", manifest.repository, manifest.revision, escaped(&file.name));
        let transfer = Transfer { client, url: client.url(&path), file, folder, what: &manifest.repository };
        transfer.run(&mut told)?;
        if file.name == "config.json" {
            // Known before the weights come: what does not open here is not worth a gigabyte.
            foreign::check(&folder.join(&file.name))?;
        }
        before += file.bytes;
    }
    // Whoever cancels at the very end keeps everything for the next time.
    super::client::go_on(watch(Now { done: total, total: Some(total), waiting: None }))?;
    Ok(())
}

/// Gives the complete folder its name; an older revision makes room.
fn publish(home: &Home, folder: &Path, manifest: &Manifest) -> Result<(), RemoteError> {
    let place = library::folder(home, &manifest.repository);
    let unwritable = |source| RemoteError::Unwritable { path: place.clone(), source };
    library::remove(&place).map_err(unwritable)?;
    fs::rename(folder, &place).map_err(unwritable)
}
