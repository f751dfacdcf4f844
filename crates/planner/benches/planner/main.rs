//! Measures the planner: figures beside their bars, and every run kept as CSV.

mod psplib;
mod report;
mod teams;
mod truth;

use std::path::PathBuf;
use std::process::ExitCode;

use report::Report;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let option = |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1)).cloned();
    let only = option("--only");
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only.split(',').any(|one| one == part));
    let mut report = Report::start();
    if wanted("psplib") {
        makespans(&mut report, option("--psplib"), option("--best"), option("--schedules"));
    }
    if wanted("construct") {
        teams::construction(&mut report);
    }
    if wanted("events") {
        teams::events(&mut report);
    }
    if wanted("regret") {
        teams::regret(&mut report);
    }
    if wanted("explain") {
        truth::explanations(&mut report);
        truth::whole_plan(&mut report);
    }
    report.finish()
}

/// The given set, or the two tuning sets when they lie beside the checkout.
fn makespans(report: &mut Report, folder: Option<String>, best: Option<String>, schedules: Option<String>) {
    let schedules = schedules.unwrap_or_else(|| "1000,5000,50000".to_owned());
    let schedules: Vec<u32> = schedules.split(',').filter_map(|one| one.trim().parse().ok()).collect();
    if let Some(folder) = folder.map(PathBuf::from) {
        let best = best.map_or_else(|| folder.with_extension("best.csv"), PathBuf::from);
        return psplib::run(report, "B3", &psplib::Set { folder, best, schedules, bars: Vec::new() });
    }
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/planner/psplib");
    if !beside.is_dir() {
        return println!("B1, B2 skipped: there is no PSPLIB data beside the checkout; name it with --psplib and --best");
    }
    let bars = |one: [(&'static str, &'static str); 3]| if schedules == [1000, 5000, 50_000] { one.to_vec() } else { Vec::new() };
    let j30 = bars([("<= .30", ".12"), ("<= .18", ".04"), ("<= .08", ".02")]);
    let j60 = bars([("<= 11.6", "11.3"), ("<= 11.2", "10.95"), ("<= 10.95", "10.68")]);
    for (id, name, bars) in [("B1", "j30", j30), ("B2", "j60", j60)] {
        let set =
            psplib::Set { folder: beside.join(name), best: beside.join(format!("{name}best.csv")), schedules: schedules.clone(), bars };
        psplib::run(report, id, &set);
    }
}
