//! What the planner is measured with: random teams and events, an independent checker, and brute force.
//!
//! It sees the planner's plain data and its public door, and shares none of its code.

pub mod brute_force;
pub mod checker;
pub mod worlds;
