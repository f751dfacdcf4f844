//! Gaps: objects whose line says more than is stored.

use atlas_kernel::Result;
use atlas_store::query;

use crate::connection::Connection;
use crate::{Connections, Object, What};

/// Lines looked at in one question.
const AT_ONCE: usize = 500;

atlas_store::row! {
    /// What a line says, and what there is.
    pub(crate) struct Gap {
        pub external_id: String,
        pub stored_parts: i64,
        /// Whether the answer that the line stands for is in the raw log.
        pub has_raw: bool,
        /// The record behind it.
        pub record: Option<String>,
        /// Messages of it on its record's timeline.
        pub events: i64,
    }
}

/// A page of lines: those with gaps, and where the next page begins.
pub(crate) struct Page {
    pub gaps: Vec<Gap>,
    pub last: String,
}

/// The next page of an object's lines; none when there are no more.
pub(crate) async fn page(conns: &Connections, connection: &Connection, object: Object, after: &str) -> Result<Option<Page>> {
    let what = what_of(conns, connection, object);
    let has_events = if what == Some(What::Conversation) { COUNTED } else { "CAST(0 AS BIGINT)" };
    let sql = format!(
        "SELECT v.external_id, v.stored_parts, \
         EXISTS (SELECT 1 FROM connect_raw r WHERE r.workspace_id = v.workspace_id AND r.connection_id = v.connection_id AND r.seq = v.seq \
         AND r.external_id = v.external_id AND r.version = v.version AND r.hash = v.hash) AS has_raw, \
         m.record, {has_events} AS events FROM connect_versions v LEFT JOIN connect_mappings m ON m.workspace_id = v.workspace_id \
         AND m.connection_id = v.connection_id AND m.what = $4 AND m.external_id = v.external_id \
         WHERE v.workspace_id = $1 AND v.connection_id = $2 AND v.object = $3 AND v.state = 'present' AND v.external_id > $5 \
         ORDER BY v.external_id LIMIT $6"
    );
    let ask = atlas_store::built_query(sql).bind(connection.workspace_id).bind(connection.id).bind(object.kind);
    let rows: Vec<Gap> = ask.bind(what.map_or("", What::as_str)).bind(after).bind(AT_ONCE).all(conns.db()).await?;
    let Some(last) = rows.last().map(|row| row.external_id.clone()) else { return Ok(None) };
    let gaps = rows.into_iter().filter(|row| row.is_gap(what)).collect();
    Ok(Some(Page { gaps, last }))
}

/// Events of a connection on the timeline of the record behind it: each message is one.
const COUNTED: &str = "(SELECT COUNT(*) FROM event_subjects s JOIN events e ON e.workspace_id = s.workspace_id AND e.id = s.event_id \
     WHERE s.workspace_id = v.workspace_id AND s.subject = m.record AND e.connection_id = v.connection_id AND e.source_id IS NOT NULL)";

impl Gap {
    fn is_gap(&self, what: Option<What>) -> bool {
        let mapped = matches!(what, Some(What::Person | What::Company | What::Conversation));
        // The opening message is not one of the parts, and may be missing at the provider: then nothing is found to mend.
        let short = what == Some(What::Conversation) && self.events <= self.stored_parts;
        !self.has_raw || (mapped && self.record.is_none()) || short
    }
}

/// What landing records an object of this kind brings.
pub(crate) fn what_of(conns: &Connections, connection: &Connection, object: Object) -> Option<What> {
    [What::Person, What::Company, What::Conversation, What::Teammate]
        .into_iter()
        .find(|what| conns.object_of(&connection.provider, *what).is_some_and(|o| o.kind == object.kind))
}

/// Messages of an object on its record's timeline, counted again.
pub(crate) async fn events(on: &dyn atlas_store::Executor, connection: &Connection, external_id: &str) -> Result<i64> {
    query(
        "SELECT COUNT(*) FROM connect_mappings m JOIN event_subjects s ON s.workspace_id = m.workspace_id AND s.subject = m.record \
         JOIN events e ON e.workspace_id = s.workspace_id AND e.id = s.event_id WHERE m.workspace_id = $1 AND m.connection_id = $2 \
         AND m.what = $3 AND m.external_id = $4 AND e.connection_id = $2 AND e.source_id IS NOT NULL",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(What::Conversation.as_str())
    .bind(external_id)
    .value(on)
    .await
}
