//! The plan over REST.

mod changes;
mod out;
mod quiet;
mod told;
mod what_if;

use std::future::Future;

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{Error, Ref, Result, Timestamp, UserId};
use atlas_store::Tx;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::out::change_out;
pub use self::out::{AlarmOut, BlockOut, ChangeOut, MoveOut, PlanOut, UnplacedOut};
pub(crate) use self::told::{notice_words, offer_words};
pub use self::what_if::WhatIfOut;
pub(crate) use self::what_if::{WhatIf, try_out};
use super::eta::{self, ProjectEta};
use super::explain::{self, Explanation, FixOut, reader};
use super::verbs;
use crate::calendar::api::busy_out;
use crate::facts::task_id;
use crate::replan::Seen;
use crate::{PLAN_ADMIN, PLAN_READ, PLAN_WRITE, Planning, words};

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
        Operation::read("plan.project", "/v1/plan/projects/{id}", PLAN_READ, reads(p, project))
            .summary("Say when a project will be done")
            .describe("The planned end of its last task, and how sure that is by how estimates turned out before; what is missing to know it is said.")
            .tool(),
        Operation::read("plan.what_if", "/v1/plan/what-if", PLAN_READ, reads(p, what_if::what_if))
            .summary("Try a change out")
            .describe("Answers every move it would make; nothing is written."),
        Operation::read("plan.notices", "/v1/plan/notices", PLAN_READ, reads(p, told::notices))
            .summary("List what the caller should know of their plan")
            .describe("Only what others' doing changed of the caller's today, and work that was on time and is late."),
        Operation::write("plan.notices.put_away", Method::DELETE, "/v1/plan/notices", PLAN_WRITE, writes(p, told::put_away))
            .summary("Put all notices away")
            .no_content(),
        Operation::read("plan.offer", "/v1/plan/offer", PLAN_READ, reads(p, told::offer))
            .summary("Read the better plan that is offered")
            .describe("Found by a search while nothing happened; it is taken by itself only where the workspace says so."),
        Operation::write("plan.offer.accept", Method::POST, "/v1/plan/offer/accept", PLAN_WRITE, writes(p, told::accept_offer))
            .summary("Take the better plan that is offered"),
        Operation::write("plan.offer.dismiss", Method::POST, "/v1/plan/offer/dismiss", PLAN_WRITE, writes(p, told::dismiss_offer))
            .summary("Put the offer away")
            .no_content(),
        Operation::read("plan.quiet", "/v1/plan/quiet", PLAN_READ, reads(p, quiet::read))
            .summary("Read when a better plan is looked for, and what is done with it"),
        Operation::write("plan.quiet.set", Method::PUT, "/v1/plan/quiet", PLAN_ADMIN, writes(p, quiet::set))
            .summary("Set when a better plan is looked for, and what is done with it")
            .describe("Taken by itself, it moves nothing of anybody's today, nothing locked, and nothing that was taken back before."),
        Operation::read("plan.changes", "/v1/plan/changes", PLAN_READ, reads(p, changes::changes))
            .summary("List the latest changes of the plan, newest first"),
        Operation::write("plan.undo", Method::POST, "/v1/plan/changes/{id}/undo", PLAN_WRITE, writes(p, changes::undo))
            .summary("Take a change of the plan back")
            .describe("Every block that still can be is where it was before."),
    ]
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
    let Seen { known, facts, .. } = p.look(&ctx.db, ctx.actor.workspace, now).await?;
    let (bodies, state) = (&known.bodies, &known.state);
    let reader = reader(&ctx.actor, now);
    let within = |block: &BlockOut| {
        input.query.from.is_none_or(|from| block.end > from) && input.query.until.is_none_or(|until| block.start < until)
    };
    let mut blocks: Vec<BlockOut> = bodies.values().flat_map(|body| out::blocks_of(body, member, &facts, &reader)).filter(within).collect();
    blocks.sort_by_key(|block| block.start);
    let mut busy: Vec<_> = facts.busy.values().filter(|busy| busy.user_id == member && busy.finish_at > now).cloned().collect();
    busy.sort_by_key(|busy| busy.start_at);
    let mine = state.alarms.iter().filter(|alarm| words::alarm_of(alarm, bodies).is_none_or(|of| of == member));
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
        unplaced: bodies.iter().filter_map(|(id, body)| out::unplaced_out(*id, body, &facts)).collect(),
        alarms: mine.map(alarm_out).collect(),
    })
}

fn member_or_me(ctx: &Ctx, member: Option<UserId>) -> Result<UserId> {
    match member {
        Some(member) => Ok(member),
        None => ctx.actor.person(),
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

async fn project(p: Planning, ctx: Ctx, input: Input<IdPath<String>>) -> Result<ProjectEta> {
    let project: Ref = input.path.id.parse().map_err(|_| Error::NotFound("project"))?;
    let known =
        project.kind() == "proj" && !ctx.nouns.describe(&ctx.db, ctx.actor.workspace, std::slice::from_ref(&project)).await?.is_empty();
    if !known {
        return Err(Error::NotFound("project"));
    }
    eta::project(&p, &ctx.db, &ctx.actor, &project, ctx.db.clock().now()).await
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
