//! Explanations and fixes are true.

use atlas_planner::{Planner, Reason, TaskId};
use atlas_planner_testkit::honesty::could_start_earlier;
use atlas_planner_testkit::worlds::{Team, tangled, team};

use crate::cases;

#[test]
fn without_the_named_blockers_a_task_can_start_earlier() {
    let (mut asked, mut wrong) = (0, Vec::new());
    for seed in 0..cases(12) {
        let planner = Planner::new(tangled(seed + 40, 2 + seed % 3, 25)).unwrap();
        let (world, plan) = (planner.world(), planner.plan());
        for placement in &plan.placements {
            let Some(why) = planner.why_not_earlier(placement.task).unwrap() else { continue };
            if why.binding.is_empty() || why.binding == [Reason::Fixed] {
                continue;
            }
            asked += 1;
            if !could_start_earlier(&world, &plan, placement, &why.binding) {
                wrong.push((seed, placement.task, why.binding));
            }
        }
    }
    assert!(asked > 100, "only {asked} explanations were given");
    assert!(wrong.len() * 100 <= asked, "{} of {asked} are untrue: {:?}", wrong.len(), &wrong[..wrong.len().min(3)]);
}

#[test]
fn every_fix_brings_what_it_promises_and_trying_it_leaves_no_trace() {
    let mut applied = 0;
    for seed in 0..cases(6) {
        let mut planner = Planner::new(team(seed, Team { people: 8, tasks: 250, weeks: 3 })).unwrap();
        let plan = planner.plan();
        let late: Vec<TaskId> =
            plan.placements.iter().filter(|placement| placement.late_minutes > 0).map(|placement| placement.task).collect();
        for task in late.into_iter().step_by(7).take(5) {
            let fixes = planner.fixes(task, 10).unwrap();
            assert_eq!(planner.plan(), plan, "asking changes nothing");
            for fix in fixes {
                let mut branch = planner.branch();
                for event in &fix.events {
                    branch.apply(event).unwrap();
                }
                let placement = branch.placement(task).unwrap();
                assert_eq!((placement.late_minutes, placement.finish()), (fix.late_after, fix.finish), "{:?}", fix.action);
                assert_eq!(branch.score().tardiness - planner.score().tardiness, fix.tardiness_change, "{:?}", fix.action);
                assert!(fix.late_after < fix.late_before);
                applied += 1;
            }
        }
    }
    assert!(applied > 30, "only {applied} fixes were offered");
}

#[test]
fn the_chain_of_a_late_task_reaches_back_without_gaps() {
    let planner = Planner::new(team(3, Team { people: 8, tasks: 250, weeks: 3 })).unwrap();
    let plan = planner.plan();
    for placement in plan.placements.iter().filter(|placement| placement.late_minutes > 0) {
        let chain = planner.why_late(placement.task).unwrap();
        assert_eq!(chain[0].task, placement.task);
        assert_eq!(chain[0].span.until, placement.finish());
        for pair in chain.windows(2) {
            assert_eq!(pair[0].span.from, pair[1].span.until);
            assert!(matches!(pair[0].reason, Reason::Busy(task) | Reason::Predecessor(task) if task == pair[1].task));
        }
        let minutes: i64 = chain.iter().map(|link| link.minutes).sum();
        assert!(minutes > 0);
    }
}

#[test]
fn candidates_are_compared_and_the_chosen_one_is_named() {
    let planner = Planner::new(team(3, Team { people: 8, tasks: 100, weeks: 3 })).unwrap();
    for placement in planner.plan().placements {
        let candidates = planner.why_this_person(placement.task).unwrap();
        let chosen: Vec<_> = candidates.iter().filter(|candidate| candidate.chosen).collect();
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].person, placement.person);
        assert!(chosen[0].finish.is_some_and(|finish| finish <= placement.finish()), "lifting it leaves at least its own place");
    }
}
