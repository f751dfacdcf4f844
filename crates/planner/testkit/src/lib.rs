#![doc = include_str!("../README.md")]

pub mod brute_force;
pub mod checker;
pub mod honesty;
pub mod projects;
pub mod worlds;
