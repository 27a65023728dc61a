//! The options of sampling below the bars that follow them, and all other settings on a page of their own.

use egui::Ui;
use egui_material_icons::icons;
use rust_i18n::t;

use super::Playground;
use super::settings::{LONGEST_NAME, MOST_TOKENS, Named, Strategy};
use crate::generate::beam::MOST_BEAMS;
use crate::generate::{Preset, SamplingOptions};
use crate::panels::Shared;
use crate::widgets::controls::{self, value_slider};
use crate::widgets::theme::space;

impl Playground {
    /// Presets, then one slider an option.
    pub(super) fn options_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        let vocabulary = shared.model.as_ref().map_or(1000, |model| model.pieces.len()).max(2);
        self.presets_ui(ui);
        ui.add_space(space::XS);
        let options = &mut self.settings.manner.sampling;
        let now = *options;
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
        self.warm_up(&now);
    }

    /// Who moves the temperature wants it to count.
    pub(super) fn warm_up(&mut self, before: &SamplingOptions) {
        let manner = &mut self.settings.manner;
        if manner.sampling.temperature != before.temperature && manner.strategy == Strategy::Greedy {
            manner.strategy = Strategy::Sampling;
        }
    }

    /// Options that belong together, one click each.
    fn presets_ui(&mut self, ui: &mut Ui) {
        let before = self.settings.named();
        let mut chosen = before.clone();
        if self.settings.own.is_empty() {
            let offered = Preset::ALL.map(|preset| (Some(Named::Shipped(preset)), preset.label()));
            controls::segmented(ui, &t!("playground.presets"), &mut chosen, &offered);
        } else {
            let shipped = Preset::ALL.map(|preset| (Some(Named::Shipped(preset)), preset.label()));
            let own = self.settings.own.iter().map(|own| (Some(Named::Own(own.name.clone())), own.name.clone()));
            let offered: Vec<_> = shipped.into_iter().chain(own).collect();
            controls::labelled(ui, t!("playground.presets"), 112.0, |ui| {
                controls::chooser(ui, &t!("playground.presets"), 200.0, &mut chosen, &offered);
            });
        }
        if let Some(chosen) = chosen.filter(|chosen| before.as_ref() != Some(chosen)) {
            self.settings.choose(&chosen);
        }
    }

    /// Strategy, lengths, stop texts and presets of one's own.
    pub(super) fn settings_ui(&mut self, ui: &mut Ui) {
        egui::ScrollArea::vertical().id_salt("settings").auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - space::S);
            self.strategy_ui(ui);
            ui.add_space(space::M);
            self.lengths_ui(ui);
            ui.add_space(space::M);
            let label = ui.label(t!("playground.stop_texts").into_owned());
            let field = controls::text_area(ui, &t!("playground.stop_texts"), 2, &mut self.settings.manner.stop);
            field.labelled_by(label.id);
            controls::note(ui, t!("playground.stop_texts_hint"));
            ui.add_space(space::M);
            self.own_presets_ui(ui);
        });
    }

    fn strategy_ui(&mut self, ui: &mut Ui) {
        controls::section_title(ui, t!("playground.strategy"));
        let offered = Strategy::ALL
            .map(|strategy| (strategy, t!(format!("playground.strategies.{}", strategy.name())).into_owned()));
        let manner = &mut self.settings.manner;
        controls::segmented(ui, &t!("playground.strategy"), &mut manner.strategy, &offered);
        controls::note(ui, t!(format!("playground.strategies_hint.{}", manner.strategy.name())));
        if manner.strategy == Strategy::Beams {
            let half = (ui.available_width() - space::XL) / 2.0;
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::XL;
                value_slider(&mut manner.beams, 1..=MOST_BEAMS, t!("playground.beams"))
                    .default(4)
                    .hint(t!("playground.beams_hint"))
                    .width(half)
                    .show(ui);
                value_slider(&mut manner.length_penalty, -2.0..=4.0, t!("playground.length_penalty"))
                    .default(1.0)
                    .decimals(1)
                    .hint(t!("playground.length_penalty_hint"))
                    .width(half)
                    .show(ui);
            });
        }
    }

    fn lengths_ui(&mut self, ui: &mut Ui) {
        let manner = &mut self.settings.manner;
        value_slider(&mut manner.max_new_tokens, 1..=MOST_TOKENS, t!("playground.length"))
            .default(200)
            .unit(t!("playground.tokens"))
            .hint(t!("playground.length_hint"))
            .logarithmic()
            .show(ui);
        let half = (ui.available_width() - space::XL) / 2.0;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::XL;
            value_slider(&mut manner.min_new_tokens, 0..=MOST_TOKENS, t!("playground.least_new"))
                .default(0)
                .hint(t!("playground.least_new_hint"))
                .logarithmic()
                .width(half)
                .show(ui);
            value_slider(&mut manner.min_length, 0..=MOST_TOKENS, t!("playground.least_length"))
                .default(0)
                .hint(t!("playground.least_length_hint"))
                .logarithmic()
                .width(half)
                .show(ui);
        });
        manner.min_new_tokens = manner.min_new_tokens.min(manner.max_new_tokens);
    }

    /// The present manner under a name, and those that have one.
    fn own_presets_ui(&mut self, ui: &mut Ui) {
        controls::section_title(ui, t!("playground.own_presets"));
        ui.horizontal(|ui| {
            controls::text_field(ui, &t!("playground.preset_name"), 180.0, &mut self.preset_name);
            let named = !self.preset_name.trim().is_empty();
            ui.add_enabled_ui(named, |ui| {
                let save = controls::quiet_button(ui, icons::ICON_BOOKMARK_ADD.codepoint, t!("playground.save_preset"));
                if save.clicked() && self.settings.save_as(&self.preset_name) {
                    self.preset_name.clear();
                }
            });
        });
        if self.preset_name.chars().count() > LONGEST_NAME {
            controls::note(ui, t!("playground.name_is_long", most = LONGEST_NAME));
        }
        let names: Vec<String> = self.settings.own.iter().map(|own| own.name.clone()).collect();
        let chosen = self.settings.named();
        for name in names {
            ui.horizontal(|ui| {
                let mine = Named::Own(name.clone());
                let line = ui.selectable_label(chosen.as_ref() == Some(&mine), name.as_str());
                if line.clicked() {
                    self.settings.choose(&mine);
                }
                let forget = t!("playground.forget_preset", name = name.as_str());
                if controls::icon_button(ui, icons::ICON_DELETE.codepoint, forget).clicked() {
                    self.settings.forget(&name);
                }
            });
        }
    }
}

/// What stands behind a number that turns its option off.
fn off(is_off: bool) -> String {
    if is_off { format!("· {}", t!("playground.turned_off")) } else { String::new() }
}
