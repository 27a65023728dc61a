//! The figure: the bars of the next token's probabilities, or those of a token that was written.

use egui::{Rect, Sense, Ui, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::settings::Strategy;
use super::{Action, Playground, outlook};
use crate::panels::Shared;
use crate::widgets::probability_bars::{self, Style};
use crate::widgets::theme::{Theme, space};
use crate::widgets::{controls, number};

/// Height of the options below the bars.
const OPTIONS: f32 = 238.0;
/// Height of what stands between bars and options.
const LEGEND: f32 = 48.0;

/// What stands beside the sheet while one writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The next token's probabilities, with the options that they depend on.
    #[default]
    Next,
    /// All settings.
    Settings,
}

impl Playground {
    /// The right column.
    pub(super) fn figure_ui(&mut self, ui: &mut Ui, shared: &Shared) -> Option<Action> {
        let beams = self.settings.manner.strategy == Strategy::Beams && self.beams.is_there();
        let first = if beams { t!("playground.side.beams") } else { t!("playground.side.next") };
        let offered = [(Side::Next, first.into_owned()), (Side::Settings, t!("playground.side.settings").into_owned())];
        controls::segmented(ui, &t!("playground.sides"), &mut self.side, &offered);
        ui.add_space(space::XS);
        match self.side {
            Side::Settings => {
                self.settings_ui(ui);
                None
            }
            Side::Next if beams && self.shown_token().is_none() => {
                self.beams_ui(ui, shared);
                None
            }
            Side::Next => self.bars_ui(ui, shared),
        }
    }

    fn bars_ui(&mut self, ui: &mut Ui, shared: &Shared) -> Option<Action> {
        let room = ui.available_rect_before_wrap();
        let figure = Rect::from_min_size(room.min, vec2(room.width(), (room.height() - OPTIONS).max(180.0)));
        let action = super::inside(ui, "bars", figure, |ui| match self.shown_token() {
            Some(at) => self.written_ui(ui, at, shared),
            None => self.next_ui(ui, shared),
        });
        ui.allocate_rect(figure, Sense::hover());
        self.options_ui(ui, shared);
        action
    }

    /// What might come next, as the options leave it.
    fn next_ui(&mut self, ui: &mut Ui, shared: &Shared) -> Option<Action> {
        let Some(distribution) = self.outlook.distribution() else { return self.nothing_ui(ui) };
        let equal = distribution.entropy.exp();
        controls::note(
            ui,
            t!(
                "playground.entropy",
                bits = number::in_bits(distribution.entropy / std::f32::consts::LN_2, 2),
                equal = if equal < 9.95 { format!("{equal:.1}") } else { number::grouped(equal.round() as i64) },
                left = number::grouped(distribution.left as i64),
                vocabulary = number::grouped(distribution.vocabulary as i64)
            ),
        );
        ui.add_space(space::XS);
        let style = Style {
            color: Theme::here(ui).generated,
            animate: shared.motion && self.outlook.row_is_new() && self.running.is_none(),
            touchable: true,
            tallest: 30.0,
        };
        let area = vec2(ui.available_width(), ui.available_height() - LEGEND);
        let touched = probability_bars::show(ui, area, &distribution.bars, style);
        let (solid, before, model) =
            (t!("playground.legend.solid"), t!("playground.legend.before"), t!("playground.legend.model"));
        probability_bars::legend(ui, style.color, &solid, &before, &model);
        let clicked = touched.clicked.and_then(|i| distribution.ids.get(i).copied());
        clicked.map(|id| Action::Put(self.answer.tokens.len(), id))
    }

    /// What might have stood in a token's place, under the model itself.
    fn written_ui(&mut self, ui: &mut Ui, at: usize, shared: &Shared) -> Option<Action> {
        let (Some(token), Some(model)) = (self.answer.tokens.get(at), &shared.model) else { return None };
        let mut close = false;
        ui.horizontal(|ui| {
            controls::section_title(ui, t!("playground.written_token", place = number::grouped(at as i64 + 1)));
            if self.selected.is_some() {
                close = controls::icon_button(ui, icons::ICON_CLOSE.codepoint, t!("playground.release")).clicked();
            }
        });
        controls::note(ui, self.token_words(at, shared));
        ui.add_space(space::XS);
        let (bars, ids) = outlook::of_written(token, &model.pieces);
        let style = Style { color: Theme::here(ui).generated, animate: false, touchable: true, tallest: 30.0 };
        let area = vec2(ui.available_width(), ui.available_height() - LEGEND);
        let touched = probability_bars::show(ui, area, &bars, style);
        controls::note(ui, t!("playground.legend_written"));
        if close {
            self.selected = None;
        }
        touched.clicked.and_then(|i| ids.get(i).copied()).map(|id| Action::Branch(at, id))
    }

    /// No bars yet: because nothing was written, or because they are on their way, or because something is wrong.
    pub(super) fn nothing_ui(&self, ui: &mut Ui) -> Option<Action> {
        let glyph = icons::ICON_EDIT_NOTE.codepoint;
        if self.problem.is_some() {
            controls::note(ui, t!("playground.no_bars"));
        } else if self.prompt.is_empty() {
            if controls::empty_state(ui, glyph, t!("playground.empty"), t!("playground.take_example")) {
                return Some(Action::Example);
            }
        } else {
            controls::note(ui, t!("playground.computing"));
        }
        None
    }
}
