//! One bit for each slot, searched a word at a time.

use crate::time::{Range, Slot};

/// A row of bits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bitmap {
    words: Vec<u64>,
    bits: Slot,
}

impl Bitmap {
    /// All bits clear.
    pub fn zeros(bits: Slot) -> Self {
        Self { words: vec![0; bits.div_ceil(64) as usize], bits }
    }

    /// Number of bits.
    pub fn len(&self) -> Slot {
        self.bits
    }

    pub fn words(&self) -> &[u64] {
        &self.words
    }

    pub fn get(&self, slot: Slot) -> bool {
        slot < self.bits && self.words[(slot / 64) as usize] >> (slot % 64) & 1 == 1
    }

    /// Sets every bit of the range.
    pub fn set(&mut self, range: Range) {
        self.masks(range, |word, mask| *word |= mask);
    }

    /// Clears every bit of the range.
    pub fn clear(&mut self, range: Range) {
        self.masks(range, |word, mask| *word &= !mask);
    }

    /// Sets those bits of the range that are set in `other`.
    pub fn set_where(&mut self, range: Range, other: &Self) {
        let end = range.end.min(self.bits);
        if range.start >= end {
            return;
        }
        for index in range.start / 64..=(end - 1) / 64 {
            self.words[index as usize] |= word_mask(index, range.start, end) & other.words[index as usize];
        }
    }

    /// Becomes a copy of `other` without giving its memory back.
    pub fn copy_from(&mut self, other: &Self) {
        self.words.clone_from(&other.words);
        self.bits = other.bits;
    }

    /// Has the bits of `other` within the range, to whole words. Bits outside it are of no meaning afterwards.
    pub fn copy_within_from(&mut self, other: &Self, range: Range) {
        if self.bits != other.bits {
            return self.copy_from(other);
        }
        let words = self.words.len();
        let (first, last) = (((range.start / 64) as usize).min(words), (range.end.div_ceil(64) as usize).min(words));
        if first < last {
            self.words[first..last].copy_from_slice(&other.words[first..last]);
        }
    }

    /// How many bits of the range are set.
    pub fn count(&self, range: Range) -> u32 {
        let end = range.end.min(self.bits);
        if range.start >= end {
            return 0;
        }
        (range.start / 64..=(end - 1) / 64)
            .map(|index| (self.words[index as usize] & word_mask(index, range.start, end)).count_ones())
            .sum()
    }

    /// Whether every bit of the range is set.
    pub fn all(&self, range: Range) -> bool {
        range.end <= self.bits && self.next_zero(range.start) >= range.end
    }

    /// The first set bit at or after `from`; the length when there is none.
    pub fn next_one(&self, from: Slot) -> Slot {
        forward(self.bits, from, |index| self.words[index])
    }

    /// The first clear bit at or after `from`; the length when there is none.
    pub fn next_zero(&self, from: Slot) -> Slot {
        forward(self.bits, from, |index| !self.words[index])
    }

    /// One more than the last set bit before `before`; 0 when there is none.
    pub fn previous_one(&self, before: Slot) -> Slot {
        back(self.bits, before, |index| self.words[index])
    }

    /// One more than the last clear bit before `before`; 0 when there is none.
    pub fn previous_zero(&self, before: Slot) -> Slot {
        back(self.bits, before, |index| !self.words[index])
    }

    fn masks(&mut self, range: Range, change: impl Fn(&mut u64, u64)) {
        let end = range.end.min(self.bits);
        if range.start >= end {
            return;
        }
        for index in range.start / 64..=(end - 1) / 64 {
            change(&mut self.words[index as usize], word_mask(index, range.start, end));
        }
    }
}

/// The first bit set at or after `from`, the bits read word by word; their number when there is none.
pub(super) fn forward(bits: Slot, from: Slot, read: impl Fn(usize) -> u64) -> Slot {
    if from >= bits {
        return bits;
    }
    let (mut index, words) = ((from / 64) as usize, bits.div_ceil(64) as usize);
    let mut word = read(index) & (u64::MAX << (from % 64));
    while word == 0 {
        index += 1;
        if index >= words {
            return bits;
        }
        word = read(index);
    }
    (index as Slot * 64 + word.trailing_zeros()).min(bits)
}

/// One more than the last bit set before `before`, the bits read word by word; 0 when there is none.
pub(super) fn back(bits: Slot, before: Slot, read: impl Fn(usize) -> u64) -> Slot {
    let before = before.min(bits);
    if before == 0 {
        return 0;
    }
    let mut index = ((before - 1) / 64) as usize;
    let mut word = read(index) & (u64::MAX >> (63 - (before - 1) % 64));
    while word == 0 {
        if index == 0 {
            return 0;
        }
        index -= 1;
        word = read(index);
    }
    index as Slot * 64 + 64 - word.leading_zeros()
}

/// The bits of word `index` that lie in `start..end`.
pub(super) fn word_mask(index: Slot, start: Slot, end: Slot) -> u64 {
    let first = start.saturating_sub(index * 64).min(63);
    let last = (end - 1 - index * 64).min(63);
    (u64::MAX << first) & (u64::MAX >> (63 - last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_row_of_booleans() {
        let mut random = crate::random::Random::seeded(7);
        for _ in 0..300 {
            let bits = 1 + random.below(400) as Slot;
            let (mut bitmap, mut naive) = (Bitmap::zeros(bits), vec![false; bits as usize]);
            for _ in 0..6 {
                let (a, b) = (random.below(420) as Slot, random.below(420) as Slot);
                let (range, value) = (Range::new(a.min(b), a.max(b)), random.below(3) > 0);
                if value {
                    bitmap.set(range)
                } else {
                    bitmap.clear(range)
                }
                naive
                    .iter_mut()
                    .enumerate()
                    .filter(|(i, _)| *i >= range.start as usize && *i < range.end as usize)
                    .for_each(|(_, bit)| *bit = value);
                check(&bitmap, &naive, range);
            }
        }
    }

    fn check(bitmap: &Bitmap, naive: &[bool], range: Range) {
        let bits = naive.len() as Slot;
        let in_range = |i: &Slot| *i >= range.start && *i < range.end;
        assert_eq!(bitmap.count(range), (0..bits).filter(in_range).filter(|i| naive[*i as usize]).count() as u32);
        for at in 0..=bits {
            assert_eq!(bitmap.next_one(at), (at..bits).find(|i| naive[*i as usize]).unwrap_or(bits));
            assert_eq!(bitmap.next_zero(at), (at..bits).find(|i| !naive[*i as usize]).unwrap_or(bits));
            assert_eq!(bitmap.previous_one(at), (0..at).rev().find(|i| naive[*i as usize]).map_or(0, |i| i + 1));
            assert_eq!(bitmap.previous_zero(at), (0..at).rev().find(|i| !naive[*i as usize]).map_or(0, |i| i + 1));
            assert_eq!(bitmap.get(at), naive.get(at as usize).copied().unwrap_or(false));
        }
    }
}
