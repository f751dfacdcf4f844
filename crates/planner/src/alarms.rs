//! What is known before anything is placed: who is overloaded by when, and which due dates cannot be met at all.

use crate::board::{Board, Choice, Job, Line, Standing};
use crate::calendar::{ANY_HOURS, Calendar, RankedBitmap, Within};
use crate::plan::{Alarm, ChainLink, Rule};
use crate::planner::Planner;
use crate::time::{Range, Slot, minutes_of};
use crate::world::{Lag, Link, World, WorldError};

/// The alarms of a world, without planning it.
///
/// # Errors
/// When an id appears twice, a time zone is unknown, or the horizon is out of bounds.
pub fn alarms(world: World) -> Result<Vec<Alarm>, WorldError> {
    Ok(all(&Board::load(world, Rule::default())?))
}

impl Planner {
    /// The alarms of the world as it is now.
    pub fn alarms(&self) -> Vec<Alarm> {
        all(&self.board)
    }
}

fn all(board: &Board) -> Vec<Alarm> {
    let lines: Vec<Line> = (0..board.lines.len()).map(|person| bare_line(board, person)).collect();
    let mut found = overloads(board, &lines);
    found.extend(impossible(board, &lines));
    found.extend(pins_overlapping(board));
    found.extend(pins_out_of_order(board));
    found
}

/// The line with nothing on it but fixed pieces.
fn bare_line(board: &Board, person: usize) -> Line {
    let (line, calendar) = (&board.lines[person], &board.calendars[person]);
    let mut bare = Line::new((*line.open).clone(), calendar);
    line.held.iter().filter(|hold| hold.fixed).for_each(|hold| bare.occupy(calendar, hold.range, hold.job, true));
    bare
}

/// For each person, the due date by which the work that only they can do exceeds their time by most: all of it, or else
/// what is restricted to the same hours.
fn overloads(board: &Board, lines: &[Line]) -> Vec<Alarm> {
    let latest = latest_finishes(board);
    let mut work: Vec<Vec<Owed>> = vec![Vec::new(); lines.len()];
    for job in board.active() {
        if let [choice] = board.jobs[job as usize].choices[..]
            && latest[job as usize] < i64::from(board.grid.slots)
        {
            let by = latest[job as usize].max(i64::from(board.now)) as Slot;
            work[choice.person as usize].push(Owed { by, job, choice });
        }
    }
    (0..lines.len()).filter_map(|person| overload_of(board, person, &mut work[person], &lines[person])).collect()
}

/// Work that one person has to do by some moment.
#[derive(Clone, Copy)]
struct Owed {
    by: Slot,
    job: Job,
    choice: Choice,
}

fn overload_of(board: &Board, person: usize, work: &mut [Owed], line: &Line) -> Option<Alarm> {
    let calendar = &board.calendars[person];
    work.sort_unstable_by_key(|owed| (owed.by, board.rank(owed.job)));
    let all = overload(board, person, work, Capacity::of(line, calendar, Within::new(&line.free, None)));
    let mut restricted: Vec<Choice> = work.iter().map(|owed| owed.choice).filter(|choice| choice.hours != ANY_HOURS).collect();
    restricted.sort_unstable_by_key(|choice| choice.hours);
    restricted.dedup_by_key(|choice| choice.hours);
    all.or_else(|| {
        restricted.into_iter().find_map(|choice| {
            let same: Vec<Owed> = work.iter().copied().filter(|owed| owed.choice.hours == choice.hours).collect();
            overload(board, person, &same, Capacity::of(line, calendar, Within::new(&line.free, board.hours(choice))))
        })
    })
}

