//! A sync as shown: what is done of what, how fast, how long still.

use std::collections::BTreeMap;

use atlas_kernel::Timestamp;

use crate::sync::{Sync, time_left, window_ms};
use crate::{Connector, StreamProgress, SyncProgress, SyncState, SyncView};

/// How a sync is shown; listings in the connector's order.
pub(crate) fn sync_view(connector: &Connector, sync: &Sync, now: Timestamp) -> SyncView {
    let by_name: BTreeMap<String, StreamProgress> = serde_json::from_value(sync.streams.clone()).unwrap_or_default();
    let progress: SyncProgress = serde_json::from_value(sync.progress.clone()).unwrap_or_default();
    let at_work = sync.state == SyncState::Running;
    let mut streams: Vec<(i32, StreamProgress)> = by_name
        .iter()
        .map(|(name, stream)| (connector.streams.iter().find(|s| s.name == name).map_or(i32::MAX, |s| s.order), stream.clone()))
        .collect();
    streams.sort_by_key(|(order, _)| *order);
    let streams: Vec<StreamProgress> = streams.into_iter().map(|(_, stream)| stream).collect();
    let done = streams.iter().map(|s| s.done).sum();
    let total = streams.iter().map(|s| if s.state == "done" { Some(s.done) } else { s.total.map(|t| t.max(s.done)) }).sum::<Option<i64>>();
    SyncView {
        id: sync.id,
        kind: sync.kind,
        state: sync.state,
        requested_by: sync.requested_by.clone(),
        joined: sync.joined,
        percent: percent(sync, done, total),
        done,
        total,
        calls_per_second: progress.speed().filter(|_| at_work),
        seconds_left: time_left(&by_name, &progress, now.as_millisecond(), window_ms(&connector.limits)).filter(|_| at_work),
        streams,
        calls: sync.calls,
        retries: sync.retries,
        error_code: sync.error_code.clone(),
        started_at: sync.started_at,
        ended_at: sync.ended_at,
    }
}

fn percent(sync: &Sync, done: i64, total: Option<i64>) -> Option<u8> {
    match (sync.state, total) {
        (SyncState::Done, _) => Some(100),
        (_, Some(total)) if total > 0 => u8::try_from((done * 100 / total).clamp(0, 99)).ok(),
        _ => None,
    }
}
