//! The first minute: a sentence, the threads of attention that a real model spins over it, and three things to do.

mod actions;
mod weave;

use egui::{
    Align, FontId, Key, Label, Layout, Margin, Modifiers, Rect, RichText, ScrollArea, TextEdit, Ui, UiBuilder, Vec2,
};
use egui_material_icons::icons;
use rust_i18n::t;

use super::{Intent, Panel, PanelId, Shared, model_label};
use crate::data::CorpusRef;
use crate::engine::{Command, Event, JobId, ModelRef};
use crate::hub::BUILTIN;
use crate::train::{Preset, TrainSpec};
use crate::widgets::controls::note;
use crate::widgets::number;
use crate::widgets::theme::{Theme, mono, size, space, strong, text};
use weave::Weave;

/// Widest that the column of this page becomes, in points.
const COLUMN: f32 = 960.0;
/// Seconds without a key before the sentence is looked at again.
const REST: f64 = 0.35;
/// Sizes of the sentence's type: as large as it fits between these.
const LETTERS: (f32, f32) = (13.0, 30.0);

/// Room of the pencil behind the sentence, in points.
const PENCIL: f32 = 28.0;

/// The page.
#[derive(Default)]
pub struct Home {
    sentence: String,
    /// Whether a person has written it; before that it follows the model's language.
    own: bool,
    changed_at: f64,
    asked: Option<Asked>,
    weave: Option<Weave>,
    /// Whether it was drawn since the last `logic`; what nobody sees is not computed.
    seen: bool,
}

/// A look at a sentence that is on its way.
struct Asked {
    job: JobId,
    sentence: String,
}

impl Panel for Home {
    fn id(&self) -> PanelId {
        PanelId::Home
    }

    fn icon(&self) -> &'static str {
        icons::ICON_HOME.codepoint
    }

    fn on_event(&mut self, event: &Event, _shared: &mut Shared) {
        match event {
            Event::Attention(job, capture) => {
                let Some(asked) = self.asked.take() else { return };
                if asked.job == *job {
                    self.weave = Some(Weave::new(asked.sentence, capture));
                }
                // Another page's look has come in between and took the place of this one, which is asked for again.
            }
            Event::Failed(job, _) | Event::Cancelled(job) => {
                if let Some(asked) = self.asked.take_if(|asked| asked.job == *job) {
                    // An empty weave, so that the same sentence is not tried over and over.
                    self.weave = Some(Weave::empty(asked.sentence));
                }
            }
            _ => {}
        }
    }

    fn on_model(&mut self, shared: &mut Shared) {
        self.weave = None;
        self.asked = None;
        self.propose(shared);
    }

    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        if self.sentence.is_empty() && !self.own {
            self.propose(shared);
        }
        if !std::mem::take(&mut self.seen) {
            return;
        }
        let Some(model) = &shared.model else { return };
        let current = self.weave.as_ref().is_some_and(|weave| weave.sentence == self.sentence)
            || self.asked.as_ref().is_some_and(|asked| asked.sentence == self.sentence);
        if current || self.sentence.is_empty() {
            return;
        }
        let rested = ctx.input(|input| input.time) - self.changed_at;
        if rested < REST && self.weave.is_some() {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64(REST - rested));
            return;
        }
        let job = shared.engine.next_job();
        self.asked = Some(Asked { job, sentence: self.sentence.clone() });
        shared.engine.send(Command::CaptureAttention(job, model.model.clone(), self.sentence.clone()));
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.seen = true;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let page = ui.available_rect_before_wrap();
            let width = (page.width() - 2.0 * space::XL).min(COLUMN);
            let left = page.center().x - width / 2.0;
            let free = (page.height() - 720.0).max(0.0);
            let top = page.top() + space::XL + free * 0.3;
            let column = Rect::from_min_size(egui::pos2(left, top), Vec2::new(width, 0.0));
            let room = page.height();
            ui.scope_builder(UiBuilder::new().max_rect(column).layout(Layout::top_down(Align::Min)), |ui| {
                self.column_ui(ui, room, shared);
                ui.add_space(space::XL);
            });
        });
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        if self.own {
            table.insert("sentence".to_owned(), self.sentence.clone().into());
        }
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        if let Some(sentence) = remembered.get("sentence").and_then(toml::Value::as_str) {
            self.sentence = sentence.to_owned();
            self.own = true;
        }
    }

    fn settled(&self) -> bool {
        self.asked.is_none() && self.weave.as_ref().is_some_and(|weave| weave.sentence == self.sentence)
    }
}

