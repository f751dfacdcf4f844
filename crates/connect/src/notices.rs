//! The notice log: what came in, by id and topic, and taking a notice up again. Never what a notice said.

use atlas_kernel::{Actor, Cursor, Error, Page, Result, Timestamp};
use atlas_store::{Event, built_query, query, record_event};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::activity::{self, ActivityId};
use crate::connection::{CONNECTIONS_READ, by_slug};
use crate::{Connections, Signal, signal};

atlas_store::row! {
    /// One notice.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    #[schemars(rename = "ConnectionNotice")]
    pub struct NoticeView {
        /// The line's id, by which it is taken up again.
        pub id: ActivityId,
        /// The provider's id of the notice.
        pub notice_id: String,
        /// The topic.
        pub topic: String,
        /// When it came in.
        pub received_at: Timestamp,
        /// Objects it named that may have changed.
        pub signals: i64,
        /// How often it came again.
        pub repeats: i64,
        /// How many of the objects still wait to be looked at.
        pub waiting: i64,
    }
}

const WAITING: &str = "(SELECT COUNT(*) FROM connect_signals s WHERE s.workspace_id = n.workspace_id AND s.connection_id = n.connection_id \
     AND s.first_at <= n.received_at AND s.last_at >= n.received_at AND s.hint_key <> 'again')";

/// A notice that was taken up again.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoticeReplayed {
    /// The notice's line.
    pub id: ActivityId,
    /// Objects that are looked at again.
    pub signals: usize,
}

impl Connections {
    /// The notices of a connection, newest first.
    ///
    /// # Errors
    /// Denied; not found; a field error for a bad cursor.
    pub async fn notices(&self, actor: &Actor, slug: &str, limit: usize, cursor: Option<&str>) -> Result<Page<NoticeView>> {
        actor.may(&CONNECTIONS_READ)?;
        let Some(connection) = by_slug(self.db(), actor.workspace, slug).await? else {
            self.connector(slug)?;
            return Ok(Page { data: vec![], next_cursor: None });
        };
        let after = cursor.map(Cursor::decode_moment::<ActivityId>).transpose()?;
        let before = if after.is_some() { "AND (n.received_at, n.id) < ($4, $5)" } else { "" };
        let sql = format!(
            "SELECT n.id, n.notice_id, n.topic, n.received_at, n.signals, n.repeats, {WAITING} AS waiting FROM connect_notices n \
             WHERE n.workspace_id = $1 AND n.connection_id = $2 {before} ORDER BY n.received_at DESC, n.id DESC LIMIT $3"
        );
        let mut ask = built_query(sql).bind(connection.workspace_id).bind(connection.id).bind(limit + 1);
        if let Some((at, id)) = after {
            ask = ask.bind(at).bind(id);
        }
        let rows: Vec<NoticeView> = ask.all(self.db()).await?;
        Ok(Page::from_rows(rows, limit, |n| Cursor::moment(n.received_at, n.id)))
    }

    /// Takes a notice up again: what it named is looked at once more. Looking twice changes nothing.
    ///
    /// # Errors
    /// Denied; not found; a conflict `nothing_named` for a notice that named nothing.
    pub async fn replay_notice(&self, actor: &Actor, slug: &str, id: ActivityId) -> Result<NoticeReplayed> {
        self.with_connection(actor, slug, move |tx, actor, connection| async move {
            let sql = "SELECT topic, named FROM connect_notices WHERE workspace_id = $1 AND connection_id = $2 AND id = $3";
            let found: Option<(String, Option<Value>)> =
                query(sql).bind(connection.workspace_id).bind(connection.id).bind(id).first(&tx).await?;
            let (topic, named) = found.ok_or(Error::NotFound("notice"))?;
            let signals: Vec<Signal> = named.and_then(|named| serde_json::from_value(named).ok()).unwrap_or_default();
            if signals.is_empty() {
                let detail = "This notice named nothing to look at. A sync looks at everything.";
                return Err(Error::conflict("nothing_named", detail));
            }
            signal::put_all(&tx, connection.workspace_id, connection.id, &signals).await?;
            let detail = format!("{} took up {topic} again: {} looked at once more", actor.name, signals.len());
            activity::note(&tx, connection.workspace_id, connection.id, activity::Level::Ok, "notice.replayed", detail).await?;
            let data = json!({ "verb": "took up a notice again", "provider": connection.provider, "topic": topic });
            record_event(&tx, &actor, Event::new(tx.now(), "connection.notice_replayed", "record", connection.to_ref(), data)).await?;
            tx.touch(connection.workspace_id, &connection.to_ref());
            Ok(NoticeReplayed { id, signals: signals.len() })
        })
        .await
    }
}
