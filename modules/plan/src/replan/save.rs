//! Writing what planning anew changed: rows in batches, one change of the plan, one event.

use std::collections::BTreeMap;
use std::sync::Arc;

use atlas_kernel::{Actor, Result, UserId};
use atlas_planner::TaskId;
use atlas_store::{Tx, record_event};
use serde_json::json;

use super::answer::Answer;
use super::{Known, Moves, Replanned, Took};
use crate::plan::{Bodies, Body, Revision, notice, store};
use crate::{Planning, RevisionId};

impl Answer {
    /// Writes it onto the plan it was made from, whose row the transaction has locked.
    pub async fn save(&self, planning: &Planning, tx: &Tx, actor: &Actor) -> Result<Replanned> {
        let workspace = actor.workspace;
        store::put_worked(tx, workspace, &self.worked).await?;
        store::put_people(tx, workspace, &self.people, &self.facts.people).await?;
        store::put_state(tx, workspace, &self.state).await?;
        let mut revision = None;
        if self.is_change() {
            let changed: BTreeMap<TaskId, Option<&Body>> =
                self.changed.iter().map(|id| (*id, self.bodies.get(id).map(Arc::as_ref))).collect();
            store::put_bodies(tx, workspace, &changed).await?;
            let change = self.revision(actor, RevisionId::new(tx.now()));
            store::put_revision(tx, workspace, &change).await?;
            notice::put(tx, actor, &self.notices).await?;
            tell(tx, actor, &change, &self.bodies, &self.moves).await?;
            revision = Some(change.id);
        }
        // Should this transaction come to nothing, no row of a plan ever says this, and the copy is never used.
        planning.cache().keep(workspace, Arc::new(Known::new(self.state.clone(), &self.bodies, &self.facts)));
        let (moves, facts, bodies) = (self.moves.clone(), self.facts.clone(), self.bodies.clone());
        Ok(Replanned { revision, moves, facts, bodies, took: Took::default() })
    }

    fn revision(&self, actor: &Actor, id: RevisionId) -> Revision {
        Revision {
            id,
            number: self.state.revision,
            at: self.at,
            by: actor.user,
            said: self.said.clone(),
            digest_before: self.digest_before.clone(),
            before: self.changed.iter().map(|id| (*id, self.before.get(id).map(|body| Body::clone(body)))).collect(),
            undo: self.undo.clone(),
            moves: self.moves.iter().map(|(task, _)| *task).collect(),
            undone: false,
        }
    }
}

/// One event for the change; the tasks that moved show it in their history.
async fn tell(tx: &Tx, actor: &Actor, revision: &Revision, bodies: &Bodies, moves: &Moves) -> Result<()> {
    let count = moves.len();
    let change = format!("{}: {}", revision.said, crate::words::moved_words(moves, &|_: UserId| jiff::tz::TimeZone::UTC, tx.now()));
    let data = json!({ "verb": "planned", "name": "the plan", "to": "", "change": change, "moved": count });
    let mut event = atlas_store::Event::new(tx.now(), "plan.changed", "plan", revision.id, data);
    let shown = moves.iter().take(50).filter(|(task, _)| bodies.contains_key(task));
    event = event.about(shown.map(|(task, _)| atlas_kernel::Ref::new("task", store::row_id(*task))));
    record_event(tx, actor, event).await?;
    tx.touch_topic(actor.workspace, "plan");
    Ok(())
}
