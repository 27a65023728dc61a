//! How is a file chosen without the window standing still? The system's dialog runs on a thread of its own, and the
//! answer is asked for in `logic`.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, bounded};

/// A dialog that was answered with nothing sooner than this was never seen by a person: the system has none.
const TOO_SOON: Duration = Duration::from_millis(250);

/// A kind of file that a dialog offers: its name for a person, and the ends of such files' names, without the dot.
pub type Kind<'a> = (&'a str, &'a [&'a str]);

/// A file dialog that stands open.
pub struct FileDialog {
    /// What was chosen, and after how long.
    answer: Receiver<(Option<PathBuf>, Duration)>,
}

/// What has become of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It stands open.
    Waiting,
    /// A path was chosen.
    Chosen(PathBuf),
    /// It was closed.
    Cancelled,
    /// This system cannot show one (on Linux neither a desktop portal nor `zenity` is there).
    Unavailable,
}

impl FileDialog {
    /// Lets a person choose a file to read.
    pub fn pick_file(ctx: &egui::Context, title: &str, kind: Kind<'_>) -> Self {
        Self::wait(ctx, dialog(title, Some(kind)).pick_file())
    }

    /// Lets a person choose a folder.
    pub fn pick_folder(ctx: &egui::Context, title: &str) -> Self {
        Self::wait(ctx, dialog(title, None).pick_folder())
    }

    /// Lets a person choose where to write a file; `name` stands there already.
    pub fn save_file(ctx: &egui::Context, title: &str, name: &str, kind: Kind<'_>) -> Self {
        Self::wait(ctx, dialog(title, Some(kind)).set_file_name(name).save_file())
    }

    /// The answer, if there is one by now; a dialog that was answered can be dropped.
    pub fn answer(&self) -> Answer {
        match self.answer.try_recv() {
            Ok((Some(path), _)) => Answer::Chosen(path),
            Ok((None, after)) if after < TOO_SOON => Answer::Unavailable,
            Ok((None, _)) => Answer::Cancelled,
            Err(TryRecvError::Empty) => Answer::Waiting,
            Err(TryRecvError::Disconnected) => Answer::Unavailable,
        }
    }

    /// The future must be made on the window's thread (macOS shows dialogs there only), and is waited for on another.
    fn wait(ctx: &egui::Context, chosen: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static) -> Self {
        let (send, answer) = bounded(1);
        let ctx = ctx.clone();
        let opened = Instant::now();
        let waiting = thread::Builder::new().name("file dialog".to_owned()).spawn(move || {
            let path = block_on(chosen).map(|file| file.path().to_owned());
            // Fails only when nobody waits for the answer any more.
            let _ = send.send((path, opened.elapsed()));
            ctx.request_repaint();
        });
        if let Err(error) = waiting {
            tracing::warn!("no thread for a file dialog: {error}");
        }
        Self { answer }
    }
}

fn dialog(title: &str, kind: Option<Kind<'_>>) -> rfd::AsyncFileDialog {
    let dialog = rfd::AsyncFileDialog::new().set_title(title);
    match kind {
        Some((name, ends)) => dialog.add_filter(name, ends),
        None => dialog,
    }
}

/// Waits for a future on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_is_woken_from_another_thread_ends() {
        let mut polls = 0;
        let future = std::future::poll_fn(move |context| {
            polls += 1;
            if polls == 3 {
                return Poll::Ready(polls);
            }
            let waker = context.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Pending
        });
        assert_eq!(block_on(future), 3);
    }

    #[test]
    fn an_answer_is_told_from_none() {
        let (send, answer) = bounded(1);
        let dialog = FileDialog { answer };
        assert_eq!(dialog.answer(), Answer::Waiting);
        let path = PathBuf::from("a.txt");
        send.send((Some(path.clone()), Duration::ZERO)).unwrap();
        assert_eq!(dialog.answer(), Answer::Chosen(path));
        send.send((None, TOO_SOON * 2)).unwrap();
        assert_eq!(dialog.answer(), Answer::Cancelled);
        send.send((None, TOO_SOON / 2)).unwrap();
        assert_eq!(dialog.answer(), Answer::Unavailable, "nobody closes a dialog so soon");
        drop(send);
        assert_eq!(dialog.answer(), Answer::Unavailable);
    }
}
