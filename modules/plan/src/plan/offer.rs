//! Offers: a better plan that a search found while nothing happened. It is shown with what it brings, taken or put away;
//! taken by itself only where the workspace says so.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use atlas_jobs::{JobCtx, JobKind, NewJob, Outcome, Schedule, enqueue};
use atlas_kernel::{Actor, Error, Result, Timestamp, UserId, WorkspaceId};
use atlas_planner::{Person, Placement, Proposal, TaskId};
use atlas_store::{Db, Executor, Tx, query};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::quiet::{self, Found};
use super::store;
use crate::facts::{day_end, user_id};
use crate::replan::{Replanned, Turn, Why, improved, replan};
use crate::{PLAN_WRITE, Planning, may_arrange};

/// The job that looks for a better plan.
pub const IMPROVE: &str = "plan.improve";
/// So many trials are made; the same plan gives the same offer.
const TRIALS: u32 = 3_000;
/// A plan that rests for so long is looked at.
const REST: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
/// Weighted late minutes that each moved task has to save.
const BAR: i64 = 30;

/// A better plan.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The change of the plan it betters.
    pub revision: i64,
    /// When it was found.
    pub at: Timestamp,
    /// Where the tasks that move would lie.
    pub places: Vec<Placement>,
    /// Tasks that would no longer be late.
    pub on_time: Vec<TaskId>,
    /// Weighted late minutes saved.
    pub gain: i64,
}

/// The offer that still holds: made for the plan as it is, not put away, and with moves.
pub async fn standing(on: &dyn Executor, workspace: WorkspaceId) -> Result<Option<Offer>> {
    let row: Option<(i64, Timestamp, Json, Json, i64)> = query(
        "SELECT o.revision, o.at, o.places, o.on_time, o.gain FROM plan_offers o JOIN plan_state s ON s.workspace_id = o.workspace_id \
         AND s.revision = o.revision WHERE o.workspace_id = $1 AND o.dismissed = $2 AND o.gain > 0",
    )
    .bind(workspace)
    .bind(false)
    .first(on)
    .await?;
    let Some((revision, at, places, on_time, gain)) = row else { return Ok(None) };
    let places = serde_json::from_value(places).map_err(Error::internal)?;
    Ok(Some(Offer { revision, at, places, on_time: serde_json::from_value(on_time).map_err(Error::internal)?, gain }))
}

fn gone() -> Error {
    Error::conflict("plan_changed", "The plan changed meanwhile, and the offer no longer holds. Nothing was done.")
}

/// Takes the offer: its tasks lie where it says, and it can be taken back.
///
/// # Errors
/// A conflict `plan_changed` when it no longer holds; denied; or whatever the database answers.
pub async fn accept(planning: &Planning, tx: &Tx, actor: &Actor) -> Result<Replanned> {
    actor.may(&PLAN_WRITE)?;
    let turn = Turn::take(tx, actor.workspace).await?;
    let offer = standing(tx, actor.workspace).await?.ok_or_else(gone)?;
    let bodies = planning.bodies(tx, actor.workspace).await?;
    for place in &offer.places {
        may_arrange(actor, user_id(place.person))?;
        if let Some(old) = bodies.get(&place.task).and_then(|body| body.place.as_ref()) {
            may_arrange(actor, user_id(old.person))?;
        }
    }
    take(planning, tx, actor, &offer, turn, "A better plan was taken").await
}

/// Puts the tasks of the offer where it says.
async fn take(planning: &Planning, tx: &Tx, actor: &Actor, offer: &Offer, turn: Turn, what: &str) -> Result<Replanned> {
    let said = format!("{what}, with {}", atlas_web::ui::plural(offer.places.len(), "move", "moves"));
    let why = Why { said, undo: vec![super::Undo::Offer], places: offer.places.clone(), turn, ..Why::default() };
    let replanned = replan(planning, tx, actor, why).await?;
    let lies = |place: &Placement| {
        let now = replanned.bodies.get(&place.task).and_then(|body| body.place.as_ref());
        now.is_some_and(|now| now.person == place.person && now.chunks == place.chunks)
    };
    if offer.places.iter().all(lies) { Ok(replanned) } else { Err(gone()) }
}

/// Takes the offer where the workspace wants that and this is the time for it; else it stands.
///
/// What would touch anybody's today is never taken so, nor what Atlas did before and somebody took back.
///
/// # Errors
/// As [`accept`].
pub async fn take_by_itself(planning: &Planning, tx: &Tx, workspace: WorkspaceId) -> Result<Option<Replanned>> {
    let quiet = quiet::of(tx, workspace).await?;
    if quiet.found != Found::Taken || !quiet.is_time(tx.now()) {
        return Ok(None);
    }
    let turn = Turn::take(tx, workspace).await?;
    let Some(offer) = standing(tx, workspace).await? else { return Ok(None) };
    let (people, bodies) = (store::people(tx, workspace).await?, planning.bodies(tx, workspace).await?);
    let unwanted = store::taken_back_of_atlas(tx, workspace).await?;
    let free = |place: &Placement| {
        let before = bodies.get(&place.task).and_then(|body| body.place.as_ref());
        !unwanted.contains(&place.task) && spares_today(before, place, &people, tx.now())
    };
    if !offer.places.iter().all(free) {
        return Ok(None);
    }
    let taken = take(planning, tx, &Actor::system(workspace), &offer, turn, "A better plan was taken by itself").await?;
    // What else would move has another cause, and is planned and told by itself.
    let offered = |task: &TaskId| offer.places.iter().any(|place| place.task == *task);
    if taken.moves.iter().all(|(task, _)| offered(task)) { Ok(Some(taken)) } else { Err(gone()) }
}

