//! Where do the marks of an axis go, and when may the axis change? At round numbers, and only in round steps, so that a
//! plot never jumps while it grows.

/// The smallest of 1, 2, 5 × 10ⁿ that is at least `value`.
pub fn nice_ceil(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let magnitude = 10f64.powf(value.log10().floor());
    // The tolerance keeps 0.1 + 0.2 from becoming the next larger step.
    [1.0, 2.0, 5.0, 10.0].iter().map(|m| m * magnitude).find(|&n| n >= value * (1.0 - 1e-9)).unwrap_or(value)
}

/// The 1, 2, 5 × 10ⁿ whose ratio to `value` is nearest to 1.
pub fn nice_near(value: f64) -> f64 {
    // Neighbours are 2 or 2.5 apart, so from √2 below a number on that number is the nearest.
    nice_ceil(value / std::f64::consts::SQRT_2)
}

/// The largest of 1, 2, 5 × 10ⁿ that is at most `value`.
pub fn nice_floor(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let magnitude = 10f64.powf(value.log10().floor());
    [10.0, 5.0, 2.0, 1.0].iter().map(|m| m * magnitude).find(|&n| n <= value * (1.0 + 1e-9)).unwrap_or(value)
}

/// Where an axis that grows from 0 ends when it must reach `reached`: at a number from a fixed list, each at most half as
/// large again as the one before, and not beyond `last` where that is known. It changes seldom and never by much.
pub fn grown(reached: f64, last: Option<f64>) -> f64 {
    let magnitude = if reached > 0.0 { 10f64.powf(reached.log10().floor()) } else { 1.0 };
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let to = steps.iter().map(|m| m * magnitude).find(|&n| n >= reached * (1.0 - 1e-9)).unwrap_or(reached);
    match last {
        Some(last) if last >= reached && last > 0.0 => to.min(last),
        _ => to,
    }
}

/// `k` round steps. Below 1 a step such as 0.05 is no binary number but its reciprocal 20 is, so that 78 of them are 3.9
/// and not 3.9000000000000004.
fn multiple(k: f64, step: f64) -> f64 {
    if step < 1.0 { k / (1.0 / step).round() } else { k * step }
}

/// Round numbers inside `from..=to`, about `count` of them, in even steps.
pub fn linear_ticks(from: f64, to: f64, count: usize) -> Vec<f64> {
    let step = nice_near((to - from) / count.max(1) as f64);
    if !step.is_finite() || from.partial_cmp(&to) != Some(std::cmp::Ordering::Less) {
        return Vec::new();
    }
    let first = (from / step - 1e-9).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    (first..=last.min(first + 1000)).map(|k| multiple(k as f64, step)).collect()
}

/// 1, 2, 5 × 10ⁿ inside `from..=to`, both above 0; where fewer than three fall inside, even steps instead.
pub fn log_ticks(from: f64, to: f64) -> Vec<f64> {
    if !(from > 0.0 && to > from) {
        return Vec::new();
    }
    let decades = (from.log10().floor() as i32)..=(to.log10().ceil() as i32);
    let inside = |v: &f64| *v >= from * (1.0 - 1e-9) && *v <= to * (1.0 + 1e-9);
    let ticks: Vec<f64> =
        decades.flat_map(|d| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(d))).filter(|v| inside(v)).collect();
    if ticks.len() < 3 { linear_ticks(from, to, 4) } else { ticks }
}

/// A tick's number with just the decimals that its neighbours need to differ, thousands apart by a thin space.
pub fn tick_label(value: f64, step: f64) -> String {
    let decimals = if step >= 1.0 { 0 } else { (-step.log10()).ceil().clamp(0.0, 6.0) as usize };
    if decimals == 0 { super::number::grouped(value.round() as i64) } else { super::number::signed(value, decimals) }
}

/// The part of an axis in view. It only ever widens, to round numbers, until it is reset.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Extent(Option<(f64, f64)>);

impl Extent {
    /// Widens the extent so that it holds `low..=high`, to multiples of a round step a sixth of the span wide.
    pub fn include(&mut self, low: f64, high: f64) {
        if !(low.is_finite() && high.is_finite()) {
            return;
        }
        let (low, high) = match self.0 {
            Some((from, to)) if low >= from && high <= to => return,
            Some((from, to)) => (low.min(from), high.max(to)),
            None => (low, high),
        };
        let step = nice_ceil(((high - low) / 6.0).max(0.05));
        // What lies on a round number but for a rounding error stays there; even then the bounds hold what was included.
        let from = multiple((low / step + 1e-9).floor(), step).min(low);
        let to = multiple((high / step - 1e-9).ceil(), step).max(high).max(from + step);
        self.0 = Some((from, to));
    }

    /// The extent, where anything was included.
    pub fn get(&self) -> Option<(f64, f64)> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nice_numbers() {
        for (value, nice) in [(1.0, 1.0), (1.2, 2.0), (0.3, 0.5), (0.1 + 0.2 - 0.1, 0.2), (730.0, 1000.0), (0.0, 1.0)] {
            assert!((nice_ceil(value) - nice).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn a_growing_axis_ends_at_round_numbers_and_at_its_last_step() {
        for (reached, to) in [(0.0, 1.0), (1.0, 1.0), (101.0, 150.0), (640.0, 800.0), (4_100.0, 5_000.0)] {
            assert_eq!(grown(reached, None), to, "{reached}");
        }
        assert_eq!(grown(3_100.0, Some(3_500.0)), 3_500.0);
        assert_eq!(grown(3_600.0, Some(3_500.0)), 4_000.0, "a run that went on beyond its last step");
        assert_eq!((nice_floor(1.46), nice_floor(0.7), nice_floor(5.0)), (1.0, 0.5, 5.0));
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(linear_ticks(0.0, 2000.0, 5), [0.0, 500.0, 1000.0, 1500.0, 2000.0]);
        assert!(linear_ticks(3.0, 3.0, 5).is_empty());
        assert_eq!(log_ticks(0.9, 12.0), [1.0, 2.0, 5.0, 10.0]);
        assert_eq!(log_ticks(2.1, 4.2), [2.5, 3.0, 3.5, 4.0], "fewer than three of 1, 2, 5: even steps instead");
        assert_eq!(linear_ticks(-0.35, 0.35, 7), [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3]);
        assert!(log_ticks(0.0, 1.0).is_empty());
    }

    #[test]
    fn labels_have_the_decimals_of_their_step() {
        assert_eq!(tick_label(1.5, 0.5), "1.5");
        assert_eq!(tick_label(0.25, 0.05), "0.25");
        assert_eq!(tick_label(2.0, 1.0), "2");
        assert_eq!((tick_label(-0.5, 0.5), tick_label(-2.0, 1.0)), ("−0.5".to_owned(), "−2".to_owned()));
    }

    #[test]
    fn an_extent_widens_in_round_steps_and_never_shrinks() {
        let mut y = Extent::default();
        y.include(3.9, 4.2);
        let first = y.get().expect("something was included");
        assert!(first.0 <= 3.9 && first.1 >= 4.2);
        y.include(4.0, 4.1);
        assert_eq!(y.get(), Some(first), "inside: nothing moves");
        y.include(1.46, 4.2);
        assert_eq!(y.get(), Some((1.0, 4.5)));
        y.include(3.0, 4.5 + 1e-12);
        let wider = y.get().expect("something was included");
        assert!(wider.0 <= 1.0 && wider.1 >= 4.5 + 1e-12, "{wider:?}");
        y.include(f64::NAN, 1.0);
        assert_eq!(y.get(), Some(wider));
    }
}
