//! Draws the form: text, model, the few settings that matter, one button.

use egui::{Align, Layout, ScrollArea, Ui, Vec2, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_DOWNLOAD, ICON_FILE_OPEN, ICON_FOLDER_OPEN, ICON_PLAY_ARROW};
use rust_i18n::t;

use super::parts::{choice_row, number_row, sentence};
use super::{Act, Training, settings_view};
use crate::data::{self, CorpusRef};
use crate::engine::CorpusInfo;
use crate::train::Preset;
use crate::widgets::controls::{
    icon_button, note, primary_button, progress_line, quiet_button, section_title, segmented, text_field,
};
use crate::widgets::number;
use crate::widgets::theme::{Theme, space};

/// Room kept under the scrolling part for the button.
const FOOT: f32 = 44.0;

impl Training {
    pub(super) fn form_ui(&mut self, ui: &mut Ui, acts: &mut Vec<Act>) {
        let height = (ui.available_height() - FOOT - self.trouble_height(ui)).max(160.0);
        ScrollArea::vertical().id_salt("training form").max_height(height).auto_shrink([false, false]).show(ui, |ui| {
            // Close together, so that the fold of further settings can be seen in a window of 800 points.
            ui.spacing_mut().item_spacing.y = 2.0;
            self.corpus_ui(ui, acts);
            ui.add_space(space::S);
            self.model_ui(ui);
            // Nothing lies under the scroll bar.
            ui.add_space(space::S);
        });
        self.foot_ui(ui, acts);
    }

    fn corpus_ui(&mut self, ui: &mut Ui, acts: &mut Vec<Act>) {
        section_title(ui, t!("training.text"));
        for entry in data::catalogue() {
            let corpus = CorpusRef::Named(entry.name.to_owned());
            let here = self.corpus.is_present(entry.name);
            let size = number::bytes(entry.bytes);
            let detail = if here { size } else { t!("training.to_download", size = size).into_owned() };
            let chosen = !self.own && self.corpus.chosen() == Some(&corpus);
            if choice_row(ui, chosen, &entry.title(), &detail).clicked() {
                acts.push(Act::Choose(corpus));
            }
        }
        if choice_row(ui, self.own, &t!("training.own_text"), "").clicked() {
            acts.push(Act::ChooseOwn);
        }
        if self.own {
            self.own_ui(ui, acts);
        }
        self.download_ui(ui, acts);
        if let Some(info) = self.corpus.info() {
            note(ui, facts(info));
        } else if self.corpus.reading() {
            note(ui, t!("training.reading"));
        }
        if let Some(error) = &self.corpus.error {
            sentence(ui, Theme::here(ui).bad, error);
        }
    }

    /// A path to type, and two buttons that ask for it.
    fn own_ui(&mut self, ui: &mut Ui, acts: &mut Vec<Act>) {
        ui.horizontal(|ui| {
            let width = ui.available_width() - 2.0 * (30.0 + space::S) - space::M;
            let field = text_field(ui, &t!("training.own_path"), width, &mut self.corpus.own);
            if field.lost_focus() {
                acts.push(Act::ChooseOwn);
            }
            if icon_button(ui, ICON_FILE_OPEN.codepoint, t!("training.pick_file")).clicked() {
                acts.push(Act::PickFile);
            }
            if icon_button(ui, ICON_FOLDER_OPEN.codepoint, t!("training.pick_folder")).clicked() {
                acts.push(Act::PickFolder);
            }
        });
        if self.corpus.own.trim().is_empty() {
            note(ui, t!("training.own_hint"));
        }
    }

    /// The download of the chosen text, or the one that is going on.
    fn download_ui(&self, ui: &mut Ui, acts: &mut Vec<Act>) {
        if let Some(download) = &self.corpus.download {
            let title = data::entry(&download.name).map(data::CorpusEntry::title).unwrap_or_default();
            let words = match download.total {
                Some(total) => {
                    let (done, total) = (number::bytes(download.done), number::bytes(total));
                    t!("training.downloading", title = title, done = done, total = total)
                }
                None => t!("training.connecting", title = title),
            };
            ui.horizontal(|ui| {
                let share = download.total.map(|total| download.done as f32 / total.max(1) as f32);
                ui.allocate_ui(vec2(ui.available_width() - 30.0 - space::M, 24.0), |ui| {
                    progress_line(ui, share, words)
                });
                if icon_button(ui, ICON_CLOSE.codepoint, t!("training.cancel_download")).clicked() {
                    acts.push(Act::CancelDownload);
                }
            });
        } else if let Some(name) = self.corpus.missing()
            && let Ok(entry) = data::entry(name)
        {
            let label = t!("training.download", title = entry.title(), size = number::bytes(entry.bytes));
            if quiet_button(ui, ICON_DOWNLOAD.codepoint, label).clicked() {
                acts.push(Act::Fetch(name.to_owned()));
            }
        }
    }

