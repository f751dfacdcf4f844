//! `cargo xtask bench connector`: the gates that a connector has to pass, each row with its bound.

use std::process::Command;

use anyhow::Result;

use crate::postgres;
use crate::run::run as execute;

#[derive(clap::Args)]
pub struct Options {
    /// Every gate, in sizes that take less than a quarter of an hour
    #[arg(long)]
    all: bool,
    /// Only these: pacing, fast, storm, webhook, throughput, volume, progress, kills, nodes, replay, calm, leaving
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only this one: sqlite or postgres
    #[arg(long)]
    database: Option<String>,
    /// How often the program is killed; 200 in full
    #[arg(long, default_value_t = 20)]
    kills: u32,
    /// Notices in the storm; 100,000 in full
    #[arg(long, default_value_t = 10_000)]
    notices: u32,
    /// Parts of the large workspace; 1,000,000 in full
    #[arg(long, default_value_t = 60_000)]
    parts: u32,
    /// Write the table as Markdown into this file too
    #[arg(long)]
    write: Option<std::path::PathBuf>,
    /// Seed of the random moments
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

pub fn run(options: &Options, bench: &mut Command) -> Result<()> {
    bench.arg("connector.mjs");
    if options.all {
        bench.arg("--all");
    }
    if !options.only.is_empty() {
        bench.args(["--only", &options.only.join(",")]);
    }
    if let Some(database) = &options.database {
        bench.args(["--database", database]);
    }
    if let Some(file) = &options.write {
        // The program runs in its own folder.
        bench.arg("--write").arg(std::path::absolute(file)?);
    }
    let numbers = [("--kills", options.kills), ("--notices", options.notices), ("--parts", options.parts), ("--seed", options.seed)];
    for (flag, number) in numbers {
        bench.args([flag, &number.to_string()]);
    }
    if options.database.as_deref().is_some_and(|name| name.starts_with("sqlite")) {
        return execute(bench);
    }
    let server = postgres::Server::start()?;
    execute(bench.env("TEST_DATABASE_URL", &server.url))
}
