//! Replay: the raw log through the same pure functions again, without the network, giving the same records.

use atlas_kernel::{Actor, Error, Result};

use crate::connection::{CONNECTIONS_WRITE, Connection, by_slug};
use crate::land::{Planned, plan_gone, plan_value};
use crate::raw::{self, RawRow};
use crate::{Applied, Connections, Connector, Landing};

/// What a replay came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Entries of the raw log that were read.
    pub entries: u64,
    /// What the modules made of them.
    pub applied: Applied,
}

const AT_ONCE: usize = 20;

impl Connections {
    /// Lands the connection's whole raw log again, oldest first; where records are as they should be, nothing changes.
    ///
    /// # Errors
    /// Denied; not found; what the modules or the database answer.
    pub async fn replay(&self, actor: &Actor, slug: &str) -> Result<Replayed> {
        actor.may(&CONNECTIONS_WRITE)?;
        let connector = self.connector(slug)?;
        let connection = &by_slug(self.db(), actor.workspace, slug).await?.ok_or(Error::NotFound("connection"))?;
        let (mut after, mut replayed) = (0, Replayed::default());
        loop {
            let rows = self.raw_after(self.db(), connection.workspace_id, connection.id, after, AT_ONCE).await?;
            let Some(last) = rows.last() else { return Ok(replayed) };
            after = last.seq;
            replayed.entries += rows.len() as u64;
            let planned: Vec<Planned> =
                rows.iter().filter_map(|row| planned(&connector, connection, row).transpose()).collect::<Result<_>>()?;
            let planned = &planned;
            replayed.applied += self
                .db()
                .write(|tx| async move {
                    let mut applied = Applied::default();
                    for object in planned {
                        applied += self.apply(&tx, connection, &object.landings).await?;
                    }
                    Ok(applied)
                })
                .await?;
        }
    }
}

/// What an entry of the raw log was landed as; none when no kind of object is called so any more.
pub(crate) fn planned(connector: &Connector, connection: &Connection, row: &RawRow) -> Result<Option<Planned>> {
    let Some(object) = connector.objects.iter().find(|o| o.kind == row.object).copied() else { return Ok(None) };
    if row.kind == raw::GONE {
        let landings: Vec<Landing> = serde_json::from_slice(&row.body).map_err(Error::internal)?;
        return plan_gone(object, &row.external_id, landings, row.fetched_at).map(Some);
    }
    let value = serde_json::from_slice(&row.body).map_err(Error::internal)?;
    plan_value(object, &row.external_id, &value, row.version, row.fetched_at, connection.live_since).map(Some)
}
