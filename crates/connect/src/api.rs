//! The operations under `/v1/connections`.

use atlas_api::{Ctx, Input, Operation};
use atlas_kernel::{JobId, ListQuery, Page, Result};
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connection::{CONNECTIONS_READ, CONNECTIONS_WRITE};
use crate::{
    ActivityId, ConnectionDeadLetter, ConnectionView, Connections, Credentials, Diagnostics, Disconnected, Level, LogLine, NoticeReplayed,
    NoticeView, ReceiptFile, SettingsChange, SyncId, SyncKind, SyncView, TestReport,
};

/// The path of one connection.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct ProviderPath {
    /// The provider, such as `intercom`, or the slug of a further connection to it, such as `intercom.2`.
    pub provider: String,
}

/// The path of one notice.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct NoticePath {
    /// The provider, such as `intercom`, or the slug of a further connection.
    provider: String,
    /// The notice's line.
    notice: ActivityId,
}

/// The path of one dead letter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct LetterPath {
    /// The provider, such as `intercom`, or the slug of a further connection.
    provider: String,
    /// The job.
    job: JobId,
}

/// A dead letter that runs again.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Retried {
    /// The job.
    id: JobId,
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

/// A handler that gets a handle of its own with each call.
pub(crate) fn with<I, Work, Answer>(connections: &Connections, work: Work) -> impl Fn(Ctx, I) -> Answer + use<I, Work, Answer>
where
    Work: Fn(Connections, Ctx, I) -> Answer,
{
    let connections = connections.clone();
    move |ctx, input| work(connections.clone(), ctx, input)
}

/// All operations on connections.
pub fn operations(connections: &Connections) -> Vec<Operation> {
    let mut all = reading(connections);
    all.extend(writing(connections));
    all.extend(running(connections));
    all.extend(crate::two_way::operations(connections));
    all.extend(helping(connections));
    all.into_iter().map(|operation| operation.tag("Connections")).collect()
}

fn reading(connections: &Connections) -> Vec<Operation> {
    vec![
        Operation::read(
            "connections.list",
            "/v1/connections",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<(), ListQuery>| async move {
                Page::of_all(conns.show_all(&ctx.actor).await?, &input.query)
            }),
        )
        .summary("List connections")
        .describe("Every provider that Atlas can connect, with the state of this workspace's connection."),
        Operation::read(
            "connections.get",
            "/v1/connections/{provider}",
            CONNECTIONS_READ,
            with(
                connections,
                |conns, ctx: Ctx, input: Input<ProviderPath>| async move { conns.show(&ctx.actor, &input.path.provider).await },
            ),
        )
        .summary("Show a connection")
        .version(|view: &ConnectionView| view.version),
        Operation::read(
            "connections.syncs",
            "/v1/connections/{provider}/syncs",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, ListQuery>| async move {
                conns.syncs(&ctx.actor, &input.path.provider, input.query.limit()?, input.query.cursor.as_deref()).await
                    as Result<Page<SyncView>>
            }),
        )
        .summary("List syncs")
        .describe("The sync log, newest first: what was read, how far, and what stopped it. No content."),
        Operation::read(
            "connections.events",
            "/v1/connections/{provider}/events",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, EventsQuery>| async move {
                let limit = ListQuery { limit: input.query.limit, cursor: None }.limit()?;
                let page: Page<LogLine> =
                    conns.events(&ctx.actor, &input.path.provider, input.query.level, limit, input.query.cursor.as_deref()).await?;
                Ok(page)
            }),
        )
        .summary("List a connection's events")
        .describe("Notices that came in and what Atlas did, newest first. Never what they said."),
        Operation::read(
            "connections.receipt",
            "/v1/connections/{provider}/receipt",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath>| async move {
                conns.receipt(&ctx.actor, &input.path.provider).await as Result<ReceiptFile>
            }),
        )
        .summary("Get the receipt of the removal")
        .describe("The newest receipt as a signed file, which `atlas verify-receipt` checks without a server. 404 while there is none."),
    ]
}

