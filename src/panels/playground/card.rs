//! The card beside a written token: how likely it was, its rank, and what the model would have written instead. It stays
//! while the pointer is on it, so that an alternative can be clicked.

use egui::{Align2, Area, Frame, Id, Margin, Order, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::{Action, Playground, outlook};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};

/// Width of the card.
const WIDTH: f32 = 272.0;
/// Height of an alternative.
const LINE: f32 = 22.0;
/// The card goes when the pointer has been elsewhere for this long, in seconds.
const LINGER: f64 = 0.25;

/// The card that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Card {
    /// The token.
    pub token: usize,
    /// Where the token is on the screen.
    pub anchor: Rect,
    /// When the pointer was last on the token or the card, on the clock of the frames.
    pub seen: f64,
}

impl Playground {
    /// Keeps the card at the token under the pointer, and lets go of it a moment after the pointer has left.
    pub(super) fn follow_pointer(&mut self, ui: &Ui, under: Option<(usize, Rect)>) {
        let now = ui.input(|i| i.time);
        match (under, &mut self.card) {
            (Some((token, anchor)), _) => self.card = Some(Card { token, anchor, seen: now }),
            (None, Some(card)) if now - card.seen > LINGER => self.card = None,
            (None, Some(_)) => ui.ctx().request_repaint_after(std::time::Duration::from_millis(80)),
            (None, None) => {}
        }
    }

    /// Draws the card.
    pub(super) fn card_ui(&mut self, ui: &Ui, shared: &Shared) -> Option<Action> {
        let card = self.card.filter(|card| card.token < self.answer.tokens.len())?;
        let theme = Theme::here(ui);
        let screen = ui.ctx().content_rect();
        let token = self.answer.tokens.get(card.token)?;
        let height = 84.0 + LINE * token.alternatives.len() as f32;
        let below = card.anchor.bottom() + height <= screen.bottom() || card.anchor.top() - height < screen.top();
        let (y, pivot) = if below {
            (card.anchor.bottom() + 2.0, Align2::LEFT_TOP)
        } else {
            (card.anchor.top() - 2.0, Align2::LEFT_BOTTOM)
        };
        let x = card.anchor.left().min(screen.right() - WIDTH - 2.0 * space::M - 4.0).max(screen.left());
        let area = Area::new(Id::unique("playground token card"))
            .order(Order::Foreground)
            .pivot(pivot)
            .fixed_pos(pos2(x, y))
            .constrain(true);
        let frame = Frame::new()
            .fill(theme.card)
            .stroke(Stroke::new(1.0, theme.line))
            .corner_radius(theme::RADIUS)
            .shadow(ui.visuals().popup_shadow)
            .inner_margin(Margin::symmetric(space::M as i8, space::S as i8));
        let shown = area.show(ui.ctx(), |ui| frame.show(ui, |ui| self.inside_card(ui, card.token, shared)).inner);
        // The little gap between token and card belongs to the card.
        let on_it = shown.response.rect.expand(4.0);
        let pointer = ui.input(|i| i.pointer.hover_pos());
        if let (Some(card), true) = (&mut self.card, pointer.is_some_and(|at| on_it.contains(at))) {
            card.seen = ui.input(|i| i.time);
        }
        if shown.inner.is_some() {
            self.card = None;
        }
        shown.inner
    }

    fn inside_card(&self, ui: &mut Ui, at: usize, shared: &Shared) -> Option<Action> {
        let (token, model) = (self.answer.tokens.get(at)?, shared.model.as_ref()?);
        ui.set_width(WIDTH);
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.label(egui::RichText::new(self.token_words(at, shared)).font(theme::strong(size::BODY)));
        let mut action = None;
        let largest = token.alternatives.iter().fold(0.01f32, |most, other| most.max(other.probability));
        for other in &token.alternatives {
            let label = outlook::label(&model.pieces, other.id);
            let mine = other.id == token.id;
            let line = alternative(ui, &label, other.probability, largest, mine);
            if line.clicked() && !mine && self.running.is_none() {
                action = Some(Action::Branch(at, other.id));
            }
        }
        ui.add_space(space::XS);
        ui.add_enabled_ui(self.running.is_none(), |ui| {
            ui.horizontal(|ui| {
                let go_on = controls::quiet_button(
                    ui,
                    icons::ICON_KEYBOARD_DOUBLE_ARROW_RIGHT.codepoint,
                    t!("playground.go_on_here"),
                );
                if go_on.on_hover_text(t!("playground.go_on_here_hint")).clicked() {
                    action = Some(Action::GoOnFrom(at + 1));
                }
                let look = controls::icon_button(ui, icons::ICON_BIOTECH.codepoint, t!("playground.under_microscope"));
                if look.clicked() {
                    action = Some(Action::Inspect(at));
                }
                let edit = controls::icon_button(ui, icons::ICON_EDIT.codepoint, t!("playground.edit_from_here"));
                if edit.clicked() {
                    action = Some(Action::Edit(at + 1));
                }
            });
        });
        action
    }
}

/// One alternative: its text, its share as a bar, and the number.
fn alternative(ui: &mut Ui, label: &str, probability: f32, largest: f32, mine: bool) -> Response {
    let theme = Theme::here(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE - 2.0), Sense::click());
    let share = percent(probability);
    let words = if mine {
        t!("playground.alternative_taken", token = label, share = share.as_str())
    } else {
        t!("playground.alternative", token = label, share = share.as_str())
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, mine, words.as_ref()));
    let painter = ui.painter();
    if (response.hovered() || response.has_focus()) && !mine {
        painter.rect_filled(rect, 4.0, theme.accent_soft);
    }
    let ink = if mine { theme.generated } else { theme.ink };
    let mut job = egui::text::LayoutJob::simple_singleline(label.to_owned(), theme::mono(size::BODY), ink);
    job.wrap = egui::text::TextWrapping::truncate_at_width(96.0);
    let galley = painter.layout_job(job);
    painter.galley(pos2(rect.left() + 4.0, rect.center().y - galley.size().y / 2.0), galley, ink);
    let lane =
        Rect::from_min_max(pos2(rect.left() + 106.0, rect.top() + 5.0), pos2(rect.right() - 62.0, rect.bottom() - 5.0));
    let bar = Rect::from_min_size(lane.min, vec2((lane.width() * probability / largest).max(1.0), lane.height()));
    painter.rect_filled(bar, 2.0, theme.generated.gamma_multiply(if mine { 1.0 } else { 0.6 }));
    painter.text(rect.right_center() - vec2(4.0, 0.0), Align2::RIGHT_CENTER, share, theme::text(size::SMALL), ink);
    if mine { response } else { response.on_hover_cursor(egui::CursorIcon::PointingHand) }
}
