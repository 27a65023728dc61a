//! On how many threads does arithmetic run? Said in one place.

use std::sync::Once;

use super::devices;
use crate::kernels::threads;

/// Sets up the pool that everything shares, once a process; a later call changes nothing.
///
/// `count` comes first, then the variable `RAYON_NUM_THREADS`, then all physical cores.
pub fn set_up(count: Option<usize>) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| build(count));
}

fn build(count: Option<usize>) {
    let threads = count.or_else(from_environment).unwrap_or_else(devices::cores);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).thread_name(|i| format!("compute-{i}"));
    if let Err(error) = pool.build_global() {
        tracing::debug!("the pool of threads stays as it is: {error}");
    }
}

/// Brings the number of threads to what a person wants (`wish`), or else to what suits the machine while the window is in
/// front or not.
pub fn adapt(wish: Option<usize>, in_front: bool) {
    let count = wish.or_else(from_environment).unwrap_or_else(|| by_cores(devices::cores(), in_front));
    if let Err(error) = threads::set(count.clamp(1, most())) {
        tracing::warn!("the number of threads stays as it is: {error}");
    }
}

/// The most threads that a person can ask for: what the system runs at the same time.
pub fn most() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// What `RAYON_NUM_THREADS` says, if it is a number of threads.
fn from_environment() -> Option<usize> {
    std::env::var("RAYON_NUM_THREADS").ok()?.trim().parse().ok().filter(|&count| count > 0)
}

/// One core is left to a window that is looked at, where there are more than two: with two, half of the arithmetic would
/// be a high price, and the system gives the window its share.
fn by_cores(cores: usize, in_front: bool) -> usize {
    if in_front && cores > 2 { cores - 1 } else { cores }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_core_is_left_to_the_window_where_there_are_several() {
        assert_eq!([1, 2, 3, 4, 16].map(|cores| by_cores(cores, true)), [1, 2, 2, 3, 15]);
        assert_eq!([1, 2, 3, 4, 16].map(|cores| by_cores(cores, false)), [1, 2, 3, 4, 16]);
    }
}
