//! What stands on the page: the sheet with a figure beside it, or one of the tools.

use egui::{Rect, Ui, pos2, vec2};
use rust_i18n::t;

use super::compare::Mode;
use super::figure::Side;
use super::settings::{Settings, Strategy};
use super::{Action, Playground};
use crate::engine::ModelRef;
use crate::hub::BUILTIN;
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::theme::space;

/// A view of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The sheet, and the next token beside it.
    #[default]
    Write,
    /// The sheet, and the sampling microscope beside it.
    Microscope,
    /// Several answers side by side.
    Compare,
    /// A pasted text, scored.
    Scores,
    /// Earlier texts.
    History,
}

impl View {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Write, Self::Microscope, Self::Compare, Self::Scores, Self::History];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Microscope => "microscope",
            Self::Compare => "compare",
            Self::Scores => "scores",
            Self::History => "history",
        }
    }

    /// The view of this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }
}

/// What the tour shows; the first is the page as it usually is.
pub const SCENES: [&str; 8] = ["", "threads", "microscope", "temperatures", "models", "scores", "beams", "history"];

/// From this width on, sheet and figure stand side by side.
const TWO_COLUMNS: f32 = 780.0;

impl Playground {
    /// The views' names, and below them the one that was chosen.
    pub(super) fn page_ui(&mut self, ui: &mut Ui, shared: &mut Shared) -> Option<Action> {
        let page = ui.available_rect_before_wrap().shrink2(vec2(space::XL, space::L));
        let head = Rect::from_min_size(page.min, vec2(page.width(), 36.0));
        super::inside(ui, "views", head, |ui| {
            let offered = View::ALL.map(|view| (view, t!(format!("playground.view.{}", view.name())).into_owned()));
            controls::segmented(ui, &t!("playground.views"), &mut self.view, &offered);
        });
        let body = Rect::from_min_max(pos2(page.left(), head.bottom() + space::M), page.max);
        match self.view {
            View::Write => self.beside_ui(ui, body, 0.38, shared),
            View::Microscope => self.beside_ui(ui, body, 0.6, shared),
            View::Compare => super::inside(ui, "compare", body, |ui| self.compare_ui(ui, shared)),
            View::Scores => {
                super::inside(ui, "scores", body, |ui| self.scores_ui(ui, shared));
                None
            }
            View::History => super::inside(ui, "history", body, |ui| self.history_ui(ui, shared)),
        }
    }

    /// The sheet with a figure that takes a share of the width; one below the other in narrow windows.
    fn beside_ui(&mut self, ui: &mut Ui, page: Rect, share: f32, shared: &mut Shared) -> Option<Action> {
        if page.width() < TWO_COLUMNS {
            return self.narrow_ui(ui, page, shared);
        }
        let most = if self.view == View::Write { 520.0 } else { 1100.0 };
        let width = (page.width() * share).clamp(340.0, most);
        let split = page.right() - width - space::XL;
        let left = Rect::from_min_max(page.min, pos2(split, page.bottom()));
        let right = Rect::from_min_max(pos2(split + space::XL, page.top()), page.max);
        let sheet = super::inside(ui, "sheet", left, |ui| self.sheet_ui(ui, shared));
        let figure = super::inside(ui, "next", right, |ui| self.side_ui(ui, shared));
        sheet.or(figure)
    }

    fn side_ui(&mut self, ui: &mut Ui, shared: &Shared) -> Option<Action> {
        match self.view {
            View::Microscope => self.microscope_ui(ui, shared),
            _ => self.figure_ui(ui, shared),
        }
    }

    fn narrow_ui(&mut self, ui: &mut Ui, page: Rect, shared: &mut Shared) -> Option<Action> {
        super::inside(ui, "narrow", page, |ui| {
            egui::ScrollArea::vertical().id_salt("playground").show(ui, |ui| {
                let width = ui.available_width();
                let part = |ui: &mut Ui, height: f32| Rect::from_min_size(ui.cursor().min, vec2(width, height));
                let top = part(ui, page.height().max(360.0));
                let sheet = super::inside(ui, "sheet", top, |ui| self.sheet_ui(ui, shared));
                ui.allocate_rect(top, egui::Sense::hover());
                ui.add_space(space::XL);
                let bottom = part(ui, 700.0);
                let figure = super::inside(ui, "next", bottom, |ui| self.side_ui(ui, shared));
                ui.allocate_rect(bottom, egui::Sense::hover());
                sheet.or(figure)
            })
        })
        .inner
    }

    /// Does by itself what a scene of the tour shows.
    pub(super) fn show_scene(&mut self, scene: &str, shared: &mut Shared) {
        let own = std::mem::take(&mut self.settings.own);
        self.settings = Settings { own, ..Settings::default() };
        self.side = Side::Next;
        self.view = match scene {
            "microscope" => View::Microscope,
            "temperatures" | "models" => View::Compare,
            "scores" => View::Scores,
            "history" => View::History,
            _ => View::Write,
        };
        if scene == "beams" {
            self.settings.manner.strategy = Strategy::Beams;
            self.settings.manner.max_new_tokens = 24;
        }
        match scene {
            "threads" => return self.show_threads(shared),
            // It shows what the scenes before it have left.
            "history" => return,
            _ => {}
        }
        self.take_example(shared);
        match scene {
            "temperatures" | "models" => {
                self.settings.manner.max_new_tokens = 120;
                self.compare.mode = if scene == "models" { Mode::Models } else { Mode::Temperatures };
                let other = BUILTIN.iter().map(|name| ModelRef::Builtin((*name).to_owned()));
                self.compare.second = other.into_iter().find(|model| *model != shared.model_ref);
                self.write_all(shared);
            }
            "scores" => {
                self.scores.text = self.text(shared);
                self.scores.ask(shared);
            }
            _ => {
                self.waiting = true;
                self.start_waiting(shared);
            }
        }
    }

    /// Two more ways from the middle of what was written in the scene before: one of a single token, one that goes on.
    fn show_threads(&mut self, shared: &mut Shared) {
        let tokens = self.answer.tokens.len();
        for (at, goes_on) in [(tokens / 2, false), (tokens / 3, true)] {
            let longest = self.threads.strands().into_iter().max_by_key(|strand| strand.tokens.1);
            self.act(Action::Show(longest.map(|strand| strand.run)), shared);
            let token = self.answer.tokens.get(at);
            let other = token.and_then(|token| token.alternatives.iter().find(|other| other.id != token.id));
            if let Some(id) = other.map(|other| other.id) {
                self.act(if goes_on { Action::Branch(at, id) } else { Action::Put(at, id) }, shared);
            }
        }
    }
}
