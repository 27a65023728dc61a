//! Three things to do, each one click: the first is the one to begin with.

use egui::accesskit::Role;
use egui::{Align2, CornerRadius, Rect, Response, Sense, Stroke, TextWrapMode, Ui, Vec2, WidgetInfo, WidgetText};

use crate::widgets::theme::{RADIUS, Theme, size, space, strong, text};

/// Below this width of the page, the offers stand one below the other.
const STACKED_BELOW: f32 = 560.0;
const HEIGHT: f32 = 112.0;
const STACKED_HEIGHT: f32 = 76.0;

/// Something to do.
pub struct Offer {
    /// Its sign.
    pub glyph: &'static str,
    /// What it does, in a few words; its name for a screen reader too.
    pub title: String,
    /// A sentence on what comes of it.
    pub about: String,
}

/// Height of an offer that stands alone, in points.
const ALONE: f32 = 72.0;

/// Draws one offer across all the width there is; returns whether it was taken.
pub fn offer_alone_ui(ui: &mut Ui, offer: &Offer) -> bool {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ALONE), Sense::hover());
    // Not the first of the three: there is one primary thing a page.
    offer_ui(ui, rect, usize::MAX, offer).clicked()
}

/// Draws the offers and returns the number of the one that was taken.
pub fn offers_ui(ui: &mut Ui, offers: &[Offer; 3], ready: [bool; 3]) -> Option<usize> {
    let stacked = ui.available_width() < STACKED_BELOW;
    let (columns, height) = if stacked { (1, STACKED_HEIGHT) } else { (3, HEIGHT) };
    let gap = space::M;
    let width = (ui.available_width() - gap * (columns - 1) as f32) / columns as f32;
    let rows = offers.len() / columns;
    let whole = Vec2::new(ui.available_width(), rows as f32 * height + (rows - 1) as f32 * gap);
    let (area, _) = ui.allocate_exact_size(whole, Sense::hover());
    let mut taken = None;
    for (i, offer) in offers.iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        let corner = area.min + Vec2::new(column as f32 * (width + gap), row as f32 * (height + gap));
        let rect = Rect::from_min_size(corner, Vec2::new(width, height));
        if ready[i] && offer_ui(ui, rect, i, offer).clicked() {
            taken = Some(i);
        } else if !ready[i] {
            ui.add_enabled_ui(false, |ui| offer_ui(ui, rect, i, offer));
        }
    }
    taken
}

fn offer_ui(ui: &mut Ui, rect: Rect, number: usize, offer: &Offer) -> Response {
    let theme = Theme::here(ui);
    let response = ui.interact(rect, ui.scope_id().with(("offer", number)), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &offer.title));
    let lively = enabled && (response.hovered() || response.has_focus());
    let first = number == 0;
    let (fill, line, ink, soft, sign) = if first {
        let fill = if lively { theme.accent.lerp_to_gamma(theme.ink, 0.15) } else { theme.accent };
        (fill, fill, theme.on_accent, theme.on_accent, theme.on_accent)
    } else {
        let fill = if lively { theme.accent_soft } else { theme.card };
        (fill, if lively { theme.accent } else { theme.line }, theme.ink, theme.ink_soft, theme.accent)
    };
    let corners = CornerRadius::same(RADIUS);
    ui.painter().rect(rect, corners, fill, Stroke::new(1.0, line), egui::StrokeKind::Inside);
    if response.has_focus() {
        ui.painter().rect_stroke(rect.expand(2.0), corners, Stroke::new(1.5, theme.ink), egui::StrokeKind::Outside);
    }
    let inner = rect.shrink(space::L);
    let sign_font = egui::FontId::new(24.0, egui::FontFamily::Name(egui_material_icons::FONT_FAMILY.into()));
    ui.painter().text(inner.left_top(), Align2::LEFT_TOP, offer.glyph, sign_font, sign);
    let beside = Vec2::new(24.0 + space::M, 0.0);
    let title = WidgetText::from(egui::RichText::new(&offer.title).font(strong(size::READ)).color(ink));
    let title = title.into_galley(ui, Some(TextWrapMode::Wrap), inner.width() - beside.x, strong(size::READ));
    let title_height = title.size().y;
    ui.painter().galley(inner.left_top() + beside + Vec2::new(0.0, 2.0), title, ink);
    let about = WidgetText::from(egui::RichText::new(&offer.about).font(text(size::BODY)).color(soft));
    let about = about.into_galley(ui, Some(TextWrapMode::Wrap), inner.width() - beside.x, text(size::BODY));
    ui.painter().galley(inner.left_top() + beside + Vec2::new(0.0, title_height + space::S), about, soft);
    if enabled { response.on_hover_cursor(egui::CursorIcon::PointingHand) } else { response }
}
