//! The real window with the real engine, driven through its accessibility tree as a person would.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use rust_i18n::t;
use telar::app::{Options, TelarApp};
use telar::data::Home;
use telar::panels::PanelId;

rust_i18n::i18n!("locales", fallback = "en");

/// An open window, and the folder that it keeps its files in.
struct Window {
    harness: Harness<'static, TelarApp>,
    _home: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// A window switches the language of the whole process, so they are opened one after the other.
static ALONE: Mutex<()> = Mutex::new(());

/// Nothing is timed here; this only ends a test that would wait for ever.
const PATIENCE: Duration = Duration::from_secs(240);

impl Window {
    fn open() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::open(Home::at(folder.path()), "en");
        options.device = Some("cpu".into());
        options.settings.motion = false;
        let builder = Harness::builder().with_size([1280.0, 800.0]).with_max_steps(64);
        let harness = builder.build_eframe(move |context| TelarApp::new(&context.egui_ctx, options).unwrap());
        let mut window = Self { harness, _home: folder, _alone: alone };
        window.wait("the shipped model", |window| window.harness.state().ready());
        window
    }

    /// Lets the window live until something holds.
    fn wait(&mut self, what: &str, holds: impl Fn(&mut Self) -> bool) {
        let begun = Instant::now();
        loop {
            self.harness.step();
            if holds(self) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}:\n{:?}", self.harness.root());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn frames(&mut self, count: usize) {
        for _ in 0..count {
            self.harness.step();
        }
    }

    fn press(&mut self, label: &str) {
        self.harness.get_by_role_and_label(Role::Button, label).click();
        self.frames(3);
    }

    /// Ctrl and the number of a page show it.
    fn go(&mut self, page: PanelId) {
        use egui::Key::{Num1, Num2, Num3, Num4, Num5, Num6, Num7};
        let place = self.harness.state().pages().iter().position(|&other| other == page).unwrap();
        let key = [Num1, Num2, Num3, Num4, Num5, Num6, Num7][place];
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, key);
        self.frames(3);
        assert_eq!(self.harness.state().page(), page);
    }

    /// Presses a page's button whose name is also that of a page in the navigation.
    fn press_on_page(&mut self, label: &str) {
        let buttons = self.harness.query_all_by_role_and_label(Role::Button, label);
        let button = buttons.into_iter().find(|node| node.accesskit_node().toggled().is_none());
        button.expect("a button on the page").click();
        self.frames(3);
    }

    /// The labels of all nodes that hold this text.
    fn labels(&self, part: &str) -> Vec<String> {
        let nodes = self.harness.query_all_by_label_contains(part);
        nodes.filter_map(|node| node.accesskit_node().label()).collect()
    }
}

#[test]
fn trains_on_a_shipped_corpus_and_the_loss_falls() {
    let mut window = Window::open();
    window.press(&t!("home.train"));
    assert_eq!(window.harness.state().page(), PanelId::Training);
    let step = |window: &Window| window.harness.state().shared().training.as_ref().map_or(0, |now| now.step);
    window.wait("step 50", |window| step(window) >= 50);
    let loss = |window: &Window| -> Option<f64> {
        let label = window.labels("nats per token").into_iter().next()?;
        label.split(": ").nth(1)?.split(' ').next()?.replace(',', ".").parse().ok()
    };
    window.wait("the curve", |window| loss(window).is_some_and(|loss| loss < 3.4));

    // Its latest weights answer in the other pages while it goes on.
    window.wait("a snapshot", |window| {
        window.harness.state().shared().training.as_ref().is_some_and(|now| now.snapshot.is_some())
    });
    window.press(&t!("training.look_playground"));
    window.wait("the live model", |window| {
        let shared = window.harness.state().shared();
        shared.model_ref == telar::hub::ModelRef::Live && window.harness.state().ready()
    });
    window.go(PanelId::Training);
    window.press(&t!("training.stop"));
    window.wait("the end", |window| {
        let shared = window.harness.state().shared();
        shared.training.is_none() && shared.runs.iter().any(|run| run.ended.is_some())
    });
    let runs = &window.harness.state().shared().runs;
    assert_eq!(runs.len(), 1);
    assert!(runs[0].step >= 50 && runs[0].loss.is_some_and(|loss| loss < 3.4), "{:?}", runs[0]);
}

