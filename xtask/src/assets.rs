//! The browser's files: installed, built, and left alone when nothing changed.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;

use crate::machine::NODE;
use crate::run::{command, root, run};

/// Builds `crates/web/dist` when a source is newer than it.
pub fn build() -> Result<()> {
    let folder = root().join("crates/web/assets");
    let built = modified(&root().join("crates/web/dist/manifest.json"));
    if built.is_some_and(|built| newest(&folder).is_some_and(|source| source <= built)) {
        return Ok(());
    }
    install()?;
    println!("building the browser's files");
    run(command("node", &["build.mjs"]).current_dir(&folder))
}

/// Installs the packages that build and test the browser's files, as the lock file has them.
pub fn install() -> Result<()> {
    let folder = root().join("crates/web/assets");
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    NODE.ensure()?;
    run(command("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder))
}

/// Type check and unit tests of the browser's modules.
pub fn check() -> Result<()> {
    install()?;
    let folder = root().join("crates/web/assets");
    run(command("npm", &["run", "--silent", "check"]).current_dir(&folder))?;
    run(command("npm", &["run", "--silent", "test"]).current_dir(&folder))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    entries
        .filter(|entry| entry.file_name() != "node_modules")
        .filter_map(|entry| if entry.path().is_dir() { newest(&entry.path()) } else { modified(&entry.path()) })
        .max()
}
