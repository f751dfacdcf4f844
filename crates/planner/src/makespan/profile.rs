//! How much of each resource is free at each time unit: four resources in one word, compared in one subtraction.

/// The top bit of each 16-bit lane.
const TOPS: u64 = 0x8000_8000_8000_8000;

/// Free amounts over time, `W` words for each time unit.
#[derive(Clone, Debug)]
pub(super) struct Profile<const W: usize> {
    free: Vec<[u64; W]>,
    capacity: [u64; W],
}

/// Amounts packed into lanes of 16 bits.
pub(super) fn pack<const W: usize>(amounts: &[u32]) -> [u64; W] {
    let mut words = [0; W];
    for (index, amount) in amounts.iter().enumerate() {
        words[index / 4] |= u64::from(*amount) << (16 * (index % 4));
    }
    words
}

impl<const W: usize> Profile<W> {
    pub fn new(capacity: [u64; W]) -> Self {
        Self { free: Vec::new(), capacity }
    }

    /// Everything is free again for this many time units.
    pub fn clear(&mut self, horizon: usize) {
        self.free.clear();
        self.free.resize(horizon, self.capacity);
    }

    /// The first start at or after `from` at which the need is free for the whole duration.
    pub fn earliest(&self, need: &[u64; W], duration: usize, from: usize) -> usize {
        let mut start = from;
        // Looking from the end finds the conflict that pushes furthest.
        while let Some(conflict) = (start..start + duration).rev().find(|time| !self.fits(*time, need)) {
            start = conflict + 1;
        }
        start
    }

    /// Takes the need for the duration.
    pub fn take(&mut self, need: &[u64; W], start: usize, duration: usize) {
        for free in &mut self.free[start..start + duration] {
            for word in 0..W {
                free[word] -= need[word];
            }
        }
    }

    /// Whether the need is free at this time.
    pub fn fits(&self, time: usize, need: &[u64; W]) -> bool {
        let free = &self.free[time];
        (0..W).all(|word| ((free[word] | TOPS) - need[word]) & TOPS == TOPS)
    }
}
