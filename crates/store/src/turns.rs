//! Turns to write: on SQLite one after the other, and who waits for one is counted.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use atlas_kernel::Result;
use tokio::sync::{Mutex, MutexGuard};

use crate::error::database_error;

/// Whoever has not had a turn by then is told so.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Whoever goes first has waited lately for so many milliseconds.
const LATELY: u64 = 1_000;

/// The queue of those who write, before the one connection that writes.
pub(crate) struct Turns {
    waiting: AtomicUsize,
    /// When somebody who goes first waited last, in milliseconds since the opening and one; 0 for never.
    pressed: AtomicU64,
    opened: Instant,
    /// Held by everybody but who goes first: so only one of them can be ahead of it.
    queue: Mutex<()>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { waiting: AtomicUsize::new(0), pressed: AtomicU64::new(0), opened: Instant::now(), queue: Mutex::default() }
    }
}

impl Turns {
    /// Waits for a turn; it is over when the answer is dropped.
    pub async fn take(&self) -> Result<MutexGuard<'_, ()>> {
        let turn = tokio::time::timeout(LONGEST_WAIT, self.queue.lock()).await;
        turn.map_err(|_| database_error(sqlx::Error::PoolTimedOut))
    }

    /// Somebody waits, until the answer is dropped.
    pub fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    /// Somebody who goes first waits.
    pub fn press(&self) {
        self.pressed.store(self.millis() + 1, Ordering::Relaxed);
    }

    /// Whether somebody who goes first has waited lately, and may well again.
    pub fn is_pressed(&self) -> bool {
        let pressed = self.pressed.load(Ordering::Relaxed);
        pressed > 0 && self.millis() + 1 - pressed < LATELY
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }

    /// Whether anybody waits.
    pub fn is_awaited(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }
}

/// Somebody waits for a turn to write, until this is dropped.
pub(crate) struct Waiting<'a>(&'a Turns);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
