//! B6 to B9 and B13: a team of 200 people with 10,000 tasks, planned from nothing and changed.

use atlas_planner::random::Random;
use atlas_planner::{Changes, Event, Placement, Planner, WorldError};
use atlas_planner_testkit::worlds::{Kind, Team, event_of_kind, team};

use crate::report::{Report, percentile, timed};

/// The team that is measured.
pub const SIZE: Team = Team { people: 200, tasks: 10_000, weeks: 10 };

/// B6 and B13: from nothing, calendars included.
pub fn construction(report: &mut Report) {
    let world = team(1, SIZE);
    let mut times = Vec::new();
    for _ in 0..20 {
        let fresh = world.clone();
        let (planner, time) = timed(|| Planner::new(fresh));
        times.push(time);
        drop(planner);
    }
    report.figure("B6", "10,000 tasks x 200 people from nothing, ms, p50 of 20", percentile(&mut times, 0.5), "", "");
    report.figure("B6", "10,000 tasks x 200 people from nothing, ms, p99 of 20", percentile(&mut times, 0.99), "< 100", "< 20");
    let Ok(planner) = Planner::new(world) else { return };
    describe(report, &planner);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok());
    report.figure("B6", "peak memory of the process so far, MB", peak.unwrap_or(f64::NAN) / 1024.0, "< 100", "");
}

fn describe(report: &mut Report, planner: &Planner) {
    let plan = planner.plan();
    let chunks: usize = plan.placements.iter().map(|placement| placement.chunks.len()).sum();
    let late = plan.placements.iter().filter(|placement| placement.late_minutes > 0).count();
    report.figure("B13", "pieces per task", chunks as f64 / plan.placements.len() as f64, "<= 2.7", "");
    report.figure("B13", "late tasks, %", 100.0 * late as f64 / plan.placements.len() as f64, "", "");
    report.figure("B13", "tasks without a place", plan.unplaced.len() as f64, "", "");
    println!("     rule {:?}, score {:?}", plan.rule, plan.score);
}

/// B7 and B8: 500 events of each kind, each on the same plan.
pub fn events(report: &mut Report) {
    let Ok(base) = Planner::new(team(1, SIZE)) else { return };
    let (world, plan) = (base.world(), base.plan());
    for kind in Kind::ALL {
        let mut random = Random::seeded(kind as u64 + 7);
        let (mut times, mut moved, mut handled) = (Vec::new(), Vec::new(), Vec::new());
        let (mut full, mut worse) = (Vec::new(), 0);
        for number in 0..500 {
            let Some(event) = event_of_kind(&mut random, kind, &world, &plan) else { continue };
            let (changes, branch, time) = median_of_three(&base, &event);
            let Ok(changes) = changes else { continue };
            times.push(time);
            moved.push(changes.moves.len() as f64);
            handled.push(changes.handled as f64);
            if number % 10 == 0 {
                let count = moved_by_replanning(&branch, &base);
                worse += usize::from(changes.moves.len() > count);
                full.push(count as f64);
            }
        }
        let name = |what: &str| format!("{kind:?}: {what}");
        report.figure("B7", &name("ms p50"), percentile(&mut times, 0.5), "", "");
        report.figure("B7", &name("ms p99"), percentile(&mut times, 0.99), "< 6", "< 1");
        report.figure("B7", &name("ms max"), percentile(&mut times, 1.0), "", "");
        report.figure("B7", &name("handled p99"), percentile(&mut handled, 0.99), "", "");
        let (sweep, anew) = (percentile(&mut moved, 0.5), percentile(&mut full, 0.5));
        report.figure("B8", &name("moved p50"), sweep, if kind == Kind::Meeting { "<= 2" } else { "" }, "");
        report.figure("B8", &name("moved p99"), percentile(&mut moved, 0.99), "", "");
        report.figure("B8", &name("moved by full replan p50"), anew, "", "");
        report.figure("B8", &name("moved, sweep / full replan"), sweep / anew.max(1.0), "<= 0.4", "<= 0.2");
        report.figure("B8", &name("events where the sweep moved more"), f64::from(worse as u32), "0", "");
    }
}

/// Applies the event to three fresh copies; the time is the middle one, since others use the machine too.
fn median_of_three(base: &Planner, event: &Event) -> (Result<Changes, WorldError>, Planner, f64) {
    let mut runs: [(Result<Changes, WorldError>, Planner, f64); 3] = std::array::from_fn(|_| {
        let mut branch = base.branch();
        let (changes, time) = timed(|| branch.apply(event));
        (changes, branch, time)
    });
    runs.sort_by(|a, b| a.2.total_cmp(&b.2));
    let [_, middle, _] = runs;
    middle
}

fn moved_by_replanning(after: &Planner, before: &Planner) -> usize {
    let mut anew = after.branch();
    anew.replan_from_scratch();
    let (old, new) = (before.plan(), anew.plan());
    let stays = |old: &&Placement| new.placement(old.task).is_some_and(|new| old.person == new.person && old.chunks == new.chunks);
    old.placements.len() - old.placements.iter().filter(stays).count()
}

/// B9: how much later everything is after 100 events than if it were planned anew, without and with the improver.
pub fn regret(report: &mut Report) {
    let size = Team { people: 60, tasks: 3000, weeks: 10 };
    let (mut swept, mut anew, mut improved, mut time) = (0, 0, 0, 0.0);
    for seed in 0..5 {
        let Ok(mut planner) = Planner::new(team(seed + 50, size)) else { return };
        let mut random = Random::seeded(seed);
        for number in 0..100 {
            let kind = Kind::ALL[number % 5];
            let event = event_of_kind(&mut random, kind, &planner.world(), &planner.plan());
            if let Some(event) = event {
                let _ = planner.apply(&event);
            }
        }
        let mut full = planner.branch();
        full.replan_from_scratch();
        let (proposal, spent) = timed(|| planner.improved(8000, seed));
        (swept, anew, time) = (swept + planner.score().tardiness, anew + full.score().tardiness, time + spent / 5.0);
        improved += proposal.map_or(planner.score().tardiness, |proposal| proposal.after.tardiness);
    }
    let over = |value: i64| 100.0 * (value as f64 / anew as f64 - 1.0);
    report.figure("B9", "weighted lateness after 100 events over a full replan, %", over(swept), "<= 5", "");
    report.figure("B9", "the same after 8,000 trials of the improver, %", over(improved), "<= 5", "<= 1");
    report.figure("B9", "ms of these trials", time, "", "1000");
}
