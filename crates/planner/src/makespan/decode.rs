//! From priorities to schedules: the serial scheme both ways, the parallel scheme, double justification.

use super::Project;
use super::profile::{Profile, pack};

/// Builds schedules of one project and counts nothing itself.
pub(super) struct Decoder {
    pub durations: Vec<u32>,
    pub successors: Vec<Vec<usize>>,
    pub predecessors: Vec<Vec<usize>>,
    pub latest_finish: Vec<u32>,
    pub lower_bound: u32,
    /// How much of all resources each activity takes, in thousandths of what there is.
    pub load: Vec<u32>,
    horizon: usize,
    lanes: Lanes,
    waiting: Vec<u32>,
    eligible: Vec<usize>,
}

/// The profile in as many words as the resources need.
enum Lanes {
    One(Profile<1>, Vec<[u64; 1]>),
    Four(Box<Profile<4>>, Vec<[u64; 4]>),
}

impl Lanes {
    fn of(project: &Project) -> Self {
        if project.capacity.len() <= 4 {
            Self::One(Profile::new(pack(&project.capacity)), project.needs.iter().map(|needs| pack(needs)).collect())
        } else {
            Self::Four(Box::new(Profile::new(pack(&project.capacity))), project.needs.iter().map(|needs| pack(needs)).collect())
        }
    }

    fn clear(&mut self, horizon: usize) {
        match self {
            Self::One(profile, _) => profile.clear(horizon),
            Self::Four(profile, _) => profile.clear(horizon),
        }
    }

    fn place(&mut self, activity: usize, duration: usize, from: usize) -> usize {
        match self {
            Self::One(profile, needs) => place(profile, &needs[activity], duration, from),
            Self::Four(profile, needs) => place(profile, &needs[activity], duration, from),
        }
    }

    fn fits(&self, activity: usize, duration: usize, at: usize) -> bool {
        let earliest = match self {
            Self::One(profile, needs) => profile.earliest(&needs[activity], duration.min(1), at),
            Self::Four(profile, needs) => profile.earliest(&needs[activity], duration.min(1), at),
        };
        earliest == at
    }
}

fn place<const W: usize>(profile: &mut Profile<W>, need: &[u64; W], duration: usize, from: usize) -> usize {
    let start = profile.earliest(need, duration, from);
    profile.take(need, start, duration);
    start
}

impl Decoder {
    pub fn new(project: &Project) -> Self {
        let lower_bound = lower_bound(project);
        let horizon = project.durations.iter().sum::<u32>() as usize * 2 + 1;
        let mut decoder = Self {
            durations: project.durations.clone(),
            successors: project.successors.clone(),
            predecessors: project.predecessors(),
            latest_finish: vec![project.critical_path(); project.len()],
            lower_bound,
            load: (0..project.len()).map(|activity| load(project, activity)).collect(),
            horizon,
            lanes: Lanes::of(project),
            waiting: Vec::new(),
            eligible: Vec::new(),
        };
        for activity in project.topological().into_iter().rev() {
            for successor in &project.successors[activity] {
                let start = decoder.latest_finish[*successor] - project.durations[*successor];
                decoder.latest_finish[activity] = decoder.latest_finish[activity].min(start);
            }
        }
        decoder
    }

    pub fn len(&self) -> usize {
        self.durations.len()
    }

    /// The end of the last activity.
    pub fn makespan(&self, starts: &[u32]) -> u32 {
        starts.iter().zip(&self.durations).map(|(start, duration)| start + duration).max().unwrap_or(0)
    }

    /// The serial scheme: of the activities whose predecessors are placed, the one with the smallest key goes next.
    pub fn forward(&mut self, keys: &[i64]) -> Vec<u32> {
        self.serial(keys, false)
    }

    /// The serial scheme on the project turned around; starts are counted from its end.
    pub fn backward(&mut self, keys: &[i64]) -> Vec<u32> {
        self.serial(keys, true)
    }

