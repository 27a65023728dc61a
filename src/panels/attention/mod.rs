//! Attention: who looks at whom, in any layer and head of the model, on any text.
//!
//! Left the text and all heads as thumbnails; right the chosen one, large, at any step from scores to weights. Every
//! picture comes from a capture of a real forward pass, and whatever grows with the square of the text is computed on a
//! thread of its own.

mod background;
mod compute;
mod detail;
mod export;
mod figure;
mod heads;
mod lines;
pub mod scores;

use std::sync::Arc;
use std::time::Duration;

use egui::{Key, Modifiers, Rect, Sense, Ui, UiBuilder, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::export::Export;
use super::{Intent, Panel, PanelId, Shared};
use crate::engine::{AttentionCapture, Command, Event, JobId, LessonRequest, LessonResult, ModelRef};
use crate::widgets::controls;
use crate::widgets::heatmap::{Heatmap, Texture};
use crate::widgets::theme::space;
use crate::widgets::token_chips::{Chip, visible};

use background::Background;
use compute::{Choice, Over, Picture, Stage, Thumbnails, Wish};
use detail::Detail;
use lines::Lines;
use scores::HeadScore;

/// A capture is made when a text has stood this long, in seconds.
const PAUSE_IN_TYPING: f64 = 0.25;
/// From this width on, heads and figure stand side by side.
const TWO_COLUMNS: f32 = 780.0;

/// What was captured last, or is being captured.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    text: String,
    model: ModelRef,
    step: Option<u64>,
}

/// A picture that is shown, with what belongs to it.
struct Shown {
    picture: Arc<Picture>,
    /// The tokens, ready to be shown.
    labels: Arc<Vec<String>>,
    version: u64,
}

/// How the large picture is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SeenAs {
    /// A row a token that looks, a column a token that is looked at.
    #[default]
    Matrix,
    /// Lines between words.
    Lines,
}

/// What the numbers of a chosen head are, for a lesson.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facts {
    /// From 0.
    pub layer: usize,
    /// From 0.
    pub head: usize,
    /// Its scores.
    pub score: HeadScore,
    /// The highest score of the token before, over all heads.
    pub best_previous: f32,
    /// By how much the loss grows without it, in nats a token, once that was measured.
    pub ablation: Option<f32>,
}

/// The page.
pub struct Attention {
    text: String,
    begun: bool,
    stands: (String, f64),
    asked: Option<Asked>,
    looking: Option<JobId>,
    problem: Option<String>,
    capture: Option<Arc<AttentionCapture>>,
    captures: u64,
    choice: Choice,
    stage: Stage,
    over: Over,
    /// Weights below this are left out.
    least: f32,
    seen_as: SeenAs,
    lines: Lines,
    detail: Detail,
    /// Whether it is part of a lesson: then it asks on the lessons' thread, so that no page takes another's place.
    in_lesson: bool,
    wanted: Option<(u64, Wish)>,
    drawing: Background<Picture>,
    shown: Option<Shown>,
    version: u64,
    sketching: Background<(Thumbnails, Vec<HeadScore>)>,
    thumbnails: Option<(Thumbnails, u64)>,
    atlas: Texture,
    heatmap: Heatmap,
    chips: Option<(ChipsKey, Vec<Chip>)>,
    saving: Option<Export>,
    /// Pin the row that has most to tell as soon as it is there.
    demonstrating: bool,
}

/// Version of the picture, row, dark theme.
type ChipsKey = (u64, usize, bool);

impl Default for Attention {
    fn default() -> Self {
        Self::new()
    }
}

impl Attention {
    /// The page before any text was written.
    pub fn new() -> Self {
        Self {
            text: String::new(),
            begun: false,
            stands: (String::new(), f64::NEG_INFINITY),
            asked: None,
            looking: None,
            problem: None,
            capture: None,
            captures: 0,
            choice: Choice::Head(0, 0),
            stage: Stage::default(),
            over: Over::default(),
            least: 0.0,
            seen_as: SeenAs::default(),
            lines: Lines::default(),
            detail: Detail::default(),
            in_lesson: false,
            wanted: None,
            drawing: Background::default(),
            shown: None,
            version: 0,
            sketching: Background::default(),
            thumbnails: None,
            atlas: Texture::default(),
            heatmap: Heatmap::default(),
            chips: None,
            saving: None,
            demonstrating: false,
        }
    }

