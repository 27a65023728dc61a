//! Work that would make a frame late, on a thread of its own. Newer work replaces older.

use std::thread;

use crossbeam_channel::{Receiver, TryRecvError, bounded};

/// One kind of work; the result is asked for in `logic`.
pub struct Background<T> {
    result: Option<Receiver<T>>,
}

impl<T> Default for Background<T> {
    fn default() -> Self {
        Self { result: None }
    }
}

impl<T: Send + 'static> Background<T> {
    /// Begins; what was begun before is forgotten.
    pub fn begin(&mut self, ctx: &egui::Context, work: impl FnOnce() -> T + Send + 'static) {
        let (send, receive) = bounded(1);
        let ctx = ctx.clone();
        let started = thread::Builder::new().name("attention picture".to_owned()).spawn(move || {
            // Fails only when newer work has taken its place.
            let _ = send.send(work());
            ctx.request_repaint();
        });
        if let Err(error) = started {
            tracing::warn!("no thread for a picture: {error}");
        }
        self.result = Some(receive);
    }

    /// The result, once it is there.
    pub fn take(&mut self) -> Option<T> {
        match self.result.as_ref()?.try_recv() {
            Ok(result) => {
                self.result = None;
                Some(result)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.result = None;
                None
            }
        }
    }

    /// Whether a result is still to come.
    pub fn busy(&self) -> bool {
        self.result.is_some()
    }
}
