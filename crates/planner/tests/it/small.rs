//! Worlds so small that every order can be tried.

use atlas_planner::random::Random;
use atlas_planner::{Dependency, Due, Person, PersonId, Planner, Task, TaskId, WeeklyHours, World};
use atlas_planner_testkit::brute_force::least_tardiness;
use atlas_planner_testkit::worlds::MONDAY;

use crate::cases;

/// Up to seven tasks for one or two people who never sleep.
fn small(seed: u64) -> World {
    let mut random = Random::seeded(seed);
    let mut world = World::new(MONDAY);
    world.settings.horizon_weeks = 2;
    for id in 0..1 + random.below(2) {
        let mut person = Person::new(PersonId(u128::from(id)), "UTC");
        person.hours = WeeklyHours(std::array::from_fn(|_| vec![(0, 1440)]));
        person.daily_cap_percent = 100;
        world.people.push(person);
    }
    for id in 0..3 + random.below(5) {
        let person = PersonId(u128::from(random.below(world.people.len() as u64)));
        let mut task = Task::new(TaskId(u128::from(id)), person, 5 * (1 + random.below(20)) as u32);
        task.splittable = false;
        task.weight = 1 + random.below(5) as u32;
        task.due = Some(Due { at: MONDAY + 5 * random.below(60) as i64, hard: false });
        if id > 0 && random.below(3) == 0 {
            task.after.push(Dependency::on(TaskId(u128::from(random.below(id)))));
        }
        world.tasks.push(task);
    }
    world
}

#[test]
fn the_objective_is_never_below_the_best_and_usually_meets_it_when_improved() {
    let (mut best, mut reached, mut met) = (0, 0, 0);
    let count = cases(60);
    for seed in 0..count {
        let world = small(seed);
        let least = least_tardiness(&world);
        let planner = Planner::new(world).unwrap();
        let improved = planner.improved(400, seed).map_or(planner.score(), |proposal| proposal.after).tardiness;
        assert!(planner.score().tardiness >= least, "world {seed} beats the best there is");
        assert!(improved >= least, "improved world {seed} beats the best there is");
        (best, reached, met) = (best + least, reached + improved, met + u64::from(improved == least));
    }
    assert!(best > 0);
    assert!(reached * 100 <= best * 115, "{reached} against {best}");
    assert!(met * 100 >= count * 50, "{met} of {count} are optimal");
}
