//! `cargo xtask bench`: figures beside their bounds, never asserted in a timed test.

mod connector;

use std::path::Path;

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
    /// Schedules and milliseconds of the planner.
    Planner {
        /// A folder of PSPLIB instances; without it, the sets beside the checkout if there are any.
        #[arg(long, requires = "best")]
        psplib: Option<std::path::PathBuf>,
        /// The set's list of best known makespans.
        #[arg(long)]
        best: Option<std::path::PathBuf>,
        /// How many schedules to build, several after commas.
        #[arg(long, default_value = "1000,5000,50000")]
        schedules: String,
        /// Only these parts, several after commas: psplib, construct, events, regret, explain.
        #[arg(long)]
        only: Option<String>,
        /// Compare with CP-SAT for this many seconds an instance; needs Python with ortools.
        #[arg(long)]
        cp_sat: Option<u32>,
    },
    /// A change in a big workspace: reading, planning and writing apart, on `TEST_DATABASE_URL` when it is set; then the
    /// server's memory while it plans.
    Plan {
        /// Tasks in the workspace.
        #[arg(long, default_value_t = 10_000)]
        tasks: u64,
        /// Members of it.
        #[arg(long, default_value_t = 200)]
        people: u64,
        /// Changes of each kind.
        #[arg(long, default_value_t = 20)]
        events: u64,
    },
    /// Random histories of a provider in simulated time, after which Atlas must equal the provider's truth.
    Model {
        /// How many seeds.
        #[arg(long, default_value_t = 5000)]
        seeds: u64,
        /// Only this seed.
        #[arg(long)]
        seed: Option<u64>,
        /// The first seed of many.
        #[arg(long, default_value_t = 1)]
        first: u64,
    },
    /// The connector's gates beside their bounds, on both databases.
    Connector(connector::Options),
}

pub fn run(options: &Options) -> Result<()> {
    if let What::Planner { psplib, best, schedules, only, cp_sat } = &options.what {
        return planner(psplib.as_deref(), best.as_deref(), schedules, only.as_deref(), *cp_sat);
    }
    assets::build()?;
    if let What::Plan { tasks, people, events } = &options.what {
        let mut bench = command("cargo", &["bench", "--quiet", "--package", "atlas-plan", "--bench", "plan", "--"]);
        for (name, value) in [("--tasks", tasks), ("--people", people), ("--events", events)] {
            bench.arg(name).arg(value.to_string());
        }
        execute(bench.env("CARGO_TARGET_DIR", target_dir()?))?;
    }
    if let What::Model { seeds, seed, first } = &options.what {
        return model(*seeds, *seed, *first);
    }
    execute(&mut command("cargo", &["build", "--quiet", "--release", "--package", "atlas-server"]))?;
    let atlas = target_dir()?.join("release/atlas");
    let mut bench = command("node", &[]);
    bench.current_dir(root().join("testkit/browser")).env("ATLAS", atlas);
    match &options.what {
        What::Weights => execute(bench.arg("weights.mjs")),
        What::Idle => execute(bench.arg("idle.mjs")),
        What::Planner { .. } | What::Model { .. } => Ok(()),
        What::Plan { tasks, people, events } => execute(bench.arg("plan.mjs").args([tasks, people, events].map(u64::to_string))),
        What::Connector(options) => connector::run(options, &mut bench),
        What::Pages { contacts, events } => {
            let server = postgres::Server::start()?;
            let (contacts, events) = (contacts.to_string(), events.to_string());
            execute(bench.args(["pages.mjs", &contacts, &events]).env("TEST_DATABASE_URL", &server.url))
        }
    }
}

/// Plays histories; a failing seed ends it, cut down to its first steps that fail.
fn model(seeds: u64, seed: Option<u64>, first: u64) -> Result<()> {
    let mut play = command("cargo", &["run", "--quiet", "--release", "--package", "atlas-model", "--"]);
    match seed {
        Some(seed) => play.args(["--seed", &seed.to_string()]),
        None => play.args(["--seeds", &seeds.to_string(), "--first", &first.to_string()]),
    };
    execute(&mut play)
}

/// Runs the planner's own benchmark, and CP-SAT on the same instances when asked to.
fn planner(folder: Option<&Path>, best: Option<&Path>, schedules: &str, only: Option<&str>, cp_sat: Option<u32>) -> Result<()> {
    let mut bench = command("cargo", &["bench", "--quiet", "--package", "atlas-planner", "--bench", "planner", "--"]);
    bench.args(["--schedules", schedules]);
    for (name, path) in [("--psplib", folder), ("--best", best)] {
        if let Some(path) = path {
            // The benchmark runs in its package's folder.
            bench.arg(name).arg(std::path::absolute(path)?);
        }
    }
    if let Some(only) = only {
        bench.args(["--only", only]);
    }
    execute(bench.env("CARGO_TARGET_DIR", target_dir()?))?;
    if let (Some(seconds), Some(folder), Some(best)) = (cp_sat, folder, best) {
        let script = root().join("crates/planner/benches/cp_sat.py");
        execute(command("python3", &[]).arg(script).arg(folder).arg(best).arg(seconds.to_string()))?;
    }
    Ok(())
}
