//! Large plausible teams: projects with chains of tasks, meetings, due dates, one to three candidates.

use atlas_planner::random::Random;
use atlas_planner::{Dependency, Due, Meeting, MeetingId, Person, PersonId, Span, Task, TaskId, World};

use super::MONDAY;

/// How large a team is and how tightly it is booked.
#[derive(Clone, Copy, Debug)]
pub struct Team {
    /// People.
    pub people: u64,
    /// Tasks.
    pub tasks: u64,
    /// Weeks over which due dates are spread.
    pub weeks: i64,
}

const ZONES: [&str; 6] = ["Europe/Madrid", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Europe/London"];

/// A team of this size: about 5 hours a task, 25 tasks a project, each person in a few projects.
pub fn team(seed: u64, size: Team) -> World {
    let mut random = Random::seeded(seed);
    let mut world = World::new(MONDAY);
    world.people = (0..size.people).map(|id| member(&mut random, u128::from(id) + 1, size.weeks)).collect();
    let mut id = 0;
    while id < size.tasks {
        let count = (10 + random.below(31)).min(size.tasks - id);
        project(&mut random, &mut world, size, id, count);
        id += count;
    }
    world
}

fn member(random: &mut Random, id: u128, weeks: i64) -> Person {
    let mut person = Person::new(PersonId(id), ZONES[random.below(6) as usize]);
    person.frozen_until = Some(MONDAY + 2 * 1440);
    let mut number = 0;
    for week in 0..weeks + 8 {
        for _ in 0..3 + random.below(5) {
            let day = random.below(5) as i64;
            let from = MONDAY - 7 * 60 + (week * 7 + day) * 1440 + 8 * 60 + random.below(36) as i64 * 15;
            number += 1;
            let minutes = [30, 30, 60, 60, 90][random.below(5) as usize];
            person.meetings.push(Meeting { id: MeetingId(number), span: Span::new(from, from + minutes) });
        }
    }
    if random.below(3) == 0 {
        let from = MONDAY + random.below(weeks.unsigned_abs() * 7) as i64 * 1440;
        person.absences.push(Span::new(from, from + 5 * 1440));
    }
    person
}

/// One project: its people, its window, and tasks of which many wait for one or two earlier ones.
fn project(random: &mut Random, world: &mut World, size: Team, first: u64, count: u64) {
    let crew: Vec<PersonId> = (0..4 + random.below(5)).map(|_| PersonId(u128::from(random.below(size.people)) + 1)).collect();
    let start = world.now + random.below((size.weeks * 7 * 6 / 10).unsigned_abs().max(1)) as i64 * 1440;
    let length = (10 + random.below(25)) as i64 * 1440;
    let weight = 1 + random.below(4) as u32;
    for index in 0..count {
        let person = crew[random.below(crew.len() as u64) as usize];
        let minutes = 30 * (1 + random.below(8) + random.below(8) + random.below(5)) as u32;
        let mut task = Task::new(TaskId(u128::from(first + index) + 1), person, minutes);
        for _ in 0..[0, 0, 1, 2][random.below(4) as usize] {
            let other = crew[random.below(crew.len() as u64) as usize];
            if !task.candidates.contains(&other) {
                task.candidates.push(other);
            }
        }
        task.weight = weight + random.below(3) as u32;
        task.min_chunk = if minutes >= 180 { 60 } else { 30 };
        task.earliest_start = (random.below(4) == 0).then_some(start);
        let share = start + length * (index as i64 + 1) / count as i64;
        if random.below(10) < 6 {
            task.due = Some(Due { at: share + random.below(5) as i64 * 1440, hard: random.below(40) == 0 });
        }
        for _ in 0..random.below(3).min(index) {
            let other = TaskId(u128::from(first + index - 1 - random.below(index.min(6))) + 1);
            if !task.after.iter().any(|dependency| dependency.task == other) {
                task.after.push(Dependency::on(other));
            }
        }
        world.tasks.push(task);
    }
}
