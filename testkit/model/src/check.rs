//! Many seeds on all processors; a failing one is cut down to the fewest first steps that still fail.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::compare::Compared;
use crate::play::{Outcome, Planted, play};
use crate::step::Plan;

/// How much to check.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The first seed.
    pub first: u64,
    /// How many.
    pub seeds: u64,
    /// Histories played at once.
    pub threads: usize,
    /// What is left out on purpose.
    pub planted: Planted,
    /// So many failures are enough.
    pub most_failures: usize,
    /// Whether a failing history is cut down.
    pub shrink: bool,
}

impl Budget {
    /// So many seeds from the first on, on all processors, until one fails.
    pub fn of(seeds: u64) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { first: 1, seeds, threads, planted: Planted::Nothing, most_failures: 1, shrink: true }
    }
}

/// A seed whose history ends with differences.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The history, cut to the fewest first steps that fail.
    pub plan: Plan,
    /// What differs after those.
    pub differences: Vec<String>,
}

/// What a check came to.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Seeds played.
    pub played: u64,
    /// What was compared, over all seeds.
    pub compared: Compared,
    /// Calls of Atlas, over all seeds.
    pub calls: u64,
    /// Seeds that failed.
    pub failed: Vec<Failed>,
    /// How long it took.
    pub took: Duration,
}

/// Plays many seeds.
pub fn check(budget: Budget) -> Verdict {
    let begun = Instant::now();
    let (next, verdict) = (AtomicU64::new(budget.first), Mutex::new(Verdict::default()));
    std::thread::scope(|scope| {
        for _ in 0..budget.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let enough = lock(&verdict).failed.len() >= budget.most_failures.max(1);
                    if seed >= budget.first + budget.seeds || enough {
                        return;
                    }
                    let played = one(&Plan::new(seed), budget.planted);
                    let failed = (!played.differences.is_empty()).then(|| failed(Plan::new(seed), budget, &played));
                    let mut verdict = lock(&verdict);
                    verdict.played += 1;
                    verdict.calls += played.calls;
                    verdict.compared += played.compared;
                    verdict.failed.extend(failed);
                }
            });
        }
    });
    let verdict = verdict.into_inner().unwrap_or_else(PoisonError::into_inner);
    Verdict { took: begun.elapsed(), ..verdict }
}

/// Plays one history; a simulation that breaks is a difference too.
pub fn one(plan: &Plan, planted: Planted) -> Outcome {
    let broken = |error: String| Outcome { differences: vec![error], ..Outcome::default() };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(play(plan, planted)).unwrap_or_else(|error| broken(format!("{error:#}"))),
        Err(error) => broken(error.to_string()),
    }
}

fn failed(plan: Plan, budget: Budget, played: &Outcome) -> Failed {
    if budget.shrink { shrunk(&plan, budget.planted, played) } else { Failed { plan, differences: played.differences.clone() } }
}

/// The fewest first steps that fail: every length is tried, because a longer history may heal what a shorter one broke.
fn shrunk(plan: &Plan, planted: Planted, played: &Outcome) -> Failed {
    for steps in 0..plan.steps.len() {
        let shorter = Plan { steps: plan.steps[..steps].to_vec(), ..plan.clone() };
        let outcome = one(&shorter, planted);
        if !outcome.differences.is_empty() {
            return Failed { plan: shorter, differences: outcome.differences };
        }
    }
    Failed { plan: plan.clone(), differences: played.differences.clone() }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {} fails; its first {} steps:", self.plan.seed, self.plan.steps.len())?;
        writeln!(f, "  {:?}, a call takes {:?} µs, pages {:?}", self.plan.start, self.plan.pace, self.plan.pages)?;
        for (number, step) in self.plan.steps.iter().enumerate() {
            writeln!(f, "  {:2}. {step:?}", number + 1)?;
        }
        for difference in &self.differences {
            writeln!(f, "  ≠ {difference}")?;
        }
        write!(f, "  again: cargo run -p atlas-model -- --seed {}", self.plan.seed)
    }
}
