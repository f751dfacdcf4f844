//! Releasing what was held: objects stored before the ones they hang on, landed from the raw log without a call.

use std::sync::Arc;

use atlas_kernel::Result;
use tokio::sync::{mpsc, oneshot};

use super::obtain::needed;
use super::piece::{How, Piece};
use super::run::Run;
use crate::land::{Planned, plan_value};
use crate::raw::RawRow;
use crate::versions::{self, ObjectState, Version};

/// Few, because answers that come meanwhile are stored after them.
const AT_ONCE: usize = 40;

/// Lands everything that the listing's kind of object still holds back.
pub(crate) async fn release(run: &Arc<Run>, stream: usize, out: &mpsc::Sender<Piece>) {
    if let Err(error) = release_kind(run, stream, out).await {
        tracing::warn!(connection.id = %run.connection.id, %error, "held objects could not be released; the next sync does it");
    }
}

/// Lands what is still held when every listing has been read.
pub(crate) async fn release_all(run: &Arc<Run>, out: &mpsc::Sender<Piece>) {
    for stream in 0..run.streams.len() {
        if !run.line.halt().is_raised() {
            release(run, stream, out).await;
        }
    }
}

async fn release_kind(run: &Arc<Run>, stream: usize, out: &mpsc::Sender<Piece>) -> Result<()> {
    let (workspace, connection) = (run.connection.workspace_id, run.connection.id);
    let mut before: Option<String> = None;
    loop {
        run.slots.calm().await;
        if flushed(out).await.is_none() || run.line.halt().is_raised() {
            return Ok(());
        }
        let held = versions::in_state(&run.ctx.db, workspace, connection, run.streams[stream].object, ObjectState::Held, AT_ONCE).await?;
        let first = held.first().map(|line| line.external_id.clone());
        if first.is_none() || first == before {
            return Ok(());
        }
        before = first;
        let numbers: Vec<i64> = held.iter().map(|line| line.seq).collect();
        let mut entries = run.conns.raw_at(&run.ctx.db, workspace, connection, &numbers).await?;
        for line in held {
            let Some(planned) = entries.remove(&line.seq).map(|entry| stored(run, &line, &entry)).transpose()?.flatten() else { continue };
            let Ok(needed) = needed(run, &planned).await else { return Ok(()) };
            for needed in needed {
                let _ = out.send(Piece::Object { stream, planned: needed, how: How::Needed, slot: None }).await;
            }
            let _ = out.send(Piece::Object { stream, planned: Arc::new(planned), how: How::Release, slot: None }).await;
        }
    }
}

/// Waits until everything sent so far is committed; none when the committer is gone.
async fn flushed(out: &mpsc::Sender<Piece>) -> Option<()> {
    let (done, wait) = oneshot::channel();
    out.send(Piece::Flush(done)).await.ok()?;
    wait.await.ok()
}

/// The object as the raw log has it.
fn stored(run: &Run, line: &Version, entry: &RawRow) -> Result<Option<Planned>> {
    let Some(object) = run.line.connector().objects.iter().find(|o| o.kind == line.object).copied() else { return Ok(None) };
    let value = serde_json::from_slice(&entry.body).map_err(atlas_kernel::Error::internal)?;
    let mut planned = plan_value(object, &line.external_id, &value, line.version, line.fetched_at, run.connection.live_since)?;
    planned.hash.clone_from(&line.hash);
    Ok(Some(planned))
}
