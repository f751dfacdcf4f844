//! The plan in the database.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use atlas_kernel::{Error, Result, Timestamp, UserId, WorkspaceId};
use atlas_planner::{Minute, Person, Placement, Plan, Score, TaskId, Unplaced};
use atlas_store::{Executor, Insert, JsonAs, Tx, built_query, query};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Bodies, Body, Revision, State, Wish};
use crate::RevisionId;
use crate::facts::{moment, user_id};

fn json(value: &impl Serialize) -> Result<Json> {
    serde_json::to_value(value).map_err(Error::internal)
}

fn read<T: DeserializeOwned>(value: Json) -> Result<T> {
    serde_json::from_value(value).map_err(Error::internal)
}

/// So many rows are held ready to be written, or named by one statement, at once.
const ROWS: usize = 1000;

/// The database's id of a task.
pub fn row_id(task: TaskId) -> Uuid {
    Uuid::from_u128(task.0)
}

fn task_of(id: Uuid) -> TaskId {
    TaskId(id.as_u128())
}

/// The plan's own row, as it is.
pub async fn state(on: &dyn Executor, workspace: WorkspaceId) -> Result<State> {
    state_with(on, workspace, "").await
}

/// The same, made when missing and locked against other planning until the transaction ends.
pub async fn lock(tx: &Tx, workspace: WorkspaceId) -> Result<State> {
    let make = "INSERT INTO plan_state (workspace_id, revision, rule, digest, alarms) VALUES ($1,0,'\"weighted_latest_start\"','',$2) ON CONFLICT DO NOTHING";
    query(make).bind(workspace).bind(Json::Array(vec![])).run(tx).await?;
    state_with(tx, workspace, tx.dialect().for_update()).await
}

async fn state_with(on: &dyn Executor, workspace: WorkspaceId, lock: &str) -> Result<State> {
    let sql = format!("SELECT revision, planned_at, rule, digest, alarms FROM plan_state WHERE workspace_id = $1{lock}");
    let row: Option<(i64, Option<Timestamp>, String, String, Json)> = built_query(sql).bind(workspace).first(on).await?;
    let Some((revision, planned_at, rule, digest, alarms)) = row else { return Ok(State::default()) };
    Ok(State { revision, planned_at, rule: serde_json::from_str(&rule).unwrap_or_default(), digest, alarms: read(alarms)? })
}

/// Writes the plan's own row.
pub async fn put_state(tx: &Tx, workspace: WorkspaceId, state: &State) -> Result<()> {
    let put = "UPDATE plan_state SET revision = $2, planned_at = $3, rule = $4, digest = $5, alarms = $6 WHERE workspace_id = $1";
    let rule = serde_json::to_string(&state.rule).map_err(Error::internal)?;
    let put = query(put).bind(workspace).bind(state.revision).bind(state.planned_at).bind(rule).bind(&state.digest);
    put.bind(json(&state.alarms)?).run(tx).await.map(|_| ())
}

/// The people as they were planned.
pub async fn people(on: &dyn Executor, workspace: WorkspaceId) -> Result<BTreeMap<UserId, Person>> {
    let ask = query("SELECT user_id, body FROM plan_people WHERE workspace_id = $1").bind(workspace);
    let rows: Vec<(UserId, JsonAs<Person>)> = ask.all(on).await?;
    Ok(rows.into_iter().map(|(user, body)| (user, body.0)).collect())
}

/// Writes the people as they were planned; what did not change is left alone.
pub async fn put_people(tx: &Tx, workspace: WorkspaceId, before: &BTreeMap<UserId, Person>, people: &[Person]) -> Result<()> {
    let changed: Vec<&Person> = people.iter().filter(|person| before.get(&user_id(person.id)) != Some(*person)).collect();
    let update = "ON CONFLICT (workspace_id, user_id) DO UPDATE SET body = excluded.body";
    let mut put = Insert::into("plan_people", "workspace_id, user_id, body", update);
    for person in changed {
        put.row().bind(workspace).bind(user_id(person.id)).bind(json(person)?);
    }
    put.run(tx).await?;
    let here: HashSet<UserId> = people.iter().map(|person| user_id(person.id)).collect();
    let gone: Vec<UserId> = before.keys().filter(|user| !here.contains(*user)).copied().collect();
    for some in gone.chunks(ROWS) {
        let delete = query("DELETE FROM plan_people WHERE workspace_id = $1 AND user_id IN ({list})").bind(workspace);
        delete.bind_list(some.iter().copied()).run(tx).await?;
    }
    Ok(())
}

