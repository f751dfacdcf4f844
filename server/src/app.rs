//! Everything put together: database, vault, modules, connectors, pages, API and background work.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use atlas_api::{ApiState, Credentials, Operation, RateSettings, authenticate_with, docs_model};
use atlas_connect::{Connections, Transport};
use atlas_identity::{Gate, Vault};
use atlas_jobs::{JobCtx, JobKind, Outcome, Schedule, Worker, WorkerOptions};
use atlas_kernel::Clock;
use atlas_module::Module;
use atlas_plan::calendar::import::Reach;
use atlas_store::{Db, Dialect, Migration, Nouns, Options};
use atlas_web::{App, AppParts, Assets, PageInfo, Pages};
use axum::Router;
use tokio::sync::watch;

use crate::config::{Config, DEFAULTS};
use crate::{connectors, modules};

/// Everything but the listeners.
pub struct Atlas {
    /// The database.
    pub db: Db,
    /// Pages, API and webhooks.
    pub router: Router,
    /// Background work.
    pub worker: Worker,
    /// The connections of all workspaces.
    pub connections: Connections,
    /// Every operation of the REST API, for the tests that walk them.
    pub operations: Vec<Operation>,
    /// Every page, for the tests that walk them.
    pub pages: Vec<PageInfo>,
}

/// The tables of everything, in the order in which they are made.
pub fn migrations() -> Vec<Migration> {
    let mut all = atlas_store::migrations();
    all.extend(atlas_jobs::migrations());
    all.extend(atlas_identity::migrations());
    all.extend(atlas_api::migrations());
    all.extend(atlas_connect::migrations());
    all.extend(modules::business(None).into_iter().flat_map(|module| module.migrations));
    all
}

/// The database of these settings, migrated.
///
/// # Errors
/// When it cannot be opened.
pub async fn database(config: &Config, clock: Clock) -> Result<Db> {
    let options = Options { location: config.location(), connections: config.database_connections, clock };
    Db::open(options, &migrations()).await.context("the database cannot be opened")
}

/// Puts everything together.
///
/// # Errors
/// When the database or the vault cannot be opened, or the browser's files were not built.
pub async fn build(config: &Config, clock: Clock, stopping: watch::Receiver<bool>) -> Result<Atlas> {
    let db = database(config, clock).await?;
    let vault = vault(config, &db).await?;
    assemble(db, vault, config, stopping)
}

/// Puts everything together on a database that is open and migrated.
///
/// # Errors
/// When the browser's files were not built, or TLS cannot be set up.
pub fn assemble(db: Db, vault: Vault, config: &Config, stopping: watch::Receiver<bool>) -> Result<Atlas> {
    let calendars = Reach { vault: vault.clone(), allow_private: config.allow_private_providers, transport: Transport::Network };
    let mut modules = modules::business(Some(calendars));
    let connections = Connections::new(atlas_connect::Parts {
        db: db.clone(),
        vault,
        connectors: connectors::all(&config.local_intercom),
        intakes: modules.iter().flat_map(|m| m.intakes.iter().copied()).collect(),
        outlets: modules.iter().flat_map(|m| m.outlets.iter().copied()).collect(),
        base_url: config.base_url.clone(),
        allow_private_providers: config.allow_private_providers,
    })?;
    let admin = atlas_admin::Parts { gate: Gate::new(), scopes: Arc::new(OnceLock::new()), connections: connections.clone() };
    modules.push(atlas_admin::module(&admin));
    modules.push(connect(&connections));
    let nouns = Nouns::new(modules.iter().flat_map(|m| m.nouns.iter().copied()).collect());
    let operations: Vec<Operation> = modules.iter().flat_map(|m| m.operations.iter().cloned()).collect();
    let scopes: BTreeSet<&'static str> = atlas_api::inventory(&operations).iter().map(|o| o.scope).collect();
    admin.scopes.set(scopes.into_iter().collect()).map_err(|_| anyhow::anyhow!("scopes are collected once"))?;
    let rates = RateSettings { read: config.rate_read, write: config.rate_write, heavy: config.rate_heavy };
    modules.push(docs(&modules, &operations, config, rates));
    let worker = worker(&db, &modules, config);
    let api = api(&db, &nouns, &operations, config, rates);
    let (pages, table) = pages(&db, nouns, modules, config, &connections, stopping)?;
    let router = pages.merge(api).merge(connections.webhooks());
    Ok(Atlas { db, router, worker, connections, operations, pages: table })
}

/// The vault that the settings name.
pub(crate) fn open_vault(config: &Config) -> Result<Vault> {
    if config.vault_key.is_empty() {
        Vault::open(&config.data).context("the vault's key file cannot be opened")
    } else {
        Vault::from_text(&config.vault_key).context("vault_key must be 64 hex digits")
    }
}

