//! The tokens of design: every colour, size and font of the window. Nothing else names one.
//!
//! Two themes of equal care: «papel», warm and light, and «noche», dark but not black. Colour carries meaning: prompts are
//! magenta, generated text is blue, one accent marks what can be touched.

use std::sync::Arc;

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle, Vec2, vec2,
};

/// Steps of spacing, in points.
pub mod space {
    /// Between a label and what it labels.
    pub const XS: f32 = 4.0;
    /// Between controls of one group.
    pub const S: f32 = 8.0;
    /// Inside a card.
    pub const M: f32 = 12.0;
    /// Between groups.
    pub const L: f32 = 16.0;
    /// Around a panel.
    pub const XL: f32 = 24.0;
    /// Between sections.
    pub const XXL: f32 = 32.0;
}

/// Corner radius of everything that has corners.
pub const RADIUS: u8 = 6;

/// How long a movement takes that shows that something became something else, in seconds.
pub const MOTION: f32 = 0.18;

/// Height of a line of lesson text, as a multiple of its size.
pub const READ_LINE: f32 = 1.5;

/// Sizes of type, in points.
pub mod size {
    /// Axis labels and notes.
    pub const SMALL: f32 = 12.0;
    /// The interface.
    pub const BODY: f32 = 14.0;
    /// Texts to read.
    pub const READ: f32 = 16.0;
    /// Titles of groups.
    pub const TITLE: f32 = 20.0;
    /// The one title of a page.
    pub const PAGE: f32 = 28.0;
}

/// The colours of one theme.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Whether it is the night's.
    pub dark: bool,
    /// Behind everything.
    pub paper: Color32,
    /// Navigation and status bar.
    pub margin: Color32,
    /// Cards and fields.
    pub card: Color32,
    /// Hairlines.
    pub line: Color32,
    /// Text.
    pub ink: Color32,
    /// Secondary text, still at least 4.5 : 1.
    pub ink_soft: Color32,
    /// What can be touched.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Behind a chosen or hovered thing.
    pub accent_soft: Color32,
    /// Text that a person wrote.
    pub prompt: Color32,
    /// Text that a model wrote.
    pub generated: Color32,
    /// Done, running well.
    pub good: Color32,
    /// Worth a look.
    pub warn: Color32,
    /// Failed.
    pub bad: Color32,
    /// The course's levels, the easiest first: green, orange, blue. Always beside their sign or word.
    pub levels: [Color32; 3],
    /// Parts of a program.
    pub code: CodeColours,
    /// Curves and heads: distinguishable for colour-blind people (after Okabe & Ito 2008).
    pub series: [Color32; 8],
}

/// The colours of a program's parts; its names are in the colour of text.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeColours {
    /// Words of the language.
    pub keyword: Color32,
    /// Functions that the language has.
    pub function: Color32,
    /// Numbers.
    pub number: Color32,
    /// Texts in quotes.
    pub text: Color32,
    /// Comments.
    pub comment: Color32,
    /// Behind a line that is wrong.
    pub wrong_line: Color32,
}

