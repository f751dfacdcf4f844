//! Replay: the raw log through the same pure functions again, without the network, giving the same records.

use std::collections::{BTreeMap, BTreeSet};

use atlas_kernel::{Actor, Error, Result};

use crate::connection::{CONNECTIONS_WRITE, Connection, by_slug};
use crate::land::{Planned, plan_gone, plan_value};
use crate::raw::{self, RawRow};
use crate::versions::{self, ObjectState};
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
            let taken_back = self.taken_back(connection, &rows).await?;
            let stands = rows.iter().filter(|row| !taken_back.contains(&row.seq));
            let planned: Vec<Planned> = stands.filter_map(|row| planned(&connector, connection, row).transpose()).collect::<Result<_>>()?;
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

    /// The entries that say of something that it is gone which is there after all.
    async fn taken_back(&self, connection: &Connection, rows: &[RawRow]) -> Result<BTreeSet<i64>> {
        let mut said: BTreeMap<&str, Vec<&RawRow>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.kind == raw::GONE) {
            said.entry(&row.object).or_default().push(row);
        }
        let mut taken_back = BTreeSet::new();
        for (object, rows) in said {
            let ids: Vec<String> = rows.iter().map(|row| row.external_id.clone()).collect();
            let lines = versions::versions_of(self.db(), connection.workspace_id, connection.id, object, &ids).await?;
            let is_there = |row: &&&RawRow| lines.get(&row.external_id).is_some_and(|line| line.state != ObjectState::Gone);
            taken_back.extend(rows.iter().filter(is_there).map(|row| row.seq));
        }
        Ok(taken_back)
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
