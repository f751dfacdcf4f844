//! All pacers of a node: one for each app and provider workspace, whichever connection calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use atlas_store::Db;
use sha2::{Digest, Sha256};

use super::{Grants, Pacer};
use crate::Connector;
use crate::connection::Connection;

#[derive(Default)]
pub(crate) struct Pacers(Mutex<HashMap<String, Pacer>>);

impl Pacers {
    /// The pacer that the connection's calls go through.
    pub fn of(&self, db: &Db, connector: &Connector, connection: &Connection) -> Pacer {
        let account = connection.account_id.as_deref().unwrap_or("");
        let app = hex::encode(Sha256::digest(format!("{}\n{}\n{account}", connection.api_base, connection.client_id)));
        let per_minute = u32::try_from(connection.per_minute).unwrap_or(connector.limits.per_minute);
        let mut pacers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let made = pacers.entry(app.clone()).or_insert_with(|| {
            let grants = Grants::of(db, connection.workspace_id, &app);
            Pacer::shared(connector.limits.window, per_minute, db.clock(), grants)
        });
        made.set_budget(per_minute);
        made.clone()
    }
}
