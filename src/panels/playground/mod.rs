//! Playground: a model continues a text, and one sees what it might have said instead.
//!
//! The sheet is the main thing: the prompt in magenta, the answer in blue right behind it, below it the threads of all that
//! was written after this prompt. Beside it stands one view at a time: the next token with its options, the sampling
//! microscope, several answers compared, a text scored, earlier texts. Rows of logits arrive as events; what the options
//! make of one is computed here, so that a slider moves everything without running the model.

mod answer;
mod beams;
mod beams_view;
mod card;
mod commands;
mod compare;
mod compare_view;
mod export;
mod figure;
mod generating;
mod history;
mod history_view;
mod lens;
mod microscope;
mod options;
pub(crate) mod outlook;
mod scores;
mod scores_view;
mod settings;
mod sheet;
mod sheet_bar;
mod threads;
mod threads_view;
mod views;

use egui::{Key, Modifiers, Rect, Ui, UiBuilder, UiKind, UiStackInfo};
use rust_i18n::t;

use super::export::Export;
use super::{Intent, Panel, PanelId, Shared};
use crate::engine::{Event, JobId, ModelRef};
use crate::widgets::theme::Theme;

use answer::{Answer, Read};
use beams::Beams;
use card::Card;
use compare::Compare;
use figure::Side;
use history::Past;
use lens::Lens;
use outlook::Outlook;
use scores::Scores;
use settings::{Settings, Strategy};
use threads::{RunId, Threads};
use views::View;

/// What a person asked for while the page was drawn; carried out afterwards.
#[derive(Clone, Debug, PartialEq)]
enum Action {
    /// Continue the prompt with the seed in the field (or a new one, where seeds are drawn).
    Generate,
    /// End the generation.
    Stop,
    /// Once more from where the last run began, with the same seed.
    Regenerate,
    /// Once more from where the last run began, with the next seed.
    NextSeed,
    /// Go on behind the answer.
    Continue,
    /// Go on behind the first so many tokens of the answer.
    GoOnFrom(usize),
    /// Put a token at a place of the answer; one past the last appends it.
    Put(usize, u32),
    /// The same, and go on from there.
    Branch(usize, u32),
    /// One knot back along the threads.
    Undo,
    /// One knot on.
    Redo,
    /// Show the text up to the end of a run, or only the prompt.
    Show(Option<RunId>),
    /// Make the prompt and the first so many tokens one text that can be edited.
    Edit(usize),
    /// Look at a token of the answer under the microscope.
    Inspect(usize),
    /// Take the answer away.
    Clear,
    /// Take a sentence that the model knows for a prompt.
    Example,
    /// Take up an earlier text.
    TakeUp(usize),
    /// Take a compared answer as a thread of the sheet.
    TakeOver(usize),
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
    view: View,
    /// What stands beside the sheet while one writes.
    side: Side,
    /// All that was written after the prompt, and the part of it in sight, flat.
    threads: Threads,
    answer: Answer,
    read: Read,
    outlook: Outlook,
    lens: Lens,
    beams: Beams,
    compare: Compare,
    scores: Scores,
    past: Past,
    running: Option<JobId>,
    /// The generation that was stopped by the person: its last figures may still come.
    stopped: Option<JobId>,
    /// The run that it writes.
    writing: Option<RunId>,
    looking: Option<Looking>,
    asked: Option<Asked>,
    /// The text at the last look, and since when it stands.
    stands: (String, f64),
    /// A token of the answer that was clicked, and the one under the pointer.
    selected: Option<usize>,
    hovered: Option<usize>,
    card: Option<Card>,
    /// The engine's sentence on what is wrong with the prompt.
    problem: Option<String>,
    /// Generate as soon as there is a model.
    waiting: bool,
    /// Whether a prompt was ever there, so that an example is offered only to who has not written anything yet.
    begun: bool,
    /// The text grows and its end is to stay in sight.
    follow: bool,
    /// The prompt wants the keyboard.
    focus_prompt: bool,
    /// What is typed as the name of a new preset.
    preset_name: String,
    export: Option<Export>,
}

impl Playground {
    /// The page before anything was written.
    pub fn new() -> Self {
        Self::default()
    }

    /// The token of the answer that is looked at beside the sheet: the one that was clicked.
    fn shown_token(&self) -> Option<usize> {
        self.selected.filter(|&at| at < self.answer.tokens.len())
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
        self.heed_beams(event, shared);
        self.compare.heed(event, shared);
        self.scores.heed(event);
        self.past.heed(event, shared);
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.is_mine(job) || self.is_looked_for(job) || self.compare.is_mine(job) || self.scores.is_mine(job)
    }

    fn on_intent(&mut self, intent: &Intent, shared: &mut Shared) -> bool {
        let text = match intent {
            Intent::Continue(text) => text,
            Intent::Sample(options) => {
                self.settings.manner.strategy = Strategy::Sampling;
                self.settings.manner.sampling = *options;
                return true;
            }
            _ => return false,
        };
        self.prompt.clone_from(text);
        self.begun = true;
        self.problem = None;
        self.waiting = true;
        self.view = View::Write;
        self.start_waiting(shared);
        true
    }

