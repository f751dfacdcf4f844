//! A stint: how much goes into one transaction, so that nobody waits long for the database.

use std::time::Duration;

/// What a transaction of bulk work should take at most.
const TARGET: Duration = Duration::from_millis(12);
/// Objects and messages in one transaction, at most; a busy database gets less.
const MOST: usize = 50;

/// Learns from each transaction how much the next one may hold.
pub(crate) struct Stint(usize);

impl Default for Stint {
    fn default() -> Self {
        Self(20)
    }
}

impl Stint {
    /// The weight that the next transaction may have.
    pub fn most(&self) -> usize {
        self.0
    }

    /// A transaction took this long.
    pub fn took(&mut self, time: Duration) {
        self.0 = if time > TARGET { (self.0 / 2).max(1) } else { (self.0 + 4).min(MOST) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_transactions_shrink_and_quick_ones_grow() {
        let mut stint = Stint::default();
        (0..10).for_each(|_| stint.took(TARGET * 2));
        assert_eq!(stint.most(), 1);
        (0..100).for_each(|_| stint.took(TARGET / 2));
        assert_eq!(stint.most(), MOST);
    }
}
