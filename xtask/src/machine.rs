//! What the machine must have, and how to get what is missing from Debian's packages.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::run;

/// A program that some step needs.
pub struct Need {
    /// What it is for.
    pub what: &'static str,
    /// Paths or names, any of which will do.
    pub programs: &'static [&'static str],
    /// The Debian package that brings it.
    pub package: &'static str,
}

/// Node.js and npm build the browser's files.
pub const NODE: Need = Need { what: "Node.js with npm (builds the browser's files)", programs: &["npm"], package: "npm" };
/// Chromium runs the browser tests.
pub const CHROMIUM: Need = Need { what: "Chromium (browser tests)", programs: &["/usr/bin/chromium"], package: "chromium" };
/// PostgreSQL is the second database.
pub const POSTGRES: Need = Need { what: "PostgreSQL (the second database)", programs: POSTGRES_PATHS, package: "postgresql" };
/// Python runs the OpenAPI checker.
pub const PYTHON: Need = Need { what: "Python 3 with venv (OpenAPI checker)", programs: &["python3"], package: "python3-venv" };

const POSTGRES_PATHS: &[&str] =
    &["/usr/lib/postgresql/15/bin/initdb", "/usr/lib/postgresql/16/bin/initdb", "/usr/lib/postgresql/17/bin/initdb", "initdb"];

impl Need {
    /// The program's path or name, when it is there.
    pub fn find(&self) -> Option<&'static str> {
        self.programs.iter().copied().find(
            |program| {
                if program.starts_with('/') { std::path::Path::new(program).exists() } else { on_path(program) }
            },
        )
    }

    /// The program, installed when it is missing and this user may install.
    pub fn ensure(&self) -> Result<&'static str> {
        if let Some(found) = self.find() {
            return Ok(found);
        }
        println!("missing: {}", self.what);
        if !on_path("apt-get") || !is_root() {
            bail!("{} is missing: install the package `{}` and run this again", self.what, self.package);
        }
        println!("installing {} from Debian's packages", self.package);
        run(Command::new("apt-get").arg("update").arg("-qq"))?;
        let mut install = Command::new("apt-get");
        install.args(["install", "-y", "-qq", "--no-install-recommends", self.package]).env("DEBIAN_FRONTEND", "noninteractive");
        run(install.stdout(std::process::Stdio::null()))?;
        self.find().with_context(|| format!("{} is still missing after installing {}", self.what, self.package))
    }
}

/// Whether this user may install packages.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0\n"))
}

/// Whether the shell would find this program.
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
