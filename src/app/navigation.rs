//! The course and the pages, on the left: sign and name, or the sign alone where the window is narrow.

use egui::{
    Align, Button, Color32, Frame, Id, Label, Layout, Margin, Panel as Side, Rect, RichText, ScrollArea, Sense, Stroke,
    Ui, Vec2,
};
use egui_material_icons::icons;
use rust_i18n::t;

use super::contents::{contents_ui, whole_contents_ui};
use crate::panels::{Panel, PanelId, Shared, preferences_ui};
use crate::widgets::controls::{hairline, icon};
use crate::widgets::mark;
use crate::widgets::theme::{Theme, size, space, strong, text};

/// Below this width of the window, in points, the names are folded away.
pub const FOLD_BELOW: f32 = 900.0;
/// Width of the unfolded navigation, with its margins.
pub(super) const WIDTH: f32 = 244.0;
const FOLDED: f32 = 56.0;
const ROW: f32 = 34.0;
/// Height that the title of a group takes with the room around it.
const GROUP: f32 = 48.0;
/// Height of the hairline that stands for it where the names are folded away, with the room around it.
const FOLDED_GROUP: f32 = 20.0;
/// The same in a low window whose names are folded away, so that every sign is in sight.
const LOW_ROW: f32 = 30.0;
/// Up to this height of the column, in points, a window is low.
const LOW: f32 = 560.0;
/// From one entry to the next there is this more than its row: its line and the room between them.
const APART: f32 = 4.0;
/// The least height of the course's contents: two of its chapters. Where there is less, the whole column is scrolled.
const LEAST: f32 = 72.0;

/// Draws the navigation and returns the page that was chosen.
pub fn navigation_ui(ui: &mut Ui, panels: &[Box<dyn Panel>], page: PanelId, shared: &mut Shared) -> Option<PanelId> {
    let folded = ui.available_width() < FOLD_BELOW;
    let theme = Theme::here(ui);
    let frame = Frame::new().fill(theme.margin).inner_margin(Margin::symmetric(space::S as i8, space::M as i8));
    let side = Side::left("navigation").resizable(false).frame(frame).show_separator_line(true);
    let width = if folded { FOLDED } else { WIDTH };
    let drawn = side.exact_size(width).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        name_ui(ui, folded);
        ui.add_space(space::M);
        let mut chosen = None;
        let [first, tools, last] = groups(panels);
        let others = first.len() + tools.len() + last.len() + 1;
        // What the other entries leave of the height: the workshop is always in sight.
        let group = if folded { FOLDED_GROUP } else { GROUP };
        let row = if folded && ui.available_height() < LOW { LOW_ROW } else { ROW };
        let left = ui.available_height() - others as f32 * (row + APART) - 2.0 * group;
        let mut entry = |ui: &mut Ui, panel: &dyn Panel| {
            let id = panel.id();
            if entry_ui(ui, panel.icon(), &id.title(), id == page, (folded, row)).clicked() {
                chosen = Some(id);
            }
        };
        if left < LEAST {
            // A low window: the whole column is scrolled.
            ScrollArea::vertical().id_salt("navigation").auto_shrink(false).show(ui, |ui| {
                first.iter().for_each(|panel| entry(ui, *panel));
                group_title(ui, &t!("app.course"), folded);
                ui.scope(|ui| whole_contents_ui(ui, page, folded, shared));
                group_title(ui, &t!("app.workshop"), folded);
                tools.iter().for_each(|panel| entry(ui, *panel));
                last.iter().for_each(|panel| entry(ui, *panel));
                settings_ui(ui, (folded, row), shared);
            });
            return chosen;
        }
        first.iter().for_each(|panel| entry(ui, *panel));
        group_title(ui, &t!("app.course"), folded);
        contents_ui(ui, page, folded, left, shared);
        group_title(ui, &t!("app.workshop"), folded);
        tools.iter().for_each(|panel| entry(ui, *panel));
        ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
            settings_ui(ui, (folded, row), shared);
            last.iter().for_each(|panel| entry(ui, *panel));
        });
        chosen
    });
    drawn.inner
}

