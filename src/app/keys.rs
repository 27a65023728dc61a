//! The keyboard: what works everywhere, and the list of it that F1 shows.

use egui::{Context, Id, Key, KeyboardShortcut, Label, Modal, Modifiers, RichText, ScrollArea, Ui};
use rust_i18n::t;

use crate::panels::course::header::chapter_name;
use crate::panels::{Panel, PanelId, Shared};
use crate::widgets::controls::{quiet_button, section_title};
use crate::widgets::theme::{Theme, mono, size, space, text};

/// What a key asks the window for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyWish {
    /// Show a page.
    Open(PanelId),
    /// Show a chapter of the course.
    Chapter(u8),
    /// Look for a section or a term.
    Search,
    /// Everything larger.
    Larger,
    /// Everything smaller.
    Smaller,
    /// The usual size.
    UsualSize,
    /// Show or hide the list of keys.
    Keys,
    /// Pause the training, or go on.
    PauseTraining,
}

/// Room in the height of the window for what stands around the list.
const AROUND: f32 = 180.0;

const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// Takes the window's own keys out of the input of this frame.
pub fn pressed(ctx: &Context, panels: &[Box<dyn Panel>], chapters: &[u8], training: bool) -> Vec<KeyWish> {
    // A space belongs to whatever has the keyboard: a text, a button.
    let free = ctx.memory(|memory| memory.focused().is_none());
    ctx.input_mut(|input| {
        let mut wishes = Vec::new();
        let mut take = |modifiers, key, wish| {
            if input.consume_shortcut(&KeyboardShortcut::new(modifiers, key)) {
                wishes.push(wish);
            }
        };
        for (panel, digit) in panels.iter().zip(DIGITS) {
            take(Modifiers::ALT, digit, KeyWish::Open(panel.id()));
        }
        for (chapter, digit) in (1u8..).zip(DIGITS) {
            if chapters.contains(&chapter) {
                take(Modifiers::COMMAND, digit, KeyWish::Chapter(chapter));
            }
        }
        take(Modifiers::COMMAND, Key::K, KeyWish::Search);
        for key in [Key::Plus, Key::Equals] {
            take(Modifiers::COMMAND, key, KeyWish::Larger);
        }
        take(Modifiers::COMMAND, Key::Minus, KeyWish::Smaller);
        take(Modifiers::COMMAND, Key::Num0, KeyWish::UsualSize);
        take(Modifiers::NONE, Key::F1, KeyWish::Keys);
        if training && free {
            take(Modifiers::NONE, Key::Space, KeyWish::PauseTraining);
        }
        wishes
    })
}

/// The list of keys, over everything else. Returns whether it stays open.
pub fn keys_ui(ctx: &Context, panels: &[Box<dyn Panel>], shared: &Shared) -> bool {
    let modal = Modal::new(Id::unique("keys")).show(ctx, |ui| {
        ui.set_width(420.0);
        section_title(ui, t!("app.keys.title"));
        ui.add_space(space::M);
        // In a low window they are scrolled.
        let most = (ui.ctx().content_rect().height() - AROUND).max(AROUND);
        ScrollArea::vertical().max_height(most).show(ui, |ui| grid_ui(ui, panels, shared));
        ui.add_space(space::L);
        quiet_button(ui, "", t!("app.keys.close")).clicked()
    });
    !(modal.inner || modal.should_close())
}

fn grid_ui(ui: &mut Ui, panels: &[Box<dyn Panel>], shared: &Shared) {
    egui::Grid::new("keys").num_columns(2).spacing([space::XL, 6.0]).show(ui, |ui| {
        for chapter in shared.learning.course.chapters().into_iter().filter(|chapter| *chapter > 0) {
            row(ui, &format!("Ctrl+{chapter}"), &chapter_name(chapter, shared));
        }
        row(ui, "Ctrl+K", &t!("app.keys.search"));
        row(ui, "Ctrl+PgUp  ·  Ctrl+PgDn", &t!("app.keys.section"));
        for (i, panel) in panels.iter().take(DIGITS.len()).enumerate() {
            row(ui, &format!("Alt+{}", i + 1), &panel.id().title());
        }
        row(ui, "Ctrl+Enter", &t!("app.keys.run"));
        row(ui, "Esc", &t!("app.keys.escape"));
        row(ui, &t!("app.keys.space"), &t!("app.keys.pause"));
        row(ui, &t!("app.keys.arrows"), &t!("app.keys.step"));
        row(ui, "Ctrl +  ·  Ctrl −  ·  Ctrl 0", &t!("app.keys.scale"));
        row(ui, "F1", &t!("app.keys.help"));
    });
}

fn row(ui: &mut Ui, keys: &str, does: &str) {
    let theme = Theme::here(ui);
    ui.add(Label::new(RichText::new(keys).font(mono(size::BODY)).color(theme.accent)));
    ui.add(Label::new(RichText::new(does).font(text(size::BODY)).color(theme.ink)));
    ui.end_row();
}
