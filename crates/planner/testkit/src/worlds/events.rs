//! Random events: of every kind for tests, and of the five kinds that are measured.

use atlas_planner::random::Random;
use atlas_planner::{Due, Event, Meeting, MeetingId, Placement, Plan, Span, Task, WeeklyHours, World};

/// The kinds of change that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A one-hour meeting on top of a planned task.
    Meeting,
    /// The work left in a task doubles.
    Doubled,
    /// A task gets weight 8 and half the time to its due date.
    Urgent,
    /// A person is off for a week.
    Off,
    /// A task is done early.
    Done,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Meeting, Self::Doubled, Self::Urgent, Self::Off, Self::Done];
}

fn pick<'a>(random: &mut Random, plan: &'a Plan) -> Option<&'a Placement> {
    plan.placements.get(random.below(plan.placements.len() as u64) as usize)
}

/// A random event of this kind; `None` when the plan is empty.
pub fn event_of_kind(random: &mut Random, kind: Kind, world: &World, plan: &Plan) -> Option<Event> {
    let placement = pick(random, plan)?;
    let task = world.tasks.iter().find(|task| task.id == placement.task)?;
    Some(match kind {
        Kind::Meeting => {
            let chunk = placement.chunks.get(random.below(placement.chunks.len() as u64) as usize)?;
            let from = chunk.span.from;
            let meeting = Meeting { id: MeetingId(u128::from(random.bits())), span: Span::new(from, from + 60) };
            Event::MeetingAdded { person: placement.person, meeting }
        }
        Kind::Doubled => Event::Remaining { task: task.id, minutes: 2 * task.remaining.unwrap_or(60) },
        Kind::Urgent => {
            let mut task = task.clone();
            let due = task.due.map_or(placement.finish(), |due| due.at);
            task.due = Some(Due { at: world.now + (due - world.now) / 2, hard: task.due.is_some_and(|due| due.hard) });
            task.weight = 8;
            Event::TaskChanged(Box::new(task))
        }
        Kind::Off => {
            let from = placement.start() / 1440 * 1440;
            Event::AbsenceAdded { person: placement.person, span: Span::new(from, from + 7 * 1440) }
        }
        Kind::Done => Event::TaskDone(task.id),
    })
}

/// A random event of any kind, also ones that are unkind.
pub fn random_event(random: &mut Random, world: &World, plan: &Plan) -> Event {
    let person = &world.people[random.below(world.people.len() as u64) as usize];
    let some_time = |random: &mut Random| world.now + random.below(14 * 1440 / 5) as i64 * 5;
    if let (Some(placement), 0..=13) = (pick(random, plan), random.below(20)) {
        return task_event(random, world, placement);
    }
    let from = some_time(random);
    match random.below(8) {
        0 => Event::MeetingAdded {
            person: person.id,
            meeting: Meeting { id: MeetingId(u128::from(random.below(9))), span: Span::new(from, from + 60) },
        },
        1 => person.meetings.first().map_or(Event::AbsenceAdded { person: person.id, span: Span::new(from, from + 1440) }, |meeting| {
            Event::MeetingRemoved { person: person.id, meeting: meeting.id }
        }),
        2 => Event::AbsenceAdded { person: person.id, span: Span::new(from, from + random.below(4000) as i64) },
        3 => person.absences.first().map_or(Event::HoursChanged { person: person.id, hours: hours(random) }, |span| {
            Event::AbsenceRemoved { person: person.id, span: *span }
        }),
        4 => Event::HoursChanged { person: person.id, hours: hours(random) },
        5 => {
            let mut person = person.clone();
            person.speed_percent = 80 + random.below(60) as u32;
            person.daily_cap_percent = 60 + random.below(41) as u8;
            if random.below(4) == 0 {
                "Asia/Tokyo".clone_into(&mut person.zone);
            }
            Event::PersonChanged(Box::new(person))
        }
        6 => Event::TimePassed {
            now: world.now + random.below(600) as i64,
            frozen_until: world.people.iter().map(|person| (person.id, world.now + 1440)).collect(),
            remaining: Vec::new(),
        },
        _ => {
            let id = world.tasks.iter().map(|task| task.id.0).max().unwrap_or(0) + 1;
            Event::TaskChanged(Box::new(super::tangle::task(random, world, id)))
        }
    }
}

fn hours(random: &mut Random) -> WeeklyHours {
    let start = 7 * 60 + random.below(4) as u16 * 30;
    WeeklyHours::weekdays(&[(start, start + 240), (start + 285, start + 500)])
}

fn task_event(random: &mut Random, world: &World, placement: &Placement) -> Event {
    let task = placement.task;
    let known: &Task = world.tasks.iter().find(|known| known.id == task).expect("planned tasks are in the world");
    match random.below(12) {
        0 => Event::TaskDone(task),
        1 => Event::TaskRemoved(task),
        2 => Event::Remaining { task, minutes: random.below(700) as u32 },
        3 | 4 => {
            let from = (world.now + random.below(10 * 1440) as i64) / 5 * 5;
            let (person, span) = (placement.person, Span::new(from, from + 45));
            if random.below(2) == 0 { Event::Pinned { task, person, span } } else { Event::MovedByHand { task, person, to: span } }
        }
        5 => Event::Unpinned(task),
        6 => Event::NotBefore { task, moment: world.now + random.below(5 * 1440) as i64 },
        7 => Event::PullForward(task),
        8 | 9 => {
            let (person, from) = (placement.person, placement.start());
            Event::MeetingAdded {
                person,
                meeting: Meeting { id: MeetingId(u128::from(random.below(99))), span: Span::new(from, from + 60) },
            }
        }
        _ => {
            let mut changed = super::tangle::task(random, world, task.0);
            if random.below(4) == 0 {
                let hours = (random.below(3) > 0).then(|| super::tangle::own_hours(random));
                changed = Task { hours, ..known.clone() };
            } else if random.below(3) > 0 {
                changed = Task { weight: 1 + random.below(9) as u32, due: changed.due, ..known.clone() };
            }
            Event::TaskChanged(Box::new(changed))
        }
    }
}
