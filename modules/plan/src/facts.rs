//! What is planned: people and work as the rest of Atlas knows them, turned into the planner's world.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use atlas_kernel::{Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_module::plannable::Work;
use atlas_planner::{
    Dependency, Due, FixedChunk, FixedKind, Meeting, MeetingId, Minute, Person, PersonId, Settings, Span, Task, TaskId, WeeklyHours, World,
};
use atlas_store::{Executor, query};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::calendar::{Busy, BusyKind, store as calendar};
use crate::hours_set::{self, HoursSet};
use crate::plan::{Wish, store};
use crate::{HoursSetId, Planning};

/// How late a minute counts, by priority: nothing said, low, medium, high, urgent.
const WEIGHTS: [u32; 5] = [2, 1, 3, 6, 12];
/// Pieces are at least this long unless the task says otherwise, minutes.
const SHORTEST: u32 = 30;
/// A next working day is looked for within so many days.
const AHEAD: usize = 60;
/// What is left of a task whose whole estimate was worked without its being done, minutes.
pub const OVERRUN: u32 = 30;

/// A member.
#[derive(Clone, Debug)]
pub struct Member {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their time zone.
    pub zone: TimeZone,
}

/// Open work by the planner's id; what is the same in two readings is shared.
pub type Works = HashMap<TaskId, Arc<Work>>;

/// Everything the planner is asked about.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The members.
    pub members: HashMap<UserId, Member>,
    /// The people, ready to be planned.
    pub people: Vec<Person>,
    /// The tasks before anything was worked, by id.
    pub tasks: BTreeMap<TaskId, Task>,
    /// The work behind each task.
    pub work: Arc<Works>,
    /// Busy time, by id.
    pub busy: HashMap<MeetingId, Busy>,
    /// Hours that tasks may be restricted to.
    pub hours_sets: HashMap<HoursSetId, HoursSet>,
    /// What people said about single tasks.
    pub wishes: HashMap<TaskId, Wish>,
}

/// The planner's id of a record.
pub fn task_id(record: &Ref) -> TaskId {
    TaskId(record.uuid().as_u128())
}

/// The planner's id of a member.
pub fn person_id(user: UserId) -> PersonId {
    PersonId(user.uuid().as_u128())
}

/// The member behind the planner's id.
pub fn user_id(person: PersonId) -> UserId {
    UserId::from_uuid(uuid::Uuid::from_u128(person.0))
}

/// A moment in minutes since 1970, rounded down.
pub fn minute(at: Timestamp) -> Minute {
    at.as_second().div_euclid(60)
}

/// A moment in minutes as a timestamp.
pub fn moment(minute: Minute) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The present on the planning grid: the next full five minutes.
pub fn present(now: Timestamp) -> Minute {
    let minute = (now.as_second() + 59).div_euclid(60);
    (minute + 4).div_euclid(5) * 5
}

/// The minute of a local date and time.
pub fn local(day: Date, time: Time, zone: &TimeZone) -> Minute {
    zone.to_ambiguous_zoned(day.to_datetime(time)).compatible().map_or(0, |zoned| minute(zoned.timestamp()))
}

/// Midnight at the end of a local day.
pub fn day_end(day: Date, zone: &TimeZone) -> Minute {
    local(day.tomorrow().unwrap_or(day), Time::midnight(), zone)
}

