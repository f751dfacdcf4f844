//! The plan over REST.

use std::future::Future;

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{Error, ListQuery, Page, Ref, Result, Timestamp, UserId};
use atlas_planner::{Event, Meeting, MeetingId, Span, TaskId};
use atlas_store::Tx;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::explain::{self, Explanation, FixOut, reader};
use super::{Body, store, verbs};
use crate::calendar::api::{BusyOut, busy_out};
use crate::facts::{Facts, minute, moment, person_id, task_id, user_id};
use crate::replan::{Replanned, place_of, standing};
use crate::{PLAN_READ, PLAN_WRITE, Planning, RevisionId, words};

/// A handler that reads, given the planning it works with.
pub(crate) fn reads<P, Q, B, O, F, Fut>(planning: &Planning, run: F) -> impl Fn(Ctx, Input<P, Q, B>) -> Fut + Send + Sync + 'static
where
    F: Fn(Planning, Ctx, Input<P, Q, B>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O>> + Send + 'static,
{
    let planning = planning.clone();
    move |ctx, input| run(planning.clone(), ctx, input)
}

/// A handler that writes, given the planning it works with.
pub(crate) fn writes<P, Q, B, O, F, Fut>(planning: &Planning, run: F) -> impl Fn(Ctx, Tx, Input<P, Q, B>) -> Fut + Send + Sync + 'static
where
    F: Fn(Planning, Ctx, Tx, Input<P, Q, B>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O>> + Send + 'static,
{
    let planning = planning.clone();
    move |ctx, tx, input| run(planning.clone(), ctx, tx, input)
}

/// The operations on the plan.
pub fn operations(p: &Planning) -> Vec<Operation> {
    vec![
        Operation::read("plan.get", "/v1/plan", PLAN_READ, reads(p, get))
            .summary("Read somebody's plan")
            .describe("Blocks, busy time, tasks without a place and what cannot be, of the caller unless `member` says otherwise.")
            .tool(),
        Operation::write("plan.propose", Method::POST, "/v1/plan/propose", PLAN_WRITE, writes(p, propose))
            .summary("Plan the workspace anew")
            .describe("Happens by itself after every change; asked for here, the answer says what moved.")
            .tool(),
        Operation::write("plan.accept", Method::POST, "/v1/plan/accept", PLAN_WRITE, writes(p, accept))
            .summary("Accept blocks")
            .describe("All proposed blocks of the caller, or only those of `tasks`, or only those that start before `until`.")
            .tool(),
        Operation::read("plan.explain", "/v1/plan/tasks/{id}", PLAN_READ, reads(p, show))
            .summary("Explain where a task lies")
            .describe("Why here, why not earlier, why this person, why late, who moved it, and when it will be done. `id` may be a key.")
            .tool(),
        Operation::read("plan.fixes", "/v1/plan/tasks/{id}/fixes", PLAN_READ, reads(p, fixes))
            .summary("List what would help a late task")
            .describe("Each was tried out: applying it brings exactly what it says.")
            .tool(),
        Operation::write("plan.apply_fix", Method::POST, "/v1/plan/tasks/{id}/fixes", PLAN_WRITE, writes(p, apply_fix))
            .summary("Apply a fix")
            .tool(),
        Operation::write("plan.move", Method::POST, "/v1/plan/tasks/{id}/move", PLAN_WRITE, writes(p, move_piece))
            .summary("Move a block")
            .describe("It stays where it was put until it is unlocked.")
            .tool(),
        Operation::write("plan.lock", Method::POST, "/v1/plan/tasks/{id}/lock", PLAN_WRITE, writes(p, lock))
            .summary("Lock a task where it lies, or let it go"),
        Operation::write("plan.not_today", Method::POST, "/v1/plan/tasks/{id}/not-today", PLAN_WRITE, writes(p, not_today))
            .summary("Put a task off to tomorrow or later"),
        Operation::write("plan.bring_back", Method::POST, "/v1/plan/tasks/{id}/bring-back", PLAN_WRITE, writes(p, bring_back))
            .summary("Bring a task back, as early as there is time"),
        Operation::write("plan.done", Method::POST, "/v1/plan/tasks/{id}/done", PLAN_WRITE, writes(p, done))
            .summary("Finish a task, early or not"),
        Operation::write("plan.late", Method::POST, "/v1/plan/tasks/{id}/late", PLAN_WRITE, writes(p, late))
            .summary("Say that a task takes longer"),
        Operation::read("plan.what_if", "/v1/plan/what-if", PLAN_READ, reads(p, what_if))
            .summary("Try a change out")
            .describe("Answers every move it would make; nothing is written."),
        Operation::read("plan.changes", "/v1/plan/changes", PLAN_READ, reads(p, changes))
            .summary("List the latest changes of the plan, newest first"),
        Operation::write("plan.undo", Method::POST, "/v1/plan/changes/{id}/undo", PLAN_WRITE, writes(p, undo))
            .summary("Take a change of the plan back")
            .describe("Every block that still can be is where it was before."),
    ]
}

/// A piece of a task in somebody's time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockOut {
    /// The task.
    pub task_id: String,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Whose time.
    pub member: UserId,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub end: Timestamp,
    /// `proposed`, `accepted` or `locked`.
    pub state: &'static str,
    /// Why it is there, in words.
    pub why: String,
    /// Working minutes the task ends after its due date.
    pub late_minutes: u32,
    /// Whether nobody has estimated the task and the default was taken.
    pub estimate_is_default: bool,
}

/// A task without a place.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnplacedOut {
    /// The task.
    pub task_id: String,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Why, in words.
    pub why: String,
}

