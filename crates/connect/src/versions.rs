//! What is stored of each object of the provider, and which of two answers is the newer one.

use std::collections::HashMap;
use std::time::Duration;

use atlas_kernel::{ConnectionId, Result, Timestamp, WorkspaceId, text_enum};
use atlas_store::{Executor, Insert, Tx, built_query, query};

text_enum! {
    /// What became of an object.
    pub(crate) enum ObjectState {
        /// Stored and landed.
        Present = "present",
        /// Stored, and waiting for what it hangs on.
        Held = "held",
        /// The provider says that it is gone.
        Gone = "gone",
        /// Stored, but it could not be landed; the note says why.
        Unreadable = "unreadable",
    }
}
atlas_store::text_column!(ObjectState);

atlas_store::row! {
    /// The line of one object.
    #[derive(Clone, Debug)]
    pub(crate) struct Version {
        pub object: String,
        pub external_id: String,
        pub version: i64,
        pub fetched_at: Timestamp,
        pub seq: i64,
        pub hash: Vec<u8>,
        pub state: ObjectState,
        pub stored_parts: i64,
        pub stated_parts: i64,
        pub note: Option<String>,
    }
}

/// An object changed within the second that its version names may have changed again in it: a fetch that began
/// earlier than this after it proves nothing (seconds; clocks differ a little).
const UNSURE_SECONDS: i64 = 2;
/// An object of which that is so is fetched again this long after.
pub(crate) const SURE_AFTER: Duration = Duration::from_secs(UNSURE_SECONDS.unsigned_abs() + 1);

/// Whether a fetch that began at this moment shows everything that happened in the second that the version names.
pub(crate) fn is_sure(version: i64, fetched_at: Timestamp) -> bool {
    fetched_at.as_second() > version + UNSURE_SECONDS
}

impl Version {
    /// Whether an answer is older than what is stored.
    pub fn is_newer_than(&self, state: ObjectState, version: i64, started: Timestamp) -> bool {
        match (self.state, state) {
            // A tombstone has no version of its own: only the times of the calls say which was later.
            (ObjectState::Gone, ObjectState::Present | ObjectState::Unreadable) => started <= self.fetched_at,
            (_, ObjectState::Gone) => started < self.fetched_at,
            _ => (self.version, self.fetched_at) > (version, started),
        }
    }

    /// Whether a listed item needs no fetch: this version or a newer one is stored, and surely all of it.
    pub fn covers(&self, listed: i64) -> bool {
        let sure = is_sure(self.version, self.fetched_at);
        match self.state {
            ObjectState::Gone => false,
            _ => listed > 0 && (self.version > listed || (self.version == listed && sure)),
        }
    }
}

const COLUMNS: &str = "object, external_id, version, fetched_at, seq, hash, state, stored_parts, stated_parts, note";

/// The lines of many objects of one kind.
pub(crate) async fn versions_of(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    object: &str,
    external_ids: &[String],
) -> Result<HashMap<String, Version>> {
    let mut found = HashMap::new();
    for ids in external_ids.chunks(500) {
        let sql = format!(
            "SELECT {COLUMNS} FROM connect_versions WHERE workspace_id = $1 AND connection_id = $2 AND object = $3 AND external_id IN ({{list}})"
        );
        let rows: Vec<Version> = built_query(sql).bind(workspace).bind(connection).bind(object).bind_list(ids).all(on).await?;
        found.extend(rows.into_iter().map(|row| (row.external_id.clone(), row)));
    }
    Ok(found)
}

/// Objects in a state other than present, newest first.
pub(crate) async fn in_state(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    object: &str,
    state: ObjectState,
    limit: usize,
) -> Result<Vec<Version>> {
    // The state is part of the text: the index is of those states only that few objects are in.
    let sql = format!(
        "SELECT {COLUMNS} FROM connect_versions WHERE workspace_id = $1 AND connection_id = $2 AND state = '{}' AND object = $3 \
         ORDER BY version DESC, external_id LIMIT $4",
        state.as_str()
    );
    built_query(sql).bind(workspace).bind(connection).bind(object).bind(limit).all(on).await
}

/// Writes the lines of objects, each at most once.
pub(crate) async fn put_all<'a>(
    tx: &Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
    versions: impl IntoIterator<Item = &'a Version>,
) -> Result<()> {
    let columns =
        "workspace_id, connection_id, object, external_id, version, fetched_at, seq, hash, state, stored_parts, stated_parts, note";
    let update = "ON CONFLICT (workspace_id, connection_id, object, external_id) DO UPDATE SET version = excluded.version, \
         fetched_at = excluded.fetched_at, seq = excluded.seq, hash = excluded.hash, state = excluded.state, \
         stored_parts = excluded.stored_parts, stated_parts = excluded.stated_parts, note = excluded.note";
    let mut insert = Insert::into("connect_versions", columns, update);
    for version in versions {
        insert
            .row()
            .bind(workspace)
            .bind(connection)
            .bind(&version.object)
            .bind(&version.external_id)
            .bind(version.version)
            .bind(version.fetched_at)
            .bind(version.seq)
            .bind(version.hash.clone())
            .bind(version.state)
            .bind(version.stored_parts)
            .bind(version.stated_parts)
            .bind(version.note.clone());
    }
    insert.run(tx).await.map(|_| ())
}

/// How complete the parts of a connection's objects are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Completeness {
    /// Parts that the provider says there are.
    pub stated: i64,
    /// Parts stored.
    pub stored: i64,
    /// Objects of which the provider gave fewer parts than it says there are.
    pub capped: i64,
    /// Objects that could not be read.
    pub unreadable: i64,
}

/// Counts parts stated and stored.
pub(crate) async fn completeness(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId) -> Result<Completeness> {
    let row: Option<(i64, i64, i64, i64)> = query(
        "SELECT CAST(COALESCE(SUM(stated_parts), 0) AS BIGINT), CAST(COALESCE(SUM(stored_parts), 0) AS BIGINT), \
         CAST(COALESCE(SUM(CASE WHEN stored_parts < stated_parts THEN 1 ELSE 0 END), 0) AS BIGINT), \
         CAST(COALESCE(SUM(CASE WHEN state = 'unreadable' THEN 1 ELSE 0 END), 0) AS BIGINT) \
         FROM connect_versions WHERE workspace_id = $1 AND connection_id = $2 AND state <> 'gone'",
    )
    .bind(workspace)
    .bind(connection)
    .first(on)
    .await?;
    let (stated, stored, capped, unreadable) = row.unwrap_or_default();
    Ok(Completeness { stated, stored, capped, unreadable })
}
