//! Changes of the question that must not change the answer.

use std::collections::BTreeMap;

use atlas_planner::{Event, Minute, Placement, Plan, Planner, Task, TaskId, World};
use atlas_planner_testkit::worlds::tangled;

use crate::cases;

/// A world whose people all live by UTC, so that weeks are alike.
fn utc_world(seed: u64) -> World {
    let mut world = tangled(seed, 1 + seed % 4, 5 + seed % 25);
    world.people.iter_mut().for_each(|person| person.zone = "UTC".to_owned());
    world
}

fn plan(world: World) -> Plan {
    Planner::new(world).unwrap().plan()
}

fn pieces(placement: &Placement, back: Minute) -> Vec<(Minute, Minute)> {
    placement.chunks.iter().map(|chunk| (chunk.span.from - back, chunk.span.until - back)).collect()
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    for seed in 0..cases(30) {
        let world = utc_world(seed);
        let mut turned = world.clone();
        turned.tasks.reverse();
        turned.people.reverse();
        assert_eq!(plan(world), plan(turned), "world {seed}");
    }
}

#[test]
fn a_shift_by_whole_weeks_shifts_the_plan() {
    for seed in 0..cases(30) {
        let world = utc_world(seed);
        let weeks = 7 * 1440 * (1 + seed as i64 % 60);
        let (here, there) = (plan(world.clone()), plan(shifted(world, weeks)));
        assert_eq!(here.score, there.score, "world {seed}");
        for (one, other) in here.placements.iter().zip(&there.placements) {
            assert_eq!((one.person, pieces(one, 0)), (other.person, pieces(other, weeks)), "world {seed}");
        }
    }
}

fn shifted(mut world: World, by: Minute) -> World {
    let move_span = |span: &mut atlas_planner::Span| *span = atlas_planner::Span::new(span.from + by, span.until + by);
    world.now += by;
    for person in &mut world.people {
        person.absences.iter_mut().chain(&mut person.no_task).for_each(move_span);
        person.meetings.iter_mut().for_each(|meeting| move_span(&mut meeting.span));
        person.frozen_until = person.frozen_until.map(|until| until + by);
    }
    for task in &mut world.tasks {
        task.earliest_start = task.earliest_start.map(|start| start + by);
        task.due.iter_mut().for_each(|due| due.at += by);
        task.fixed.iter_mut().for_each(|fixed| move_span(&mut fixed.span));
    }
    world
}

#[test]
fn new_names_in_the_same_order_change_nothing_but_names() {
    for seed in 0..cases(30) {
        let world = utc_world(seed);
        let mut renamed = world.clone();
        let rename = |id: TaskId| TaskId(id.0 * 1_000_003 + 17);
        for task in &mut renamed.tasks {
            task.id = rename(task.id);
            task.after.iter_mut().for_each(|dependency| dependency.task = rename(dependency.task));
        }
        let (here, there) = (plan(world), plan(renamed));
        assert_eq!(here.score, there.score, "world {seed}");
        let by_name: BTreeMap<TaskId, Vec<_>> = there.placements.iter().map(|placement| (placement.task, pieces(placement, 0))).collect();
        for placement in &here.placements {
            assert_eq!(by_name.get(&rename(placement.task)), Some(&pieces(placement, 0)), "world {seed}");
        }
    }
}

#[test]
fn only_the_proportions_of_weights_matter() {
    for seed in 0..cases(30) {
        let world = utc_world(seed);
        let mut heavier = world.clone();
        heavier.tasks.iter_mut().for_each(|task: &mut Task| task.weight *= 7);
        let (here, there) = (plan(world), plan(heavier));
        assert_eq!(here.placements, there.placements, "world {seed}");
        assert_eq!(here.score.total() * 7, there.score.total(), "world {seed}");
    }
}

#[test]
fn every_thread_finds_the_same_plan() {
    let world = tangled(77, 5, 60);
    let bytes = |world: World| {
        let mut planner = Planner::new(world).unwrap();
        planner.apply(&Event::TaskDone(TaskId(3))).unwrap();
        let improved = planner.improved(300, 5).map(|proposal| proposal.branch.plan());
        serde_json::to_string(&(planner.plan(), improved)).unwrap()
    };
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn({
                let world = world.clone();
                move || bytes(world)
            })
        })
        .collect();
    let alone = bytes(world);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), alone);
    }
}
