//! Answers that many objects need, such as the names of all tags: asked for once, not once for each object.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::{Duration, Instant};

use atlas_kernel::ConnectionId;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::line::{Line, Trouble};
use crate::pacer::Lane;
use crate::{Object, Request};

/// An answer serves every object for this long.
const FRESH: Duration = Duration::from_secs(60);
/// An object that still lacks something after an answer of this age is worth a newer one.
const YOUNG: Duration = Duration::from_secs(5);

/// The answers that a connection's objects share; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<(Request, Instant, Value)>>>);

/// What sharing came to for one object.
#[derive(Default)]
pub(crate) struct Attached {
    /// The calls that need not be made for this object any more.
    pub done: Vec<Request>,
    /// Calls made for it that others profit from.
    pub calls: usize,
}

impl Shared {
    /// Puts into an object what calls that do not name it answer.
    pub async fn attach(&self, line: &Line, lane: Lane, object: Object, id: &str, value: &mut Value) -> Result<Attached, Trouble> {
        let mut attached = Attached::default();
        for request in (object.nested)(value) {
            if request.method != "GET" || request.path.contains(id) {
                continue;
            }
            let mut further = self.give(line, lane, object, value, &request, FRESH, &mut attached.calls).await?;
            if further.is_none() && (object.nested)(value).contains(&request) {
                further = self.give(line, lane, object, value, &request, YOUNG, &mut attached.calls).await?;
            }
            if further.is_none() {
                attached.done.push(request);
            }
        }
        Ok(attached)
    }

    /// Attaches an answer no older than that; answers the call for its next page, as the object would.
    #[expect(clippy::too_many_arguments, reason = "one step of `attach`, which has all of it")]
    async fn give(
        &self,
        line: &Line,
        lane: Lane,
        object: Object,
        value: &mut Value,
        request: &Request,
        age: Duration,
        calls: &mut usize,
    ) -> Result<Option<Request>, Trouble> {
        // Held while the provider is asked, so that everybody else waits for the one answer.
        let mut answers = self.0.lock().await;
        answers.retain(|(known, at, _)| at.elapsed() < if known == request { age } else { FRESH });
        if !answers.iter().any(|(known, ..)| known == request) {
            let asked = Instant::now();
            let good = line.call(lane, request).await?;
            *calls += 1;
            answers.push((request.clone(), asked, good.value));
        }
        let answer = answers.iter().find(|(known, ..)| known == request);
        Ok(answer.and_then(|(_, _, answer)| (object.attach)(value, request, answer)))
    }
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