/// Every task in the plan.
pub async fn bodies(on: &dyn Executor, workspace: WorkspaceId) -> Result<Bodies> {
    let ask = query("SELECT task_id, body FROM plan_placements WHERE workspace_id = $1").bind(workspace);
    let rows: Vec<(Uuid, JsonAs<Body>)> = ask.all(on).await?;
    Ok(rows.into_iter().map(|(id, body)| (task_of(id), Arc::new(body.0))).collect())
}

/// One task in the plan.
pub async fn body(on: &dyn Executor, workspace: WorkspaceId, task: TaskId) -> Result<Option<Body>> {
    let ask = query("SELECT body FROM plan_placements WHERE workspace_id = $1 AND task_id = $2").bind(workspace).bind(row_id(task));
    Ok(ask.values::<JsonAs<Body>>(on).await?.pop().map(|body| body.0))
}

/// Writes tasks of the plan; those that are none leave it.
pub async fn put_bodies(tx: &Tx, workspace: WorkspaceId, bodies: &BTreeMap<TaskId, Option<&Body>>) -> Result<()> {
    let gone: Vec<TaskId> = bodies.iter().filter(|(_, body)| body.is_none()).map(|(task, _)| *task).collect();
    for some in gone.chunks(ROWS) {
        let delete = query("DELETE FROM plan_placements WHERE workspace_id = $1 AND task_id IN ({list})").bind(workspace);
        delete.bind_list(some.iter().map(|task| row_id(*task))).run(tx).await?;
    }
    let there: Vec<(TaskId, &Body)> = bodies.iter().filter_map(|(task, body)| Some((*task, (*body)?))).collect();
    let update = "ON CONFLICT (workspace_id, task_id) DO UPDATE SET user_id = excluded.user_id, start_at = excluded.start_at, \
         finish_at = excluded.finish_at, body = excluded.body";
    for some in there.chunks(ROWS) {
        let mut put = Insert::into("plan_placements", "workspace_id, task_id, user_id, start_at, finish_at, body", update);
        for (task, body) in some {
            let span = body.span();
            let row = put.row().bind(workspace).bind(row_id(*task)).bind(body.place.as_ref().map(|place| user_id(place.person)));
            row.bind(span.map(|span| moment(span.from))).bind(span.map(|span| moment(span.until))).bind(json(body)?);
        }
        put.run(tx).await?;
    }
    Ok(())
}

/// What people said about single tasks.
pub async fn wishes(on: &dyn Executor, workspace: WorkspaceId) -> Result<HashMap<TaskId, Wish>> {
    let ask = query("SELECT task_id, body FROM plan_wishes WHERE workspace_id = $1").bind(workspace);
    let rows: Vec<(Uuid, JsonAs<Wish>)> = ask.all(on).await?;
    Ok(rows.into_iter().map(|(id, body)| (task_of(id), body.0)).collect())
}

/// What people said about one task.
pub async fn wish(on: &dyn Executor, workspace: WorkspaceId, task: TaskId) -> Result<Option<Wish>> {
    let ask = query("SELECT body FROM plan_wishes WHERE workspace_id = $1 AND task_id = $2").bind(workspace).bind(row_id(task));
    Ok(ask.values::<JsonAs<Wish>>(on).await?.pop().map(|body| body.0))
}

/// Writes what people said about a task; nothing said leaves no row.
pub async fn put_wish(tx: &Tx, workspace: WorkspaceId, task: TaskId, wish: Option<&Wish>) -> Result<()> {
    let Some(wish) = wish.filter(|wish| **wish != Wish::default()) else {
        let gone = query("DELETE FROM plan_wishes WHERE workspace_id = $1 AND task_id = $2");
        return gone.bind(workspace).bind(row_id(task)).run(tx).await.map(|_| ());
    };
    let put = "INSERT INTO plan_wishes (workspace_id, task_id, body) VALUES ($1,$2,$3) \
         ON CONFLICT (workspace_id, task_id) DO UPDATE SET body = excluded.body";
    query(put).bind(workspace).bind(row_id(task)).bind(json(wish)?).run(tx).await.map(|_| ())
}

/// A block that was worked: the task, who, from, until.
pub type Worked = (TaskId, UserId, Timestamp, Timestamp);

/// How many minutes of each open task were worked, these blocks included whether they are kept yet or not.
pub async fn worked_minutes(on: &dyn Executor, workspace: WorkspaceId, also: &[Worked]) -> Result<HashMap<TaskId, i64>> {
    let rows: Vec<(Uuid, Timestamp, Timestamp)> = query(
        "SELECT w.task_id, w.start_at, w.finish_at FROM plan_worked w \
         JOIN plan_placements p ON p.workspace_id = w.workspace_id AND p.task_id = w.task_id WHERE w.workspace_id = $1",
    )
    .bind(workspace)
    .all(on)
    .await?;
    let mut blocks: BTreeMap<(TaskId, Timestamp), Timestamp> = also.iter().map(|(task, _, from, until)| ((*task, *from), *until)).collect();
    blocks.extend(rows.into_iter().map(|(task, from, until)| ((task_of(task), from), until)));
    let mut minutes = HashMap::new();
    for ((task, from), until) in blocks {
        *minutes.entry(task).or_insert(0) += until.duration_since(from).as_mins();
    }
    Ok(minutes)
}

