//! Draws the run: what it is, its figures, its curve with the controls of both, and what it writes.

use egui::{Align, Label, Layout, RichText, ScrollArea, Sides, Ui, UiBuilder, vec2};
use egui_material_icons::icons::{
    ICON_CHAT, ICON_DOWNLOAD, ICON_GRID_ON, ICON_PAUSE, ICON_PLAY_ARROW, ICON_SKIP_NEXT, ICON_STOP,
};
use rust_i18n::t;

use super::live::Phase;
use super::parts::{readouts, sentence};
use super::record::Record;
use super::{Act, Shown, Training};
use crate::data;
use crate::engine::{CorpusInfo, ModelRef};
use crate::panels::{PanelId, Shared};
use crate::train::EndReason;
use crate::widgets::controls::{empty_state, note, quiet_button, section_title};
use crate::widgets::loss_plot::{Curves, loss_plot, view_controls};
use crate::widgets::number;
use crate::widgets::theme::{self, Theme, size, space};

/// From this width on the texts stand beside the plot, below it otherwise.
const WIDE: f32 = 980.0;
/// Width of the column of texts beside the plot.
const TEXTS: f32 = 384.0;
/// Share of the height for texts below the plot.
const TEXTS_BELOW: f32 = 0.27;
/// Room for the controls under the plot.
const CONTROLS: f32 = 62.0;
/// Share of the height for the beginning of a text before the first run.
const EXCERPT: f32 = 0.36;
/// Texts that are laid out; older ones are in the run's file.
const MOST_TEXTS: usize = 40;

impl Training {
    pub(super) fn figure_ui(&mut self, ui: &mut Ui, shared: &Shared, acts: &mut Vec<Act>) {
        if self.record().is_none() {
            self.text_ui(ui, acts);
            return;
        }
        let room = ui.available_rect_before_wrap();
        let wide = room.width() >= WIDE;
        let (plot, texts) = if wide {
            room.split_left_right_at_x(room.right() - TEXTS)
        } else {
            room.split_top_bottom_at_y(room.bottom() - (room.height() * TEXTS_BELOW).max(120.0))
        };
        let gap = if wide { vec2(space::XL, 0.0) } else { vec2(0.0, space::M) };
        let plot = egui::Rect::from_min_max(plot.min, plot.max - gap);
        ui.scope_builder(UiBuilder::new().max_rect(plot), |ui| self.plot_ui(ui, shared, acts));
        ui.scope_builder(UiBuilder::new().max_rect(texts), |ui| self.samples_ui(ui, acts));
    }

