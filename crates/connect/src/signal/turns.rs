//! Turns: of the jobs that work a connection's signals off, one at a time does on a node; whoever comes meanwhile leaves word.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atlas_kernel::ConnectionId;
use tokio::sync::Notify;

/// Whose turn it is; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<ConnectionId, Word>>>);

#[derive(Default)]
struct Word {
    left: bool,
    bell: Arc<Notify>,
}

/// A job's turn, until it is dropped.
pub(crate) struct Turn {
    turns: Turns,
    connection: ConnectionId,
    bell: Arc<Notify>,
}

impl Turns {
    /// The turn, unless another job has it: that one is told to look again.
    pub fn begin(&self, connection: ConnectionId) -> Option<Turn> {
        let mut all = self.lock();
        if let Some(word) = all.get_mut(&connection) {
            word.left = true;
            word.bell.notify_one();
            return None;
        }
        let bell = all.entry(connection).or_default().bell.clone();
        Some(Turn { turns: self.clone(), connection, bell })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Word>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Waits until somebody leaves word that there is more.
    pub async fn called(&self) {
        self.bell.notified().await;
    }

    /// Whether word was left since this was asked last.
    pub fn take_word(&self) -> bool {
        self.turns.lock().get_mut(&self.connection).is_some_and(|word| std::mem::take(&mut word.left))
    }

    /// Gives the turn up, unless word was left: then there is more to do.
    pub fn end(self) -> Result<(), Self> {
        let mut all = self.turns.lock();
        if all.get(&self.connection).is_some_and(|word| word.left) {
            drop(all);
            return Err(self);
        }
        all.remove(&self.connection);
        drop(all);
        Ok(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = self.turns.lock();
        // After its end, the next turn may have begun with a bell of its own.
        if all.get(&self.connection).is_some_and(|word| Arc::ptr_eq(&word.bell, &self.bell)) {
            all.remove(&self.connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atlas_kernel::Timestamp;

    #[tokio::test]
    async fn word_that_was_left_keeps_the_turn() {
        let (turns, id) = (Turns::default(), ConnectionId::new(Timestamp::UNIX_EPOCH));
        let turn = turns.begin(id).unwrap();
        assert!(turns.begin(id).is_none());
        turn.called().await;
        let turn = turn.end().err().expect("word was left");
        assert!(turn.take_word());
        assert!(turn.end().is_ok());
        let next = turns.begin(id).expect("the turn is free again");
        drop(next);
        assert!(turns.begin(id).is_some(), "a turn that was dropped is over");
    }
}
