//! From the board back to plain data: the plan, the world, and what changed.

use super::Planner;
use crate::board::{Board, Choice, Job, JobRules, Line, Spot, Standing};
use crate::calendar::ANY_HOURS;
use crate::id::TaskId;
use crate::plan::{Changes, Chunk, Move, Place, Placement, Plan, Score, Unplaced, UnplacedReason};
use crate::sweep::Sweep;
use crate::time::{Range, minutes_of};
use crate::world::{Task, World};

impl Planner {
    /// The plan as plain data.
    pub fn plan(&self) -> Plan {
        let board = &self.board;
        let mut jobs: Vec<Job> = (0..board.jobs.len() as Job).filter(|job| board.jobs[*job as usize].standing != Standing::Over).collect();
        jobs.sort_unstable_by_key(|job| board.tasks[*job as usize].id);
        let (mut placements, mut unplaced) = (Vec::with_capacity(jobs.len()), Vec::new());
        for job in jobs {
            match self.placement_of(job) {
                Some(placement) => placements.push(placement),
                None => unplaced.push(self.unplaced_of(job)),
            }
        }
        Plan { placements, unplaced, rule: board.rule, score: board.score }
    }

    /// Where this task lies now; `None` when it has no place or is not in the world.
    pub fn placement(&self, task: TaskId) -> Option<Placement> {
        self.placement_of(self.job(task).ok()?)
    }

    /// The world with every event applied. Tasks that were removed are gone from it.
    pub fn world(&self) -> World {
        let board = &self.board;
        let indexed = board.tasks.iter().enumerate();
        let kept = indexed.filter(|(job, task)| board.task_index.get(&task.id) == Some(&(*job as Job)));
        let mut tasks: Vec<Task> = kept.map(|(_, task)| Task::clone(task)).collect();
        tasks.sort_by_key(|task| task.id);
        World {
            now: board.now_minute,
            settings: board.settings.clone(),
            people: board.people.iter().map(|person| (**person).clone()).collect(),
            tasks,
        }
    }

    fn placement_of(&self, job: Job) -> Option<Placement> {
        let (board, spot, rules) = (&self.board, &self.board.spots[job as usize], &self.board.jobs[job as usize]);
        spot.is_placed().then(|| Placement {
            task: board.tasks[job as usize].id,
            person: board.people[spot.person as usize].id,
            chunks: chunks(board, spot, rules),
            reason: self.reason(job),
            late_minutes: minutes_of(spot.late) as u32,
            estimate_is_default: rules.estimate_is_default,
        })
    }

    fn unplaced_of(&self, job: Job) -> Unplaced {
        let rules = &self.board.jobs[job as usize];
        let reason = match rules.standing {
            Standing::NoCandidate => UnplacedReason::NoCandidate,
            Standing::PinsDisagree => UnplacedReason::PinsDisagree,
            Standing::OnCycle => UnplacedReason::Cycle(self.cycle(job)),
            Standing::Active | Standing::Over => self.no_room(job),
        };
        Unplaced { task: self.board.tasks[job as usize].id, reason, estimate_is_default: rules.estimate_is_default }
    }

    /// The tasks of one way from this task back to itself.
    fn cycle(&self, job: Job) -> Vec<TaskId> {
        let graph = &self.board.graph;
        let (mut at, mut path) = (job, vec![job]);
        loop {
            let closing = |edge: &&crate::board::Edge| edge.other == job;
            let next = graph.before(at).iter().find(closing).or_else(|| {
                graph.before(at).iter().find(|edge| !path.contains(&edge.other) && (graph.ancestors(edge.other).contains(&job)))
            });
            match next {
                Some(edge) if edge.other != job => (at, _) = (edge.other, path.push(edge.other)),
                _ => return path.into_iter().map(|job| self.board.tasks[job as usize].id).collect(),
            }
        }
    }

    fn no_room(&self, job: Job) -> UnplacedReason {
        let (board, rules) = (&self.board, &self.board.jobs[job as usize]);
        let blocked = board.graph.before(job).iter().find(|edge| !board.spots[edge.other as usize].is_placed());
        if let Some(edge) = blocked {
            return UnplacedReason::WaitsFor(board.tasks[edge.other as usize].id);
        }
        let fits = |choice: &Choice| {
            let empty = Line::new((*board.lines[choice.person as usize].open).clone(), &board.calendars[choice.person as usize]);
            let room = board.room_on(*choice, &empty);
            room.earliest(rules.pieces.shortest(choice.need), rules.pieces, board.now, board.grid.slots, &mut Vec::new())
        };
        if rules.choices.iter().any(fits) {
            UnplacedReason::BeyondHorizon
        } else if rules.choices.iter().any(|choice| fits(&Choice { hours: ANY_HOURS, ..*choice })) {
            UnplacedReason::OutsideItsHours
        } else {
            UnplacedReason::NoRunLongEnough
        }
    }

    /// What a sweep did, as data, and remembers the causes.
    pub(crate) fn report(&mut self, sweep: Sweep, before: Score) -> Changes {
        let board = &self.board;
        let mut moved: Vec<(Job, Move, u64, bool)> = Vec::new();
        for (job, touched) in &sweep.touched {
            let (before, after) = (place(board, *job, &touched.spot, &touched.rules), self.place_of(*job));
            if before != after {
                let instability = instability(board, *job, &touched.spot);
                let switched = matches!((&before, &after), (Some(a), Some(b)) if a.person != b.person);
                let task = board.tasks[*job as usize].id;
                moved.push((*job, Move { task, before, after, cause: touched.cause.clone() }, instability, switched));
            }
        }
        moved.sort_by_key(|(job, ..)| board.rank(*job));
        let changes = Changes {
            handled: sweep.handled,
            instability: moved.iter().map(|(_, _, instability, _)| instability).sum(),
            person_changes: moved.iter().filter(|(.., switched)| *switched).count(),
            tardiness_change: board.score.tardiness - before.tardiness,
            moves: moved.into_iter().map(|(_, one, ..)| one).collect(),
        };
        for one in &changes.moves {
            self.moved.insert(one.task, one.cause.clone());
        }
        changes
    }

    fn place_of(&self, job: Job) -> Option<Place> {
        place(&self.board, job, &self.board.spots[job as usize], &self.board.jobs[job as usize])
    }
}

fn place(board: &Board, _job: Job, spot: &Spot, rules: &JobRules) -> Option<Place> {
    spot.is_placed().then(|| Place { person: board.people[spot.person as usize].id, chunks: chunks(board, spot, rules) })
}

fn chunks(board: &Board, spot: &Spot, rules: &JobRules) -> Vec<Chunk> {
    let chunk = |fixed: bool| move |range: &Range| Chunk { span: board.grid.to_span(*range), fixed };
    let mut chunks: Vec<Chunk> = spot.chunks.iter().map(chunk(false)).chain(rules.fixed.iter().map(chunk(true))).collect();
    chunks.sort_unstable_by_key(|chunk| chunk.span);
    chunks
}

/// Weight times hours of change of start; a week ahead counts half, two weeks a third.
fn instability(board: &Board, job: Job, before: &Spot) -> u64 {
    let after = &board.spots[job as usize];
    if !before.is_placed() || !after.is_placed() {
        return 0;
    }
    let hours = u64::from(before.start.abs_diff(after.start)) * 5 / 60;
    let days = u64::from(before.start.saturating_sub(board.now)) / 288;
    board.jobs[job as usize].weight.unsigned_abs() * hours * 7 / (7 + days)
}
