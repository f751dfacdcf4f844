//! A table sorted by time: counting and paging without walking it.

use super::Slot;

/// Slots ordered by (time, slot). Inserting moves memory, reading is two binary searches.
#[derive(Clone, Debug, Default)]
pub struct Index {
    rows: Vec<(i64, Slot)>,
}

impl Index {
    /// Builds the index of many rows at once.
    pub fn build(mut rows: Vec<(i64, Slot)>) -> Self {
        rows.sort_unstable();
        Self { rows }
    }

    /// Adds a row; adding it twice changes nothing.
    pub fn insert(&mut self, time: i64, slot: Slot) {
        if let Err(place) = self.rows.binary_search(&(time, slot)) {
            self.rows.insert(place, (time, slot));
        }
    }

    /// Removes a row if it is there.
    pub fn remove(&mut self, time: i64, slot: Slot) {
        if let Ok(place) = self.rows.binary_search(&(time, slot)) {
            self.rows.remove(place);
        }
    }

    /// Rows whose time lies in `from..to` (the end not included), oldest first.
    pub fn between(&self, from: i64, to: i64) -> &[(i64, Slot)] {
        let start = self.rows.partition_point(|r| r.0 < from);
        let end = self.rows.partition_point(|r| r.0 < to);
        &self.rows[start..end.max(start)]
    }

    /// All rows, oldest first.
    pub fn all(&self) -> &[(i64, Slot)] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn ranges_are_half_open_and_ties_keep_their_order() {
        let mut index = Index::build(vec![(5, 2), (3, 0), (5, 1)]);
        index.insert(9, 4);
        index.insert(9, 4);
        assert_eq!(index.between(5, 9), &[(5, 1), (5, 2)]);
        index.remove(5, 1);
        assert_eq!(index.all(), &[(3, 0), (5, 2), (9, 4)]);
        assert!(index.between(8, 2).is_empty());
    }
}
