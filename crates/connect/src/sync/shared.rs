//! Answers that many objects of a run need, such as the names of all tags: asked for once, not once for each object.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Mutex;

use super::run::Run;
use crate::line::Trouble;
use crate::{Listed, Object, Request};

/// An answer serves every object for this long.
const FRESH: Duration = Duration::from_secs(60);
/// An object that still lacks something after an answer of this age is worth a newer one.
const YOUNG: Duration = Duration::from_secs(5);

/// The answers that a run shares between its objects.
#[derive(Default)]
pub(crate) struct Shared(Mutex<Vec<(Request, Instant, Value)>>);

impl Shared {
    /// Puts into a listed object what calls that do not name it answer; says which calls are done with by that.
    pub async fn attach(&self, run: &Run, index: usize, object: Object, item: &mut Listed) -> Result<Vec<Request>, Trouble> {
        let mut done = vec![];
        for request in (object.nested)(&item.value) {
            if request.method != "GET" || request.path.contains(&item.id) {
                continue;
            }
            let mut further = self.give(run, index, object, item, &request, FRESH).await?;
            if further.is_none() && (object.nested)(&item.value).contains(&request) {
                further = self.give(run, index, object, item, &request, YOUNG).await?;
            }
            if further.is_none() {
                done.push(request);
            }
        }
        Ok(done)
    }

    /// Attaches an answer no older than that; answers the call for its next page, as the object would.
    async fn give(
        &self,
        run: &Run,
        index: usize,
        object: Object,
        item: &mut Listed,
        request: &Request,
        age: Duration,
    ) -> Result<Option<Request>, Trouble> {
        // Held while the provider is asked, so that everybody else waits for the one answer.
        let mut answers = self.0.lock().await;
        answers.retain(|(known, at, _)| known != request || at.elapsed() < age);
        if !answers.iter().any(|(known, ..)| known == request) {
            let asked = Instant::now();
            let good = run.line.call(run.lane, request).await?;
            run.called(index);
            answers.push((request.clone(), asked, good.value));
        }
        let answer = answers.iter().find(|(known, ..)| known == request);
        Ok(answer.and_then(|(_, _, value)| (object.attach)(&mut item.value, request, value)))
    }
}
