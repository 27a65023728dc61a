//! What the page has asked the engine for, what it has got, and what it still wants.
//!
//! At most one request of a kind is on its way; while it is, newer wishes only replace each other. So dragging never
//! floods the engine, and the old picture stays until the new one has come.

use std::sync::Arc;

use crate::engine::{Command, EngineHandle, Event, JobId, Matrix, PositionsRequest};

/// Positions and dimensions of a whole matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub length: usize,
    pub d_model: usize,
}

/// One kind of answer: wanted, on its way, and there.
#[derive(Debug)]
pub(super) struct Slot<Q, A> {
    wanted: Option<Q>,
    asked: Option<(JobId, Q)>,
    got: Option<(Q, A)>,
    /// A request that failed, so that it is not repeated by itself.
    failed: Option<Q>,
    /// Changes with every answer.
    pub version: u64,
}

impl<Q, A> Default for Slot<Q, A> {
    fn default() -> Self {
        Self { wanted: None, asked: None, got: None, failed: None, version: 0 }
    }
}

impl<Q: Clone + PartialEq, A> Slot<Q, A> {
    /// Says what is to be shown.
    pub fn want(&mut self, request: Q) {
        self.wanted = Some(request);
    }

    /// What is there, and for which request.
    pub fn got(&self) -> Option<&(Q, A)> {
        self.got.as_ref()
    }

    /// Whether what is wanted is there, or cannot be had.
    pub fn settled(&self) -> bool {
        let Some(wanted) = &self.wanted else { return false };
        self.failed.as_ref() == Some(wanted) || self.got.as_ref().is_some_and(|(got, _)| got == wanted)
    }

    /// Asks for what is wanted, if nothing is on its way.
    fn pump(&mut self, engine: &EngineHandle, command: impl FnOnce(JobId, Q) -> Command) {
        if self.settled() || self.asked.is_some() {
            return;
        }
        if let Some(wanted) = self.wanted.clone() {
            let job = engine.next_job();
            self.asked = Some((job, wanted.clone()));
            engine.send(command(job, wanted));
        }
    }

    /// Takes an answer, if it is to what was asked.
    fn take(&mut self, job: JobId, answer: A) -> bool {
        match self.asked.take_if(|(asked, _)| *asked == job) {
            Some((_, request)) => {
                self.got = Some((request, answer));
                self.version += 1;
                true
            }
            None => false,
        }
    }

    /// Takes note that it failed, or was stopped.
    fn give_up(&mut self, job: JobId) -> bool {
        match self.asked.take_if(|(asked, _)| *asked == job) {
            Some((_, request)) => {
                self.failed = Some(request);
                true
            }
            None => false,
        }
    }
}

/// The three things that the page shows.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub matrix: Slot<PositionsRequest, Arc<Matrix>>,
    pub curves: Slot<(Size, Vec<usize>), Arc<Matrix>>,
    pub dots: Slot<Size, Arc<Vec<f32>>>,
    /// Why something could not be computed.
    pub error: Option<String>,
}

impl Desk {
    /// Asks for what is wanted and not there.
    pub fn pump(&mut self, engine: &EngineHandle) {
        self.matrix.pump(engine, Command::Positions);
        self.curves.pump(engine, |job, (size, dimensions)| {
            Command::PositionCurves(job, size.length, size.d_model, dimensions)
        });
        self.dots.pump(engine, |job, size| Command::PositionDots(job, size.length, size.d_model));
    }

    /// Takes in what the engine says; returns whether the matrix is another one now.
    pub fn on_event(&mut self, event: &Event) -> bool {
        match event {
            Event::Positions(job, _, matrix) => return self.matrix.take(*job, matrix.clone()),
            Event::PositionCurves(job, _, matrix) => {
                self.curves.take(*job, matrix.clone());
            }
            Event::PositionDots(job, dots) => {
                self.dots.take(*job, dots.clone());
            }
            Event::Failed(job, sentence) => {
                let ours = [self.matrix.give_up(*job), self.curves.give_up(*job), self.dots.give_up(*job)];
                if ours.contains(&true) {
                    self.error = Some(sentence.clone());
                }
            }
            Event::Cancelled(job) => {
                // Not by this page; whoever did it, what is wanted is asked for again.
                self.matrix.asked.take_if(|(asked, _)| asked == job);
                self.curves.asked.take_if(|(asked, _)| asked == job);
                self.dots.asked.take_if(|(asked, _)| asked == job);
            }
            _ => {}
        }
        false
    }

    /// Whether everything that is wanted is there.
    pub fn settled(&self) -> bool {
        self.matrix.settled() && self.curves.settled() && self.dots.settled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(length: usize) -> Size {
        Size { length, d_model: 8 }
    }

    #[test]
    fn one_request_at_a_time_and_always_the_newest_wish() {
        let (engine, commands) = EngineHandle::pair();
        let mut desk = Desk::default();
        let asked = || {
            commands
                .try_iter()
                .filter_map(|c| if let Command::PositionDots(job, length, _) = c { Some((job, length)) } else { None })
                .collect::<Vec<_>>()
        };
        desk.dots.want(size(10));
        desk.pump(&engine);
        let first = asked();
        assert_eq!(first.iter().map(|(_, length)| *length).collect::<Vec<_>>(), [10]);
        for length in [11, 12, 13] {
            desk.dots.want(size(length));
            desk.pump(&engine);
        }
        assert!(asked().is_empty(), "one is on its way");
        desk.on_event(&Event::PositionDots(first[0].0, Arc::new(vec![4.0])));
        assert!(!desk.dots.settled());
        assert_eq!(desk.dots.got().unwrap().0, size(10), "the old answer stays until the new one has come");
        desk.pump(&engine);
        let second = asked();
        assert_eq!(second.iter().map(|(_, length)| *length).collect::<Vec<_>>(), [13]);
        desk.on_event(&Event::PositionDots(first[0].0, Arc::new(vec![9.0])));
        assert_eq!(*desk.dots.got().unwrap().1, vec![4.0], "a late word of an old job is not heard");
        desk.on_event(&Event::PositionDots(second[0].0, Arc::new(vec![5.0])));
        desk.pump(&engine);
        assert!(desk.dots.settled() && asked().is_empty());
    }

    #[test]
    fn what_failed_is_told_and_not_repeated_until_something_else_is_wanted() {
        let (engine, commands) = EngineHandle::pair();
        let mut desk = Desk::default();
        desk.dots.want(size(10));
        desk.pump(&engine);
        let Ok(Command::PositionDots(job, ..)) = commands.try_recv() else { panic!("nothing was asked") };
        desk.on_event(&Event::Failed(job, "Too much.".into()));
        desk.pump(&engine);
        assert_eq!(desk.error.as_deref(), Some("Too much."));
        assert!(commands.try_recv().is_err());
        desk.dots.want(size(11));
        desk.pump(&engine);
        assert!(commands.try_recv().is_ok());
    }
}