/// «Papel».
pub const PAPER: Theme = Theme {
    dark: false,
    paper: Color32::from_rgb(0xfb, 0xf9, 0xf5),
    margin: Color32::from_rgb(0xf2, 0xee, 0xe6),
    card: Color32::from_rgb(0xff, 0xfe, 0xfc),
    line: Color32::from_rgb(0xdd, 0xd6, 0xc9),
    ink: Color32::from_rgb(0x24, 0x22, 0x1f),
    ink_soft: Color32::from_rgb(0x62, 0x5c, 0x53),
    accent: Color32::from_rgb(0x0f, 0x62, 0x5c),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    accent_soft: Color32::from_rgb(0xdc, 0xec, 0xe8),
    prompt: Color32::from_rgb(0xa8, 0x1c, 0x6e),
    generated: Color32::from_rgb(0x1d, 0x4e, 0xa8),
    good: Color32::from_rgb(0x2b, 0x6e, 0x3a),
    warn: Color32::from_rgb(0x8a, 0x5a, 0x00),
    bad: Color32::from_rgb(0xb0, 0x2a, 0x2a),
    levels: [
        Color32::from_rgb(0x2b, 0x6e, 0x3a),
        Color32::from_rgb(0xa3, 0x4a, 0x00),
        Color32::from_rgb(0x1d, 0x4e, 0xa8),
    ],
    code: CodeColours {
        keyword: Color32::from_rgb(0x7a, 0x3e, 0x9d),
        function: Color32::from_rgb(0x1d, 0x4e, 0xa8),
        number: Color32::from_rgb(0x8a, 0x5a, 0x00),
        text: Color32::from_rgb(0x2b, 0x6e, 0x3a),
        comment: Color32::from_rgb(0x62, 0x5c, 0x53),
        wrong_line: Color32::from_rgb(0xfb, 0xe9, 0xe5),
    },
    series: [
        Color32::from_rgb(0x00, 0x72, 0xb2),
        Color32::from_rgb(0xd5, 0x5e, 0x00),
        Color32::from_rgb(0x00, 0x8a, 0x63),
        Color32::from_rgb(0xb0, 0x5c, 0x8e),
        Color32::from_rgb(0x9a, 0x6d, 0x00),
        Color32::from_rgb(0x3a, 0x8f, 0xc4),
        Color32::from_rgb(0x6a, 0x4c, 0x93),
        Color32::from_rgb(0x59, 0x59, 0x59),
    ],
};

/// «Noche».
pub const NIGHT: Theme = Theme {
    dark: true,
    paper: Color32::from_rgb(0x1d, 0x1f, 0x24),
    margin: Color32::from_rgb(0x17, 0x19, 0x1d),
    card: Color32::from_rgb(0x25, 0x28, 0x2e),
    line: Color32::from_rgb(0x3b, 0x3f, 0x47),
    ink: Color32::from_rgb(0xec, 0xe8, 0xe0),
    ink_soft: Color32::from_rgb(0xb2, 0xac, 0xa1),
    accent: Color32::from_rgb(0x62, 0xc3, 0xb6),
    on_accent: Color32::from_rgb(0x10, 0x1d, 0x1b),
    accent_soft: Color32::from_rgb(0x25, 0x40, 0x3e),
    prompt: Color32::from_rgb(0xf0, 0x8c, 0xc4),
    generated: Color32::from_rgb(0x8f, 0xb8, 0xff),
    good: Color32::from_rgb(0x7f, 0xc8, 0x8b),
    warn: Color32::from_rgb(0xe5, 0xb4, 0x5a),
    bad: Color32::from_rgb(0xff, 0x8f, 0x8a),
    levels: [
        Color32::from_rgb(0x7f, 0xc8, 0x8b),
        Color32::from_rgb(0xf2, 0x95, 0x4b),
        Color32::from_rgb(0x8f, 0xb8, 0xff),
    ],
    code: CodeColours {
        keyword: Color32::from_rgb(0xcb, 0xa6, 0xf0),
        function: Color32::from_rgb(0x8f, 0xb8, 0xff),
        number: Color32::from_rgb(0xe5, 0xb4, 0x5a),
        text: Color32::from_rgb(0x7f, 0xc8, 0x8b),
        comment: Color32::from_rgb(0xb2, 0xac, 0xa1),
        wrong_line: Color32::from_rgb(0x45, 0x29, 0x2b),
    },
    series: [
        Color32::from_rgb(0x6a, 0xb7, 0xe8),
        Color32::from_rgb(0xf2, 0x95, 0x4b),
        Color32::from_rgb(0x45, 0xc3, 0x9c),
        Color32::from_rgb(0xde, 0x9c, 0xc4),
        Color32::from_rgb(0xe0, 0xbf, 0x4c),
        Color32::from_rgb(0x9a, 0xd0, 0xf0),
        Color32::from_rgb(0xb8, 0x9f, 0xe0),
        Color32::from_rgb(0xb5, 0xb5, 0xb5),
    ],
};