impl Facts {
    /// Reads everything.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn load(planning: &Planning, on: &dyn Executor, workspace: WorkspaceId, now: Timestamp) -> Result<Self> {
        let work = crate::replan::all_work(planning, on, workspace).await?;
        Self::of_work(on, workspace, now, work).await
    }

    /// Reads everything but the work.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(crate) async fn of_work(on: &dyn Executor, workspace: WorkspaceId, now: Timestamp, work: Arc<Works>) -> Result<Self> {
        let members = members(on, workspace).await?;
        let hours = calendar::all_hours(on, workspace).await?;
        let since = now - jiff::SignedDuration::from_hours(24);
        let busy = calendar::busy_after(on, workspace, since).await?;
        let wishes = store::wishes(on, workspace).await?;
        let mut people: BTreeMap<UserId, Person> = BTreeMap::new();
        for member in members.values() {
            let hours = hours.get(&member.id).cloned().unwrap_or_default();
            let zone = member.zone.iana_name().unwrap_or("UTC");
            let person = Person { hours: WeeklyHours(hours.week), daily_cap_percent: hours.cap, ..Person::new(person_id(member.id), zone) };
            people.insert(member.id, person);
        }
        for busy in &busy {
            let Some(person) = people.get_mut(&busy.user_id) else { continue };
            let span = Span::new(minute(busy.start_at), (busy.finish_at.as_second() + 59).div_euclid(60));
            match busy.kind {
                BusyKind::Meeting => person.meetings.push(Meeting { id: meeting_id(busy), span }),
                BusyKind::KeptFree => person.no_task.push(span),
                BusyKind::Absence => person.absences.push(span),
            }
        }
        let mut facts = Self {
            people: people.into_values().collect(),
            members,
            tasks: BTreeMap::new(),
            work: work.clone(),
            busy: busy.into_iter().map(|busy| (meeting_id(&busy), busy)).collect(),
            wishes,
            hours_sets: hours_set::store::by_id(on, workspace).await?,
        };
        facts.tasks = work.values().map(|work| facts.task(work)).map(|task| (task.id, task)).collect();
        Ok(facts)
    }

    fn task(&self, work: &Work) -> Task {
        let id = task_id(&work.record);
        let wish = self.wishes.get(&id).cloned().unwrap_or_default();
        let candidates: Vec<UserId> = work.people.iter().copied().filter(|user| self.members.contains_key(user)).collect();
        let zone = candidates.first().map_or(TimeZone::UTC, |user| self.zone(*user));
        let due = work
            .due
            .map(|(day, time)| Due { at: time.map_or_else(|| day_end(day, &zone), |time| local(day, time, &zone)), hard: work.hard });
        let earliest = work.start.map(|day| local(day, Time::midnight(), &zone));
        let estimate = work.estimate.and_then(|minutes| u32::try_from(minutes).ok());
        let remaining = match (estimate, wish.extra) {
            (None, 0) => None,
            (estimate, extra) => u32::try_from((i64::from(estimate.unwrap_or(Settings::default().default_estimate)) + extra).max(5)).ok(),
        };
        let short = |minutes: Option<i64>| minutes.and_then(|minutes| u32::try_from(minutes).ok());
        let pin = |pin: &crate::plan::Pin| FixedChunk {
            person: person_id(pin.user),
            span: Span::new(minute(pin.start), minute(pin.finish)),
            kind: FixedKind::Pinned,
        };
        let pinned_to: Option<PersonId> = wish.pins.first().map(|pin| person_id(pin.user));
        let mut candidates: Vec<PersonId> = candidates.into_iter().map(person_id).collect();
        candidates.sort_unstable();
        Task {
            id,
            remaining,
            earliest_start: earliest.max(wish.not_before.map(minute)),
            due,
            weight: wish.weight.unwrap_or(WEIGHTS[usize::try_from(work.priority).unwrap_or(0).min(4)]),
            min_chunk: short(work.blocks.0).unwrap_or(SHORTEST),
            max_chunk: short(work.blocks.1),
            splittable: work.splittable,
            fixed: wish
                .pins
                .iter()
                .filter(|one| candidates.contains(&person_id(one.user)) && pinned_to == Some(person_id(one.user)))
                .map(pin)
                .collect(),
            candidates,
            hours: self.hours_of(id).map(|set| WeeklyHours(set.week.clone())),
            skill: None,
            after: work.after.iter().map(|record| Dependency::on(task_id(record))).collect(),
            done: false,
        }
    }

    /// The hours that a task is restricted to.
    pub fn hours_of(&self, task: TaskId) -> Option<&HoursSet> {
        self.hours_sets.get(&self.wishes.get(&task)?.hours?)
    }

    /// A member's time zone; UTC for somebody who has left.
    pub fn zone(&self, user: UserId) -> TimeZone {
        self.members.get(&user).map_or(TimeZone::UTC, |member| member.zone.clone())
    }

    /// A member's name.
    pub fn name(&self, user: UserId) -> &str {
        self.members.get(&user).map_or("Former member", |member| member.name.as_str())
    }

    /// The key of a task.
    pub fn key(&self, task: TaskId) -> &str {
        self.work.get(&task).map_or("a task that is over", |work| work.key.as_str())
    }

    /// What the plan answers: the same facts, the same text, whatever the time is.
    pub fn digest(&self) -> String {
        use sha2::Digest;
        let people = self.people.iter().map(serde_json::to_string);
        let all = people.chain(self.tasks.values().map(serde_json::to_string));
        let digest = all.flatten().fold(sha2::Sha256::new(), |digest, text| digest.chain_update(text).chain_update("\n"));
        hex::encode(&digest.finalize()[..16])
    }

    /// The world at this moment, when so many minutes of each task were worked.
    pub fn world(&self, now: Minute, worked: &HashMap<TaskId, i64>) -> World {
        world(now, &frozen_until(&self.people, now), self.people.iter(), self.tasks.values(), worked)
    }
}

/// Until when the work of each of these people stands still: the rest of their today and their next working day, by
/// their own clock, hours and absences.
pub fn frozen_until<'a>(people: impl IntoIterator<Item = &'a Person>, now: Minute) -> HashMap<PersonId, Minute> {
    people.into_iter().map(|person| (person.id, next_working_day_end(person, now))).collect()
}

/// Midnight after the person's next working day; after today when none comes within [`AHEAD`] days.
fn next_working_day_end(person: &Person, now: Minute) -> Minute {
    let zone = TimeZone::get(&person.zone).unwrap_or(TimeZone::UTC);
    let today = moment(now).to_zoned(zone.clone()).date();
    let mut ahead = std::iter::successors(today.tomorrow().ok(), |day| day.tomorrow().ok()).take(AHEAD);
    day_end(ahead.find(|day| works_on(person, *day, &zone)).unwrap_or(today), &zone)
}

