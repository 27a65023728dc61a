//! What the tests of foreign files share: folders made of fixtures, and how much memory was asked for.

#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use telar::data::Home;
use telar::hub::{self, HubError, Loaded, ModelRef};

/// The folder of all fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Opens a model's folder or file.
pub fn load(path: &Path) -> Result<Loaded, HubError> {
    hub::load(&ModelRef::Folder(path.to_owned()), &Home::at("nowhere"))
}

/// A copy of a family's fixture with a tokenizer, to be damaged.
pub struct Copied {
    folder: tempfile::TempDir,
}

impl Copied {
    /// Of `tests/fixtures/families`.
    pub fn of(family: &str) -> Self {
        let copied = Self { folder: tempfile::tempdir().unwrap() };
        copied.take(&format!("families/{family}"));
        fs::copy(fixtures().join("text/bpe.tokenizer.json"), copied.path("tokenizer.json")).unwrap();
        copied
    }

    /// Copies the files of another fixture's folder too.
    pub fn take(&self, folder: &str) {
        for entry in fs::read_dir(fixtures().join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != "expected.safetensors" {
                fs::copy(entry.path(), self.path(entry.file_name().to_str().unwrap())).unwrap();
            }
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of it.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// A file's content.
    pub fn bytes(&self, file: &str) -> Vec<u8> {
        fs::read(self.path(file)).unwrap()
    }

    /// Replaces a file.
    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(file), bytes).unwrap();
    }

    /// Opens it.
    pub fn load(&self) -> Result<Loaded, HubError> {
        load(self.folder())
    }

    /// Why it does not open.
    pub fn sentence(&self) -> String {
        match self.load() {
            Ok(_) => panic!("this must not open"),
            Err(error) => error.to_string(),
        }
    }
}

/// The most address space that this process has had, in bytes; nothing where the system does not say.
pub fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Fails if more than a gigabyte was asked for since `before`; threads and their heaps reserve some hundred megabytes.
pub fn bounded(before: Option<u64>) {
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after - before < 1 << 30, "{} MB were asked for", (after - before) >> 20);
    }
}
