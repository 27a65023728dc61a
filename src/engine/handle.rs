//! How commands reach the engine, and jobs get their names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::command::{Command, JobId};

/// The end of the engine that a window, a panel or a test holds. Cheap to clone; sending never blocks.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    commands: Sender<Command>,
    jobs: Arc<AtomicU64>,
}

impl EngineHandle {
    /// A handle, and the end at which its commands come out: for the engine itself, and for tests of a panel alone.
    pub fn pair() -> (Self, Receiver<Command>) {
        let (commands, receiver) = unbounded();
        (Self { commands, jobs: Arc::new(AtomicU64::new(1)) }, receiver)
    }

    /// A name for new work, never given twice in a process.
    pub fn next_job(&self) -> JobId {
        JobId(self.jobs.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks the engine for something. After the engine has ended, nothing happens.
    pub fn send(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::debug!("a command came after the engine had ended");
        }
    }
}
