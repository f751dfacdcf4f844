//! A PostgreSQL of our own for tests: in a temporary folder, on a free port, gone afterwards.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::machine::{POSTGRES, is_root, on_path};
use crate::run::{Background, free_port, run, wait_for_port};

/// A running server; it ends and its data goes with this value.
pub struct Server {
    process: Option<Background>,
    folder: PathBuf,
    /// The URL of an empty database.
    pub url: String,
}

impl Server {
    /// Starts one.
    pub fn start() -> Result<Self> {
        let initdb = PathBuf::from(POSTGRES.ensure()?);
        let bin = initdb.parent().context("initdb lies in a folder")?.to_owned();
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("atlas-pg-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder))?;
        }
        let data = folder.join("data");
        let data = data.to_string_lossy();
        let init = format!("{}/initdb -D {data} -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8", bin.display());
        run(as_postgres(&init).stdout(Stdio::null()))?;
        let options = format!("-p {port} -h 127.0.0.1 -k {} -c fsync=off -c full_page_writes=off -c max_connections=200", folder.display());
        let serve = format!("exec {}/postgres -D {data} {options}", bin.display());
        let mut process = Background::start(as_postgres(&serve).stdout(Stdio::null()).stderr(Stdio::null()))?;
        wait_for_port(&format!("127.0.0.1:{port}"), Duration::from_secs(30), &mut process)?;
        let create = format!("{}/createdb -h 127.0.0.1 -p {port} -U postgres atlas_test", bin.display());
        run(as_postgres(&create).stderr(Stdio::inherit()))?;
        Ok(Self { process: Some(process), folder, url: format!("postgres://postgres@127.0.0.1:{port}/atlas_test") })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&self.folder);
        self.process.take();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The server refuses to run as root, so root starts it as its own user.
fn as_postgres(line: &str) -> Command {
    let mut command;
    if is_root() && on_path("runuser") {
        command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh", "-c", line]);
    } else {
        command = Command::new("sh");
        command.args(["-c", line]);
    }
    command.current_dir("/");
    command
}

/// Ends the server by the pid it wrote: the process we started may only be the one that changed users.
fn stop(folder: &Path) {
    let pid_file = folder.join("data/postmaster.pid");
    if let Some(pid) = std::fs::read_to_string(pid_file).ok().and_then(|text| text.lines().next().map(str::to_owned)) {
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        for _ in 0..100 {
            if !Path::new(&format!("/proc/{pid}")).exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
