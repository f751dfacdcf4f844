//! When a project will be done: the planned end of its last task, and how sure that is by how estimates turned out before.

use std::collections::BTreeMap;
use std::sync::Arc;

use atlas_kernel::{Actor, Error, Ref, Result, Timestamp, UserId};
use atlas_planner::{Event, Planner, Settings, TaskId};
use atlas_store::Db;
use atlas_web::ui::plural;
use schemars::JsonSchema;
use serde::Serialize;

use super::Body;
use super::explain::planned;
use super::history::History;
use crate::facts::{moment, user_id};
use crate::{PLAN_READ, Planning};

/// When a project will be done.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectEta {
    /// The project.
    pub project_id: String,
    /// Its tasks that are to do or under way.
    pub tasks: usize,
    /// When the last of them ends as planned; null when none has a place.
    pub finish: Option<Timestamp>,
    /// As likely as not done by then; null while that cannot be known, and `caveats` says why.
    pub p50: Option<Timestamp>,
    /// Nine times in ten done by then.
    pub p90: Option<Timestamp>,
    /// Finished tasks of its people that this is learned from.
    pub from_tasks: usize,
    /// Tasks that nobody has estimated.
    pub without_estimate: usize,
    /// Tasks that have no place in the plan.
    pub without_place: usize,
    /// Tasks that are planned to end after their due date.
    pub late: usize,
    /// What this rests on and what it leaves out, in words.
    pub caveats: Vec<String>,
}

/// When this project will be done, by the plan as it is.
///
/// # Errors
/// Denied; or whatever the database answers.
pub async fn project(planning: &Planning, db: &Db, actor: &Actor, project: &Ref, now: Timestamp) -> Result<ProjectEta> {
    actor.may(&PLAN_READ)?;
    let seen = planning.look(db, actor.workspace, now).await?;
    let ids: Vec<TaskId> = seen.facts.work.iter().filter(|(_, work)| work.project.0 == *project).map(|(id, _)| *id).collect();
    let bodies: Vec<&Body> = ids.iter().filter_map(|id| seen.known.bodies.get(id)).collect();
    let placed: Vec<&Body> = bodies.iter().copied().filter(|body| body.place.is_some()).collect();
    let mut eta = ProjectEta {
        project_id: project.to_string(),
        tasks: ids.len(),
        finish: placed.iter().filter_map(|body| body.span()).map(|span| moment(span.until)).max(),
        p50: None,
        p90: None,
        from_tasks: 0,
        without_estimate: bodies.iter().filter(|body| body.facts.remaining.is_none()).count(),
        without_place: ids.len() - placed.len(),
        late: placed.iter().filter(|body| body.place.as_ref().is_some_and(|place| place.late_minutes > 0)).count(),
        caveats: vec![],
    };
    let history = History::read(planning, db, actor.workspace).await?;
    let people = people(&placed);
    let mut unknown: Vec<&str> = people.keys().filter(|user| history.of(**user).is_none()).map(|user| seen.facts.name(*user)).collect();
    unknown.sort_unstable();
    eta.from_tasks = people.keys().filter_map(|user| history.of(*user)).map(|past| past.tasks()).sum();
    eta.caveats = caveats(&eta, &unknown);
    if eta.finish.is_some() && eta.without_place == 0 && unknown.is_empty() {
        let planner = seen.known.planner(db, actor.workspace).await?.ok_or(Error::NotFound("plan"))?;
        let both = move || Ok([spread(&planner, &people, &history, 50)?, spread(&planner, &people, &history, 90)?]);
        let [p50, p90] = tokio::task::spawn_blocking(both).await.map_err(Error::internal)??;
        (eta.p50, eta.p90) = (p50, p90.max(p50));
    }
    Ok(eta)
}

/// The project's tasks by who does them.
fn people(placed: &[&Body]) -> BTreeMap<UserId, Vec<TaskId>> {
    let mut people: BTreeMap<UserId, Vec<TaskId>> = BTreeMap::new();
    for place in placed.iter().filter_map(|body| body.place.as_ref()) {
        people.entry(user_id(place.person)).or_default().push(place.task);
    }
    people.values_mut().for_each(|tasks| tasks.sort_unstable());
    people
}

/// When the last task ends if all of them take as long as their people's did, so many times in a hundred.
fn spread(planner: &Arc<Planner>, people: &BTreeMap<UserId, Vec<TaskId>>, history: &History, per_cent: usize) -> Result<Option<Timestamp>> {
    let world = planner.world();
    let left = |task: &TaskId| {
        let known = world.tasks.binary_search_by_key(task, |task| task.id).ok().and_then(|index| world.tasks[index].remaining);
        i64::from(known.unwrap_or(Settings::default().default_estimate))
    };
    let mut branch = planner.branch();
    for (user, tasks) in people {
        let Some(past) = history.of(*user) else { continue };
        let minutes: Vec<i64> = tasks.iter().map(left).collect();
        let ratio = past.kept_to_together(&minutes, per_cent);
        for (task, minutes) in tasks.iter().zip(minutes) {
            let minutes = u32::try_from((minutes * ratio / 100).max(5)).unwrap_or(u32::MAX);
            branch.apply(&Event::Remaining { task: *task, minutes }).map_err(planned)?;
        }
    }
    let ends = people.values().flatten().filter_map(|task| branch.placement(*task)).map(|place| moment(place.finish()));
    Ok(ends.max())
}

fn caveats(eta: &ProjectEta, unknown: &[&str]) -> Vec<String> {
    let mut said = Vec::new();
    match eta.without_place {
        0 => {}
        1 => said.push("1 task has no place in the plan, so nobody knows when all is done.".to_owned()),
        many => said.push(format!("{many} tasks have no place in the plan, so nobody knows when all is done.")),
    }
    match eta.without_estimate {
        0 => {}
        1 => said.push("1 task has no estimate and counts as 1 h.".to_owned()),
        many => said.push(format!("{many} tasks have no estimate and count as 1 h each.")),
    }
    if !unknown.is_empty() {
        said.push(format!("{} finished too little yet to say how estimates turn out.", unknown.join(", ")));
    }
    if eta.late > 0 {
        said.push(format!(
            "{} planned after {} due date.",
            plural(eta.late, "task is", "tasks are"),
            if eta.late == 1 { "its" } else { "their" }
        ));
    }
    said
}