#[test]
fn the_temperature_moves_the_bars() {
    let mut window = Window::open();
    window.go(PanelId::Playground);
    let bars = |window: &Window| window.labels("%");
    window.wait("the bars", |window| bars(window).len() > 5);
    let before = bars(&window);
    window.harness.get_by_label(&t!("playground.temperature")).focus();
    window.frames(2);
    for _ in 0..8 {
        window.harness.key_press(egui::Key::ArrowRight);
        window.frames(2);
    }
    assert_ne!(bars(&window), before);
}

#[test]
fn a_generation_is_stopped_in_the_middle() {
    let mut window = Window::open();
    window.press(&t!("home.continue"));
    assert_eq!(window.harness.state().page(), PanelId::Playground);
    window.wait("the end of the first answer", |window| {
        window.harness.query_by_label_contains(&t!("playground.ended.length")).is_some()
    });
    window.press_on_page(&t!("playground.generate"));
    window.wait("the first tokens", |window| window.harness.query_by_label(&t!("playground.stop")).is_some());
    window.press(&t!("playground.stop"));
    let stopped = t!("playground.ended.cancelled");
    window.wait("the stop", |window| window.harness.query_by_label_contains(&stopped).is_some());
    // The engine serves the next wish.
    window.press_on_page(&t!("playground.generate"));
    let ended = t!("playground.ended.length");
    window.wait("another answer", |window| window.harness.query_by_label_contains(&ended).is_some());
}

#[test]
fn another_head_shows_other_values() {
    let mut window = Window::open();
    window.press(&t!("home.look"));
    assert_eq!(window.harness.state().page(), PanelId::Attention);
    window.wait("the attention", |window| {
        window.harness.state().settled() && !window.labels("attention matrix of").is_empty()
    });
    let point = |window: &mut Window| {
        let rect = window.harness.get_by_label_contains("attention matrix of").rect();
        // The lower left: a late token that looks at an early one.
        window.harness.hover_at(rect.min + egui::vec2(rect.width() * 0.02, rect.height() * 0.98));
        window.frames(3);
        window.labels("attention matrix of").remove(0)
    };
    let first = point(&mut window);
    assert!(first.contains('→'), "{first}");
    window.harness.key_press(egui::Key::ArrowRight);
    window.wait("the other head", |window| window.harness.state().settled());
    let second = point(&mut window);
    let value = |label: &str| label.rsplit(": ").next().map(str::to_owned);
    assert_ne!(value(&first), value(&second), "{first} {second}");
}

#[test]
fn language_and_theme_change_at_once() {
    let mut window = Window::open();
    window.go(PanelId::About);
    let dark = |window: &Window| window.harness.ctx.theme() == egui::Theme::Dark;
    window.harness.get_by_label(&t!("app.settings.theme_dark", locale = "en")).click();
    window.frames(4);
    assert!(dark(&window));
    window.harness.get_by_label(&t!("app.settings.theme_light", locale = "en")).click();
    window.frames(4);
    assert!(!dark(&window));
    window.harness.get_by_label("Español").click();
    window.frames(4);
    assert!(window.harness.query_by_label_contains(&t!("app.page.training", locale = "es")).is_some());
    assert!(window.harness.query_by_label_contains(&t!("app.page.training", locale = "en")).is_none());
    // Also the engine's sentences, such as why there is no CUDA here.
    let notes = telar::engine::devices::probe().notes;
    window.wait("the devices' sentences", |window| {
        window.harness.state().shared().devices.as_ref().is_some_and(|devices| devices.notes == notes)
    });
}
