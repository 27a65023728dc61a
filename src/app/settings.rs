//! What is remembered from one start to the next, in `settings.toml`.
//!
//! A file that cannot be understood is set aside and named in a message. Writing happens on a thread of its own, because
//! bringing a file to the disk can take longer than a frame.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use rust_i18n::t;
use serde::{Deserialize, Serialize};

use crate::data::{Home, LatestFile, set_aside};
use crate::hub::ModelRef;
use crate::kernels::Storage;
use crate::panels::{PanelId, Preferences, SCALES, ThemeChoice};

/// The content of `settings.toml`. What is missing in the file has its default here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `es` or `en`, once a person has chosen one; before that, the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Which theme.
    pub theme: ThemeChoice,
    /// Size of everything, in percent.
    pub scale: u16,
    /// Whether things may move.
    pub motion: bool,
    /// `auto`, `cpu`, `cuda`, `cuda:N`.
    pub device: String,
    /// On how many threads the processor computes, if a person has said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// In how many bits the processor keeps the weights of a model that writes.
    pub weights: Storage,
    /// The page that was shown last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<PanelId>,
    /// The model that was used last, if it was another than the language's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// The window.
    pub window: WindowSize,
    /// What each page remembers, by its name.
    pub panels: BTreeMap<String, toml::Table>,
}

/// The window's inner size in points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowSize {
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
    /// Whether it fills the screen.
    pub maximized: bool,
}

impl Default for WindowSize {
    fn default() -> Self {
        Self { width: 1280.0, height: 800.0, maximized: false }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: None,
            theme: ThemeChoice::System,
            scale: 100,
            motion: true,
            device: "auto".to_owned(),
            threads: None,
            weights: Storage::F32,
            page: None,
            model: None,
            window: WindowSize::default(),
            panels: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Reads the settings. Where there are none yet, or none that can be read, the defaults come back; in the second case
    /// with a sentence that says what became of the file.
    pub fn load(home: &Home) -> (Self, Option<String>) {
        let path = home.settings_file();
        let unusable = |reason: io::Error| {
            let notice = t!("app.settings.unreadable", path = path.display(), reason = reason);
            (Self::default(), Some(notice.into_owned()))
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (Self::default(), None),
            Err(error) => return unusable(error),
        };
        let text = String::from_utf8_lossy(&bytes);
        match toml::from_str::<Self>(&text) {
            Ok(settings) => (settings.sane(), None),
            Err(error) => {
                tracing::warn!("the settings cannot be understood: {error}");
                match set_aside(&path) {
                    Ok(aside) => {
                        let notice = t!("app.settings.set_aside", path = aside.display());
                        (Self::default(), Some(notice.into_owned()))
                    }
                    Err(error) => unusable(error),
                }
            }
        }
    }

    /// Numbers that a person may have edited, brought back to what the window can do.
    fn sane(mut self) -> Self {
        self.scale = self.scale.clamp(*SCALES.start(), *SCALES.end());
        self.threads = self.threads.map(|count| count.clamp(1, crate::engine::threads::most()));
        let usual = WindowSize::default();
        let within = |value: f32, usual: f32| if value.is_finite() { value.clamp(400.0, 16_000.0) } else { usual };
        self.window.width = within(self.window.width, usual.width);
        self.window.height = within(self.window.height, usual.height);
        self
    }

    /// The choices of a person, in this language where none was chosen.
    pub fn preferences(&self, language: &'static str) -> Preferences {
        Preferences {
            theme: self.theme,
            scale: self.scale,
            language,
            device: self.device.clone(),
            threads: self.threads,
            storage: self.weights,
            motion: self.motion,
        }
    }

    fn to_text(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }
}

/// The language in the settings file, read without touching anything: the command line asks before it does anything else.
pub fn language_of(home: &Home) -> Option<String> {
    let text = fs::read_to_string(home.settings_file()).ok()?;
    let table: toml::Table = toml::from_str(&text).ok()?;
    table.get("language")?.as_str().map(str::to_owned)
}

/// Writes settings in the background; the newest win.
pub struct Keeper(LatestFile);

impl Keeper {
    /// A keeper of this home's settings, which hold what is on disk now.
    pub fn new(home: &Home, on_disk: &Settings) -> Self {
        Self(LatestFile::new(home.settings_file(), on_disk.to_text().unwrap_or_default(), "settings"))
    }

