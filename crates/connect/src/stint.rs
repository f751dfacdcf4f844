//! A stint: how much goes into one transaction, so that nobody waits long for the database.

use std::time::Duration;

use atlas_store::Dialect;

/// What a transaction of bulk work should take at most.
const TARGET: Duration = Duration::from_millis(12);
/// Objects and messages in one transaction, at most; a busy database gets less.
const MOST: usize = 60;

/// What a transaction may hold where others can write meanwhile, however long it takes.
const ENOUGH: usize = 40;

/// What one has on SQLite at least: what it takes to begin and end one is worth as much.
const FEW: usize = 8;

/// Learns from each transaction how much the next one may hold.
pub(crate) struct Stint {
    most: usize,
    least: usize,
}

impl Stint {
    /// On SQLite everybody waits for the one writer, so that a slow one takes small bites; elsewhere nobody does.
    pub fn new(dialect: Dialect) -> Self {
        let least = if dialect == Dialect::Sqlite { FEW } else { ENOUGH };
        Self { most: ENOUGH, least }
    }

    /// The weight that the next transaction may have.
    pub fn most(&self) -> usize {
        self.most
    }

    /// A transaction took this long, waiting for its turn not counted.
    pub fn took(&mut self, time: Duration) {
        self.most = if time > TARGET { (self.most / 2).max(self.least) } else { (self.most + 4).min(MOST) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_transactions_shrink_and_quick_ones_grow() {
        for (dialect, least) in [(Dialect::Sqlite, FEW), (Dialect::Postgres, ENOUGH)] {
            let mut stint = Stint::new(dialect);
            (0..10).for_each(|_| stint.took(TARGET * 2));
            assert_eq!(stint.most(), least);
            (0..100).for_each(|_| stint.took(TARGET / 2));
            assert_eq!(stint.most(), MOST);
        }
    }
}
