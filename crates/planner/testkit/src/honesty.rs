//! Are explanations true? The named blockers are taken away, and a minute-by-minute search looks for an earlier start.

use std::collections::BTreeSet;

use atlas_planner::{Lag, Link, Minute, Person, Placement, Plan, Reason, Task, WeeklyHours, World};
use jiff::{Timestamp, tz::TimeZone};

/// Whether the task could start earlier on its person's line once everything in `gone` is taken away.
///
/// Each start on the five-minute grid is tried with the shortest piece the task allows; nothing else moves.
pub fn could_start_earlier(world: &World, plan: &Plan, placement: &Placement, gone: &[Reason]) -> bool {
    let Some(task) = world.tasks.iter().find(|task| task.id == placement.task) else { return false };
    let Some(person) = world.people.iter().find(|person| person.id == placement.person) else { return false };
    let scene = Scene::new(world, plan, placement, task, person, gone);
    let first = (scene.earliest_start(plan) + 4).div_euclid(5) * 5;
    (first..placement.start()).step_by(5).any(|start| scene.fits(start))
}

struct Scene<'a> {
    world: &'a World,
    task: &'a Task,
    person: &'a Person,
    gone: &'a [Reason],
    zone: TimeZone,
    taken: BTreeSet<Minute>,
    shortest: i64,
}

impl<'a> Scene<'a> {
    fn new(world: &'a World, plan: &Plan, placement: &Placement, task: &'a Task, person: &'a Person, gone: &'a [Reason]) -> Self {
        let others = plan.placements.iter().filter(|other| other.person == person.id && other.task != task.id);
        let others = others.filter(|other| !gone.contains(&Reason::Busy(other.task)));
        let taken = others.flat_map(|other| &other.chunks).flat_map(|chunk| chunk.span.from..chunk.span.until).collect();
        let planned: i64 = placement.chunks.iter().filter(|chunk| !chunk.fixed).map(|chunk| chunk.span.minutes()).sum();
        let shortest = if task.splittable { i64::from(task.min_chunk).min(planned) } else { planned };
        let zone = TimeZone::get(&person.zone).expect("the world names known zones");
        Self { world, task, person, gone, zone, taken, shortest: (shortest + 4) / 5 * 5 }
    }

    /// The earliest start that what is left of the bounds allows.
    fn earliest_start(&self, plan: &Plan) -> Minute {
        let own = self.task.earliest_start.filter(|_| !self.gone.contains(&Reason::EarliestStart));
        let mut bound = own.unwrap_or(self.world.now).max(self.world.now);
        for dependency in &self.task.after {
            let Some(before) = plan.placement(dependency.task) else { continue };
            if self.gone.contains(&Reason::Predecessor(dependency.task)) {
                continue;
            }
            let from = match dependency.link {
                Link::FinishStart => before.finish(),
                Link::StartStart => before.start(),
                Link::FinishFinish | Link::StartFinish => continue,
            };
            bound = bound.max(match dependency.lag {
                Lag::Elapsed(minutes) => from + minutes,
                Lag::Working(minutes) => self.after_work(from, i64::from(minutes)),
            });
        }
        bound
    }

    fn after_work(&self, from: Minute, minutes: i64) -> Minute {
        let (mut at, mut left) = (from, minutes);
        while left > 0 && at < from + 60 * 1440 {
            left -= i64::from(self.works(at));
            at += 1;
        }
        at
    }

    fn fits(&self, start: Minute) -> bool {
        let day = self.day(start);
        let free = |minute: Minute| self.is_free(minute) && self.day(minute) == day;
        (start..start + self.shortest).all(free) && self.cap_allows(start)
    }

    fn is_free(&self, minute: Minute) -> bool {
        let covers = |span: &atlas_planner::Span| span.from.div_euclid(5) * 5 <= minute && minute < (span.until + 4).div_euclid(5) * 5;
        let in_meeting =
            self.person.meetings.iter().any(|meeting| covers(&meeting.span) && !self.gone.contains(&Reason::Meeting(meeting.id)));
        let in_block = self.person.no_task.iter().any(covers) && !self.gone.contains(&Reason::NoTaskBlock);
        let own = self.task.hours.as_ref().filter(|_| !self.gone.contains(&Reason::TaskHours));
        let in_hours = own.is_none_or(|hours| self.is_within(hours, minute));
        self.works(minute) && in_hours && !self.taken.contains(&minute) && !in_meeting && !in_block
    }

    fn is_within(&self, hours: &WeeklyHours, minute: Minute) -> bool {
        let local = self.zone.to_datetime(Timestamp::from_second(minute * 60).expect("plans lie in this millennium"));
        let clock = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let day = &hours.0[local.weekday().to_monday_zero_offset() as usize];
        day.iter().any(|(from, until)| i64::from(*from) <= clock && clock < i64::from(*until))
    }

    fn works(&self, minute: Minute) -> bool {
        self.is_within(&self.person.hours, minute) && !self.person.absences.iter().any(|span| span.from <= minute && minute < span.until)
    }

    fn day(&self, minute: Minute) -> jiff::civil::Date {
        self.zone.to_datetime(Timestamp::from_second(minute * 60).expect("plans lie in this millennium")).date()
    }

    fn cap_allows(&self, start: Minute) -> bool {
        if self.gone.contains(&Reason::DailyCap) {
            return true;
        }
        let today = |minute: &Minute| self.day(*minute) == self.day(start);
        let around = (start - 1500)..(start + 1500);
        let working = around.clone().filter(today).filter(|minute| self.works(*minute)).count() as i64;
        let taken = self.taken.range(around).filter(|minute| today(minute)).count() as i64;
        taken + self.shortest <= working * i64::from(self.person.daily_cap_percent) / 100
    }
}
