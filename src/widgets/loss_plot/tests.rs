//! The plot says what it shows, grows without jumping and stays cheap.

use egui::vec2;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::*;
use crate::widgets::axes::Scale;
use crate::widgets::theme;

fn curves(points: u64) -> Curves {
    let mut curves = Curves::default();
    curves.mark_uniform(65);
    for step in 1..=points {
        let held_out = (step % 250 == 0).then_some(1.0 + 2.0 / step as f32);
        curves.push(step, step as f64 * 0.1, 0.9 + 3.0 / (step as f32).sqrt(), held_out);
    }
    curves
}

#[test]
fn the_label_says_the_newest_point() {
    let builder = Harness::builder().with_size([600.0, 400.0]).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(
        |ui, curves: &mut Curves| {
            loss_plot(ui, curves, &View::default(), "run", vec2(580.0, 380.0), true);
        },
        Curves::default(),
    );
    harness.run();
    harness.get_by_label("Loss: no data yet");
    harness.state_mut().push(10, 1.0, 3.25, None);
    harness.run();
    harness.get_by_label("Loss at step 10: 3.250 nats per token");
    harness.state_mut().push(20, 2.0, 3.0, Some(3.125));
    harness.run();
    harness.get_by_label("Loss at step 20: 3.000 nats per token; on the held-out text, 3.125");
}

#[test]
fn a_hundred_thousand_points_become_as_many_as_can_be_seen() {
    let mut curves = curves(100_000);
    let view = View::default();
    let (x, _) = curves.extents(&view);
    let lines = curves.lines(&view, (x.from, x.to), 800);
    for line in [lines.raw, lines.smooth, lines.held_out] {
        assert!((400..=1604).contains(&line.len()), "{}", line.len());
    }
}

#[test]
fn axes_only_widen_while_a_run_grows() {
    let mut curves = Curves::default();
    curves.mark_uniform(65);
    curves.ends_at(500);
    let mut before: Option<(Scale, Scale)> = None;
    for step in 1..=500u64 {
        curves.push(step, step as f64, 0.9 + 3.4 / (step as f32).sqrt(), None);
        let (x, y) = curves.extents(&View::default());
        assert!(x.to >= step as f64 && x.to <= 500.0);
        if let Some((was_x, was_y)) = before {
            assert!(x.to >= was_x.to && y.from <= was_y.from && y.to >= was_y.to, "step {step}");
        }
        before = Some((x, y));
    }
    let (x, y) = before.unwrap();
    assert_eq!((x.to, y.from), (500.0, 1.0));
    let (_, log) = curves.extents(&View { log: true, ..View::default() });
    assert_eq!((log.from, log.to, log.log), (1.0, 5.0, true));
}

#[test]
fn steps_made_again_replace_the_old_ones() {
    let mut curves = curves(20);
    curves.push(11, 5.0, 7.5, None);
    assert_eq!(curves.last(), Some((11, 7.5)));
    assert_eq!(curves.train.len(), 11);
}