fn writing(connections: &Connections) -> Vec<Operation> {
    vec![
        Operation::act(
            "connections.credentials",
            Method::PUT,
            "/v1/connections/{provider}/credentials",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, (), Credentials>| async move {
                conns.save_credentials(&ctx.actor, &input.path.provider, input.body).await?;
                conns.show(&ctx.actor, &input.path.provider).await
            }),
        )
        .summary("Store credentials")
        .describe("Client id and secret of the workspace's own app at the provider. The secret is sealed and never returned."),
        Operation::act(
            "connections.settings",
            Method::PATCH,
            "/v1/connections/{provider}",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, (), SettingsChange>| async move {
                conns.change_settings(&ctx.actor, &input.path.provider, input.body, ctx.if_match).await?;
                conns.show(&ctx.actor, &input.path.provider).await
            }),
        )
        .summary("Change a connection's settings")
        .describe("The rate budget and the polling interval.")
        .version(|view: &ConnectionView| view.version),
        Operation::act(
            "connections.disconnect",
            Method::DELETE,
            "/v1/connections/{provider}",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, DisconnectQuery>| async move {
                let purge_now = matches!(input.query.purge, Some(PurgeWhen::Now));
                conns.disconnect(&ctx.actor, &input.path.provider, purge_now).await as Result<Disconnected>
            }),
        )
        .summary("Disconnect")
        .describe("Destroys the tokens at once, tells the provider, and removes what it sent after 24 hours, or at once with `purge=now`.")
        .destructive(),
    ]
}

fn running(connections: &Connections) -> Vec<Operation> {
    vec![
        Operation::act(
            "connections.test",
            Method::POST,
            "/v1/connections/{provider}/test",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath>| async move {
                conns.test(&ctx.actor, &input.path.provider).await as Result<TestReport>
            }),
        )
        .summary("Test a connection")
        .describe("Checks token, workspace, every scope that can be checked without writing, our own address and the clocks.")
        .heavy(),
        Operation::act(
            "connections.sync",
            Method::POST,
            "/v1/connections/{provider}/sync",
            CONNECTIONS_WRITE,
            with(
                connections,
                |conns, ctx: Ctx, input: Input<ProviderPath>| async move { conns.sync(&ctx.actor, &input.path.provider).await },
            ),
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
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath>| async move {
                conns.pause(&ctx.actor, &input.path.provider).await?;
                conns.show(&ctx.actor, &input.path.provider).await
            }),
        )
        .summary("Pause syncs"),
        Operation::act(
            "connections.resume",
            Method::POST,
            "/v1/connections/{provider}/resume",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath>| async move {
                conns.resume(&ctx.actor, &input.path.provider).await?;
                conns.show(&ctx.actor, &input.path.provider).await
            }),
        )
        .summary("Resume syncs"),
    ]
}

/// What somebody who looks after a connection needs besides: notices, dead letters, diagnostics.
fn helping(connections: &Connections) -> Vec<Operation> {
    vec![
        Operation::read(
            "connections.notices",
            "/v1/connections/{provider}/notices",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, ListQuery>| async move {
                conns.notices(&ctx.actor, &input.path.provider, input.query.limit()?, input.query.cursor.as_deref()).await
                    as Result<Page<NoticeView>>
            }),
        )
        .summary("List notices")
        .describe(
            "What the provider told, newest first: id and topic, how many objects it named, how many still wait. Never what it said.",
        ),
        Operation::act(
            "connections.notices.replay",
            Method::POST,
            "/v1/connections/{provider}/notices/{notice}/replay",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<NoticePath>| async move {
                conns.replay_notice(&ctx.actor, &input.path.provider, input.path.notice).await as Result<NoticeReplayed>
            }),
        )
        .summary("Take a notice up again")
        .describe("What it named is looked at once more; looking twice changes nothing.")
        .accepted(),
        Operation::read(
            "connections.deadLetters",
            "/v1/connections/{provider}/dead-letters",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, ListQuery>| async move {
                Page::of_all(conns.dead_letters(&ctx.actor, &input.path.provider).await?, &input.query)
                    as Result<Page<ConnectionDeadLetter>>
            }),
        )
        .summary("List a connection's dead letters")
        .describe("Work that no try could finish, newest first."),
        Operation::act(
            "connections.deadLetters.retry",
            Method::POST,
            "/v1/connections/{provider}/dead-letters/{job}/retry",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<LetterPath>| async move {
                conns.retry_dead_letter(&ctx.actor, &input.path.provider, input.path.job).await?;
                Ok(Retried { id: input.path.job })
            }),
        )
        .summary("Run a dead letter again")
        .accepted(),
        Operation::read(
            "connections.diagnostics",
            "/v1/connections/{provider}/diagnostics",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath>| async move {
                conns.diagnostics(&ctx.actor, &input.path.provider).await as Result<Diagnostics>
            }),
        )
        .summary("Get diagnostics")
        .describe("What somebody who helps needs to know, in one document without a secret or a customer's word.")
        .heavy(),
    ]
}
