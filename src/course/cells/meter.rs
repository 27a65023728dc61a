//! What may a code cell use up? Time, steps and memory are metered while it runs, so that nothing that a person types can
//! hold the program or fill its memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::problem::Problem;

/// Asks whether the result is still wanted.
pub type Wanted = Arc<dyn Fn() -> bool + Send + Sync>;

/// The most that one run may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Wall-clock time for all calls of a run together. Below the two seconds that a person is promised, because ending
    /// takes a moment too.
    pub time: Duration,
    /// Steps of the language in one call.
    pub operations: u64,
    /// Bytes of all tensors alive at one time.
    pub tensor_bytes: usize,
    /// Calls inside of calls.
    pub call_levels: usize,
    /// Depth of an expression in brackets.
    pub expression_depth: usize,
    /// Variables of one call.
    pub variables: usize,
    /// Bytes of a text.
    pub text_bytes: usize,
    /// Elements of a list with all lists in it. Tensors hold what is larger.
    pub list_elements: usize,
    /// Bytes of the source.
    pub source_bytes: usize,
    /// Bytes that `print` may write; more is left out.
    pub printed_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_millis(1_500),
            operations: 20_000_000,
            tensor_bytes: 64 << 20,
            call_levels: 24,
            expression_depth: 64,
            variables: 64,
            text_bytes: 16 << 10,
            list_elements: 4_096,
            source_bytes: 64 << 10,
            printed_bytes: 8 << 10,
        }
    }
}

const RUNNING: u8 = 0;
const OUT_OF_TIME: u8 = 1;
const UNWANTED: u8 = 2;

/// Elements that a tensor operation may compute between two looks at the clock.
const LOOK_EVERY: u64 = 1 << 16;

/// Counts what a run uses. Shared by the language, which asks at its steps, and by every tensor that is alive.
pub struct Meter {
    limits: Limits,
    wanted: Wanted,
    begin: Instant,
    bytes: AtomicUsize,
    unlooked: AtomicU64,
    state: AtomicU8,
}

impl Meter {
    /// The clock begins to run.
    pub fn new(limits: Limits, wanted: Wanted) -> Arc<Self> {
        Arc::new(Self {
            limits,
            wanted,
            begin: Instant::now(),
            bytes: AtomicUsize::new(0),
            unlooked: AtomicU64::new(0),
            state: AtomicU8::new(RUNNING),
        })
    }

    /// For our own computations: references, mistakes, models.
    pub fn unlimited() -> Arc<Self> {
        let limits = Limits { time: Duration::MAX, tensor_bytes: usize::MAX, ..Limits::default() };
        Self::new(limits, Arc::new(|| true))
    }

    /// What may be used.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Bytes of the tensors alive.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Looks at the clock and asks whether the run is still wanted.
    ///
    /// # Errors
    /// [`Problem::OutOfTime`] or [`Problem::Stopped`]; from then on always the same.
    pub fn look(&self) -> Result<(), Problem> {
        if self.state.load(Ordering::Relaxed) == RUNNING {
            if !(self.wanted)() {
                self.state.store(UNWANTED, Ordering::Relaxed);
            } else if self.begin.elapsed() > self.limits.time {
                self.state.store(OUT_OF_TIME, Ordering::Relaxed);
            }
        }
        match self.state.load(Ordering::Relaxed) {
            OUT_OF_TIME => Err(Problem::OutOfTime(self.limits.time)),
            UNWANTED => Err(Problem::Stopped),
            _ => Ok(()),
        }
    }

    /// Says that so many elements are about to be computed; looks at the clock now and then.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub fn work(&self, elements: usize) -> Result<(), Problem> {
        let before = self.unlooked.fetch_add(elements as u64, Ordering::Relaxed);
        if before.saturating_add(elements as u64) < LOOK_EVERY {
            return Ok(());
        }
        self.unlooked.store(0, Ordering::Relaxed);
        self.look()
    }

    /// Reserves memory for so many values.
    fn reserve(&self, values: usize) -> Result<(), Problem> {
        let limit = self.limits.tensor_bytes;
        let refuse = |bytes| Problem::OutOfMemory { bytes, limit };
        let bytes = values.checked_mul(size_of::<f64>()).ok_or_else(|| refuse(u64::MAX))?;
        let grow = |alive: usize| alive.checked_add(bytes).filter(|&sum| sum <= limit);
        match self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow) {
            Ok(_) => Ok(()),
            Err(alive) => Err(refuse(alive.saturating_add(bytes) as u64)),
        }
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

/// Values that count as long as they are alive.
#[derive(Debug)]
pub(super) struct Buffer {
    pub values: Vec<f64>,
    meter: Arc<Meter>,
}

impl Buffer {
    /// So many zeros.
    ///
    /// # Errors
    /// [`Problem::OutOfMemory`], before anything is allocated; or as [`Meter::look`].
    pub fn zeros(count: usize, meter: &Arc<Meter>) -> Result<Self, Problem> {
        meter.reserve(count)?;
        // From here on dropping gives back what was reserved.
        let mut buffer = Self { values: Vec::new(), meter: meter.clone() };
        buffer.values = vec![0.0; count];
        meter.work(count)?;
        Ok(buffer)
    }

    pub fn copy(&self) -> Result<Self, Problem> {
        let mut copy = Self::zeros(self.values.len(), &self.meter)?;
        copy.values.copy_from_slice(&self.values);
        Ok(copy)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.meter.bytes.fetch_sub(self.values.len() * size_of::<f64>(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_refused_before_it_is_taken_and_given_back() {
        let limits = Limits { tensor_bytes: 800, ..Limits::default() };
        let meter = Meter::new(limits, Arc::new(|| true));
        let first = Buffer::zeros(60, &meter).unwrap();
        assert!(matches!(Buffer::zeros(60, &meter), Err(Problem::OutOfMemory { bytes: 960, limit: 800 })));
        assert!(matches!(Buffer::zeros(usize::MAX / 4, &meter), Err(Problem::OutOfMemory { .. })));
        assert_eq!(meter.bytes(), 480);
        drop(first);
        assert_eq!(meter.bytes(), 0);
        assert!(Buffer::zeros(100, &meter).is_ok());
    }

    #[test]
    fn what_is_not_wanted_ends_and_stays_ended() {
        let meter = Meter::new(Limits::default(), Arc::new(|| false));
        assert!(matches!(meter.look(), Err(Problem::Stopped)));
        assert!(matches!(meter.work(1 << 20), Err(Problem::Stopped)));
        let meter = Meter::new(Limits { time: Duration::ZERO, ..Limits::default() }, Arc::new(|| true));
        std::thread::sleep(Duration::from_millis(1));
        assert!(matches!(meter.look(), Err(Problem::OutOfTime(_))));
    }
}
