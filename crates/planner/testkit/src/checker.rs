//! Replays a plan minute by minute and names everything that breaks a rule.

mod day;
mod task;

use std::collections::{BTreeMap, BTreeSet};

use atlas_planner::{Minute, Person, PersonId, Plan, TaskId, World};

use day::Clock;

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A task appears neither as placed nor as unplaced, or more than once.
    Missing(TaskId),
    /// A task in the plan is not in the world, or is done.
    Unknown(TaskId),
    /// The person may not do the task.
    WrongPerson(TaskId),
    /// Two tasks at one minute.
    Overlap(PersonId, Minute),
    /// Work outside the person's hours or during an absence.
    OutsideHours(TaskId, Minute),
    /// Work outside the hours that the task itself is restricted to.
    OutsideTaskHours(TaskId, Minute),
    /// Work during a meeting.
    OnMeeting(TaskId, Minute),
    /// Work in a block kept free of tasks.
    OnNoTask(TaskId, Minute),
    /// Work planned in the past.
    Past(TaskId),
    /// Work before the earliest start.
    TooEarly(TaskId),
    /// A dependency is not respected.
    Precedence(TaskId, TaskId),
    /// A piece is shorter than allowed.
    ChunkTooShort(TaskId),
    /// A piece is longer than allowed.
    ChunkTooLong(TaskId),
    /// A task that may not be split lies in several pieces.
    Split(TaskId),
    /// The pieces do not add up to the work.
    Effort(TaskId),
    /// A fixed piece is not where it was fixed.
    PinMoved(TaskId),
    /// More tasks on a local day than the cap allows.
    OverCap(PersonId, Minute),
    /// The lateness told is not the lateness there is.
    WrongLateness(TaskId),
    /// The flag for a missing estimate is wrong.
    WrongEstimateFlag(TaskId),
    /// A task in the frozen zone moved though nothing hit it.
    FrozenMoved(TaskId),
}

/// Everything in the plan that breaks a rule of the world; empty when it is right.
pub fn check(world: &World, plan: &Plan) -> Vec<Violation> {
    let mut found = Vec::new();
    complete(world, plan, &mut found);
    let mut lines: BTreeMap<PersonId, BTreeMap<Minute, (TaskId, bool)>> = BTreeMap::new();
    for placement in &plan.placements {
        let line = lines.entry(placement.person).or_default();
        for chunk in &placement.chunks {
            for minute in chunk.span.from..chunk.span.until {
                if let Some((_, fixed)) = line.insert(minute, (placement.task, chunk.fixed))
                    && !(fixed && chunk.fixed)
                {
                    found.push(Violation::Overlap(placement.person, minute));
                }
            }
        }
    }
    let clocks: BTreeMap<PersonId, Clock> = world.people.iter().map(|person| (person.id, Clock::of(person))).collect();
    for (person, line) in &lines {
        day::check_line(world, *person, line, clocks.get(person), &mut found);
    }
    for placement in &plan.placements {
        task::check_task(world, plan, placement, &clocks, &mut found);
    }
    found
}

/// Tasks of somebody's frozen zone that moved though their pieces there still could stand: not hit by a changed calendar,
/// pin or task, and not behind a task that finishes later now.
pub fn check_frozen(people: &[Person], before: &Plan, after: &Plan, hit: &dyn Fn(TaskId) -> bool) -> Vec<Violation> {
    let mut found = Vec::new();
    let zones: BTreeMap<PersonId, Minute> = people.iter().filter_map(|person| Some((person.id, person.frozen_until?))).collect();
    for old in &before.placements {
        let Some(frozen_until) = zones.get(&old.person) else { continue };
        let early = |placement: &atlas_planner::Placement| -> Vec<_> {
            placement.chunks.iter().filter(|chunk| chunk.span.from < *frozen_until).map(|chunk| chunk.span).collect()
        };
        let pieces = early(old);
        let stands = after.placement(old.task).is_some_and(|new| {
            new.person == old.person
                && pieces.iter().all(|piece| early(new).iter().any(|now| now.from <= piece.from && piece.until <= now.until))
        });
        if !pieces.is_empty() && !stands && !hit(old.task) {
            found.push(Violation::FrozenMoved(old.task));
        }
    }
    found
}

fn complete(world: &World, plan: &Plan, found: &mut Vec<Violation>) {
    let mut seen = BTreeSet::new();
    for task in plan.placements.iter().map(|placement| placement.task).chain(plan.unplaced.iter().map(|unplaced| unplaced.task)) {
        if !seen.insert(task) {
            found.push(Violation::Missing(task));
        }
        if !world.tasks.iter().any(|known| known.id == task && !known.done) {
            found.push(Violation::Unknown(task));
        }
    }
    found.extend(world.tasks.iter().filter(|task| !task.done && !seen.contains(&task.id)).map(|task| Violation::Missing(task.id)));
}
