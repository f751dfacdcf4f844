//! B12 and the cap of B13: explanations against an independent search, fixes against their application, the whole plan
//! against the checker.

use atlas_planner::{Planner, Reason};
use atlas_planner_testkit::checker::{Violation, check};
use atlas_planner_testkit::honesty::could_start_earlier;
use atlas_planner_testkit::worlds::{Team, team};

use crate::report::{Report, percentile, timed};

/// B12: how many explanations and fixes are true, and what asking costs.
pub fn explanations(report: &mut Report) {
    let (mut asked, mut true_ones, mut times) = (0, 0, Vec::new());
    let (mut fixes, mut kept, mut fix_times) = (0, 0, Vec::new());
    for seed in 0..4 {
        let Ok(mut planner) = Planner::new(team(seed + 70, Team { people: 30, tasks: 1500, weeks: 10 })) else { return };
        let (world, plan) = (planner.world(), planner.plan());
        for placement in plan.placements.iter().step_by(5) {
            let (why, time) = timed(|| planner.why_not_earlier(placement.task));
            times.push(time);
            let Ok(Some(why)) = why else { continue };
            if !why.binding.is_empty() && why.binding != [Reason::Fixed] {
                asked += 1;
                true_ones += usize::from(could_start_earlier(&world, &plan, placement, &why.binding));
            }
        }
        for placement in plan.placements.iter().filter(|placement| placement.late_minutes > 0).step_by(5).take(20) {
            let (found, time) = timed(|| planner.fixes(placement.task, 10));
            fix_times.push(time);
            for fix in found.unwrap_or_default() {
                let mut branch = planner.branch();
                let applied = fix.events.iter().all(|event| branch.apply(event).is_ok());
                let late = branch.placement(placement.task).map(|after| after.late_minutes);
                fixes += 1;
                kept += usize::from(applied && late == Some(fix.late_after));
            }
        }
    }
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    report.figure("B12", &format!("explanations that are true, % of {asked}"), share(true_ones, asked), ">= 99", "");
    report.figure("B12", &format!("fixes that bring what they promise, % of {fixes}"), share(kept, fixes), "100", "");
    report.figure("B12", "why not earlier, ms p99", percentile(&mut times, 0.99), "", "");
    report.figure("B12", "ranked fixes of a late task, ms p50", percentile(&mut fix_times, 0.5), "", "");
}

/// B13: the whole plan, minute by minute.
pub fn whole_plan(report: &mut Report) {
    let Ok(planner) = Planner::new(team(1, crate::teams::SIZE)) else { return };
    let found = check(&planner.world(), &planner.plan());
    let over = found.iter().filter(|violation| matches!(violation, Violation::OverCap(..))).count();
    report.figure("B13", "days over the daily cap", over as f64, "0", "");
    report.figure("B13", "broken rules of any kind, by the checker", found.len() as f64, "0", "");
}
