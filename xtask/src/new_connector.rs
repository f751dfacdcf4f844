//! `cargo xtask new-connector NAME`: a connector that compiles, and whose suite names every fact that is missing.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::run::{command, root, run as execute};

#[derive(clap::Args)]
pub struct Options {
    /// The word in URLs and the database, such as `acme-desk`: lower-case letters, digits and hyphens.
    name: String,
}

const MANIFEST: &str = r#"[package]
name = "atlas-NAME"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true

[dependencies]
atlas-kernel.workspace = true
atlas-connect.workspace = true
serde_json.workspace = true
"#;

const README: &str = "# TITLE\n\nReads TITLE. What it is made of, step by step: `docs/connectors/new-connector.md`.\n";

const LIB: &str = r#"//! The TITLE connector: a value that says how to read TITLE, without doing any I/O itself.
#![doc = include_str!("../README.md")]

use std::time::Duration;

use atlas_connect::{Account, Answer, Connector, Docs, Failure, FailureClass, Limits, OAuth, Readiness, Request, WhoAmI};
use serde_json::Value;

/// The word for this provider in URLs and the database.
pub const ID: &str = "NAME";

/// TITLE, described.
pub fn connector() -> Connector {
    Connector {
        id: ID,
        name: "TITLE",
        category: "",
        summary: "",
        readiness: Readiness::Planned,
        docs: Docs {
            does: &[],
            before: &[],
            steps: vec![],
            checklist: &[],
            webhooks: "",
            webhooks_note: "",
            provider_docs: "",
            disconnect: &[],
        },
        oauth: OAuth { regions: vec![], authorize_path: "", token_path: "", uninstall_path: None },
        scopes: vec![],
        objects: vec![],
        streams: vec![],
        webhook: None,
        limits: Limits { per_minute: 60, window: Duration::from_secs(60), read: |_| None },
        classify,
        errors: vec![],
        whoami: WhoAmI { request: || Request::get(""), read: read_account },
        fields: vec![],
        writes: vec![],
        headers: &[],
    }
}

/// What an answer other than success means: by the provider's code first, by the status second.
fn classify(answer: &Answer) -> Failure {
    Failure { class: FailureClass::Provider, code: format!("http_{}", answer.status), message: String::new(), scope: None }
}

/// Whose token it is.
fn read_account(_: &Value) -> Result<Account, String> {
    Err("whoami is not read yet".to_owned())
}
"#;

const TEST: &str = r#"//! The part of the shared suite that needs no provider; the rest runs in `server/tests/it/suite.rs` once there is a sandbox.

#[test]
fn the_facts_agree() {
    if let Err(wrong) = atlas_connect::testkit::check_facts(&IDENT::connector()) {
        panic!("docs/connectors/new-connector.md says how to mend these:\n{wrong}");
    }
}
"#;

/// Writes the skeleton and says what to add by hand.
pub fn run(options: &Options) -> Result<()> {
    let name = checked(&options.name)?;
    let folder = root().join("connectors").join(name);
    write(&folder, name)?;
    execute(&mut command("cargo", &["fmt", "--all"]))?;
    println!("connectors/{name} is written. Add by hand:");
    println!("  Cargo.toml, [workspace.dependencies]:  atlas-{name} = {{ path = \"connectors/{name}\" }}");
    println!("  server/Cargo.toml, [dependencies]:     atlas-{name}.workspace = true");
    println!("  server/src/connectors.rs, all():       atlas_{}::connector()", ident(name));
    println!("cargo nextest run -p atlas-{name} names what is missing; docs/connectors/new-connector.md says how.");
    Ok(())
}

fn checked(name: &str) -> Result<&str> {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !plain || !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.ends_with('-') || name.contains("--") || name.len() > 40 {
        bail!("{name:?} is no name for a connector: lower-case letters, digits and single hyphens, such as acme-desk; nothing was written");
    }
    Ok(name)
}

fn ident(name: &str) -> String {
    name.replace('-', "_")
}

/// `acme-desk` as people write it: `Acme Desk`.
fn title(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(word).collect::<Vec<_>>().join(" ")
}

/// Writes the skeleton into a folder that must not be there yet.
pub fn write(folder: &Path, name: &str) -> Result<()> {
    if folder.exists() {
        bail!("{} is there already; nothing was written", folder.display());
    }
    let filled = |text: &str| text.replace("TITLE", &title(name)).replace("NAME", name).replace("IDENT", &format!("atlas_{}", ident(name)));
    fs::create_dir_all(folder.join("src"))?;
    fs::create_dir_all(folder.join("tests"))?;
    for (file, text) in [("Cargo.toml", MANIFEST), ("README.md", README), ("src/lib.rs", LIB), ("tests/facts.rs", TEST)] {
        fs::write(folder.join(file), filled(text))?;
    }
    Ok(())
}

/// The step of `cargo xtask test`: the skeleton compiles, and its suite fails naming what is missing.
pub fn check() -> Result<()> {
    let name = "skeleton-of-a-test";
    let folder = root().join("connectors").join(name);
    let _ = fs::remove_dir_all(&folder);
    write(&folder, name)?;
    let lock = fs::read(root().join("Cargo.lock"))?;
    let outcome = prove(name);
    fs::remove_dir_all(&folder)?;
    fs::write(root().join("Cargo.lock"), lock)?;
    outcome
}

fn prove(name: &str) -> Result<()> {
    let package = format!("atlas-{name}");
    execute(&mut command("cargo", &["check", "--quiet", "--package", &package, "--tests"]))?;
    let ran = command("cargo", &["test", "--quiet", "--package", &package]).output()?;
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    if ran.status.success() {
        bail!("a connector without a single fact passes its suite");
    }
    for missing in ["no region", "no listing", "no kind of object", "429 is not understood", "whoami"] {
        if !said.contains(missing) {
            bail!("the suite of an empty connector does not say that there is {missing:?}:\n{said}");
        }
    }
    println!("the skeleton compiles, and its suite names what is missing");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_that_a_url_can_hold() {
        for good in ["front", "acme-desk", "x2"] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in ["", "Acme", "acme desk", "-a", "a-", "a--b", "2a", "../x", "a/b"] {
            assert!(checked(bad).is_err(), "{bad}");
        }
        assert_eq!((title("acme-desk").as_str(), ident("acme-desk").as_str()), ("Acme Desk", "acme_desk"));
    }
}
