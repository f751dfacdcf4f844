//! Why a task lies where it lies, what would help it, and when it will be done: asked of the planner, put into words.

use std::sync::Arc;

use atlas_kernel::{Actor, Error, Ref, Result, Timestamp, UserId};
use atlas_planner::{Action, Event, Fix, Planner, Settings, TaskId, WorldError};
use atlas_store::Db;
use schemars::JsonSchema;
use serde::Serialize;

use super::Body;
use super::history::History;
use crate::facts::{Facts, minute, moment, task_id, user_id};
use crate::words::{self, Reader};
use crate::{HoursSetId, PLAN_READ, Planning};

/// At most so many fixes are offered.
pub const FIXES: usize = 8;

/// Everything there is to say about one task's place.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The task.
    pub task_id: String,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Who does it; null without a place.
    pub member: Option<UserId>,
    /// When its first block starts.
    pub start: Option<Timestamp>,
    /// When its last block ends.
    pub finish: Option<Timestamp>,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// The hours that it is restricted to; null for any working time.
    pub hours_set: Option<RestrictedTo>,
    /// Working minutes between the due date and the finish; of a due date before today, those from today on.
    pub late_minutes: u32,
    /// Why it is there, in words.
    pub why_here: String,
    /// The binding reason's kind, such as `meeting` or `predecessor`.
    pub reason: Option<serde_json::Value>,
    /// What stands between the earliest possible start and the start.
    pub why_not_earlier: Vec<Between>,
    /// What would have to go so that it could start earlier, in words.
    pub binding: Vec<String>,
    /// How everybody who may do it would do.
    pub why_this_person: Vec<Someone>,
    /// The chain that leads to its finish, the task itself first; empty when it is on time.
    pub why_late: Vec<Step>,
    /// What last moved it, in words.
    pub who_moved: Option<String>,
    /// When it will be done, by how estimates turned out before.
    pub forecast: Option<Forecast>,
}

/// The hours that a task is restricted to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RestrictedTo {
    /// The hours set.
    pub id: HoursSetId,
    /// What people call it.
    pub name: String,
    /// The week in one line, such as `Tue–Thu 10:00–16:00`.
    pub words: String,
}

/// A stretch of time and what takes it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Between {
    /// What, in words.
    pub what: String,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub finish: Timestamp,
    /// Minutes of it.
    pub minutes: i64,
}

/// How somebody would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Someone {
    /// Who.
    pub member: UserId,
    /// Their name.
    pub name: String,
    /// When they could start.
    pub start: Option<Timestamp>,
    /// When they could finish.
    pub finish: Option<Timestamp>,
    /// How late that would be, working minutes.
    pub late_minutes: u32,
    /// Whether it is theirs.
    pub chosen: bool,
}

/// One step of the chain that makes a task late.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The task's key.
    pub key: String,
    /// What its start waits for, in words.
    pub why: String,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub finish: Timestamp,
    /// Working minutes it adds.
    pub minutes: i64,
}

/// When a task will be done.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// As likely as not done by then.
    pub p50: Timestamp,
    /// Nine times in ten done by then.
    pub p90: Timestamp,
    /// Finished tasks this is learned from.
    pub from_tasks: usize,
}

/// A change that would help.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FixOut {
    /// Its name, for applying it.
    pub fix: String,
    /// What it does, in words.
    pub what: String,
    /// Working minutes late before.
    pub late_before: u32,
    /// Working minutes late after; 0 when in time.
    pub late_after: u32,
    /// When the task then finishes.
    pub finish: Timestamp,
    /// Tasks that move.
    pub moved: usize,
    /// Keys of other tasks that become late, or later.
    pub harmed: Vec<String>,
}

pub(super) fn planned(error: WorldError) -> Error {
    match error {
        WorldError::NoSuchTask(_) => Error::NotFound("task in the plan"),
        error => Error::internal(error.to_string()),
    }
}

