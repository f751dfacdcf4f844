//! Overload and impossible due dates are said before planning, and what has no place says why.

use std::collections::BTreeSet;

use atlas_planner::{Alarm, Dependency, Due, Person, PersonId, Planner, SkillId, Task, TaskId, UnplacedReason, World, WorldError, alarms};
use atlas_planner_testkit::worlds::{MONDAY, Team, team};

const ANA: PersonId = PersonId(1);

fn world(tasks: Vec<Task>) -> World {
    let mut world = World::new(MONDAY);
    world.people.push(Person::new(ANA, "Europe/Madrid"));
    world.tasks = tasks;
    world
}

fn task(id: u128, minutes: u32) -> Task {
    Task::new(TaskId(id), ANA, minutes)
}

/// Friday, 18:00 in Madrid.
const FRIDAY: i64 = MONDAY + 4 * 1440 + 10 * 60;

#[test]
fn overload_is_said_with_its_tasks_before_planning() {
    let due = |id: u128, minutes: u32| Task { due: Some(Due { at: FRIDAY, hard: false }), ..task(id, minutes) };
    // Five days of six plannable hours are 1,800 minutes; 2,640 are asked for.
    let found = alarms(world(vec![due(1, 1320), due(2, 1320), task(3, 600)])).unwrap();
    let overload = Alarm::Overload { person: ANA, by: FRIDAY, over_minutes: 840, tasks: vec![TaskId(1), TaskId(2)] };
    assert_eq!(found, [overload]);
    assert_eq!(alarms(world(vec![due(1, 900), due(2, 900)])).unwrap(), []);
}

#[test]
fn an_impossible_due_date_is_named_with_its_chain() {
    let last = Task { due: Some(Due { at: MONDAY + 600, hard: true }), after: vec![Dependency::on(TaskId(1))], ..task(2, 240) };
    let found = alarms(world(vec![task(1, 300), last])).unwrap();
    let impossible = found.iter().find_map(|alarm| match alarm {
        Alarm::Impossible { task, short_minutes, chain } => {
            Some((*task, *short_minutes, chain.iter().map(|link| link.task).collect::<Vec<_>>()))
        }
        _ => None,
    });
    // Each alone: the first ends at 15:00, three hours fit behind it, and one lies in Tuesday's first.
    assert_eq!(impossible, Some((TaskId(2), 60, vec![TaskId(1), TaskId(2)])));
}

#[test]
fn what_has_no_place_says_why() {
    let waits = |id: u128, on: u128| Task { after: vec![Dependency::on(TaskId(on))], ..task(id, 60) };
    let tasks = vec![
        Task { candidates: vec![], ..task(1, 60) },
        waits(2, 3),
        waits(3, 2),
        waits(4, 3),
        Task { splittable: false, ..task(5, 300) },
        Task { skill: Some(SkillId(9)), ..task(6, 60) },
        Task { earliest_start: Some(MONDAY + 400 * 1440), ..task(7, 60) },
    ];
    let plan = Planner::new(world(tasks)).unwrap().plan();
    let reasons: Vec<_> = plan.unplaced.into_iter().map(|unplaced| (unplaced.task.0, unplaced.reason)).collect();
    let expected = [
        (1, UnplacedReason::NoCandidate),
        (2, UnplacedReason::Cycle(vec![TaskId(2), TaskId(3)])),
        (3, UnplacedReason::Cycle(vec![TaskId(3), TaskId(2)])),
        (4, UnplacedReason::WaitsFor(TaskId(3))),
        (5, UnplacedReason::NoRunLongEnough),
        (6, UnplacedReason::NoCandidate),
        (7, UnplacedReason::BeyondHorizon),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn a_task_without_estimate_is_planned_visibly_by_the_default() {
    let plan = Planner::new(world(vec![Task { remaining: None, ..task(1, 0) }])).unwrap().plan();
    assert!(plan.placements[0].estimate_is_default);
    assert_eq!(plan.placements[0].finish() - plan.placements[0].start(), 60);
}

#[test]
fn worlds_that_contradict_themselves_are_refused() {
    let twice = world(vec![task(1, 60), task(1, 60)]);
    assert_eq!(Planner::new(twice).err(), Some(WorldError::TaskTwice(TaskId(1))));
    let mut nowhere = world(vec![]);
    nowhere.people[0].zone = "Mars/Olympus".to_owned();
    assert_eq!(Planner::new(nowhere).err(), Some(WorldError::UnknownZone { person: ANA, zone: "Mars/Olympus".to_owned() }));
    let mut people = world(vec![]);
    people.people.push(Person::new(ANA, "UTC"));
    assert_eq!(Planner::new(people).err(), Some(WorldError::PersonTwice(ANA)));
    let mut endless = world(vec![]);
    endless.settings.horizon_weeks = 0;
    assert_eq!(Planner::new(endless).err(), Some(WorldError::Horizon(0)));
}

#[test]
fn an_overload_alarm_is_never_false() {
    for seed in 0..crate::cases(6) {
        let planner = Planner::new(team(seed, Team { people: 8, tasks: 250, weeks: 3 })).unwrap();
        let plan = planner.plan();
        for alarm in planner.alarms() {
            let suspects = match &alarm {
                Alarm::Overload { tasks, .. } => tasks.clone(),
                Alarm::Impossible { task, .. } => vec![*task],
                _ => continue,
            };
            // Somebody named, or somebody who waits for one of them, is late in the plan.
            let late = |task: TaskId| plan.placement(task).is_none_or(|placement| placement.late_minutes > 0);
            let world = planner.world();
            let mut reached: BTreeSet<TaskId> = suspects.into_iter().collect();
            loop {
                let waits = |task: &&Task| task.after.iter().any(|one| reached.contains(&one.task));
                let more: Vec<TaskId> = world.tasks.iter().filter(waits).map(|task| task.id).collect();
                let before = reached.len();
                reached.extend(more);
                if reached.len() == before {
                    break;
                }
            }
            assert!(reached.into_iter().any(late), "{alarm:?}");
        }
    }
}
