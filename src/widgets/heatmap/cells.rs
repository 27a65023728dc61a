//! Values become colours become a texture, once for each change of the data or the theme.

use egui::{Color32, ColorImage, Mesh, Painter, Rect, TextureHandle, TextureOptions, pos2};

use super::axes::Axis;
use super::view::View;
use crate::widgets::theme::Theme;

/// Which colour a value has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// From the page's colour at `low` to blue at `high`.
    Sequential {
        /// The value without colour.
        low: f32,
        /// The value of full colour.
        high: f32,
    },
    /// From the page's colour at 0 to blue at `high`, by the square root, so that small shares of many can be told apart.
    Root {
        /// The value of full colour.
        high: f32,
        /// Whether there are larger values, which have full colour too.
        clipped: bool,
    },
    /// Centred at 0: orange to −`limit`, blue to `limit`.
    Diverging {
        /// The absolute value of full colour.
        limit: f32,
    },
}

impl Scale {
    /// The diverging scale that reaches to the largest absolute value that is a number.
    pub fn diverging_for(values: &[f32]) -> Self {
        let limit = values.iter().filter(|v| v.is_finite()).fold(0.0f32, |limit, v| limit.max(v.abs()));
        Self::Diverging { limit: if limit > 0.0 { limit } else { 1.0 } }
    }

    /// The values at both ends.
    pub fn ends(self) -> (f32, f32) {
        match self {
            Self::Sequential { low, high } => (low, high),
            Self::Root { high, .. } => (0.0, high),
            Self::Diverging { limit } => (-limit, limit),
        }
    }

    /// Where a value stands on the colour bar, 0 to 1.
    pub fn share(self, value: f32) -> f32 {
        let (low, high) = self.ends();
        let share = (value - low) / (high - low);
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        if matches!(self, Self::Root { .. }) { share.sqrt() } else { share }
    }

    /// The colour at a place on the colour bar, 0 to 1.
    pub fn color_at(self, theme: &Theme, share: f32) -> Color32 {
        match self {
            Self::Sequential { .. } | Self::Root { .. } => theme.sequential(share),
            Self::Diverging { .. } => theme.diverging(2.0 * share - 1.0),
        }
    }

    /// The colour of a value.
    pub fn color(self, theme: &Theme, value: f32) -> Color32 {
        self.color_at(theme, self.share(value))
    }
}

/// A matrix to draw.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Row-major, `rows × columns`.
    pub values: &'a [f32],
    /// Row-major: which cells have no value to show and are hatched. Values that are not finite are hatched anyway.
    pub blank: Option<&'a [bool]>,
    /// Changes when anything here changes; the texture is made again for a new one.
    pub version: u64,
    /// Which colour a value has.
    pub scale: Scale,
}

impl Cells<'_> {
    /// The value of a cell, unless it is blank.
    pub fn value(&self, row: usize, column: usize) -> Option<f32> {
        if row >= self.rows || column >= self.columns {
            return None;
        }
        let at = row * self.columns + column;
        let blank = self.blank.is_some_and(|blank| blank.get(at).copied().unwrap_or(false));
        self.values.get(at).copied().filter(|value| value.is_finite() && !blank)
    }

    /// The picture, a pixel a cell; beyond `most` pixels a side, evenly spaced cells.
    pub fn image(&self, theme: &Theme, most: usize) -> ColorImage {
        let table: Vec<Color32> = (0..256).map(|i| self.scale.color_at(theme, i as f32 / 255.0)).collect();
        let (height, width) = (self.rows.clamp(1, most.max(1)), self.columns.clamp(1, most.max(1)));
        let place = |i: usize, shown: usize, count: usize| {
            if shown == count { i } else { (2 * i + 1) * count / (2 * shown) }
        };
        let columns: Vec<usize> = (0..width).map(|i| place(i, width, self.columns)).collect();
        let mut pixels = Vec::with_capacity(height * width);
        for i in 0..height {
            let row = place(i, height, self.rows);
            pixels.extend(columns.iter().map(|&column| match self.value(row, column) {
                Some(value) => table[(self.scale.share(value) * 255.0).round() as usize & 255],
                // The hatch below shows through.
                None => Color32::TRANSPARENT,
            }));
        }
        ColorImage::new([width, height], pixels)
    }
}

/// What decides the texture's pixels.
#[derive(Clone, Copy, PartialEq)]
struct Key {
    version: u64,
    size: (usize, usize),
    scale: Scale,
    dark: bool,
}

/// The uploaded picture.
#[derive(Default)]
pub struct Texture {
    key: Option<Key>,
    cells: Option<TextureHandle>,
    hatch: Option<TextureHandle>,
    #[cfg(test)]
    pub(super) uploads: usize,
}

impl Texture {
    /// Uploads the picture if it is not the one that is there.
    pub fn update(&mut self, ctx: &egui::Context, cells: &Cells<'_>) {
        let theme = Theme::of(ctx);
        let key =
            Key { version: cells.version, size: (cells.rows, cells.columns), scale: cells.scale, dark: theme.dark };
        if self.key == Some(key) {
            return;
        }
        if self.key.is_none_or(|old| old.dark != theme.dark) {
            self.hatch = Some(ctx.load_texture("hatch", hatch(theme), TextureOptions::LINEAR_REPEAT));
        }
        let image = cells.image(theme, ctx.input(|i| i.max_texture_side));
        match &mut self.cells {
            Some(texture) => texture.set(image, TextureOptions::NEAREST),
            None => self.cells = Some(ctx.load_texture("heatmap", image, TextureOptions::NEAREST)),
        }
        self.key = Some(key);
        #[cfg(test)]
        {
            self.uploads += 1;
        }
    }

    /// The texture, a pixel a cell, once there is one; for whom paints it in a way of its own.
    pub fn id(&self) -> Option<egui::TextureId> {
        self.cells.as_ref().map(TextureHandle::id)
    }

    /// Draws the part in view.
    pub(super) fn paint(
        &self,
        painter: &Painter,
        theme: &Theme,
        plot: Rect,
        view: &View,
        rows: &Axis<'_>,
        columns: &Axis<'_>,
    ) {
        painter.rect_filled(plot, 0.0, theme.card);
        if let Some(hatch) = &self.hatch {
            let mut mesh = Mesh::with_texture(hatch.id());
            let uv = Rect::from_min_size(pos2(0.0, 0.0), plot.size() / HATCH as f32);
            mesh.add_rect_with_uv(plot, uv, Color32::WHITE);
            painter.add(mesh);
        }
        if let Some(cells) = &self.cells {
            // The data may cover more or less than what is in view; the painter's clip takes care of more.
            let (top, bottom) = (rows.data.0 as f64, rows.data.1 as f64);
            let (left, right) = (columns.data.0 as f64, columns.data.1 as f64);
            let rect = Rect::from_min_max(
                pos2(view.x_of(plot, left), view.y_of(plot, top)),
                pos2(view.x_of(plot, right), view.y_of(plot, bottom)),
            );
            painter.image(cells.id(), rect, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), Color32::WHITE);
        }
    }
}

/// Side of the hatch's tile in pixels.
const HATCH: usize = 8;

/// Thin diagonal lines in the colour of hairlines.
fn hatch(theme: &Theme) -> ColorImage {
    let ground = theme.margin;
    let line = ground.lerp_to_gamma(theme.line, 0.9);
    let pixel = |i: usize| if (i % HATCH + i / HATCH) % HATCH == HATCH - 1 { line } else { ground };
    ColorImage::new([HATCH, HATCH], (0..HATCH * HATCH).map(pixel).collect())
}
