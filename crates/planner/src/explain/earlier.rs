//! Why not earlier: everything between the earliest possible start and the start, and the least that would have to go.

use super::{Blocker, WhyNotEarlier};
use crate::board::place::Bounds;
use crate::board::{Board, Job, Line, NOBODY, Room};
use crate::calendar::{RankedBitmap, Within};
use crate::plan::Reason;
use crate::planner::Planner;
use crate::time::{Range, Slot};
use crate::world::Link;
use crate::{TaskId, WorldError};

impl Planner {
    /// Why this task does not start earlier; `None` when it has no place.
    ///
    /// # Errors
    /// When the task is not in the world.
    pub fn why_not_earlier(&self, task: TaskId) -> Result<Option<WhyNotEarlier>, WorldError> {
        let job = self.job(task)?;
        Ok(self.not_earlier(job))
    }

    pub(crate) fn not_earlier(&self, job: Job) -> Option<WhyNotEarlier> {
        let board = &self.board;
        let spot = &board.spots[job as usize];
        if spot.person == NOBODY {
            return None;
        }
        let trial = Trial::of(board, job);
        let earliest = trial.bounds(&[]).start.min(spot.start);
        let blockers = blockers(board, &trial, earliest, spot.start);
        let fixed = board.jobs[job as usize].fixed.first().is_some_and(|fixed| fixed.start == spot.start);
        let binding = if fixed { vec![Reason::Fixed] } else { binding(&trial, &blockers) };
        let grid = board.grid;
        let blockers = blockers.into_iter().map(|(reason, range, slots)| Blocker {
            reason,
            span: grid.to_span(range),
            minutes: i64::from(slots) * crate::SLOT_MINUTES,
        });
        Some(WhyNotEarlier { start: grid.minute(spot.start), earliest: grid.minute(earliest), binding, blockers: blockers.collect() })
    }
}

/// One task lifted off its line, to see where it could start if something were gone.
struct Trial<'a> {
    board: &'a Board,
    job: Job,
    person: u32,
    start: Slot,
    line: Line,
}

impl<'a> Trial<'a> {
    fn of(board: &'a Board, job: Job) -> Self {
        let spot = &board.spots[job as usize];
        let calendar = &board.calendars[spot.person as usize];
        let mut line = Line::clone(&board.lines[spot.person as usize]);
        spot.chunks.iter().for_each(|piece| line.release(calendar, *piece, job));
        Self { board, job, person: spot.person, start: spot.start, line }
    }

