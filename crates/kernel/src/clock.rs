//! Time as an argument: the system's clock in the product, a hand-turned one in tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A moment, UTC, kept to the microsecond because that is what PostgreSQL keeps.
pub type Timestamp = jiff::Timestamp;

/// Where code reads the time from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that moves only when told to; microseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `start` until [`Clock::advance`].
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.as_microsecond())))
    }

    /// The present moment, in whole microseconds.
    pub fn now(&self) -> Timestamp {
        let micros = match self {
            Self::System => Timestamp::now().as_microsecond(),
            Self::Manual(micros) => micros.load(Ordering::SeqCst),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock forward; the system's clock is nobody's to move and stays.
    pub fn advance(&self, by: std::time::Duration) {
        if let Self::Manual(micros) = self {
            let step = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(step, Ordering::SeqCst);
        }
    }
}