    /// The same as part of a lesson, with a text of its own where it is given one.
    pub fn in_lesson(text: Option<String>) -> Self {
        let begun = text.is_some();
        Self { text: text.unwrap_or_default(), begun, in_lesson: true, ..Self::new() }
    }

    /// The chosen head, once it is known.
    pub fn facts(&self) -> Option<Facts> {
        let (layer, head) = self.chosen_head()?;
        let (_, all) = self.detail.scores.as_ref()?;
        let ablated = self.detail.ablated.filter(|(key, _)| *key == (self.captures, (layer, head)));
        Some(Facts {
            layer,
            head,
            score: self.score_of((layer, head))?,
            best_previous: all.iter().map(|score| score.previous_token).fold(0.0, f32::max),
            ablation: ablated.map(|(_, found)| found.after - found.before),
        })
    }

    /// What is to be drawn.
    fn wish(&self) -> Wish {
        Wish { choice: self.choice, stage: self.stage, over: self.over, least: self.least }
    }

    /// Asks for a capture of the text as it stands, once the person pauses.
    fn look(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        let Some(model) = shared.model.clone() else { return };
        if self.text.is_empty() {
            (self.asked, self.looking) = (None, None);
            (self.capture, self.shown, self.thumbnails) = (None, None, None);
            return;
        }
        let now = ctx.input(|i| i.time);
        if self.text != self.stands.0 {
            self.stands = (self.text.clone(), now);
        }
        let same = self
            .asked
            .as_ref()
            .is_some_and(|asked| asked.text == self.text && asked.model == model.model && asked.step == model.step);
        if same {
            return;
        }
        let left = self.stands.1 + PAUSE_IN_TYPING - now;
        if left > 0.0 {
            ctx.request_repaint_after(Duration::from_secs_f64(left));
            return;
        }
        let job = shared.engine.next_job();
        let (of, text) = (model.model.clone(), self.text.clone());
        shared.engine.send(if self.in_lesson {
            Command::Lesson(job, LessonRequest::Attention(of, text))
        } else {
            Command::CaptureAttention(job, of, text)
        });
        self.looking = Some(job);
        self.asked = Some(Asked { text: self.text.clone(), model: model.model.clone(), step: model.step });
    }

    /// Takes in what was computed, and begins to compute what is missing.
    fn draw(&mut self, ctx: &egui::Context) {
        if let Some(picture) = self.drawing.take() {
            self.version += 1;
            let labels = picture.capture.tokens.iter().map(|token| visible(token)).collect();
            self.shown = Some(Shown { picture: Arc::new(picture), labels: Arc::new(labels), version: self.version });
        }
        if let Some((sheet, scores)) = self.sketching.take() {
            self.thumbnails = Some((sheet, self.captures));
            self.detail.scores = Some((self.captures, scores));
        }
        let Some(capture) = &self.capture else { return };
        self.choice = self.choice.within(capture.layers, capture.heads);
        let wanted = (self.captures, self.wish());
        if self.wanted == Some(wanted) {
            self.pin_telling_cell();
            return;
        }
        if self.wanted.is_none_or(|(captures, ..)| captures != self.captures) {
            let capture = capture.clone();
            self.sketching.begin(ctx, move || (compute::thumbnails(&capture), scores::scores(&capture)));
        }
        let (capture, wish) = (capture.clone(), wanted.1);
        self.drawing.begin(ctx, move || compute::picture(&capture, wish));
        self.wanted = Some(wanted);
    }

    /// Takes in a capture.
    fn take(&mut self, capture: &Arc<AttentionCapture>) {
        self.looking = None;
        self.problem = None;
        let another_text = self.capture.as_ref().is_none_or(|old| old.tokens != capture.tokens);
        if another_text {
            self.heatmap.set_pin(None);
            self.heatmap.reset_view();
            self.lines.locked = None;
        }
        self.capture = Some(capture.clone());
        self.captures += 1;
    }