    fn serial(&mut self, keys: &[i64], turned: bool) -> Vec<u32> {
        let (before, after) = if turned { (&self.successors, &self.predecessors) } else { (&self.predecessors, &self.successors) };
        let count = self.durations.len();
        let mut starts = vec![0_u32; count];
        let mut bound = vec![0_u32; count];
        self.lanes.clear(self.horizon);
        self.waiting.clear();
        self.waiting.extend(before.iter().map(|before| before.len() as u32));
        self.eligible.clear();
        self.eligible.extend((0..count).filter(|activity| before[*activity].is_empty()));
        while let Some(index) = (0..self.eligible.len()).min_by_key(|index| (keys[self.eligible[*index]], self.eligible[*index])) {
            let activity = self.eligible.swap_remove(index);
            let start = self.lanes.place(activity, self.durations[activity] as usize, bound[activity] as usize) as u32;
            starts[activity] = start;
            for next in &after[activity] {
                bound[*next] = bound[*next].max(start + self.durations[activity]);
                self.waiting[*next] -= 1;
                if self.waiting[*next] == 0 {
                    self.eligible.push(*next);
                }
            }
        }
        starts
    }

    /// Starts counted from the other end, given the schedule's length.
    pub fn turn(&self, starts: &[u32], length: u32) -> Vec<u32> {
        starts.iter().zip(&self.durations).map(|(start, duration)| length - start - duration).collect()
    }

    /// Keys that repeat the order of a schedule from its other end: the last to finish goes first.
    pub fn keys_from_end(&self, starts: &[u32]) -> Vec<i64> {
        starts.iter().zip(&self.durations).map(|(start, duration)| -i64::from(start + duration)).collect()
    }

    /// Everything as late as possible, then everything as early as possible. Two schedules; the makespan never grows.
    ///
    /// Returns the left-justified starts and the right-justified ones, counted from the end.
    pub fn double_justify(&mut self, starts: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let right = self.backward(&self.keys_from_end(starts));
        let left = self.forward(&self.keys_from_end(&right));
        (left, right)
    }

    /// The parallel scheme by latest finish: at each moment, what can start does, the tightest first.
    pub fn parallel_by_latest_finish(&mut self) -> Vec<u32> {
        let keys: Vec<i64> = self.latest_finish.iter().map(|finish| i64::from(*finish)).collect();
        self.parallel(&keys)
    }

    /// The parallel scheme: time advances from finish to finish, and what fits starts in the order of its key.
    pub fn parallel(&mut self, keys: &[i64]) -> Vec<u32> {
        let count = self.durations.len();
        let mut starts = vec![u32::MAX; count];
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|activity| (keys[*activity], *activity));
        self.lanes.clear(self.horizon);
        let (mut time, mut placed) = (0_u32, 0);
        while placed < count {
            let mut again = true;
            while again {
                again = false;
                for activity in &order {
                    let ready = |before: &usize| starts[*before] != u32::MAX && starts[*before] + self.durations[*before] <= time;
                    if starts[*activity] != u32::MAX || !self.predecessors[*activity].iter().all(ready) {
                        continue;
                    }
                    let duration = self.durations[*activity] as usize;
                    if self.lanes.fits(*activity, duration, time as usize) {
                        self.lanes.place(*activity, duration, time as usize);
                        starts[*activity] = time;
                        placed += 1;
                        // What takes no time lets others start at once.
                        again |= duration == 0;
                    }
                }
            }
            let ends =
                (0..count).filter(|activity| starts[*activity] != u32::MAX).map(|activity| starts[activity] + self.durations[activity]);
            match ends.filter(|end| *end > time).min() {
                Some(end) => time = end,
                None => break,
            }
        }
        starts
    }
}

/// The longer of the critical path and what the scarcest resource alone needs.
fn lower_bound(project: &Project) -> u32 {
    let work = |resource: usize| -> u32 {
        (0..project.len()).map(|activity| project.durations[activity] * project.needs[activity][resource]).sum()
    };
    let bounds = (0..project.capacity.len()).filter(|resource| project.capacity[*resource] > 0);
    bounds.map(|resource| work(resource).div_ceil(project.capacity[resource])).fold(project.critical_path(), u32::max)
}

fn load(project: &Project, activity: usize) -> u32 {
    let shares = project.needs[activity].iter().zip(&project.capacity).filter(|(_, amount)| **amount > 0);
    shares.map(|(need, amount)| need * 1000 / amount).sum()
}