/// How many minutes of each of these tasks were worked, open or not.
pub async fn worked_of(on: &dyn Executor, workspace: WorkspaceId, tasks: &[TaskId]) -> Result<HashMap<TaskId, i64>> {
    let mut minutes = HashMap::new();
    for tasks in tasks.chunks(500) {
        let ask = query("SELECT task_id, start_at, finish_at FROM plan_worked WHERE workspace_id = $1 AND task_id IN ({list})");
        let ask = ask.bind(workspace).bind_list(tasks.iter().map(|task| row_id(*task)));
        let rows: Vec<(Uuid, Timestamp, Timestamp)> = ask.all(on).await?;
        for (task, from, until) in rows {
            *minutes.entry(task_of(task)).or_insert(0) += until.duration_since(from).as_mins();
        }
    }
    Ok(minutes)
}

/// What a member worked in this stretch.
pub async fn worked_between(
    on: &dyn Executor,
    workspace: WorkspaceId,
    user: UserId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Worked>> {
    let rows: Vec<(Uuid, UserId, Timestamp, Timestamp)> = query(
        "SELECT task_id, user_id, start_at, finish_at FROM plan_worked WHERE workspace_id = $1 AND user_id = $2 AND start_at >= $3 AND start_at < $4 \
         ORDER BY start_at, task_id",
    )
    .bind(workspace)
    .bind(user)
    .bind(from)
    .bind(until)
    .all(on)
    .await?;
    Ok(rows.into_iter().map(|(task, user, from, until)| (task_of(task), user, from, until)).collect())
}

/// Keeps blocks that were worked.
pub async fn put_worked(tx: &Tx, workspace: WorkspaceId, blocks: &[Worked]) -> Result<()> {
    let mut put = Insert::into("plan_worked", "workspace_id, task_id, start_at, user_id, finish_at", "ON CONFLICT DO NOTHING");
    for (task, user, from, until) in blocks {
        put.row().bind(workspace).bind(row_id(*task)).bind(*from).bind(*user).bind(*until);
    }
    put.run(tx).await.map(|_| ())
}

const REVISION: &str = "id, revision, at, by_user, said, digest_before, before, undo, moves, undone";

atlas_store::row! {
    struct RevisionRow {
        id: RevisionId,
        revision: i64,
        at: Timestamp,
        by_user: Option<UserId>,
        said: String,
        digest_before: String,
        before: Json,
        undo: Json,
        moves: Json,
        undone: bool,
    }
}

fn revision_of(row: RevisionRow) -> Result<Revision> {
    let before: Vec<(TaskId, Option<Body>)> = read(row.before)?;
    Ok(Revision {
        id: row.id,
        number: row.revision,
        at: row.at,
        by: row.by_user,
        said: row.said,
        digest_before: row.digest_before,
        before: before.into_iter().collect(),
        undo: read(row.undo)?,
        moves: read(row.moves)?,
        undone: row.undone,
    })
}

/// The latest changes of the plan, newest first.
pub async fn revisions(on: &dyn Executor, workspace: WorkspaceId, most: usize) -> Result<Vec<Revision>> {
    let sql = format!("SELECT {REVISION} FROM plan_revisions WHERE workspace_id = $1 ORDER BY revision DESC LIMIT $2");
    let rows: Vec<RevisionRow> = built_query(sql).bind(workspace).bind(most).all(on).await?;
    rows.into_iter().map(revision_of).collect()
}

atlas_store::row! {
    /// A change of the plan as it is told, without what it changed.
    #[derive(Clone, Debug)]
    pub struct Told {
        /// Its id.
        pub id: RevisionId,
        /// Its number.
        pub revision: i64,
        /// When.
        pub at: Timestamp,
        /// Who caused it.
        pub by_user: Option<UserId>,
        /// What happened.
        pub said: String,
        /// The tasks that moved.
        pub moves: Json,
        /// Whether it was taken back.
        pub undone: bool,
    }
}

/// The changes of the plan before this one, newest first.
pub async fn told(on: &dyn Executor, workspace: WorkspaceId, before: Option<i64>, most: usize) -> Result<Vec<Told>> {
    query(
        "SELECT id, revision, at, by_user, said, moves, undone FROM plan_revisions WHERE workspace_id = $1 AND revision < $2 \
         ORDER BY revision DESC LIMIT $3",
    )
    .bind(workspace)
    .bind(before.unwrap_or(i64::MAX))
    .bind(most)
    .all(on)
    .await
}

/// The numbers of the latest changes, newest first, with the facts that the plan before each answered.
pub async fn answered(on: &dyn Executor, workspace: WorkspaceId, most: usize) -> Result<Vec<(i64, String)>> {
    query("SELECT revision, digest_before FROM plan_revisions WHERE workspace_id = $1 ORDER BY revision DESC LIMIT $2")
        .bind(workspace)
        .bind(most)
        .all(on)
        .await
}

/// What this change and every later one changed, as it was before each, newest first.
pub async fn changed_since(on: &dyn Executor, workspace: WorkspaceId, number: i64) -> Result<Vec<(TaskId, Option<Body>)>> {
    let ask = query("SELECT before FROM plan_revisions WHERE workspace_id = $1 AND revision >= $2 ORDER BY revision DESC");
    let rows: Vec<JsonAs<Vec<(TaskId, Option<Body>)>>> = ask.bind(workspace).bind(number).values(on).await?;
    Ok(rows.into_iter().flat_map(|before| before.0).collect())
}

/// One change of the plan.
pub async fn revision(on: &dyn Executor, workspace: WorkspaceId, id: RevisionId) -> Result<Option<Revision>> {
    let sql = format!("SELECT {REVISION} FROM plan_revisions WHERE workspace_id = $1 AND id = $2");
    let row: Option<RevisionRow> = built_query(sql).bind(workspace).bind(id).first(on).await?;
    row.map(revision_of).transpose()
}

/// Writes a change of the plan.
pub async fn put_revision(tx: &Tx, workspace: WorkspaceId, revision: &Revision) -> Result<()> {
    let sql = format!("INSERT INTO plan_revisions (workspace_id, {REVISION}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)");
    let before: Vec<(&TaskId, &Option<Body>)> = revision.before.iter().collect();
    let put = built_query(sql).bind(workspace).bind(revision.id).bind(revision.number).bind(revision.at).bind(revision.by);
    let put = put.bind(&revision.said).bind(&revision.digest_before).bind(json(&before)?).bind(json(&revision.undo)?);
    put.bind(json(&revision.moves)?).bind(revision.undone).run(tx).await.map(|_| ())
}

/// The tasks of the changes that Atlas made and somebody took back.
pub async fn taken_back_of_atlas(on: &dyn Executor, workspace: WorkspaceId) -> Result<HashSet<TaskId>> {
    let moves = query("SELECT moves FROM plan_revisions WHERE workspace_id = $1 AND undone = $2 AND by_user IS NULL");
    let moves: Vec<JsonAs<Vec<TaskId>>> = moves.bind(workspace).bind(true).values(on).await?;
    Ok(moves.into_iter().flat_map(|moves| moves.0).collect())
}

/// Marks a change as taken back.
pub async fn mark_undone(tx: &Tx, workspace: WorkspaceId, id: RevisionId) -> Result<()> {
    query("UPDATE plan_revisions SET undone = $3 WHERE workspace_id = $1 AND id = $2")
        .bind(workspace)
        .bind(id)
        .bind(true)
        .run(tx)
        .await
        .map(|_| ())
}

/// Forgets what changes older than this moment were before: they can no longer be taken back.
pub async fn forget_before(tx: &Tx, workspace: WorkspaceId, moment: Timestamp) -> Result<u64> {
    query("DELETE FROM plan_revisions WHERE workspace_id = $1 AND at < $2").bind(workspace).bind(moment).run(tx).await
}

/// The stored tasks as the planner's plan.
pub fn plan_of(rule: atlas_planner::Rule, bodies: &Bodies) -> Plan {
    let placements: Vec<Placement> = bodies.values().filter_map(|body| body.place.clone()).collect();
    let unplaced = bodies.iter().filter_map(|(task, body)| {
        Some(Unplaced { task: *task, reason: body.unplaced.clone()?, estimate_is_default: body.facts.remaining.is_none() })
    });
    Plan { unplaced: unplaced.collect(), placements, rule, score: Score::default() }
}

/// Workspaces whose earliest planned block ended before this moment: their plan has fallen behind the clock.
pub async fn behind(on: &dyn Executor, minute: Minute) -> Result<Vec<WorkspaceId>> {
    let late = "SELECT DISTINCT workspace_id FROM plan_placements WHERE start_at < $1 AND workspace_id IN (SELECT workspace_id FROM plan_state WHERE planned_at < $1)";
    query(late).bind(moment(minute)).values(on).await
}
