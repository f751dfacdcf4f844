//! A plan from nothing: several rules in turn, the best kept, then justified to the right and to the left.

use std::sync::Arc;

use crate::board::place::Scratch;
use crate::board::{Board, Job, Line, Spot};
use crate::plan::{Rule, Score};
use crate::time::{Range, Slot};

/// The rules that are tried, the usual winner first.
pub(crate) const RULES: [Rule; 5] =
    [Rule::WeightedLatestStart, Rule::LatestStart, Rule::WeightedLatestFinish, Rule::ApparentTardiness, Rule::StronglyWeightedLatestStart];

/// Places every task by the best of all rules and leaves the board with that rule's ranks.
pub(crate) fn construct(board: &mut Board) {
    let mut best: Option<(i64, Rule, Kept)> = None;
    board.rank_all();
    for rule in RULES {
        board.rule = rule;
        board.key_all();
        let order = board.by_rank();
        let whole = place_all(board, &order, best.as_ref().map_or(i64::MAX, |(total, ..)| *total));
        if whole && best.as_ref().is_none_or(|(total, ..)| board.score.total() < *total) {
            best = Some((board.score.total(), rule, Kept::of(board)));
        }
    }
    let Some((mut total, rule, mut kept)) = best else { return };
    kept.restore(board);
    board.rule = rule;
    board.key_all();
    for _ in 0..JUSTIFICATIONS {
        if !justify(board, total) || board.score.total() >= total {
            break;
        }
        total = board.score.total();
        kept = Kept::of(board);
    }
    kept.restore(board);
}

/// Rounds of justification while each helps.
const JUSTIFICATIONS: usize = 2;

/// Clears the board and places the tasks one after the other, each by whom finishes it first.
///
/// Gives up, and returns `false`, once what is placed costs more than `limit`.
pub(crate) fn place_all(board: &mut Board, order: &[Job], limit: i64) -> bool {
    clear(board);
    let mut scratch = Scratch::default();
    for (index, job) in order.iter().enumerate() {
        if let Some(spot) = board.best_spot(*job, &mut scratch) {
            board.put(*job, spot);
        }
        if index % 64 == 0 && (Score { unplaced: 0, ..board.score }).total() > limit {
            return false;
        }
    }
    true
}

/// Takes everything but fixed pieces off all lines.
pub(crate) fn clear(board: &mut Board) {
    for job in 0..board.spots.len() {
        board.spots[job] = Spot::NONE;
    }
    for person in 0..board.lines.len() as u32 {
        let (line, calendar) = board.line_mut(person);
        let fixed: Vec<_> = line.held.iter().copied().filter(|hold| hold.fixed).collect();
        let Line { open, free, .. } = line;
        free.copy_from(open);
        line.left.clone_from(&calendar.cap);
        line.held.clear();
        for hold in fixed {
            line.occupy(calendar, hold.range, hold.job, true);
        }
    }
    board.recount_score();
}

/// Double justification (Valls, Ballestín and Quintanilla 2005) on calendars: every task as late as its due date and
/// what waits for it allow, then, in the order of those starts, as early as possible.
fn justify(board: &mut Board, limit: i64) -> bool {
    let mut order: Vec<Job> = board.active().filter(|job| board.spots[*job as usize].is_placed()).collect();
    order.sort_by_key(|job| (std::cmp::Reverse(board.spots[*job as usize].finish), std::cmp::Reverse(board.graph.position[*job as usize])));
    let end = order.first().map_or(0, |job| board.spots[*job as usize].finish);
    let mut pieces = Vec::new();
    for job in &order {
        shift_right(board, *job, end, &mut pieces);
    }
    let mut by_start = board.by_rank();
    let starts: Vec<(Slot, u32)> = (0..board.spots.len()).map(|job| (board.spots[job].start, board.graph.position[job])).collect();
    let unplaced = |job: &Job| !board.spots[*job as usize].is_placed();
    by_start.sort_by_key(|job| (unplaced(job), starts[*job as usize]));
    let by_start = precedence_first(board, &by_start);
    place_all(board, &by_start, limit)
}

/// Moves one task as far right as its due date, or the plan's end, and what waits for it allow.
fn shift_right(board: &mut Board, job: Job, end: Slot, pieces: &mut Vec<Range>) {
    let rules = Arc::clone(&board.jobs[job as usize]);
    let spot = board.spots[job as usize].clone();
    let Some(choice) = rules.choice(spot.person) else { return };
    if choice.need == 0 || !rules.fixed.is_empty() {
        return;
    }
    let until = rules.due.map_or(end, |due| due.max(spot.finish)).min(latest_by_successors(board, job));
    if until <= spot.finish {
        return;
    }
    board.lift(job);
    let found = board.room(choice).latest(choice.need, rules.pieces, spot.start, until, pieces);
    let shifted = if found { board.spot(job, spot.person, pieces.clone()) } else { spot };
    board.put(job, shifted);
}

/// The slot by which the task must end for the starts of what waits for it; only plain links are stretched.
fn latest_by_successors(board: &Board, job: Job) -> Slot {
    use crate::world::{Lag, Link};
    let finish = board.spots[job as usize].finish;
    let after = board.graph.after(job).iter().filter(|edge| board.spots[edge.other as usize].is_placed());
    after
        .map(|edge| match (edge.link, edge.lag) {
            (Link::FinishStart, Lag::Elapsed(minutes)) if minutes >= 0 => {
                board.spots[edge.other as usize].start.saturating_sub(crate::time::slots_of(minutes))
            }
            _ => finish,
        })
        .min()
        .unwrap_or(Slot::MAX)
}

/// The same order with every task after all it waits for.
fn precedence_first(board: &Board, order: &[Job]) -> Vec<Job> {
    let mut place = vec![0_u32; board.jobs.len()];
    for (index, job) in order.iter().enumerate() {
        place[*job as usize] = index as u32;
    }
    for job in board.graph.topological.iter().rev() {
        for edge in board.graph.after(*job) {
            place[*job as usize] = place[*job as usize].min(place[edge.other as usize]);
        }
    }
    let mut order = order.to_vec();
    order.sort_by_key(|job| (place[*job as usize], board.graph.position[*job as usize]));
    order
}

/// A plan set aside: lines and spots.
struct Kept {
    lines: Vec<Arc<Line>>,
    spots: Vec<Spot>,
    score: Score,
}

impl Kept {
    fn of(board: &Board) -> Self {
        Self { lines: board.lines.clone(), spots: board.spots.clone(), score: board.score }
    }

    fn restore(&self, board: &mut Board) {
        board.lines.clone_from(&self.lines);
        board.spots.clone_from(&self.spots);
        board.score = self.score;
    }
}
