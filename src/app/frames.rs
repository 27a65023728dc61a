//! What does a frame cost? CPU time of the window's thread, so that waiting for the screen or for a busy core counts for
//! nothing.

use cpu_time::ThreadTime;

/// Measures frame after frame.
#[derive(Default)]
pub(crate) struct FrameClock {
    /// The clock of this thread's work, when the last frame began.
    began: Option<ThreadTime>,
    /// CPU time of the frames that count, in seconds.
    seconds: Vec<f32>,
}

impl FrameClock {
    /// To be called when a frame begins. From one beginning to the next is everything that a frame costs this thread, up
    /// to handing it to the screen; `counts` says whether the frame that ends here is to be kept.
    pub fn frame_begins(&mut self, counts: bool) {
        let now = ThreadTime::try_now().ok();
        if let (true, Some(before), Some(now)) = (counts, self.began, now) {
            self.seconds.push(now.duration_since(before).as_secs_f32());
        }
        self.began = now;
    }

    /// Number of frames kept.
    pub fn len(&self) -> usize {
        self.seconds.len()
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.seconds.clear();
    }

    /// Seconds below which 95 % of the frames kept lie; 0 where there are none.
    pub fn p95(&mut self) -> f64 {
        percentile(&mut self.seconds, 0.95)
    }
}

/// The value below which this share of the values lies.
fn percentile(values: &mut [f32], share: f64) -> f64 {
    values.sort_by(f32::total_cmp);
    let at = ((values.len() as f64 * share).ceil() as usize).clamp(1, values.len().max(1)) - 1;
    values.get(at).map_or(0.0, |value| f64::from(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_one_of_the_values() {
        assert_eq!(percentile(&mut [], 0.95), 0.0);
        assert_eq!(percentile(&mut [3.0], 0.95), 3.0);
        let mut values: Vec<f32> = (1..=100).rev().map(|i| i as f32).collect();
        assert_eq!(percentile(&mut values, 0.95), 95.0);
    }

    #[test]
    fn only_frames_that_count_are_kept() {
        let mut clock = FrameClock::default();
        for counts in [true, false, true, true] {
            clock.frame_begins(counts);
        }
        // Before the first beginning there was no frame.
        assert_eq!(clock.len(), 2);
        assert!(clock.p95() >= 0.0);
        clock.clear();
        assert_eq!((clock.len(), clock.p95()), (0, 0.0));
    }
}
