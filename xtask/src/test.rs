//! `cargo xtask test`: everything that must hold, in the order that fails soonest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::machine::{CHROMIUM, NODE, POSTGRES, PYTHON, on_path};
use crate::run::{command, root, run as execute, target_dir};
use crate::{assets, new_connector, postgres, tidy};

#[derive(clap::Args)]
pub struct Options {
    /// Only these steps, such as `sqlite,browser`; all of them unless said.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

type Step = (&'static str, fn() -> Result<()>);

const STEPS: &[Step] = &[
    ("machine", machine),
    ("format", format),
    ("assets", browser_files),
    ("tidy", tidy::run),
    ("clippy", clippy),
    ("doc", doc),
    ("skeleton", new_connector::check),
    ("sqlite", sqlite),
    ("postgres", on_postgres),
    ("browser", browser),
    ("openapi", openapi),
    ("sdks", sdks),
];

fn run_steps(options: &Options) -> Result<Vec<(&'static str, u64)>> {
    for name in &options.only {
        if !STEPS.iter().any(|(step, _)| step == name) {
            bail!("there is no step {name}; there are {}", STEPS.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(", "));
        }
    }
    let mut times = Vec::new();
    for (name, step) in STEPS {
        if options.only.is_empty() || options.only.iter().any(|only| only == name) {
            println!("\n── {name}");
            let begun = Instant::now();
            step()?;
            times.push((*name, begun.elapsed().as_secs()));
        }
    }
    Ok(times)
}

pub fn run(options: &Options) -> Result<()> {
    let times = run_steps(options)?;
    let shown: Vec<String> = times.iter().map(|(name, seconds)| format!("{name} {seconds} s")).collect();
    println!("\nall steps passed: {}", shown.join(", "));
    Ok(())
}

/// What is missing is named, and installed where that is allowed.
fn machine() -> Result<()> {
    for need in [NODE, CHROMIUM, POSTGRES, PYTHON] {
        println!("{}: {}", need.what, need.ensure()?);
    }
    Ok(())
}

fn format() -> Result<()> {
    execute(&mut command("cargo", &["fmt", "--all", "--check"]))
}

fn browser_files() -> Result<()> {
    assets::build()?;
    assets::check()
}

fn clippy() -> Result<()> {
    execute(&mut command("cargo", &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn doc() -> Result<()> {
    let mut doc = command("cargo", &["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"]);
    execute(doc.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"))
}

/// What failed is said once more at the end, by its message and without the stack, so that the last lines of a log tell it.
fn tests() -> Command {
    let mut tests = if on_path("cargo-nextest") {
        command("cargo", &["nextest", "run", "--workspace", "--no-fail-fast", "--failure-output", "immediate-final"])
    } else {
        command("cargo", &["test", "--workspace", "--no-fail-fast"])
    };
    tests.env("RUST_BACKTRACE", "0");
    tests
}

fn sqlite() -> Result<()> {
    execute(tests().env_remove("TEST_DATABASE_URL"))
}

fn on_postgres() -> Result<()> {
    let server = postgres::Server::start()?;
    execute(tests().env("TEST_DATABASE_URL", &server.url))
}

/// The whole program in a browser on `SQLite`, and over REST on both databases.
fn browser() -> Result<()> {
    CHROMIUM.ensure()?;
    execute(&mut command("cargo", &["build", "--quiet", "--package", "atlas-server"]))?;
    let folder = root().join("testkit/browser");
    if !folder.join("node_modules/.package-lock.json").exists() {
        execute(command("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder))?;
    }
    let atlas = target_dir()?.join("debug/atlas");
    let server = postgres::Server::start()?;
    let mut walk = command("node", &["--test", "--test-concurrency=1", "tests/"]);
    execute(walk.current_dir(&folder).env("ATLAS", atlas).env("TEST_DATABASE_URL", &server.url))
}

/// The OpenAPI document against a running Atlas: no answer may be a 5xx or contradict the document.
fn openapi() -> Result<()> {
    PYTHON.ensure()?;
    let venv = target_dir()?.join("openapi-venv");
    let tool = venv.join("bin/schemathesis");
    if !tool.exists() {
        execute(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        execute(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", "schemathesis==4.32.5"]))?;
    }
    let folder = root().join("testkit/browser");
    let atlas = target_dir()?.join("debug/atlas");
    execute(command("node", &["openapi.mjs"]).current_dir(&folder).env("ATLAS", atlas).env("SCHEMATHESIS", tool))
}

/// Intercom's own clients, for Node.js and for Python, against the local Intercom.
fn sdks() -> Result<()> {
    NODE.ensure()?;
    PYTHON.ensure()?;
    execute(&mut command("cargo", &["build", "--quiet", "--package", "atlas-server"]))?;
    let folder = root().join("testkit/sdks");
    if !same(&folder.join("package-lock.json"), &folder.join("node_modules/.installed")) {
        execute(command("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder))?;
        fs::copy(folder.join("package-lock.json"), folder.join("node_modules/.installed"))?;
    }
    let python = sdk_python(&folder.join("requirements.txt"))?;
    let atlas = target_dir()?.join("debug/atlas");
    execute(command("node", &["run.mjs"]).current_dir(&folder).env("ATLAS", atlas).env("PYTHON", python))
}

/// A Python with exactly the packages of the list, each checked by its hash; made anew when the list changes.
fn sdk_python(list: &Path) -> Result<PathBuf> {
    let venv = target_dir()?.join("sdks-venv");
    let python = venv.join("bin/python");
    if !same(list, &venv.join("installed.txt")) {
        execute(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:", "-r"]);
        execute(install.arg(list))?;
        fs::copy(list, venv.join("installed.txt"))?;
    }
    Ok(python)
}

/// Whether both files are there and alike.
fn same(left: &Path, right: &Path) -> bool {
    matches!((fs::read(left), fs::read(right)), (Ok(left), Ok(right)) if left == right)
}
