//! How much memory do a model's weights really take, and how is what a large job has freed given back to the system?
//!
//! The allocator keeps freed pages for the next job that wants them. After a model was read they are worth a tenth of it,
//! and nobody wants them soon. And where the system hands out memory in pages of 2 MB, one used byte keeps all of them: with
//! them GPT-2's weights take 1.23 times what they hold.

use std::sync::{Mutex, PoisonError};

/// Gives pages that the calling thread has freed back to the system, as far as whole ones are free.
pub fn give_back() {
    // SAFETY: works on the calling thread's own heap and on shared memory under the allocator's locks; may be called at any
    // time, also where another allocator serves the program.
    unsafe { libmimalloc_sys::mi_collect(true) };
}

/// How many want large pages now.
static WANTED: Mutex<usize> = Mutex::new(0);

/// While one of these exists, new memory may come in pages of 2 MB, which a training step's buffers are faster with.
#[derive(Debug)]
#[must_use = "it works as long as it exists"]
pub struct LargePages(());

impl LargePages {
    /// Allows them.
    pub fn allow() -> Self {
        let mut wanted = WANTED.lock().unwrap_or_else(PoisonError::into_inner);
        *wanted += 1;
        set_large_pages(true);
        Self(())
    }

    /// From here on memory comes in pages of the usual size unless somebody asks for large ones. For a program's start: no
    /// library decides this for the process that it is a part of.
    pub fn only_on_request() {
        let wanted = WANTED.lock().unwrap_or_else(PoisonError::into_inner);
        set_large_pages(*wanted > 0);
    }
}

impl Drop for LargePages {
    fn drop(&mut self) {
        let mut wanted = WANTED.lock().unwrap_or_else(PoisonError::into_inner);
        *wanted = wanted.saturating_sub(1);
        set_large_pages(*wanted > 0);
    }
}

#[cfg(target_os = "linux")]
fn set_large_pages(allowed: bool) {
    // SAFETY: sets a flag of this process and touches no memory; where the kernel does not know it, nothing happens.
    unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, libc::c_ulong::from(!allowed), 0, 0, 0) };
}

/// Other systems do not ask.
#[cfg(not(target_os = "linux"))]
fn set_large_pages(_: bool) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Whether this process does without large pages.
    fn without() -> bool {
        // SAFETY: reads a flag of this process.
        unsafe { libc::prctl(libc::PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1 }
    }

    #[test]
    fn large_pages_end_with_the_last_who_wants_them() {
        LargePages::only_on_request();
        assert!(without());
        let first = LargePages::allow();
        let second = LargePages::allow();
        drop(first);
        assert!(!without());
        drop(second);
        assert!(without());
    }
}
