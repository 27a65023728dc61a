//! Every control, driven through the accessibility tree.

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable};

use super::*;
use crate::widgets::theme;

fn harness<S: 'static>(state: S, draw: impl FnMut(&mut egui::Ui, &mut S) + 'static) -> Harness<'static, S> {
    let builder =
        Harness::builder().with_size([420.0, 300.0]).with_step_dt(1.0 / 60.0).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(draw, state);
    harness.run();
    harness
}

#[test]
fn buttons_are_found_by_their_words_and_not_by_their_signs() {
    let draw = |ui: &mut egui::Ui, pressed: &mut Vec<&'static str>| {
        if primary_button(ui, egui_material_icons::icons::ICON_PLAY_ARROW.codepoint, "Train").clicked() {
            pressed.push("primary");
        }
        if quiet_button(ui, "", "Stop").clicked() {
            pressed.push("quiet");
        }
        if icon_button(ui, egui_material_icons::icons::ICON_CLOSE.codepoint, "Close").clicked() {
            pressed.push("icon");
        }
    };
    let mut harness = harness(Vec::new(), draw);
    for name in ["Train", "Stop", "Close"] {
        harness.get_by_label(name).click();
        harness.run();
    }
    assert_eq!(harness.state(), &["primary", "quiet", "icon"]);
}

#[test]
fn a_slider_takes_steps_typed_values_and_its_default_back() {
    let draw = |ui: &mut egui::Ui, (value, changes): &mut (f32, usize)| {
        if value_slider(value, 0.0..=2.0, "Temperature").default(0.6).decimals(2).show(ui).changed() {
            *changes += 1;
        }
    };
    let mut harness = harness((1.0, 0), draw);
    harness.get_by_label("Temperature").focus();
    harness.run();
    harness.key_press(egui::Key::ArrowRight);
    harness.run();
    assert!(harness.state().0 > 1.0 && harness.state().1 == 1, "{:?}", harness.state());

    let field = rust_i18n::t!("controls.value_of", name = "Temperature").into_owned();
    harness.get_by_label(&field).click();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.get_by_label(&field).type_text("1,25");
    harness.run();
    harness.key_press(egui::Key::Enter);
    harness.run();
    assert_eq!(harness.state().0, 1.25);

    // A click long after the one before is a first one.
    harness.run_steps(60);
    let rail = harness.get_by_label("Temperature").rect().center();
    for _ in 0..2 {
        harness.hover_at(rail);
        for pressed in [true, false] {
            harness.event(egui::Event::PointerButton {
                pos: rail,
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            });
        }
        harness.step();
    }
    harness.run();
    assert_eq!(harness.state().0, 0.6, "a double-click brings the default back");
}

#[test]
fn choices_say_what_they_are_and_change_what_they_choose() {
    let options = || [(0, "Light".to_owned()), (1, "Dark".to_owned())];
    let draw = move |ui: &mut egui::Ui, (theme, device): &mut (usize, usize)| {
        segmented(ui, "Theme", theme, &options());
        chooser(ui, "Device", 160.0, device, &[(0, "CPU".to_owned()), (1, "GPU".to_owned())]);
    };
    let mut harness = harness((0, 0), draw);
    harness.get_by_label("Dark").click();
    harness.run();
    harness.get_by_label("Device").click();
    harness.run();
    harness.get_by_label("GPU").click();
    harness.run();
    assert_eq!(harness.state(), &(1, 1));
    harness.get_by_label("Theme");
}

#[test]
fn a_row_s_label_names_the_field_in_it_and_a_bar_says_how_far_it_is() {
    let draw = |ui: &mut egui::Ui, (text, pressed): &mut (String, bool)| {
        labelled(ui, "Name", 100.0, |ui| ui.text_edit_singleline(text));
        progress_line(ui, Some(0.42), "Step 42 of 100");
        *pressed |= empty_state(ui, egui_material_icons::icons::ICON_INFO.codepoint, "Nothing yet.", "Begin");
    };
    let mut harness = harness((String::new(), false), draw);
    harness.get_by_label("Name").focus();
    harness.run();
    harness.get_by_label("Name").type_text("weaver");
    harness.run();
    harness.get_by_label("Begin").click();
    harness.run();
    assert_eq!(harness.state(), &("weaver".to_owned(), true));
    let bar = harness.get_by_role(egui::accesskit::Role::ProgressIndicator);
    assert_eq!(bar.accesskit_node().numeric_value(), Some(42.0));
}
