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

/// From here on this process takes memory in pages of the usual size. With those of 2 MB GPT-2's weights take 1.23 times what
/// they hold instead of 1.05, and neither training nor writing is faster with them (`benches/README.md`). For a program's
/// start: no library decides this for the process that it is a part of.
#[cfg(target_os = "linux")]
pub fn usual_pages_only() {
    // SAFETY: sets a flag of this process and touches no memory; where the kernel does not know it, nothing happens.
    unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1 as libc::c_ulong, 0, 0, 0) };
}

/// Other systems do not ask.
#[cfg(not(target_os = "linux"))]
pub fn usual_pages_only() {}