fn overload(board: &Board, person: usize, work: &[Owed], capacity: Capacity) -> Option<Alarm> {
    let (mut sum, mut worst) = (0_i64, (0_i64, 0_usize));
    for (index, owed) in work.iter().enumerate() {
        sum += i64::from(owed.choice.need);
        let over = sum - i64::from(capacity.until(owed.by));
        if over > worst.0 {
            worst = (over, index);
        }
    }
    let (over, last) = worst;
    (over > 0).then(|| Alarm::Overload {
        person: board.people[person].id,
        by: board.grid.minute(work[last].by),
        over_minutes: over * crate::SLOT_MINUTES,
        tasks: work[..=last].iter().filter(|owed| owed.choice.need > 0).map(|owed| board.tasks[owed.job as usize].id).collect(),
    })
}

/// Free time of a bare line up to any moment, daily caps respected.
struct Capacity<'a> {
    line: &'a Line,
    calendar: &'a Calendar,
    free: Within<'a>,
    before: Vec<u32>,
}

impl<'a> Capacity<'a> {
    fn of(line: &'a Line, calendar: &'a Calendar, free: Within<'a>) -> Self {
        let mut before = vec![0];
        let mut sum = 0;
        for day in 0..calendar.days() {
            sum += free.count(calendar.day(day)).min(line.left[day].max(0) as u32);
            before.push(sum);
        }
        Self { line, calendar, free, before }
    }

    fn until(&self, slot: Slot) -> u32 {
        let day = self.calendar.day_of(slot);
        let today = self.free.count(Range::new(self.calendar.day_starts[day], slot));
        self.before[day] + today.min(self.line.left[day].max(0) as u32)
    }
}

/// The slot by which each task must finish for its own due date and those behind it, by working time alone.
fn latest_finishes(board: &Board) -> Vec<i64> {
    let mut latest = vec![i64::from(board.grid.slots); board.jobs.len()];
    for job in board.graph.topological.iter().rev() {
        let own = board.jobs[*job as usize].due.map_or(i64::from(board.grid.slots), i64::from);
        let behind = board.graph.after(*job).iter().filter(|edge| edge.link == Link::FinishStart);
        let behind = behind.filter(|edge| board.jobs[edge.other as usize].standing == Standing::Active);
        latest[*job as usize] =
            behind.map(|edge| latest_start(board, edge.other, latest[edge.other as usize]) - lag_slots(edge.lag)).fold(own, i64::min);
    }
    latest
}

fn lag_slots(lag: Lag) -> i64 {
    match lag {
        Lag::Elapsed(minutes) => minutes.div_euclid(crate::SLOT_MINUTES),
        Lag::Working(minutes) => i64::from(minutes) / crate::SLOT_MINUTES,
    }
}

fn latest_start(board: &Board, job: Job, finish: i64) -> i64 {
    let rules = &board.jobs[job as usize];
    if !rules.fixed.is_empty() {
        return i64::from(board.grid.slots);
    }
    match rules.choices[..] {
        [choice] if finish > 0 => {
            let start = |time: &RankedBitmap| time.sub(finish as Slot, choice.need).map_or(0, i64::from);
            let by_work = start(&board.calendars[choice.person as usize].work);
            board.hours(choice).map_or(by_work, |hours| by_work.min(start(hours)))
        }
        _ => finish - i64::from(rules.choices.iter().map(|choice| choice.need).min().unwrap_or(0)),
    }
}

/// Where a task could lie if nobody had anything else to do.
#[derive(Clone, Copy)]
struct Earliest {
    start: Slot,
    finish: Slot,
    person: u32,
    /// The task waited for that sets the start.
    after: Option<Job>,
}

fn impossible(board: &Board, lines: &[Line]) -> Vec<Alarm> {
    let mut earliest: Vec<Option<Earliest>> = vec![None; board.jobs.len()];
    let mut found = Vec::new();
    for job in board.graph.topological.iter().copied().filter(|job| board.jobs[*job as usize].standing == Standing::Active) {
        earliest[job as usize] = earliest_alone(board, lines, &earliest, job);
        if let (Some(at), Some(due)) = (earliest[job as usize], board.jobs[job as usize].due)
            && at.finish > due
        {
            let short = minutes_of(board.late_slots(at.person, due, at.finish));
            found.push(Alarm::Impossible { task: board.tasks[job as usize].id, short_minutes: short, chain: chain(board, &earliest, job) });
        }
    }
    found
}

