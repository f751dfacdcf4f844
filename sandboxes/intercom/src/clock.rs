//! The sandbox's own clock, which tests can start anywhere and push forward.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

/// Milliseconds since the Unix epoch as the sandbox sees them: a start, the time passed since, and an offset.
#[derive(Debug)]
pub struct Clock {
    source: Source,
    offset_ms: AtomicI64,
    moved: Notify,
}

/// What moves the clock.
#[derive(Debug)]
enum Source {
    /// Time itself, from a start.
    Passing { base_ms: i64, started: Instant },
    /// Whoever holds the same microseconds since the epoch.
    Given(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that somebody else moves.
    pub fn given(micros: Arc<AtomicI64>) -> Self {
        Self { source: Source::Given(micros), offset_ms: AtomicI64::new(0), moved: Notify::new() }
    }

    /// A clock that starts at `start` (Unix seconds), or at the system's time.
    pub fn new(start: Option<i64>) -> Self {
        let system = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
        Self {
            source: Source::Passing { base_ms: start.map_or_else(system, |s| s * 1000), started: Instant::now() },
            offset_ms: AtomicI64::new(0),
            moved: Notify::new(),
        }
    }

    /// Now, in milliseconds since the epoch.
    pub fn ms(&self) -> i64 {
        let source = match &self.source {
            Source::Passing { base_ms, started } => base_ms + started.elapsed().as_millis() as i64,
            Source::Given(micros) => micros.load(Ordering::SeqCst).div_euclid(1000),
        };
        source + self.offset_ms()
    }

    /// Now, in seconds since the epoch.
    pub fn seconds(&self) -> i64 {
        self.ms().div_euclid(1000)
    }

    /// Milliseconds the clock was pushed by.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Sets the push; waiting retries look at the clock again.
    pub fn set_offset_ms(&self, offset: i64) {
        self.offset_ms.store(offset, Ordering::Relaxed);
        self.moved.notify_waiters();
    }

    /// Sleeps until the sandbox's clock shows `due_ms`, however it gets there.
    pub async fn until(&self, due_ms: i64) {
        loop {
            let moved = self.moved.notified();
            let left = due_ms - self.ms();
            if left <= 0 {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(std::time::Duration::from_millis(left as u64)) => {}
                () = moved => {}
            }
        }
    }
}
