//! A bitmap seen through another: free time as a task sees it that only its own hours are open to.

use super::bitmap::{back, forward, word_mask};
use super::{Bitmap, RankedBitmap};
use crate::time::{Range, Slot};

/// The bits of one bitmap that are also set in the other, if there is another. Both have the same length.
#[derive(Clone, Copy)]
pub(crate) struct Within<'a> {
    bits: &'a Bitmap,
    hours: Option<&'a RankedBitmap>,
}

impl<'a> Within<'a> {
    pub fn new(bits: &'a Bitmap, hours: Option<&'a RankedBitmap>) -> Self {
        Self { bits, hours }
    }

    /// Number of bits.
    pub fn len(self) -> Slot {
        self.bits.len()
    }

    pub fn get(self, slot: Slot) -> bool {
        self.bits.get(slot) && self.hours.is_none_or(|hours| hours.bits().get(slot))
    }

    /// The first bit set in both at or after `from`; the length when there is none.
    pub fn next_one(self, from: Slot) -> Slot {
        match self.both() {
            None => self.bits.next_one(from),
            Some(word) => forward(self.len(), from, word),
        }
    }

    /// The first bit clear in one of them at or after `from`; the length when there is none.
    pub fn next_zero(self, from: Slot) -> Slot {
        match self.both() {
            None => self.bits.next_zero(from),
            Some(word) => forward(self.len(), from, |index| !word(index)),
        }
    }

    /// One more than the last bit set in both before `before`; 0 when there is none.
    pub fn previous_one(self, before: Slot) -> Slot {
        match self.both() {
            None => self.bits.previous_one(before),
            Some(word) => back(self.len(), before, word),
        }
    }

    /// One more than the last bit clear in one of them before `before`; 0 when there is none.
    pub fn previous_zero(self, before: Slot) -> Slot {
        match self.both() {
            None => self.bits.previous_zero(before),
            Some(word) => back(self.len(), before, |index| !word(index)),
        }
    }

    /// How many bits of the range are set in both.
    pub fn count(self, range: Range) -> u32 {
        let end = range.end.min(self.len());
        match self.both() {
            None => self.bits.count(range),
            Some(_) if range.start >= end => 0,
            Some(word) => (range.start / 64..=(end - 1) / 64)
                .map(|index| (word(index as usize) & word_mask(index, range.start, end)).count_ones())
                .sum(),
        }
    }

    /// The pieces of the range that are set in both.
    pub fn parts(self, range: Range) -> impl Iterator<Item = Range> + 'a {
        let mut at = range.start;
        std::iter::from_fn(move || {
            let start = self.next_one(at).max(range.start);
            let end = self.next_zero(start).min(range.end);
            at = end;
            (start < end).then(|| Range::new(start, end))
        })
    }

    fn both(self) -> Option<impl Fn(usize) -> u64> {
        let (bits, hours) = (self.bits.words(), self.hours?.bits().words());
        Some(move |index: usize| bits[index] & hours[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(random: &mut crate::random::Random, bits: Slot) -> Bitmap {
        let mut bitmap = Bitmap::zeros(bits);
        for _ in 0..random.below(8) {
            let start = random.below(u64::from(bits)) as Slot;
            bitmap.set(Range::new(start, start + random.below(150) as Slot));
        }
        bitmap
    }

    #[test]
    fn agrees_with_the_bits_that_both_have() {
        let mut dice = crate::random::Random::seeded(11);
        for _ in 0..200 {
            let bits = 1 + dice.below(500) as Slot;
            let (free, hours) = (random(&mut dice, bits), RankedBitmap::new(random(&mut dice, bits)));
            let mut common = Bitmap::zeros(bits);
            (0..bits).filter(|slot| free.get(*slot) && hours.bits().get(*slot)).for_each(|slot| common.set(Range::new(slot, slot + 1)));
            for (within, plain) in [(Within::new(&free, Some(&hours)), &common), (Within::new(&free, None), &free)] {
                for at in 0..=bits {
                    assert_eq!((within.next_one(at), within.next_zero(at)), (plain.next_one(at), plain.next_zero(at)));
                    assert_eq!((within.previous_one(at), within.previous_zero(at)), (plain.previous_one(at), plain.previous_zero(at)));
                    let range = Range::new(at / 2, at);
                    assert_eq!((within.get(at), within.count(range)), (plain.get(at), plain.count(range)));
                    assert_eq!(crate::time::total(&within.parts(range).collect::<Vec<_>>()), plain.count(range));
                }
            }
        }
    }
}
