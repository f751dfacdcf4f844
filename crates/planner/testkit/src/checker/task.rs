//! One task's pieces against its own rules and against what it waits for.

use std::collections::BTreeMap;

use atlas_planner::{Chunk, FixedChunk, Lag, Link, PersonId, Placement, Plan, Task, World};

use super::Violation;
use super::day::Clock;

/// Checks one placed task.
pub(super) fn check_task(
    world: &World,
    plan: &Plan,
    placement: &Placement,
    clocks: &BTreeMap<PersonId, Clock>,
    found: &mut Vec<Violation>,
) {
    let id = placement.task;
    let (Some(task), Some(clock)) = (world.tasks.iter().find(|task| task.id == id), clocks.get(&placement.person)) else {
        return;
    };
    if !may_do(world, task, placement.person) {
        found.push(Violation::WrongPerson(id));
    }
    if placement.estimate_is_default != task.remaining.is_none() {
        found.push(Violation::WrongEstimateFlag(id));
    }
    let free: Vec<&Chunk> = placement.chunks.iter().filter(|chunk| !chunk.fixed).collect();
    if free.iter().any(|chunk| chunk.span.from < world.now) {
        found.push(Violation::Past(id));
    }
    if free.iter().any(|chunk| task.earliest_start.is_some_and(|start| chunk.span.from < start)) {
        found.push(Violation::TooEarly(id));
    }
    if let Some(hours) = &task.hours {
        let minutes = free.iter().flat_map(|chunk| chunk.span.from..chunk.span.until);
        found.extend(minutes.filter(|minute| !clock.is_within(hours, *minute)).map(|minute| Violation::OutsideTaskHours(id, minute)));
    }
    pins(world, task, placement, found);
    effort(world, task, placement, &free, clock, found);
    lateness(world, task, placement, clock, found);
    precedence(world, plan, task, placement, &free, clock, found);
}

fn may_do(world: &World, task: &Task, person: PersonId) -> bool {
    if let Some(fixed) = task.fixed.first() {
        return fixed.person == person;
    }
    let able = |skill| world.people.iter().any(|p| p.id == person && p.skills.iter().any(|s| s.id == skill));
    task.candidates.contains(&person) && task.skill.is_none_or(able)
}

fn pins(world: &World, task: &Task, placement: &Placement, found: &mut Vec<Violation>) {
    // Plans start with the first slot after now.
    let minutes = |fixed: &FixedChunk| (fixed.span.from.max(world.now + 4)..fixed.span.until).collect::<Vec<_>>();
    let mut wanted: Vec<i64> = task.fixed.iter().flat_map(minutes).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let is_fixed =
        |minute: &i64| placement.chunks.iter().any(|chunk| chunk.fixed && chunk.span.from <= *minute && *minute < chunk.span.until);
    // Fixed pieces are told on the five-minute grid, rounded outward.
    let told: i64 = placement.chunks.iter().filter(|chunk| chunk.fixed).map(|chunk| chunk.span.minutes()).sum();
    if !wanted.iter().all(is_fixed) || told > wanted.len() as i64 + 14 * task.fixed.len() as i64 {
        found.push(Violation::PinMoved(task.id));
    }
}

fn effort(world: &World, task: &Task, placement: &Placement, free: &[&Chunk], clock: &Clock, found: &mut Vec<Violation>) {
    let Some(person) = world.people.iter().find(|person| person.id == placement.person) else { return };
    let speed = task.skill.and_then(|skill| person.skills.iter().find(|s| s.id == skill)).map_or(person.speed_percent, |s| s.speed_percent);
    let estimate = f64::from(task.remaining.unwrap_or(world.settings.default_estimate));
    let needed = (estimate * 100.0 / f64::from(speed)).ceil() as i64;
    let fixed: i64 = placement.chunks.iter().filter(|chunk| chunk.fixed).map(|chunk| chunk.span.minutes()).sum();
    let planned: i64 = free.iter().map(|chunk| chunk.span.minutes()).sum();
    let lacking = (needed - fixed).max(0);
    if planned < lacking || planned >= lacking + 5 {
        found.push(Violation::Effort(task.id));
    }
    if !task.splittable && free.len() > 1 {
        found.push(Violation::Split(task.id));
    }
    let mut pieces: Vec<(i64, i64)> = Vec::new();
    for chunk in free {
        match pieces.last_mut() {
            // Pieces that touch are one, unless midnight lies between them.
            Some(last) if last.1 == chunk.span.from && clock.day(last.0) == clock.day(chunk.span.from) => last.1 = chunk.span.until,
            _ => pieces.push((chunk.span.from, chunk.span.until)),
        }
    }
    let shortest = i64::from(task.min_chunk).min(i64::from(task.max_chunk.unwrap_or(u32::MAX))).min(lacking);
    for (from, until) in pieces {
        if until - from < shortest {
            found.push(Violation::ChunkTooShort(task.id));
        }
        if task.max_chunk.is_some_and(|max| until - from >= i64::from(max) + 5) {
            found.push(Violation::ChunkTooLong(task.id));
        }
    }
}

fn lateness(world: &World, task: &Task, placement: &Placement, clock: &Clock, found: &mut Vec<Violation>) {
    let Some(due) = task.due else {
        if placement.late_minutes > 0 {
            found.push(Violation::WrongLateness(task.id));
        }
        return;
    };
    if placement.chunks.is_empty() {
        return;
    }
    let late = placement.finish() > due.at;
    let minutes = if late { clock.working_minutes(due.at, placement.finish()) } else { 0 };
    let told = i64::from(placement.late_minutes);
    // Lateness is told in whole slots; each end of an absence may cost one.
    let absences = world.people.iter().find(|person| person.id == placement.person).map_or(0, |person| person.absences.len() as i64);
    if late != (told > 0) || (told - minutes).abs() > 5 + 10 * absences {
        found.push(Violation::WrongLateness(task.id));
    }
}

fn precedence(world: &World, plan: &Plan, task: &Task, placement: &Placement, free: &[&Chunk], clock: &Clock, found: &mut Vec<Violation>) {
    let (Some(first), false) = (free.first(), placement.chunks.is_empty()) else { return };
    for dependency in &task.after {
        let Some(before) = world.tasks.iter().find(|before| before.id == dependency.task && !before.done) else { continue };
        let Some(other) = plan.placement(before.id) else {
            found.push(Violation::Precedence(task.id, before.id));
            continue;
        };
        if other.chunks.is_empty() {
            continue;
        }
        let (mine, theirs) = match dependency.link {
            Link::FinishStart => (first.span.from, other.finish()),
            Link::StartStart => (first.span.from, other.start()),
            Link::FinishFinish => (placement.finish(), other.finish()),
            Link::StartFinish => (placement.finish(), other.start()),
        };
        let kept = match dependency.lag {
            Lag::Elapsed(minutes) => mine >= theirs + minutes,
            Lag::Working(minutes) => mine >= theirs && clock.working_minutes(theirs, mine) >= i64::from(minutes),
        };
        if !kept {
            found.push(Violation::Precedence(task.id, before.id));
        }
    }
}
