//! How the window looks and what it computes on, and the controls by which a person chooses that.

use rust_i18n::t;
use serde::{Deserialize, Serialize};

use egui::Ui;
use egui_material_icons::icons;

use super::Shared;
use crate::kernels::Storage;
use crate::widgets::controls::{icon_button, labelled, note, radio_list, segmented, switch};
use crate::widgets::theme::{Theme, size, space};

/// Which theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// The system's.
    #[default]
    System,
    /// «Papel».
    Light,
    /// «Noche».
    Dark,
}

/// The sizes that there are, in percent.
pub const SCALES: std::ops::RangeInclusive<u16> = 80..=200;
const SCALE_STEP: u16 = 10;
const LABEL_WIDTH: f32 = 110.0;

/// What a person chose. The window acts on every change at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Preferences {
    /// Which theme.
    pub theme: ThemeChoice,
    /// Size of everything, in percent.
    pub scale: u16,
    /// `es` or `en`.
    pub language: &'static str,
    /// `auto`, `cpu`, `cuda`, `cuda:N`.
    pub device: String,
    /// On how many threads the processor computes; as many as suit it where nothing is said.
    pub threads: Option<usize>,
    /// In how many bits the processor keeps the weights of a model that writes.
    pub storage: Storage,
    /// Whether things may move.
    pub motion: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            scale: 100,
            language: "es",
            device: "auto".to_owned(),
            threads: None,
            storage: Storage::F32,
            motion: true,
        }
    }
}

impl Preferences {
    /// One step larger.
    pub fn larger(&mut self) {
        self.scale = (self.scale / SCALE_STEP * SCALE_STEP + SCALE_STEP).min(*SCALES.end());
    }

    /// One step smaller.
    pub fn smaller(&mut self) {
        self.scale = (self.scale.div_ceil(SCALE_STEP) * SCALE_STEP).saturating_sub(SCALE_STEP).max(*SCALES.start());
    }
}

/// The controls, one row a choice.
pub fn preferences_ui(ui: &mut Ui, shared: &mut Shared) {
    ui.spacing_mut().item_spacing.y = space::M;
    let chosen = &mut shared.preferences;
    let themes = [
        (ThemeChoice::System, t!("app.settings.theme_system").into_owned()),
        (ThemeChoice::Light, t!("app.settings.theme_light").into_owned()),
        (ThemeChoice::Dark, t!("app.settings.theme_dark").into_owned()),
    ];
    let name = t!("app.settings.theme");
    labelled(ui, &*name, LABEL_WIDTH, |ui| segmented(ui, &name, &mut chosen.theme, &themes));
    let name = t!("app.settings.language");
    // A language is named in itself, so that one who cannot read this one finds it.
    let languages = [("es", "Español".to_owned()), ("en", "English".to_owned())];
    labelled(ui, &*name, LABEL_WIDTH, |ui| segmented(ui, &name, &mut chosen.language, &languages));
    labelled(ui, t!("app.settings.scale"), LABEL_WIDTH, |ui| scale_ui(ui, chosen));
    let name = t!("app.settings.device");
    let options = devices(shared);
    let chosen = &mut shared.preferences;
    labelled(ui, &*name, LABEL_WIDTH, |ui| {
        // Not a list that opens: this may stand in a popup itself, and there is room for only one.
        radio_list(ui, &mut chosen.device, &options);
    });
    labelled(ui, t!("app.settings.threads"), LABEL_WIDTH, |ui| threads_ui(ui, chosen));
    let name = t!("app.settings.weights");
    let widths = [(Storage::F32, 32), (Storage::F16, 16), (Storage::Q8, 8)]
        .map(|(storage, bits)| (storage, t!("app.settings.weights_bits", bits = bits).into_owned()));
    labelled(ui, &*name, LABEL_WIDTH, |ui| {
        segmented(ui, &name, &mut chosen.storage, &widths);
    });
    note(ui, t!("app.settings.weights_note"));
    labelled(ui, t!("app.settings.motion"), LABEL_WIDTH, |ui| {
        let mut reduced = !chosen.motion;
        if switch(ui, &mut reduced, t!("app.settings.motion_reduced")) {
            chosen.motion = !reduced;
        }
    });
}

/// As many threads as suit the machine, or a number of one's own.
fn threads_ui(ui: &mut Ui, chosen: &mut Preferences) {
    let most = crate::engine::threads::most();
    let mut own = chosen.threads.is_some();
    let kinds =
        [(false, t!("app.settings.threads_auto").into_owned()), (true, t!("app.settings.threads_own").into_owned())];
    segmented(ui, &t!("app.settings.threads"), &mut own, &kinds);
    match (own, &mut chosen.threads) {
        (false, threads) => *threads = None,
        (true, threads) => {
            let count = threads.get_or_insert(most);
            let field = ui.add(egui::DragValue::new(count).range(1..=most).speed(0.05));
            field.accessible_name(t!("app.settings.threads_count"));
        }
    }
}

fn scale_ui(ui: &mut Ui, chosen: &mut Preferences) {
    ui.spacing_mut().item_spacing.x = space::XS;
    let smaller = chosen.scale > *SCALES.start();
    let larger = chosen.scale < *SCALES.end();
    ui.add_enabled_ui(smaller, |ui| {
        if icon_button(ui, icons::ICON_REMOVE.codepoint, t!("app.settings.smaller")).clicked() {
            chosen.smaller();
        }
    });
    let percent = egui::RichText::new(format!("{} %", chosen.scale)).font(crate::widgets::theme::mono(size::BODY));
    ui.add_sized([52.0, 28.0], egui::Label::new(percent.color(Theme::here(ui).ink)));
    ui.add_enabled_ui(larger, |ui| {
        if icon_button(ui, icons::ICON_ADD.codepoint, t!("app.settings.larger")).clicked() {
            chosen.larger();
        }
    });
}

/// What can be chosen to compute on: by itself the best, and everything that was found.
fn devices(shared: &Shared) -> Vec<(String, String)> {
    let mut options = vec![("auto".to_owned(), t!("app.settings.device_auto").into_owned())];
    if let Some(found) = &shared.devices {
        options.extend(found.devices.iter().map(|device| (device.id.clone(), super::device_label(device))));
    }
    let wish = &shared.preferences.device;
    if !options.iter().any(|(id, _)| id == wish) {
        options.push((wish.clone(), wish.clone()));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_goes_by_steps_and_stops_at_its_ends() {
        let mut chosen = Preferences { scale: 95, ..Preferences::default() };
        chosen.larger();
        assert_eq!(chosen.scale, 100);
        chosen.scale = 95;
        chosen.smaller();
        assert_eq!(chosen.scale, 90);
        for _ in 0..30 {
            chosen.larger();
        }
        assert_eq!(chosen.scale, 200);
        for _ in 0..30 {
            chosen.smaller();
        }
        assert_eq!(chosen.scale, 80);
    }
}
