//! The course in the real window: what a person has done survives another language and a restart.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use rust_i18n::t;
use telar::app::{Options, TelarApp};
use telar::course::lesson::plain;
use telar::course::{Answer, Course, Kind, SectionId};
use telar::data::Home;
use telar::panels::{Intent, PanelId};

rust_i18n::i18n!("locales", fallback = "en");

/// An open window.
struct Window {
    harness: Harness<'static, TelarApp>,
    _alone: MutexGuard<'static, ()>,
}

/// A window switches the language of the whole process, so they are opened one after the other.
static ALONE: Mutex<()> = Mutex::new(());

/// Nothing is timed here; this only ends a test that would wait for ever.
const PATIENCE: Duration = Duration::from_secs(240);

impl Window {
    /// A window in its first frames.
    fn begin(home: &Path) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut options = Options::open(Home::at(home), "en");
        options.device = Some("cpu".into());
        options.settings.motion = false;
        let builder = Harness::builder().with_size([1280.0, 3000.0]).with_max_steps(64);
        let harness = builder.build_eframe(move |context| TelarApp::new(&context.egui_ctx, options).unwrap());
        Self { harness, _alone: alone }
    }

    /// A window with its model.
    fn open(home: &Path) -> Self {
        let mut window = Self::begin(home);
        let begun = Instant::now();
        while !window.harness.state().ready() {
            window.frames(1);
            assert!(begun.elapsed() < PATIENCE, "the shipped model does not come");
            std::thread::sleep(Duration::from_millis(5));
        }
        window
    }

    fn frames(&mut self, count: usize) {
        for _ in 0..count {
            self.harness.step();
        }
    }

    fn open_section(&mut self, id: SectionId) {
        self.harness.state_mut().ask(Intent::OpenSection(id));
        self.frames(6);
        assert_eq!(self.harness.state().page(), PanelId::Course);
    }

    fn press(&mut self, role: Role, label: &str) {
        self.harness.get_by_role_and_label(role, label).click();
        self.frames(4);
    }

    fn chosen(&self, option: &str) -> bool {
        let node = self.harness.query_by_role_and_label(Role::RadioButton, option);
        node.is_some_and(|node| node.accesskit_node().toggled() == Some(Toggled::True))
    }
}

/// A section whose only exercises to choose in is a prediction, with its first option in English and Spanish.
fn a_prediction() -> (SectionId, String, [String; 2]) {
    let course = Course::shipped();
    for section in &course.language("en").sections {
        let choosing: Vec<_> = section
            .exercises()
            .filter(|exercise| matches!(exercise.kind, Kind::Predict { .. } | Kind::Choose { .. }))
            .collect();
        if let [only] = choosing[..]
            && let Kind::Predict { options, .. } = &only.kind
        {
            let spanish = course.section("es", section.id).unwrap();
            let same = spanish.exercises().find(|exercise| exercise.id == only.id).unwrap();
            let Kind::Predict { options: spanish, .. } = &same.kind else { panic!("another kind in Spanish") };
            return (section.id, only.id.clone(), [plain(&options[0]), plain(&spanish[0])]);
        }
    }
    panic!("no section with a single prediction");
}

#[test]
fn an_answer_survives_another_language_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (id, exercise, [english, spanish]) = a_prediction();
    let mut window = Window::open(folder.path());
    window.open_section(id);
    window.press(Role::RadioButton, &english);
    assert!(window.chosen(&english));
    window.press(Role::Button, &t!("course_page.bookmark_add", locale = "en"));

    // The language, through the settings, as a person would.
    window.press(Role::Button, &t!("app.settings.title", locale = "en"));
    window.harness.get_by_label("Español").click();
    window.frames(6);
    window.harness.key_press(Key::Escape);
    window.frames(4);
    assert!(window.chosen(&spanish), "in the middle of the exercise");
    window.press(Role::Button, &t!("course_page.reveal", locale = "es"));
    let said = |window: &Window| window.harness.state().shared().learning.progress.clone();
    let before = said(&window);
    assert!(before.sections[&id].exercises[&exercise].verdict.is_some());
    drop(window);

    let mut window = Window::open(folder.path());
    window.frames(6);
    assert_eq!(window.harness.state().page(), PanelId::Course, "the page of before");
    let after = said(&window);
    assert_eq!(after.last, Some(id));
    assert!(after.sections[&id].bookmark);
    let attempt = &after.sections[&id].exercises[&exercise];
    assert_eq!(attempt, &before.sections[&id].exercises[&exercise]);
    assert_eq!(attempt.answer, Some(Answer::Option(0)));
    // It was opened in English this time.
    assert!(window.chosen(&english));
}

#[test]
fn a_progress_that_cannot_be_read_is_set_aside_and_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("progress.json"), "not a progress").unwrap();
    let mut window = Window::begin(folder.path());
    window.frames(2);
    assert!(window.harness.query_by_label_contains("progress.json.broken-").is_some());
    let aside = std::fs::read_dir(folder.path()).unwrap().flatten();
    let aside = aside.filter(|file| file.file_name().to_string_lossy().starts_with("progress.json.broken-"));
    let kept: Vec<_> = aside.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect();
    assert_eq!(kept, ["not a progress"], "nothing is lost");
}

#[test]
fn the_home_page_leads_into_the_course_and_keys_lead_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    let course = Course::shipped();
    let first = course.ids()[0];
    window.press(Role::Button, &t!("home.course_start", locale = "en"));
    assert_eq!(window.harness.state().page(), PanelId::Course);
    let last = |window: &Window| window.harness.state().shared().learning.progress.last;
    assert_eq!(last(&window), Some(first));

    // The next section, a chapter, and one that is searched for.
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::PageDown);
    window.frames(4);
    assert_eq!(last(&window), course.ids().get(1).copied());
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    window.frames(4);
    assert_eq!(last(&window).map(|id| id.chapter), Some(1));
    let wanted = *course.ids().last().unwrap();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.frames(3);
    let title = course.section("en", wanted).unwrap().title.clone();
    window.harness.get_by_label(&t!("app.search.name", locale = "en")).type_text(&title);
    window.frames(3);
    window.harness.key_press(Key::Enter);
    window.frames(4);
    assert_eq!(last(&window), Some(wanted));
}

#[test]
fn the_contents_show_every_chapter_and_the_sections_of_the_open_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    let course = Course::shipped();
    for id in course.ids() {
        window.open_section(*id);
        for chapter in course.chapters() {
            let title = course.language("en").chapter_title(chapter);
            let name = format!("{chapter} · {title}:");
            assert!(window.harness.query_all_by_label_contains(&name).count() >= 1, "{name}");
        }
        for other in course.ids().iter().filter(|other| other.chapter == id.chapter) {
            let title = &course.section("en", *other).unwrap().title;
            let name = format!("{other} {title}:");
            assert!(window.harness.query_all_by_label_contains(&name).count() >= 1, "{name}");
        }
    }
}
