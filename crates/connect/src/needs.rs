//! What objects hang on: the people of a conversation, the companies of a person, fetched when they were never seen.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::connection::Connection;
use crate::fetch;
use crate::land::{Need, Planned, plan};
use crate::line::{Line, Trouble};
use crate::pacer::Lane;
use crate::{Answer, Connections, Connector, FailureClass, Landing, Object, What};

/// Fetched at most for one object; a crowd is left to its own listing.
const MOST: usize = 20;

impl Connections {
    /// Fetches what an object hangs on and what that hangs on in turn, the deepest first.
    ///
    /// What cannot be had for want of a scope, or is gone, is left out: landing goes on without it.
    pub(crate) async fn fetch_needs(
        &self,
        line: &Line,
        lane: Lane,
        connection: &Connection,
        of: &Planned,
    ) -> Result<Vec<Arc<Planned>>, Trouble> {
        let mut found: Vec<Arc<Planned>> = vec![];
        let mut wanted = self.unseen(connection, &of.needs).await;
        for _depth in 0..2 {
            let mut deeper: Vec<Need> = vec![];
            for need in wanted.into_iter().take(MOST) {
                let Some(object) = self.object_of(&connection.provider, need.what) else { continue };
                if found.iter().any(|f| f.object.kind == object.kind && f.id == need.id) {
                    continue;
                }
                if let Some(planned) = self.fetch_need(line, lane, connection, object, &need.id).await? {
                    deeper.extend(planned.needs.iter().cloned());
                    found.insert(0, Arc::new(planned));
                }
            }
            wanted = self.unseen(connection, &deeper).await;
        }
        Ok(found)
    }

    async fn unseen(&self, connection: &Connection, needs: &[Need]) -> Vec<Need> {
        if needs.is_empty() {
            return vec![];
        }
        self.missing_needs(self.db(), connection, needs).await.unwrap_or_default()
    }

    async fn fetch_need(
        &self,
        line: &Line,
        lane: Lane,
        connection: &Connection,
        object: Object,
        id: &str,
    ) -> Result<Option<Planned>, Trouble> {
        match fetch::fetch(line, lane, object, id).await {
            Ok(fetched) => Ok(plan(&fetched, connection.live_since).ok()),
            Err(Trouble::Failed(failure, answer)) => match failure.class {
                FailureClass::Auth | FailureClass::Transient | FailureClass::Rate => Err(Trouble::Failed(failure, answer)),
                _ => Ok(None),
            },
            Err(halted) => Err(halted),
        }
    }
}

/// Objects on which others hang and which have been looked for.
#[derive(Default)]
pub(crate) struct Met(Mutex<HashSet<(What, String)>>);

/// So many are remembered; then it begins anew.
const MOST_MET: usize = 50_000;

impl Met {
    /// Whether all of these have been looked for.
    pub fn all(&self, needs: &[Need]) -> bool {
        let met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        needs.iter().all(|need| met.contains(&(need.what, need.id.clone())))
    }

    /// These have been looked for: they are here, or cannot be had.
    pub fn add(&self, needs: &[Need]) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if met.len() + needs.len() > MOST_MET {
            met.clear();
        }
        met.extend(needs.iter().map(|need| (need.what, need.id.clone())));
    }
}

/// Which kind of object brings each kind of landing record: the one that says "gone" of it.
pub(crate) fn objects_by_what(connector: &Connector) -> BTreeMap<What, Object> {
    let answer = Answer { status: 404, ..Answer::default() };
    let mut by_what = BTreeMap::new();
    for object in &connector.objects {
        for landing in (object.gone)("0", &answer) {
            if let Landing::Gone { what, .. } = landing {
                by_what.entry(what).or_insert(*object);
            }
        }
    }
    by_what
}