impl Theme {
    /// The theme in which this context draws.
    pub fn of(ctx: &egui::Context) -> &'static Self {
        if ctx.theme() == egui::Theme::Dark { &NIGHT } else { &PAPER }
    }

    /// The theme of a place that is being drawn.
    pub fn here(ui: &egui::Ui) -> &'static Self {
        if ui.visuals().dark_mode { &NIGHT } else { &PAPER }
    }

    /// A probability or weight in `[0, 1]`: pale to blue on paper, dark to pale blue at night.
    pub fn sequential(&self, share: f32) -> Color32 {
        let share = f64::from(share.clamp(0.0, 1.0));
        if !self.dark {
            return from_colorous(colorous::BLUES.eval_continuous(share));
        }
        // At night lightness runs the other way, and the first quarter comes out of the page's own colour.
        let blue = from_colorous(colorous::BLUES.eval_continuous(1.0 - 0.85 * share));
        self.card.lerp_to_gamma(blue, (4.0 * share as f32).min(1.0))
    }

    /// The same behind words of a running text: only so far that the theme's own ink can be read on every share. Ink that
    /// changed from black to white in the middle of a word would hinder reading.
    pub fn wash(&self, share: f32) -> Color32 {
        self.sequential(share.clamp(0.0, 1.0) * if self.dark { 0.25 } else { 0.6 })
    }

    /// A signed value in `[-1, 1]`: orange below 0, the page's neutral at 0, blue above.
    pub fn diverging(&self, value: f32) -> Color32 {
        let value = value.clamp(-1.0, 1.0);
        let (low, middle, high) = if self.dark {
            (
                Color32::from_rgb(0xf2, 0x95, 0x4b),
                Color32::from_rgb(0x2b, 0x2e, 0x35),
                Color32::from_rgb(0x6a, 0xb7, 0xe8),
            )
        } else {
            (
                Color32::from_rgb(0xb3, 0x58, 0x06),
                Color32::from_rgb(0xf7, 0xf5, 0xf1),
                Color32::from_rgb(0x1c, 0x63, 0xa5),
            )
        };
        middle.lerp_to_gamma(if value < 0.0 { low } else { high }, value.abs())
    }

    /// Nearly black or white, whichever can be read better on this background.
    pub fn ink_on(&self, background: Color32) -> Color32 {
        // Both contrasts are the same where (L + 0.05)² = 1.05 · (L of the black + 0.05).
        if luminance(background) > 0.19 { Color32::from_rgb(0x10, 0x0f, 0x0d) } else { Color32::WHITE }
    }
}

/// Relative luminance, 0 to 1 (WCAG 2).
fn luminance(color: Color32) -> f64 {
    let [r, g, b, _] = color.to_array().map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn from_colorous(color: colorous::Color) -> Color32 {
    Color32::from_rgb(color.r, color.g, color.b)
}

/// The family of half-bold text.
pub fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Half-bold text of a size.
pub fn strong(size: f32) -> FontId {
    FontId::new(size, strong_family())
}

/// Interface text of a size.
pub fn text(size: f32) -> FontId {
    FontId::proportional(size)
}

/// Tokens and code in a size.
pub fn mono(size: f32) -> FontId {
    FontId::monospace(size)
}

/// Puts fonts and both themes into a context, once at start.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    for (kind, theme) in [(egui::Theme::Light, &PAPER), (egui::Theme::Dark, &NIGHT)] {
        ctx.style_mut_of(kind, |style| apply(style, theme));
    }
}