impl Home {
    /// Puts a sentence there in the model's language, where no person has written one.
    fn propose(&mut self, shared: &Shared) {
        if self.own {
            return;
        }
        let language = shared.model.as_ref().and_then(|model| model.language.as_deref()).unwrap_or(shared.language);
        self.sentence = t!("home.sentence", locale = if language == "es" { "es" } else { "en" }).into_owned();
    }

    fn column_ui(&mut self, ui: &mut Ui, room: f32, shared: &mut Shared) {
        let theme = Theme::here(ui);
        ui.add(
            Label::new(RichText::new(by_unit("home.title", shared)).font(strong(size::PAGE)).color(theme.ink)).wrap(),
        );
        ui.add_space(space::XS);
        let words = RichText::new(lead(shared)).font(text(size::READ)).color(theme.ink_soft);
        ui.add(Label::new(words).wrap());
        ui.add_space(space::L);
        self.loom_ui(ui, (room * 0.26).clamp(90.0, 240.0), shared);
        ui.add_space(space::L);
        self.actions_ui(ui, shared);
        ui.add_space(space::M);
        course_ui(ui, shared);
        ui.add_space(space::M);
        if let Some(info) = &shared.model {
            let parameters = number::grouped(info.parameters as i64);
            let layers = info.config.n_layers;
            let heads = info.config.n_heads;
            let name = model_label(&info.model);
            note(ui, t!("home.model", name = name, parameters = parameters, layers = layers, heads = heads));
        } else {
            note(ui, t!("home.model_loading"));
        }
    }

    /// The sentence, and the threads above it.
    fn loom_ui(&mut self, ui: &mut Ui, height: f32, shared: &mut Shared) {
        let theme = Theme::here(ui);
        let frame = egui::Frame::new()
            .fill(theme.card)
            .stroke(egui::Stroke::new(1.0, theme.line))
            .corner_radius(crate::widgets::theme::RADIUS)
            .inner_margin(Margin::symmetric(space::L as i8, space::M as i8));
        frame.show(ui, |ui| {
            // The pencil stands behind the field, which does not take all of the width.
            ui.set_min_width(ui.available_width());
            let threads = Rect::from_min_size(ui.cursor().min, Vec2::new(ui.available_width(), height));
            ui.add_space(height);
            let font = self.letters(ui);
            let field = TextEdit::singleline(&mut self.sentence)
                .font(font)
                .text_color(theme.prompt)
                .frame(egui::Frame::NONE)
                .desired_width(ui.available_width() - PENCIL)
                .hint_text(t!("home.write"));
            let output = field.show(ui);
            let edit = output.response.response.accessible_name(t!("home.sentence_name"));
            writable(ui, edit.rect, edit.hovered() || edit.has_focus());
            if edit.changed() {
                self.own = true;
                self.changed_at = ui.input(|input| input.time);
            }
            if edit.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter)) {
                shared.ask(Intent::Continue(self.sentence.clone()));
            }
            if let Some(weave) = &self.weave {
                weave.draw(ui, threads, output.galley_pos, &output.galley, edit.rect, shared.motion);
            }
            ui.add_space(space::XS);
            note(ui, by_unit("home.threads", shared));
        });
    }

    /// The type in which the sentence fits its line.
    fn letters(&self, ui: &Ui) -> FontId {
        let letters = self.sentence.chars().count().max(12) as f32;
        // The type for tokens is 0.6 of its size wide.
        let fitting = (ui.available_width() - PENCIL - space::S) / (letters + 1.0) / 0.6;
        mono(fitting.clamp(LETTERS.0, LETTERS.1).floor())
    }

    fn actions_ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let training = shared.training.is_some();
        let third = if training {
            (icons::ICON_SHOW_CHART, t!("home.watch"), t!("home.watch_about"))
        } else {
            (icons::ICON_MODEL_TRAINING, t!("home.train"), t!("home.train_about"))
        };
        let offers = [
            (icons::ICON_PLAY_ARROW, t!("home.continue"), t!("home.continue_about")),
            (icons::ICON_GRID_ON, t!("home.look"), t!("home.look_about")),
            third,
        ];
        let offers = offers.map(|(icon, title, about)| actions::Offer {
            glyph: icon.codepoint,
            title: title.into_owned(),
            about: about.into_owned(),
        });
        let ready = shared.model.is_some() && !self.sentence.is_empty();
        match actions::offers_ui(ui, &offers, [ready, ready, true]) {
            Some(0) => shared.ask(Intent::Continue(self.sentence.clone())),
            Some(1) => shared.ask(Intent::LookAt(self.sentence.clone())),
            Some(_) if training => shared.ask(Intent::Open(PanelId::Training)),
            Some(_) => shared.ask(Intent::Train(Box::new(first_training(shared.language)))),
            None => {}
        }
    }
}