    /// The hours that the task is restricted to.
    fn hours(&self) -> Option<&'a RankedBitmap> {
        self.board.hours(self.board.jobs[self.job as usize].choice(self.person)?)
    }

    /// The task's bounds without what is gone.
    fn bounds(&self, gone: &[Reason]) -> Bounds {
        let (board, rules) = (self.board, &self.board.jobs[self.job as usize]);
        let release = if gone.contains(&Reason::EarliestStart) { 0 } else { rules.release };
        let mut bounds = Bounds { start: release.max(board.now), finish: 0 };
        for edge in board.graph.before(self.job) {
            let before = &board.spots[edge.other as usize];
            if gone.contains(&Reason::Predecessor(board.tasks[edge.other as usize].id)) || !before.is_placed() {
                continue;
            }
            let from = if matches!(edge.link, Link::StartStart | Link::StartFinish) { before.start } else { before.finish };
            let bound = board.after_lag(from, edge.lag, self.person);
            let target = if matches!(edge.link, Link::FinishStart | Link::StartStart) { &mut bounds.start } else { &mut bounds.finish };
            *target = (*target).max(bound);
        }
        bounds
    }

    /// Whether the task could start earlier if all these were gone.
    fn starts_earlier_without(&self, gone: &[Reason]) -> bool {
        let (board, rules) = (self.board, &self.board.jobs[self.job as usize]);
        let calendar = &board.calendars[self.person as usize];
        let mut line = self.line.clone();
        for reason in gone {
            self.remove(*reason, &mut line);
        }
        let Some(choice) = rules.choice(self.person) else { return false };
        let mut pieces = Vec::new();
        let hours = self.board.hours(choice).filter(|_| !gone.contains(&Reason::TaskHours));
        let room = Room { line: &line, calendar, hours };
        let found = board.fit(self.job, choice, room, self.bounds(gone), board.grid.slots, &mut pieces);
        found.is_some() && pieces.first().is_some_and(|piece| piece.start < self.start)
    }

    fn remove(&self, reason: Reason, line: &mut Line) {
        let (board, calendar) = (self.board, &self.board.calendars[self.person as usize]);
        match reason {
            Reason::Busy(task) => {
                let held: Vec<Range> = line
                    .held
                    .iter()
                    .filter(|hold| board.tasks[hold.job as usize].id == task && !hold.fixed)
                    .map(|hold| hold.range)
                    .collect();
                held.iter().for_each(|range| line.give(calendar, *range));
            }
            Reason::Meeting(id) => {
                let person = &board.people[self.person as usize];
                for meeting in person.meetings.iter().filter(|meeting| meeting.id == id) {
                    self.reopen(board.grid.outward(meeting.span), Some(id), line);
                }
            }
            Reason::NoTaskBlock => {
                for block in &board.people[self.person as usize].no_task {
                    self.reopen(board.grid.outward(*block), None, line);
                }
            }
            Reason::DailyCap => line.left.iter_mut().for_each(|left| *left += 1000),
            _ => {}
        }
    }

    /// Opens working time that nothing else closes and nobody holds.
    fn reopen(&self, range: Range, meeting: Option<crate::MeetingId>, line: &mut Line) {
        let (board, person) = (self.board, &self.board.people[self.person as usize]);
        let mut open = crate::calendar::Bitmap::zeros(board.grid.slots);
        open.set_where(Range::new(range.start.max(board.now), range.end), board.calendars[self.person as usize].work.bits());
        let others = person.meetings.iter().filter(|other| meeting.is_none() || Some(other.id) != meeting);
        others.for_each(|other| open.clear(board.grid.outward(other.span)));
        if meeting.is_some() {
            person.no_task.iter().for_each(|block| open.clear(board.grid.outward(*block)));
        }
        line.held.iter().for_each(|hold| open.clear(hold.range));
        std::sync::Arc::make_mut(&mut line.open).set_where(range, &open);
        line.free.set_where(range, &open);
    }
}

/// The fewest obstacles whose removal lets the task start earlier: one if one will do.
fn binding(trial: &Trial, blockers: &[(Reason, Range, u32)]) -> Vec<Reason> {
    if trial.starts_earlier_without(&[]) {
        return Vec::new();
    }
    let candidates = candidates(trial, blockers);
    if let Some(one) = candidates.iter().find(|reason| trial.starts_earlier_without(&[**reason])) {
        return vec![*one];
    }
    let mut gone: Vec<Reason> = Vec::new();
    for reason in candidates {
        gone.push(reason);
        if trial.starts_earlier_without(&gone) {
            return least(trial, gone);
        }
    }
    Vec::new()
}

/// Drops what is not needed.
fn least(trial: &Trial, mut gone: Vec<Reason>) -> Vec<Reason> {
    let mut index = 0;
    while index < gone.len() {
        let reason = gone.remove(index);
        if !trial.starts_earlier_without(&gone) {
            gone.insert(index, reason);
            index += 1;
        }
    }
    gone
}

