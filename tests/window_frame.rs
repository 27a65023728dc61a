//! The frame of the window: pages, models, settings and messages, with the real engine behind it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use rust_i18n::t;
use telar::app::settings::Settings;
use telar::app::{Options, TelarApp};
use telar::course::Course;
use telar::data::Home;
use telar::hub::ModelRef;
use telar::panels::{Intent, PanelId, ThemeChoice};

rust_i18n::i18n!("locales", fallback = "en");

/// A home that goes away, and the process's language for as long as it lives: languages are switched for the whole
/// process, so windows are opened one after the other.
struct Place {
    _alone: MutexGuard<'static, ()>,
    folder: tempfile::TempDir,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Place {
    fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        Self { _alone: alone, folder: tempfile::tempdir().unwrap() }
    }

    fn home(&self) -> Home {
        Home::at(self.folder.path())
    }

    fn options(&self) -> Options {
        let mut options = Options::open(self.home(), "es");
        options.device = Some("cpu".to_owned());
        options.settings.motion = false;
        options
    }

    fn window(&self) -> Window {
        Window::open(self.options())
    }
}

struct Window(Harness<'static, TelarApp>);

impl Window {
    fn open(options: Options) -> Self {
        let builder = Harness::builder().with_size([1280.0, 800.0]).with_max_steps(30).with_step_dt(1.0 / 60.0);
        Self(builder.build_eframe(|context| TelarApp::new(&context.egui_ctx, options).expect("threads")))
    }

    /// Draws until something is so.
    fn until(&mut self, what: &str, so: impl Fn(&Harness<'static, TelarApp>) -> bool) {
        let begin = Instant::now();
        while !so(&self.0) {
            assert!(begin.elapsed() < Duration::from_secs(120), "waited in vain: {what}");
            self.0.step();
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn ready(&mut self) {
        self.until("model and devices", |window| window.state().ready());
    }

    fn click(&mut self, label: &str) {
        self.0.get_by_label(label).click();
        self.0.run_steps(3);
    }

    /// The texts of the interface are asked for in the window's language.
    fn says(&self, text: &str) -> bool {
        self.0.query_all_by_label(text).next().is_some()
    }
}

fn text(key: &str) -> String {
    t!(key).into_owned()
}

#[test]
fn the_first_start_shows_the_first_minute_with_the_language_s_model() {
    let place = Place::new();
    let mut window = place.window();
    window.ready();
    assert_eq!(window.0.state().page(), PanelId::Home);
    assert_eq!(window.0.state().shared().model_ref, ModelRef::Builtin("quijote".into()));
    for offer in ["home.continue", "home.look", "home.train"] {
        assert!(window.says(&text(offer)), "{offer}");
    }
    window.until("the threads of the first sentence", |window| window.state().settled());
}

#[test]
fn language_theme_and_size_are_switched_live_and_remembered() {
    let place = Place::new();
    let mut window = place.window();
    window.ready();
    window.click(&text("app.settings.title"));
    window.click("English");
    assert!(window.says("Settings") && window.says("Let it continue"));
    window.click("Night");
    assert!(window.0.ctx.global_style().visuals.dark_mode);
    window.click("Larger");
    window.0.run_steps(2);
    assert_eq!(window.0.ctx.zoom_factor(), 1.1);
    window.click("Paper");
    assert!(!window.0.ctx.global_style().visuals.dark_mode);
    drop(window);

    let (settings, notice) = Settings::load(&place.home());
    assert_eq!(notice, None);
    assert_eq!((settings.language.as_deref(), settings.theme, settings.scale), (Some("en"), ThemeChoice::Light, 110));
}

#[test]
fn keys_open_pages_and_the_last_page_comes_back() {
    let place = Place::new();
    let mut window = place.window();
    window.ready();
    let pages = window.0.state().pages();
    window.0.key_press_modifiers(egui::Modifiers::ALT, egui::Key::Num2);
    window.0.run_steps(2);
    assert_eq!(window.0.state().page(), pages[1]);
    window.0.key_press(egui::Key::F1);
    window.0.run_steps(2);
    assert!(window.says(&text("app.keys.title")));
    window.0.key_press(egui::Key::Escape);
    window.0.run_steps(2);
    assert!(!window.says(&text("app.keys.title")));
    drop(window);
    let window = place.window();
    assert_eq!(window.0.state().page(), pages[1]);
}

#[test]
fn another_model_takes_its_place_and_one_that_cannot_be_opened_takes_nothing_away() {
    let place = Place::new();
    let mut window = place.window();
    window.ready();
    window.click(&t!("app.model.button", name = text("data.title.quijote")));
    window.click(&text("data.title.shakespeare"));
    window.until("the other model", |window| {
        window.state().ready() && window.state().shared().model_ref == ModelRef::Builtin("shakespeare".into())
    });
    drop(window);

    // The model is remembered; a folder that is gone gives a sentence, and the language's own model takes its place.
    let mut options = place.options();
    assert_eq!(options.settings.model, Some(ModelRef::Builtin("shakespeare".into())));
    options.settings.model = Some(ModelRef::Folder(place.folder.path().join("gone")));
    let mut window = Window::open(options);
    window.until("a model", |window| window.state().ready());
    assert_eq!(window.0.state().shared().model_ref, ModelRef::Builtin("quijote".into()));
    assert!(window.0.query_by_role(egui::accesskit::Role::Alert).is_some(), "a sentence says why");
}

/// Where the open section stands in the contents, between the titles of the two groups.
fn in_sight(window: &Window, name: &str) -> bool {
    // A figure may name it too, farther to the right.
    let all = window.0.query_all_by_label_contains(name).map(|node| node.rect());
    let section = all.min_by(|a, b| a.left().total_cmp(&b.left())).expect("the section");
    let list = window.0.get_by_label(&text("app.course")).rect().bottom()
        ..=window.0.get_by_label(&text("app.workshop")).rect().top();
    list.contains(&section.top()) && list.contains(&section.bottom())
}

#[test]
fn the_open_section_is_in_sight_in_the_contents_wherever_one_comes_from() {
    let place = Place::new();
    let mut window = place.window();
    window.ready();
    let course = Course::shipped();
    // As the window opens, and as narrow as it can be before the names are folded away.
    for size in [[1280.0, 800.0], [900.0, 620.0]] {
        window.0.set_size(size.into());
        window.0.run_steps(3);
        for id in course.ids() {
            let name = format!("{id} {}:", course.section("es", *id).unwrap().title);
            window.0.state_mut().ask(Intent::OpenSection(*id));
            window.0.run_steps(6);
            assert!(in_sight(&window, &name), "{name} at {size:?}");
            let chapter = format!("{} · {}", id.chapter, course.language("es").chapter_title(id.chapter));
            assert!(in_sight(&window, &chapter), "the heading {chapter} above {name} at {size:?}");
            for page in [PanelId::Home, PanelId::Course] {
                window.0.state_mut().ask(Intent::Open(page));
                window.0.run_steps(4);
            }
            assert!(in_sight(&window, &name), "{name} at {size:?}, come back to");
        }
    }
}

#[test]
fn in_a_low_window_the_entries_of_the_navigation_do_not_cover_each_other() {
    let place = Place::new();
    let mut window = place.window();
    window.ready();
    // 1280 × 800 and 1280 × 720 pixels at 150 %.
    for size in [[853.0, 533.0], [853.0, 480.0]] {
        window.0.set_size(size.into());
        window.0.run_steps(4);
        let entry = |name: &str| {
            let all = window.0.query_all_by_label(name).map(|node| node.rect());
            all.min_by(|a, b| a.left().total_cmp(&b.left())).expect("the entry")
        };
        let (models, about) = (entry(&PanelId::Models.title()), entry(&PanelId::About.title()));
        assert!(models.bottom() <= about.top(), "{models:?} and {about:?} at {size:?}");
        let settings = entry(&text("app.settings.title"));
        assert!(
            about.bottom() <= settings.top() + 1.0 || settings.bottom() <= about.top() + 1.0,
            "{about:?} {settings:?}"
        );
    }
}

#[test]
fn broken_settings_are_set_aside_and_named() {
    let place = Place::new();
    std::fs::write(place.home().settings_file(), "page = 3\n[panels").unwrap();
    let mut window = place.window();
    window.0.run_steps(2);
    let message = window.0.get_by_role(egui::accesskit::Role::Status);
    let sentence = egui_kittest::kittest::NodeT::accesskit_node(&message).label().unwrap();
    assert!(sentence.contains("settings.toml.broken-"), "{sentence}");
}
