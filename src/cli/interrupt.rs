//! Ctrl-C ends the work cleanly; a second one ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit status that shells give to a program ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Whether the person wants the work to end.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on for Ctrl-C and for the system's wish that the program end. Once a process.
    pub fn watch() -> Self {
        let requested = Arc::new(AtomicBool::new(false));
        let flag = requested.clone();
        let handler = move || {
            if flag.swap(true, Ordering::AcqRel) {
                std::process::exit(INTERRUPTED);
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            // Then Ctrl-C ends the program as it does by default.
            tracing::warn!("no handler for Ctrl-C: {error}");
        }
        Self(requested)
    }

    /// Polled at every step and token.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