    /// The last step of the demonstration, once what it shows is there.
    fn pin_telling_cell(&mut self) {
        if self.demonstrating && self.looking.is_none() && !self.drawing.busy() {
            self.demonstrating = false;
            self.heatmap.set_pin(self.shown.as_ref().and_then(|shown| shown.picture.telling_cell()));
        }
    }

    /// Arrows step through layers and heads, unless something else has the keyboard.
    fn keys(&mut self, ui: &Ui) {
        let Some(capture) = &self.capture else { return };
        if ui.memory(|memory| memory.focused()).is_some() {
            return;
        }
        let count = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as isize;
        let down = count(Key::ArrowDown) - count(Key::ArrowUp);
        let right = count(Key::ArrowRight) - count(Key::ArrowLeft);
        if down != 0 || right != 0 {
            self.choice = stepped(self.choice, down, right, capture.layers, capture.heads);
        }
    }

    fn take_example(&mut self, shared: &Shared) {
        let language = shared.model.as_ref().and_then(|model| model.language.as_deref());
        self.text = match language.unwrap_or(shared.language) {
            "es" => t!("attention.example_in_spanish").into_owned(),
            _ => t!("attention.example_in_english").into_owned(),
        };
        self.begun = true;
        self.problem = None;
    }
}

/// A choice some layers down and some heads to the right; behind the last head comes the layer's mean.
fn stepped(choice: Choice, down: isize, right: isize, layers: usize, heads: usize) -> Choice {
    let layer = choice.layer().unwrap_or(0).saturating_add_signed(down).min(layers.saturating_sub(1));
    let column = match choice {
        Choice::Head(_, head) => head,
        Choice::Layer(_) => heads,
        Choice::All => 0,
    };
    let column = column.saturating_add_signed(right).min(heads);
    if column < heads { Choice::Head(layer, column) } else { Choice::Layer(layer) }
}

impl Panel for Attention {
    fn id(&self) -> PanelId {
        PanelId::Attention
    }