    fn model_ui(&mut self, ui: &mut Ui) {
        section_title(ui, t!("training.model"));
        let presets = Preset::ALL.map(|preset| (preset, preset.name().to_owned()));
        ui.scope(|ui| {
            ui.spacing_mut().button_padding.x = space::S;
            segmented(ui, &t!("training.preset"), &mut self.form.preset, &presets);
        });
        let mut words = t!(format!("training.about.{}", self.form.preset.name())).into_owned();
        if let Some(count) = self.corpus.info().and_then(|info| self.form.parameters(info)) {
            words.push(' ');
            words.push_str(&t!("training.parameters_ahead", count = number::grouped(count as i64)));
        }
        note(ui, words);
        ui.add_space(space::XS);
        let form = &mut self.form;
        let settings = form.settings_mut();
        number_row(ui, &t!("training.steps"), &t!("training.steps_hint"), &mut settings.steps, 1..=10_000_000);
        number_row(ui, &t!("training.batch"), &t!("training.batch_hint"), &mut settings.batch_size, 1..=4_096);
        if number_row(ui, &t!("training.context"), &t!("training.context_hint"), &mut settings.context, 1..=8_192) {
            // The model must take windows of this length.
            settings.model.context = settings.model.context.max(settings.context);
        }
        number_row(ui, &t!("training.lr"), &t!("training.lr_hint"), &mut settings.lr, 0.0..=10.0);
        number_row(ui, &t!("training.seed"), &t!("training.seed_hint"), &mut settings.seed, 0..=u64::from(u32::MAX));
        settings_view::fold(ui, &mut self.more, form);
    }

    /// What stands in the way, and the button.
    fn foot_ui(&mut self, ui: &mut Ui, acts: &mut Vec<Act>) {
        if let Some(error) = self.trouble() {
            sentence(ui, Theme::here(ui).bad, &error);
        }
        let hindrance = self.hindrance();
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let pressed = ui
                .add_enabled_ui(hindrance.is_none(), |ui| {
                    ui.spacing_mut().button_padding = Vec2::new(space::L, 8.0);
                    primary_button(ui, ICON_PLAY_ARROW.codepoint, t!("training.train"))
                })
                .inner;
            let clicked = pressed.clicked();
            match &hindrance {
                Some(why) => {
                    pressed.on_disabled_hover_text(why);
                    note(ui, why);
                }
                None => {
                    pressed.on_hover_text("Ctrl+↵");
                }
            }
            if clicked {
                acts.push(Act::Train);
            }
        });
    }

    /// Why the last run did not begin, or what is wrong with the form, as a sentence.
    fn trouble(&self) -> Option<String> {
        let wrong = || self.form.settings().validate().err().map(|error| error.to_string());
        self.error.clone().or_else(wrong)
    }

    fn trouble_height(&self, ui: &Ui) -> f32 {
        // Two or three lines, as sentences about settings are.
        if self.trouble().is_some() { 3.0 * ui.text_style_height(&egui::TextStyle::Body) + space::M } else { 0.0 }
    }

    /// Why the button cannot be pressed now.
    fn hindrance(&self) -> Option<String> {
        if self.in_progress() {
            Some(t!("training.hindrance.busy").into_owned())
        } else if self.corpus.missing().is_some() {
            Some(t!("training.hindrance.download").into_owned())
        } else if self.form.settings().validate().is_err() {
            Some(t!("training.hindrance.settings").into_owned())
        } else if self.own && self.corpus.own.trim().is_empty() {
            Some(t!("training.hindrance.own").into_owned())
        } else {
            None
        }
    }
}

/// What is in a text, in one line.
fn facts(info: &CorpusInfo) -> String {
    let grouped = |count: usize| number::grouped(count as i64);
    t!(
        "training.facts",
        size = number::bytes(info.bytes),
        characters = grouped(info.characters),
        distinct = grouped(info.distinct_characters),
        words = grouped(info.words),
        distinct_words = grouped(info.distinct_words)
    )
    .into_owned()
}
