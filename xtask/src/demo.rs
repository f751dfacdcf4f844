//! `cargo xtask demo`: Atlas on an embedded database with a small workspace, and a local Intercom beside it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::assets;
use crate::run::{Background, command, root, target_dir, wait_for_port};

#[derive(clap::Args)]
pub struct Options {
    /// Where Atlas listens.
    #[arg(long, default_value = "127.0.0.1:7400")]
    listen: String,
    /// Where the local Intercom listens.
    #[arg(long, default_value = "127.0.0.1:7401")]
    sandbox: String,
    /// The data folder; kept between runs.
    #[arg(long, default_value = ".atlas/demo")]
    data: PathBuf,
    /// Start over with an empty data folder.
    #[arg(long)]
    fresh: bool,
}

const EMAIL: &str = "owner@acme.example";
const PASSWORD: &str = "atlas-demo-2026";

pub fn run(options: &Options) -> Result<()> {
    assets::build()?;
    println!("building Atlas");
    crate::run::run(&mut command("cargo", &["build", "--quiet", "--package", "atlas-server"]))?;
    let atlas = target_dir()?.join("debug/atlas");
    let data = root().join(&options.data);
    if options.fresh && data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    if !data.join("atlas.db").exists() {
        create_workspace(&atlas, &data)?;
    }
    for address in [&options.listen, &options.sandbox] {
        if std::net::TcpStream::connect(address).is_ok() {
            bail!("something listens on {address} already; end it, or choose another address with --listen and --sandbox");
        }
    }
    let webhook = format!("http://{}/webhooks/intercom", options.listen);
    let mut sandbox = Command::new(&atlas);
    sandbox.args(["sandbox", "intercom", "--listen", &options.sandbox, "--webhook-url", &webhook]).stdout(Stdio::null());
    let mut sandbox = Background::start(&mut sandbox)?;
    let mut server = Command::new(&atlas);
    let sandbox_url = format!("http://{}", options.sandbox);
    server.args(["serve", "--listen", &options.listen, "--allow-private-providers", "--local-intercom", &sandbox_url, "--data"]).arg(&data);
    server.env("ATLAS_LOG", std::env::var("ATLAS_LOG").unwrap_or_else(|_| "warn".into()));
    let mut server = Background::start(&mut server)?;
    wait_for_port(&options.sandbox, Duration::from_secs(20), &mut sandbox)?;
    wait_for_port(&options.listen, Duration::from_secs(20), &mut server)?;
    println!();
    println!("  Atlas      http://{}      sign in as {EMAIL} with the password {PASSWORD}", options.listen);
    println!("  Intercom   http://{}      a local one; its Developer Hub is at /hub", options.sandbox);
    println!();
    println!("  Begin at http://{}/docs/connectors/intercom and connect the local Intercom.", options.listen);
    println!("  Ctrl+C ends both. The data stays in {}.", options.data.display());
    server.wait()
}

/// The owner's account and a few companies, deals and tasks to look at.
fn create_workspace(atlas: &std::path::Path, data: &std::path::Path) -> Result<()> {
    let mut owner = Command::new(atlas);
    owner.args(["admin", "create-owner", "--email", EMAIL, "--password-stdin", "--workspace", "Acme", "--data"]).arg(data);
    let mut child = owner.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    child.stdin.take().context("a piped input")?.write_all(PASSWORD.as_bytes())?;
    if !child.wait()?.success() {
        bail!("the owner's account could not be made; the reason is above");
    }
    run_seed(atlas, data)
}

fn run_seed(atlas: &std::path::Path, data: &std::path::Path) -> Result<()> {
    crate::run::run(Command::new(atlas).args(["admin", "seed-demo", "--email", EMAIL, "--data"]).arg(data))
}
