//! The page of positional encodings: P[p, 2i] = sin(p / 10000^(2i/d)), P[p, 2i+1] = cos(p / 10000^(2i/d)).
//!
//! What is to be learned here: each dimension is a wave over positions, the waves grow longer along the width, and so
//! the product of two positions depends only on how far apart they are. Try: drag the width and see where the waves end.

mod charts_view;
mod desk;
mod dimensions;
mod matrix_view;

use egui::{Frame, Margin, Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};
use rust_i18n::t;

use crate::engine::{Event, PositionsRequest};
use crate::panels::export::Export;
use crate::panels::{Panel, PanelId, Shared};
use crate::widgets::controls::page_title;
use crate::widgets::heatmap::Heatmap;
use crate::widgets::line_chart::LineChart;
use crate::widgets::theme::space;
use desk::{Desk, Size};
use dimensions::Dimensions;

/// Smallest and largest length and width.
const LIMITS: std::ops::RangeInclusive<usize> = 2..=10_000;
/// What the page shows at first: a sentence's worth of positions of a small model.
const FIRST: Size = Size { length: 64, d_model: 128 };
/// Sizes to choose from: small ones, and those that the tutorial tries.
const PRESETS: [Size; 4] = [
    Size { length: 16, d_model: 32 },
    FIRST,
    Size { length: 1_000, d_model: 768 },
    Size { length: 50, d_model: 10_000 },
];
/// The tutorial's matrix: large enough to see where the waves end.
const DEMONSTRATED: Size = Size { length: 1_000, d_model: 768 };
/// Below this width of the page the curves stand under the matrix.
const NARROW: f32 = 820.0;
/// Share of the width for the matrix.
const MATRIX: f32 = 0.6;

/// The page.
pub struct Positions {
    size: Size,
    desk: Desk,
    heatmap: Heatmap,
    dimensions: Dimensions,
    /// The part of the matrix that is to be shown, once the page has been drawn.
    wanted: Option<PositionsRequest>,
    curves: LineChart,
    /// Whether the curves go over all positions, however many.
    all_drawn: bool,
    dots: LineChart,
    /// The position over which the pointer is in the matrix.
    hovered: Option<usize>,
    export: Option<Export>,
}

impl Default for Positions {
    fn default() -> Self {
        Self::new()
    }
}

impl Positions {
    /// The page as it looks at first.
    pub fn new() -> Self {
        Self {
            size: FIRST,
            desk: Desk::default(),
            heatmap: Heatmap::default(),
            dimensions: Dimensions::spread_over(FIRST.d_model),
            wanted: None,
            curves: LineChart::default(),
            all_drawn: false,
            dots: LineChart::default(),
            hovered: None,
            export: None,
        }
    }

    /// Looks at a matrix of another size; the old picture stays until the new one is there.
    fn resize(&mut self, size: Size) {
        let clamp = |value: usize| value.clamp(*LIMITS.start(), *LIMITS.end());
        let size = Size { length: clamp(size.length), d_model: clamp(size.d_model) };
        if size != self.size {
            self.size = size;
            self.dimensions.fit(size.d_model);
        }
    }

    /// Asks for what is to be shown, once the page has been drawn.
    fn ask(&mut self, shared: &Shared) {
        if let Some(wanted) = self.wanted {
            self.desk.matrix.want(wanted);
            self.desk.curves.want((self.size, self.dimensions.list()));
            self.desk.dots.want(self.size);
            self.desk.pump(&shared.engine);
        }
    }

    fn page_ui(&mut self, ui: &mut Ui) {
        page_title(ui, t!("positions.title"), t!("positions.sentence"));
        ui.add_space(space::M);
        let room = ui.available_rect_before_wrap();
        if room.width() < NARROW {
            ScrollArea::vertical().show(ui, |ui| {
                ui.allocate_ui(vec2(ui.available_width(), 520.0), |ui| self.matrix_ui(ui));
                ui.add_space(space::XL);
                ui.allocate_ui(vec2(ui.available_width(), 560.0), |ui| self.charts_ui(ui));
            });
            return;
        }
        let split = room.left() + (room.width() * MATRIX).round();
        let matrix = Rect::from_min_max(room.min, pos2(split, room.bottom()));
        let charts = Rect::from_min_max(pos2(split + space::XL, room.top()), room.max);
        ui.scope_builder(UiBuilder::new().max_rect(matrix), |ui| self.matrix_ui(ui));
        ui.scope_builder(UiBuilder::new().max_rect(charts), |ui| self.charts_ui(ui));
    }
}

impl Panel for Positions {
    fn id(&self) -> PanelId {
        PanelId::Positions
    }

    fn icon(&self) -> &'static str {
        egui_material_icons::icons::ICON_WAVES.codepoint
    }

    fn on_event(&mut self, event: &Event, _shared: &mut Shared) {
        let before = self.desk.matrix.got().map(|(request, _)| (request.length, request.d_model));
        if self.desk.on_event(event) {
            let now = self.desk.matrix.got().map(|(request, _)| (request.length, request.d_model));
            if now != before {
                // Another matrix: everything of it, and nothing pinned in the old one.
                self.heatmap.reset_view();
                self.heatmap.set_pin(None);
            }
        }
    }

    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        self.ask(shared);
        if let Some(export) = &mut self.export {
            export.logic(ctx, shared);
        }
        self.export.take_if(|export| export.over());
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        Frame::new().inner_margin(Margin::same(space::XL as i8)).show(ui, |ui| {
            ui.take_available_space();
            self.page_ui(ui);
        });
        // At once, rather than when the next frame happens to come.
        self.ask(shared);
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        let number = |value: usize| toml::Value::from(value as i64);
        table.insert("length".to_owned(), number(self.size.length));
        table.insert("d_model".to_owned(), number(self.size.d_model));
        table
            .insert("dimensions".to_owned(), self.dimensions.list().into_iter().map(number).collect::<Vec<_>>().into());
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        let number = |value: &toml::Value| value.as_integer().and_then(|value| usize::try_from(value).ok());
        let named = |name: &str| remembered.get(name).and_then(number);
        if let (Some(length), Some(d_model)) = (named("length"), named("d_model")) {
            self.resize(Size { length, d_model });
        }
        if let Some(dimensions) = remembered.get("dimensions").and_then(toml::Value::as_array) {
            self.dimensions = Dimensions::of(dimensions.iter().filter_map(number));
            self.dimensions.fit(self.size.d_model);
        }
    }

    fn demonstrate(&mut self, _shared: &mut Shared) {
        self.resize(DEMONSTRATED);
        self.dimensions = Dimensions::spread_over(DEMONSTRATED.d_model);
    }

    fn settled(&self) -> bool {
        self.wanted.is_some() && self.desk.settled()
    }
}

#[cfg(test)]
mod tests;
