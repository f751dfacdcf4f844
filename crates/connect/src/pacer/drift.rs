//! What is known of the difference between the provider's clock and ours: bounds that each answer narrows.

/// Clocks drift apart by at most this share of the time that passes (100 millionths).
const AGEING: i64 = 10_000;
/// Bounds are kept at least this far apart: clocks are read with some delay.
const FINEST: i64 = 2_000;

/// Bounds of "the provider's clock minus ours", in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drift {
    bounds: Option<(i64, i64)>,
    at: i64,
}

impl Drift {
    /// While a call was out, from `sent` to `received` on our clock, the provider's clock was within `[from, to)`.
    ///
    /// Answers whether that agrees with what was known; when not, only the new knowledge stays.
    pub fn learn(&mut self, sent: i64, received: i64, from: i64, to: i64) -> bool {
        let fresh = (from - received, to - sent);
        let Some((low, high)) = self.bounds else {
            *self = Self { bounds: Some(fresh), at: received };
            return true;
        };
        let aged = (received - self.at).max(0) / AGEING;
        let (low, high) = ((low - aged).max(fresh.0), (high + aged).min(fresh.1));
        let agrees = low <= high;
        let kept = match agrees {
            true if high - low < FINEST => (low - FINEST / 2, high + FINEST / 2),
            true => (low, high),
            false => fresh,
        };
        *self = Self { bounds: Some(kept), at: received };
        agrees
    }

    /// Our time by which the provider's clock may first show `theirs`.
    pub fn earliest(&self, theirs: i64) -> i64 {
        self.bounds.map_or(theirs, |(_, high)| theirs - high)
    }

    /// Our time by which the provider's clock shows `theirs` for sure.
    pub fn latest(&self, theirs: i64) -> i64 {
        self.bounds.map_or(theirs, |(low, _)| theirs - low)
    }

    /// The best single guess.
    pub fn middle(&self) -> Option<i64> {
        self.bounds.map(|(low, high)| low + (high - low) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;

    #[test]
    fn answers_narrow_the_bounds() {
        // The provider is 3.5 s ahead; answers take 100 ms, half each way; its Date header has whole seconds.
        let (mut drift, ahead) = (Drift::default(), 3_500_000);
        for step in 0..40 {
            let sent = step * 130_000;
            let theirs = (sent + 50_000 + ahead) / S * S;
            assert!(drift.learn(sent, sent + 100_000, theirs, theirs + S));
        }
        let (low, high) = drift.bounds.unwrap();
        assert!(low <= ahead && ahead <= high && high - low <= 250_000, "{low} {high}");
    }

    #[test]
    fn a_clock_that_jumped_is_learned_anew() {
        let mut drift = Drift::default();
        assert!(drift.learn(0, 1, 0, S));
        assert!(!drift.learn(2, 3, 100 * S, 101 * S));
        assert!(drift.earliest(101 * S) >= 0 && drift.latest(101 * S) <= 2 * S);
    }
}
