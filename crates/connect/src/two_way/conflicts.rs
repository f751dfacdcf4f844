//! Fields that wait for a person: both sides changed them, or the provider has another record with the same value.

use atlas_kernel::{Actor, ConnectionId, Cursor, Error, Page, Ref, Result, Timestamp, WorkspaceId, text_enum};
use atlas_store::{Event, Executor, Tx, built_query, query, record_event};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::outlet::Take;
use super::push;
use super::state::{Memory, Place, memories, remember};
use crate::connection::{CONNECTIONS_READ, Connection, by_slug};
use crate::{Connections, What, activity};

atlas_kernel::kinds! {
    /// A field that waits for a decision.
    Conflict = "conf", ConflictId;
}

text_enum! {
    /// Which value holds.
    pub enum ConflictDecision {
        /// The one in Atlas; it is written to the provider.
        Atlas = "atlas",
        /// The provider's; it comes in.
        Provider = "provider",
    }
}
atlas_store::text_column!(ConflictDecision);

/// What was found when a conflict opened.
pub(super) struct Found {
    pub code: &'static str,
    pub base: Option<Value>,
    pub ours: Option<Value>,
    pub theirs: Option<Value>,
    pub twin: Option<String>,
}

atlas_store::row! {
    /// A conflict as stored.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    #[schemars(rename = "FieldConflict")]
    pub struct ConflictView {
        /// The conflict's id.
        pub id: ConflictId,
        /// The connection.
        pub connection_id: ConnectionId,
        /// `person` or `company`.
        pub kind: String,
        /// The provider's id of the record.
        pub external_id: String,
        /// The record in Atlas.
        pub record: Ref,
        /// The field's name over REST.
        pub field: String,
        /// `both_changed`, or `taken` when another record of the provider has the value already.
        pub code: String,
        /// What both sides last had in common.
        pub base: Option<Value>,
        /// The value in Atlas when the conflict opened.
        pub ours: Option<Value>,
        /// The provider's value when it opened.
        pub theirs: Option<Value>,
        /// The provider's id of the record that has the value already.
        pub twin: Option<String>,
        /// Since when it waits.
        pub opened_at: Timestamp,
    }
}

const COLUMNS: &str = "id, connection_id, what AS kind, external_id, record, field, code, base, ours, theirs, twin, opened_at";

/// Opens a conflict, or brings the open one up to date.
pub(super) async fn open(tx: &Tx, place: &Place<'_>, record: &Ref, field: &str, found: Found) -> Result<()> {
    query(
        "INSERT INTO connect_conflicts (workspace_id, id, connection_id, what, external_id, record, field, code, base, ours, theirs, twin, opened_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13) ON CONFLICT (workspace_id, connection_id, what, external_id, field) \
         WHERE decided_at IS NULL DO UPDATE SET code = excluded.code, base = excluded.base, ours = excluded.ours, theirs = excluded.theirs, \
         twin = excluded.twin",
    )
    .bind(place.workspace)
    .bind(ConflictId::new(tx.now()))
    .bind(place.connection)
    .bind(place.what.as_str())
    .bind(place.external_id)
    .bind(record)
    .bind(field)
    .bind(found.code)
    .bind(found.base)
    .bind(found.ours)
    .bind(found.theirs)
    .bind(found.twin)
    .bind(tx.now())
    .run(tx)
    .await?;
    tx.touch(place.workspace, record);
    tx.touch(place.workspace, &place.connection.to_ref());
    Ok(())
}

/// Both sides agree again, or the rule decided: nobody needs to any more.
pub(super) async fn close(tx: &Tx, place: &Place<'_>, field: &str) -> Result<()> {
    let sql = "DELETE FROM connect_conflicts WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4 AND field = $5 \
         AND decided_at IS NULL";
    let ask = query(sql).bind(place.workspace).bind(place.connection).bind(place.what.as_str()).bind(place.external_id).bind(field);
    if ask.run(tx).await? > 0 {
        tx.touch(place.workspace, &place.connection.to_ref());
    }
    Ok(())
}

/// The fields of a record that wait for a decision.
pub(super) async fn open_fields(on: &dyn Executor, place: &Place<'_>) -> Result<Vec<String>> {
    let sql = "SELECT field FROM connect_conflicts WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4 \
         AND decided_at IS NULL";
    query(sql).bind(place.workspace).bind(place.connection).bind(place.what.as_str()).bind(place.external_id).values(on).await
}

/// The conflicts of one record that wait for a decision, with the provider of each.
///
/// # Errors
/// Whatever the database answers.
pub async fn record_conflicts(on: &dyn Executor, workspace: WorkspaceId, record: &Ref) -> Result<Vec<(String, ConflictView)>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connect_conflicts WHERE workspace_id = $1 AND record = $2 AND decided_at IS NULL ORDER BY opened_at, id LIMIT 50"
    );
    let rows: Vec<ConflictView> = built_query(sql).bind(workspace).bind(record).all(on).await?;
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let providers: Vec<(ConnectionId, String)> =
        query("SELECT id, provider FROM connections WHERE workspace_id = $1").bind(workspace).all(on).await?;
    let provider = |id: ConnectionId| providers.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone());
    Ok(rows.into_iter().filter_map(|row| Some((provider(row.connection_id)?, row))).collect())
}

