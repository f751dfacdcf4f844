//! The activity log of a connection: what happened, in our words. Never payloads, never what customers wrote.

use atlas_kernel::{ConnectionId, Cursor, Page, Result, Timestamp, WorkspaceId, text_enum};
use atlas_store::{Executor, Tx, built_query, query};
use schemars::JsonSchema;
use serde::Serialize;

atlas_kernel::kinds! {
    /// One line of a connection's log.
    Activity = "act", ActivityId;
}

text_enum! {
    /// How a line is to be read.
    pub enum Level {
        /// As it should be.
        Ok = "ok",
        /// Worth knowing.
        Warning = "warning",
        /// Something did not work.
        Error = "error",
    }
}
atlas_store::text_column!(Level);

atlas_store::row! {
    /// One line of the log: something that Atlas did, or a notice that came in.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    #[schemars(rename = "ConnectionEvent")]
    pub struct LogLine {
        /// The line's id.
        pub id: ActivityId,
        /// When.
        pub at: Timestamp,
        /// `activity` or `notice`.
        pub kind: String,
        /// How it is to be read.
        pub level: Level,
        /// What happened (`sync.finished`), or the notice's topic.
        pub name: String,
        /// A sentence, built from counts and codes.
        pub detail: String,
    }
}

/// Lines older than this are deleted.
pub(crate) const KEPT_DAYS: i64 = 30;

/// Writes a line.
pub(crate) async fn note(
    tx: &Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
    level: Level,
    name: &str,
    detail: impl Into<String>,
) -> Result<()> {
    query("INSERT INTO connect_activity (workspace_id, id, connection_id, at, level, name, detail) VALUES ($1,$2,$3,$4,$5,$6,$7)")
        .bind(workspace)
        .bind(ActivityId::new(tx.now()))
        .bind(connection)
        .bind(tx.now())
        .bind(level)
        .bind(name)
        .bind(detail.into())
        .run(tx)
        .await
        .map(|_| ())
}

const NOTICES: &str = "SELECT id, received_at AS at, 'notice' AS kind, 'ok' AS level, topic AS name, \
     CASE WHEN signals = 0 THEN 'Acknowledged, nothing to fetch' WHEN repeats > 0 THEN 'Accepted, repeated by the provider' ELSE 'Accepted' END AS detail \
     FROM connect_notices WHERE workspace_id = $1 AND connection_id = $2";
const ACTIVITY: &str =
    "SELECT id, at, 'activity' AS kind, level, name, detail FROM connect_activity WHERE workspace_id = $1 AND connection_id = $2";

/// A page of the log, newest first; `level` leaves out lines that are less serious.
///
/// # Errors
/// A field error for a bad cursor; whatever the database answers.
pub(crate) async fn log(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    level: Option<Level>,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<LogLine>> {
    let after = cursor.map(Cursor::decode_moment::<ActivityId>).transpose()?;
    let before = |column: &str| if after.is_some() { format!("AND ({column}, id) < ($4, $5)") } else { String::new() };
    let only = match level {
        None | Some(Level::Ok) => String::new(),
        Some(Level::Warning) => "AND level <> 'ok'".to_owned(),
        Some(Level::Error) => "AND level = 'error'".to_owned(),
    };
    let activity = format!("SELECT * FROM ({ACTIVITY} {only} {} ORDER BY at DESC, id DESC LIMIT $3) a", before("at"));
    let sql = if only.is_empty() {
        let notices = format!("SELECT * FROM ({NOTICES} {} ORDER BY received_at DESC, id DESC LIMIT $3) n", before("received_at"));
        format!("SELECT * FROM ({activity} UNION ALL {notices}) l ORDER BY at DESC, id DESC LIMIT $3")
    } else {
        activity
    };
    let mut ask = built_query(sql).bind(workspace).bind(connection).bind(limit + 1);
    if let Some((at, id)) = after {
        ask = ask.bind(at).bind(id);
    }
    let rows: Vec<LogLine> = ask.all(on).await?;
    Ok(Page::from_rows(rows, limit, |line| Cursor::moment(line.at, line.id)))
}
