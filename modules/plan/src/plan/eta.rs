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
    /// Its tasks that are to do or under way; those in the backlog or in review are not counted.
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
    let bodies: Vec<&Body> = ids.iter().filter_map(|id| seen.known.bodies.get(id).map(AsRef::as_ref)).collect();
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
    eta.from_tasks = history.tasks_of(people.keys());
    eta.caveats = caveats(&eta, &unknown);
    if eta.finish.is_some() && eta.without_place == 0 && unknown.is_empty() {
        let planner = seen.known.planner(db, actor.workspace).await?.ok_or(Error::NotFound("plan"))?;
        let both = move || Ok([spread(&planner, &people, &history, 50)?, spread(&planner, &people, &history, 90)?]);
        let [p50, p90] = tokio::task::spawn_blocking(both).await.map_err(Error::internal)??;
        (eta.p50, eta.p90) = (p50, p50.zip(p90).map(|(half, nine)| half.max(nine)));
        if p50.is_none() || p90.is_none() {
            eta.caveats.push("If tasks take as long as they did before, some find no place in the plan.".to_owned());
        }
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

/// When the last task ends if all of them take as long as their people's did, so many times in a hundred; none when one of them
/// finds no place then.
///
/// All is done when everybody is: of several people who keep to their times independently, each has to do so more often.
fn spread(planner: &Arc<Planner>, people: &BTreeMap<UserId, Vec<TaskId>>, history: &History, per_cent: usize) -> Result<Option<Timestamp>> {
    let world = planner.world();
    let left = |task: &TaskId| {
        let known = world.tasks.binary_search_by_key(task, |task| task.id).ok().and_then(|index| world.tasks[index].remaining);
        i64::from(known.unwrap_or(Settings::default().default_estimate))
    };
    let mut branch = planner.branch();
    let each = each_of(people.len(), per_cent);
    for (user, tasks) in people {
        let Some(past) = history.of(*user) else { continue };
        let minutes: Vec<i64> = tasks.iter().map(left).collect();
        let ratio = past.kept_to_together(&minutes, each);
        for (task, minutes) in tasks.iter().zip(minutes) {
            let minutes = u32::try_from((minutes * ratio / 100).max(5)).unwrap_or(u32::MAX);
            branch.apply(&Event::Remaining { task: *task, minutes }).map_err(planned)?;
        }
    }
    let ends: Option<Vec<Timestamp>> =
        people.values().flatten().map(|task| branch.placement(*task).map(|place| moment(place.finish()))).collect();
    Ok(ends.and_then(|ends| ends.into_iter().max()))
}

/// How often, in a hundred times, each of so many independent people keeps to a time that all of them keep to so often.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "shares of a hundred")]
fn each_of(people: usize, per_cent: usize) -> usize {
    let each = (per_cent as f64 / 100.0).powf(1.0 / people.max(1) as f64);
    ((each * 100.0).round() as usize).min(100)
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

#[cfg(test)]
mod tests {
    use super::each_of;

    #[test]
    fn of_several_people_each_keeps_to_their_time_more_often_than_all_do() {
        assert_eq!((each_of(1, 50), each_of(1, 90), each_of(0, 50)), (50, 90, 50));
        // 0.79³ = 0.49 and 0.97³ = 0.91.
        assert_eq!((each_of(3, 50), each_of(3, 90)), (79, 97));
        assert_eq!(each_of(200, 90), 100);
    }
}
