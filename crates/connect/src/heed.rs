//! Heeding failures: what each class does to a connection, at once and on every node.

use atlas_kernel::{Result, Timestamp};
use atlas_store::{Executor, Tx, query};

use crate::connection::{Connection, bump, put_attention};
use crate::sync::{self, SyncState};
use crate::{Connections, Connector, ErrorRemedy, Failure, FailureClass, activity};

impl Connections {
    /// Acts on a failure: without access everything stops; without a scope or plan, what it covers stops.
    ///
    /// `scope` is the one that the failed call needed. Cursors stay where they are.
    pub(crate) async fn heed(&self, connection: &Connection, scope: &str, failure: &Failure) {
        let done = match failure.class {
            FailureClass::Auth => {
                self.halt(connection.id);
                self.stop_without_access(connection, failure).await
            }
            FailureClass::Scope | FailureClass::Plan => {
                let named = failure.scope.clone().unwrap_or_else(|| scope.to_owned());
                self.stop_what_it_covers(connection, &named, scope, failure).await
            }
            _ => Ok(()),
        };
        if let Err(error) = done {
            tracing::error!(connection.id = %connection.id, %error, "a failure of the provider could not be noted");
        }
    }

    async fn stop_without_access(&self, connection: &Connection, failure: &Failure) -> Result<()> {
        let code = self.known_code(connection, failure);
        let code = code.as_str();
        self.db()
            .write(|tx| async move {
                if put_attention(&tx, connection, code, &failure.message).await? {
                    sync::end_active(&tx, connection, SyncState::Stopped, Some(code)).await?;
                    let detail = format!("{code}: all work stopped, cursors kept. Connect again to go on");
                    activity::note(&tx, connection.workspace_id, connection.id, activity::Level::Error, "connection.stopped", detail)
                        .await?;
                }
                Ok(())
            })
            .await
    }

    async fn stop_what_it_covers(&self, connection: &Connection, named: &str, needed: &str, failure: &Failure) -> Result<()> {
        let connector = self.connector(&connection.provider)?;
        let covered: Vec<&str> = connector.streams.iter().filter(|s| s.scope == named || s.scope == needed).map(|s| s.name).collect();
        let code = self.known_code(connection, failure);
        let (code, covered) = (code.as_str(), covered.as_slice());
        self.db()
            .write(|tx| async move {
                if failure.class == FailureClass::Scope {
                    put_scope(&tx, connection, named, ScopeState::Missing, Some(code)).await?;
                }
                let changed = sync::switch_off(&tx, connection, covered, code, &failure.message).await?;
                if changed > 0 {
                    let detail = format!("{code}: {} switched off, the rest goes on. Needed: {named}", covered.join(", "));
                    activity::note(&tx, connection.workspace_id, connection.id, activity::Level::Warning, "scope.missing", detail).await?;
                    bump(&tx, connection).await?;
                }
                Ok(())
            })
            .await
    }

    /// The page's code for a failure, when the connector's error table knows it by another name.
    pub(crate) fn known_code(&self, connection: &Connection, failure: &Failure) -> String {
        let connector = self.connector(&connection.provider).ok();
        let remedy = connector.as_ref().and_then(|c| remedy(c, &failure.code));
        remedy.map_or_else(|| failure.code.clone(), |r| r.code.to_owned())
    }
}

/// What a code means to a person.
pub(crate) fn remedy<'c>(connector: &'c Connector, code: &str) -> Option<&'c ErrorRemedy> {
    connector.errors.iter().find(|e| e.code == code).or_else(|| connector.errors.iter().find(|e| e.aliases.contains(&code)))
}

atlas_kernel::text_enum! {
    /// Whether the provider has granted a scope.
    pub enum ScopeState {
        /// A call that needs it succeeded.
        Granted = "granted",
        /// A call that needs it was refused.
        Missing = "missing",
        /// It cannot be checked without writing, or has not been.
        NotChecked = "not_checked",
    }
}
atlas_store::text_column!(ScopeState);

atlas_store::row! {
    /// A scope's line.
    #[derive(Clone, Debug)]
    pub(crate) struct ScopeRow {
        pub scope: String,
        pub state: ScopeState,
        pub code: Option<String>,
        pub checked_at: Timestamp,
    }
}

/// Notes what is known of a scope.
pub(crate) async fn put_scope(tx: &Tx, connection: &Connection, scope: &str, state: ScopeState, code: Option<&str>) -> Result<()> {
    query(
        "INSERT INTO connect_scopes (workspace_id, connection_id, scope, state, code, checked_at) VALUES ($1,$2,$3,$4,$5,$6) \
         ON CONFLICT (workspace_id, connection_id, scope) DO UPDATE SET state = excluded.state, code = excluded.code, checked_at = excluded.checked_at",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(scope)
    .bind(state)
    .bind(code)
    .bind(tx.now())
    .run(tx)
    .await
    .map(|_| ())
}

/// What is known of a connection's scopes.
pub(crate) async fn scopes(on: &dyn Executor, connection: &Connection) -> Result<Vec<ScopeRow>> {
    query("SELECT scope, state, code, checked_at FROM connect_scopes WHERE workspace_id = $1 AND connection_id = $2")
        .bind(connection.workspace_id)
        .bind(connection.id)
        .all(on)
        .await
}
