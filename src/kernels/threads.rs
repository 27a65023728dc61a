//! On how many threads do the kernels share their work? It may change while a model trains; the results do not.

use std::sync::{Arc, PoisonError, RwLock};

/// The pool that is used where somebody has said how many threads there should be; else the process's.
static POOL: RwLock<Option<Arc<rayon::ThreadPool>>> = RwLock::new(None);

/// Uses this many threads from the next piece of work on. What is under way stays where it is.
///
/// # Errors
/// If the system gives no more threads; then everything stays as it was.
pub fn set(count: usize) -> Result<(), rayon::ThreadPoolBuildError> {
    if self::count() == count {
        return Ok(());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count).thread_name(|i| format!("compute-{i}")).build()?;
    let before = POOL.write().unwrap_or_else(PoisonError::into_inner).replace(Arc::new(pool));
    // Threads end here, outside the lock.
    drop(before);
    Ok(())
}

/// How many threads there are.
pub fn count() -> usize {
    pool().map_or_else(rayon::current_num_threads, |pool| pool.current_num_threads())
}

/// Does work on one of the threads: handing pieces of it to the others is cheaper from there. Work that is on such a
/// thread already stays on it.
pub fn run<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if rayon::current_thread_index().is_some() {
        return work();
    }
    match pool() {
        Some(pool) => pool.install(work),
        None => rayon::scope(|_| work()),
    }
}

fn pool() -> Option<Arc<rayon::ThreadPool>> {
    POOL.read().unwrap_or_else(PoisonError::into_inner).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_goes_to_as_many_threads_as_were_wished() {
        for wish in [1, 3, 2] {
            set(wish).unwrap();
            assert_eq!((count(), run(rayon::current_num_threads)), (wish, wish));
            // Work inside of work stays where it is.
            assert_eq!(run(|| run(rayon::current_num_threads)), wish);
        }
    }
}