/// Whether any of the person's hours of that local day is free of absences.
fn works_on(person: &Person, day: Date, zone: &TimeZone) -> bool {
    let midnight = local(day, Time::midnight(), zone);
    let hours = &person.hours.0[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)];
    let mut absences: Vec<Span> = person.absences.clone();
    absences.sort_unstable();
    hours.iter().map(|(from, until)| Span::new(midnight + i64::from(*from), midnight + i64::from(*until))).any(|hours| {
        let left = absences.iter().fold(hours.from, |at, absence| if absence.from <= at { at.max(absence.until) } else { at });
        left < hours.until
    })
}

/// A world of these people, whose work stands still until then, and of these tasks, of which so many minutes were worked.
pub fn world<'a>(
    now: Minute,
    frozen_until: &HashMap<PersonId, Minute>,
    people: impl Iterator<Item = &'a Person>,
    tasks: impl Iterator<Item = &'a Task>,
    worked: &HashMap<TaskId, i64>,
) -> World {
    let settings = Settings::default();
    let left = |task: &Task| {
        let worked = worked.get(&task.id).copied().unwrap_or(0);
        if worked == 0 {
            return task.remaining;
        }
        let all = i64::from(task.remaining.unwrap_or(settings.default_estimate));
        Some(u32::try_from(all - worked).unwrap_or(0)).map(|left| if left == 0 { OVERRUN } else { left })
    };
    let ahead = |task: &Task| {
        let mut fixed: Vec<FixedChunk> = task.fixed.iter().filter(|piece| piece.span.until > now).copied().collect();
        fixed.iter_mut().for_each(|piece| piece.span.from = piece.span.from.max(now));
        fixed
    };
    let tasks = tasks.map(|task| Task { remaining: left(task), fixed: ahead(task), ..task.clone() }).collect();
    let people = people.map(|person| Person { frozen_until: frozen_until.get(&person.id).copied(), ..person.clone() }).collect();
    World { now, settings, people, tasks }
}

fn meeting_id(busy: &Busy) -> MeetingId {
    MeetingId(busy.id.uuid().as_u128())
}

async fn members(on: &dyn Executor, workspace: WorkspaceId) -> Result<HashMap<UserId, Member>> {
    let rows: Vec<(UserId, String, String)> = query(
        "SELECT u.id, u.name, u.time_zone FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 AND m.removed_at IS NULL",
    )
    .bind(workspace)
    .all(on)
    .await?;
    let member =
        |(id, name, zone): (UserId, String, String)| (id, Member { id, name, zone: TimeZone::get(&zone).unwrap_or(TimeZone::UTC) });
    Ok(rows.into_iter().map(member).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Minute {
        minute(text.parse().unwrap())
    }

    fn check(person: &Person, now: &str, expect: &str) {
        assert_eq!(moment(next_working_day_end(person, at(now))).to_string(), expect, "{} at {now}", person.zone);
    }

    #[test]
    fn todays_rest_and_the_next_working_day_stand_still_by_the_persons_own_clock() {
        let (auckland, honolulu) = (Person::new(PersonId(1), "Pacific/Auckland"), Person::new(PersonId(2), "Pacific/Honolulu"));
        // Tuesday ends in Auckland while it begins in Honolulu.
        check(&auckland, "2026-11-24T10:30:00Z", "2026-11-25T11:00:00Z");
        check(&honolulu, "2026-11-24T10:30:00Z", "2026-11-26T10:00:00Z");
        // It is Saturday in Auckland and still Friday in Honolulu: Monday for both, each their own.
        check(&auckland, "2026-11-27T20:00:00Z", "2026-11-30T11:00:00Z");
        check(&honolulu, "2026-11-27T20:00:00Z", "2026-12-01T10:00:00Z");
    }

    #[test]
    fn weekends_absences_and_own_working_days_are_left_out() {
        let person = Person::new(PersonId(1), "Europe/Dublin");
        check(&person, "2026-11-26T12:00:00Z", "2026-11-28T00:00:00Z");
        check(&person, "2026-11-27T12:00:00Z", "2026-12-01T00:00:00Z");
        let off = |from: &str, until: &str| Person { absences: vec![Span::new(at(from), at(until))], ..person.clone() };
        check(&off("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"), "2026-11-27T12:00:00Z", "2026-12-02T00:00:00Z");
        check(&off("2026-11-30T00:00:00Z", "2026-11-30T12:00:00Z"), "2026-11-27T12:00:00Z", "2026-12-01T00:00:00Z");
        let mut sundays = WeeklyHours::default();
        sundays.0[6] = vec![(9 * 60, 12 * 60)];
        check(&Person { hours: sundays, ..person.clone() }, "2026-11-24T12:00:00Z", "2026-11-30T00:00:00Z");
        check(&Person { hours: WeeklyHours::default(), ..person }, "2026-11-24T12:00:00Z", "2026-11-25T00:00:00Z");
    }
}
