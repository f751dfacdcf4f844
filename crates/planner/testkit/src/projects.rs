//! Small generated projects for makespan mode, and a checker of their schedules.

use atlas_planner::makespan::Project;
use atlas_planner::random::Random;

/// A project of this many activities between two dummies, with four resources.
pub fn project(seed: u64, activities: usize) -> Project {
    let mut random = Random::seeded(seed);
    let count = activities + 2;
    let capacity: Vec<u32> = (0..4).map(|_| 8 + random.below(12) as u32).collect();
    let mut project = Project { durations: vec![0; count], needs: vec![vec![0; 4]; count], capacity, successors: vec![Vec::new(); count] };
    for activity in 1..=activities {
        project.durations[activity] = 1 + random.below(10) as u32;
        for resource in 0..4 {
            if random.below(2) == 0 {
                project.needs[activity][resource] = 1 + random.below(9.min(u64::from(project.capacity[resource]))) as u32;
            }
        }
        let before = if activity < 4 { 0 } else { 1 + random.below(2) };
        for _ in 0..before {
            let other = (activity - 1).saturating_sub(random.below(8) as usize);
            if !project.successors[other].contains(&activity) {
                project.successors[other].push(activity);
            }
        }
        if !(0..activity).any(|other| project.successors[other].contains(&activity)) {
            project.successors[0].push(activity);
        }
    }
    for activity in 0..=activities {
        if project.successors[activity].is_empty() {
            project.successors[activity].push(count - 1);
        }
    }
    project
}

/// What is wrong with the starts, one sentence for each; replayed time unit by time unit.
pub fn wrong(project: &Project, starts: &[u32]) -> Vec<String> {
    let mut found = Vec::new();
    let end = |activity: usize| starts[activity] + project.durations[activity];
    for (activity, successors) in project.successors.iter().enumerate() {
        let early = successors.iter().filter(|successor| starts[**successor] < end(activity));
        found.extend(early.map(|successor| format!("{successor} starts before {activity} ends")));
    }
    let horizon = (0..project.len()).map(end).max().unwrap_or(0);
    for time in 0..horizon {
        for (resource, amount) in project.capacity.iter().enumerate() {
            let running = (0..project.len()).filter(|activity| starts[*activity] <= time && time < end(*activity));
            let used: u32 = running.map(|activity| project.needs[activity][resource]).sum();
            if used > *amount {
                found.push(format!("{used} of {amount} used of resource {resource} at {time}"));
            }
        }
    }
    found
}

/// A bound no schedule can beat: the longest chain, or the work on one resource, counted afresh.
pub fn bound(project: &Project) -> u32 {
    fn chain(project: &Project, activity: usize) -> u32 {
        let behind = project.successors[activity].iter().map(|successor| chain(project, *successor)).max();
        project.durations[activity] + behind.unwrap_or(0)
    }
    let longest = chain(project, 0);
    let work = |resource: usize| -> u32 {
        (0..project.len()).map(|activity| project.durations[activity] * project.needs[activity][resource]).sum()
    };
    (0..project.capacity.len()).map(|resource| work(resource).div_ceil(project.capacity[resource])).fold(longest, u32::max)
}

/// The shortest makespan by trying every order; for at most seven activities besides the dummies.
pub fn shortest(project: &Project) -> u32 {
    let mut best = u32::MAX;
    extend(project, &mut Vec::new(), &mut vec![None; project.len()], &mut best);
    best
}

fn extend(project: &Project, order: &mut Vec<usize>, starts: &mut Vec<Option<u32>>, best: &mut u32) {
    if order.len() == project.len() {
        let ends = (0..project.len()).filter_map(|activity| starts[activity].map(|start| start + project.durations[activity]));
        *best = (*best).min(ends.max().unwrap_or(0));
        return;
    }
    for activity in 0..project.len() {
        let before: Vec<usize> = (0..project.len()).filter(|other| project.successors[*other].contains(&activity)).collect();
        if starts[activity].is_some() || before.iter().any(|other| starts[*other].is_none()) {
            continue;
        }
        let from = before.iter().filter_map(|other| starts[*other].map(|start| start + project.durations[*other])).max().unwrap_or(0);
        let fits = |start: u32| (start..start + project.durations[activity]).all(|time| room(project, starts, activity, time));
        let start = (from..).find(|start| fits(*start));
        starts[activity] = start;
        order.push(activity);
        extend(project, order, starts, best);
        order.pop();
        starts[activity] = None;
    }
}

fn room(project: &Project, starts: &[Option<u32>], activity: usize, time: u32) -> bool {
    let runs = |other: usize| starts[other].is_some_and(|start| start <= time && time < start + project.durations[other]);
    (0..project.capacity.len()).all(|resource| {
        let used: u32 = (0..project.len()).filter(|other| runs(*other)).map(|other| project.needs[other][resource]).sum();
        used + project.needs[activity][resource] <= project.capacity[resource]
    })
}
