//! The provider's rate limit: windows of ten seconds on the clock, each with a sixth of the minute.

use std::sync::Mutex;

use crate::sandbox::lock;

/// Length of a window in seconds.
const WINDOW: i64 = 10;

/// Counts the requests of the window that is open.
#[derive(Debug, Default)]
pub struct Limiter {
    window: Mutex<(i64, u64)>,
}

/// What the counter says about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub allowed: bool,
    pub limit: u64,
    pub remaining: u64,
    /// Unix seconds at which the window ends.
    pub reset: i64,
}

impl Limiter {
    /// Counts one request; `None` when there is no limit.
    pub fn take(&self, now: i64, per_minute: u32) -> Option<Verdict> {
        if per_minute == 0 {
            return None;
        }
        let limit = u64::from(per_minute).div_ceil(6);
        let start = now - now.rem_euclid(WINDOW);
        let mut window = lock(&self.window);
        if window.0 != start {
            *window = (start, 0);
        }
        let allowed = window.1 < limit;
        window.1 += u64::from(allowed);
        Some(Verdict { allowed, limit, remaining: limit - window.1, reset: start + WINDOW })
    }
}

#[cfg(test)]
mod tests {
    use super::Limiter;

    #[test]
    fn windows_follow_the_clock() {
        let limiter = Limiter::default();
        let first = limiter.take(1_000_007, 1000).expect("limited");
        assert_eq!((first.limit, first.remaining, first.reset), (167, 166, 1_000_010));
        let taken = (0..400).filter(|_| limiter.take(1_000_009, 1000).is_some_and(|v| v.allowed)).count();
        assert_eq!(taken, 166);
        assert!(limiter.take(1_000_010, 1000).is_some_and(|v| v.allowed && v.remaining == 166));
        assert_eq!(limiter.take(1, 0), None);
    }
}
