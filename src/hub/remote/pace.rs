//! How fast do bytes come, and how long will it take yet?

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The rate is that of the last few seconds: long enough to stand still, short enough to follow a change.
const WINDOW: Duration = Duration::from_secs(6);
/// Before so much time has passed a rate would be a guess.
const LEAST: Duration = Duration::from_millis(500);

/// The last few seconds of a download.
#[derive(Debug, Default)]
pub struct Pace {
    seen: VecDeque<(Instant, u64)>,
}

impl Pace {
    /// So many bytes are here now.
    pub fn saw(&mut self, now: Instant, done: u64) {
        // Where bytes were thrown away it begins anew.
        if self.seen.back().is_some_and(|(_, before)| done < *before) {
            self.seen.clear();
        }
        self.seen.push_back((now, done));
        while self.seen.len() > 2 && self.seen.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.seen.pop_front();
        }
    }

    /// Bytes a second, once that can be told.
    pub fn rate(&self) -> Option<f64> {
        let ((first, before), (last, now)) = (self.seen.front()?, self.seen.back()?);
        let time = last.duration_since(*first);
        (time >= LEAST).then(|| (now - before) as f64 / time.as_secs_f64())
    }

    /// Seconds for so many more bytes, once that can be told.
    pub fn seconds_for(&self, bytes: u64) -> Option<f64> {
        self.rate().filter(|rate| *rate > 0.0).map(|rate| bytes as f64 / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut pace = Pace::default();
        let begun = Instant::now();
        let at = |seconds: f64| begun + Duration::from_secs_f64(seconds);
        pace.saw(at(0.0), 0);
        pace.saw(at(0.1), 1_000_000);
        assert_eq!((pace.rate(), pace.seconds_for(1)), (None, None), "too soon");
        pace.saw(at(1.0), 1_000_000);
        assert_eq!(pace.rate(), Some(1e6));
        for second in 2..30 {
            pace.saw(at(f64::from(second)), 1_000_000 + 2_000 * second as u64);
        }
        assert_eq!(pace.rate(), Some(2_000.0), "the fast beginning is forgotten");
        assert_eq!(pace.seconds_for(4_000), Some(2.0));
        pace.saw(at(30.0), 10);
        assert_eq!(pace.rate(), None, "a file that begins anew");
    }

    #[test]
    fn what_stands_still_has_no_end() {
        let mut pace = Pace::default();
        let begun = Instant::now();
        pace.saw(begun, 5);
        pace.saw(begun + Duration::from_secs(3), 5);
        assert_eq!((pace.rate(), pace.seconds_for(10)), (Some(0.0), None));
    }
}
