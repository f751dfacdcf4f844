//! Live updates: one stream a page, naming what changed; the page fetches those parts again.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;

use crate::{Ctx, Failure, Query};

#[derive(Deserialize)]
pub(crate) struct Watch {
    /// Record ids and list names, comma-separated.
    #[serde(default)]
    topics: String,
}

/// At most this many topics a page.
const MOST_TOPICS: usize = 50;

/// A stream ends after this long, so that the browser comes back and its session is looked at again.
const LONGEST: Duration = Duration::from_secs(5 * 60);

pub(crate) async fn stream(ctx: Ctx, Query(watch): Query<Watch>) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let topics: Vec<String> = watch.topics.split(',').filter(|t| !t.is_empty()).take(MOST_TOPICS).map(str::to_owned).collect();
    let workspace = ctx.actor.workspace;
    let changes = BroadcastStream::new(ctx.app.db.subscribe()).filter_map(move |notice| {
        let changed = match notice {
            Ok(notice) if notice.concerns(workspace, &topics) => {
                let all = notice.topics.iter().any(|t| t == "*");
                topics.iter().filter(|t| all || notice.topics.contains(t)).cloned().collect::<Vec<_>>().join(" ")
            }
            Ok(_) => String::new(),
            // The reader fell behind: everything it watches may have changed.
            Err(_) => topics.join(" "),
        };
        futures::future::ready((!changed.is_empty()).then(|| Ok(Event::default().event("refresh").data(changed))))
    });
    let mut stopping = ctx.app.stopping.clone();
    let over = Box::pin(async move {
        let _ = tokio::time::timeout(LONGEST, stopping.wait_for(|stop| *stop)).await;
    });
    let changes = changes.take_until(over);
    Ok(Sse::new(changes).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)).text("ping")))
}
