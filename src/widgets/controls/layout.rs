//! Titles, rows, cards and what stands in them.

use egui::{
    Align, CornerRadius, Frame, Id, InnerResponse, Label, Layout, Margin, Response, RichText, Sense, Stroke, TextEdit,
    Ui, Vec2, WidgetInfo, accesskit::Role,
};

use super::buttons::{icon, primary_button};
use crate::widgets::indexed;
use crate::widgets::theme::{RADIUS, Theme, mono, size, space, strong, text};

/// The one title of a page, with a sentence below it on what the page is for.
pub fn page_title(ui: &mut Ui, title: impl Into<String>, sentence: impl Into<String>) {
    let theme = Theme::here(ui);
    let title = ui.add(Label::new(RichText::new(title).font(strong(size::PAGE)).color(theme.ink)).wrap());
    as_heading(ui, &title);
    let sentence = sentence.into();
    if !sentence.is_empty() {
        ui.add(Label::new(RichText::new(sentence).font(text(size::BODY)).color(theme.ink_soft)).wrap());
    }
}

/// The title of a group.
pub fn section_title(ui: &mut Ui, title: impl Into<String>) -> Response {
    let theme = Theme::here(ui);
    let title = ui.add(Label::new(RichText::new(title).font(strong(size::READ)).color(theme.ink)).wrap());
    as_heading(ui, &title);
    title
}

fn as_heading(ui: &Ui, title: &Response) {
    ui.ctx().accesskit_node_builder(title.id, |node| {
        node.set_role(Role::Heading);
        // A label's words are its value, a heading's its name.
        if let Some(words) = node.value().map(str::to_owned) {
            node.set_label(words);
        }
    });
}

/// Small secondary text, wrapped.
pub fn note(ui: &mut Ui, words: impl Into<String>) -> Response {
    let ink = Theme::here(ui).ink_soft;
    ui.add(Label::new(RichText::new(words).font(text(size::SMALL)).color(ink)).wrap())
}

/// The same with the indices of symbols, as in `W_Q`, small and low.
pub fn note_of_symbols(ui: &mut Ui, words: &str) -> Response {
    let ink = Theme::here(ui).ink_soft;
    indexed::label(ui, words, &text(size::SMALL), ink)
}

/// Whether something is drawn that was not drawn in the pass before.
pub fn just_appeared(ui: &Ui, id: Id) -> bool {
    let now = ui.ctx().cumulative_pass_nr();
    ui.data_mut(|data| {
        let before = data.get_temp::<u64>(id);
        data.insert_temp(id, now);
        before.is_none_or(|before| before + 1 < now)
    })
}

/// A hairline across all the room there is.
pub fn hairline(ui: &mut Ui) {
    let line = Stroke::new(1.0, Theme::here(ui).line);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 1.0), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, line);
}

/// A group on a ground of its own, with a hairline around it. Never a card in a card.
pub fn card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let theme = Theme::here(ui);
    Frame::new()
        .fill(theme.card)
        .stroke(Stroke::new(1.0, theme.line))
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::same(space::L as i8))
        .show(ui, add)
}

/// A row: what it is on the left, in a column of `width` points, and its control on the right. The label names every
/// control in the row that has no name of its own.
pub fn labelled<R>(ui: &mut Ui, label: impl Into<String>, width: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let ink = Theme::here(ui).ink_soft;
        // The height of the tallest control of one line, so that the names of all rows stand in line with theirs.
        let height = super::choice::SEGMENTED_HEIGHT;
        let name = ui.allocate_ui_with_layout(Vec2::new(width, height), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(width);
            ui.add(Label::new(RichText::new(label).font(text(size::BODY)).color(ink)).truncate())
        });
        ui.label_inputs_by(name.inner.id, add)
    })
    .inner
}

/// One line to type in, named for a screen reader.
pub fn text_field(ui: &mut Ui, name: &str, width: f32, value: &mut String) -> Response {
    ui.add(TextEdit::singleline(value).desired_width(width).margin(Margin::symmetric(8, 6))).accessible_name(name)
}

/// The same with an example of what can be typed, in sight while the field is empty.
pub fn text_field_hinted(ui: &mut Ui, name: &str, hint: &str, width: f32, value: &mut String) -> Response {
    let field = TextEdit::singleline(value).desired_width(width).margin(Margin::symmetric(8, 6));
    ui.add(field.hint_text(hint.to_owned())).accessible_name(name)
}

/// Several lines to type in, in the type for tokens and code, named for a screen reader.
pub fn text_area(ui: &mut Ui, name: &str, rows: usize, value: &mut String) -> Response {
    let field = TextEdit::multiline(value)
        .font(mono(size::BODY))
        .desired_width(f32::INFINITY)
        .desired_rows(rows)
        .margin(Margin::symmetric(space::M as i8, space::S as i8));
    ui.add(field).accessible_name(name)
}

/// Where nothing is yet: a sign, a sentence on what to do next, and one button that does it. Returns whether it was
/// pressed.
pub fn empty_state(ui: &mut Ui, glyph: &str, sentence: impl Into<String>, button: impl Into<String>) -> bool {
    let theme = Theme::here(ui);
    let above = ((ui.available_height() - 150.0) * 0.42).clamp(space::L, 220.0);
    ui.vertical_centered(|ui| {
        ui.add_space(above);
        ui.add(Label::new(icon(glyph, 40.0).color(theme.ink_soft)).selectable(false));
        ui.add_space(space::XS);
        ui.scope(|ui| {
            ui.set_max_width(420.0);
            ui.add(Label::new(RichText::new(sentence).font(text(size::READ)).color(theme.ink_soft)).wrap());
        });
        ui.add_space(space::M);
        primary_button(ui, "", button).clicked()
    })
    .inner
}

/// Brings what has the keyboard into sight, inside a scroll area: once, when it gets it. `before` is what had it last time.
pub fn follow_focus(ui: &Ui, before: &mut Option<Id>) {
    let focused = ui.memory(|memory| memory.focused());
    if focused == *before {
        return;
    }
    *before = focused;
    if let Some(response) = focused.and_then(|id| ui.ctx().read_response(id))
        && ui.min_rect().contains(response.rect.center())
        && !ui.clip_rect().contains_rect(response.rect)
    {
        ui.scroll_to_rect(response.rect.expand(space::L), None);
    }
}

/// A thin bar with a text above it. Without a share (0 to 1) the length of the work is not known, and only the text and
/// the empty rail are drawn.
pub fn progress_line(ui: &mut Ui, share: Option<f32>, words: impl Into<String>) -> Response {
    let theme = Theme::here(ui);
    let words = words.into();
    let share = share.map(|share| if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 });
    let shown = ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        if !words.is_empty() {
            ui.add(Label::new(RichText::new(&words).font(text(size::SMALL)).color(theme.ink_soft)).truncate());
        }
        let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 4.0), Sense::hover());
        let corners = CornerRadius::same(2);
        ui.painter().rect_filled(rect, corners, theme.line);
        if let Some(share) = share {
            let mut done = rect;
            done.set_width(rect.width() * share);
            ui.painter().rect_filled(done, corners, theme.accent);
        }
        response
    });
    let bar = shown.inner;
    let enabled = ui.is_enabled();
    bar.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, enabled, &words);
        info.value = share.map(|share| f64::from(share * 100.0).floor());
        info
    });
    bar
}
