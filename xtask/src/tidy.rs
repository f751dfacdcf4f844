//! The rules of ARCHITECTURE.md, read from the sources: layers, first lines, no `mod.rs`, frozen migrations.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::run::root;

/// Checks every rule and reports all that is broken at once.
pub fn run() -> Result<()> {
    let mut broken = layers()?;
    let sources = rust_files(&root());
    for file in &sources {
        broken.extend(source_rules(file)?);
    }
    broken.extend(migrations()?);
    if !broken.is_empty() {
        bail!("tidy found {} broken rules:\n  {}", broken.len(), broken.join("\n  "));
    }
    report_longest(&sources)?;
    println!("tidy: layers, {} sources and the migrations are in order", sources.len());
    Ok(())
}

/// The layer of each package: the `# layer:` comments between the members of the root manifest.
fn layers() -> Result<Vec<String>> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let mut layer_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut layer = 0;
    for line in manifest.lines().skip_while(|line| !line.starts_with("members")).take_while(|line| *line != "]") {
        if line.trim_start().starts_with("# layer:") {
            layer += 1;
        }
        for member in line.split('"').skip(1).step_by(2) {
            for folder in expand(member)? {
                layer_of.insert(package_name(&folder)?, layer);
            }
        }
    }
    let mut broken = Vec::new();
    for (name, folder) in packages()? {
        let Some(mine) = layer_of.get(&name).copied() else {
            broken.push(format!("{name} is in no layer of the root manifest"));
            continue;
        };
        for dependency in dependencies(&folder)? {
            match layer_of.get(&dependency) {
                Some(theirs) if *theirs >= mine && !is_program(&name) => {
                    broken.push(format!("{name} uses {dependency}: arrows point down only, never sideways"));
                }
                _ => {}
            }
        }
    }
    Ok(broken)
}

/// Programs and test kits stand on top and may use one another.
fn is_program(name: &str) -> bool {
    matches!(name, "atlas-server" | "atlas-testkit" | "atlas-model" | "xtask")
}

fn expand(member: &str) -> Result<Vec<PathBuf>> {
    match member.strip_suffix("/*") {
        None => Ok(vec![root().join(member)]),
        Some(parent) => {
            let folders = fs::read_dir(root().join(parent))?.flatten().map(|entry| entry.path());
            Ok(folders.filter(|folder| folder.join("Cargo.toml").exists()).collect())
        }
    }
}

fn packages() -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for member in ["crates/*", "modules/*", "connectors/*", "sandboxes/*", "server", "testkit", "testkit/model", "xtask"] {
        for folder in expand(member)? {
            found.push((package_name(&folder)?, folder));
        }
    }
    Ok(found)
}

fn manifest(folder: &Path) -> Result<toml::Table> {
    let path = folder.join("Cargo.toml");
    fs::read_to_string(&path)?.parse().with_context(|| format!("{} is no manifest", path.display()))
}

fn package_name(folder: &Path) -> Result<String> {
    Ok(manifest(folder)?["package"]["name"].as_str().context("a package has a name")?.to_owned())
}

fn dependencies(folder: &Path) -> Result<Vec<String>> {
    let manifest = manifest(folder)?;
    let table = manifest.get("dependencies").and_then(|d| d.as_table());
    Ok(table.map(|t| t.keys().cloned().collect()).unwrap_or_default())
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && !matches!(&*name, "target" | "node_modules" | "dist") {
            files.extend(rust_files(&path));
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn source_rules(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file)?;
    let shown = file.strip_prefix(root()).unwrap_or(file).display();
    let mut broken = Vec::new();
    if !text.starts_with("//! ") && !text.starts_with("#![doc = include_str!") {
        broken.push(format!("{shown}: the first line is `//!` and one sentence, or the README as crate doc"));
    }
    if file.file_name().is_some_and(|name| name == "mod.rs") {
        broken.push(format!("{shown}: `foo.rs` beside `foo/`, never `mod.rs`"));
    }
    let in_store = file.starts_with(root().join("crates/store"));
    let in_xtask = file.starts_with(root().join("xtask"));
    if !in_store && !in_xtask && text.contains("sqlx::") {
        broken.push(format!("{shown}: only the store names sqlx"));
    }
    if !in_xtask && text.contains(&format!("#[{}", "ignore")) {
        broken.push(format!("{shown}: no ignored tests"));
    }
    Ok(broken)
}

/// Applied migrations never change: each file's hash stands in a list that only grows.
fn migrations() -> Result<Vec<String>> {
    let list_path = root().join("docs/generated/migrations.txt");
    let list = fs::read_to_string(&list_path).unwrap_or_default();
    let known: BTreeMap<&str, &str> = list.lines().filter_map(|line| line.split_once("  ")).map(|(hash, file)| (file, hash)).collect();
    let mut broken = Vec::new();
    let mut current = BTreeMap::new();
    for (_, folder) in packages()? {
        for entry in fs::read_dir(folder.join("migrations")).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root())?.to_string_lossy().into_owned();
            current.insert(name, fingerprint(&fs::read(&path)?));
        }
    }
    for (file, hash) in &known {
        match current.get(*file) {
            Some(now) if now == hash => {}
            Some(_) => broken.push(format!("{file} was edited: migrations only go forward, add a new one")),
            None => broken.push(format!("{file} is gone: migrations only go forward")),
        }
    }
    let fresh: Vec<_> = current.iter().filter(|(file, _)| !known.contains_key(file.as_str())).collect();
    if !fresh.is_empty() && broken.is_empty() {
        let text: String = current.iter().map(|(file, hash)| format!("{hash}  {file}\n")).collect();
        fs::create_dir_all(list_path.parent().context("the list lies in a folder")?)?;
        fs::write(&list_path, text)?;
        println!("tidy: {} new migrations were added to docs/generated/migrations.txt; commit it", fresh.len());
        if std::env::var_os("CI").is_some() {
            broken.push("docs/generated/migrations.txt lacks new migrations: run `cargo xtask tidy` and commit it".into());
        }
    }
    Ok(broken)
}

fn fingerprint(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

fn report_longest(files: &[PathBuf]) -> Result<()> {
    let mut lengths: Vec<(usize, String)> = Vec::new();
    for file in files {
        let shown = file.strip_prefix(root()).unwrap_or(file).display().to_string();
        if !shown.contains("/tests/") {
            lengths.push((fs::read_to_string(file)?.lines().count(), shown));
        }
    }
    lengths.sort_by(|a, b| b.cmp(a));
    println!("the ten longest sources (aim for 150 lines, look twice at 300):");
    for (lines, file) in lengths.iter().take(10) {
        println!("  {lines:>5}  {file}");
    }
    Ok(())
}
