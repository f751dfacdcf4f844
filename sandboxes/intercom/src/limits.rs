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
    /// Counts one request; `None` when there is no limit. Other apps take their share of the window little by little.
    pub fn take(&self, now_ms: i64, per_minute: u32, others_per_minute: u32) -> Option<Verdict> {
        if per_minute == 0 {
            return None;
        }
        let whole = u64::from(per_minute).div_ceil(6);
        let now = now_ms.div_euclid(1000);
        let start = now - now.rem_euclid(WINDOW);
        let passed = (now_ms - start * 1000) as u64;
        let others = (u64::from(others_per_minute) * passed / 60_000).min(whole);
        let mut window = lock(&self.window);
        if window.0 != start {
            *window = (start, 0);
        }
        let allowed = window.1 + others < whole;
        window.1 += u64::from(allowed);
        let remaining = whole.saturating_sub(window.1 + others);
        Some(Verdict { allowed, limit: whole, remaining, reset: start + WINDOW })
    }
}

#[cfg(test)]
mod tests {
    use super::Limiter;

    #[test]
    fn windows_follow_the_clock() {
        let limiter = Limiter::default();
        let first = limiter.take(1_000_007_000, 1000, 0).expect("limited");
        assert_eq!((first.limit, first.remaining, first.reset), (167, 166, 1_000_010));
        let taken = (0..400).filter(|_| limiter.take(1_000_009_000, 1000, 0).is_some_and(|v| v.allowed)).count();
        assert_eq!(taken, 166);
        assert!(limiter.take(1_000_010_000, 1000, 0).is_some_and(|v| v.allowed && v.remaining == 166));
        assert_eq!(limiter.take(1, 0, 0), None);
    }

    #[test]
    fn others_take_their_share_as_time_passes() {
        let limiter = Limiter::default();
        let remaining = |ms: i64| limiter.take(1_000_000_000 + ms, 600, 300).map(|v| (v.allowed, v.remaining));
        assert_eq!(remaining(0), Some((true, 99)));
        assert_eq!(remaining(5_000), Some((true, 73)), "two of ours, twenty-five of theirs");
        assert_eq!(limiter.take(1_000_005_000, 600, 60_000).map(|v| (v.allowed, v.remaining)), Some((false, 0)));
    }
}
