//! The server: everything put together, from settings to listeners.

pub mod admin;
pub mod app;
pub mod bench;
pub mod cli;
pub mod config;
pub mod connectors;
pub mod heap;
pub mod logging;
mod modules;
pub mod receipt;
pub mod seed;
pub mod serve;
