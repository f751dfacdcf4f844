//! Calendars in the database, and the meetings that were read from them.

use std::collections::BTreeMap;

use atlas_kernel::{Error, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Insert, Tx, built_query, query};

use super::{Calendar, Taken};
use crate::calendar::{Busy, BusyKind, store as calendar};
use crate::{BusyId, CalendarId};

/// A calendar without its text, which may be long.
const LISTED: &str =
    "id, user_id, name, own_address, address, host, etag, changed, CAST(NULL AS TEXT) AS content, reading, problem, read_at, tried_at";
const COLUMNS: &str = "id, user_id, name, own_address, address, host, etag, changed, content, reading, problem, read_at, tried_at";

atlas_store::row! {
    struct Row {
        id: CalendarId,
        user_id: UserId,
        name: String,
        own_address: Option<String>,
        address: Option<Vec<u8>>,
        host: Option<String>,
        etag: Option<String>,
        changed: Option<String>,
        content: Option<String>,
        reading: serde_json::Value,
        problem: Option<String>,
        read_at: Option<Timestamp>,
        tried_at: Timestamp,
    }
}

fn calendar_of(row: Row) -> Result<Calendar> {
    let Row { id, user_id, name, own_address, address, host, etag, changed, content, reading, problem, read_at, tried_at } = row;
    let summary = serde_json::from_value(reading).map_err(Error::internal)?;
    Ok(Calendar { id, user_id, name, own_address, address, host, etag, changed, content, summary, problem, read_at, tried_at })
}

/// A member's calendars, the oldest first, without their content.
pub async fn of_member(on: &dyn Executor, workspace: WorkspaceId, user: UserId) -> Result<Vec<Calendar>> {
    let sql = format!("SELECT {LISTED} FROM plan_calendars WHERE workspace_id = $1 AND user_id = $2 ORDER BY id");
    let rows: Vec<Row> = built_query(sql).bind(workspace).bind(user).all(on).await?;
    rows.into_iter().map(calendar_of).collect()
}

/// One calendar.
pub async fn one(on: &dyn Executor, workspace: WorkspaceId, id: CalendarId) -> Result<Option<Calendar>> {
    let sql = format!("SELECT {COLUMNS} FROM plan_calendars WHERE workspace_id = $1 AND id = $2");
    let row: Option<Row> = built_query(sql).bind(workspace).bind(id).first(on).await?;
    row.map(calendar_of).transpose()
}

/// Writes a calendar, new or changed.
pub async fn put(tx: &Tx, workspace: WorkspaceId, calendar: &Calendar) -> Result<()> {
    let sql = format!(
        "INSERT INTO plan_calendars (workspace_id, {COLUMNS}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14) \
         ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, own_address = excluded.own_address, etag = excluded.etag, \
         changed = excluded.changed, content = excluded.content, reading = excluded.reading, problem = excluded.problem, \
         read_at = excluded.read_at, tried_at = excluded.tried_at"
    );
    let put = built_query(sql).bind(workspace).bind(calendar.id).bind(calendar.user_id).bind(&calendar.name);
    let put = put.bind(calendar.own_address.clone()).bind(calendar.address.clone()).bind(calendar.host.clone());
    let put = put.bind(calendar.etag.clone()).bind(calendar.changed.clone()).bind(calendar.content.clone());
    let put = put.bind(serde_json::to_value(&calendar.summary).map_err(Error::internal)?).bind(calendar.problem.clone());
    put.bind(calendar.read_at).bind(calendar.tried_at).run(tx).await.map(|_| ())
}

/// Removes a calendar with its meetings.
pub async fn remove(tx: &Tx, workspace: WorkspaceId, id: CalendarId) -> Result<u64> {
    query("DELETE FROM plan_calendars WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).run(tx).await?;
    query("DELETE FROM plan_busy WHERE workspace_id = $1 AND source = $2").bind(workspace).bind(id.to_string()).run(tx).await
}

/// Calendars at addresses that were last tried before this moment, and files that were last looked through a day before it.
pub async fn due(on: &dyn Executor, before: Timestamp) -> Result<Vec<(WorkspaceId, CalendarId)>> {
    query(
        "SELECT workspace_id, id FROM plan_calendars WHERE tried_at < $1 AND (address IS NOT NULL OR tried_at < $2) \
         ORDER BY tried_at LIMIT 500",
    )
    .bind(before)
    .bind(before - jiff::SignedDuration::from_hours(24))
    .all(on)
    .await
}

/// How the meetings of a calendar changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// New ones.
    pub added: usize,
    /// Moved or renamed ones.
    pub changed: usize,
    /// Those that are gone.
    pub removed: usize,
}

impl Difference {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The id of a meeting that was read: the same whenever the same one is read.
fn meeting_id(calendar: CalendarId, key: &str) -> BusyId {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(format!("{calendar}|{key}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    BusyId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Makes the meetings of a calendar those that were read; what is the same, and what ended before `since`, is left alone.
pub async fn put_meetings(tx: &Tx, workspace: WorkspaceId, of: &Calendar, taken: &[Taken], since: Timestamp) -> Result<Difference> {
    let source = of.id.to_string();
    let mut before: BTreeMap<BusyId, Busy> =
        calendar::of_source(tx, workspace, of.user_id, &source).await?.into_iter().map(|busy| (busy.id, busy)).collect();
    let mut difference = Difference::default();
    let mut written = Vec::new();
    for one in taken {
        let busy = Busy {
            id: meeting_id(of.id, &one.key),
            user_id: of.user_id,
            kind: if one.away { BusyKind::Absence } else { BusyKind::Meeting },
            title: one.title.clone(),
            start_at: one.start,
            finish_at: one.finish,
            source: Some(source.clone()),
        };
        match before.remove(&busy.id) {
            Some(old) if old == busy => continue,
            Some(_) => difference.changed += 1,
            None => difference.added += 1,
        }
        written.push(busy);
    }
    before.retain(|_, busy| busy.finish_at > since);
    difference.removed = before.len();
    let columns = "workspace_id, id, user_id, kind, title, start_at, finish_at, source";
    let changed = "ON CONFLICT (workspace_id, id) DO UPDATE SET kind = excluded.kind, title = excluded.title, \
                   start_at = excluded.start_at, finish_at = excluded.finish_at";
    let mut put = Insert::into("plan_busy", columns, changed);
    for busy in written {
        let row = put.row().bind(workspace).bind(busy.id).bind(busy.user_id).bind(busy.kind).bind(busy.title);
        row.bind(busy.start_at).bind(busy.finish_at).bind(busy.source);
    }
    put.run(tx).await?;
    for some in before.into_keys().collect::<Vec<BusyId>>().chunks(1000) {
        let delete = query("DELETE FROM plan_busy WHERE workspace_id = $1 AND id IN ({list})");
        delete.bind(workspace).bind_list(some.iter().copied()).run(tx).await?;
    }
    Ok(difference)
}
