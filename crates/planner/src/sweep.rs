//! Replanning as one monotone sweep: tasks are taken most urgent first, and whatever one pushes is less urgent,
//! so each is handled at most once.

mod eject;
mod refill;
mod settle;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use crate::board::place::Scratch;
use crate::board::{Board, Hold, Job, JobRules, Spot, Standing};
use crate::plan::Cause;
use crate::time::{Range, total};

/// One sweep, from the seeds that an event leaves to the last task it pushed.
#[derive(Debug)]
pub(crate) struct Sweep {
    /// What the event hit; queued by rank when the sweep starts, since the event may still change ranks.
    seeds: Vec<Job>,
    running: bool,
    heap: BinaryHeap<Reverse<((i64, u32), Job)>>,
    /// Tasks that were touched, with where they were before and why they were touched.
    pub touched: BTreeMap<Job, Touched>,
    /// Tasks that were looked at.
    pub handled: usize,
    /// From whom time may be taken.
    pub manner: Manner,
    /// Tasks that it may look at before it gives up, when another sweep is known that moves no more.
    pub patience: usize,
    /// Whether it gave up; the board is then as good as nothing and is to be undone.
    pub gave_up: bool,
    /// Whether a task ended later than is good enough and time could have been taken for it.
    pub hurt: bool,
    scratch: Scratch,
    trial: Scratch,
}

/// From whom a task that would end too late may take time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// From nobody.
    Gentle,
    /// From the least urgent first.
    #[default]
    LeastUrgent,
    /// From whoever comes next first, so as to end no later than before.
    Tight,
    /// From whoever comes next after what was lost, so as to end as little later than before as possible: the
    /// neighbours slide along.
    Slide,
}

/// What is remembered of a task from before the sweep.
#[derive(Clone, Debug)]
pub(crate) struct Touched {
    pub spot: Spot,
    pub rules: Arc<JobRules>,
    pub cause: Cause,
    /// Bring it to its latest finish even if it holds where it is.
    pub urgent: bool,
    /// Put it as early as free time allows.
    pub pull: bool,
    queued: bool,
    handled: bool,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            seeds: Vec::new(),
            running: false,
            heap: BinaryHeap::new(),
            touched: BTreeMap::new(),
            handled: 0,
            patience: usize::MAX,
            gave_up: false,
            manner: Manner::default(),
            hurt: false,
            scratch: Scratch::default(),
            trial: Scratch::default(),
        }
    }
}

impl Sweep {
    /// Remembers where a task was before it changes for the first time.
    pub fn remember(&mut self, board: &Board, job: Job, cause: &Cause) -> &mut Touched {
        self.touched.entry(job).or_insert_with(|| Touched {
            spot: board.spots[job as usize].clone(),
            rules: Arc::clone(&board.jobs[job as usize]),
            cause: cause.clone(),
            urgent: false,
            pull: false,
            queued: false,
            handled: false,
        })
    }

    /// Queues a task. One that was handled already is never queued again.
    pub fn push(&mut self, board: &Board, job: Job, cause: &Cause) {
        let touched = self.remember(board, job, cause);
        debug_assert!(!touched.handled, "a sweep only pushes what is less urgent");
        if !touched.queued && !touched.handled {
            touched.queued = true;
            if self.running {
                self.heap.push(Reverse((board.rank(job), job)));
            } else {
                self.seeds.push(job);
            }
        }
    }

    /// Queues a task that must meet its latest finish, though it may hold where it is.
    pub fn push_urgent(&mut self, board: &Board, job: Job, cause: &Cause) {
        self.push(board, job, cause);
        self.remember(board, job, cause).urgent = true;
    }

    /// Queues a task to be placed as early as free time allows.
    pub fn push_pull(&mut self, board: &Board, job: Job, cause: &Cause) {
        self.push(board, job, cause);
        self.remember(board, job, cause).pull = true;
    }

    /// Handles everything that is queued, and everything that this pushes.
    pub fn run(&mut self, board: &mut Board) {
        self.running = true;
        for job in std::mem::take(&mut self.seeds) {
            self.heap.push(Reverse((board.rank(job), job)));
        }
        while let Some(Reverse((_, job))) = self.heap.pop() {
            self.handled += 1;
            if self.handled > self.patience {
                self.gave_up = true;
                return;
            }
            if let Some(touched) = self.touched.get_mut(&job) {
                touched.handled = true;
            }
            self.settle(board, job);
            self.push_followers(board, job);
        }
    }

    /// The same seeds for another sweep.
    pub fn again(&self, manner: Manner) -> Self {
        Self { seeds: self.seeds.clone(), touched: self.touched.clone(), manner, ..Self::default() }
    }

