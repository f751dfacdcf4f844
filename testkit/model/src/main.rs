//! `atlas-model`: plays histories from seeds and compares Atlas with the provider's truth.

use std::process::ExitCode;

use atlas_model::{Budget, Planted, check};
use clap::Parser;

#[derive(Parser)]
#[command(about = "Random histories of a provider in simulated time; then Atlas must equal the provider's truth")]
struct Cli {
    /// Play only this seed.
    #[arg(long)]
    seed: Option<u64>,
    /// How many seeds to play.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Histories played at once; all processors unless given.
    #[arg(long)]
    threads: Option<usize>,
    /// Stop after so many failures.
    #[arg(long, default_value_t = 1)]
    failures: usize,
    /// Leave something out on purpose, to see the check fail.
    #[arg(long, value_enum, default_value_t = Planted::Nothing)]
    planted: Planted,
    /// Say on standard error what Atlas logs.
    #[arg(long)]
    log: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.log {
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    }
    let (first, seeds) = cli.seed.map_or((cli.first, cli.seeds), |seed| (seed, 1));
    let usual = Budget::of(seeds);
    let threads = cli.threads.unwrap_or(usual.threads);
    let verdict = check(Budget { first, threads, planted: cli.planted, most_failures: cli.failures, ..usual });
    for failed in &verdict.failed {
        println!("{failed}");
    }
    let c = verdict.compared;
    println!(
        "{} seeds in {:.1} s ({:.0} ms each): {} calls, {} contacts, {} companies, {} conversations, {} messages, {} tasks compared; {} failed",
        verdict.played,
        verdict.took.as_secs_f64(),
        verdict.took.as_secs_f64() * 1000.0 / verdict.played.max(1) as f64,
        verdict.calls,
        c.contacts,
        c.companies,
        c.conversations,
        c.messages,
        c.tasks,
        verdict.failed.len()
    );
    if verdict.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