impl Connections {
    /// The conflicts of a connection that wait, oldest first.
    ///
    /// # Errors
    /// Denied; not found; a field error for a bad cursor.
    pub async fn conflicts(&self, actor: &Actor, slug: &str, limit: usize, cursor: Option<&str>) -> Result<Page<ConflictView>> {
        actor.may(&CONNECTIONS_READ)?;
        let Some(connection) = by_slug(self.db(), actor.workspace, slug).await? else {
            self.connector(slug)?;
            return Ok(Page { data: vec![], next_cursor: None });
        };
        let after = cursor.map(Cursor::decode_moment::<ConflictId>).transpose()?;
        let further = if after.is_some() { "AND (opened_at, id) > ($4, $5)" } else { "" };
        let sql = format!(
            "SELECT {COLUMNS} FROM connect_conflicts WHERE workspace_id = $1 AND connection_id = $2 AND decided_at IS NULL {further} \
             ORDER BY opened_at, id LIMIT $3"
        );
        let mut ask = built_query(sql).bind(connection.workspace_id).bind(connection.id).bind(limit + 1);
        if let Some((at, id)) = after {
            ask = ask.bind(at).bind(id);
        }
        let rows: Vec<ConflictView> = ask.all(self.db()).await?;
        Ok(Page::from_rows(rows, limit, |c| Cursor::moment(c.opened_at, c.id)))
    }

    /// Decides a conflict. Atlas's value is written to the provider, the provider's comes in.
    ///
    /// # Errors
    /// Denied; not found, also when it was decided meanwhile.
    pub async fn decide(&self, actor: &Actor, slug: &str, id: ConflictId, decision: ConflictDecision) -> Result<()> {
        let connector = self.connector(slug)?;
        let conns = self.clone();
        self.with_connection(actor, slug, move |tx, actor, connection| {
            let (connector, conns) = (connector.clone(), conns.clone());
            async move {
                let conflict = take_up(&tx, &connection, id).await?;
                let Some(mapping) = connector.fields.iter().find(|m| m.what.as_str() == conflict.kind && m.field == conflict.field) else {
                    return Err(Error::NotFound("conflict"));
                };
                let place = place(&connection, mapping.what, &conflict.external_id);
                let memory = memories(&tx, &place).await?.remove(&conflict.field).unwrap_or_default();
                // What the provider says now is what both sides go on from.
                remember(&tx, &place, &conflict.field, &Memory { base: None, held: memory.held }).await?;
                match (decision, conflict.theirs.clone()) {
                    (ConflictDecision::Atlas, _) => push::note(&tx, &place).await?,
                    (ConflictDecision::Provider, Some(value)) => {
                        let why = format!("chosen by {}", actor.name);
                        let taken = Take { record: conflict.record.clone(), field: conflict.field.clone(), value, why };
                        if let Some(outlet) = conns.outlet(mapping.what) {
                            (outlet.take)(&tx, &connection.actor(connector.name), connection.id, taken).await?;
                        }
                    }
                    (ConflictDecision::Provider, None) => {}
                }
                close_decided(&tx, &connection, &actor, &conflict, decision).await
            }
        })
        .await
    }
}

fn place<'a>(connection: &Connection, what: What, external_id: &'a str) -> Place<'a> {
    Place { workspace: connection.workspace_id, connection: connection.id, what, external_id }
}

async fn take_up(tx: &Tx, connection: &Connection, id: ConflictId) -> Result<ConflictView> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connect_conflicts WHERE workspace_id = $1 AND connection_id = $2 AND id = $3 AND decided_at IS NULL"
    );
    let found: Option<ConflictView> = built_query(sql).bind(connection.workspace_id).bind(connection.id).bind(id).first(tx).await?;
    found.ok_or(Error::NotFound("conflict"))
}

async fn close_decided(tx: &Tx, connection: &Connection, actor: &Actor, conflict: &ConflictView, decision: ConflictDecision) -> Result<()> {
    let sql = "UPDATE connect_conflicts SET decided_at = $3, decided_by = $4, decision = $5 WHERE workspace_id = $1 AND id = $2";
    let by = actor.user.map(|user| user.to_ref());
    query(sql).bind(connection.workspace_id).bind(conflict.id).bind(tx.now()).bind(by).bind(decision).run(tx).await?;
    let data = json!({ "verb": "decided a conflict of", "field": conflict.field, "decision": decision, "provider": connection.provider });
    let event = Event::new(tx.now(), "connection.conflict_decided", "record", connection.to_ref(), data).about([conflict.record.clone()]);
    record_event(tx, actor, event).await?;
    let detail = format!("{} of a {}: {decision} holds", conflict.field, conflict.kind);
    activity::note(tx, connection.workspace_id, connection.id, activity::Level::Ok, "conflict.decided", detail).await?;
    tx.touch(connection.workspace_id, &conflict.record);
    tx.touch(connection.workspace_id, &connection.to_ref());
    Ok(())
}
