//! Gates: what hangs on another listing's objects waits until that listing has been read and committed.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::Stream;

/// Which listings are still being read: what hangs on another listing's objects waits for it.
pub(crate) struct Gates {
    reading: Mutex<Vec<i32>>,
    moved: Notify,
}

impl Gates {
    pub fn new(streams: &[Stream]) -> Self {
        let reading = streams.iter().filter(|s| !s.deletions).map(|s| s.order).collect();
        Self { reading: Mutex::new(reading), moved: Notify::new() }
    }

    /// Whether everything of a lower order has been read.
    pub fn open(&self, order: i32) -> bool {
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.iter().all(|other| *other >= order)
    }

    /// Waits until everything of a lower order has been read.
    pub async fn opened(&self, order: i32) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.open(order) {
                return;
            }
            moved.await;
        }
    }

    /// Everything of this listing is committed.
    pub fn done(&self, stream: &Stream) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = reading.iter().position(|order| *order == stream.order && !stream.deletions) {
            reading.swap_remove(place);
        }
        drop(reading);
        self.moved.notify_waiters();
    }
}
