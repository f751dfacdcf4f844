//! The search in the background: ruin a little, place it again in another order, keep what is better.
//!
//! Each trial is undone by the journal unless its gain is worth its moves, so the plan only ever gets better and is
//! never shuffled for nothing. The budget is a number of trials: the same seed and budget give the same plan.

use std::collections::BTreeSet;

use crate::board::place::Scratch;
use crate::board::{Board, Job, NOBODY, Standing};
use crate::plan::{Cause, Changes, Score};
use crate::planner::{Branch, Planner};
use crate::random::Random;
use crate::sweep::{Sweep, holds};

/// A better plan that nobody has been told of yet.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The planner with the better plan; keep it in place of the other to accept.
    pub branch: Branch,
    /// What would move.
    pub changes: Changes,
    /// The score now.
    pub before: Score,
    /// The score then.
    pub after: Score,
}

impl Proposal {
    /// Weighted late minutes saved for each task that moves: the figure to offer or not to offer it by.
    pub fn gain_per_move(&self) -> i64 {
        (self.before.tardiness - self.after.tardiness) / (self.changes.moves.len() as i64).max(1)
    }
}

impl Planner {
    /// Looks for a better plan in this many trials. Frozen and fixed work stays where it is.
    ///
    /// Returns `None` when nothing worth its moves was found. The planner itself is not changed.
    pub fn improved(&self, trials: u32, seed: u64) -> Option<Proposal> {
        let mut branch = self.branch();
        let mut search = Search::new(&branch.board, seed);
        for _ in 0..trials {
            if !search.step(&mut branch.board) {
                break;
            }
        }
        let before = self.board.score;
        let after = branch.board.score;
        if after.total() >= before.total() {
            return None;
        }
        let mut sweep = Sweep::default();
        for job in 0..self.board.spots.len() as Job {
            if self.board.spots[job as usize] != branch.board.spots[job as usize] {
                sweep.remember(&self.board, job, &Cause::Improved);
            }
        }
        let changes = branch.report(sweep, before);
        Some(Proposal { branch, changes, before, after })
    }
}

/// Everything one search needs.
struct Search {
    random: Random,
    scratch: Scratch,
    late: Vec<Job>,
    /// Trials since the list of late tasks was made.
    age: u32,
    /// Weighted late minutes a moved task has to bring, in the unit of the score's total.
    price: i64,
}

impl Search {
    fn new(board: &Board, seed: u64) -> Self {
        let price = i64::from(board.settings.calm_minutes) * 100;
        Self { random: Random::seeded(seed), scratch: Scratch::default(), late: Vec::new(), age: 0, price }
    }

    /// One trial; `false` when nothing is late.
    fn step(&mut self, board: &mut Board) -> bool {
        if self.age == 0 {
            self.late = board.active().filter(|job| board.spots[*job as usize].late > 0).collect();
            self.age = 200;
        }
        self.age -= 1;
        if self.late.is_empty() {
            return false;
        }
        let job = self.pick_late(board);
        if board.spots[job as usize].late == 0 {
            self.age = 0;
            return true;
        }
        let before = board.score.total();
        board.open_journal();
        let mut sweep = Sweep::default();
        match self.random.below(4) {
            0 => pull(board, job, &mut sweep),
            1 => self.promote(board, job, &mut sweep),
            _ => self.ruin(board, job, &mut sweep),
        }
        sweep.run(board);
        let moved = sweep.touched.iter().filter(|(job, touched)| touched.spot != board.spots[**job as usize]).count() as i64;
        if board.score.total() + self.price * moved <= before && moved > 0 {
            board.keep();
        } else {
            board.undo();
        }
        true
    }

    /// The worst of three at random.
    fn pick_late(&mut self, board: &Board) -> Job {
        let picks: [Job; 3] = std::array::from_fn(|_| self.late[self.random.below(self.late.len() as u64) as usize]);
        picks.into_iter().max_by_key(|job| board.contribution(*job).tardiness).unwrap_or(picks[0])
    }

