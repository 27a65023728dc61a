//! The real window with the real engine, driven through its accessibility tree as a person would.

mod glass;

use egui_kittest::kittest::Queryable as _;
use glass::Window;
use rust_i18n::t;
use telar::panels::PanelId;

rust_i18n::i18n!("locales", fallback = "en");

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
    let none = t!("playground.writing", count = 0);
    window.wait("the first tokens", |window| {
        let written = window.labels("context: ").iter().any(|label| !label.starts_with(&*none));
        written && window.harness.query_by_label(&t!("playground.stop")).is_some()
    });
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
