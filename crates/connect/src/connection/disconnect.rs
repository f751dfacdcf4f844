//! Disconnecting: access ends at once, the provider is told, and what it sent is removed within a day.

use atlas_kernel::{Actor, Result, Timestamp};
use atlas_store::{Event, Tx, query, record_event};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{Connection, ConnectionState, by_id, set_state};
use crate::sync::{self, SyncState};
use crate::{Connections, activity, farewell, purge};

/// Until then somebody can still connect again and keep the data.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// What a disconnect set going.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Disconnected {
    /// When the data goes.
    pub purge_due_at: Timestamp,
    /// Whether the provider is being told.
    pub provider_told: bool,
}

impl Connections {
    /// Ends the connection. The data goes after a day, or at once with `purge_now`; a second call can only hasten that.
    ///
    /// # Errors
    /// Denied; not found.
    pub async fn disconnect(&self, actor: &Actor, slug: &str, purge_now: bool) -> Result<Disconnected> {
        let this = self;
        let (id, done) = self
            .with_connection(actor, slug, |tx, actor, connection| async move {
                let done = this.end(&tx, &actor, &connection, purge_now).await?;
                Ok((connection.id, done))
            })
            .await?;
        self.halt(id);
        Ok(done)
    }

    /// The provider says that the app was removed there: the connection ends here too. One that has ended stays as it is.
    pub(crate) async fn ended_by_provider(&self, seen: &Connection) -> Result<()> {
        let this = self;
        let connector = &*self.connector(&seen.provider)?;
        let actor = &Actor::connection(seen.workspace_id, seen.id, connector.id, connector.name);
        let work = |tx: Tx| async move {
            let now = by_id(&tx, seen.workspace_id, seen.id).await?;
            let Some(connection) = now.filter(|c| c.state != ConnectionState::Disconnected) else { return Ok(()) };
            // Its token is dead already, so there is nobody to say farewell to.
            query("UPDATE connections SET token = NULL WHERE workspace_id = $1 AND id = $2")
                .bind(seen.workspace_id)
                .bind(seen.id)
                .run(&tx)
                .await?;
            let connection = Connection { token: None, ..connection };
            this.end(&tx, actor, &connection, false).await?;
            let detail = format!("{} says that the app was uninstalled there", connector.name);
            activity::note(&tx, seen.workspace_id, seen.id, activity::Level::Warning, "connection.uninstalled", detail).await
        };
        self.db().write(work).await?;
        self.halt(seen.id);
        Ok(())
    }

    /// The provider says that the app was removed there, and lets it in all the same: the word is of an earlier time.
    pub(crate) async fn not_ended_by_provider(&self, seen: &Connection) -> Result<()> {
        let name = self.connector(&seen.provider)?.name;
        let work = |tx: Tx| async move {
            let detail = format!("{name} says that the app was uninstalled there, but access works: nothing was ended");
            activity::note(&tx, seen.workspace_id, seen.id, activity::Level::Warning, "connection.uninstall_contradicted", detail).await
        };
        self.db().write(work).await
    }

    async fn end(&self, tx: &Tx, actor: &Actor, connection: &Connection, purge_now: bool) -> Result<Disconnected> {
        let connector = self.connector(&connection.provider)?;
        let provider_told = connector.oauth.uninstall_path.is_some() && farewell::prepare(self, tx, connection).await?;
        let full = tx.now().checked_add(GRACE).unwrap_or(tx.now());
        let due = if purge_now { tx.now() } else { connection.purge_due_at.unwrap_or(full) };
        let already = connection.state == ConnectionState::Disconnected && connection.purge_due_at.is_some();
        sync::end_active(tx, connection, SyncState::Stopped, Some("disconnected")).await?;
        query("DELETE FROM connect_signals WHERE workspace_id = $1 AND connection_id = $2")
            .bind(connection.workspace_id)
            .bind(connection.id)
            .run(tx)
            .await?;
        query("DELETE FROM connect_states WHERE workspace_id = $1 AND connection_id = $2")
            .bind(connection.workspace_id)
            .bind(connection.id)
            .run(tx)
            .await?;
        set_state(tx, connection, ConnectionState::Disconnected).await?;
        query("UPDATE connections SET token = NULL, paused = $4, disconnected_at = COALESCE(disconnected_at, $3), purge_due_at = $5, next_poll_at = NULL \
             WHERE workspace_id = $1 AND id = $2")
            .bind(connection.workspace_id)
            .bind(connection.id)
            .bind(tx.now())
            .bind(false)
            .bind(due)
            .run(tx)
            .await?;
        purge::enqueue_at(tx, connection, due).await?;
        if !already {
            let data = json!({ "verb": "disconnected", "name": connector.name });
            record_event(tx, actor, Event::new(tx.now(), "connection.disconnected", "record", connection.id, data)).await?;
            let detail = format!("Tokens destroyed. What {} sent is removed by {due}", connector.name);
            activity::note(tx, connection.workspace_id, connection.id, activity::Level::Ok, "connection.disconnected", detail).await?;
        }
        Ok(Disconnected { purge_due_at: due, provider_told })
    }
}
