//! The playground in the real window with the real engine: what is written can be looked at, branched, kept and found again.

mod glass;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use glass::Window;
use rust_i18n::t;
use telar::panels::PanelId;

rust_i18n::i18n!("locales", fallback = "en");

/// A window on whose playground a text was written.
fn written() -> Window {
    let mut window = Window::open();
    window.press(&t!("home.continue"));
    assert_eq!(window.harness.state().page(), PanelId::Playground);
    end(&mut window);
    window
}

/// Waits for the end of a text.
fn end(window: &mut Window) {
    let ended = t!("playground.ended.length");
    window.wait("the end of a text", |window| {
        window.harness.state().settled() && window.harness.query_by_label_contains(&ended).is_some()
    });
}

fn answer(window: &Window) -> String {
    let label = t!("playground.answer_is", text = "");
    window.labels(&label).into_iter().next().unwrap_or_default()
}

fn switch_to(window: &mut Window, view: &str) {
    window.harness.get_by_label(&t!(format!("playground.view.{view}"))).click();
    window.frames(3);
}

/// Puts the pointer on the answer's text, below its first line.
fn hover_answer(window: &mut Window) {
    let rect = window.harness.get_by_label_contains(&t!("playground.answer_is", text = "")).rect();
    window.harness.hover_at(rect.left_top() + egui::vec2(30.0, 12.0));
    window.frames(4);
}

#[test]
fn the_pointer_on_a_token_shows_its_alternatives_and_a_click_parts_the_thread() {
    let mut window = written();
    let first = answer(&window);
    hover_answer(&mut window);
    let part = t!("playground.alternative", token = "", share = "");
    let begin = part.split('“').next().unwrap_or_default().to_owned();
    let others = window.labels(&begin);
    assert!((5..=10).contains(&others.len()), "{others:?}");
    let other = window.harness.get_by_label(&others[0]);
    let at = other.rect().center();
    window.harness.hover_at(at);
    window.frames(2);
    window.harness.get_by_label(&others[0]).click();
    window.frames(3);
    end(&mut window);
    let second = answer(&window);
    assert_ne!(first, second);
    // Both are on threads, and one knot leads back to the first.
    window.harness.get_by_label(&t!("playground.undo")).click();
    window.frames(3);
    assert!(first.starts_with(&answer(&window)), "back where they parted");
}

#[test]
fn the_microscope_follows_the_number_and_the_sliders_without_the_model() {
    let mut window = written();
    switch_to(&mut window, "microscope");
    window.wait("the microscope", |window| !window.labels("Number drawn, picks").is_empty());
    let picked = |window: &Window| window.labels("Number drawn, picks").remove(0);
    window.harness.get_by_label_contains("Number drawn, picks").focus();
    window.frames(2);
    window.harness.get_by_label(&t!("playground.top_p")).focus();
    window.frames(2);
    for _ in 0..40 {
        window.harness.key_press(egui::Key::ArrowRight);
        window.frames(1);
    }
    window.harness.get_by_label(&t!("microscope.temperature")).focus();
    for _ in 0..80 {
        window.harness.key_press(egui::Key::ArrowRight);
        window.frames(1);
    }
    let rect = window.harness.get_by_label_contains("Number drawn, picks").rect();
    let mut seen = Vec::new();
    for share in [0.02, 0.98] {
        let pos = egui::pos2(rect.center().x, rect.bottom() - share * rect.height());
        for pressed in [true, false] {
            window.harness.hover_at(pos);
            window.harness.event(egui::Event::PointerButton {
                pos,
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            });
            window.frames(2);
        }
        seen.push(picked(&window));
    }
    assert_ne!(seen[0], seen[1], "another number picks another token");
}

#[test]
fn a_text_is_scored_and_the_text_of_the_model_surprises_it_less_than_noise() {
    let mut window = written();
    switch_to(&mut window, "scores");
    let perplexity = |window: &mut Window, text: Option<&str>| -> f64 {
        match text {
            None => {
                window.harness.get_by_label(&t!("scores.take_sheet")).click();
            }
            Some(text) => {
                window.harness.get_by_role(Role::MultilineTextInput).focus();
                window.frames(2);
                window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
                window.frames(2);
                window.harness.get_by_role(Role::MultilineTextInput).type_text(text);
                window.frames(2);
                window.harness.get_by_label(&t!("scores.ask")).click();
            }
        }
        window.frames(3);
        window.wait("the score", |window| window.harness.state().settled());
        let label = window.labels(&t!("scores.perplexity", value = "")).remove(0);
        let number =
            label.trim_start_matches(|c: char| !c.is_ascii_digit()).split([':', ' ']).next().unwrap_or_default();
        number.replace('\u{202F}', "").parse().expect("a number")
    };
    let own = perplexity(&mut window, None);
    let noise = perplexity(&mut window, Some("zq xj kv wq zx jq"));
    assert!(own * 2.0 < noise, "{own} {noise}");
}

#[test]
fn what_was_written_is_found_again_after_a_restart() {
    let mut window = written();
    let text = answer(&window);
    let file = window.harness.state().shared().home.history_file();
    window.wait("the file", |_| file.is_file());
    let mut window = Window::open_in(window.close());
    window.go(PanelId::Playground);
    switch_to(&mut window, "history");
    let take_up = t!("history.take_up");
    window.wait("the earlier text", |window| window.harness.query_by_label(&take_up).is_some());
    window.press(&take_up);
    window.wait("the sheet", |window| window.harness.state().settled());
    assert_eq!(answer(&window), text);
}
