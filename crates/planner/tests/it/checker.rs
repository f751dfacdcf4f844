//! The checker itself: it finds nothing wrong with a right plan, and every single wrong thing in a broken one.

use atlas_planner::{
    Chunk, Dependency, Due, FixedChunk, FixedKind, Meeting, MeetingId, Person, PersonId, Plan, Planner, Span, Task, TaskId, WeeklyHours,
    World,
};
use atlas_planner_testkit::checker::{Violation, check, check_frozen};
use atlas_planner_testkit::worlds::MONDAY;

/// Two people in Madrid and five tasks: task 2 waits for task 1, task 3 is pinned on Wednesday, task 4 is not split, and
/// task 5 is only for 10:00 to 12:00.
fn world() -> World {
    let mut world = World::new(MONDAY);
    world.settings.horizon_weeks = 3;
    world.people = vec![Person::new(PersonId(1), "Europe/Madrid"), Person::new(PersonId(2), "Europe/Madrid")];
    let day = MONDAY - 7 * 60;
    world.people[0].meetings.push(Meeting { id: MeetingId(1), span: Span::new(day + 10 * 60, day + 11 * 60) });
    world.people[0].no_task.push(Span::new(day + 1440 + 9 * 60, day + 1440 + 10 * 60));
    world.people[0].absences.push(Span::new(day + 3 * 1440, day + 4 * 1440));
    let (one, two) = (PersonId(1), PersonId(2));
    let first = Task { due: Some(Due { at: day + 1440, hard: false }), ..Task::new(TaskId(1), one, 480) };
    let second = Task { after: vec![Dependency::on(TaskId(1))], earliest_start: Some(day + 1440), ..Task::new(TaskId(2), one, 120) };
    let at = day + 2 * 1440 + 9 * 60;
    let pin = FixedChunk { person: one, span: Span::new(at, at + 60), kind: FixedKind::Pinned };
    let third = Task { fixed: vec![pin], max_chunk: Some(90), ..Task::new(TaskId(3), one, 120) };
    let fourth = Task { splittable: false, ..Task::new(TaskId(4), two, 120) };
    let fifth = Task { hours: Some(WeeklyHours::weekdays(&[(10 * 60, 12 * 60)])), ..Task::new(TaskId(5), two, 60) };
    world.tasks = vec![first, second, third, fourth, fifth];
    world
}

/// The kinds of violation that appear when the plan is broken like this.
fn broken(change: impl FnOnce(&mut Plan)) -> Vec<Violation> {
    let world = world();
    let mut plan = Planner::new(world.clone()).unwrap().plan();
    assert_eq!(check(&world, &plan), []);
    change(&mut plan);
    check(&world, &plan)
}

/// Moves one piece of a task by some minutes.
fn shift(plan: &mut Plan, task: usize, chunk: usize, minutes: i64) {
    let span = &mut plan.placements[task].chunks[chunk].span;
    *span = Span::new(span.from + minutes, span.until + minutes);
}

/// Puts the last free piece of a task at this minute of Monday by UTC.
fn put(plan: &mut Plan, task: usize, at: i64) {
    let chunk = plan.placements[task].chunks.iter_mut().rfind(|chunk| !chunk.fixed).unwrap();
    let length = chunk.span.minutes();
    chunk.span = Span::new(MONDAY - 7 * 60 + at, MONDAY - 7 * 60 + at + length);
}

fn has(found: &[Violation], wanted: impl Fn(&Violation) -> bool) {
    assert!(found.iter().any(wanted), "not caught; found {found:?}");
}

