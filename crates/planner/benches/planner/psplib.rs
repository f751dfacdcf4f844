//! B1, B2 and B4: a PSPLIB set against its best known makespans.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use atlas_planner::makespan::{Project, Solution, parse, quick, solve};

use crate::report::{Report, timed};

/// One instance with what is known of it.
struct Instance {
    name: String,
    project: Project,
    known: Known,
}

#[derive(Clone, Copy)]
struct Known {
    cpm: f64,
    lb: u32,
    ub: u32,
    closed: bool,
}

/// Where a set lies, and how many schedules to build.
pub struct Set {
    pub folder: PathBuf,
    pub best: PathBuf,
    pub schedules: Vec<u32>,
    pub bars: Vec<(&'static str, &'static str)>,
}

/// Runs one set for each number of schedules.
pub fn run(report: &mut Report, id: &str, set: &Set) {
    let instances = match load(set) {
        Ok(instances) => instances,
        Err(error) => return println!("{id}   skipped: {error}"),
    };
    let name = set.folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    measure(report, "B4", &format!("{name}, 3 schedules"), ("", ""), &instances, &quick);
    for (index, schedules) in set.schedules.iter().enumerate() {
        let bar = set.bars.get(index).copied().unwrap_or(("", ""));
        measure(report, id, &format!("{name}, {schedules} schedules"), bar, &instances, &|project| solve(project, *schedules, 1));
    }
}

fn measure(
    report: &mut Report,
    id: &str,
    title: &str,
    bar: (&str, &str),
    instances: &[Instance],
    method: &(dyn Fn(&Project) -> Solution + Sync),
) {
    let half = instances.len().div_ceil(2).max(1);
    let run = |instances: &[Instance]| -> Vec<(u32, f64)> {
        instances.iter().map(|instance| timed(|| method(&instance.project))).map(|(solution, time)| (solution.makespan, time)).collect()
    };
    let results: Vec<(u32, f64)> = std::thread::scope(|scope| {
        let workers: Vec<_> = instances.chunks(half).map(|part| scope.spawn(move || run(part))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    let count = results.len().max(1) as f64;
    let mean = |value: &dyn Fn(&Instance, f64) -> Option<f64>| {
        let values: Vec<f64> =
            instances.iter().zip(&results).filter_map(|(instance, (makespan, _))| value(instance, f64::from(*makespan))).collect();
        100.0 * values.iter().sum::<f64>() / values.len().max(1) as f64
    };
    let over_cpm = mean(&|instance, makespan| Some((makespan - instance.known.cpm) / instance.known.cpm));
    let over_best = mean(&|instance, makespan| instance.known.closed.then(|| makespan / f64::from(instance.known.ub) - 1.0));
    let all_closed = instances.iter().all(|instance| instance.known.closed);
    let (cpm_bar, best_bar) = if all_closed { (("", ""), bar) } else { (bar, ("", "")) };
    report.figure(id, &format!("{title}: % over the critical path"), over_cpm, cpm_bar.0, cpm_bar.1);
    report.figure(id, &format!("{title}: % over the optimum, where proved"), over_best, best_bar.0, best_bar.1);
    report.figure(id, &format!("{title}: ms per instance"), results.iter().map(|(_, time)| time).sum::<f64>() / count, "", "");
    for (instance, (makespan, _)) in instances.iter().zip(&results) {
        if *makespan < instance.known.lb {
            report.impossible(id, &format!("{} has makespan {makespan}, below the bound {}", instance.name, instance.known.lb));
        } else if *makespan < instance.known.ub {
            println!("{id}   to verify: {} has makespan {makespan}, below the best known {}", instance.name, instance.known.ub);
        }
    }
}

/// Reads every `.sm` file whose numbers stand in the list. The list's columns are par, inst, cpm, lb, ub, optimal.
fn load(set: &Set) -> Result<Vec<Instance>, String> {
    let list = std::fs::read_to_string(&set.best).map_err(|error| format!("{}: {error}", set.best.display()))?;
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for line in list.lines().skip(1) {
        let fields: Vec<u32> = line.split(',').filter_map(|field| field.trim().parse().ok()).collect();
        if let [par, inst, cpm, lb, ub, optimal] = fields[..] {
            known.insert(format!("{par}_{inst}"), Known { cpm: f64::from(cpm), lb, ub, closed: optimal == 1 });
        }
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(&set.folder)
        .map_err(|error| format!("{}: {error}", set.folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sm"))
        .collect();
    files.sort();
    let prefix = common_prefix(&files);
    files.iter().filter_map(|file| instance(file, prefix, &known).transpose()).collect()
}

fn instance(file: &Path, prefix: usize, known: &BTreeMap<String, Known>) -> Result<Option<Instance>, String> {
    let name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let Some(known) = (0..=prefix).find_map(|from| known.get(name.get(from..)?)).copied() else { return Ok(None) };
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let project = parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Some(Instance { name, project, known }))
}

/// Characters with which all the names start: the set's own name.
fn common_prefix(files: &[PathBuf]) -> usize {
    let stems: Vec<String> = files.iter().filter_map(|file| file.file_stem()).map(|stem| stem.to_string_lossy().into_owned()).collect();
    let Some(first) = stems.first() else { return 0 };
    (0..first.len()).find(|length| stems.iter().any(|stem| stem.get(..*length + 1) != first.get(..*length + 1))).unwrap_or(first.len())
}
