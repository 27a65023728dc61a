//! How is memory that a large job has freed given back to the system?
//!
//! The allocator keeps freed pages for the next job that wants them. After a model was read they are worth a tenth of it,
//! and nobody wants them soon.

/// Gives pages that the calling thread has freed back to the system, as far as whole ones are free.
pub fn give_back() {
    // SAFETY: works on the calling thread's own heap and on shared memory under the allocator's locks; may be called at any
    // time, also where another allocator serves the program.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