/// A line below the sentence and a pencil behind it: it can be changed.
fn writable(ui: &Ui, field: Rect, lit: bool) {
    let theme = Theme::here(ui);
    let color = if lit { theme.accent } else { theme.ink_soft };
    let right = field.right() + PENCIL;
    ui.painter().hline(field.left()..=right, field.bottom() + 1.0, egui::Stroke::new(1.0, color.gamma_multiply(0.6)));
    let font = FontId::new(size::TITLE, egui::FontFamily::Name(egui_material_icons::FONT_FAMILY.into()));
    let at = egui::pos2(right, field.center().y);
    ui.painter().text(at, egui::Align2::RIGHT_CENTER, icons::ICON_EDIT.codepoint, font, color);
}

/// The way into the course: from the beginning, or where one left it.
fn course_ui(ui: &mut Ui, shared: &mut Shared) {
    let Some(id) = shared.learning.next_step() else { return };
    let course = shared.learning.course.clone();
    let Some(section) = course.section(shared.language, id) else { return };
    let begun = !shared.learning.progress.sections.is_empty();
    let title = if begun { t!("home.course_go_on") } else { t!("home.course_start") };
    let about = t!("home.course_about", id = id, title = section.title.as_str(), question = section.question.as_str());
    let offer =
        actions::Offer { glyph: icons::ICON_SCHOOL.codepoint, title: title.into_owned(), about: about.into_owned() };
    if actions::offer_alone_ui(ui, &offer) {
        shared.ask(Intent::OpenSection(id));
    }
}

/// A text in the words for what the model's tokens are: letters, or tokens.
fn by_unit(key: &str, shared: &Shared) -> String {
    let letters = shared.model.as_ref().is_none_or(|model| model.tokenizer == "characters");
    t!(format!("{key}.{}", if letters { "letters" } else { "tokens" })).into_owned()
}

/// Where the model comes from.
fn lead(shared: &Shared) -> String {
    let model = shared.model.as_ref().map_or(&shared.model_ref, |info| &info.model);
    match model {
        ModelRef::Builtin(name) if BUILTIN.contains(&name.as_str()) => t!(format!("home.lead.{name}")).into_owned(),
        other => t!("home.lead.other", name = model_label(other)).into_owned(),
    }
}

/// The model that a person trains first: small, on the shipped text of the language.
fn first_training(language: &str) -> TrainSpec {
    let corpus = if language == "es" { "telar-es" } else { "telar-en" };
    TrainSpec {
        preset: Preset::Char,
        corpus: CorpusRef::Named(corpus.to_owned()),
        settings: Preset::Char.settings(),
        out: None,
    }
}

#[cfg(test)]
mod tests;
