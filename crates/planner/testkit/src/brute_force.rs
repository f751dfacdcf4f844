//! The best plan of a very small world, by trying every order with every choice of person.

use atlas_planner::{Planner, World};

/// The least total weighted lateness in minutes over all priority orders, each placed by a minute-by-minute loop.
///
/// Only for worlds whose people all work without end (every minute of the week, no cap) and whose tasks are
/// not split, wait by finish-start without lag, and number at most eight.
pub fn least_tardiness(world: &World) -> i64 {
    let mut order: Vec<usize> = (0..world.tasks.len()).collect();
    let mut best = i64::MAX;
    permute(&mut order, 0, &mut |order| best = best.min(tardiness_of(world, order)));
    best
}

/// What the planner reaches, in the same measure.
pub fn planned_tardiness(planner: &Planner) -> i64 {
    planner.score().tardiness
}

fn permute(order: &mut Vec<usize>, from: usize, visit: &mut impl FnMut(&[usize])) {
    if from == order.len() {
        visit(order);
        return;
    }
    for index in from..order.len() {
        order.swap(from, index);
        permute(order, from + 1, visit);
        order.swap(from, index);
    }
}

/// Weighted lateness when tasks are appended in this order, each to its person's end; orders that break a
/// dependency cost infinitely much. Every task has one candidate.
fn tardiness_of(world: &World, order: &[usize]) -> i64 {
    let mut free_at: Vec<i64> = vec![world.now; world.people.len()];
    let mut finish: Vec<Option<i64>> = vec![None; world.tasks.len()];
    let mut cost = 0;
    for index in order {
        let task = &world.tasks[*index];
        let person = world.people.iter().position(|person| person.id == task.candidates[0]).expect("candidates are in the world");
        let mut start = free_at[person].max(task.earliest_start.unwrap_or(world.now));
        for dependency in &task.after {
            let before = world.tasks.iter().position(|before| before.id == dependency.task).expect("tasks are in the world");
            match finish[before] {
                Some(end) => start = start.max(end),
                None => return i64::MAX,
            }
        }
        let end = start + i64::from(task.remaining.unwrap_or(world.settings.default_estimate));
        (free_at[person], finish[*index]) = (end, Some(end));
        cost += task.due.map_or(0, |due| (end - due.at).max(0) * i64::from(task.weight) * if due.hard { 1000 } else { 1 });
    }
    cost
}