/// Something that cannot be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlarmOut {
    /// In words.
    pub words: String,
    /// Its kind and figures; ids are the planner's.
    pub alarm: serde_json::Value,
}

/// Somebody's plan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanOut {
    /// Whose.
    pub member: UserId,
    /// When the workspace was last planned.
    pub planned_at: Option<Timestamp>,
    /// How often it was planned anew.
    pub revision: i64,
    /// The blocks, by start.
    pub blocks: Vec<BlockOut>,
    /// Busy time that has not ended.
    pub busy: Vec<BusyOut>,
    /// Tasks of the workspace that have no place.
    pub unplaced: Vec<UnplacedOut>,
    /// What cannot be, of this member.
    pub alarms: Vec<AlarmOut>,
}

#[derive(Deserialize, JsonSchema)]
struct GetPlan {
    /// Whose plan; the caller's unless said.
    member: Option<UserId>,
    /// Only blocks that end after this moment.
    from: Option<Timestamp>,
    /// Only blocks that start before this moment.
    until: Option<Timestamp>,
}

async fn get(p: Planning, ctx: Ctx, input: Input<(), GetPlan>) -> Result<PlanOut> {
    let member = member_or_me(&ctx, input.query.member)?;
    let now = ctx.db.clock().now();
    let facts = Facts::load(&p, &ctx.db, ctx.actor.workspace, now).await?;
    let bodies = store::bodies(&ctx.db, ctx.actor.workspace).await?;
    let state = store::state(&ctx.db, ctx.actor.workspace).await?;
    let reader = reader(&ctx.actor, now);
    let within = |block: &BlockOut| {
        input.query.from.is_none_or(|from| block.end > from) && input.query.until.is_none_or(|until| block.start < until)
    };
    let mut blocks: Vec<BlockOut> = bodies.values().flat_map(|body| blocks_of(body, member, &facts, &reader)).filter(within).collect();
    blocks.sort_by_key(|block| block.start);
    let mut busy: Vec<_> = facts.busy.values().filter(|busy| busy.user_id == member && busy.finish_at > now).cloned().collect();
    busy.sort_by_key(|busy| busy.start_at);
    let mine = state.alarms.iter().filter(|alarm| words::alarm_of(alarm, &bodies).is_none_or(|of| of == member));
    let alarm_out = |alarm: &atlas_planner::Alarm| {
        let note = words::alarm(alarm, &facts, &reader);
        AlarmOut { words: format!("{} {}", note.lead, note.rest).trim().to_owned(), alarm: serde_json::to_value(alarm).unwrap_or_default() }
    };
    Ok(PlanOut {
        member,
        planned_at: state.planned_at,
        revision: state.revision,
        blocks,
        busy: busy.into_iter().map(busy_out).collect(),
        unplaced: bodies.iter().filter_map(|(id, body)| unplaced_out(*id, body, &facts)).collect(),
        alarms: mine.map(alarm_out).collect(),
    })
}

fn member_or_me(ctx: &Ctx, member: Option<UserId>) -> Result<UserId> {
    match member {
        Some(member) => Ok(member),
        None => ctx.actor.person(),
    }
}

/// A task's id as it is written.
pub(crate) fn task_ref(id: TaskId, facts: &Facts) -> String {
    facts.work.get(&id).map_or_else(|| Ref::new("task", store::row_id(id)).to_string(), |work| work.record.to_string())
}

fn blocks_of(body: &Body, member: UserId, facts: &Facts, reader: &words::Reader) -> Vec<BlockOut> {
    let Some(place) = body.place.as_ref().filter(|place| user_id(place.person) == member) else { return vec![] };
    let why = words::why_here(body, facts, reader);
    let why = format!("{} {}", why.lead, why.rest).trim().to_owned();
    let out = |chunk: &atlas_planner::Chunk| BlockOut {
        task_id: task_ref(place.task, facts),
        key: facts.key(place.task).to_owned(),
        title: facts.work.get(&place.task).map(|work| work.title.clone()).unwrap_or_default(),
        member,
        start: moment(chunk.span.from),
        end: moment(chunk.span.until),
        state: if chunk.fixed {
            "locked"
        } else if body.is_accepted(chunk.span) {
            "accepted"
        } else {
            "proposed"
        },
        why: why.clone(),
        late_minutes: place.late_minutes,
        estimate_is_default: place.estimate_is_default,
    };
    place.chunks.iter().map(out).collect()
}

