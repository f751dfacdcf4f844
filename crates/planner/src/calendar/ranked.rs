//! Working-time arithmetic: how much work lies before a moment, and when a given amount is done.

use super::Bitmap;
use crate::time::Slot;

/// Words whose bits are counted together.
const BLOCK_WORDS: usize = 8;

/// A bitmap that never changes, with the number of set bits before each block of 512.
///
/// Rank and select after Jacobson (1989), with one level of counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RankedBitmap {
    bits: Bitmap,
    before: Vec<u32>,
}

impl RankedBitmap {
    pub fn new(bits: Bitmap) -> Self {
        let mut before = vec![0];
        let mut count = 0;
        for block in bits.words().chunks(BLOCK_WORDS) {
            count += block.iter().map(|word| word.count_ones()).sum::<u32>();
            before.push(count);
        }
        Self { bits, before }
    }

    pub fn bits(&self) -> &Bitmap {
        &self.bits
    }

    /// Working slots before `slot`.
    pub fn rank(&self, slot: Slot) -> u32 {
        let slot = slot.min(self.bits.len());
        let (word, block) = ((slot / 64) as usize, (slot / 64) as usize / BLOCK_WORDS);
        let whole: u32 = self.bits.words()[block * BLOCK_WORDS..word].iter().map(|word| word.count_ones()).sum();
        let rest = match slot % 64 {
            0 => 0,
            part => (self.bits.words()[word] & (u64::MAX >> (64 - part))).count_ones(),
        };
        self.before[block] + whole + rest
    }

    /// The working slot before which exactly `count` working slots lie; the length when there are not that many.
    pub fn select(&self, count: u32) -> Slot {
        if count >= self.total() {
            return self.bits.len();
        }
        let block = self.before.partition_point(|before| *before <= count) - 1;
        let mut left = count - self.before[block];
        let mut word = block * BLOCK_WORDS;
        while left >= self.bits.words()[word].count_ones() {
            left -= self.bits.words()[word].count_ones();
            word += 1;
        }
        let mut bits = self.bits.words()[word];
        for _ in 0..left {
            bits &= bits - 1;
        }
        word as Slot * 64 + bits.trailing_zeros()
    }

    /// All working slots.
    pub fn total(&self) -> u32 {
        self.before.last().copied().unwrap_or(0)
    }

    /// The moment at which `work` slots of working time after `from` are over; `None` beyond the grid.
    pub fn add(&self, from: Slot, work: u32) -> Option<Slot> {
        if work == 0 {
            return Some(from);
        }
        let last = self.rank(from) + work - 1;
        (last < self.total()).then(|| self.select(last) + 1)
    }

    /// The latest moment from which `work` slots of working time lie before `until`; the number missing otherwise.
    pub fn sub(&self, until: Slot, work: u32) -> Result<Slot, u32> {
        if work == 0 {
            return Ok(until);
        }
        let rank = self.rank(until);
        if work > rank { Err(work - rank) } else { Ok(self.select(rank - work)) }
    }

    /// Working slots between two moments; 0 when `until` is not later.
    pub fn between(&self, from: Slot, until: Slot) -> u32 {
        self.rank(until).saturating_sub(self.rank(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Range;

    #[test]
    fn rank_select_add_and_sub_agree_with_a_loop() {
        let mut random = crate::random::Random::seeded(3);
        for _ in 0..60 {
            let bits = 64 + random.below(3000) as Slot;
            let mut bitmap = Bitmap::zeros(bits);
            for _ in 0..random.below(30) {
                let start = random.below(u64::from(bits)) as Slot;
                bitmap.set(Range::new(start, start + random.below(200) as Slot));
            }
            let ranked = RankedBitmap::new(bitmap.clone());
            let ones: Vec<Slot> = (0..bits).filter(|i| bitmap.get(*i)).collect();
            for at in (0..=bits).step_by(7) {
                assert_eq!(ranked.rank(at) as usize, ones.iter().filter(|i| **i < at).count());
            }
            for (k, one) in ones.iter().enumerate() {
                assert_eq!(ranked.select(k as u32), *one);
                let work = 1 + random.below(50) as u32;
                if let Some(end) = ranked.add(*one, work) {
                    assert_eq!(ranked.sub(end, work), Ok(*one), "add then sub comes back to the same working slot");
                    assert_eq!(ranked.between(*one, end), work);
                } else {
                    assert!(k + work as usize > ones.len());
                }
            }
            assert_eq!(ranked.select(ones.len() as u32), bits);
        }
    }
}
