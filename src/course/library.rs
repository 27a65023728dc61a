//! All lessons, in both languages.
//!
//! A release build has them in itself; a debug build reads them from `assets/lessons` and, in the window, again whenever
//! one of them is saved ([`Watch`]).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};
use std::{fs, thread};

use crossbeam_channel::{Receiver, unbounded};

use super::chapter::{self, Chapter};
use super::error::{LessonError, Reason};
use super::glossary::{self, Glossary};
use super::lesson::{Level, Section, SectionId};
use super::{parse, search};

/// The files of both languages in a release build: language, name, content. Made by `build.rs`.
static EMBEDDED: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// The folder from which a debug build reads.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/lessons");

/// How often a debug build looks whether a lesson was saved.
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// The lessons of one language.
#[derive(Clone, Debug, PartialEq)]
pub struct Language {
    /// `es` or `en`.
    pub code: &'static str,
    /// The sections in their order.
    pub sections: Vec<Section>,
    /// The chapters by their numbers.
    pub chapters: BTreeMap<u8, Chapter>,
    /// What terms mean.
    pub glossary: Glossary,
    index: search::Index,
}

impl Language {
    /// The title of a chapter; its number where it has none.
    pub fn chapter_title(&self, chapter: u8) -> String {
        self.chapters.get(&chapter).map_or_else(|| chapter.to_string(), |chapter| chapter.title.clone())
    }

    /// Sections and terms that fit a query, the best first; everything for an empty one.
    pub fn find(&self, query: &str) -> Vec<search::Hit> {
        self.index.find(query)
    }
}

/// All lessons.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    languages: [Language; 2],
    ids: Vec<SectionId>,
    /// Lessons that could not be understood and are left out. A test sees to it that there are none.
    pub problems: Vec<LessonError>,
}

impl Course {
    /// The shipped lessons. They are read once; in a debug build, from their folder.
    pub fn shipped() -> Arc<Self> {
        static SHIPPED: LazyLock<Arc<Course>> = LazyLock::new(|| {
            let course = if EMBEDDED.is_empty() {
                Course::from_folder(Path::new(FOLDER))
            } else {
                Course::from_files(EMBEDDED.iter().copied())
            };
            for problem in &course.problems {
                tracing::error!("{problem}");
            }
            Arc::new(course)
        });
        SHIPPED.clone()
    }

    /// The lessons of a folder with one folder a language.
    pub fn from_folder(folder: &Path) -> Self {
        let mut files = Vec::new();
        let mut problems = Vec::new();
        for path in lesson_files(folder) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let language = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
            match fs::read_to_string(&path) {
                Ok(text) => files.push((language, name, text)),
                Err(error) => {
                    let reason = Reason::Unreadable(error.to_string());
                    problems.push(LessonError { file: name, line: 0, reason });
                }
            }
        }
        let mut course = Self::from_files(files.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())));
        course.problems.extend(problems);
        course
    }

    /// The lessons of these files: language, name, content.
    pub fn from_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> Self {
        let mut sections: BTreeMap<(&str, SectionId), Section> = BTreeMap::new();
        let mut glossaries: BTreeMap<&str, Glossary> = BTreeMap::new();
        let mut chapters: BTreeMap<&str, BTreeMap<u8, Chapter>> = BTreeMap::new();
        let mut problems = Vec::new();
        for (language, name, text) in files {
            let said = |mut error: LessonError| {
                error.file = format!("{language}/{}", error.file);
                error
            };
            if name == glossary::FILE {
                match Glossary::parse(text) {
                    Ok(glossary) => _ = glossaries.insert(language, glossary),
                    Err(error) => problems.push(said(error)),
                }
                continue;
            }
            if name == chapter::FILE {
                match chapter::parse(text) {
                    Ok(found) => _ = chapters.insert(language, found),
                    Err(error) => problems.push(said(error)),
                }
                continue;
            }
            match parse::section(name, text) {
                Ok(section) => {
                    let id = section.id;
                    if sections.insert((language, id), section).is_some() {
                        let reason = Reason::Twice { id: id.to_string() };
                        problems.push(said(LessonError { file: name.to_owned(), line: 2, reason }));
                    }
                }
                Err(error) => problems.push(said(error)),
            }
        }
        let mut language = |code: &'static str| {
            let sections: Vec<Section> =
                sections.iter().filter(|((of, _), _)| *of == code).map(|(_, section)| section.clone()).collect();
            let glossary = glossaries.remove(code).unwrap_or_default();
            let chapters = chapters.remove(code).unwrap_or_default();
            Language { code, index: search::Index::new(&sections, &glossary), sections, chapters, glossary }
        };
        let languages = [language("es"), language("en")];
        let mut ids: Vec<_> =
            languages.iter().flat_map(|language| language.sections.iter().map(|section| section.id)).collect();
        ids.sort_unstable();
        ids.dedup();
        Self { languages, ids, problems }
    }

    /// The lessons of a language; the English ones for any other.
    pub fn language(&self, code: &str) -> &Language {
        let [spanish, english] = &self.languages;
        if code == spanish.code { spanish } else { english }
    }

    /// The numbers of all sections, in their order.
    pub fn ids(&self) -> &[SectionId] {
        &self.ids
    }

    /// The chapters that have sections, in their order.
    pub fn chapters(&self) -> Vec<u8> {
        let mut chapters: Vec<u8> = self.ids.iter().map(|id| id.chapter).collect();
        chapters.dedup();
        chapters
    }

    /// A section in a language, or in the other one where it is missing there.
    pub fn section(&self, language: &str, id: SectionId) -> Option<&Section> {
        let find = |language: &'_ Language| language.sections.iter().position(|section| section.id == id);
        let mine = self.language(language);
        match find(mine) {
            Some(at) => mine.sections.get(at),
            None => self.any(id),
        }
    }

    /// A section in whichever language has it: for what both have in common.
    pub fn any(&self, id: SectionId) -> Option<&Section> {
        self.languages.iter().flat_map(|language| &language.sections).find(|section| section.id == id)
    }

    /// The level of a chapter: what its list says, or else the one that most of its sections have.
    pub fn level_of_chapter(&self, chapter: u8) -> Option<Level> {
        let said = self.languages.iter().find_map(|language| language.chapters.get(&chapter));
        if let Some(said) = said {
            return Some(said.level);
        }
        let count = |level: Level| {
            let ids = self.ids.iter().filter(|id| id.chapter == chapter);
            ids.filter_map(|id| self.any(*id)).filter(|section| section.level == level).count()
        };
        Level::ALL.into_iter().filter(|level| count(*level) > 0).rev().max_by_key(|level| count(*level))
    }
}

