//! Trying a change out on a copy of the plan.

use atlas_api::{Ctx, Input};
use atlas_kernel::{Error, Result, Timestamp, UserId};
use atlas_planner::{Event, Meeting, MeetingId, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::out::MoveOut;
use crate::Planning;
use crate::facts::{minute, person_id, task_id};
use crate::replan::place_of;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WhatIf {
    /// A task, by id or key, that is to change.
    pub task: Option<String>,
    /// Its work would take this many minutes.
    pub minutes: Option<u32>,
    /// It would be due then.
    pub due: Option<Timestamp>,
    /// This member would do it.
    pub member: Option<UserId>,
    /// A meeting of the caller, or of `member` when no task is named, from then.
    pub busy_from: Option<Timestamp>,
    /// Until then.
    pub busy_until: Option<Timestamp>,
}

/// What a change would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhatIfOut {
    /// The tasks that would move.
    pub moves: Vec<MoveOut>,
    /// Keys of tasks that would become late, or later.
    pub later: Vec<String>,
    /// Minutes of work the task has left now; null when the change is of no task.
    pub minutes_now: Option<u32>,
    /// Weighted working minutes late over all tasks, after minus before.
    pub tardiness_change: i64,
}

pub(super) async fn what_if(p: Planning, ctx: Ctx, input: Input<(), WhatIf>) -> Result<WhatIfOut> {
    try_out(&p, &ctx.db, &ctx.actor, ctx.db.clock().now(), &input.query).await
}

/// Tries a change on a copy of the plan.
pub(crate) async fn try_out(
    p: &Planning,
    db: &atlas_store::Db,
    actor: &atlas_kernel::Actor,
    now: Timestamp,
    ask: &WhatIf,
) -> Result<WhatIfOut> {
    let seen = p.look(db, actor.workspace, now).await?;
    let mut planner = seen.known.planner(db, actor.workspace).await?.ok_or(Error::NotFound("plan"))?.branch();
    let facts = &seen.facts;
    let (mut events, mut minutes_now) = (Vec::new(), None);
    if let Some(name) = &ask.task {
        let id = task_id(&p.find(db, actor.workspace, name).await?);
        let mut task = planner.world().tasks.into_iter().find(|task| task.id == id).ok_or(Error::NotFound("task in the plan"))?;
        minutes_now = Some(task.remaining.unwrap_or(atlas_planner::Settings::default().default_estimate));
        task.remaining = ask.minutes.or(task.remaining);
        task.due = ask.due.map(|at| atlas_planner::Due { at: minute(at), hard: task.due.is_some_and(|due| due.hard) }).or(task.due);
        if let Some(member) = ask.member {
            task.candidates = vec![person_id(member)];
        }
        events.push(Event::TaskChanged(Box::new(task)));
    }
    if let (Some(from), Some(until)) = (ask.busy_from, ask.busy_until) {
        let member = ask.member.filter(|_| ask.task.is_none()).map_or_else(|| actor.person(), Ok)?;
        let meeting = Meeting { id: MeetingId(1), span: Span::new(minute(from), minute(until)) };
        events.push(Event::MeetingAdded { person: person_id(member), meeting });
    }
    if events.is_empty() {
        return Err(Error::field("task", "required", "a task to change, or busyFrom and busyUntil"));
    }
    let before = planner.plan();
    let (mut moves, mut tardiness_change) = (Vec::new(), 0);
    for event in &events {
        let changes = planner.apply(event).map_err(|error| Error::field("member", "unknown", error.to_string()))?;
        tardiness_change += changes.tardiness_change;
        moves.extend(changes.moves);
    }
    let later = planner
        .plan()
        .placements
        .into_iter()
        .filter(|place| before.placement(place.task).is_none_or(|old| old.late_minutes < place.late_minutes));
    let later = later.filter(|place| place.late_minutes > 0).map(|place| facts.key(place.task).to_owned()).collect();
    let out = |one: &atlas_planner::Move| MoveOut {
        key: facts.key(one.task).to_owned(),
        from: place_of(&one.before).map(|(_, at)| at),
        to: place_of(&one.after).map(|(_, at)| at),
        member: place_of(&one.after).map(|(user, _)| user),
        why: match &one.cause {
            atlas_planner::Cause::TimeTaken(by) => format!("{} takes its time.", facts.key(*by)),
            atlas_planner::Cause::PushedBack(by) => format!("It waits for {}.", facts.key(*by)),
            atlas_planner::Cause::NeededBy(by) => format!("{} needs it.", facts.key(*by)),
            _ => "The change hits it.".to_owned(),
        },
    };
    Ok(WhatIfOut { moves: moves.iter().map(out).collect(), later, minutes_now, tardiness_change })
}