    /// Has the settings written if they differ from what was written last.
    pub fn keep(&mut self, settings: &Settings) {
        match settings.to_text() {
            Ok(text) => self.0.keep(text),
            Err(error) => tracing::warn!("the settings cannot be written down: {error}"),
        }
    }

    /// A sentence, the first time that writing fails.
    pub fn failure(&self) -> Option<String> {
        let error = self.0.failure()?;
        Some(t!("app.settings.unwritable", path = self.0.path().display(), reason = error).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Settings {
        let mut table = toml::Table::new();
        table.insert("prompt".to_owned(), "En un lugar".into());
        Settings {
            language: Some("en".to_owned()),
            theme: ThemeChoice::Dark,
            scale: 150,
            motion: false,
            device: "cpu".to_owned(),
            threads: Some(1),
            weights: Storage::Q8,
            page: Some(PanelId::Attention),
            model: Some(ModelRef::Run("20261124-105249-char".to_owned())),
            window: WindowSize { width: 1000.0, height: 700.0, maximized: true },
            panels: BTreeMap::from([("playground".to_owned(), table)]),
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        let (_folder, home) = Home::temporary();
        assert_eq!(Settings::load(&home), (Settings::default(), None), "the first start");
        let mut keeper = Keeper::new(&home, &Settings::default());
        keeper.keep(&Settings { scale: 120, ..example() });
        keeper.keep(&example());
        drop(keeper);
        assert_eq!(Settings::load(&home), (example(), None));
        assert_eq!(language_of(&home).as_deref(), Some("en"));
    }

    #[test]
    fn settings_that_did_not_change_are_not_written() {
        let (_folder, home) = Home::temporary();
        let mut keeper = Keeper::new(&home, &Settings::default());
        keeper.keep(&Settings::default());
        drop(keeper);
        assert!(!home.settings_file().exists());
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_set_aside_and_named() {
        for broken in [&b"scale = \"large\""[..], b"[window", b"\xff\xfe\x00"] {
            let (folder, home) = Home::temporary();
            fs::write(home.settings_file(), broken).unwrap();
            let (settings, notice) = Settings::load(&home);
            assert_eq!(settings, Settings::default());
            let aside: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert_eq!(aside.len(), 1);
            assert_eq!(fs::read(&aside[0]).unwrap(), broken, "nothing is lost");
            assert!(notice.unwrap().contains(&aside[0].display().to_string()));
            assert_eq!(language_of(&home), None);
        }
    }

    #[test]
    fn unknown_entries_and_impossible_numbers_do_no_harm() {
        let (_folder, home) = Home::temporary();
        let text = "language = \"es\"\nscale = 9000\nfuture = true\n[window]\nwidth = nan\nheight = 3.0\n";
        fs::write(home.settings_file(), text).unwrap();
        let (settings, notice) = Settings::load(&home);
        assert_eq!((settings.scale, settings.window.width, settings.window.height, notice), (200, 1280.0, 400.0, None));
    }

    #[test]
    fn where_nothing_can_be_written_it_is_said_once() {
        let folder = tempfile::tempdir().unwrap();
        // A file where the folder should be: nobody can write there, not even an administrator.
        let blocked = folder.path().join("file");
        fs::write(&blocked, b"").unwrap();
        let home = Home::at(blocked.join("home"));
        let mut keeper = Keeper::new(&home, &Settings::default());
        keeper.keep(&example());
        let wait = std::time::Duration::from_secs(20);
        let failures = keeper.0.failures().clone();
        failures.recv_timeout(wait).unwrap();
        keeper.keep(&Settings::default());
        drop(keeper);
        assert!(failures.try_recv().is_err(), "once is enough");
    }
}