/// The files of all languages, sorted.
fn lesson_files(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let found = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect::<Vec<_>>());
        found.unwrap_or_default()
    };
    let mut files: Vec<_> = entries(folder).into_iter().flat_map(|language| entries(&language)).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "md" || end == "toml"));
    files.sort();
    files
}

/// Reads the lessons of a debug build again when one of them was saved.
pub struct Watch {
    courses: Receiver<Course>,
    over: Arc<AtomicBool>,
}

impl Watch {
    /// Begins to watch the shipped lessons where they are read from their folder; `notify` is called when there is
    /// something new.
    pub fn shipped(notify: impl Fn() + Send + 'static) -> Option<Self> {
        if EMBEDDED.is_empty() { Self::folder(Path::new(FOLDER), notify) } else { None }
    }

    /// Begins to watch a folder.
    pub fn folder(folder: &Path, notify: impl Fn() + Send + 'static) -> Option<Self> {
        let (found, courses) = unbounded();
        let over = Arc::new(AtomicBool::new(false));
        let (folder, stop) = (folder.to_owned(), over.clone());
        let mut before = state(&folder);
        let watch = move || {
            while !stop.load(Ordering::Relaxed) {
                thread::sleep(LOOK_EVERY);
                let now = state(&folder);
                if now != before {
                    before = now;
                    if found.send(Course::from_folder(&folder)).is_err() {
                        return;
                    }
                    notify();
                }
            }
        };
        match thread::Builder::new().name("lessons".to_owned()).spawn(watch) {
            Ok(_) => Some(Self { courses, over }),
            Err(error) => {
                tracing::warn!("no thread for the lessons: {error}");
                None
            }
        }
    }

    /// The lessons as they were saved last, if they are others than before.
    pub fn news(&self) -> Option<Course> {
        self.courses.try_iter().last()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// When each file was saved.
fn state(folder: &Path) -> Vec<(PathBuf, Option<SystemTime>)> {
    let saved = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    lesson_files(folder).into_iter().map(|path| (path.clone(), saved(&path))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(id: &str, level: &str, body: &str) -> String {
        format!(
            "---\nid = \"{id}\"\nlevel = \"{level}\"\ntitle = \"T {id}\"\nquestion = \"Q\"\nminutes = 1\n---\n{body}\n"
        )
    }

    #[test]
    fn sections_come_in_the_order_of_their_numbers_and_a_missing_translation_is_replaced() {
        let (one, two, three) =
            (lesson("2.11", "advanced", "x"), lesson("2.4", "beginner", "x"), lesson("1.1", "beginner", "x"));
        let files = [
            ("en", "2.11-a.md", one.as_str()),
            ("en", "2.04-b.md", two.as_str()),
            ("es", "1.01-c.md", three.as_str()),
            ("en", "2.05-broken.md", "nothing"),
            ("en", "glossary.toml", "[a]\ntitle = \"A\"\ntext = \"x\"\n"),
        ];
        let course = Course::from_files(files);
        let ids: Vec<_> = course.ids().iter().map(ToString::to_string).collect();
        assert_eq!(ids, ["1.1", "2.4", "2.11"]);
        assert_eq!(course.chapters(), [1, 2]);
        assert!(course.section("en", SectionId::new(1, 1)).is_some());
        assert_eq!(course.level_of_chapter(2), Some(Level::Beginner), "the easier one of two");
        assert_eq!(course.problems.len(), 1);
        assert!(course.problems[0].to_string().contains("en/2.05-broken.md"), "{}", course.problems[0]);
        assert_eq!(course.language("en").glossary.terms.len(), 1);
    }

    #[test]
    fn a_lesson_that_is_saved_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("es")).unwrap();
        let path = folder.path().join("es/1.01-a.md");
        fs::write(&path, lesson("1.1", "beginner", "Before")).unwrap();
        let (told, telling) = unbounded();
        let watch = Watch::folder(folder.path(), move || _ = told.send(())).unwrap();
        assert!(watch.news().is_none());
        let before = SystemTime::now() - Duration::from_secs(60);
        fs::write(&path, lesson("1.1", "advanced", "After")).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
        telling.recv_timeout(Duration::from_secs(60)).expect("the change is noticed");
        let mut course = watch.news();
        // It may have been seen between the two calls above, half done.
        while course
            .as_ref()
            .is_none_or(|course| course.any(SectionId::new(1, 1)).is_none_or(|s| s.level != Level::Advanced))
        {
            telling.recv_timeout(Duration::from_secs(60)).expect("the whole change is noticed");
            course = watch.news();
        }
    }
}
