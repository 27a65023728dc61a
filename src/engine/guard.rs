//! How is a panic kept from reaching a person?
//!
//! Work runs inside [`guard`]: a panic comes back as an error with its message, its place goes to the log, and nothing
//! is printed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// How many guards this thread is inside of.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Whether a panic is an answer that was reckoned with.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Decrements the depth even when a panic unwinds through it.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

/// Runs `work`; a panic inside becomes an error that holds the panic's message, and a line in the log.
///
/// # Errors
/// The message of the panic, in the words of whoever wrote the `panic!`: for the log, not for a person.
pub fn guard<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install_hook();
    let inside = Inside::enter();
    let result = std::panic::catch_unwind(AssertUnwindSafe(work));
    drop(inside);
    result.map_err(|payload| message(payload.as_ref()))
}

/// The same for a question that some libraries answer by a panic («is there a driver?»): the answer is worth a short line
/// in the log, not a trace.
///
/// # Errors
/// As [`guard`].
pub fn ask<T>(question: impl FnOnce() -> T) -> Result<T, String> {
    let before = EXPECTED.replace(true);
    let answer = guard(question);
    EXPECTED.set(before);
    answer
}

/// Puts a hook in front of the present one, once: panics inside a guard go to the log, all others where they went before.
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if DEPTH.with(Cell::get) == 0 {
                previous(info);
                return;
            }
            if EXPECTED.get() {
                let words = message(info.payload());
                tracing::debug!("a library answered by a panic: {}", words.lines().next().unwrap_or_default());
                return;
            }
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let trace = std::backtrace::Backtrace::capture();
            tracing::error!(place, "caught a panic: {}\n{trace}", message(info.payload()));
        }));
    });
}

/// The text of a panic's payload.
fn message(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_the_thread_goes_on() {
        assert_eq!(guard(|| 7), Ok(7));
        let number = 5;
        assert_eq!(guard::<()>(|| panic!("number {number}")), Err("number 5".to_owned()));
        assert_eq!(guard::<()>(|| panic!("plain")), Err("plain".to_owned()));
        assert_eq!(guard(|| guard::<()>(|| panic!("inner")).is_err()), Ok(true));
        assert_eq!(ask::<()>(|| panic!("no driver")), Err("no driver".to_owned()));
        assert_eq!((DEPTH.get(), EXPECTED.get()), (0, false));
    }
}
