//! Answers that many objects need, such as the names of all tags: asked for once, not once for each object.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use atlas_kernel::{ConnectionId, Timestamp};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::line::{Line, Trouble};
use crate::pacer::Lane;
use crate::{Object, Request};

/// An answer serves every object for this long.
const FRESH: Duration = Duration::from_secs(60);

/// The answers that a connection's objects share, and when they were asked for; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<(Request, Timestamp, Value)>>>);

/// What sharing came to for one object.
#[derive(Default)]
pub(crate) struct Attached {
    /// The calls that need not be made for this object any more.
    pub done: Vec<Request>,
    /// Calls made for it that others profit from.
    pub calls: usize,
}

impl Shared {
    /// Puts into an object what calls that do not name it answer. One that still lacks something is given an answer that was asked
    /// for after the object was `read`: what is new at the provider may be newer than an answer of a moment before.
    pub async fn attach(
        &self,
        line: &Line,
        lane: Lane,
        object: Object,
        id: &str,
        value: &mut Value,
        read: Timestamp,
    ) -> Result<Attached, Trouble> {
        let mut attached = Attached::default();
        for request in (object.nested)(value) {
            if request.method != "GET" || request.path.contains(id) {
                continue;
            }
            let fresh = fresh_from(line.now());
            let mut further = self.give(line, lane, object, value, &request, fresh, &mut attached.calls).await?;
            if further.is_none() && (object.nested)(value).contains(&request) {
                further = self.give(line, lane, object, value, &request, read.max(fresh), &mut attached.calls).await?;
            }
            if further.is_none() {
                attached.done.push(request);
            }
        }
        Ok(attached)
    }

    /// Attaches an answer that was asked for no earlier than that; answers the call for its next page, as the object would.
    #[expect(clippy::too_many_arguments, reason = "one step of `attach`, which has all of it")]
    async fn give(
        &self,
        line: &Line,
        lane: Lane,
        object: Object,
        value: &mut Value,
        request: &Request,
        from: Timestamp,
        calls: &mut usize,
    ) -> Result<Option<Request>, Trouble> {
        // Held while the provider is asked, so that everybody else waits for the one answer.
        let mut answers = self.0.lock().await;
        let fresh = fresh_from(line.now());
        answers.retain(|(known, asked, _)| *asked >= if known == request { from } else { fresh });
        if !answers.iter().any(|(known, ..)| known == request) {
            let asked = line.now();
            let good = line.call(lane, request).await?;
            *calls += 1;
            answers.push((request.clone(), asked, good.value));
        }
        let answer = answers.iter().find(|(known, ..)| known == request);
        Ok(answer.and_then(|(_, _, answer)| (object.attach)(value, request, answer)))
    }
}

fn fresh_from(now: Timestamp) -> Timestamp {
    now.checked_sub(FRESH).unwrap_or(Timestamp::MIN)
}

/// The shared answers of all connections of a node.
#[derive(Default)]
pub(crate) struct AllShared(Lock<HashMap<ConnectionId, Shared>>);

impl AllShared {
    /// The answers of one connection.
    pub fn of(&self, connection: ConnectionId) -> Shared {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(connection).or_default().clone()
    }

    /// Forgets them, such as when the connection stops.
    pub fn forget(&self, connection: ConnectionId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection);
    }
}
