//! A stint: how much goes into one transaction, so that nobody waits long for the database.

use std::time::Duration;

use atlas_store::{Dialect, Tx};

/// What a transaction of bulk work should take at most while somebody waits for it to end, or notices come,
const AWAITED: Duration = Duration::from_millis(10);
/// and while nobody does.
const ALONE: Duration = Duration::from_millis(60);
/// Objects and messages in one transaction, at most; a busy database gets less.
const MOST: usize = 120;

/// What a transaction may hold where others can write meanwhile, however long it takes.
const ENOUGH: usize = 40;

/// What one has on SQLite at least: what it takes to begin and end one is worth as much.
const FEW: usize = 8;

/// Learns from each transaction how much the next one may hold.
pub(crate) struct Stint {
    most: usize,
    least: usize,
}

/// How long a transaction took, its wait for its turn not counted, and whether somebody waits for its end or is likely to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    time: Duration,
    awaited: bool,
}

impl Took {
    /// Of a transaction that is about to be committed.
    pub fn of(tx: &Tx) -> Self {
        Self { time: tx.age(), awaited: tx.is_awaited() || tx.is_pressed() }
    }
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

    /// Whether a transaction under way should come to its end: somebody waits for it, and it has had most of its time.
    pub fn is_long(tx: &Tx) -> bool {
        tx.is_awaited() && tx.age() > AWAITED / 2
    }

    /// A transaction came to its end.
    pub fn took(&mut self, took: Took) {
        let target = if took.awaited { AWAITED } else { ALONE };
        let share = target.as_secs_f64() / took.time.as_secs_f64().max(f64::EPSILON);
        self.most = if share < 1.0 { self.scaled(share) } else { (self.most + 8).min(MOST) };
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a small number")]
    fn scaled(&self, share: f64) -> usize {
        ((self.most as f64 * share) as usize).max(self.least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_transactions_shrink_and_quick_ones_grow() {
        for (dialect, least) in [(Dialect::Sqlite, FEW), (Dialect::Postgres, ENOUGH)] {
            for (awaited, target) in [(true, AWAITED), (false, ALONE)] {
                let mut stint = Stint::new(dialect);
                (0..10).for_each(|_| stint.took(Took { time: target * 2, awaited }));
                assert_eq!(stint.most(), least);
                (0..100).for_each(|_| stint.took(Took { time: target / 2, awaited }));
                assert_eq!(stint.most(), MOST);
            }
        }
    }
}
