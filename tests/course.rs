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
use telar::course::exercise::Wanted;
use telar::course::lesson::plain;
use telar::course::{Answer, Attempt, Block, Course, Exercise, Kind, Progress, Section, SectionId};
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

    fn progress(&self) -> &Progress {
        &self.harness.state().shared().learning.progress
    }

    fn attempt(&self, id: SectionId, exercise: &str) -> Attempt {
        self.progress().sections[&id].exercises.get(exercise).cloned().unwrap_or_default()
    }

    /// Gives the keyboard to the widget of this role and name (the one of this number) and presses a key.
    fn key(&mut self, role: Role, label: &str, number: usize, key: Key) {
        let nodes = self.harness.query_all_by_role_and_label(role, label);
        nodes.into_iter().nth(number).unwrap_or_else(|| panic!("no {label} {number}")).focus();
        self.frames(2);
        self.harness.key_press(key);
        self.frames(3);
    }

    /// Writes over whatever stands in a field.
    fn write(&mut self, role: Role, label: &str, text: &str) {
        self.harness.get_by_role_and_label(role, label).focus();
        self.frames(2);
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.frames(2);
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.frames(2);
    }

    /// The other language, through the settings, as a person would.
    fn switch(&mut self, from: &str, to: &str) {
        self.press(Role::Button, &t!("app.settings.title", locale = from));
        self.harness.get_by_label(if to == "es" { "Español" } else { "English" }).click();
        self.frames(6);
        self.harness.key_press(Key::Escape);
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

    window.switch("en", "es");
    assert!(window.chosen(&spanish), "in the middle of the exercise");
    window.press(Role::Button, &t!("course_page.reveal", locale = "es"));
    let said = |window: &Window| window.progress().clone();
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

/// Sections with exercises of every kind. In the second, the prediction is a right one.
const SECTIONS: [SectionId; 3] = [SectionId::new(2, 4), SectionId::new(2, 6), SectionId::new(2, 10)];

/// Answers every exercise of a section by the keyboard, wrongly or rightly, in this language.
fn answer_all(window: &mut Window, section: &Section, language: &'static str, right: bool) {
    let mut checks = 0;
    for exercise in section.exercises() {
        match &exercise.kind {
            Kind::Predict { .. } if right => {}
            Kind::Predict { options, answer, .. } => {
                let option = if section.id == SECTIONS[1] { *answer } else { (*answer + 1) % options.len() };
                window.key(Role::RadioButton, &plain(&options[option]), 0, Key::Space);
                window.key(Role::Button, &t!("course_page.reveal", locale = language), 0, Key::Enter);
            }
            Kind::Choose { options, answer, .. } => {
                let option = if right { *answer } else { (*answer + 1) % options.len() };
                window.key(Role::RadioButton, &plain(&options[option]), 0, Key::Space);
            }
            Kind::Number { fields, .. } => {
                for field in fields {
                    let Wanted::Value(value) = field.wanted else { panic!("{}: a reading", exercise.id) };
                    window.write(
                        Role::TextInput,
                        &plain(&field.label),
                        &(if right { value } else { value + 7.0 }).to_string(),
                    );
                }
            }
            Kind::Order { items } if right => {
                for item in &items[1..] {
                    to_the_end(window, &plain(item), items.len(), language);
                }
            }
            Kind::Set { .. } if right => to_the_origin(window),
            Kind::Order { .. } | Kind::Set { .. } => {}
            Kind::Code { .. } => run_code(window, section.id, exercise, language, right),
        }
        if !matches!(exercise.kind, Kind::Predict { .. } | Kind::Code { .. }) {
            window.key(Role::Button, &t!("course_page.check", locale = language), checks, Key::Enter);
            checks += 1;
        }
    }
}

/// Moves a step down until it is the last.
fn to_the_end(window: &mut Window, words: &str, count: usize, language: &'static str) {
    let label = |place: usize| {
        let words = words.to_owned();
        t!("course_page.order_item", locale = language, place = place, count = count, words = words).into_owned()
    };
    let place = (1..=count).find(|place| window.harness.query_by_label(&label(*place)).is_some()).unwrap();
    for place in place..count {
        window.key(Role::ListItem, &label(place), 0, Key::ArrowDown);
    }
}

/// Moves the vector that asks to where all scores are the same; in a section without it, nothing.
fn to_the_origin(window: &mut Window) {
    let asks = |label: String| label.starts_with("x₁ (");
    let found = window
        .harness
        .query_all_by_role(Role::Slider)
        .find(|node| node.accesskit_node().label().is_some_and(asks))
        .map(|tip| tip.focus());
    if found.is_none() {
        return;
    }
    window.frames(2);
    for (key, times) in [(Key::ArrowLeft, 12), (Key::ArrowDown, 5)] {
        for _ in 0..times {
            window.harness.key_press(key);
            window.frames(1);
        }
    }
    window.frames(2);
}

/// Runs what stands in the code cell, or the lesson's solution in its place.
fn run_code(window: &mut Window, id: SectionId, exercise: &Exercise, language: &'static str, right: bool) {
    let label = t!("cells.editor_label", locale = language).into_owned();
    if right {
        let [Block::Code(solution)] = &exercise.solution[..] else { panic!("no solution") };
        window.write(Role::MultilineTextInput, &label, solution);
    }
    window.harness.get_by_role_and_label(Role::MultilineTextInput, &label).focus();
    window.frames(2);
    let tries = window.attempt(id, &exercise.id).tries;
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    let begun = Instant::now();
    while window.attempt(id, &exercise.id).tries == tries {
        window.frames(1);
        assert!(begun.elapsed() < PATIENCE, "the cell is not run");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What was chosen and written is on the page in this language.
fn look(window: &Window, section: &Section, language: &'static str) {
    for exercise in section.exercises() {
        match (&exercise.kind, window.attempt(section.id, &exercise.id).answer) {
            (Kind::Predict { options, .. } | Kind::Choose { options, .. }, Some(Answer::Option(option))) => {
                assert!(window.chosen(&plain(&options[option])), "{} {}", section.id, exercise.id);
            }
            (Kind::Number { fields, .. }, Some(Answer::Numbers(typed))) => {
                for (field, typed) in fields.iter().zip(typed) {
                    let label = plain(&field.label);
                    assert_eq!(window.harness.get_by_role_and_label(Role::TextInput, &label).value(), Some(typed));
                }
            }
            (Kind::Order { items }, Some(Answer::Order(order))) => {
                let words = plain(&items[order[0]]);
                let count = items.len();
                let label = t!("course_page.order_item", locale = language, place = 1, count = count, words = words);
                assert!(window.harness.query_by_label(&label).is_some(), "{label}");
            }
            (Kind::Code { .. }, Some(Answer::Code(code))) => {
                let label = t!("cells.editor_label", locale = language);
                let editor = window.harness.get_by_role_and_label(Role::MultilineTextInput, &label);
                assert_eq!(editor.value(), Some(code));
            }
            // Untouched: the figure as it was, the steps as they were shuffled, the program as it began.
            (_, answer) => assert_eq!(answer, None, "{} {}", section.id, exercise.id),
        }
    }
}

#[test]
fn every_kind_is_failed_in_one_language_solved_in_the_other_and_kept_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let course = Course::shipped();
    let mut window = Window::open(folder.path());
    let mut kinds = std::collections::BTreeSet::new();
    let mut language = "en";
    for id in SECTIONS {
        window.open_section(id);
        answer_all(&mut window, course.section(language, id).unwrap(), language, false);
        for exercise in course.section(language, id).unwrap().exercises() {
            let attempt = window.attempt(id, &exercise.id);
            let predicted = matches!(exercise.kind, Kind::Predict { .. });
            assert!(attempt.tries > 0 && attempt.solved == predicted, "{id} {}: {attempt:?}", exercise.id);
        }
        let other = if language == "en" { "es" } else { "en" };
        window.switch(language, other);
        language = other;
        let section = course.section(language, id).unwrap();
        look(&window, section, language);
        answer_all(&mut window, section, language, true);
        for exercise in section.exercises() {
            // Two matrices would take a hundred keys; a figure is set in the first of the sections.
            let attempt = window.attempt(id, &exercise.id);
            if attempt.solved {
                kinds.insert(exercise.kind_name());
            }
            let open = id == SECTIONS[1] && matches!(exercise.kind, Kind::Set { .. });
            assert!(attempt.solved != open, "{id} {}: {attempt:?}", exercise.id);
        }
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["choose", "code", "number", "order", "predict", "set"]);
    let before = window.progress().clone();
    drop(window);

    let mut window = Window::open(folder.path());
    window.frames(6);
    assert_eq!(window.progress().to_text(), before.to_text());
    let language = window.harness.state().shared().language;
    for id in SECTIONS {
        window.open_section(id);
        look(&window, course.section(language, id).unwrap(), language);
    }
}
