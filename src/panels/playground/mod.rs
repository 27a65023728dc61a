//! Playground: a model continues a text, and one sees what it might have said instead.
//!
//! Left the sheet: the prompt in magenta, the answer in blue right behind it. Right the next token's probabilities, and
//! below them the options that they depend on. The logits arrive as an event; what the options make of them is computed
//! here, on one row, so that a slider moves the bars without running the model.

mod answer;
mod commands;
mod figure;
mod options;
pub(crate) mod outlook;
mod settings;
mod sheet;

use egui::{Key, Modifiers, Rect, Ui, UiBuilder, pos2, vec2};
use rust_i18n::t;

use super::{Intent, Panel, PanelId, Shared};
use crate::engine::{Event, JobId, ModelRef};
use crate::widgets::theme::space;

use answer::{Answer, Read};
use outlook::Outlook;
use settings::Settings;

/// What a person asked for while the page was drawn; carried out afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Continue the prompt with the seed in the field (or a new one, where seeds are drawn).
    Generate,
    /// End the generation.
    Stop,
    /// Once more with the same seed.
    Regenerate,
    /// Once more with the next seed.
    NextSeed,
    /// Go on behind the answer.
    Continue,
    /// Take the answer away.
    Clear,
    /// Put a token at a place of the answer; one past the last appends it.
    Put(usize, u32),
    /// Take a sentence that the model knows for a prompt.
    Example,
}

/// A question after the next token that is on its way.
struct Looking {
    job: JobId,
}

/// For which text and weights the next token was asked.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    text: String,
    model: ModelRef,
    step: Option<u64>,
}

/// The page.
#[derive(Default)]
pub struct Playground {
    prompt: String,
    settings: Settings,
    answer: Answer,
    read: Read,
    outlook: Outlook,
    running: Option<JobId>,
    /// The generation that was stopped by the person: its last figures may still come.
    stopped: Option<JobId>,
    looking: Option<Looking>,
    asked: Option<Asked>,
    /// The text at the last look, and since when it stands.
    stands: (String, f64),
    /// A token of the answer whose alternatives are shown, clicked or under the pointer.
    selected: Option<usize>,
    hovered: Option<usize>,
    /// The engine's sentence on what is wrong with the prompt.
    problem: Option<String>,
    /// Generate as soon as there is a model.
    waiting: bool,
    /// Whether a prompt was ever there, so that an example is offered only to who has not written anything yet.
    begun: bool,
    /// The text grows and its end is to stay in sight.
    follow: bool,
}

impl Playground {
    /// The page before anything was written.
    pub fn new() -> Self {
        Self::default()
    }

    /// The token of the answer whose alternatives are shown: the one under the pointer, or the one clicked.
    fn shown_token(&self) -> Option<usize> {
        self.hovered.or(self.selected).filter(|&at| at < self.answer.tokens.len())
    }

    /// Whether the answer is one to the prompt as it stands, from the model as it is.
    fn answer_belongs(&self, shared: &Shared) -> bool {
        self.running.is_some() || self.answer.belongs_to(&self.prompt, &shared.model_ref)
    }

    /// The text after which the next token is looked at.
    fn text(&self, shared: &Shared) -> String {
        let answer = if self.answer_belongs(shared) { self.answer.text.as_str() } else { "" };
        [self.prompt.as_str(), answer].concat()
    }
}

impl Panel for Playground {
    fn id(&self) -> PanelId {
        PanelId::Playground
    }