    /// Makes the task and what it waits for more urgent than a random number of others, and lets it take their time.
    fn promote(&mut self, board: &mut Board, job: Job, sweep: &mut Sweep) {
        let raise = 1 + self.random.below(288 * 10) as i64;
        let mut raised = vec![job];
        raised.extend(ancestors(board, job));
        let key = board.keys[job as usize] - raise;
        for one in raised {
            let old = (board.keys[one as usize], board.late_finish[one as usize], board.late_start[one as usize]);
            board.journal.rank(one, old);
            board.set_rank(one, (old.0.min(key), old.1, old.2));
            sweep.push_urgent(board, one, &Cause::Improved);
        }
    }

    /// Lifts the task, what it waits for, and some of what lies before it on its line; places all in a shaken order.
    fn ruin(&mut self, board: &mut Board, job: Job, sweep: &mut Sweep) {
        let mut ruined: BTreeSet<Job> = BTreeSet::from([job]);
        let mut sources = vec![job];
        sources.extend(ancestors(board, job).into_iter().filter(|_| self.random.below(2) == 0).take(5));
        for source in sources {
            ruined.insert(source);
            self.neighbours(board, source, &mut ruined);
        }
        ruined.retain(|one| may_move(board, *one));
        let spread = 1 + self.random.below(288 * 14);
        let mut order: Vec<(i64, u32, Job)> = Vec::with_capacity(ruined.len());
        for one in &ruined {
            let favour = if *one == job { spread as i64 } else { 0 };
            let key = board.keys[*one as usize] + self.random.below(spread) as i64 - favour;
            order.push((key, board.graph.position[*one as usize], *one));
        }
        precedence_first(board, &mut order);
        for (.., one) in &order {
            sweep.remember(board, *one, &Cause::Improved);
            board.lift(*one);
        }
        for (.., one) in &order {
            if let Some(spot) = board.best_spot(*one, &mut self.scratch) {
                board.put(*one, spot);
            }
        }
        for (.., one) in &order {
            for edge in board.graph.after(*one) {
                if board.jobs[edge.other as usize].standing == Standing::Active && !holds(board, edge.other) {
                    sweep.push(board, edge.other, &Cause::Improved);
                }
            }
            if !board.spots[*one as usize].is_placed() {
                sweep.push(board, *one, &Cause::Improved);
            }
        }
    }

    /// Some of the tasks on the same line that end in the weeks before this one does.
    fn neighbours(&mut self, board: &Board, job: Job, ruined: &mut BTreeSet<Job>) {
        let spot = &board.spots[job as usize];
        if spot.person == NOBODY {
            return;
        }
        let from = spot.start.saturating_sub(self.random.below(288 * 12) as u32);
        let line = &board.lines[spot.person as usize];
        for hold in line.held.iter().filter(|hold| !hold.fixed && hold.range.start >= from && hold.range.start < spot.finish) {
            if ruined.len() < 24 && self.random.below(3) > 0 {
                ruined.insert(hold.job);
            }
        }
    }
}

/// Puts the task and what it waits for as early as free time allows.
fn pull(board: &mut Board, job: Job, sweep: &mut Sweep) {
    for one in ancestors(board, job).into_iter().chain([job]) {
        sweep.push_pull(board, one, &Cause::Improved);
    }
}

fn ancestors(board: &Board, job: Job) -> Vec<Job> {
    let mut found = board.graph.ancestors(job);
    found.retain(|one| board.jobs[*one as usize].standing == Standing::Active);
    found
}

/// Whether nothing of the task is fixed or frozen.
fn may_move(board: &Board, job: Job) -> bool {
    let (rules, spot) = (&board.jobs[job as usize], &board.spots[job as usize]);
    rules.fixed.is_empty() && spot.is_placed() && spot.start >= board.frozen(spot.person) && rules.standing == Standing::Active
}

/// Sorts by key with every task after what it waits for.
fn precedence_first(board: &Board, order: &mut [(i64, u32, Job)]) {
    order.sort_unstable_by_key(|(_, place, _)| std::cmp::Reverse(*place));
    for index in 0..order.len() {
        let (key, _, job) = order[index];
        for earlier in &mut order[index + 1..] {
            if board.graph.before(job).iter().any(|edge| edge.other == earlier.2) {
                earlier.0 = earlier.0.min(key);
            }
        }
    }
    order.sort_unstable();
}
