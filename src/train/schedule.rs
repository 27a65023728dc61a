//! How large is a step? Linear warm-up, then half a cosine down to a share of the peak (Loshchilov & Hutter 2017).

use super::TrainSettings;

/// The learning rate of the step that follows `step` made ones.
pub fn learning_rate(settings: &TrainSettings, step: u64) -> f64 {
    let TrainSettings { lr, lr_final, warmup, steps, .. } = *settings;
    if step < warmup {
        return lr * (step + 1) as f64 / warmup as f64;
    }
    let whole = steps.saturating_sub(warmup).max(1) as f64;
    let done = ((step - warmup) as f64 / whole).min(1.0);
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
    lr * (lr_final + (1.0 - lr_final) * cosine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Preset;

    #[test]
    fn warms_up_then_falls_to_its_share_and_stays() {
        let settings = TrainSettings { lr: 1.0, lr_final: 0.1, warmup: 10, steps: 110, ..Preset::Char.settings() };
        let rate = |step| learning_rate(&settings, step);
        assert!((rate(0) - 0.1).abs() < 1e-12 && (rate(9) - 1.0).abs() < 1e-12 && (rate(10) - 1.0).abs() < 1e-12);
        assert!((rate(60) - 0.55).abs() < 1e-12);
        assert!((rate(110) - 0.1).abs() < 1e-12 && (rate(1_000) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn the_tutorials_stays_constant() {
        let settings = Preset::Tutorial.settings();
        for step in [0, 1, 1_000, 3_499, 9_999] {
            assert_eq!(learning_rate(&settings, step), 2e-3);
        }
    }
}