    /// Before the first run: the text that would be learned from.
    fn text_ui(&mut self, ui: &mut Ui, acts: &mut Vec<Act>) {
        if self.corpus.download.is_none()
            && let Some(name) = self.corpus.missing().map(str::to_owned)
            && let Ok(entry) = data::entry(&name)
        {
            let words = t!("training.not_here", title = entry.title(), license = entry.license);
            let label = t!("training.fetch", size = number::bytes(entry.bytes));
            if empty_state(ui, ICON_DOWNLOAD.codepoint, words, label) {
                acts.push(Act::Fetch(name));
            }
            return;
        }
        let Some(info) = self.corpus.info().cloned() else { return };
        let grouped = |count: usize| number::grouped(count as i64);
        section_title(ui, t!("training.begins"));
        ui.add_space(space::S);
        let figures = [
            (grouped(info.characters), t!("training.figure.characters")),
            (grouped(info.distinct_characters), t!("training.figure.distinct_characters")),
            (grouped(info.words), t!("training.figure.words")),
            (grouped(info.distinct_words), t!("training.figure.distinct_words")),
        ];
        readouts(ui, &figures.map(|(value, name)| (value, name.into_owned())));
        ui.add_space(space::S);
        let height = (ui.available_height() * EXCERPT).max(80.0);
        ScrollArea::vertical().id_salt("excerpt").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            ui.set_max_width(640.0);
            let text = RichText::new(&info.excerpt).font(theme::text(size::READ)).line_height(Some(24.0));
            ui.add(Label::new(text).wrap());
        });
        ui.add_space(space::M);
        self.blank_ui(ui, &info);
    }

    /// The plot before the first step: what a model that knows nothing would lose on this text.
    fn blank_ui(&mut self, ui: &mut Ui, info: &CorpusInfo) {
        let vocabulary = self.form.vocabulary(info);
        if self.blank.0 != vocabulary {
            let mut curves = Curves::default();
            curves.mark_uniform(vocabulary);
            self.blank = (vocabulary, curves);
        }
        self.blank.1.ends_at(self.form.settings().steps);
        section_title(ui, t!("training.before"));
        let loss = (vocabulary.max(1) as f64).ln();
        let tokens = number::grouped(vocabulary as i64);
        note(ui, t!("training.before_note", tokens = tokens, loss = format!("{loss:.2}")));
        let size = vec2(ui.available_width(), (ui.available_height() - space::S).max(120.0));
        loss_plot(ui, &mut self.blank.1, &self.view, "blank", size, false);
    }

    fn plot_ui(&mut self, ui: &mut Ui, shared: &Shared, acts: &mut Vec<Act>) {
        self.heading_ui(ui, acts);
        ui.add_space(space::S);
        if let Some(record) = self.record() {
            readouts(ui, &figures(record));
            if record.ended == Some(EndReason::Diverged) {
                ui.add_space(space::XS);
                diverged_ui(ui, acts);
            }
        }
        ui.add_space(space::S);
        let height = (ui.available_height() - CONTROLS).max(140.0);
        let size = vec2(ui.available_width(), height);
        let (view, shown) = (self.view, self.shown);
        let record = match shown {
            Shown::Live => self.live.as_mut().map(|live| &mut live.record),
            Shown::Opened => self.opened.as_mut(),
        };
        if let Some(record) = record {
            let salt = record.run.clone().unwrap_or_default();
            loss_plot(ui, &mut record.curves, &view, &salt, size, shared.motion);
        }
        view_controls(ui, &mut self.view);
    }

    /// What runs, how it is, and what can be done with it.
    fn heading_ui(&self, ui: &mut Ui, acts: &mut Vec<Act>) {
        let Some(record) = self.record() else { return };
        let theme = Theme::here(ui);
        Sides::new().shrink_left().show(
            ui,
            |ui| {
                let title = format!("{} · {}", corpus_title(record), record.spec.preset.name());
                let title = RichText::new(title).font(theme::strong(size::READ)).color(theme.ink);
                ui.add(Label::new(title).truncate());
            },
            |ui| match self.shown {
                Shown::Live => self.transport_ui(ui, acts),
                Shown::Opened => self.opened_ui(ui, record, acts),
            },
        );
        // Below the buttons, where it has the whole width.
        note(ui, self.state(record));
    }

    /// Pause, one step, stop. From right to left, as [`Sides`] lays out.
    fn transport_ui(&self, ui: &mut Ui, acts: &mut Vec<Act>) {
        let Some(live) = &self.live else { return };
        if !live.in_progress() {
            if let Some(run) = live.record.run.clone()
                && matches!(live.phase, Phase::Ended(_))
                && quiet_button(ui, "", t!("training.use_model")).clicked()
            {
                acts.push(Act::Use(ModelRef::Run(run)));
            }
            return;
        }
        let stopping = live.phase == Phase::Stopping;
        ui.add_enabled_ui(!stopping, |ui| {
            if quiet_button(ui, ICON_STOP.codepoint, t!("training.stop")).clicked() {
                acts.push(Act::Stop);
            }
        });
        let steerable = live.can_pause() || live.can_resume();
        ui.add_enabled_ui(steerable, |ui| {
            if quiet_button(ui, ICON_SKIP_NEXT.codepoint, t!("training.step_once")).clicked() {
                acts.push(Act::StepOnce);
            }
            let (icon, label) = if live.can_resume() {
                (ICON_PLAY_ARROW, t!("training.resume"))
            } else {
                (ICON_PAUSE, t!("training.pause"))
            };
            if quiet_button(ui, icon.codepoint, label).on_hover_text(t!("training.space")).clicked() {
                acts.push(Act::Toggle);
            }
        });
    }

    /// For a run from the list: back to the one in training.
    fn opened_ui(&self, ui: &mut Ui, record: &Record, acts: &mut Vec<Act>) {
        if let Some(run) = &record.run
            && quiet_button(ui, "", t!("training.use_model")).clicked()
        {
            acts.push(Act::Use(ModelRef::Run(run.clone())));
        }
        if self.live.is_some() && quiet_button(ui, "", t!("training.show_live")).clicked() {
            acts.push(Act::ShowLive);
        }
    }

    /// How the run is, in one line.
    fn state(&self, record: &Record) -> String {
        let state = match self.phase() {
            Some(Phase::Preparing) => t!("training.state.preparing"),
            Some(Phase::Compiling) => t!("training.state.compiling"),
            Some(Phase::Running) => t!("training.state.running"),
            Some(Phase::Pausing) => t!("training.state.pausing"),
            Some(Phase::Paused) => t!("training.state.paused"),
            Some(Phase::Stopping) => t!("training.state.stopping"),
            Some(Phase::Cancelled) => t!("training.state.cancelled"),
            Some(Phase::Failed) => t!("training.state.failed"),
            Some(Phase::Ended(reason)) => ended(Some(*reason)),
            None => ended(record.ended),
        };
        let Some(facts) = &record.facts else { return state.into_owned() };
        let grouped = |count: usize| number::grouped(count as i64);
        t!(
            "training.state_facts",
            state = state,
            device = facts.device.to_uppercase(),
            parameters = grouped(facts.parameters),
            vocabulary = grouped(facts.vocabulary),
            tokens = grouped(facts.tokens)
        )
        .into_owned()
    }

    /// What the model writes, newest first, and where else it can be looked at.
    fn samples_ui(&self, ui: &mut Ui, acts: &mut Vec<Act>) {
        let Some(record) = self.record() else { return };
        let theme = Theme::here(ui);
        let model = self.model_shown(record);
        Sides::new().shrink_left().show(
            ui,
            |ui| section_title(ui, t!("training.writes")),
            |ui| {
                ui.add_enabled_ui(model.is_some(), |ui| {
                    let pages = [
                        (PanelId::Attention, ICON_GRID_ON, t!("training.look_attention")),
                        (PanelId::Playground, ICON_CHAT, t!("training.look_playground")),
                    ];
                    for (page, icon, label) in pages {
                        let button = quiet_button(ui, icon.codepoint, label);
                        let clicked = button.clicked();
                        button.on_disabled_hover_text(t!("training.no_snapshot"));
                        if let (true, Some(model)) = (clicked, &model) {
                            acts.push(Act::LookAt(model.clone(), page));
                        }
                    }
                });
            },
        );
        ui.add_space(space::XS);
        ScrollArea::vertical().id_salt("samples").auto_shrink([false, false]).show(ui, |ui| {
            if record.samples.is_empty() {
                let words = RichText::new(nothing_written(record)).font(theme::text(size::BODY)).color(theme.ink_soft);
                ui.add(Label::new(words).wrap());
            }
            for (step, text) in record.samples.iter().rev().take(MOST_TEXTS) {
                let step = t!("training.at_step", step = number::grouped(*step as i64));
                ui.add(Label::new(RichText::new(step).font(theme::text(size::SMALL)).color(theme.ink_soft)));
                ui.add(
                    Label::new(RichText::new(text.trim()).font(theme::mono(size::SMALL)).color(theme.generated)).wrap(),
                );
                ui.add_space(space::S);
            }
        });
    }

    /// The shown run's model, once there are weights to look at.
    fn model_shown(&self, record: &Record) -> Option<ModelRef> {
        match (self.shown, &self.live) {
            (Shown::Live, Some(live)) if live.in_progress() => live.snapshot.map(|_| ModelRef::Live),
            (Shown::Live, Some(live)) if matches!(live.phase, Phase::Failed | Phase::Cancelled) => None,
            _ => record.run.clone().map(ModelRef::Run),
        }
    }
}

