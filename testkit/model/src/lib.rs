//! The model check: random histories of a provider, its notices, its faults, kills and edits, and then everything compared.
#![doc = include_str!("../README.md")]

mod change;
mod check;
mod compare;
mod play;
mod provider;
mod random;
mod step;
mod world;

pub use change::{Change, What, task};
pub use check::{Budget, Failed, Verdict, check, one};
pub use compare::Compared;
pub use play::{Outcome, Planted, play};
pub use provider::{ADDRESS, Fault, Provider, Trouble};
pub use random::Random;
pub use step::{Plan, Step};
pub use world::{Start, World, credentials};
