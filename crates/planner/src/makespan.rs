//! One project, one question: how soon can it all be finished? Resource-constrained scheduling on whole time units.
//!
//! This is the mode that published benchmarks measure (PSPLIB); calendars play no part in it. Every schedule that is
//! built, forward or backward, counts as one against the budget, as in Kolisch and Hartmann (2006).

mod decode;
mod genetic;
mod profile;
mod project;
mod psplib;

pub use genetic::{Solution, solve};
pub use project::{Project, ProjectError};
pub use psplib::{ParseError, parse};

use decode::Decoder;

/// One parallel pass by latest finish, then double justification (Valls, Ballestín and Quintanilla 2005): three schedules.
pub fn quick(project: &Project) -> Solution {
    let mut decoder = Decoder::new(project);
    let first = decoder.parallel_by_latest_finish();
    let (starts, _) = decoder.double_justify(&first);
    let best = if decoder.makespan(&starts) <= decoder.makespan(&first) { starts } else { first };
    Solution { makespan: decoder.makespan(&best), starts: best, schedules: 3 }
}
