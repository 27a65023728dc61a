//! How much memory do a model's weights really take, and how is what a large job has freed given back to the system?
//!
//! The allocator keeps freed pages for the next job that wants them. After a model was read they are worth a tenth of it,
//! and nobody wants them soon. And where the system hands out memory in pages of 2 MB, one used byte keeps all of them.

/// Gives pages that the calling thread has freed back to the system, as far as whole ones are free.
pub fn give_back() {
    // SAFETY: works on the calling thread's own heap and on shared memory under the allocator's locks; may be called at any
    // time, also where another allocator serves the program.
    unsafe { libmimalloc_sys::mi_collect(true) };
}

/// Does work whose memory will stay, in pages of the usual size: GPT-2's weights then take 1.16 times what they hold instead
/// of 1.23. Memory that is taken afterwards may come in large pages again, which training is faster with.
pub fn in_usual_pages<T>(work: impl FnOnce() -> T) -> T {
    large_pages(false);
    let done = work();
    large_pages(true);
    done
}

#[cfg(target_os = "linux")]
fn large_pages(allowed: bool) {
    // SAFETY: sets a flag of this process and touches no memory; where the kernel does not know it, nothing happens.
    unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, libc::c_ulong::from(!allowed), 0, 0, 0) };
}

/// Other systems do not ask.
#[cfg(not(target_os = "linux"))]
fn large_pages(_: bool) {}