/// The pages before the course and the workshop, in the workshop, and after it.
fn groups(panels: &[Box<dyn Panel>]) -> [Vec<&dyn Panel>; 3] {
    let of = |wanted: fn(PanelId) -> bool| {
        panels.iter().map(AsRef::as_ref).filter(|panel| wanted(panel.id())).collect::<Vec<_>>()
    };
    [
        of(|id| id == PanelId::Home),
        of(|id| !matches!(id, PanelId::Home | PanelId::Course | PanelId::About)),
        of(|id| id == PanelId::About),
    ]
}

fn name_ui(ui: &mut Ui, folded: bool) {
    let theme = Theme::here(ui);
    ui.horizontal(|ui| {
        ui.add_space(if folded { 8.0 } else { 10.0 });
        let (square, _) = ui.allocate_exact_size(Vec2::splat(24.0), Sense::hover());
        mark::draw(ui.painter(), square, theme.ink_soft, theme.accent);
        if !folded {
            ui.add_space(2.0);
            ui.add(Label::new(RichText::new("Telar").font(strong(size::TITLE)).color(theme.ink)).selectable(false));
        }
    });
}

fn group_title(ui: &mut Ui, title: &str, folded: bool) {
    let theme = Theme::here(ui);
    if folded {
        ui.add_space(space::S);
        hairline(ui);
        ui.add_space(space::S);
        return;
    }
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        ui.add_space(10.0);
        ui.add(Label::new(RichText::new(title).font(text(size::SMALL)).color(theme.ink_soft)).selectable(false));
    });
    ui.add_space(2.0);
}

/// One line of the navigation: whether its name is folded away, and its height.
fn entry_ui(ui: &mut Ui, glyph: &str, name: &str, chosen: bool, (folded, row): (bool, f32)) -> egui::Response {
    let theme = Theme::here(ui);
    let (fill, ink, font) = if chosen {
        (theme.accent_soft, theme.accent, strong(size::BODY))
    } else {
        (Color32::TRANSPARENT, theme.ink, text(size::BODY))
    };
    let sign = icon(glyph, size::TITLE).color(if chosen { theme.accent } else { theme.ink_soft });
    let width = ui.available_width();
    let response = ui.scope(|ui| {
        let states = &mut ui.visuals_mut().widgets;
        for (state, ground) in [
            (&mut states.inactive, fill),
            (&mut states.hovered, theme.accent_soft),
            (&mut states.active, theme.accent_soft),
        ] {
            state.weak_bg_fill = ground;
            state.bg_stroke = Stroke::NONE;
        }
        states.active.bg_stroke = Stroke::new(1.5, theme.accent);
        ui.spacing_mut().button_padding.y = if row < ROW { 1.0 } else { ui.spacing().button_padding.y };
        let button = if folded {
            ui.spacing_mut().button_padding.x = 0.0;
            Button::new((egui::Atom::grow(), sign, egui::Atom::grow()))
        } else {
            ui.spacing_mut().button_padding.x = 10.0;
            Button::new((sign, RichText::new(name).font(font).color(ink), egui::Atom::grow())).gap(10.0)
        };
        ui.add(button.min_size(Vec2::new(width, row)).truncate().selected(chosen))
    });
    let response = response.inner.accessible_name(name);
    if chosen {
        let edge = Rect::from_min_size(response.rect.left_top() + Vec2::new(0.0, 8.0), Vec2::new(3.0, row - 16.0));
        ui.painter().rect_filled(edge, 1.5, theme.accent);
    }
    if folded { response.on_hover_text(name) } else { response }
}

/// The settings, which open beside their button.
fn settings_ui(ui: &mut Ui, looks: (bool, f32), shared: &mut Shared) {
    let name = t!("app.settings.title");
    let id = Id::unique("settings");
    let open = egui::Popup::is_id_open(ui.ctx(), id);
    let button = entry_ui(ui, icons::ICON_TUNE.codepoint, &name, open, looks);
    egui::Popup::from_toggle_button_response(&button)
        .id(id)
        .align(egui::RectAlign::RIGHT_END)
        .gap(space::S)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name(&*name)
        .show(|ui| {
            ui.set_width(380.0);
            // In a low window they are scrolled.
            let most = (ui.ctx().content_rect().height() - 4.0 * space::XL).max(ROW);
            ScrollArea::vertical().max_height(most).show(ui, |ui| {
                egui::Frame::new().inner_margin(space::S).show(ui, |ui| preferences_ui(ui, shared));
            });
        });
}