    fn icon(&self) -> &'static str {
        icons::ICON_GRID_ON.codepoint
    }

    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        self.detail.on_event(event);
        match event {
            Event::Attention(job, capture) | Event::Lesson(job, LessonResult::Attention(capture))
                if self.looking == Some(*job) =>
            {
                self.take(capture);
            }
            Event::Failed(job, sentence) if self.looking == Some(*job) => {
                self.looking = None;
                self.problem = Some(sentence.clone());
            }
            Event::Cancelled(job) if self.looking == Some(*job) => self.looking = None,
            _ => {}
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.looking == Some(job) || self.detail.shows_failure_of(job)
    }

    fn on_intent(&mut self, intent: &Intent, _: &mut Shared) -> bool {
        let Intent::LookAt(text) = intent else { return false };
        self.text.clone_from(text);
        self.begun = true;
        self.problem = None;
        // Nobody is typing.
        self.stands = (text.clone(), f64::NEG_INFINITY);
        true
    }

    fn on_model(&mut self, shared: &mut Shared) {
        (self.asked, self.looking, self.problem) = (None, None, None);
        if !self.begun && self.text.is_empty() {
            self.take_example(shared);
        }
    }

    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        self.look(ctx, shared);
        self.draw(ctx);
        self.compare(shared);
        if let Some(saving) = &mut self.saving {
            saving.logic(ctx, shared);
        }
        self.saving.take_if(|saving| saving.over());
        if let Some((sheet, version)) = &self.thumbnails {
            heads::prepare(&mut self.atlas, ctx, sheet, *version);
        }
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        if shared.model.is_none() {
            let glyph = icons::ICON_GRID_ON.codepoint;
            if controls::empty_state(ui, glyph, t!("attention.no_model"), t!("attention.use_shipped")) {
                shared.ask(Intent::UseModel(crate::hub::builtin_for(shared.language)));
            }
            return;
        }
        self.keys(ui);
        let room = ui.available_rect_before_wrap();
        // A lesson has margins of its own.
        let page = if self.in_lesson { room } else { room.shrink(space::XL) };
        if page.width() >= TWO_COLUMNS {
            // The figure is square, so what its height leaves of the width belongs to the thumbnails.
            let width = (page.width() - space::XL - figure::width_for(page.height())).clamp(300.0, 560.0);
            let width = width.min(page.width() * 0.45);
            let split = page.left() + width;
            let left = Rect::from_min_max(page.min, pos2(split, page.bottom()));
            let right = Rect::from_min_max(pos2(split + space::XL, page.top()), page.max);
            inside(ui, "heads", left, |ui| self.heads_ui(ui, shared));
            inside(ui, "figure", right, |ui| self.figure_ui(ui, shared));
        } else {
            self.narrow_ui(ui, page, shared);
        }
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("text".to_owned(), self.text.clone().into());
        table.insert("stage".to_owned(), self.stage.name().into());
        if let Choice::Head(layer, head) = self.choice {
            table.insert("layer".to_owned(), (layer as i64).into());
            table.insert("head".to_owned(), (head as i64).into());
        }
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        if let Some(text) = remembered.get("text").and_then(toml::Value::as_str) {
            self.text = text.to_owned();
            self.begun = true;
        }
        let stage = remembered.get("stage").and_then(toml::Value::as_str);
        self.stage = Stage::ALL.into_iter().find(|known| Some(known.name()) == stage).unwrap_or_default();
        let number = |key: &str| remembered.get(key)?.as_integer()?.try_into().ok();
        if let (Some(layer), Some(head)) = (number("layer"), number("head")) {
            self.choice = Choice::Head(layer, head);
        }
    }

    fn demonstrate(&mut self, shared: &mut Shared) {
        self.take_example(shared);
        (self.stage, self.choice) = (Stage::default(), Choice::Head(0, 0));
        self.heatmap.set_pin(None);
        self.demonstrating = true;
    }

    fn settled(&self) -> bool {
        let computed = !self.drawing.busy() && !self.sketching.busy();
        let captured = self.text.is_empty() || self.asked.is_some();
        let drawn = self.capture.is_none() || self.wanted == Some((self.captures, self.wish()));
        self.looking.is_none() && captured && computed && drawn && !self.demonstrating && !self.detail.busy()
    }
}

impl Attention {
    /// One below the other, for narrow windows and lessons. A lesson speaks of the heads first; higher there, their
    /// thumbnails are large enough to choose one.
    fn narrow_ui(&mut self, ui: &mut Ui, page: Rect, shared: &mut Shared) {
        inside(ui, "narrow", page, |ui| {
            // With a bar that is always seen: there is more below.
            ui.spacing_mut().scroll = egui::style::ScrollStyle::thin();
            egui::ScrollArea::vertical().id_salt("attention").show(ui, |ui| {
                let width = ui.available_width();
                // In a low window it is higher than the page: its cells must be told apart.
                let figure = ("figure", page.height().max(width.min(560.0) + 130.0));
                let parts = if self.in_lesson { [("heads", 720.0), figure] } else { [figure, ("heads", 560.0)] };
                for (name, height) in parts {
                    let part = Rect::from_min_size(ui.cursor().min, vec2(width, height));
                    inside(ui, name, part, |ui| match name {
                        "figure" => self.figure_ui(ui, shared),
                        _ => self.heads_ui(ui, shared),
                    });
                    ui.allocate_rect(part, Sense::hover());
                    ui.add_space(space::XL);
                }
            });
        });
    }
}

/// Draws into a part of the page.
fn inside<R>(ui: &mut Ui, name: &str, rect: Rect, add: impl FnOnce(&mut Ui) -> R) -> R {
    let layout = egui::Layout::top_down(egui::Align::Min);
    let mut part = ui.new_child(UiBuilder::new().id_salt(name).max_rect(rect).layout(layout));
    add(&mut part)
}

#[cfg(test)]
mod tests;
