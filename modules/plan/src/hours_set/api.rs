//! Hours sets over REST, and the restriction of single tasks to them.

use std::collections::HashMap;

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{Error, Result};
use atlas_store::Tx;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HoursSet, store, verbs};
use crate::calendar::{Hours, Week};
use crate::plan::api::{ChangeOut, change_out, reads, writes};
use crate::{HoursSetId, PLAN_READ, PLAN_WRITE, Planning};

/// The operations on hours sets.
pub fn operations(p: &Planning) -> Vec<Operation> {
    vec![
        Operation::read("plan.hours_sets.list", "/v1/plan/hours-sets", PLAN_READ, reads(p, list))
            .summary("List the hours that tasks may be restricted to"),
        Operation::write("plan.hours_sets.create", Method::POST, "/v1/plan/hours-sets", PLAN_WRITE, writes(p, create))
            .summary("Add hours that tasks may be restricted to")
            .describe("Such as calls from Tuesday to Thursday, 10:00 to 16:00, by the clock of whoever does the task.")
            .created(),
        Operation::read("plan.hours_sets.read", "/v1/plan/hours-sets/{id}", PLAN_READ, reads(p, read)).summary("Read an hours set"),
        Operation::write("plan.hours_sets.update", Method::PATCH, "/v1/plan/hours-sets/{id}", PLAN_WRITE, writes(p, update))
            .summary("Rename an hours set or change its hours")
            .describe("The tasks that it restricts are planned anew; the answer says what moved."),
        Operation::write("plan.hours_sets.remove", Method::DELETE, "/v1/plan/hours-sets/{id}", PLAN_WRITE, writes(p, remove))
            .summary("Remove an hours set")
            .describe("The tasks that it restricted stay, and may be done at any working time; the answer names them."),
        Operation::write("plan.restrict", Method::PUT, "/v1/plan/tasks/{id}/hours", PLAN_WRITE, writes(p, restrict))
            .summary("Restrict a task to hours of the week, or lift that")
            .tool(),
    ]
}

/// Named hours of the week.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoursSetOut {
    /// Its id.
    pub id: HoursSetId,
    /// What people call it.
    pub name: String,
    /// For each day, Monday first: hours such as `10:00–16:00`; empty for a day without.
    pub week: Vec<String>,
    /// The week in one line, such as `Tue–Thu 10:00–16:00`.
    pub words: String,
    /// How many tasks of the plan it restricts.
    pub tasks: usize,
}

fn out(set: &HoursSet, used: &HashMap<HoursSetId, usize>) -> HoursSetOut {
    HoursSetOut {
        id: set.id,
        name: set.name.clone(),
        week: set.week.iter().map(|day| Hours::written(day)).collect(),
        words: set.in_words(),
        tasks: used.get(&set.id).copied().unwrap_or(0),
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct HoursSets {
    /// By name.
    data: Vec<HoursSetOut>,
}

async fn list(_: Planning, ctx: Ctx, _: Input<()>) -> Result<HoursSets> {
    let used = store::used(&ctx.db, ctx.actor.workspace).await?;
    Ok(HoursSets { data: store::all(&ctx.db, ctx.actor.workspace).await?.iter().map(|set| out(set, &used)).collect() })
}

async fn read(_: Planning, ctx: Ctx, input: Input<IdPath<HoursSetId>>) -> Result<HoursSetOut> {
    let set = store::one(&ctx.db, ctx.actor.workspace, input.path.id).await?.ok_or(Error::NotFound("hours set"))?;
    Ok(out(&set, &store::used(&ctx.db, ctx.actor.workspace).await?))
}

#[derive(Deserialize, JsonSchema)]
struct NewHoursSet {
    /// What people call it; no two of a workspace are called the same.
    name: String,
    /// For each day, Monday first: hours such as `10:00–16:00`; empty for a day without.
    week: Vec<String>,
}

fn week_of(days: &[String]) -> Result<Week> {
    let days: Vec<Vec<(u16, u16)>> = days.iter().map(|day| Hours::read(day)).collect::<Result<_>>()?;
    days.try_into().map_err(|_| Error::field("week", "invalid", "seven days, Monday first"))
}

async fn create(_: Planning, ctx: Ctx, tx: Tx, input: Input<(), (), NewHoursSet>) -> Result<HoursSetOut> {
    let set = verbs::create(&tx, &ctx.actor, &input.body.name, week_of(&input.body.week)?).await?;
    Ok(out(&set, &HashMap::new()))
}

#[derive(Deserialize, JsonSchema)]
struct PatchHoursSet {
    /// What people call it.
    name: Option<String>,
    /// For each day, Monday first: hours such as `10:00–16:00`; empty for a day without.
    week: Option<Vec<String>>,
}

/// A changed hours set and what that did to the plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HoursSetChanged {
    /// The hours set.
    hours_set: HoursSetOut,
    /// What it did to the plan.
    plan: ChangeOut,
}

async fn update(p: Planning, ctx: Ctx, tx: Tx, input: Input<IdPath<HoursSetId>, (), PatchHoursSet>) -> Result<HoursSetChanged> {
    let week = input.body.week.as_deref().map(week_of).transpose()?;
    let (set, replanned) = verbs::edit(&p, &tx, &ctx.actor, input.path.id, input.body.name.as_deref(), week).await?;
    let used = store::used(&tx, ctx.actor.workspace).await?;
    Ok(HoursSetChanged { hours_set: out(&set, &used), plan: change_out(&replanned, &ctx) })
}

/// What removing an hours set did.
#[derive(Debug, Serialize, JsonSchema)]
struct HoursSetRemoved {
    /// In words.
    words: String,
    /// Keys of the tasks that may now be done at any working time.
    lifted: Vec<String>,
    /// What it did to the plan.
    plan: ChangeOut,
}

async fn remove(p: Planning, ctx: Ctx, tx: Tx, input: Input<IdPath<HoursSetId>>) -> Result<HoursSetRemoved> {
    let removed = verbs::remove(&p, &tx, &ctx.actor, input.path.id).await?;
    Ok(HoursSetRemoved {
        words: format!("{}.", removed.in_words()),
        lifted: removed.lifted.iter().map(|task| removed.replanned.facts.key(*task).to_owned()).collect(),
        plan: change_out(&removed.replanned, &ctx),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Restrict {
    /// The hours set; null for any working time.
    hours_set: Option<HoursSetId>,
}

async fn restrict(p: Planning, ctx: Ctx, tx: Tx, input: Input<IdPath<String>, (), Restrict>) -> Result<ChangeOut> {
    let record = p.find(&tx, ctx.actor.workspace, &input.path.id).await?;
    Ok(change_out(&crate::plan::verbs::restrict(&p, &tx, &ctx.actor, &record, input.body.hours_set).await?, &ctx))
}
