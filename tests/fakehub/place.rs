//! A person's folder and a hub with one small model: where downloads are tried.

use std::fs;
use std::ops::ControlFlow::Continue;
use std::path::PathBuf;

use telar::data::Home;
use telar::hub::remote::{self, Access, HubRef, RemoteError, library};
use telar::hub::{self, HubError, ModelRef};

use super::{COMMIT, FakeHub, Repository};

pub const NAME: &str = "someone/tiny-gpt2";
pub const WEIGHTS: &str = "model.safetensors";

/// A person's folder, and a hub with one small model.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub hub: FakeHub,
    pub repository: Repository,
}

impl Place {
    pub fn new() -> Self {
        Self::with(Repository::of(NAME, "gpt2"))
    }

    pub fn with(repository: Repository) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), hub: FakeHub::with([repository.clone()]), repository }
    }

    pub fn home(&self) -> Home {
        Home::at(self.folder.path())
    }

    pub fn download(&self) -> Result<HubRef, HubError> {
        self.download_by(&self.hub.access())
    }

    pub fn download_by(&self, access: &Access) -> Result<HubRef, HubError> {
        remote::download(access, &self.home(), NAME, None, &mut |_| Continue(()))
    }

    pub fn place(&self) -> PathBuf {
        library::folder(&self.home(), NAME)
    }

    pub fn part(&self) -> PathBuf {
        self.home().models().join(".someone--tiny-gpt2.part").join(format!("{WEIGHTS}.part"))
    }

    /// The model is here, and its files are those of the hub.
    pub fn assert_right(&self) {
        assert_eq!(fs::read(self.place().join(WEIGHTS)).unwrap(), self.repository.file(WEIGHTS));
        assert_eq!(library::list(&self.home()).len(), 1);
        assert!(library::unfinished(&self.home()).is_empty());
        hub::load(&ModelRef::parse(NAME, &self.home()).unwrap(), &self.home()).unwrap();
    }

    /// Nothing is here that could be taken for a model.
    pub fn assert_nothing(&self) {
        assert!(library::list(&self.home()).is_empty() && !self.place().exists());
        let error = ModelRef::parse(NAME, &self.home()).unwrap_err();
        assert!(matches!(error, HubError::Remote(RemoteError::NotDownloaded(_))), "{error}");
        let model = ModelRef::Hub(HubRef { repository: NAME.into(), revision: COMMIT.into() });
        assert!(hub::load(&model, &self.home()).is_err());
    }
}

pub fn remote_error(result: Result<HubRef, HubError>) -> RemoteError {
    match result {
        Err(HubError::Remote(error)) => error,
        other => panic!("{other:?}"),
    }
}