pub(crate) fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let shipped: [(&str, &'static [u8]); 3] = [
        ("inter", include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fonts/Inter-Regular.otf"))),
        ("inter-strong", include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fonts/Inter-SemiBold.otf"))),
        ("jetbrains", include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fonts/JetBrainsMono-Regular.ttf"))),
    ];
    for (name, bytes) in shipped {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let family = |first: &str| [vec![first.to_owned()], vec!["jetbrains".to_owned()], fallback.clone()].concat();
    fonts.families.insert(FontFamily::Proportional, family("inter"));
    fonts.families.insert(strong_family(), family("inter-strong"));
    fonts
        .families
        .insert(FontFamily::Monospace, [vec!["jetbrains".to_owned(), "inter".to_owned()], fallback.clone()].concat());
    // Signs have a family of their own: other fonts claim the same private code points.
    let icons = egui_material_icons::font_insert();
    fonts.families.insert(FontFamily::Name(egui_material_icons::FONT_FAMILY.into()), vec![icons.name.clone()]);
    fonts.font_data.insert(icons.name, Arc::new(icons.data));
    fonts
}

fn apply(style: &mut egui::Style, theme: &Theme) {
    style.text_styles = [
        (TextStyle::Small, text(size::SMALL)),
        (TextStyle::Body, text(size::BODY)),
        (TextStyle::Button, text(size::BODY)),
        (TextStyle::Heading, strong(size::TITLE)),
        (TextStyle::Monospace, mono(size::BODY)),
    ]
    .into();
    style.spacing.item_spacing = vec2(space::S, space::S);
    style.spacing.button_padding = vec2(space::M, 6.0);
    style.spacing.interact_size = Vec2::new(32.0, 28.0);
    style.spacing.slider_width = 160.0;
    style.spacing.window_margin = Margin::same(space::L as i8);
    style.interaction.selectable_labels = false;

    let visuals = &mut style.visuals;
    *visuals = if theme.dark { egui::Visuals::dark() } else { egui::Visuals::light() };
    visuals.panel_fill = theme.paper;
    visuals.window_fill = theme.card;
    visuals.window_stroke = Stroke::new(1.0, theme.line);
    visuals.window_corner_radius = CornerRadius::same(RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS);
    visuals.extreme_bg_color = theme.card;
    visuals.text_edit_bg_color = Some(theme.card);
    visuals.faint_bg_color = theme.margin;
    visuals.code_bg_color = theme.margin;
    visuals.hyperlink_color = theme.accent;
    visuals.error_fg_color = theme.bad;
    visuals.warn_fg_color = theme.warn;
    visuals.selection.bg_fill = theme.accent_soft;
    visuals.selection.stroke = Stroke::new(1.0, theme.accent);
    visuals.slider_trailing_fill = true;
    visuals.override_text_color = None;
    let states = &mut visuals.widgets;
    for (state, fill, line, ink) in [
        (&mut states.noninteractive, theme.paper, theme.line, theme.ink),
        (&mut states.inactive, theme.card, theme.line, theme.ink),
        (&mut states.hovered, theme.accent_soft, theme.accent, theme.ink),
        (&mut states.active, theme.accent_soft, theme.accent, theme.ink),
        (&mut states.open, theme.accent_soft, theme.accent, theme.ink),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, line);
        state.fg_stroke = Stroke::new(1.0, ink);
        state.corner_radius = CornerRadius::same(RADIUS);
        state.expansion = 0.0;
    }
    // A slider's rail must be seen on the page.
    states.inactive.bg_fill = theme.line;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn texts_and_marks_can_be_read_in_both_themes() {
        for theme in [&PAPER, &NIGHT] {
            let texts = [
                theme.levels[0],
                theme.levels[1],
                theme.levels[2],
                theme.ink,
                theme.ink_soft,
                theme.accent,
                theme.prompt,
                theme.generated,
                theme.good,
                theme.warn,
                theme.bad,
            ];
            for (i, ink) in texts.into_iter().enumerate() {
                for ground in [theme.paper, theme.margin, theme.card] {
                    let found = contrast(ink, ground);
                    assert!(found >= 4.5, "text {i} on {ground:?}: {found:.2} (dark: {})", theme.dark);
                }
            }
            let code = &theme.code;
            for ink in [theme.ink, code.keyword, code.function, code.number, code.text, code.comment] {
                for ground in [theme.margin, code.wrong_line] {
                    assert!(contrast(ink, ground) >= 4.5, "code {ink:?} on {ground:?}: {:.2}", contrast(ink, ground));
                }
            }
            assert!(contrast(theme.on_accent, theme.accent) >= 4.5);
            assert!(contrast(theme.ink, theme.accent_soft) >= 4.5);
            for (i, mark) in theme.series.into_iter().enumerate() {
                assert!(contrast(mark, theme.paper) >= 3.0, "series {i}: {:.2}", contrast(mark, theme.paper));
            }
            for share in 0..=10 {
                let cell = theme.sequential(share as f32 / 10.0);
                assert!(
                    contrast(theme.ink_on(cell), cell) >= 4.0,
                    "cell {share} {}",
                    contrast(theme.ink_on(cell), cell)
                );
                let wash = theme.wash(share as f32 / 10.0);
                assert!(contrast(theme.ink, wash) >= 4.5, "wash {share} {}", contrast(theme.ink, wash));
            }
        }
    }
}
