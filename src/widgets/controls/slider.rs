//! A number on a rail: shows its value, takes a typed one, and a double-click brings the default back.

use std::ops::RangeInclusive;

use egui::{Align, DragValue, Label, Layout, Response, RichText, Sense, Slider, Stroke, Ui, Vec2, emath::Numeric};
use rust_i18n::t;

use crate::widgets::theme::{Theme, size, text};

/// A slider under construction; [`ValueSlider::show`] draws it. Its name for a screen reader is its label.
#[must_use = "a slider is drawn by `show`"]
pub struct ValueSlider<'a, N: Numeric> {
    value: &'a mut N,
    range: RangeInclusive<N>,
    label: String,
    default: Option<N>,
    unit: String,
    hint: String,
    logarithmic: bool,
    decimals: Option<usize>,
    step: Option<f64>,
    width: f32,
    stacked: bool,
}

/// A slider for a value in a range, with its name above it.
pub fn value_slider<N: Numeric>(
    value: &mut N,
    range: RangeInclusive<N>,
    label: impl Into<String>,
) -> ValueSlider<'_, N> {
    ValueSlider {
        value,
        range,
        label: label.into(),
        default: None,
        unit: String::new(),
        hint: String::new(),
        logarithmic: false,
        decimals: None,
        step: None,
        width: f32::INFINITY,
        stacked: false,
    }
}

impl<N: Numeric> ValueSlider<'_, N> {
    /// The value that a double-click brings back.
    pub fn default(mut self, value: N) -> Self {
        self.default = Some(value);
        self
    }

    /// A unit, shown after the number.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// What it does, shown when the pointer rests on its name.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Small values get as much room as large ones.
    pub fn logarithmic(mut self) -> Self {
        self.logarithmic = true;
        self
    }

    /// Digits after the point.
    pub fn decimals(mut self, digits: usize) -> Self {
        self.decimals = Some(digits);
        self
    }

    /// Only multiples of this, counted from the start of the range.
    pub fn step(mut self, step: f64) -> Self {
        self.step = Some(step);
        self
    }

    /// At most this wide, in points; otherwise all the room that there is.
    pub fn width(mut self, points: f32) -> Self {
        self.width = points;
        self
    }

    /// The number below the name instead of beside it, for narrow columns.
    pub fn stacked(mut self) -> Self {
        self.stacked = true;
        self
    }

    /// Draws it: the name and the number in one line, the rail below. `changed()` of the answer says whether the value
    /// is another one now.
    pub fn show(mut self, ui: &mut Ui) -> Response {
        let width = self.width.min(ui.available_width());
        let before = self.value.to_f64();
        let shown = ui.allocate_ui_with_layout(Vec2::new(width, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = 0.0;
            let label = self.first_line(ui);
            self.rail(ui, &label)
        });
        let mut response = shown.inner;
        if self.value.to_f64() != before {
            response.mark_changed();
        }
        response
    }

    /// Name on the left, number on the right.
    fn first_line(&mut self, ui: &mut Ui) -> Response {
        if self.stacked {
            let label = self.name(ui);
            self.number(ui);
            return label;
        }
        ui.horizontal(|ui| {
            let label = self.name(ui);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.number(ui));
            label
        })
        .inner
    }

    fn name(&mut self, ui: &mut Ui) -> Response {
        let name = RichText::new(&self.label).font(text(size::BODY));
        let label = ui.add(Label::new(name).truncate().sense(Sense::click()));
        if label.double_clicked() {
            self.reset();
        }
        if self.hint.is_empty() { label } else { label.on_hover_text(&self.hint) }
    }

    fn number(&mut self, ui: &mut Ui) {
        let (low, high) = (self.range.start().to_f64(), self.range.end().to_f64());
        let speed = if self.logarithmic { self.value.to_f64().abs().max(1e-6) / 100.0 } else { (high - low) / 400.0 };
        let mut field = DragValue::new(self.value)
            .range(self.range.clone())
            .speed(speed)
            .custom_parser(number_of)
            .update_while_editing(false);
        if let Some(digits) = self.decimals {
            field = field.fixed_decimals(digits);
        }
        if !self.unit.is_empty() {
            field = field.suffix(format!(" {}", self.unit));
        }
        let name = t!("controls.value_of", name = self.label.as_str());
        ui.add(field).accessible_name(name).on_hover_text(t!("controls.type_a_value"));
    }

    fn rail(&mut self, ui: &mut Ui, label: &Response) -> Response {
        let theme = Theme::here(ui);
        let rail = ui.scope(|ui| {
            ui.spacing_mut().slider_width = ui.available_width();
            ui.spacing_mut().slider_rail_height = 4.0;
            ui.spacing_mut().interact_size.y = 20.0;
            let visuals = ui.visuals_mut();
            visuals.selection.bg_fill = theme.accent;
            visuals.widgets.inactive.fg_stroke = Stroke::new(1.5, theme.accent);
            visuals.widgets.hovered.fg_stroke = Stroke::new(2.0, theme.accent);
            visuals.widgets.active.fg_stroke = Stroke::new(2.5, theme.accent);
            let mut slider =
                Slider::new(self.value, self.range.clone()).show_value(false).logarithmic(self.logarithmic);
            if let Some(step) = self.step {
                slider = slider.step_by(step);
            }
            if let Some(digits) = self.decimals {
                slider = slider.max_decimals(digits);
            }
            ui.add(slider)
        });
        let rail = rail.inner.interact(Sense::click_and_drag()).labelled_by(label.id);
        if rail.double_clicked() || rail.triple_clicked() {
            self.reset();
        }
        if self.default.is_some() { rail.on_hover_text(t!("controls.double_click")) } else { rail }
    }

    fn reset(&mut self) {
        if let Some(default) = self.default {
            *self.value = default;
        }
    }
}

/// A number as people type it: with a decimal point or comma, with or without a unit behind it.
fn number_of(typed: &str) -> Option<f64> {
    let clean: String = typed
        .trim()
        .chars()
        .map(|c| match c {
            ',' => '.',
            '−' => '-',
            other => other,
        })
        .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'))
        .collect();
    clean.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::number_of;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        assert_eq!(number_of("0,7"), Some(0.7));
        assert_eq!(number_of(" 1e-3 "), Some(0.001));
        assert_eq!(number_of("12 ms"), Some(12.0));
        assert_eq!(number_of("−2"), Some(-2.0));
        assert_eq!(number_of("much"), None);
        assert_eq!(number_of(""), None);
    }
}
