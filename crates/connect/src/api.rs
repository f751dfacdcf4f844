//! The operations under `/v1/connections`.

use atlas_api::{Ctx, Input, Operation};
use atlas_kernel::{ListQuery, Page, Result};
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connection::{CONNECTIONS_READ, CONNECTIONS_WRITE};
use crate::{
    ConnectionView, Connections, Credentials, Disconnected, Level, LogLine, ReceiptFile, SettingsChange, SyncId, SyncKind, SyncView,
    TestReport,
};

/// The path of one provider's connection.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ProviderPath {
    /// The provider, such as `intercom`.
    provider: String,
}

/// How to disconnect.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
struct DisconnectQuery {
    /// `now` removes what the provider sent at once instead of after 24 hours.
    #[serde(default)]
    purge: Option<PurgeWhen>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum PurgeWhen {
    /// At once.
    Now,
}

/// Which lines of the log.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
struct EventsQuery {
    /// Rows a page, 1 to 200; 50 unless said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Only what is at least this serious.
    #[serde(default)]
    level: Option<Level>,
}

/// A sync that was asked for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncRequested {
    /// The sync.
    pub id: SyncId,
    /// Why it runs.
    pub kind: SyncKind,
    /// Whether one was under way already, which this request joined.
    pub joined: bool,
}

/// All operations on connections.
pub fn operations(connections: &Connections) -> Vec<Operation> {
    let mut all = reading(connections);
    all.extend(writing(connections));
    all.extend(running(connections));
    all.extend(crate::two_way::operations(connections));
    all.into_iter().map(|operation| operation.tag("Connections")).collect()
}

fn reading(connections: &Connections) -> Vec<Operation> {
    let (list, show, syncs, events) = (connections.clone(), connections.clone(), connections.clone(), connections.clone());
    let receipt = connections.clone();
    vec![
        Operation::read("connections.list", "/v1/connections", CONNECTIONS_READ, move |ctx: Ctx, input: Input<(), ListQuery>| {
            let list = list.clone();
            async move { Page::of_all(list.show_all(&ctx.actor).await?, &input.query) }
        })
        .summary("List connections")
        .describe("Every provider that Atlas can connect, with the state of this workspace's connection."),
        Operation::read("connections.get", "/v1/connections/{provider}", CONNECTIONS_READ, move |ctx: Ctx, input: Input<ProviderPath>| {
            let show = show.clone();
            async move { show.show(&ctx.actor, &input.path.provider).await }
        })
        .summary("Show a connection")
        .version(|view: &ConnectionView| view.version),
        Operation::read(
            "connections.syncs",
            "/v1/connections/{provider}/syncs",
            CONNECTIONS_READ,
            move |ctx: Ctx, input: Input<ProviderPath, ListQuery>| {
                let syncs = syncs.clone();
                async move {
                    syncs.syncs(&ctx.actor, &input.path.provider, input.query.limit()?, input.query.cursor.as_deref()).await
                        as Result<Page<SyncView>>
                }
            },
        )
        .summary("List syncs")
        .describe("The sync log, newest first: what was read, how far, and what stopped it. No content."),
        Operation::read(
            "connections.events",
            "/v1/connections/{provider}/events",
            CONNECTIONS_READ,
            move |ctx: Ctx, input: Input<ProviderPath, EventsQuery>| {
                let events = events.clone();
                async move {
                    let limit = ListQuery { limit: input.query.limit, cursor: None }.limit()?;
                    let page: Page<LogLine> =
                        events.events(&ctx.actor, &input.path.provider, input.query.level, limit, input.query.cursor.as_deref()).await?;
                    Ok(page)
                }
            },
        )
        .summary("List a connection's events")
        .describe("Notices that came in and what Atlas did, newest first. Never what they said."),
        Operation::read(
            "connections.receipt",
            "/v1/connections/{provider}/receipt",
            CONNECTIONS_READ,
            move |ctx: Ctx, input: Input<ProviderPath>| {
                let receipt = receipt.clone();
                async move { receipt.receipt(&ctx.actor, &input.path.provider).await as Result<ReceiptFile> }
            },
        )
        .summary("Get the receipt of the removal")
        .describe("The newest receipt as a signed file, which `atlas verify-receipt` checks without a server. 404 while there is none."),
    ]
}

