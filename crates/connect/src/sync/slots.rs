//! Calls for objects that are out at once, and answers that are not stored yet: together they are what a crash repeats.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Answers that may wait to be stored before they hold back further calls.
const FEW: usize = 4;

/// So many calls may be out, and so many answers unstored; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Slots(Arc<Inner>);

#[derive(Default)]
struct Inner {
    counts: Mutex<Counts>,
    freed: Notify,
    calmed: Notify,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Calls out and answers unstored, together at most.
    most: usize,
    out: usize,
    unstored: usize,
    /// The most calls that were ever out at once.
    peak: usize,
}

impl Counts {
    /// Whether another call may go out: what would be repeated stays within a few of what was out at once.
    fn may_send(&self) -> bool {
        let lost = self.out + self.unstored;
        lost < self.most && (self.unstored <= FEW || lost < self.peak + FEW)
    }
}

impl Slots {
    /// Waits until another call may go out; from now on this many may be out if that is more than before.
    pub async fn take(&self, most: usize) -> Slot {
        loop {
            let freed = self.0.freed.notified();
            {
                let mut counts = self.counts();
                counts.most = counts.most.max(most);
                if counts.may_send() {
                    counts.out += 1;
                    counts.peak = counts.peak.max(counts.out);
                    let more = counts.may_send();
                    drop(counts);
                    if more {
                        self.0.freed.notify_one();
                    }
                    return Slot { slots: self.clone(), answered: false };
                }
            }
            freed.await;
        }
    }

    /// Whether hardly an answer waits to be stored.
    pub fn is_calm(&self) -> bool {
        self.counts().unstored <= FEW
    }

    /// Waits until hardly an answer waits to be stored.
    pub async fn calm(&self) {
        loop {
            let freed = self.0.calmed.notified();
            if self.is_calm() {
                return;
            }
            freed.await;
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one object, from its call until it is stored.
pub(crate) struct Slot {
    slots: Slots,
    answered: bool,
}

impl Slot {
    /// Its answer came.
    pub fn answered(&mut self) {
        if !std::mem::replace(&mut self.answered, true) {
            let mut counts = self.slots.counts();
            counts.out -= 1;
            counts.unstored += 1;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.slots.counts();
        if self.answered {
            counts.unstored -= 1;
        } else {
            counts.out -= 1;
        }
        let calm = counts.unstored <= FEW;
        drop(counts);
        self.slots.0.freed.notify_one();
        if calm {
            self.slots.0.calmed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use proptest::prelude::*;

    #[tokio::test]
    async fn answers_that_nobody_stores_hold_back_further_calls() {
        let slots = Slots::default();
        let mut taken: Vec<Slot> = vec![];
        // One at a time: five calls, each answered before the next.
        while let Some(mut slot) = slots.take(100).now_or_never() {
            slot.answered();
            taken.push(slot);
            assert!(taken.len() < 20, "nothing is stored, and it goes on");
        }
        assert_eq!(taken.len(), FEW + 1);
        taken.pop();
        assert!(slots.take(0).now_or_never().is_some(), "one was stored");
    }

    #[tokio::test]
    async fn it_is_calm_when_hardly_an_answer_waits() {
        let slots = Slots::default();
        let mut out: Vec<Slot> = vec![];
        for _ in 0..FEW + 3 {
            out.push(slots.take(20).await);
        }
        assert!(slots.is_calm(), "nothing was answered");
        out.iter_mut().for_each(Slot::answered);
        assert!(!slots.is_calm());
        let calm = tokio::spawn({
            let slots = slots.clone();
            async move { slots.calm().await }
        });
        tokio::task::yield_now().await;
        drop(out.pop());
        drop(out.pop());
        tokio::task::yield_now().await;
        assert!(!calm.is_finished());
        drop(out.pop());
        calm.await.unwrap();
    }

    #[tokio::test]
    async fn a_place_that_is_given_back_wakes_whoever_waits() {
        let slots = Slots::default();
        let (first, _second) = (slots.take(2).await, slots.take(2).await);
        let waiting = tokio::spawn({
            let slots = slots.clone();
            async move { slots.take(0).await }
        });
        tokio::task::yield_now().await;
        drop(first);
        let _third = waiting.await.unwrap();
        let waiting = tokio::spawn(async move { slots.take(0).await });
        tokio::task::yield_now().await;
        waiting.abort();
    }

    proptest! {
        /// Whatever happens, what a crash would repeat is within a few of what was out at once.
        #[test]
        fn a_crash_repeats_hardly_more_than_was_out_at_once(steps in prop::collection::vec(0_u8..3, 1..300), most in 1_usize..60) {
            let slots = Slots::default();
            let (mut out, mut unstored): (Vec<Slot>, Vec<Slot>) = (vec![], vec![]);
            for step in steps {
                match step {
                    0 => out.extend(slots.take(most).now_or_never()),
                    1 => unstored.extend(out.pop().map(|mut slot| { slot.answered(); slot })),
                    _ => drop(unstored.pop()),
                }
                let counts = *slots.counts();
                prop_assert_eq!((counts.out, counts.unstored), (out.len(), unstored.len()));
                prop_assert!(counts.out + counts.unstored <= most);
                prop_assert!(counts.out + counts.unstored <= counts.peak + FEW, "{:?}", counts);
            }
        }
    }
}