fn earliest_alone(board: &Board, lines: &[Line], earliest: &[Option<Earliest>], job: Job) -> Option<Earliest> {
    let rules = &board.jobs[job as usize];
    let mut pieces = Vec::new();
    let mut best: Option<Earliest> = None;
    for choice in &rules.choices {
        let (mut start, mut after) = (rules.release.max(board.now), None);
        for edge in board.graph.before(job) {
            let Some(before) = earliest[edge.other as usize] else { continue };
            let from = match edge.link {
                Link::FinishStart => before.finish,
                Link::StartStart => before.start,
                Link::FinishFinish | Link::StartFinish => continue,
            };
            let bound = board.after_lag(from, edge.lag, choice.person);
            if bound > start {
                (start, after) = (bound, Some(edge.other));
            }
        }
        let room = board.room_on(*choice, &lines[choice.person as usize]);
        if !room.earliest(choice.need, rules.pieces, start, board.grid.slots, &mut pieces) {
            continue;
        }
        let ends = pieces.iter().chain(&rules.fixed).map(|piece| piece.end);
        let finish = ends.max().unwrap_or(start);
        let first = pieces.iter().chain(&rules.fixed).map(|piece| piece.start).min().unwrap_or(start);
        if best.is_none_or(|best| finish < best.finish) {
            best = Some(Earliest { start: first, finish, person: choice.person, after });
        }
    }
    best
}

fn chain(board: &Board, earliest: &[Option<Earliest>], job: Job) -> Vec<ChainLink> {
    let mut links = Vec::new();
    let mut at = Some(job);
    while let Some((job, place)) = at.and_then(|job| earliest[job as usize].map(|place| (job, place))) {
        let work = board.jobs[job as usize].choice(place.person).map_or(0, |choice| choice.need);
        let span = board.grid.to_span(Range::new(place.start, place.finish));
        links.push(ChainLink { task: board.tasks[job as usize].id, span, work_minutes: minutes_of(work) });
        at = place.after;
    }
    links.reverse();
    links
}

fn pins_overlapping(board: &Board) -> Vec<Alarm> {
    let mut found = Vec::new();
    for (person, line) in board.lines.iter().enumerate() {
        let fixed: Vec<_> = line.held.iter().filter(|hold| hold.fixed).collect();
        for (index, one) in fixed.iter().enumerate() {
            for other in fixed[index + 1..].iter().take_while(|other| other.range.start < one.range.end) {
                let span = board.grid.to_span(Range::new(other.range.start, one.range.end.min(other.range.end)));
                let task = |job: Job| board.tasks[job as usize].id;
                found.push(Alarm::PinsOverlap { person: board.people[person].id, task: task(one.job), other: task(other.job), span });
            }
        }
    }
    found
}

fn pins_out_of_order(board: &Board) -> Vec<Alarm> {
    let mut found = Vec::new();
    for job in board.active() {
        let Some(first) = board.jobs[job as usize].fixed.first() else { continue };
        for edge in board.graph.before(job).iter().filter(|edge| edge.link == Link::FinishStart) {
            let before = &board.jobs[edge.other as usize];
            let spot = &board.spots[edge.other as usize];
            // Before planning only what is fixed is known of the other's end.
            let end = if spot.is_placed() { Some(spot.finish) } else { before.fixed.last().map(|piece| piece.end) };
            if end.is_some_and(|end| board.after_lag(end, edge.lag, board.jobs[job as usize].choices[0].person) > first.start) {
                found.push(Alarm::PinBreaksOrder { task: board.tasks[job as usize].id, waits_for: board.tasks[edge.other as usize].id });
            }
        }
    }
    found
}