fn unplaced_out(id: TaskId, body: &Body, facts: &Facts) -> Option<UnplacedOut> {
    let why = words::unplaced(body.unplaced.as_ref()?, facts);
    let work = facts.work.get(&id)?;
    Some(UnplacedOut { task_id: work.record.to_string(), key: work.key.clone(), title: work.title.clone(), why })
}

/// One task that moved, or would.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MoveOut {
    /// Its key.
    pub key: String,
    /// Its first block before; null when it had no place.
    pub from: Option<Timestamp>,
    /// Its first block after; null when it has no place now.
    pub to: Option<Timestamp>,
    /// Who does it after.
    pub member: Option<UserId>,
    /// Why it moved, in words.
    pub why: String,
}

/// What a change did to the plan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeOut {
    /// The change, for taking it back; null when nothing differed.
    pub change: Option<RevisionId>,
    /// In words, such as `moved 2 tasks, none today`.
    pub words: String,
    /// The tasks that moved.
    pub moves: Vec<MoveOut>,
}

/// What planning anew did, for a caller.
pub(crate) fn change_out(replanned: &Replanned, ctx: &Ctx) -> ChangeOut {
    let now = ctx.db.clock().now();
    let reader = reader(&ctx.actor, now);
    let facts = &replanned.facts;
    let moved = |(task, moved): &(TaskId, super::Moved)| MoveOut {
        key: facts.key(*task).to_owned(),
        from: moved.from.map(|(_, at)| at),
        to: moved.to.map(|(_, at)| at),
        member: moved.to.map(|(user, _)| user),
        why: words::who_moved(moved, facts, &reader),
    };
    ChangeOut {
        change: replanned.revision,
        words: words::moved_words(&replanned.moves, &|user| facts.zone(user), now),
        moves: replanned.moves.iter().map(moved).collect(),
    }
}

async fn propose(p: Planning, ctx: Ctx, tx: Tx, _: Input<()>) -> Result<ChangeOut> {
    Ok(change_out(&verbs::propose(&p, &tx, &ctx.actor).await?, &ctx))
}

#[derive(Deserialize, JsonSchema)]
struct Accept {
    /// Whose blocks; the caller's unless said.
    member: Option<UserId>,
    /// Only blocks of these tasks, by id or key.
    tasks: Option<Vec<String>>,
    /// Only blocks that start before this moment.
    until: Option<Timestamp>,
}

async fn accept(p: Planning, ctx: Ctx, tx: Tx, input: Input<(), (), Accept>) -> Result<ChangeOut> {
    let member = member_or_me(&ctx, input.body.member)?;
    let mut only = Vec::new();
    for name in input.body.tasks.iter().flatten() {
        only.push(task_id(&p.find(&tx, ctx.actor.workspace, name).await?));
    }
    let only = input.body.tasks.is_some().then_some(only.as_slice());
    Ok(change_out(&verbs::accept(&p, &tx, &ctx.actor, member, only, input.body.until).await?, &ctx))
}

type TaskPath = IdPath<String>;

async fn show(p: Planning, ctx: Ctx, input: Input<TaskPath>) -> Result<Explanation> {
    let record = p.find(&ctx.db, ctx.actor.workspace, &input.path.id).await?;
    explain::explain(&p, &ctx.db, &ctx.actor, &record, ctx.db.clock().now()).await
}

/// A list that is never long.
#[derive(Debug, Serialize, JsonSchema)]
struct Fixes {
    /// The fixes, the best first.
    data: Vec<FixOut>,
}

async fn fixes(p: Planning, ctx: Ctx, input: Input<TaskPath>) -> Result<Fixes> {
    let record = p.find(&ctx.db, ctx.actor.workspace, &input.path.id).await?;
    Ok(Fixes { data: explain::fixes(&p, &ctx.db, &ctx.actor, &record, ctx.db.clock().now()).await? })
}

#[derive(Deserialize, JsonSchema)]
struct ApplyFix {
    /// The fix's name, as listed.
    fix: String,
}

async fn apply_fix(p: Planning, ctx: Ctx, tx: Tx, input: Input<TaskPath, (), ApplyFix>) -> Result<ChangeOut> {
    let record = p.find(&tx, ctx.actor.workspace, &input.path.id).await?;
    Ok(change_out(&verbs::apply_fix(&p, &tx, &ctx.actor, &record, &input.body.fix).await?, &ctx))
}