    /// Number of tasks that the event hit, without those that are only to be earlier.
    pub fn hit(&self) -> usize {
        self.seeds.iter().filter(|job| !self.touched[job].urgent && !self.touched[job].pull).count()
    }

    /// Tasks whose person or pieces are not what they were.
    pub fn moved(&self, board: &Board) -> usize {
        let moved = |(job, touched): &(&Job, &Touched)| {
            let spot = &board.spots[**job as usize];
            (spot.person, &spot.chunks) != (touched.spot.person, &touched.spot.chunks)
        };
        self.touched.iter().filter(moved).count()
    }

    /// Lets tasks be handled again, in a sweep of its own; where they were at first stays remembered.
    pub fn next_round(&mut self) {
        self.running = false;
        for touched in self.touched.values_mut() {
            (touched.queued, touched.handled, touched.urgent, touched.pull) = (false, false, false, false);
        }
    }

    /// Takes a range out of a task's pieces and queues it.
    pub fn damage(&mut self, board: &mut Board, job: Job, taken: Range, cause: &Cause) {
        self.remember(board, job, cause);
        let spot = board.lift(job);
        let pieces = spot.chunks.iter().flat_map(|piece| without(*piece, taken)).collect();
        let spot = board.spot(job, spot.person, pieces);
        board.put(job, spot);
        self.push(board, job, cause);
    }

    /// Frees days that hold more than their cap, least urgent pieces first.
    pub fn respect_caps(&mut self, board: &mut Board, person: u32, days: std::ops::Range<usize>, cause: &Cause) {
        let frozen = board.frozen(person);
        for day in days {
            while board.lines[person as usize].left[day] < 0 {
                let (line, range) = (&board.lines[person as usize], board.calendars[person as usize].day(day));
                let holds = line.overlapping(range).map(|index| line.held[index]).filter(|hold| !hold.fixed && hold.range.overlaps(range));
                let Some(victim) = holds.max_by_key(|hold| (hold.range.start >= frozen, board.rank(hold.job), hold.range.start)) else {
                    break;
                };
                if self.touched.get(&victim.job).is_some_and(|touched| touched.handled) {
                    break;
                }
                let surplus = board.lines[person as usize].left[day].unsigned_abs();
                self.damage(board, victim.job, surplus_of(board, victim, surplus), cause);
            }
        }
    }

    /// Queues what waits for a task and no longer fits behind it, or fits at last.
    fn push_followers(&mut self, board: &Board, job: Job) {
        let cause = Cause::PushedBack(board.tasks[job as usize].id);
        for edge in board.graph.after(job) {
            if board.jobs[edge.other as usize].standing == Standing::Active && !holds(board, edge.other) {
                self.push(board, edge.other, &cause);
            }
        }
    }
}

/// Whether a placed task still respects everything it waits for, its earliest start, and its amount of work.
pub(crate) fn holds(board: &Board, job: Job) -> bool {
    let (spot, rules) = (&board.spots[job as usize], &board.jobs[job as usize]);
    let Some(choice) = rules.choice(spot.person) else { return false };
    if choice.need == 0 && !rules.fixed.is_empty() {
        return spot.chunks.is_empty();
    }
    let Some(bounds) = board.bounds(job, spot.person) else { return false };
    if choice.need == 0 {
        return spot.chunks.is_empty() && spot.start == bounds.start.max(bounds.finish);
    }
    let shortest = rules.pieces.shortest(choice.need);
    total(&spot.chunks) == choice.need
        && spot.chunks.iter().all(|piece| piece.start >= bounds.start && piece.len() >= shortest && piece.len() <= rules.pieces.max)
        && (rules.pieces.splittable || spot.chunks.len() == 1)
        && spot.finish >= bounds.finish
}

/// The end of a piece that holds this much too much, or all of it when too little would be left.
fn surplus_of(board: &Board, hold: Hold, surplus: u32) -> Range {
    let pieces = board.jobs[hold.job as usize].pieces;
    let spare = hold.range.len().saturating_sub(if pieces.splittable { pieces.min } else { u32::MAX });
    if surplus <= spare { Range::new(hold.range.end - surplus, hold.range.end) } else { hold.range }
}

/// What is left of a piece when a range is taken out of it.
pub(crate) fn without(piece: Range, taken: Range) -> impl Iterator<Item = Range> {
    let left = Range::new(piece.start, piece.end.min(taken.start.max(piece.start)));
    let right = Range::new(piece.start.max(taken.end.min(piece.end)), piece.end);
    let whole = !piece.overlaps(taken);
    let parts = if whole { [piece, Range::new(0, 0)] } else { [left, right] };
    parts.into_iter().filter(|part| part.len() > 0)
}
