//! How does the loss fall? The training loss, raw and smoothed, the held-out loss, and what knowing nothing would cost.

mod data;
mod paint;

pub use data::{Curves, View};

use egui::{Response, Role, Sense, Ui, Vec2, WidgetInfo};
use rust_i18n::t;

use super::controls::{segmented, value_slider};
use super::decimate::Axis;
use super::theme::space;

/// Draws the curves in a rectangle of this size. `salt` names the run that they belong to, so that axes glide while one
/// run grows and not from one run to another.
pub fn loss_plot(ui: &mut Ui, curves: &mut Curves, view: &View, salt: &str, size: Vec2, motion: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let summary = curves.summary();
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &summary));
    if ui.is_rect_visible(rect) {
        let pointer = response.hover_pos();
        paint::Plot::new(ui, curves, view, ui.scope_id().with(("loss plot", salt)), rect, motion)
            .paint(curves, view, pointer);
    }
    response
}

/// How the curves are shown: smoothing, horizontal and vertical axis. Stands under the plot.
pub fn view_controls(ui: &mut Ui, view: &mut View) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::L;
        value_slider(&mut view.smoothing, 0.0..=0.99, t!("loss_plot.smoothing"))
            .default(data::SMOOTHING)
            .decimals(2)
            .hint(t!("loss_plot.smoothing_hint"))
            .width(190.0)
            .show(ui);
        let by =
            [(Axis::Step, t!("loss_plot.by_step").into_owned()), (Axis::Seconds, t!("loss_plot.by_time").into_owned())];
        segmented(ui, &t!("loss_plot.horizontal"), &mut view.axis, &by);
        let spread = [(false, t!("loss_plot.linear").into_owned()), (true, t!("loss_plot.log").into_owned())];
        segmented(ui, &t!("loss_plot.vertical"), &mut view.log, &spread);
    });
}

#[cfg(test)]
mod tests;
