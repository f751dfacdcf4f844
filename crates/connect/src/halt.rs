//! Stopping a connection's work at once: whoever works for it holds a [`Halt`] and lets go when it is raised.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use atlas_kernel::ConnectionId;
use tokio::sync::watch;

/// All switches of a node, one a connection.
#[derive(Default)]
pub(crate) struct Halts(Mutex<HashMap<ConnectionId, watch::Sender<u64>>>);

impl Halts {
    /// A switch that is raised by the next [`Halts::raise`].
    pub fn of(&self, connection: ConnectionId) -> Halt {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = all.entry(connection).or_insert_with(|| watch::channel(0).0);
        let receiver = sender.subscribe();
        let at = *receiver.borrow();
        Halt { receiver, at }
    }

    /// Stops everything that works for the connection on this node.
    pub fn raise(&self, connection: ConnectionId) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = all.get(&connection) {
            sender.send_modify(|count| *count += 1);
        }
    }
}

/// Tells whoever works for a connection that it must stop.
#[derive(Clone)]
pub(crate) struct Halt {
    receiver: watch::Receiver<u64>,
    at: u64,
}

impl Halt {
    /// Whether to stop.
    pub fn is_raised(&self) -> bool {
        *self.receiver.borrow() != self.at
    }

    /// Waits until it is time to stop.
    pub async fn raised(&self) {
        let mut receiver = self.receiver.clone();
        if receiver.wait_for(|count| *count != self.at).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
