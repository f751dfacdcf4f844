//! Tasks that are restricted to hours of the week: placed within them, explained by them, and helped by lifting them.

use atlas_planner::{
    Action, Alarm, Cause, Due, Event, FixedChunk, FixedKind, Person, PersonId, Planner, Reason, Span, Task, TaskId, UnplacedReason,
    WeeklyHours, World, alarms,
};
use atlas_planner_testkit::worlds::MONDAY;

const ANA: PersonId = PersonId(1);
const CALLS: TaskId = TaskId(1);

/// Midnight of the Monday in Madrid.
const MIDNIGHT: i64 = MONDAY - 8 * 60;

/// Tuesday to Thursday from 10:00 to 16:00.
fn calls() -> WeeklyHours {
    WeeklyHours(std::array::from_fn(|day| if (1..=3).contains(&day) { vec![(10 * 60, 16 * 60)] } else { vec![] }))
}

fn restricted(minutes: u32) -> Task {
    Task { hours: Some(calls()), ..Task::new(CALLS, ANA, minutes) }
}

fn world(tasks: Vec<Task>) -> World {
    let mut world = World::new(MONDAY);
    world.settings.horizon_weeks = 4;
    world.people.push(Person::new(ANA, "Europe/Madrid"));
    world.tasks = tasks;
    world
}

fn spans(planner: &Planner) -> Vec<Span> {
    planner.placement(CALLS).unwrap().chunks.into_iter().map(|chunk| chunk.span).collect()
}

/// From and until these hours of a day, counted from Monday.
fn on(day: i64, from: i64, until: i64) -> Span {
    Span::new(MIDNIGHT + day * 1440 + from * 60, MIDNIGHT + day * 1440 + until * 60)
}

#[test]
fn a_restricted_task_lies_where_its_hours_and_the_working_hours_meet() {
    let planner = Planner::new(world(vec![restricted(360)])).unwrap();
    // Lunch from 13:00 to 14:00 stays free.
    assert_eq!(spans(&planner), [on(1, 10, 13), on(1, 14, 16), on(2, 10, 11)]);
    assert_eq!(planner.placement(CALLS).unwrap().reason, Reason::TaskHours);
    let why = planner.why_not_earlier(CALLS).unwrap().unwrap();
    assert_eq!(why.binding, [Reason::TaskHours]);
    assert!(why.blockers.iter().any(|blocker| blocker.reason == Reason::TaskHours));
}

#[test]
fn lifting_restricting_and_changing_the_hours_moves_the_task_and_nothing_else() {
    let mut planner = Planner::new(world(vec![restricted(120), Task::new(TaskId(2), ANA, 120)])).unwrap();
    assert_eq!(spans(&planner), [on(1, 10, 12)]);
    let mornings = Task { hours: Some(WeeklyHours::weekdays(&[(9 * 60, 10 * 60)])), ..restricted(120) };
    let changes = planner.apply(&Event::TaskChanged(Box::new(mornings))).unwrap();
    assert_eq!(changes.moves.len(), 1);
    assert!(matches!(changes.moves[0].cause, Cause::Event(_)));
    assert_eq!(spans(&planner), [on(1, 9, 10), on(2, 9, 10)]);
    let free = Task { hours: None, ..restricted(120) };
    planner.apply(&Event::TaskChanged(Box::new(free))).unwrap();
    assert_eq!(planner.apply(&Event::PullForward(CALLS)).unwrap().moves.len(), 1);
    assert_eq!(spans(&planner), [on(0, 11, 13)]);
}

#[test]
fn hours_are_read_by_the_clock_of_whoever_does_the_task() {
    let mut planner = Planner::new(world(vec![restricted(60)])).unwrap();
    assert_eq!(spans(&planner), [on(1, 10, 11)]);
    let moved = Person { hours: WeeklyHours::weekdays(&[(0, 1440)]), ..Person::new(ANA, "Asia/Tokyo") };
    planner.apply(&Event::PersonChanged(Box::new(moved))).unwrap();
    // Tuesday, 10:00 in Tokyo, is 2:00 in Madrid.
    assert_eq!(spans(&planner), [on(1, 2, 3)]);
}

#[test]
fn hours_that_nobody_works_and_too_little_of_them_are_said() {
    let nights = Task { hours: Some(WeeklyHours::weekdays(&[(0, 5 * 60)])), ..restricted(60) };
    let plan = Planner::new(world(vec![nights])).unwrap().plan();
    assert_eq!(plan.unplaced[0].reason, UnplacedReason::OutsideItsHours);
    // Until Friday there are three days of five hours, of which the cap allows all; 16 hours are asked for.
    let due = Some(Due { at: on(4, 0, 0).from, hard: false });
    let found = alarms(world(vec![Task { due, ..restricted(960) }])).unwrap();
    assert!(found.contains(&Alarm::Overload { person: ANA, by: on(4, 0, 0).from, over_minutes: 60, tasks: vec![CALLS] }), "{found:?}");
}

#[test]
fn a_pin_stands_outside_the_hours_and_the_rest_stays_within_them() {
    let pin = FixedChunk { person: ANA, span: on(0, 17, 18), kind: FixedKind::Pinned };
    let planner = Planner::new(world(vec![Task { fixed: vec![pin], ..restricted(120) }])).unwrap();
    assert_eq!(spans(&planner), [on(0, 17, 18), on(1, 10, 11)]);
}

#[test]
fn a_late_task_is_offered_any_hours_and_that_keeps_its_promise() {
    let due = Some(Due { at: on(0, 18, 18).from, hard: false });
    let mut planner = Planner::new(world(vec![Task { due, ..restricted(120) }])).unwrap();
    let fixes = planner.fixes(CALLS, 10).unwrap();
    let fix = fixes.iter().find(|fix| fix.action == Action::AnyHours(CALLS)).expect("the hours are what makes it late");
    assert_eq!(fix.late_after, 0);
    for event in &fix.events {
        planner.apply(event).unwrap();
    }
    assert_eq!(spans(&planner), [on(0, 9, 11)]);
}
