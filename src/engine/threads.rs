//! On how many threads does arithmetic run? Said in one place, before the first product.

use super::devices;

/// Sets up the pool that all products share, once a process; a later call changes nothing.
///
/// `count` comes first, then the variable `RAYON_NUM_THREADS`. Otherwise one core is left to the window where there are
/// more than two: with two, half of the arithmetic would be a high price, and the system gives the window its share.
pub fn set_up(count: Option<usize>) {
    let threads = count.or_else(from_environment).unwrap_or_else(|| by_cores(devices::cores()));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).thread_name(|i| format!("compute-{i}"));
    if let Err(error) = pool.build_global() {
        tracing::debug!("the pool of threads stays as it is: {error}");
    }
}

/// What `RAYON_NUM_THREADS` says, if it is a number of threads.
fn from_environment() -> Option<usize> {
    std::env::var("RAYON_NUM_THREADS").ok()?.trim().parse().ok().filter(|&count| count > 0)
}

fn by_cores(cores: usize) -> usize {
    if cores > 2 { cores - 1 } else { cores }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_core_is_left_where_there_are_several() {
        assert_eq!([1, 2, 3, 4, 16].map(by_cores), [1, 2, 2, 3, 15]);
    }
}