    fn on_model(&mut self, shared: &mut Shared) {
        self.asked = None;
        self.looking = None;
        self.problem = None;
        if self.outlook_is_of_another_model(shared) {
            self.outlook.clear();
            self.lens.clear();
            self.selected = None;
            self.card = None;
        }
        self.scores.model_changed();
        if !self.begun && self.prompt.is_empty() {
            self.take_example(shared);
        }
        self.start_waiting(shared);
    }

    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        self.past.logic(shared);
        self.look_ahead(ctx, shared);
        // Only what is in sight follows the sliders.
        match self.view {
            View::Write => self.outlook.update(&self.settings.manner.options(), shared.language),
            View::Microscope => self.focus_lens(shared),
            View::Compare | View::Scores | View::History => {}
        }
        if let Some(export) = &mut self.export {
            export.logic(ctx, shared);
        }
        self.export.take_if(|export| export.over());
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let mut action = self.keys(ui);
        if shared.model.is_none() {
            no_model(ui, shared);
            return;
        }
        action = action.or(self.page_ui(ui, shared));
        if let Some(action) = action {
            self.act(action, shared);
        }
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("prompt".to_owned(), self.prompt.clone().into());
        table.insert("view".to_owned(), self.view.name().into());
        for (name, value) in [
            ("settings", toml::Value::try_from(&self.settings)),
            ("temperatures", toml::Value::try_from(self.compare.temperatures())),
        ] {
            if let Ok(value) = value {
                table.insert(name.to_owned(), value);
            }
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
        if let Some(view) = remembered.get("view").and_then(toml::Value::as_str).and_then(View::parse) {
            self.view = view;
        }
        if let Some(temperatures) = remembered.get("temperatures").and_then(|value| value.clone().try_into().ok()) {
            self.compare.set_temperatures(temperatures);
        }
    }

    fn scenes(&self) -> &'static [&'static str] {
        &views::SCENES
    }

    fn demonstrate(&mut self, shared: &mut Shared) {
        self.show_scene("", shared);
    }

    fn demonstrate_scene(&mut self, scene: &str, shared: &mut Shared) {
        self.show_scene(scene, shared);
    }

    fn settled(&self) -> bool {
        let nothing_to_ask = self.prompt.is_empty() || self.asked.is_some();
        let written = self.running.is_none() && !self.waiting && self.looking.is_none() && nothing_to_ask;
        let past = self.view != View::History || self.past.settled();
        written && self.compare.settled() && self.scores.settled() && past
    }
}

impl Playground {
    /// Ctrl+Enter generates, Ctrl+Z and Ctrl+Y walk along the threads unless a text is typed, Esc lets go or stops.
    fn keys(&mut self, ui: &Ui) -> Option<Action> {
        if ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter)) && self.running.is_none() {
            return Some(Action::Generate);
        }
        let typing = ui.memory(|memory| memory.focused().is_some());
        if !typing && self.running.is_none() {
            for (key, action) in [(Key::Z, Action::Undo), (Key::Y, Action::Redo)] {
                if ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, key)) {
                    return Some(action);
                }
            }
        }
        if ui.input(|i| i.key_pressed(Key::Escape)) {
            if self.running.is_some() {
                return Some(Action::Stop);
            }
            (self.selected, self.card) = (None, None);
        }
        None
    }
}

/// Draws into a part of the page.
fn inside<R>(ui: &mut Ui, name: &str, rect: Rect, add: impl FnOnce(&mut Ui) -> R) -> R {
    let layout = egui::Layout::top_down(egui::Align::Min);
    let mut part = ui.new_child(UiBuilder::new().id_salt(name).max_rect(rect).layout(layout));
    add(&mut part)
}

/// The same on a sheet that was painted there: what is scrolled fades into the sheet's colour.
fn on_sheet<R>(ui: &mut Ui, name: &str, rect: Rect, add: impl FnOnce(&mut Ui) -> R) -> R {
    let layout = egui::Layout::top_down(egui::Align::Min);
    let ground = egui::Frame::new().fill(Theme::here(ui).card);
    let sheet = UiStackInfo::new(UiKind::Frame).with_frame(ground);
    let builder = UiBuilder::new().id_salt(name).max_rect(rect).layout(layout).ui_stack_info(sheet);
    add(&mut ui.new_child(builder))
}

/// The same in the next so many points of the column.
fn inside_next<R>(ui: &mut Ui, name: &str, height: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    let rect = Rect::from_min_size(ui.cursor().min, egui::vec2(ui.available_width(), height));
    let shown = inside(ui, name, rect, add);
    ui.allocate_rect(rect, egui::Sense::hover());
    shown
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
