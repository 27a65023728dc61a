//! Messages that do not block: one sentence each, above the status bar, read by a screen reader, gone by themselves.

use egui::accesskit::Role;
use egui::{
    Align, Align2, Area, Color32, Context, Frame, Id, Label, Layout, Margin, Order, RichText, Stroke, Ui, Vec2,
};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::panels::Tone;
use crate::widgets::controls::{icon, icon_button};
use crate::widgets::theme::{RADIUS, Theme, size, space, text};

/// At most this many stand at once; the oldest makes room.
const MOST: usize = 4;
const WIDTH: f32 = 400.0;
/// Seconds that a message stays at least, and what every character of it adds.
const STAY: f64 = 4.0;
const STAY_PER_CHARACTER: f64 = 0.05;
/// A failure asks for something to be done, so it stays this much longer.
const STAY_OF_FAILURE: f64 = 6.0;

struct Message {
    number: u64,
    tone: Tone,
    text: String,
    /// When it goes, on the clock of the context; unknown before it is first drawn.
    until: Option<f64>,
}

/// The messages that are shown now.
#[derive(Default)]
pub struct Messages {
    shown: Vec<Message>,
    count: u64,
}

impl Messages {
    /// Shows a message. One that stands there already is not shown twice.
    pub fn add(&mut self, tone: Tone, text: String) {
        self.shown.retain(|message| message.text != text);
        self.count += 1;
        self.shown.push(Message { number: self.count, tone, text, until: None });
        if self.shown.len() > MOST {
            self.shown.remove(0);
        }
    }

    /// Draws them in the lower right corner, `above` points from the bottom.
    pub fn show(&mut self, ctx: &Context, above: f32) {
        if self.shown.is_empty() {
            return;
        }
        let now = ctx.input(|input| input.time);
        self.shown.retain(|message| message.until.is_none_or(|until| until > now));
        let area = Area::new(Id::unique("messages"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, Vec2::new(-space::L, -above - space::L));
        area.show(ctx, |ui| {
            ui.set_width(WIDTH.min(ctx.content_rect().width() - 2.0 * space::L));
            ui.spacing_mut().item_spacing.y = space::S;
            self.shown.retain_mut(|message| ui.push_id(message.number, |ui| one_ui(ui, message, now)).inner);
        });
        let next = self.shown.iter().filter_map(|message| message.until).fold(f64::INFINITY, f64::min);
        if next.is_finite() {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64((next - now).max(0.0) + 0.02));
        }
    }
}

/// Draws one message and says whether it stays.
fn one_ui(ui: &mut Ui, message: &mut Message, now: f64) -> bool {
    let theme = Theme::here(ui);
    let (glyph, color) = sign(message.tone, theme);
    let frame = Frame::new()
        .fill(theme.card)
        .stroke(Stroke::new(1.0, theme.line))
        .corner_radius(RADIUS)
        .inner_margin(Margin {
            left: space::M as i8,
            right: space::XS as i8,
            top: space::S as i8,
            bottom: space::S as i8,
        })
        .shadow(ui.visuals().popup_shadow);
    let mut stays = true;
    let drawn = frame.show(ui, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            stays = !icon_button(ui, icons::ICON_CLOSE.codepoint, t!("app.message.close")).clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(icon(glyph, size::TITLE).color(color));
                let words = RichText::new(&message.text).font(text(size::BODY)).color(theme.ink);
                let label = ui.add(Label::new(words).wrap());
                let role = if message.tone == Tone::Failed { Role::Alert } else { Role::Status };
                ui.ctx().accesskit_node_builder(label.id, |node| {
                    node.set_role(role);
                    node.set_label(message.text.as_str());
                });
            });
        });
    });
    let until = message.until.get_or_insert_with(|| {
        let read = STAY + STAY_PER_CHARACTER * message.text.chars().count() as f64;
        now + read + if message.tone == Tone::Failed { STAY_OF_FAILURE } else { 0.0 }
    });
    // It waits for the pointer that rests on it.
    if drawn.response.contains_pointer() {
        *until = until.max(now + STAY / 2.0);
    }
    stays
}

fn sign(tone: Tone, theme: &Theme) -> (&'static str, Color32) {
    match tone {
        Tone::Done => (icons::ICON_CHECK_CIRCLE.codepoint, theme.good),
        Tone::Note => (icons::ICON_INFO.codepoint, theme.accent),
        Tone::Failed => (icons::ICON_ERROR.codepoint, theme.bad),
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable};

    use super::*;

    fn harness() -> Harness<'static, Messages> {
        let builder = Harness::builder().with_size([700.0, 500.0]).with_context_setup(crate::widgets::theme::install);
        builder.build_ui_state(|ui, messages: &mut Messages| messages.show(ui.ctx(), 30.0), Messages::default())
    }

    #[test]
    fn a_message_is_read_out_wraps_and_is_closed() {
        let mut harness = harness();
        let long = "The folder cannot be written to: check its permissions and the free space. ".repeat(3);
        harness.state_mut().add(Tone::Failed, long.clone());
        harness.state_mut().add(Tone::Failed, long.clone());
        harness.run();
        let label = harness.get_by_role(Role::Alert);
        assert_eq!(label.accesskit_node().label().unwrap(), long, "once, though it came twice");
        assert!(label.rect().width() <= WIDTH && label.rect().height() > 30.0, "{:?}", label.rect());
        harness.get_by_label(&t!("app.message.close")).click();
        harness.run();
        assert!(harness.state().shown.is_empty());
    }

    #[test]
    fn a_message_goes_by_itself_and_the_oldest_makes_room() {
        let mut harness = harness();
        for i in 0..6 {
            harness.state_mut().add(Tone::Note, format!("Message {i}"));
        }
        harness.run();
        assert!(harness.query_by_label("Message 1").is_none() && harness.query_by_label("Message 5").is_some());
        harness.input_mut().time = Some(1_000.0);
        harness.run();
        assert!(harness.state().shown.is_empty());
    }
}
