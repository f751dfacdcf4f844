//! Settings of a connection, and its switches: pause, resume, off and on.

use atlas_kernel::{Actor, Error, Result};
use atlas_store::{Event, Tx, query, record_event};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{CONNECTIONS_WRITE, Connection, ConnectionState, bump, by_slug, set_state};
use crate::{Connections, activity, sync};

/// What of a connection's settings is to change.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsChange {
    /// Calls a minute that Atlas may make, 6 to 100,000.
    #[serde(default)]
    #[schemars(range(min = 6, max = 100_000))]
    pub per_minute: Option<i64>,
    /// Seconds between two looks for changes, 10 to 86,400.
    #[serde(default)]
    #[schemars(range(min = 10, max = 86_400))]
    pub poll_seconds: Option<i64>,
}

impl Connections {
    /// Changes the rate budget and the polling interval.
    ///
    /// # Errors
    /// Denied; not found; a field error out of range; stale when `if_match` names another version.
    pub async fn change_settings(&self, actor: &Actor, slug: &str, change: SettingsChange, if_match: Option<i64>) -> Result<()> {
        for (field, value, range) in [("perMinute", change.per_minute, 6..=100_000), ("pollSeconds", change.poll_seconds, 10..=86_400)] {
            if value.is_some_and(|v| !range.contains(&v)) {
                return Err(Error::field(field, "out_of_range", format!("between {} and {}", range.start(), range.end())));
            }
        }
        self.with_connection(actor, slug, move |tx, _, connection| {
            let change = change.clone();
            async move {
                if if_match.is_some_and(|version| version != connection.version) {
                    return Err(Error::Stale);
                }
                save(&tx, &connection, &change).await
            }
        })
        .await?;
        if let Some(connection) = by_slug(self.db(), actor.workspace, slug).await? {
            self.pacer(&connection)?;
        }
        Ok(())
    }

    /// Pauses the sync under way, the schedule and writing: nothing is asked of the provider. Notices go on arriving, and what they name is looked at
    /// once it resumes.
    ///
    /// # Errors
    /// Denied; not found.
    pub async fn pause(&self, actor: &Actor, slug: &str) -> Result<()> {
        let id =
            self.with_connection(actor, slug, |tx, actor, connection| async move { switch(&tx, &actor, &connection, true).await }).await?;
        self.halt(id);
        Ok(())
    }

    /// Lets the paused sync go on where it stopped.
    ///
    /// # Errors
    /// Denied; not found.
    pub async fn resume(&self, actor: &Actor, slug: &str) -> Result<()> {
        self.with_connection(actor, slug, |tx, actor, connection| async move { switch(&tx, &actor, &connection, false).await }).await?;
        Ok(())
    }

    /// Switches a connection off (data, token and cursors stay) or on again.
    ///
    /// # Errors
    /// Denied; not found; a conflict when there is no access to switch off or on.
    pub async fn set_enabled(&self, actor: &Actor, slug: &str, enabled: bool) -> Result<()> {
        let id = self
            .with_connection(actor, slug, move |tx, actor, connection| async move { enable(&tx, &actor, &connection, enabled).await })
            .await?;
        self.halt(id);
        Ok(())
    }

    /// Runs `work` on the workspace's connection, after checking that the actor may write connections.
    pub(crate) async fn with_connection<T, F, Fut>(&self, actor: &Actor, slug: &str, work: F) -> Result<T>
    where
        F: Fn(Tx, Actor, Connection) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T>> + Send,
        T: Send,
    {
        actor.may(&CONNECTIONS_WRITE)?;
        self.connector(slug)?;
        self.db()
            .write(|tx| {
                let (actor, work) = (actor.clone(), &work);
                async move {
                    let connection = by_slug(&tx, actor.workspace, slug).await?.ok_or(Error::NotFound("connection"))?;
                    work(tx.clone(), actor, connection).await
                }
            })
            .await
    }
}

async fn save(tx: &Tx, connection: &Connection, change: &SettingsChange) -> Result<()> {
    query("UPDATE connections SET per_minute = $3, poll_seconds = $4, next_poll_at = NULL WHERE workspace_id = $1 AND id = $2")
        .bind(connection.workspace_id)
        .bind(connection.id)
        .bind(change.per_minute.unwrap_or(connection.per_minute))
        .bind(change.poll_seconds.unwrap_or(connection.poll_seconds))
        .run(tx)
        .await?;
    bump(tx, connection).await
}

async fn switch(tx: &Tx, actor: &Actor, connection: &Connection, pause: bool) -> Result<atlas_kernel::ConnectionId> {
    if connection.paused == pause {
        return Ok(connection.id);
    }
    query("UPDATE connections SET paused = $3, next_poll_at = NULL WHERE workspace_id = $1 AND id = $2")
        .bind(connection.workspace_id)
        .bind(connection.id)
        .bind(pause)
        .run(tx)
        .await?;
    bump(tx, connection).await?;
    if pause {
        sync::mark_paused(tx, connection).await?;
    } else {
        sync::wake(tx, connection).await?;
    }
    let (verb, name) = if pause { ("paused the sync of", "sync.paused") } else { ("resumed the sync of", "sync.resumed") };
    let data = json!({ "verb": verb, "name": connection.provider });
    record_event(tx, actor, Event::new(tx.now(), "connection.paused", "record", connection.id, data)).await?;
    activity::note(tx, connection.workspace_id, connection.id, activity::Level::Ok, name, "By a person").await?;
    Ok(connection.id)
}

async fn enable(tx: &Tx, actor: &Actor, connection: &Connection, enabled: bool) -> Result<atlas_kernel::ConnectionId> {
    let (from, to, verb) = match enabled {
        true => (vec![ConnectionState::Disabled], ConnectionState::Connected, "switched on"),
        false => (vec![ConnectionState::Connected, ConnectionState::NeedsAttention], ConnectionState::Disabled, "switched off"),
    };
    if connection.state == to {
        return Ok(connection.id);
    }
    if !from.contains(&connection.state) || connection.token.is_none() {
        return Err(Error::conflict("not_connected", "There is no access to switch off or on. Connect first."));
    }
    set_state(tx, connection, to).await?;
    if enabled {
        sync::wake(tx, connection).await?;
    } else {
        sync::mark_paused(tx, connection).await?;
    }
    let data = json!({ "verb": verb, "name": connection.provider });
    record_event(tx, actor, Event::new(tx.now(), "connection.switched", "record", connection.id, data)).await?;
    Ok(connection.id)
}
