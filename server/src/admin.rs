//! `atlas admin …`: accounts from the server's own command line.

use std::io::Read;

use anyhow::{Context, Result};
use atlas_identity::{Gate, NewOwner, NewToken, NewWorkspace};
use atlas_kernel::{Actor, Clock, Scopes};
use atlas_store::Db;

use crate::cli::{Admin, CreateOwner, CreateToken, Data, ReplayConnection, SeedDemo};
use crate::config::{Config, Flags};
use crate::{app, logging, seed};

/// Runs one of them.
///
/// # Errors
/// A sentence that says what was not done and why.
pub async fn run(command: &Admin) -> Result<()> {
    match command {
        Admin::CreateOwner(ask) => create_owner(ask).await,
        Admin::CreateToken(ask) => create_token(ask).await,
        Admin::SeedDemo(ask) => seed_demo(ask).await,
        Admin::ReplayConnection(ask) => replay_connection(ask).await,
        Admin::ReceiptKey(ask) => {
            for key in atlas_connect::receipt_keys(&app::open_vault(&open(ask).await?)?) {
                println!("{key}");
            }
            Ok(())
        }
        Admin::SeedBench(ask) => crate::bench::seed(&open(&ask.data).await?, ask.contacts, ask.events).await,
        Admin::SeedPlan(ask) => crate::bench::plan::seed(&open(&ask.data).await?, ask.people, ask.tasks).await,
        Admin::BenchSql(ask) => crate::bench::sql(&open(ask).await?).await,
    }
}

async fn open(data: &Data) -> Result<Config> {
    let flags = Flags { data: data.data.clone(), ..Flags::default() };
    let config = Config::load(data.config.as_ref(), &flags)?;
    logging::start("warn", config.log_format)?;
    Ok(config)
}

async fn create_owner(ask: &CreateOwner) -> Result<()> {
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password).context("the password cannot be read from standard input")?;
    let db = app::database(&open(&ask.data).await?, Clock::System).await?;
    let name = ask.name.clone().unwrap_or_else(|| name_from(&ask.email));
    let hash = Gate::new().hash(password.trim_end_matches(['\r', '\n'])).await?;
    let owner = NewOwner { name, email: ask.email.clone(), password: hash, time_zone: local_zone() };
    let new = &NewWorkspace { name: ask.workspace.clone(), owner };
    let created = db.write(|tx| async move { atlas_identity::create_workspace(&tx, new).await }).await?;
    println!("{}", created.workspace);
    db.close().await;
    Ok(())
}

/// `ines.okafor@x.example` becomes `Ines Okafor`.
fn name_from(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let words = local.split(['.', '_', '-', '+']).filter(|word| !word.is_empty());
    let capital = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    words.map(capital).collect::<Vec<_>>().join(" ")
}

fn local_zone() -> String {
    jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

/// The member with this e-mail address, acting from the command line.
async fn member(db: &Db, email: &str) -> Result<Actor> {
    let actor = atlas_identity::find_actor(db, email).await?;
    actor.with_context(|| format!("there is no member with the e-mail address {email}"))
}

async fn seed_demo(ask: &SeedDemo) -> Result<()> {
    let atlas = app::build(&open(&ask.data).await?, Clock::System, tokio::sync::watch::channel(false).1).await?;
    let db = atlas.db;
    let actor = &member(&db, &ask.email).await?;
    let new = &NewToken { name: "Demo".into(), scopes: Scopes::All, expires_at: None };
    let (token, secret) = db.write(|tx| async move { atlas_identity::create_token(&tx, actor, new.clone(), &[]).await }).await?;
    let today = Clock::System.now().to_zoned(actor.zone()).date();
    let made = seed::run(&atlas.router, secret.expose(), today).await;
    db.write(|tx| async move { atlas_identity::revoke_token(&tx, actor, token.id).await }).await?;
    println!("made {} records", made?);
    db.close().await;
    Ok(())
}

async fn replay_connection(ask: &ReplayConnection) -> Result<()> {
    let atlas = app::build(&open(&ask.data).await?, Clock::System, tokio::sync::watch::channel(false).1).await?;
    let actor = member(&atlas.db, &ask.email).await?;
    let replayed = atlas.connections.replay(&actor, &ask.connector).await?;
    let applied = replayed.applied;
    println!(
        "{} entries read: {} records made, {} changed, {} removed, {} messages added",
        replayed.entries, applied.created, applied.updated, applied.removed, applied.messages
    );
    atlas.db.close().await;
    Ok(())
}

async fn create_token(ask: &CreateToken) -> Result<()> {
    let atlas = app::build(&open(&ask.data).await?, Clock::System, tokio::sync::watch::channel(false).1).await?;
    let db = atlas.db;
    let actor = &member(&db, &ask.email).await?;
    let known: Vec<&'static str> = atlas_api::inventory(&atlas.operations).iter().map(|o| o.scope).collect();
    let known = &known;
    let scopes = if ask.scopes == ["all"] { Scopes::All } else { Scopes::Only(ask.scopes.clone()) };
    let new = &NewToken { name: ask.name.clone(), scopes, expires_at: None };
    let (_, secret) = db.write(|tx| async move { atlas_identity::create_token(&tx, actor, new.clone(), known).await }).await?;
    println!("{}", secret.expose());
    db.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::name_from;

    #[test]
    fn names_come_from_addresses() {
        assert_eq!(name_from("ines.okafor@x.example"), "Ines Okafor");
        assert_eq!(name_from("owner@acme.example"), "Owner");
    }
}
