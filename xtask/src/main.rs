//! The project's commands: `cargo xtask demo`, `test`, `tidy`, `bench`, `assets`, `new-connector`.

mod assets;
mod bench;
mod demo;
mod machine;
mod new_connector;
mod postgres;
mod run;
mod test;
mod tidy;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "The commands of Atlas's repository")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up and run the main job: Atlas with a small workspace, and a local Intercom beside it.
    Demo(demo::Options),
    /// Set up and run every test: both databases and the browser.
    Test(test::Options),
    /// Check the rules of ARCHITECTURE.md on the sources.
    Tidy,
    /// Measure, and print the figures beside their bounds.
    Bench(bench::Options),
    /// Build the browser's files into `crates/web/dist`.
    Assets,
    /// Write the skeleton of a connector.
    NewConnector(new_connector::Options),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Tidy => tidy::run(),
        Command::Bench(options) => bench::run(&options),
        Command::Assets => assets::build(),
        Command::NewConnector(options) => new_connector::run(&options),
    }
}