fn writing(connections: &Connections) -> Vec<Operation> {
    let (save, settings, end) = (connections.clone(), connections.clone(), connections.clone());
    vec![
        Operation::act(
            "connections.credentials",
            Method::PUT,
            "/v1/connections/{provider}/credentials",
            CONNECTIONS_WRITE,
            move |ctx: Ctx, input: Input<ProviderPath, (), Credentials>| {
                let save = save.clone();
                async move {
                    save.save_credentials(&ctx.actor, &input.path.provider, input.body).await?;
                    save.show(&ctx.actor, &input.path.provider).await
                }
            },
        )
        .summary("Store credentials")
        .describe("Client id and secret of the workspace's own app at the provider. The secret is sealed and never returned."),
        Operation::act(
            "connections.settings",
            Method::PATCH,
            "/v1/connections/{provider}",
            CONNECTIONS_WRITE,
            move |ctx: Ctx, input: Input<ProviderPath, (), SettingsChange>| {
                let settings = settings.clone();
                async move {
                    settings.change_settings(&ctx.actor, &input.path.provider, input.body, ctx.if_match).await?;
                    settings.show(&ctx.actor, &input.path.provider).await
                }
            },
        )
        .summary("Change a connection's settings")
        .describe("The rate budget and the polling interval.")
        .version(|view: &ConnectionView| view.version),
        Operation::act(
            "connections.disconnect",
            Method::DELETE,
            "/v1/connections/{provider}",
            CONNECTIONS_WRITE,
            move |ctx: Ctx, input: Input<ProviderPath, DisconnectQuery>| {
                let end = end.clone();
                async move {
                    let purge_now = matches!(input.query.purge, Some(PurgeWhen::Now));
                    end.disconnect(&ctx.actor, &input.path.provider, purge_now).await as Result<Disconnected>
                }
            },
        )
        .summary("Disconnect")
        .describe("Destroys the tokens at once, tells the provider, and removes what it sent after 24 hours, or at once with `purge=now`.")
        .destructive(),
    ]
}

fn running(connections: &Connections) -> Vec<Operation> {
    let (test, sync, pause, resume) = (connections.clone(), connections.clone(), connections.clone(), connections.clone());
    vec![
        Operation::act(
            "connections.test",
            Method::POST,
            "/v1/connections/{provider}/test",
            CONNECTIONS_WRITE,
            move |ctx: Ctx, input: Input<ProviderPath>| {
                let test = test.clone();
                async move { test.test(&ctx.actor, &input.path.provider).await as Result<TestReport> }
            },
        )
        .summary("Test a connection")
        .describe("Checks token, workspace, every scope that can be checked without writing, our own address and the clocks.")
        .heavy(),
        Operation::act(
            "connections.sync",
            Method::POST,
            "/v1/connections/{provider}/sync",
            CONNECTIONS_WRITE,
            move |ctx: Ctx, input: Input<ProviderPath>| {
                let sync = sync.clone();
                async move { sync.sync(&ctx.actor, &input.path.provider).await }
            },
        )
        .summary("Sync now")
        .describe("Starts a sync, or joins the one under way.")
        .accepted()
        .heavy(),
        Operation::act(
            "connections.pause",
            Method::POST,
            "/v1/connections/{provider}/pause",
            CONNECTIONS_WRITE,
            move |ctx: Ctx, input: Input<ProviderPath>| {
                let pause = pause.clone();
                async move {
                    pause.pause(&ctx.actor, &input.path.provider).await?;
                    pause.show(&ctx.actor, &input.path.provider).await
                }
            },
        )
        .summary("Pause syncs"),
        Operation::act(
            "connections.resume",
            Method::POST,
            "/v1/connections/{provider}/resume",
            CONNECTIONS_WRITE,
            move |ctx: Ctx, input: Input<ProviderPath>| {
                let resume = resume.clone();
                async move {
                    resume.resume(&ctx.actor, &input.path.provider).await?;
                    resume.show(&ctx.actor, &input.path.provider).await
                }
            },
        )
        .summary("Resume syncs"),
    ]
}
