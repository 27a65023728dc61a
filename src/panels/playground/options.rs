//! The options of sampling, below the bars that follow them.

use egui::Ui;
use rust_i18n::t;

use super::Playground;
use super::settings::Preset;
use crate::generate::SamplingOptions;
use crate::panels::Shared;
use crate::widgets::controls::{self, value_slider};
use crate::widgets::theme::space;

impl Playground {
    /// Presets, then one slider an option.
    pub(super) fn options_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        let vocabulary = shared.model.as_ref().map_or(1000, |model| model.pieces.len()).max(2);
        let options = &mut self.settings.sampling;
        let now = *options;
        presets_ui(ui, options);
        ui.add_space(space::XS);
        let default = SamplingOptions::default();
        value_slider(&mut options.temperature, 0.0..=2.0, t!("playground.temperature"))
            .default(default.temperature)
            .decimals(2)
            .hint(t!("playground.temperature_hint"))
            .show(ui);
        let half = (ui.available_width() - space::XL) / 2.0;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::XL;
            value_slider(&mut options.top_k, 0..=vocabulary, t!("playground.top_k"))
                .default(default.top_k)
                .decimals(0)
                .logarithmic()
                .unit(off(now.top_k == 0))
                .hint(t!("playground.top_k_hint"))
                .width(half)
                .show(ui);
            value_slider(&mut options.top_p, 0.0..=1.0, t!("playground.top_p"))
                .default(default.top_p)
                .decimals(2)
                .unit(off(now.top_p >= 1.0))
                .hint(t!("playground.top_p_hint"))
                .width(half)
                .show(ui);
        });
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::XL;
            value_slider(&mut options.min_p, 0.0..=1.0, t!("playground.min_p"))
                .default(default.min_p)
                .decimals(2)
                .unit(off(now.min_p <= 0.0))
                .hint(t!("playground.min_p_hint"))
                .width(half)
                .show(ui);
            value_slider(&mut options.repetition_penalty, 1.0..=2.0, t!("playground.repetition"))
                .default(default.repetition_penalty)
                .decimals(2)
                .unit(off(now.repetition_penalty == 1.0))
                .hint(t!("playground.repetition_hint"))
                .width(half)
                .show(ui);
        });
    }
}

/// Options that belong together, one click each.
fn presets_ui(ui: &mut Ui, options: &mut SamplingOptions) {
    let mut chosen = Preset::of(options);
    let offered =
        Preset::ALL.map(|preset| (Some(preset), t!(format!("playground.preset.{}", preset.name())).into_owned()));
    if controls::segmented(ui, &t!("playground.presets"), &mut chosen, &offered)
        && let Some(preset) = chosen
    {
        *options = preset.options();
    }
}

/// What stands behind a number that turns its option off.
fn off(is_off: bool) -> String {
    if is_off { format!("· {}", t!("playground.turned_off")) } else { String::new() }
}
