//! Small worlds that use every feature at once.

use atlas_planner::random::Random;
use atlas_planner::{
    Dependency, Due, FixedChunk, FixedKind, Lag, Link, Meeting, MeetingId, Person, PersonId, Skill, SkillId, Span, Task, TaskId,
    WeeklyHours, World,
};

use super::MONDAY;

const ZONES: [&str; 6] = ["Europe/Madrid", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe", "America/Santiago"];

/// A world of a few people and this many tasks, five weeks long.
pub fn tangled(seed: u64, people: u64, tasks: u64) -> World {
    let mut random = Random::seeded(seed);
    let mut world = World::new(MONDAY + random.below(4 * 1440) as i64);
    let frozen = random.below(3);
    world.settings.horizon_weeks = 5;
    world.people = (0..people.max(1)).map(|id| person(&mut random, u128::from(id) + 1)).collect();
    for (index, person) in world.people.iter_mut().enumerate() {
        person.frozen_until = Some(world.now + (frozen as i64 + index as i64) % 3 * 1440);
    }
    for id in 0..tasks {
        let task = task(&mut random, &world, u128::from(id) + 1);
        world.tasks.push(task);
    }
    world
}

fn person(random: &mut Random, id: u128) -> Person {
    let mut person = Person::new(PersonId(id), ZONES[random.below(6) as usize]);
    match random.below(5) {
        0 => person.hours = WeeklyHours::weekdays(&[(8 * 60 + 30, 16 * 60)]),
        1 => {
            person.hours = WeeklyHours(std::array::from_fn(|day| if day % 2 == 0 { vec![(0, 5 * 60), (20 * 60, 24 * 60)] } else { vec![] }))
        }
        _ => {}
    }
    person.daily_cap_percent = [75, 100, 60, 75][random.below(4) as usize];
    person.speed_percent = [100, 100, 150, 70][random.below(4) as usize];
    if random.below(2) == 0 {
        person.skills.push(Skill { id: SkillId(1), speed_percent: 120 });
    }
    for meeting in 0..random.below(12) {
        let from = MONDAY + random.below(4 * 7 * 1440 / 15) as i64 * 15 + random.below(2) as i64 * 7;
        person.meetings.push(Meeting { id: MeetingId(u128::from(meeting)), span: Span::new(from, from + 20 + random.below(90) as i64) });
    }
    if random.below(2) == 0 {
        let from = MONDAY + random.below(3 * 7 * 1440) as i64;
        person.absences.push(Span::new(from, from + random.below(3 * 1440) as i64));
    }
    if random.below(3) == 0 {
        let from = MONDAY + random.below(7 * 1440) as i64;
        person.no_task.push(Span::new(from, from + 120));
    }
    person
}

/// One more task of such a world.
pub(super) fn task(random: &mut Random, world: &World, id: u128) -> Task {
    let someone = |random: &mut Random| world.people[random.below(world.people.len() as u64) as usize].id;
    let mut task = Task::new(TaskId(id), someone(random), 15 + random.below(600) as u32);
    if random.below(8) == 0 {
        task.remaining = None;
    }
    if random.below(3) == 0 {
        task.candidates.push(someone(random));
    }
    if random.below(8) == 0 {
        task.skill = Some(SkillId(1));
    }
    if random.below(2) == 0 {
        task.due = Some(Due { at: world.now + random.below(20 * 1440) as i64, hard: random.below(6) == 0 });
    }
    if random.below(4) == 0 {
        task.earliest_start = Some(world.now + random.below(7 * 1440) as i64);
    }
    task.weight = 1 + random.below(8) as u32;
    task.min_chunk = [15, 30, 45, 60][random.below(4) as usize];
    task.max_chunk = (random.below(4) == 0).then(|| 60 + random.below(120) as u32);
    task.splittable = random.below(5) > 0;
    if !task.splittable {
        task.remaining = task.remaining.map(|minutes| minutes.min(120));
        task.max_chunk = None;
    }
    if random.below(4) == 0 {
        task.hours = Some(own_hours(random));
    }
    if random.below(10) == 0 {
        let from = (world.now + random.below(6 * 1440) as i64) / 5 * 5;
        let kind = if random.below(2) == 0 { FixedKind::Pinned } else { FixedKind::Started };
        task.fixed.push(FixedChunk { person: task.candidates[0], span: Span::new(from, from + 30), kind });
    }
    dependencies(random, world, &mut task);
    task
}

/// Hours of the week that a task is restricted to; some are narrow, some odd, some at night.
pub(super) fn own_hours(random: &mut Random) -> WeeklyHours {
    match random.below(4) {
        0 => WeeklyHours(std::array::from_fn(|day| if (1..=3).contains(&day) { vec![(10 * 60, 16 * 60)] } else { vec![] })),
        1 => WeeklyHours::weekdays(&[(8 * 60 + 2, 11 * 60 + 33), (15 * 60, 15 * 60 + 50)]),
        2 => WeeklyHours(std::array::from_fn(|day| if day > 3 { vec![(0, 3 * 60), (14 * 60, 24 * 60)] } else { vec![] })),
        _ => WeeklyHours::weekdays(&[(0, 24 * 60)]),
    }
}

fn dependencies(random: &mut Random, world: &World, task: &mut Task) {
    for _ in 0..random.below(3) {
        if world.tasks.is_empty() {
            return;
        }
        let other = world.tasks[random.below(world.tasks.len() as u64) as usize].id;
        if other == task.id || task.after.iter().any(|dependency| dependency.task == other) {
            continue;
        }
        let link =
            [Link::FinishStart, Link::FinishStart, Link::StartStart, Link::FinishFinish, Link::StartFinish][random.below(5) as usize];
        let lag = match random.below(6) {
            0 => Lag::Elapsed(random.below(2000) as i64),
            1 => Lag::Elapsed(-(random.below(300) as i64)),
            2 => Lag::Working(random.below(500) as u32),
            _ => Lag::Elapsed(0),
        };
        task.after.push(Dependency { task: other, link, lag });
    }
}
