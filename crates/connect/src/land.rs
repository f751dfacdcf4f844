//! Landing: one fetched object through the connector's pure functions into the modules, in one transaction.

mod plan;

use std::sync::Arc;

use atlas_kernel::{Actor, Result};
use atlas_store::Tx;

use crate::connection::Connection;
use crate::raw::{self, Entry};
use crate::two_way::{self, Rules};
use crate::versions::{self, ObjectState, Version};
use crate::{Applied, Arrival, Connections, Landing};

pub(crate) use self::plan::{Need, Planned, plan, plan_gone, plan_value};

/// What landing an object came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landed {
    /// The modules took it.
    Applied(Applied),
    /// Something newer is stored.
    Stale,
    /// Exactly this is stored.
    Same,
    /// Stored, and landed once what it hangs on is there.
    Held,
    /// Stored, but it could not be read.
    Unreadable,
}

impl Connections {
    /// Lands an object: the raw entry, the modules' records, and the object's line, together.
    ///
    /// With `hold`, an object whose people or companies have not been seen is only stored.
    pub(crate) async fn land(&self, tx: &Tx, connection: &Connection, item: &Planned, hold: bool) -> Result<Landed> {
        let (workspace, id) = (connection.workspace_id, connection.id);
        raw::lock(tx, workspace, id).await?;
        let before = versions::version_of(tx, workspace, id, item.object.kind, &item.id).await?;
        if let Some(landed) = self.nothing_new(tx, connection, item, before.as_ref()).await? {
            return Ok(landed);
        }
        let kind = if item.state == ObjectState::Gone { raw::GONE } else { raw::OBJECT };
        let entry = Entry {
            kind,
            object: item.object.kind,
            external_id: &item.id,
            version: item.version,
            fetched_at: item.started,
            hash: &item.hash,
            body: &item.body,
        };
        let seq = self.append_raw(tx, workspace, id, &entry).await?;
        let held = hold && item.state == ObjectState::Present && self.misses_needs(tx, connection, item).await?;
        let state = if held { ObjectState::Held } else { item.state };
        versions::put(tx, workspace, id, &item.line(seq, state, before.as_ref())).await?;
        match state {
            ObjectState::Held => Ok(Landed::Held),
            ObjectState::Unreadable => Ok(Landed::Unreadable),
            ObjectState::Present | ObjectState::Gone => self.apply(tx, connection, &item.landings).await.map(Landed::Applied),
        }
    }

    /// Lands what was held, from the raw log.
    pub(crate) async fn land_held(&self, tx: &Tx, connection: &Connection, item: &Planned) -> Result<Landed> {
        let (workspace, id) = (connection.workspace_id, connection.id);
        raw::lock(tx, workspace, id).await?;
        let now = versions::version_of(tx, workspace, id, item.object.kind, &item.id).await?;
        match now {
            Some(line) if line.state == ObjectState::Held && line.hash == item.hash => {
                versions::put(tx, workspace, id, &Version { state: item.state, note: item.note.clone(), ..line }).await?;
                self.apply(tx, connection, &item.landings).await.map(Landed::Applied)
            }
            _ => Ok(Landed::Stale),
        }
    }

    /// Notes that a stored object could not be landed, with a code of ours.
    pub(crate) async fn land_nothing(&self, tx: &Tx, connection: &Connection, item: &Planned, code: &str) -> Result<()> {
        let unread = item.unreadable(code);
        self.land(tx, connection, &unread, false).await.map(|_| ())
    }

    /// What to answer when there is nothing to write: exactly this is stored, or something newer.
    async fn nothing_new(&self, tx: &Tx, connection: &Connection, item: &Planned, before: Option<&Version>) -> Result<Option<Landed>> {
        let Some(before) = before else { return Ok(None) };
        let waiting = before.state == ObjectState::Held && item.state == ObjectState::Present;
        if before.hash == item.hash && (before.state == item.state || waiting) {
            let seen = Version { fetched_at: before.fetched_at.max(item.started), ..before.clone() };
            versions::put(tx, connection.workspace_id, connection.id, &seen).await?;
            return Ok(Some(if waiting { Landed::Held } else { Landed::Same }));
        }
        Ok(before.is_newer_than(item.state, item.version, item.started).then_some(Landed::Stale))
    }

    async fn misses_needs(&self, tx: &Tx, connection: &Connection, item: &Planned) -> Result<bool> {
        Ok(!self.missing_needs(tx, connection, &item.needs).await?.is_empty())
    }

    /// The needs that no module has been offered yet.
    pub(crate) async fn missing_needs(&self, on: &dyn atlas_store::Executor, connection: &Connection, needs: &[Need]) -> Result<Vec<Need>> {
        let mut missing = vec![];
        let kinds: std::collections::BTreeSet<_> = needs.iter().map(|n| n.what).collect();
        for what in kinds {
            let Some(object) = self.object_of(&connection.provider, what) else { continue };
            let ids: Vec<String> = needs.iter().filter(|n| n.what == what).map(|n| n.id.clone()).collect();
            let seen = versions::versions_of(on, connection.workspace_id, connection.id, object.kind, &ids).await?;
            missing
                .extend(needs.iter().filter(|n| n.what == what && seen.get(&n.id).is_none_or(|v| v.state == ObjectState::Held)).cloned());
        }
        Ok(missing)
    }

    /// Whether an object would change anything if it were landed now.
    pub(crate) async fn is_news(&self, tx: &Tx, connection: &Connection, item: &Planned) -> Result<bool> {
        let (workspace, id) = (connection.workspace_id, connection.id);
        raw::lock(tx, workspace, id).await?;
        let before = versions::version_of(tx, workspace, id, item.object.kind, &item.id).await?;
        Ok(before.is_none_or(|b| b.hash != item.hash && !b.is_newer_than(item.state, item.version, item.started)))
    }

    /// Gives landing records to the modules, in their order.
    pub(crate) async fn apply(&self, tx: &Tx, connection: &Connection, landings: &[(bool, Landing)]) -> Result<Applied> {
        let connector = self.connector(&connection.provider)?;
        let actor: Actor = connection.actor(connector.name);
        let mut applied = Applied::default();
        let has_fields = |landing: &Landing| matches!(landing, Landing::Person(_) | Landing::Company(_));
        let rules = Arc::new(match landings.iter().any(|(_, landing)| has_fields(landing)) {
            true => two_way::rules(tx, &connector, connection.workspace_id, connection.id).await?,
            false => Rules::default(),
        });
        for (history, landing) in landings {
            let arrival = Arrival {
                actor: actor.clone(),
                connection: connection.id,
                provider: connector.id,
                history: *history,
                rules: rules.clone(),
                landing: landing.clone(),
            };
            for intake in self.intakes() {
                applied += (intake.apply)(tx, &arrival).await?;
            }
        }
        Ok(applied)
    }
}
