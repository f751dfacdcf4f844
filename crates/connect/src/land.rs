//! Landing: fetched objects through the connector's pure functions into the modules, in one transaction.

mod lot;
mod plan;

use std::sync::Arc;

use atlas_kernel::{Actor, Result};
use atlas_store::Tx;

use crate::connection::Connection;
use crate::two_way::{self, Rules};
use crate::versions::{self, ObjectState};
use crate::{Applied, Arrival, Connections, Landing};

pub(crate) use self::lot::Lot;
pub(crate) use self::plan::{Need, Planned, plan, plan_gone, plan_value};

/// Whether an object is landed with being stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// At once.
    No,
    /// At once if what it hangs on is here, otherwise once that is.
    ForNeeds,
    /// When there is time.
    ForNow,
}

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
    /// Begins to land these objects in one transaction; until it ends, no other one lands anything for the connection.
    pub(crate) async fn lot<'a>(
        &'a self,
        tx: &'a Tx,
        connection: &'a Connection,
        items: impl IntoIterator<Item = (&Planned, Hold)>,
    ) -> Result<Lot<'a>> {
        Lot::begin(self, tx, connection, items).await
    }

    /// Lands an object by itself, see [`Lot::land`].
    pub(crate) async fn land(&self, tx: &Tx, connection: &Connection, item: &Planned, hold: Hold) -> Result<Landed> {
        let mut lot = self.lot(tx, connection, [(item, hold)]).await?;
        let landed = lot.land(item, hold).await?;
        lot.finish().await?;
        Ok(landed)
    }

    /// Notes that a stored object could not be landed, with a code of ours.
    pub(crate) async fn land_nothing(&self, tx: &Tx, connection: &Connection, item: &Planned, code: &str) -> Result<()> {
        self.land(tx, connection, &item.unreadable(code), Hold::No).await.map(|_| ())
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

    /// Gives landing records to the modules, in their order.
    pub(crate) async fn apply(&self, tx: &Tx, connection: &Connection, landings: &[(bool, Landing)]) -> Result<Applied> {
        let rules = self.rules_for(tx, connection, landings).await?;
        self.apply_by(tx, connection, landings, &rules).await
    }

    /// The rules of the fields that these landing records state; none are asked for when they state none.
    async fn rules_for(&self, tx: &Tx, connection: &Connection, landings: &[(bool, Landing)]) -> Result<Arc<Rules>> {
        if !landings.iter().any(|(_, landing)| has_fields(landing)) {
            return Ok(Arc::default());
        }
        let connector = self.connector(&connection.provider)?;
        Ok(Arc::new(two_way::rules(tx, &connector, connection.workspace_id, connection.id).await?))
    }

    async fn apply_by(&self, tx: &Tx, connection: &Connection, landings: &[(bool, Landing)], rules: &Arc<Rules>) -> Result<Applied> {
        let connector = self.connector(&connection.provider)?;
        let actor: Actor = connection.actor(connector.name);
        let mut applied = Applied::default();
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

/// Whether a landing record states fields for which rules can be chosen.
fn has_fields(landing: &Landing) -> bool {
    matches!(landing, Landing::Person(_) | Landing::Company(_))
}
