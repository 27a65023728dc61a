//! Where do a person's files live, and how are they written so that nothing is ever half there?

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::DataError;

/// The folder of everything that Telar keeps. Folders in it are made when something is first written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The folder.
    pub root: PathBuf,
}

impl Home {
    /// The folder that `TELAR_HOME` names, or else the platform's folder for an application's data.
    ///
    /// # Errors
    /// If there is neither.
    pub fn locate() -> Result<Self, DataError> {
        if let Some(chosen) = std::env::var_os("TELAR_HOME").filter(|value| !value.is_empty()) {
            let root = std::path::absolute(&chosen).unwrap_or_else(|_| PathBuf::from(&chosen));
            return Ok(Self { root });
        }
        let folders = directories::ProjectDirs::from("", "", "telar").ok_or(DataError::NoHome)?;
        Ok(Self { root: folders.data_dir().to_owned() })
    }

    /// A folder of one's own choice.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// A home for a test, in a folder that goes away with the first of the two.
    #[cfg(test)]
    pub(crate) fn temporary() -> (tempfile::TempDir, Self) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = Self::at(folder.path());
        (folder, home)
    }

    /// One folder a training run.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Downloaded corpora.
    pub fn datasets(&self) -> PathBuf {
        self.root.join("datasets")
    }

    /// Downloaded and imported models.
    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// Logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The window's settings.
    pub fn settings_file(&self) -> PathBuf {
        self.root.join("settings.toml")
    }

    /// Texts that models have written in the playground.
    pub fn history_file(&self) -> PathBuf {
        self.root.join("history.json")
    }

    /// What the learner has done.
    pub fn progress_file(&self) -> PathBuf {
        self.root.join("progress.json")
    }
}

/// A file that appears at its place only once it is complete.
///
/// The bytes go to a temporary file in the same folder; [`Self::commit`] brings them to the disk and renames the file
/// over what stood there before. Dropped without that, the temporary file is removed and the old file stays.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    temporary: PathBuf,
    file: Option<File>,
}

impl AtomicFile {
    /// Starts writing; makes the folder if it is missing.
    ///
    /// # Errors
    /// If the folder or the temporary file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = folder_of(path);
        fs::create_dir_all(folder)?;
        let mut temporary_name = std::ffi::OsString::from(".");
        temporary_name.push(name);
        temporary_name.push(format!(".{}-{}.tmp", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
        let temporary = folder.join(temporary_name);
        // A process of the same number may have been killed here while it wrote.
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&temporary)?;
        Ok(Self { path: path.to_owned(), temporary, file: Some(file) })
    }

    /// Brings everything to the disk and puts the file in its place.
    ///
    /// # Errors
    /// If that fails; then the old file stands as before.
    pub fn commit(mut self) -> io::Result<()> {
        if let Some(mut file) = self.file.take() {
            let written = file.flush().and_then(|()| file.sync_all());
            drop(file);
            if let Err(error) = written.and_then(|()| fs::rename(&self.temporary, &self.path)) {
                let _ = fs::remove_file(&self.temporary);
                return Err(error);
            }
        }
        sync_folder(folder_of(&self.path));
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Err(io::ErrorKind::NotConnected.into()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a whole file so that a reader sees the old one or the new one and never anything between, also after a crash.
///
/// # Errors
/// If anything fails; then the old file stands as before.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Renames a file or folder that cannot be understood to `NAME.broken-20261124-105249` (UTC), and returns its new path.
/// Nothing is deleted.
///
/// # Errors
/// If it cannot be renamed.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut number = 1;
    loop {
        let mut new_name = name.to_owned();
        new_name.push(format!(".broken-{}", stamp(seconds)));
        if number > 1 {
            new_name.push(format!("-{number}"));
        }
        let new_path = path.with_file_name(new_name);
        if !new_path.exists() {
            fs::rename(path, &new_path)?;
            sync_folder(folder_of(path));
            return Ok(new_path);
        }
        number += 1;
    }
}

/// The folder that holds a file; the current one for a bare name.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Brings a rename to the disk where the platform lets a folder be opened (not on Windows). The file itself is safe
/// already, so a failure is none for the caller.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Seconds since 1970 as `20261124-105249`, by the calendar of Hinnant's `civil_from_days`.
pub fn stamp(seconds: u64) -> String {
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here, so that the leap day is the last; eras have 400 years.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn stamps_are_dates() {
        assert_eq!(stamp(0), "19700101-000000");
        assert_eq!(stamp(951_782_400), "20000229-000000");
        assert_eq!(stamp(1_795_517_569), "20261124-105249");
        assert_eq!(stamp(4_107_542_399), "21000228-235959");
        assert_eq!(stamp(4_107_542_400), "21000301-000000");
    }
}
