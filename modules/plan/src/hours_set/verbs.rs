//! What can be done with hours sets: make, change and remove them; what they restrict is planned anew at once.

use atlas_kernel::{Actor, Error, Ref, Result};
use atlas_planner::TaskId;
use atlas_store::{Event, Tx, record_event};
use serde_json::json;

use super::{HoursSet, LIMIT, store, tidy_name};
use crate::calendar::Week;
use crate::plan::{Undo, Wish, store as plan};
use crate::replan::{Replanned, Turn, Why, replan};
use crate::{HoursSetId, PLAN_WRITE, Planning};

/// Makes an hours set.
///
/// # Errors
/// Field errors on `name` and `week`; denied; or whatever the database answers.
pub async fn create(tx: &Tx, actor: &Actor, name: &str, week: Week) -> Result<HoursSet> {
    actor.may(&PLAN_WRITE)?;
    let set = HoursSet { id: HoursSetId::new(tx.now()), name: tidy_name(name), week };
    set.check()?;
    plan::lock(tx, actor.workspace).await?;
    let all = store::all(tx, actor.workspace).await?;
    if all.len() >= LIMIT {
        return Err(Error::field("name", "too_many", "at most 50 sets of hours; remove one first"));
    }
    is_free(&all, &set)?;
    store::put(tx, actor.workspace, &set).await?;
    let data = json!({ "verb": "added", "name": format!("the hours “{}”", set.name), "change": set.in_words() });
    record_event(tx, actor, Event::new(tx.now(), "plan.hours_set_created", "plan", set.id, data)).await?;
    tx.touch_topic(actor.workspace, "plan");
    Ok(set)
}

fn is_free(all: &[HoursSet], set: &HoursSet) -> Result<()> {
    if all.iter().any(|other| other.id != set.id && other.name_key() == set.name_key()) {
        return Err(Error::field("name", "taken", format!("there is “{}” already", set.name)));
    }
    Ok(())
}

/// Renames an hours set or changes its hours.
///
/// # Errors
/// Not found; field errors; denied; or whatever the database answers.
pub async fn edit(
    planning: &Planning,
    tx: &Tx,
    actor: &Actor,
    id: HoursSetId,
    name: Option<&str>,
    week: Option<Week>,
) -> Result<(HoursSet, Replanned)> {
    actor.may(&PLAN_WRITE)?;
    let turn = Turn::take(tx, actor.workspace).await?;
    let all = store::all(tx, actor.workspace).await?;
    let before = all.iter().find(|set| set.id == id).cloned().ok_or(Error::NotFound("hours set"))?;
    let name = name.map_or_else(|| before.name.clone(), tidy_name);
    let after = HoursSet { id, name, week: week.unwrap_or_else(|| before.week.clone()) };
    after.check()?;
    is_free(&all, &after)?;
    store::put(tx, actor.workspace, &after).await?;
    let said = match (before.name == after.name, before.week == after.week) {
        (false, true) => format!("The hours “{}” are now called “{}”", before.name, after.name),
        _ => format!("The hours “{}” are now {}", after.name, after.in_words()),
    };
    let undo = if before == after { vec![] } else { vec![Undo::HoursSet(before)] };
    let replanned = replan(planning, tx, actor, Why { said, undo, turn, ..Why::default() }).await?;
    Ok((after, replanned))
}

/// Puts a set back as it was before a change or its removal.
pub(crate) async fn bring_back(tx: &Tx, actor: &Actor, set: &HoursSet) -> Result<()> {
    let taken = |_| Error::conflict("name_taken", format!("Other hours are called “{}” by now. Nothing was done.", set.name));
    is_free(&store::all(tx, actor.workspace).await?, set).map_err(taken)?;
    store::put(tx, actor.workspace, set).await
}

/// A removed hours set.
#[derive(Clone, Debug)]
pub struct Removed {
    /// What it was.
    pub set: HoursSet,
    /// The tasks in the plan that it restricted and that may now be done at any working time.
    pub lifted: Vec<TaskId>,
    /// What that did to the plan.
    pub replanned: Replanned,
}

impl Removed {
    /// What happened, in words.
    pub fn in_words(&self) -> String {
        said(&self.set, self.lifted.len())
    }
}

fn said(set: &HoursSet, lifted: usize) -> String {
    match lifted {
        0 => format!("The hours “{}” were removed", set.name),
        1 => format!("The hours “{}” were removed; 1 task may now be done at any working time", set.name),
        many => format!("The hours “{}” were removed; {many} tasks may now be done at any working time", set.name),
    }
}

/// Removes an hours set. The tasks that it restricted stay in the plan without that restriction.
///
/// # Errors
/// Not found; denied; or whatever the database answers.
pub async fn remove(planning: &Planning, tx: &Tx, actor: &Actor, id: HoursSetId) -> Result<Removed> {
    actor.may(&PLAN_WRITE)?;
    let turn = Turn::take(tx, actor.workspace).await?;
    let set = store::one(tx, actor.workspace, id).await?.ok_or(Error::NotFound("hours set"))?;
    let bodies = planning.bodies(tx, actor.workspace).await?;
    let (mut undo, mut lifted) = (vec![Undo::HoursSet(set.clone())], Vec::new());
    for (task, wish) in plan::wishes(tx, actor.workspace).await?.into_iter().filter(|(_, wish)| wish.hours == Some(id)) {
        plan::put_wish(tx, actor.workspace, task, Some(&Wish { hours: None, ..wish.clone() })).await?;
        undo.push(Undo::Wish(task, Some(wish)));
        if bodies.contains_key(&task) {
            lifted.push(task);
        }
    }
    lifted.sort_unstable();
    store::remove(tx, actor.workspace, id).await?;
    tell_removed(tx, actor, &set, &lifted).await?;
    let replanned = replan(planning, tx, actor, Why { said: said(&set, lifted.len()), undo, turn, ..Why::default() }).await?;
    Ok(Removed { set, lifted, replanned })
}

/// The tasks whose restriction was lifted show it in their history, moved or not.
async fn tell_removed(tx: &Tx, actor: &Actor, set: &HoursSet, lifted: &[TaskId]) -> Result<()> {
    let data = json!({ "verb": "removed", "name": format!("the hours “{}”", set.name), "lifted": lifted.len() });
    let tasks = lifted.iter().take(50).map(|task| Ref::new("task", plan::row_id(*task)));
    record_event(tx, actor, Event::new(tx.now(), "plan.hours_set_removed", "plan", set.id, data).about(tasks)).await.map(|_| ())
}
