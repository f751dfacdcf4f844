//! Everything that planning anew reads: the plan as it is kept, and the facts as they are now.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use atlas_kernel::{Result, Timestamp, UserId, WorkspaceId};
use atlas_planner::{Minute, Person, TaskId};
use atlas_store::Executor;

use super::Why;
use super::known::Kept;
use crate::Planning;
use crate::facts::{Facts, moment, present, user_id};
use crate::plan::{Bodies, State, store};

/// So many changes back it is looked for a plan that answered the same facts.
const LOOK_BACK: usize = 40;

/// Everything that planning anew reads.
pub struct Question {
    pub(super) at: Timestamp,
    pub(super) now: Minute,
    pub(super) state: State,
    pub(super) before: Arc<Bodies>,
    pub(super) people: Arc<BTreeMap<UserId, Person>>,
    pub(super) facts: Facts,
    pub(super) digest: String,
    /// The minutes worked of each task, what runs right now included.
    pub(super) worked: HashMap<TaskId, i64>,
    /// Accepted blocks that have ended since, to be kept as worked.
    pub(super) ended: Vec<store::Worked>,
    /// The plan that answered these very facts before, when a later one answers others.
    pub(super) earlier: Option<Bodies>,
}

impl Question {
    /// Reads it.
    pub(super) async fn read(
        planning: &Planning,
        on: &dyn Executor,
        workspace: WorkspaceId,
        at: Timestamp,
        state: State,
        why: &Why,
    ) -> Result<Self> {
        let now = present(at);
        let known = planning.cache().of(workspace, &state);
        let Kept { bodies: before, people } = match &known {
            Some(known) if !why.rewrites_blocks() => known.kept(),
            _ => Kept::read(on, workspace).await?,
        };
        let work = why.turn.work(planning, on, workspace, known.as_deref()).await?;
        let facts = Facts::of_work(on, workspace, at, work).await?;
        let digest = facts.digest();
        let ended = ended(&before, &facts, now);
        let mut worked = store::worked_minutes(on, workspace, &ended).await?;
        // What was over and is open again is not in the plan yet, and what was worked of it stays worked.
        let again: Vec<TaskId> = facts.tasks.keys().filter(|task| state.revision > 0 && !before.contains_key(task)).copied().collect();
        worked.extend(store::worked_of(on, workspace, &again).await?);
        for (task, minutes) in running(&before, now).filter(|(task, _)| facts.tasks.contains_key(task)) {
            *worked.entry(task).or_insert(0) += minutes;
        }
        let earlier = earlier_plan(on, workspace, &state, &digest, &before, why.back_to).await?;
        Ok(Self { at, now, state, before, people, facts, digest, worked, ended, earlier })
    }
}

impl Why {
    /// Whether blocks were written past the plan's own door just now, so that only the database knows them.
    fn rewrites_blocks(&self) -> bool {
        self.back_to.is_some()
    }
}

/// Accepted blocks that have ended, and what was worked of tasks that are over.
fn ended(before: &Bodies, facts: &Facts, now: Minute) -> Vec<store::Worked> {
    let mut ended = Vec::new();
    for (task, body) in before {
        let Some(place) = &body.place else { continue };
        for chunk in place.chunks.iter().filter(|chunk| chunk.span.from < now) {
            let over = chunk.span.until > now && !facts.tasks.contains_key(task);
            if over || (chunk.span.until <= now && body.is_accepted(chunk.span)) {
                ended.push((*task, user_id(place.person), moment(chunk.span.from), moment(chunk.span.until.min(now))));
            }
        }
    }
    ended
}

/// What was worked of the blocks that run right now, in minutes.
pub(super) fn running(bodies: &Bodies, now: Minute) -> impl Iterator<Item = (TaskId, i64)> {
    bodies.iter().flat_map(move |(task, body)| {
        let chunks = body.place.iter().flat_map(|place| &place.chunks);
        chunks.filter(move |chunk| chunk.span.from < now && chunk.span.until > now).map(move |chunk| (*task, now - chunk.span.from))
    })
}

/// The plan that last answered these very facts, when a later one answers others: what comes back finds its old place.
async fn earlier_plan(
    on: &dyn Executor,
    workspace: WorkspaceId,
    state: &State,
    digest: &str,
    current: &Bodies,
    back_to: Option<i64>,
) -> Result<Option<Bodies>> {
    if state.revision == 0 || (state.digest == digest && back_to.is_none()) {
        return Ok(None);
    }
    let answered = store::answered(on, workspace, LOOK_BACK).await?;
    let same = |(number, before): &(i64, String)| back_to.is_none_or(|wanted| wanted == *number) && before == digest;
    let Some((number, _)) = answered.into_iter().find(same) else { return Ok(None) };
    let mut bodies = current.clone();
    for (task, body) in store::changed_since(on, workspace, number).await? {
        match body {
            Some(body) => bodies.insert(task, Arc::new(body)),
            None => bodies.remove(&task),
        };
    }
    Ok(Some(bodies))
}