/// Whether every piece that comes or goes starts after its person's today.
fn spares_today(before: Option<&Placement>, after: &Placement, people: &BTreeMap<UserId, Person>, now: Timestamp) -> bool {
    let pieces = |place: &Placement| -> BTreeSet<_> { place.chunks.iter().map(|chunk| (place.person, chunk.span)).collect() };
    let (was, is) = (before.map(pieces).unwrap_or_default(), pieces(after));
    was.symmetric_difference(&is).all(|(person, span)| {
        let zone = people.get(&user_id(*person)).and_then(|person| TimeZone::get(&person.zone).ok()).unwrap_or(TimeZone::UTC);
        span.from >= day_end(now.to_zoned(zone.clone()).date(), &zone)
    })
}

/// Puts the offer away.
///
/// # Errors
/// Denied; or whatever the database answers.
pub async fn dismiss(tx: &Tx, actor: &Actor) -> Result<()> {
    actor.may(&PLAN_WRITE)?;
    let put = query("UPDATE plan_offers SET dismissed = $2 WHERE workspace_id = $1").bind(actor.workspace).bind(true);
    put.run(tx).await?;
    tx.touch_topic(actor.workspace, "plan");
    Ok(())
}

/// The job that looks for a better plan.
pub fn job(planning: &Planning) -> JobKind {
    let planning = planning.clone();
    JobKind::new(IMPROVE, move |ctx: JobCtx, (): ()| {
        let planning = planning.clone();
        async move {
            look(&planning, &ctx.db, ctx.workspace).await?;
            let (planning, ctx) = (&planning, &ctx);
            let taken = ctx.db.write(|tx| async move {
                ctx.fence(&tx).await?;
                take_by_itself(planning, &tx, ctx.workspace).await
            });
            match taken.await {
                // Whatever changed the plan meanwhile is newer than the offer.
                Ok(_) | Err(Error::Conflict { .. }) => Ok(Outcome::Done),
                Err(error) => Err(error.into()),
            }
        }
    })
    .queue("plan")
}

/// Looks for a better plan and keeps what was found, be it nothing.
///
/// # Errors
/// Whatever the database answers.
pub async fn look(planning: &Planning, db: &Db, workspace: WorkspaceId) -> Result<()> {
    let state = store::state(db, workspace).await?;
    if state.revision == 0 {
        return Ok(());
    }
    let revision = state.revision;
    let (late, found) = improved(planning, db, workspace, state, TRIALS).await?;
    let offer = offer_of(revision, db.clock().now(), &late, found.as_ref());
    let (places, on_time) = (json(&offer.places)?, json(&offer.on_time)?);
    let (offer, places, on_time) = (&offer, &places, &on_time);
    db.write(|tx| async move {
        let put = query(
            "INSERT INTO plan_offers (workspace_id, revision, at, places, on_time, gain, dismissed) VALUES ($1,$2,$3,$4,$5,$6,$7) \
             ON CONFLICT (workspace_id) DO UPDATE SET revision = excluded.revision, at = excluded.at, places = excluded.places, \
             on_time = excluded.on_time, gain = excluded.gain, dismissed = excluded.dismissed",
        );
        let put = put.bind(workspace).bind(offer.revision).bind(offer.at).bind(places).bind(on_time).bind(offer.gain).bind(false);
        put.run(&tx).await?;
        if offer.gain > 0 {
            tx.touch_topic(workspace, "plan");
        }
        Ok(())
    })
    .await
}

fn json(value: &impl serde::Serialize) -> Result<Json> {
    serde_json::to_value(value).map_err(Error::internal)
}

fn offer_of(revision: i64, at: Timestamp, late: &HashSet<TaskId>, found: Option<&Proposal>) -> Offer {
    let mut offer = Offer { revision, at, places: vec![], on_time: vec![], gain: 0 };
    let Some(found) = found.filter(|found| found.gain_per_move() >= BAR) else { return offer };
    let after = found.branch.plan();
    for one in &found.changes.moves {
        let Some(place) = after.placement(one.task) else { return offer };
        offer.places.push(place.clone());
    }
    offer.on_time =
        after.placements.iter().filter(|place| place.late_minutes == 0 && late.contains(&place.task)).map(|place| place.task).collect();
    offer.gain = found.before.tardiness - found.after.tardiness;
    offer
}

/// The job that finds plans at rest that nobody has looked at.
pub fn tick() -> JobKind {
    JobKind::new("plan.quiet", |ctx: JobCtx, (): ()| async move {
        ctx.db.write(|tx| async move { ask(&tx).await }).await?;
        Ok(Outcome::Done)
    })
}

/// Asks for a look at every plan that rests, that nobody has looked at, and whose workspace has it looked for now.
///
/// # Errors
/// Whatever the database answers.
pub async fn ask(tx: &Tx) -> Result<()> {
    let rested: Vec<WorkspaceId> = query(
        "SELECT s.workspace_id FROM plan_state s LEFT JOIN plan_offers o ON o.workspace_id = s.workspace_id AND o.revision = s.revision \
         WHERE o.revision IS NULL AND s.revision > 0 AND s.planned_at < $1",
    )
    .bind(tx.now() - REST)
    .values(tx)
    .await?;
    let settings = quiet::all(tx).await?;
    for workspace in rested.into_iter().filter(|one| settings.get(one).is_none_or(|quiet| quiet.is_time(tx.now()))) {
        enqueue(tx, NewJob::new(workspace, IMPROVE, ()).unique(IMPROVE)).await?;
    }
    Ok(())
}

/// How often it looks.
pub fn schedule() -> Schedule {
    Schedule::every("plan.quiet", Duration::from_secs(600), "plan.quiet")
}