/// The name of a fix: the same for the same change.
pub fn fix_name(fix: &Fix) -> String {
    use sha2::Digest;
    let text = serde_json::to_string(&fix.action).unwrap_or_default();
    hex::encode(&sha2::Sha256::digest(text.as_bytes())[..8])
}

/// The reader that words are written for.
pub fn reader(actor: &Actor, now: Timestamp) -> Reader {
    let zone = actor.zone();
    Reader { today: now.to_zoned(zone.clone()).date(), zone }
}

async fn asked(planning: &Planning, db: &Db, actor: &Actor, record: &Ref, now: Timestamp) -> Result<(Arc<Body>, Arc<Planner>, Facts)> {
    actor.may(&PLAN_READ)?;
    let missing = || Error::NotFound("task in the plan");
    let seen = planning.look(db, actor.workspace, now).await?;
    let body = seen.known.bodies.get(&task_id(record)).cloned().ok_or_else(missing)?;
    let planner = seen.known.planner(db, actor.workspace).await?.ok_or_else(missing)?;
    Ok((body, planner, seen.facts))
}

/// Everything there is to say about a task's place.
///
/// # Errors
/// Not found when the task is not in the plan; denied; or whatever the database answers.
pub async fn explain(planning: &Planning, db: &Db, actor: &Actor, record: &Ref, now: Timestamp) -> Result<Explanation> {
    let (body, planner, facts) = asked(planning, db, actor, record, now).await?;
    let (id, reader) = (task_id(record), reader(actor, now));
    let place = body.place.as_ref();
    let earlier = planner.why_not_earlier(id).map_err(planned)?;
    let note = words::why_here(&body, &facts, &reader);
    let late = place.map_or(0, |place| place.late_minutes);
    let chain = if late > 0 { planner.why_late(id).map_err(planned)? } else { vec![] };
    Ok(Explanation {
        task_id: record.to_string(),
        key: facts.key(id).to_owned(),
        title: facts.work.get(&id).map(|work| work.title.clone()).unwrap_or_default(),
        member: place.map(|place| user_id(place.person)),
        start: body.span().map(|span| moment(span.from)),
        finish: body.span().map(|span| moment(span.until)),
        due: body.facts.due.map(|due| moment(due.at)),
        hours_set: facts.hours_of(id).map(|set| RestrictedTo { id: set.id, name: set.name.clone(), words: set.in_words() }),
        late_minutes: late,
        why_here: format!("{} {}", note.lead, note.rest).trim().to_owned(),
        reason: place.and_then(|place| serde_json::to_value(place.reason).ok()),
        binding: earlier.iter().flat_map(|why| &why.binding).map(|one| words::reason(*one, id, &facts)).collect(),
        why_not_earlier: earlier.iter().flat_map(|why| &why.blockers).map(|one| between(one, id, &facts)).collect(),
        why_this_person: people(&planner, id, &facts)?,
        why_late: chain.into_iter().map(|link| step(&link, &facts)).collect(),
        who_moved: body.moved.as_ref().map(|moved| words::who_moved(moved, &facts, &reader)),
        forecast: forecast(planning, db, actor, &planner, &body).await?,
    })
}

fn between(one: &atlas_planner::Blocker, of: TaskId, facts: &Facts) -> Between {
    let what = match one.reason {
        atlas_planner::Reason::Busy(task) => {
            facts.work.get(&task).map_or_else(|| "Another task".to_owned(), |work| format!("{} {}", work.key, work.title))
        }
        atlas_planner::Reason::Meeting(meeting) => {
            facts.busy.get(&meeting).map_or_else(|| "A meeting".to_owned(), |busy| busy.title.clone())
        }
        atlas_planner::Reason::Calendar => "Outside working hours".to_owned(),
        atlas_planner::Reason::DailyCap => "Left unplanned by the daily cap".to_owned(),
        atlas_planner::Reason::NoTaskBlock => "Kept free".to_owned(),
        atlas_planner::Reason::MinimumChunk => "Too short a gap".to_owned(),
        atlas_planner::Reason::TaskHours => match facts.hours_of(of) {
            Some(set) => format!("Outside “{}”", set.name),
            None => "Outside its own hours".to_owned(),
        },
        other => words::reason(other, of, facts),
    };
    Between { what, start: moment(one.span.from), finish: moment(one.span.until), minutes: one.minutes }
}