#[test]
fn each_single_violation_is_caught() {
    has(&broken(|plan| drop(plan.placements.pop())), |v| matches!(v, Violation::Missing(TaskId(5))));
    has(&broken(|plan| plan.placements.push(plan.placements[0].clone())), |v| matches!(v, Violation::Missing(TaskId(1))));
    has(&broken(|plan| plan.placements[3].task = TaskId(99)), |v| matches!(v, Violation::Unknown(TaskId(99))));
    has(&broken(|plan| plan.placements[3].person = PersonId(1)), |v| matches!(v, Violation::WrongPerson(TaskId(4))));
    has(&broken(|plan| plan.placements[1].chunks = plan.placements[0].chunks.clone()), |v| matches!(v, Violation::Overlap(..)));
    has(&broken(|plan| put(plan, 3, 22 * 60)), |v| matches!(v, Violation::OutsideHours(TaskId(4), _)));
    has(&broken(|plan| put(plan, 1, 3 * 1440 + 10 * 60)), |v| matches!(v, Violation::OutsideHours(TaskId(2), _)));
    has(&broken(|plan| put(plan, 1, 10 * 60)), |v| matches!(v, Violation::OnMeeting(TaskId(2), _)));
    has(&broken(|plan| put(plan, 1, 1440 + 9 * 60)), |v| matches!(v, Violation::OnNoTask(TaskId(2), _)));
    has(&broken(|plan| put(plan, 4, 2 * 1440 + 8 * 60)), |v| matches!(v, Violation::OutsideTaskHours(TaskId(5), _)));
    has(&broken(|plan| put(plan, 3, -1440)), |v| matches!(v, Violation::Past(TaskId(4))));
    has(&broken(|plan| put(plan, 1, 16 * 60)), |v| matches!(v, Violation::TooEarly(TaskId(2))));
    has(&broken(|plan| put(plan, 1, 15 * 60)), |v| matches!(v, Violation::Precedence(TaskId(2), TaskId(1))));
    has(&broken(|plan| plan.placements[0].chunks[0].span.until -= 30), |v| matches!(v, Violation::Effort(TaskId(1))));
    has(&broken(|plan| plan.placements[0].late_minutes += 30), |v| matches!(v, Violation::WrongLateness(TaskId(1))));
    has(&broken(|plan| plan.placements[0].estimate_is_default = true), |v| matches!(v, Violation::WrongEstimateFlag(TaskId(1))));
    has(&broken(|plan| shift(plan, 2, pinned(plan), 60)), |v| matches!(v, Violation::PinMoved(TaskId(3))));
    has(&broken(|plan| plan.placements[2].chunks.retain(|chunk| !chunk.fixed)), |v| matches!(v, Violation::PinMoved(TaskId(3))));
}

/// Index of the pinned piece of task 3.
fn pinned(plan: &Plan) -> usize {
    plan.placements[2].chunks.iter().position(|chunk| chunk.fixed).unwrap()
}

#[test]
fn each_broken_rule_of_pieces_is_caught() {
    has(&broken(|plan| cut(plan, 3, 60, 30)), |v| matches!(v, Violation::Split(TaskId(4))));
    has(&broken(|plan| cut(plan, 0, 10, 30)), |v| matches!(v, Violation::ChunkTooShort(TaskId(1))));
    has(&broken(|plan| plan.placements[2].chunks.iter_mut().filter(|c| !c.fixed).for_each(|c| c.span.until += 60)), |v| {
        matches!(v, Violation::ChunkTooLong(TaskId(3)))
    });
    has(&broken(pack_monday), |v| matches!(v, Violation::OverCap(PersonId(2), _)));
}

/// Cuts the first piece of a task after some minutes and moves the rest later.
fn cut(plan: &mut Plan, task: usize, after: i64, later: i64) {
    let chunks = &mut plan.placements[task].chunks;
    let whole = chunks[0].span;
    chunks[0].span.until = whole.from + after;
    chunks.insert(1, Chunk { span: Span::new(whole.from + after + later, whole.until + later), fixed: false });
}

/// Fills the second person's whole Monday.
fn pack_monday(plan: &mut Plan) {
    let day = MONDAY - 7 * 60;
    let chunk = |from: i64, until: i64| Chunk { span: Span::new(day + from, day + until), fixed: false };
    plan.placements[3].chunks = vec![chunk(8 * 60, 12 * 60), chunk(13 * 60, 17 * 60)];
}

#[test]
fn a_move_in_the_frozen_zone_is_caught() {
    let mut world = world();
    world.people.iter_mut().for_each(|person| person.frozen_until = Some(MONDAY + 1440));
    let before = Planner::new(world.clone()).unwrap().plan();
    let mut after = before.clone();
    assert_eq!(check_frozen(&world.people, &before, &after, &|_| false), []);
    shift(&mut after, 3, 0, 5);
    assert_eq!(check_frozen(&world.people, &before, &after, &|_| false), [Violation::FrozenMoved(TaskId(4))]);
    assert_eq!(check_frozen(&world.people, &before, &after, &|task| task == TaskId(4)), []);
    // Somebody else's frozen zone is not theirs.
    world.people[1].frozen_until = None;
    assert_eq!(check_frozen(&world.people, &before, &after, &|_| false), []);
}
