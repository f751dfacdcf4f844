//! Property tests of the planner against an independent checker.

mod alarms;
mod checker;
mod explanations;
mod hours;
mod makespan;
mod metamorphic;
mod monotone;
mod small;
mod stability;
mod whatif;
mod worlds;

/// How many random cases each property gets: a small fixed number, or `ATLAS_PLANNER_CASES` times as many.
pub fn cases(few: u64) -> u64 {
    let factor = std::env::var("ATLAS_PLANNER_CASES").ok().and_then(|text| text.parse::<u64>().ok());
    few * factor.unwrap_or(1)
}
