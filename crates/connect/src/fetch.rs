//! Fetching one object whole: the object itself, and every list that the answer cut short.

use atlas_kernel::Timestamp;
use serde_json::Value;

use crate::line::{Line, Trouble};
use crate::pacer::Lane;
use crate::{Answer, Failure, FailureClass, Object};

/// A nested list longer than this many pages is a listing that never ends.
const MOST_NESTED: usize = 1000;

/// An object as the provider has it now.
#[derive(Clone)]
pub(crate) struct Fetched {
    pub object: Object,
    pub id: String,
    /// When the first call for it was sent.
    pub started: Timestamp,
    /// Whether the provider was asked for it by its id; a listing may still show what is gone.
    pub by_id: bool,
    pub content: Content,
}

/// What there is of it.
#[derive(Clone)]
pub(crate) enum Content {
    /// The whole object, and its version.
    Present { value: Value, version: i64 },
    /// It is not there (any more), by this answer.
    Gone(Answer),
}

/// Fetches an object by its id.
pub(crate) async fn fetch(line: &Line, lane: Lane, object: Object, id: &str) -> Result<Fetched, Trouble> {
    let started = line.now();
    match line.call(lane, &(object.get)(id)).await {
        Ok(good) => Ok(Fetched { by_id: true, ..complete(line, lane, object, id, good.value, (good.started, line.now())).await? }),
        Err(Trouble::Failed(failure, answer)) if failure.class == FailureClass::Gone => {
            Ok(Fetched { object, id: id.to_owned(), started, by_id: true, content: Content::Gone(*answer) })
        }
        Err(trouble) => Err(trouble),
    }
}

/// Completes an object whose first answer is there already, such as a listed one; with when it was asked for and when it was read.
pub(crate) async fn complete(
    line: &Line,
    lane: Lane,
    object: Object,
    id: &str,
    mut value: Value,
    (started, read): (Timestamp, Timestamp),
) -> Result<Fetched, Trouble> {
    let shared = line.shared().attach(line, lane, object, id, &mut value, read).await?.done;
    for request in (object.nested)(&value).into_iter().filter(|request| !shared.contains(request)) {
        let mut next = Some(request);
        let mut pages = 0;
        while let Some(request) = next {
            let answer = line.call(lane, &request).await?;
            next = (object.attach)(&mut value, &request, &answer.value);
            pages += 1;
            if pages > MOST_NESTED {
                return Err(endless(object.kind));
            }
        }
    }
    let version = (object.identify)(&value).map_or(0, |(_, version)| version);
    Ok(Fetched { object, id: id.to_owned(), started, by_id: false, content: Content::Present { value, version } })
}

fn endless(what: &str) -> Trouble {
    let message = format!("a list inside a {what} never ends");
    let failure = Failure { class: FailureClass::Provider, code: "listing_never_ends".into(), message, scope: None };
    Trouble::Failed(failure, Box::default())
}
