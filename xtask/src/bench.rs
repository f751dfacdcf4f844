//! `cargo xtask bench`: figures beside their bounds, never asserted in a timed test.

mod connector;

use anyhow::Result;

use crate::run::{command, root, run as execute, target_dir};
use crate::{assets, postgres};

#[derive(clap::Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Sizes of scripts, styles, fonts and pages beside DESIGN's budgets.
    Weights,
    /// Server time of lists, records and search beside their bare SQL, on both databases.
    Pages {
        /// Contacts in the workspace.
        #[arg(long, default_value_t = 100_000)]
        contacts: u64,
        /// Events on their timelines.
        #[arg(long, default_value_t = 1_000_000)]
        events: u64,
    },
    /// Idle memory, binary size and cold start.
    Idle,
    /// The connector's gates beside their bounds, on both databases.
    Connector(connector::Options),
}

pub fn run(options: &Options) -> Result<()> {
    assets::build()?;
    execute(&mut command("cargo", &["build", "--quiet", "--release", "--package", "atlas-server"]))?;
    let atlas = target_dir()?.join("release/atlas");
    let mut bench = command("node", &[]);
    bench.current_dir(root().join("testkit/browser")).env("ATLAS", atlas);
    match &options.what {
        What::Weights => execute(bench.arg("weights.mjs")),
        What::Idle => execute(bench.arg("idle.mjs")),
        What::Connector(options) => connector::run(options, &mut bench),
        What::Pages { contacts, events } => {
            let server = postgres::Server::start()?;
            let (contacts, events) = (contacts.to_string(), events.to_string());
            execute(bench.args(["pages.mjs", &contacts, &events]).env("TEST_DATABASE_URL", &server.url))
        }
    }
}