async fn vault(config: &Config, db: &Db) -> Result<Vault> {
    let vault = open_vault(config)?;
    vault.check(db).await.context("the vault's key is not the one this database was sealed with")?;
    Ok(vault)
}

/// What the connector kit brings besides the pages, which are admin's.
fn connect(connections: &Connections) -> Module {
    let upkeep = JobKind::new("server.sweep", |ctx: JobCtx, (): ()| async move { Ok(sweep(&ctx).await?) });
    Module::new("connections")
        .operations(atlas_connect::operations(connections))
        .jobs(connections.jobs())
        .schedules(connections.schedules())
        .jobs(vec![upkeep])
        .schedules(vec![Schedule::every("server.sweep", Duration::from_secs(3600), "server.sweep")])
}

/// Hourly: what nobody needs any more, such as answers kept for replays and ended sessions.
async fn sweep(ctx: &JobCtx) -> atlas_kernel::Result<Outcome> {
    ctx.db
        .write(|tx| async move {
            atlas_api::sweep_idempotency(&tx, tx.now()).await?;
            atlas_identity::sweep(&tx).await
        })
        .await?;
    Ok(Outcome::Done)
}

fn worker(db: &Db, modules: &[Module], config: &Config) -> Worker {
    let kinds = modules.iter().flat_map(|m| m.jobs.iter().cloned()).collect();
    let schedules = modules.iter().flat_map(|m| m.schedules.iter().cloned()).collect();
    let options = WorkerOptions {
        concurrency: config.workers.max(1),
        queues: vec![("hooks", 4), ("connect", 4), ("plan", 2)],
        grace: Duration::from_secs(config.grace_seconds),
        alone: atlas_store::Executor::dialect(db) == Dialect::Sqlite,
        ..WorkerOptions::default()
    };
    Worker::new(db.clone(), kinds, schedules, options)
}

fn api(db: &Db, nouns: &Nouns, operations: &[Operation], config: &Config, rates: RateSettings) -> Router {
    let reader = db.clone();
    let authenticate = authenticate_with(move |credentials| {
        let db = reader.clone();
        async move {
            let now = db.clock().now();
            match credentials {
                Credentials::Token(token) => atlas_identity::authenticate_token(&db, &token, now).await,
                Credentials::Session(cookie) => {
                    let signed = atlas_identity::authenticate_session(&db, &cookie, now).await?;
                    Ok(signed.map(|(actor, _)| actor))
                }
            }
        }
    });
    let mut state = ApiState::new(db.clone(), nouns.clone(), authenticate, &config.base_url);
    state.rates = rates;
    atlas_api::router(operations.to_vec(), state)
}

fn pages(
    db: &Db,
    nouns: Nouns,
    modules: Vec<Module>,
    config: &Config,
    connections: &Connections,
    stopping: watch::Receiver<bool>,
) -> Result<(Router, Vec<PageInfo>)> {
    let mut pages = Pages::new();
    let mut parts = AppParts {
        db: db.clone(),
        nouns,
        assets: Assets::embedded()?,
        nav: vec![],
        quick_actions: vec![],
        panels: vec![],
        record_actions: vec![],
        health: Some(atlas_admin::health_line(connections)),
        base_url: config.base_url.clone(),
        stopping,
    };
    for module in modules {
        parts.nav.extend(module.nav);
        parts.quick_actions.extend(module.quick_actions);
        parts.panels.extend(module.panels);
        parts.record_actions.extend(module.record_actions);
        pages = pages.merge(module.pages);
    }
    let table = pages.table().to_vec();
    Ok((atlas_web::router(&App::new(parts), pages), table))
}

fn docs(modules: &[Module], operations: &[Operation], config: &Config, rates: RateSettings) -> Module {
    let describe = |module: &Module| atlas_docs::ModuleDoc {
        name: module.name,
        pages: module.pages.table().iter().map(|page| (page.method.to_owned(), page.path.to_owned())).collect(),
        operations: atlas_api::inventory(&module.operations).iter().map(|o| o.name.to_owned()).collect(),
        nouns: module.nouns.iter().map(|noun| (noun.kind, noun.label)).collect(),
    };
    atlas_docs::module(atlas_docs::Parts {
        connectors: connectors::all(&config.local_intercom),
        api: docs_model(operations, &config.base_url, &rates),
        nav: modules.iter().flat_map(|m| m.nav.iter().copied()).collect(),
        quick_actions: modules.iter().flat_map(|m| m.quick_actions.iter().copied()).collect(),
        modules: modules.iter().map(describe).collect(),
        settings: DEFAULTS,
        base_url: config.base_url.clone(),
    })
}
