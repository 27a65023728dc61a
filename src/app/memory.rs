//! How does the system's allocator treat a window that is drawn anew sixty times a second?
//!
//! A graphics driver takes and frees the same buffers in every frame. Where glibc gives such memory back to the kernel at
//! once, each frame begins with thousands of page faults: with Mesa's software renderer more than half of its time. Our own
//! allocations do not go there.

/// Lets glibc keep what the driver frees, for the next frame.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn keep_pages() {
    /// Free memory at the heap's end that is kept, and the size from which on a block is asked of the kernel by itself.
    const KEPT: i32 = 256 << 20;
    /// By how much the heap grows at a time.
    const STEP: i32 = 16 << 20;
    for (what, bytes) in [(libc::M_TRIM_THRESHOLD, KEPT), (libc::M_MMAP_THRESHOLD, KEPT), (libc::M_TOP_PAD, STEP)] {
        // SAFETY: sets a number inside the C library, which takes it under its own lock; the values are in its range.
        let done = unsafe { libc::mallopt(what, bytes) };
        if done == 0 {
            tracing::debug!(what, bytes, "the C library does not take this setting of its allocator");
        }
    }
}

/// Other C libraries keep it anyway.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_pages() {}