/// Why a run ended with a loss that is no number, and a way on.
fn diverged_ui(ui: &mut Ui, acts: &mut Vec<Act>) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if quiet_button(ui, "", t!("training.gentler")).clicked() {
            acts.push(Act::Gentler);
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            sentence(ui, Theme::here(ui).warn, &t!("training.diverged_why"));
        });
    });
}

/// The text's title, or its file's name.
pub(super) fn corpus_title(record: &Record) -> String {
    super::runs_view::title(&record.spec.corpus)
}

fn nothing_written(record: &Record) -> String {
    match record.spec.settings.sample_every {
        0 => t!("training.no_samples").into_owned(),
        every => t!("training.first_sample", step = number::grouped(every as i64)).into_owned(),
    }
}

pub(super) fn ended(reason: Option<EndReason>) -> std::borrow::Cow<'static, str> {
    match reason {
        Some(EndReason::Finished) => t!("training.state.finished"),
        Some(EndReason::Stopped) => t!("training.state.stopped"),
        Some(EndReason::Diverged) => t!("training.state.diverged"),
        None => t!("training.state.broken_off"),
    }
}

/// The figures of a run; a dash where nothing was measured yet.
fn figures(record: &Record) -> Vec<(String, String)> {
    let last = record.last.as_ref();
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "—".to_owned());
    let steps = format!("{} / {}", number::grouped(record.step as i64), number::grouped(record.total as i64));
    let left = if record.ended.is_some() { None } else { record.seconds_left() };
    let mut figures = vec![
        (steps, t!("training.figure.step")),
        (or_dash(last.map(|point| format!("{:.3}", point.loss))), t!("training.figure.loss")),
        (or_dash(record.rate().map(number::rate)), t!("training.figure.rate")),
        (or_dash(last.map(|point| number::duration(point.seconds))), t!("training.figure.elapsed")),
        (or_dash(left.map(number::duration)), t!("training.figure.left")),
        (or_dash(last.map(|point| number::scientific(point.lr, 2))), t!("training.figure.lr")),
        (or_dash(last.map(|point| format!("{:.2}", point.grad_norm))), t!("training.figure.grad_norm")),
    ];
    if record.ended.is_some() {
        figures.remove(4);
    }
    figures.into_iter().map(|(value, name)| (value, name.into_owned())).collect()
}