fn people(planner: &Planner, id: TaskId, facts: &Facts) -> Result<Vec<Someone>> {
    let someone = |one: atlas_planner::Candidate| {
        let member = user_id(one.person);
        let (start, finish) = (one.start.map(moment), one.finish.map(moment));
        Someone { member, name: facts.name(member).to_owned(), start, finish, late_minutes: one.late_minutes, chosen: one.chosen }
    };
    Ok(planner.why_this_person(id).map_err(planned)?.into_iter().map(someone).collect())
}

fn step(link: &atlas_planner::DelayLink, facts: &Facts) -> Step {
    Step {
        key: facts.key(link.task).to_owned(),
        why: words::reason(link.reason, link.task, facts),
        start: moment(link.span.from),
        finish: moment(link.span.until),
        minutes: link.minutes,
    }
}

/// When a task will be done if it turns out like those its person finished before; none while those are too few, or when it would
/// then find no place.
async fn forecast(planning: &Planning, db: &Db, actor: &Actor, planner: &Planner, body: &Body) -> Result<Option<Forecast>> {
    let Some(place) = &body.place else { return Ok(None) };
    let history = History::read(planning, db, actor.workspace).await?;
    let Some(past) = history.of(user_id(place.person)) else { return Ok(None) };
    let finish = |per_cent: usize| -> Result<Option<Timestamp>> {
        let ratio = past.kept_to(per_cent);
        let left = planner.world().tasks.iter().find(|task| task.id == place.task).and_then(|task| task.remaining);
        let left = i64::from(left.unwrap_or(Settings::default().default_estimate));
        let mut branch = planner.branch();
        let minutes = u32::try_from((left * ratio / 100).max(5)).unwrap_or(5);
        branch.apply(&Event::Remaining { task: place.task, minutes }).map_err(planned)?;
        Ok(branch.placement(place.task).map(|place| moment(place.finish())))
    };
    let (Some(p50), Some(p90)) = (finish(50)?, finish(90)?) else { return Ok(None) };
    Ok(Some(Forecast { p50, p90, from_tasks: past.tasks() }))
}

/// What would make a late task less late, the best first; empty when it is on time or nothing helps.
///
/// # Errors
/// As [`explain`].
pub async fn fixes(planning: &Planning, db: &Db, actor: &Actor, record: &Ref, now: Timestamp) -> Result<Vec<FixOut>> {
    let (_, planner, facts) = asked(planning, db, actor, record, now).await?;
    let reader = reader(actor, now);
    let found = planner.branch().fixes(task_id(record), FIXES).map_err(planned)?;
    let out = |fix: &Fix| FixOut {
        fix: fix_name(fix),
        what: words::action(&fix.action, &facts, &reader),
        late_before: fix.late_before,
        late_after: fix.late_after,
        finish: moment(fix.finish),
        moved: fix.moved,
        harmed: fix.harmed.iter().map(|task| facts.key(*task).to_owned()).collect(),
    };
    Ok(found.iter().filter(|fix| may_be_done(fix, &facts)).map(out).collect())
}

/// A meeting that another calendar brought is dropped there, not here.
pub fn may_be_done(fix: &Fix, facts: &Facts) -> bool {
    match fix.action {
        Action::DropMeeting { meeting, .. } => facts.busy.get(&meeting).is_none_or(|busy| busy.source.is_none()),
        _ => true,
    }
}

/// The minute of a moment, on the planning grid.
pub fn grid(at: Timestamp) -> i64 {
    minute(at).div_euclid(5) * 5
}
