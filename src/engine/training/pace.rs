//! When does a training step, stand still, show its weights, or stop? Decided before every step, from what the person
//! said and from the clock.

use std::time::{Duration, Instant};

use super::super::command::TrainControl;

/// How often the weights are shown while training runs, at most.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(2);

/// A snapshot may take this share of the time: a large model on a GPU shows itself more rarely.
const SNAPSHOT_SHARE: u32 = 20;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Step,
    Snapshot,
    /// Wait until the person says something.
    Wait,
    Stop,
}

/// The person's wishes and the last snapshot.
#[derive(Debug, Default)]
pub(super) struct Pace {
    still: bool,
    once: bool,
    stop: bool,
    snapshot: Option<(u64, Instant)>,
    /// When the snapshot that is being made was asked for, and what the one before took.
    asked: Option<Instant>,
    cost: Duration,
}

impl Pace {
    /// The person says something. True if a training that stood still goes on for good.
    pub fn hear(&mut self, control: TrainControl) -> bool {
        let was_still = self.still;
        match control {
            TrainControl::Pause => self.still = true,
            TrainControl::Resume => (self.still, self.once) = (false, false),
            TrainControl::StepOnce => (self.still, self.once) = (true, true),
            TrainControl::Stop => self.stop = true,
        }
        was_still && !self.still
    }

    /// What to do after so many steps.
    pub fn next(&mut self, step: u64, now: Instant) -> Next {
        if self.stop {
            return Next::Stop;
        }
        if self.due(step, now) {
            self.asked = Some(now);
            return Next::Snapshot;
        }
        if self.still && !std::mem::take(&mut self.once) {
            return Next::Wait;
        }
        Next::Step
    }

    /// The weights of this step were shown.
    pub fn shown(&mut self, step: u64, now: Instant) {
        self.cost = self.asked.take().map_or(Duration::ZERO, |asked| now.duration_since(asked));
        self.snapshot = Some((step, now));
    }

    /// The step of the last snapshot.
    pub fn last_shown(&self) -> Option<u64> {
        self.snapshot.map(|(step, _)| step)
    }

    /// The first one at once; others when they are new, and either the time has come or the person has time to look.
    fn due(&self, step: u64, now: Instant) -> bool {
        let Some((shown, at)) = self.snapshot else { return true };
        let waited = now.duration_since(at) >= SNAPSHOT_EVERY.max(self.cost * SNAPSHOT_SHARE);
        step != shown && (waited || (self.still && !self.once))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn weights_are_shown_at_the_start_then_every_two_seconds() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        assert_eq!(pace.next(0, begin), Next::Snapshot);
        pace.shown(0, begin);
        assert_eq!(pace.next(0, begin), Next::Step);
        assert_eq!(pace.next(9, begin + later(1.9)), Next::Step);
        assert_eq!(pace.next(10, begin + later(2.0)), Next::Snapshot);
        // It took half a second, so the next one comes ten seconds later.
        pace.shown(10, begin + later(2.5));
        assert_eq!(pace.next(40, begin + later(12.4)), Next::Step);
        assert_eq!(pace.next(41, begin + later(12.5)), Next::Snapshot);
    }

    #[test]
    fn standing_still_shows_the_weights_and_waits() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.shown(0, now);
        assert!(!pace.hear(TrainControl::Pause));
        assert_eq!(pace.next(5, now), Next::Snapshot);
        pace.shown(5, now);
        assert_eq!(pace.next(5, now), Next::Wait);
        // One step, its weights, and still again.
        assert!(!pace.hear(TrainControl::StepOnce));
        assert_eq!(pace.next(5, now), Next::Step);
        assert_eq!(pace.next(6, now), Next::Snapshot);
        pace.shown(6, now);
        assert_eq!(pace.next(6, now), Next::Wait);
        assert!(pace.hear(TrainControl::Resume));
        assert_eq!(pace.next(6, now), Next::Step);
        assert!(!pace.hear(TrainControl::Resume));
        pace.hear(TrainControl::Stop);
        assert_eq!(pace.next(7, now), Next::Stop);
    }

    #[test]
    fn one_step_asked_of_a_running_training_is_its_last_one_for_now() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.shown(3, now);
        pace.hear(TrainControl::StepOnce);
        assert_eq!(pace.next(3, now), Next::Step);
        assert_eq!(pace.next(4, now), Next::Snapshot);
        pace.shown(4, now);
        assert_eq!(pace.next(4, now), Next::Wait);
    }
}