/// What could go: first what sets the bound, then what lies before the start, nearest first.
fn candidates(trial: &Trial, blockers: &[(Reason, Range, u32)]) -> Vec<Reason> {
    let board = trial.board;
    let mut found = Vec::new();
    let mut before: Vec<_> =
        board.graph.before(trial.job).iter().map(|edge| (board.spots[edge.other as usize].finish, edge.other)).collect();
    before.sort_unstable_by(|a, b| b.cmp(a));
    if board.jobs[trial.job as usize].release > board.now {
        found.push(Reason::EarliestStart);
    }
    found.extend(before.iter().map(|(_, job)| Reason::Predecessor(board.tasks[*job as usize].id)));
    for (reason, ..) in
        blockers.iter().rev().filter(|(reason, ..)| !matches!(reason, Reason::Calendar | Reason::MinimumChunk | Reason::KeptForCalm))
    {
        if !found.contains(reason) {
            found.push(*reason);
        }
    }
    let restricted = trial.hours().is_some();
    for reason in [Reason::TaskHours, Reason::DailyCap] {
        if !found.contains(&reason) && (restricted || reason != Reason::TaskHours) {
            found.push(reason);
        }
    }
    // What was behind the bound all along: tasks and meetings before it.
    for hold in trial.line.held.iter().rev().filter(|hold| hold.range.start < trial.start && hold.range.end > board.now) {
        let reason = Reason::Busy(board.tasks[hold.job as usize].id);
        if !found.contains(&reason) && hold.job != trial.job {
            found.push(reason);
        }
    }
    let mut meetings: Vec<_> = board.people[trial.person as usize].meetings.iter().collect();
    meetings.sort_by_key(|meeting| std::cmp::Reverse(meeting.span));
    let start = board.grid.minute(trial.start);
    for meeting in meetings.into_iter().filter(|meeting| meeting.span.from < start && meeting.span.until > board.now_minute) {
        let reason = Reason::Meeting(meeting.id);
        if !found.contains(&reason) {
            found.push(reason);
        }
    }
    found.push(Reason::NoTaskBlock);
    found
}

/// Whose time lies between the two slots, neighbours of one owner made one; the slots counted are working time.
fn blockers(board: &Board, trial: &Trial, from: Slot, until: Slot) -> Vec<(Reason, Range, u32)> {
    let (calendar, line) = (&board.calendars[trial.person as usize], &trial.line);
    let mut found: Vec<(Reason, Range, u32)> = Vec::new();
    let mut at = from;
    while at < until {
        let (reason, end) = owner(board, trial, at);
        let range = Range::new(at, end.min(until).max(at + 1));
        let slots = if reason == Reason::Calendar { 0 } else { calendar.work.bits().count(range) };
        match found.last_mut() {
            Some((last, span, sum)) if *last == reason => (span.end, *sum) = (range.end, *sum + slots),
            _ => found.push((reason, range, slots)),
        }
        at = range.end;
    }
    debug_assert!(line.free.len() == board.grid.slots);
    found
}

/// Whose the slot is, and up to where.
fn owner(board: &Board, trial: &Trial, slot: Slot) -> (Reason, Slot) {
    let (calendar, line) = (&board.calendars[trial.person as usize], &trial.line);
    let work = calendar.work.bits();
    if let Some(hours) = trial.hours().filter(|hours| work.get(slot) && !hours.bits().get(slot)) {
        return (Reason::TaskHours, hours.bits().next_one(slot).min(work.next_zero(slot)));
    }
    if let Some(hold) = line.holder(slot) {
        return (Reason::Busy(board.tasks[hold.job as usize].id), hold.range.end);
    }
    if !work.get(slot) {
        return (
            Reason::Calendar,
            work.next_one(slot).min(line.held.iter().map(|hold| hold.range.start).find(|start| *start > slot).unwrap_or(Slot::MAX)),
        );
    }
    if line.free.get(slot) {
        let day = calendar.day_of(slot);
        let end = Within::new(&line.free, trial.hours()).next_zero(slot).min(calendar.day_starts[day + 1]);
        let need = board.jobs[trial.job as usize].choice(trial.person).map_or(0, |choice| choice.need);
        let shortest = board.jobs[trial.job as usize].pieces.shortest(need);
        let reason = if line.left[day] < shortest as i32 {
            Reason::DailyCap
        } else if end - slot < shortest {
            Reason::MinimumChunk
        } else {
            Reason::KeptForCalm
        };
        return (reason, end);
    }
    let meetings = &board.people[trial.person as usize].meetings;
    let covering = meetings
        .iter()
        .map(|meeting| (meeting.id, board.grid.outward(meeting.span)))
        .find(|(_, range)| range.start <= slot && slot < range.end);
    match covering {
        Some((id, range)) => (Reason::Meeting(id), range.end),
        None => (Reason::NoTaskBlock, slot + 1),
    }
}
