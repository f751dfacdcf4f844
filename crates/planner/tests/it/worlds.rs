//! Random worlds: every plan and every plan after each event of a long stream passes the checker.

use atlas_planner::random::Random;
use atlas_planner::{Event, Plan, Planner, World};
use atlas_planner_testkit::checker::check;
use atlas_planner_testkit::worlds::{random_event, tangled};

use crate::cases;

/// Panics with the first broken rules.
pub fn assert_right(world: &World, plan: &Plan, context: &str) {
    let found = check(world, plan);
    assert!(found.is_empty(), "{context}: {:?}", &found[..found.len().min(5)]);
}

#[test]
fn every_plan_from_nothing_passes_the_checker() {
    for seed in 0..cases(150) {
        let world = tangled(seed, 1 + seed % 5, 2 + seed % 40);
        let planner = Planner::new(world.clone()).unwrap();
        assert_right(&world, &planner.plan(), &format!("world {seed}"));
    }
}

#[test]
fn every_plan_after_random_events_passes_the_checker() {
    for seed in 0..cases(25) {
        let mut random = Random::seeded(seed);
        let mut planner = Planner::new(tangled(seed + 1000, 1 + seed % 4, 3 + seed % 25)).unwrap();
        for step in 0..40 {
            let event = random_event(&mut random, &planner.world(), &planner.plan());
            let context = format!("stream {seed}, step {step}, {event:?}");
            planner.apply(&event).unwrap();
            assert_right(&planner.world(), &planner.plan(), &context);
            same_event_again_changes_nothing(&mut planner, &event, &context);
        }
    }
}

fn same_event_again_changes_nothing(planner: &mut Planner, event: &Event, context: &str) {
    let before = planner.plan();
    let changes = planner.apply(event).unwrap();
    assert_eq!(changes.moves, [], "{context}, again");
    assert_eq!(planner.plan().placements, before.placements, "{context}, again");
}
