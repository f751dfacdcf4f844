//! The log of what was written to the provider, field by field, with what was there before.

use atlas_kernel::{Actor, Cursor, Page, Ref, Result, Timestamp, text_enum};
use atlas_store::{Executor, Tx, built_query, query};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::batch::BatchId;
use super::state::Place;
use crate::Connections;
use crate::connection::{CONNECTIONS_READ, Connection, by_slug};

atlas_kernel::kinds! {
    /// One field written to a provider.
    Write = "write", WriteId;
}

text_enum! {
    /// How a write is.
    pub enum WriteState {
        /// On its way: the provider may have it or not. Whoever takes it up looks first.
        Sending = "sending",
        /// The provider has it.
        Written = "written",
        /// The provider refused it; the code says why.
        Refused = "refused",
        /// It was taken back.
        Undone = "undone",
        /// It could not be taken back: the field was changed since.
        Kept = "kept",
    }
}
atlas_store::text_column!(WriteState);

atlas_store::row! {
    /// One field written to a provider.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    #[schemars(rename = "ProviderWrite")]
    pub struct WriteView {
        /// The write's id.
        pub id: WriteId,
        /// `person` or `company`.
        pub kind: String,
        /// The provider's id of the record.
        pub external_id: String,
        /// The record in Atlas.
        pub record: Ref,
        /// The field's name over REST.
        pub field: String,
        /// What the provider had.
        pub before: Option<Value>,
        /// What was written.
        pub after: Option<Value>,
        /// How it is.
        pub state: WriteState,
        /// The provider's code, when it refused.
        pub code: Option<String>,
        /// The provider's words, when it refused.
        pub message: Option<String>,
        /// The batch it belongs to.
        pub batch_id: Option<BatchId>,
        /// Whose value it is: a member, another connection, or nobody.
        pub written_by: Option<Ref>,
        /// When it was begun.
        pub at: Timestamp,
        /// When it ended.
        pub done_at: Option<Timestamp>,
    }
}

const COLUMNS: &str =
    "id, what AS kind, external_id, record, field, before, after, state, code, message, batch_id, written_by, at, done_at";

/// A write that is about to be sent.
#[derive(Clone, Debug)]
pub(super) struct Intent {
    pub field: &'static str,
    pub before: Option<Value>,
    pub after: Value,
    pub by: Option<Ref>,
}

/// Notes writes before they are sent.
pub(super) async fn begin(tx: &Tx, place: &Place<'_>, record: &Ref, batch: Option<BatchId>, intents: &[Intent]) -> Result<()> {
    for intent in intents {
        query(
            "INSERT INTO connect_writes (workspace_id, id, connection_id, what, external_id, record, field, before, after, state, batch_id, \
             written_by, at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)",
        )
        .bind(place.workspace)
        .bind(WriteId::new(tx.now()))
        .bind(place.connection)
        .bind(place.what.as_str())
        .bind(place.external_id)
        .bind(record)
        .bind(intent.field)
        .bind(intent.before.clone())
        .bind(intent.after.clone())
        .bind(WriteState::Sending)
        .bind(batch)
        .bind(intent.by.clone())
        .bind(tx.now())
        .run(tx)
        .await?;
    }
    Ok(())
}

/// Ends what is on its way for a record: each field as `verdict` says.
pub(super) async fn end(
    tx: &Tx,
    place: &Place<'_>,
    verdict: impl Fn(&WriteView) -> (WriteState, Option<String>, Option<String>),
) -> Result<()> {
    for write in sending(tx, place).await? {
        let (state, code, message) = verdict(&write);
        let sql = "UPDATE connect_writes SET state = $3, code = $4, message = $5, done_at = $6 WHERE workspace_id = $1 AND id = $2";
        query(sql).bind(place.workspace).bind(write.id).bind(state).bind(code).bind(message).bind(tx.now()).run(tx).await?;
    }
    Ok(())
}

/// What is on its way for a record.
async fn sending(on: &dyn Executor, place: &Place<'_>) -> Result<Vec<WriteView>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connect_writes WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4 AND state = 'sending'"
    );
    built_query(sql).bind(place.workspace).bind(place.connection).bind(place.what.as_str()).bind(place.external_id).all(on).await
}

/// What a batch wrote into a record and still can be taken back, newest first.
pub(super) async fn written_by_batch(on: &dyn Executor, place: &Place<'_>, batch: &str) -> Result<Vec<WriteView>> {
    let Ok(batch) = batch.parse::<BatchId>() else { return Ok(vec![]) };
    let sql = format!(
        "SELECT {COLUMNS} FROM connect_writes WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4 \
         AND state = 'written' AND batch_id = $5 ORDER BY at DESC, id DESC"
    );
    let ask = built_query(sql).bind(place.workspace).bind(place.connection).bind(place.what.as_str()).bind(place.external_id);
    ask.bind(batch).all(on).await
}

/// Marks a write as taken back, or as kept because the field was changed since.
pub(super) async fn mark(tx: &Tx, connection: &Connection, id: WriteId, state: WriteState) -> Result<()> {
    let sql = "UPDATE connect_writes SET state = $3 WHERE workspace_id = $1 AND id = $2";
    query(sql).bind(connection.workspace_id).bind(id).bind(state).run(tx).await.map(|_| ())
}

impl Connections {
    /// What was written to the provider, newest first; of one batch, when one is named.
    ///
    /// # Errors
    /// Denied; not found; a field error for a bad cursor.
    pub async fn writes(
        &self,
        actor: &Actor,
        slug: &str,
        batch: Option<BatchId>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<WriteView>> {
        actor.may(&CONNECTIONS_READ)?;
        let Some(connection) = by_slug(self.db(), actor.workspace, slug).await? else {
            self.connector(slug)?;
            return Ok(Page { data: vec![], next_cursor: None });
        };
        let mut values: Vec<atlas_store::Value> = vec![connection.workspace_id.into(), connection.id.into(), (limit + 1).into()];
        let mut further = String::new();
        if let Some(batch) = batch {
            values.push(batch.into());
            further.push_str(&format!(" AND batch_id = ${}", values.len()));
        }
        if let Some(cursor) = cursor {
            let (at, id) = Cursor::decode_moment::<WriteId>(cursor)?;
            values.extend([at.into(), id.into()]);
            further.push_str(&format!(" AND (at, id) < (${}, ${})", values.len() - 1, values.len()));
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM connect_writes WHERE workspace_id = $1 AND connection_id = $2{further} ORDER BY at DESC, id DESC LIMIT $3"
        );
        let rows: Vec<WriteView> = values.into_iter().fold(built_query(sql), atlas_store::Query::bind).all(self.db()).await?;
        Ok(Page::from_rows(rows, limit, |w| Cursor::moment(w.at, w.id)))
    }
}
