//! What is printed and what is kept.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Collects figures, prints them beside their bars, and writes them to a CSV at the end.
pub struct Report {
    rows: String,
    file: PathBuf,
    impossible: usize,
}

impl Report {
    /// Prints the machine and its load.
    pub fn start() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let load = read("/proc/loadavg");
        let machine = format!("{} x {}", cores, model.trim_start_matches([' ', '\t', ':']));
        println!("machine: {machine}; load average {}", load.trim());
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        let stamp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let rows = format!("# {machine}; load {}\nid,measure,value,bar,stretch\n", load.trim().replace(',', " "));
        Self { rows, file: target.join(format!("bench/planner-{stamp}.csv")), impossible: 0 }
    }

    /// One figure beside its bar and the stretch goal.
    pub fn figure(&mut self, id: &str, measure: &str, value: f64, bar: &str, stretch: &str) {
        println!("{id:<4} {measure:<64} {value:>10.3}   bar {bar:<8} stretch {stretch}");
        let _ = writeln!(self.rows, "{id},{},{value:.4},{bar},{stretch}", measure.replace(',', ";"));
    }

    /// Says that a result cannot be true; the benchmark then fails.
    pub fn impossible(&mut self, id: &str, what: &str) {
        println!("{id:<4} WRONG: {what}");
        self.impossible += 1;
    }

    /// Writes the CSV; a failure when anything was impossible.
    pub fn finish(self) -> ExitCode {
        let written = self.file.parent().map(std::fs::create_dir_all).transpose().and_then(|_| std::fs::write(&self.file, &self.rows));
        match written {
            Ok(()) => println!("kept in {}", self.file.display()),
            Err(error) => println!("not kept: {error}"),
        }
        if self.impossible == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Runs it and says how long that took, in milliseconds.
pub fn timed<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = run();
    (result, millis(start.elapsed()))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The value that this share of the values does not exceed.
pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (share * values.len() as f64).ceil() as usize;
    values.get(index.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}