#[derive(Deserialize, JsonSchema)]
struct MovePiece {
    /// Which block, by its start; the first that has not ended unless said.
    piece: Option<Timestamp>,
    /// Where to.
    start: Timestamp,
    /// Into whose calendar; the same member's unless said.
    member: Option<UserId>,
}

async fn move_piece(p: Planning, ctx: Ctx, tx: Tx, input: Input<TaskPath, (), MovePiece>) -> Result<ChangeOut> {
    let record = p.find(&tx, ctx.actor.workspace, &input.path.id).await?;
    let to = verbs::Movement { piece: input.body.piece, start: input.body.start, person: input.body.member };
    Ok(change_out(&verbs::move_piece(&p, &tx, &ctx.actor, &record, &to).await?, &ctx))
}

#[derive(Deserialize, JsonSchema)]
struct Lock {
    /// Whether it is to stay.
    locked: bool,
}

async fn lock(p: Planning, ctx: Ctx, tx: Tx, input: Input<TaskPath, (), Lock>) -> Result<ChangeOut> {
    let record = p.find(&tx, ctx.actor.workspace, &input.path.id).await?;
    Ok(change_out(&verbs::lock(&p, &tx, &ctx.actor, &record, input.body.locked).await?, &ctx))
}

async fn not_today(p: Planning, ctx: Ctx, tx: Tx, input: Input<TaskPath>) -> Result<ChangeOut> {
    let record = p.find(&tx, ctx.actor.workspace, &input.path.id).await?;
    Ok(change_out(&verbs::not_today(&p, &tx, &ctx.actor, &record).await?, &ctx))
}

async fn bring_back(p: Planning, ctx: Ctx, tx: Tx, input: Input<TaskPath>) -> Result<ChangeOut> {
    let record = p.find(&tx, ctx.actor.workspace, &input.path.id).await?;
    Ok(change_out(&verbs::bring_back(&p, &tx, &ctx.actor, &record).await?, &ctx))
}

async fn done(p: Planning, ctx: Ctx, tx: Tx, input: Input<TaskPath>) -> Result<ChangeOut> {
    let record = p.find(&tx, ctx.actor.workspace, &input.path.id).await?;
    Ok(change_out(&verbs::done(&p, &tx, &ctx.actor, &record).await?, &ctx))
}

#[derive(Deserialize, JsonSchema)]
struct Late {
    /// So many minutes longer; below 0 shorter.
    minutes: i64,
}

async fn late(p: Planning, ctx: Ctx, tx: Tx, input: Input<TaskPath, (), Late>) -> Result<ChangeOut> {
    let record = p.find(&tx, ctx.actor.workspace, &input.path.id).await?;
    Ok(change_out(&verbs::late(&p, &tx, &ctx.actor, &record, input.body.minutes).await?, &ctx))
}

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
    /// Weighted working minutes late over all tasks, after minus before.
    pub tardiness_change: i64,
}

async fn what_if(p: Planning, ctx: Ctx, input: Input<(), WhatIf>) -> Result<WhatIfOut> {
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
    let mut planner = standing(db, actor.workspace).await?.ok_or(Error::NotFound("plan"))?;
    let facts = Facts::load(p, db, actor.workspace, now).await?;
    let mut events = Vec::new();
    if let Some(name) = &ask.task {
        let id = task_id(&p.find(db, actor.workspace, name).await?);
        let mut task = planner.world().tasks.into_iter().find(|task| task.id == id).ok_or(Error::NotFound("task in the plan"))?;
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
    Ok(WhatIfOut { moves: moves.iter().map(out).collect(), later, tardiness_change })
}

/// One change of the plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RevisionOut {
    /// Its id, for taking it back.
    id: RevisionId,
    /// Its number.
    revision: i64,
    /// When.
    at: Timestamp,
    /// Who caused it; null when Atlas did.
    by: Option<UserId>,
    /// What happened, in words.
    said: String,
    /// How many tasks moved.
    moved: usize,
    /// Whether it was taken back.
    undone: bool,
}

async fn changes(_: Planning, ctx: Ctx, input: Input<(), ListQuery>) -> Result<Page<RevisionOut>> {
    let limit = input.query.limit()?;
    let rows = store::revisions(&ctx.db, ctx.actor.workspace, limit).await?;
    let out = |one: super::Revision| RevisionOut {
        id: one.id,
        revision: one.number,
        at: one.at,
        by: one.by,
        said: one.said,
        moved: one.moves.len(),
        undone: one.undone,
    };
    Ok(Page { data: rows.into_iter().map(out).collect(), next_cursor: None })
}

async fn undo(p: Planning, ctx: Ctx, tx: Tx, input: Input<IdPath<RevisionId>>) -> Result<ChangeOut> {
    Ok(change_out(&verbs::undo(&p, &tx, &ctx.actor, input.path.id).await?, &ctx))
}