    fn icon(&self) -> &'static str {
        egui_material_icons::icons::ICON_EDIT_NOTE.codepoint
    }

    fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        self.heed(event, shared);
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.is_mine(job) || self.is_looked_for(job)
    }

    fn on_intent(&mut self, intent: &Intent, shared: &mut Shared) -> bool {
        let Intent::Continue(text) = intent else { return false };
        self.prompt.clone_from(text);
        self.begun = true;
        self.problem = None;
        self.waiting = true;
        self.start_waiting(shared);
        true
    }

    fn on_model(&mut self, shared: &mut Shared) {
        self.asked = None;
        self.looking = None;
        self.problem = None;
        if self.outlook_is_of_another_model(shared) {
            self.outlook.clear();
            self.selected = None;
        }
        if !self.begun && self.prompt.is_empty() {
            self.take_example(shared);
        }
        self.start_waiting(shared);
    }

    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        self.look_ahead(ctx, shared);
        self.outlook.update(&self.settings.sampling, shared.language);
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let mut action = self.keys(ui);
        if shared.model.is_none() {
            no_model(ui, shared);
            return;
        }
        let page = ui.available_rect_before_wrap().shrink(space::XL);
        if page.width() >= TWO_COLUMNS {
            let width = (page.width() * 0.38).clamp(340.0, 520.0);
            let split = page.right() - width - space::XL;
            let left = Rect::from_min_max(page.min, pos2(split, page.bottom()));
            let right = Rect::from_min_max(pos2(split + space::XL, page.top()), page.max);
            action = action.or(inside(ui, "sheet", left, |ui| self.sheet_ui(ui, shared)));
            action = action.or(inside(ui, "next", right, |ui| self.figure_ui(ui, shared)));
        } else {
            action = action.or(self.narrow_ui(ui, page, shared));
        }
        if let Some(action) = action {
            self.act(action, shared);
        }
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("prompt".to_owned(), self.prompt.clone().into());
        if let Ok(settings) = toml::Value::try_from(&self.settings) {
            table.insert("settings".to_owned(), settings);
        }
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        if let Some(prompt) = remembered.get("prompt").and_then(toml::Value::as_str) {
            self.prompt = prompt.to_owned();
            self.begun = true;
        }
        if let Some(settings) = remembered.get("settings").and_then(|table| table.clone().try_into().ok()) {
            let settings: Settings = settings;
            self.settings = settings.in_range();
        }
    }

    fn demonstrate(&mut self, shared: &mut Shared) {
        self.settings = Settings::default();
        self.take_example(shared);
        self.waiting = true;
        self.start_waiting(shared);
    }

    fn settled(&self) -> bool {
        let nothing_to_ask = self.prompt.is_empty() || self.asked.is_some();
        self.running.is_none() && !self.waiting && self.looking.is_none() && nothing_to_ask
    }
}

/// From this width on, sheet and figure stand side by side.
const TWO_COLUMNS: f32 = 780.0;

impl Playground {
    /// Ctrl+Enter generates, Esc lets go of a token or stops.
    fn keys(&mut self, ui: &Ui) -> Option<Action> {
        if ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter)) && self.running.is_none() {
            return Some(Action::Generate);
        }
        if ui.input(|i| i.key_pressed(Key::Escape)) {
            if self.running.is_some() {
                return Some(Action::Stop);
            }
            self.selected = None;
        }
        None
    }

    /// One below the other, for narrow windows.
    fn narrow_ui(&mut self, ui: &mut Ui, page: Rect, shared: &mut Shared) -> Option<Action> {
        inside(ui, "narrow", page, |ui| {
            egui::ScrollArea::vertical().id_salt("playground").show(ui, |ui| {
                let width = ui.available_width();
                let part = |ui: &mut Ui, height: f32| Rect::from_min_size(ui.cursor().min, vec2(width, height));
                let top = part(ui, page.height().max(360.0));
                let sheet = inside(ui, "sheet", top, |ui| self.sheet_ui(ui, shared));
                ui.allocate_rect(top, egui::Sense::hover());
                ui.add_space(space::XL);
                let bottom = part(ui, 640.0);
                let figure = inside(ui, "next", bottom, |ui| self.figure_ui(ui, shared));
                ui.allocate_rect(bottom, egui::Sense::hover());
                sheet.or(figure)
            })
        })
        .inner
    }
}

/// Draws into a part of the page.
fn inside<R>(ui: &mut Ui, name: &str, rect: Rect, add: impl FnOnce(&mut Ui) -> R) -> R {
    let layout = egui::Layout::top_down(egui::Align::Min);
    let mut part = ui.new_child(UiBuilder::new().id_salt(name).max_rect(rect).layout(layout));
    add(&mut part)
}

/// Nothing can be done without a model.
fn no_model(ui: &mut Ui, shared: &mut Shared) {
    let glyph = egui_material_icons::icons::ICON_EDIT_NOTE.codepoint;
    let sentence = t!("playground.no_model");
    if crate::widgets::controls::empty_state(ui, glyph, sentence, t!("playground.use_shipped")) {
        shared.ask(Intent::UseModel(crate::hub::builtin_for(shared.language)));
    }
}

#[cfg(test)]
mod tests;
