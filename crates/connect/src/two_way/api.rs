//! The operations on fields, writes and conflicts under `/v1/connections/{provider}`.

use atlas_api::{Ctx, Input, Operation};
use atlas_kernel::{ListQuery, Page, Result};
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BatchId, BatchView, ConflictDecision, ConflictId, ConflictView, FieldView, FieldsChange, Preview, WriteView};
use crate::Connections;
use crate::api::{ProviderPath, with};
use crate::connection::{CONNECTIONS_READ, CONNECTIONS_WRITE};

/// Changes shown one by one in a preview.
const SHOWN: usize = 200;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct BatchPath {
    /// The provider, such as `intercom`, or the slug of a further connection.
    provider: String,
    /// The batch.
    batch: BatchId,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ConflictPath {
    /// The provider, such as `intercom`, or the slug of a further connection.
    provider: String,
    /// The conflict.
    conflict: ConflictId,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
struct WritesQuery {
    /// Rows a page, 1 to 200; 50 unless said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Only what this batch wrote.
    #[serde(default)]
    batch: Option<BatchId>,
}

/// Which value holds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// `atlas` is written to the provider, `provider` comes in.
    decision: ConflictDecision,
}

/// A decision that was made.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Decided {
    /// The conflict.
    id: ConflictId,
    /// What holds.
    decision: ConflictDecision,
}

/// All operations on what is written back.
pub(crate) fn operations(connections: &Connections) -> Vec<Operation> {
    let mut all = fields(connections);
    all.extend(batches(connections));
    all.extend(conflicts(connections));
    all
}

fn fields(connections: &Connections) -> Vec<Operation> {
    vec![
        Operation::read(
            "connections.fields",
            "/v1/connections/{provider}/fields",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, ListQuery>| async move {
                Page::of_all(conns.fields(&ctx.actor, &input.path.provider).await?, &input.query) as Result<Page<FieldView>>
            }),
        )
        .summary("List a connection's fields")
        .describe("Every field that is mapped, which way it goes, and what holds when both sides changed it."),
        Operation::act(
            "connections.fields.choose",
            Method::PATCH,
            "/v1/connections/{provider}/fields",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, (), FieldsChange>| async move {
                conns.choose_fields(&ctx.actor, &input.path.provider, input.body).await?;
                let all = conns.fields(&ctx.actor, &input.path.provider).await?;
                Ok(Page { data: all, next_cursor: None })
            }),
        )
        .summary("Choose directions and conflict rules")
        .describe("Nothing is written by choosing: what is edited from now on goes out by itself, and older differences when asked for."),
    ]
}

fn batches(connections: &Connections) -> Vec<Operation> {
    vec![
        Operation::read(
            "connections.writes.preview",
            "/v1/connections/{provider}/writes/preview",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath>| async move {
                conns.preview_writes(&ctx.actor, &input.path.provider, SHOWN).await as Result<Preview>
            }),
        )
        .summary("Preview writes")
        .describe("The dry run: every field that would be written now, counted by field, the first 200 one by one. No call is made.")
        .heavy(),
        Operation::act(
            "connections.writes.start",
            Method::POST,
            "/v1/connections/{provider}/writes",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath>| async move {
                conns.start_writes(&ctx.actor, &input.path.provider).await as Result<BatchView>
            }),
        )
        .summary("Write what differs")
        .describe("Starts a batch that writes everything the preview shows. It can be stopped and taken back.")
        .accepted()
        .heavy(),
        Operation::read(
            "connections.writes.log",
            "/v1/connections/{provider}/writes",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, WritesQuery>| async move {
                let limit = ListQuery { limit: input.query.limit, cursor: None }.limit()?;
                conns.writes(&ctx.actor, &input.path.provider, input.query.batch, limit, input.query.cursor.as_deref()).await
                    as Result<Page<WriteView>>
            }),
        )
        .summary("List writes")
        .describe("What was written to the provider, newest first, field by field with what was there before."),
        Operation::read(
            "connections.batches",
            "/v1/connections/{provider}/batches",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, ListQuery>| async move {
                Page::of_all(conns.batches(&ctx.actor, &input.path.provider).await?, &input.query) as Result<Page<BatchView>>
            }),
        )
        .summary("List batches of writes"),
        Operation::read(
            "connections.batches.get",
            "/v1/connections/{provider}/batches/{batch}",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<BatchPath>| async move {
                conns.batch(&ctx.actor, &input.path.provider, input.path.batch).await as Result<BatchView>
            }),
        )
        .summary("Show a batch of writes"),
        Operation::act(
            "connections.batches.stop",
            Method::POST,
            "/v1/connections/{provider}/batches/{batch}/stop",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<BatchPath>| async move {
                conns.stop_writes(&ctx.actor, &input.path.provider, input.path.batch).await as Result<BatchView>
            }),
        )
        .summary("Stop a batch of writes")
        .describe("What was written stays written; nothing more is."),
        Operation::act(
            "connections.batches.undo",
            Method::POST,
            "/v1/connections/{provider}/batches/{batch}/undo",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<BatchPath>| async move {
                conns.undo_writes(&ctx.actor, &input.path.provider, input.path.batch).await as Result<BatchView>
            }),
        )
        .summary("Take a batch of writes back")
        .describe("Writes what was there before, wherever nobody has changed the field since. The values in Atlas stay.")
        .accepted()
        .heavy(),
    ]
}

fn conflicts(connections: &Connections) -> Vec<Operation> {
    vec![
        Operation::read(
            "connections.conflicts",
            "/v1/connections/{provider}/conflicts",
            CONNECTIONS_READ,
            with(connections, |conns, ctx: Ctx, input: Input<ProviderPath, ListQuery>| async move {
                conns.conflicts(&ctx.actor, &input.path.provider, input.query.limit()?, input.query.cursor.as_deref()).await
                    as Result<Page<ConflictView>>
            }),
        )
        .summary("List conflicts")
        .describe("Fields that both sides changed, or whose value another record of the provider has, oldest first."),
        Operation::act(
            "connections.conflicts.decide",
            Method::POST,
            "/v1/connections/{provider}/conflicts/{conflict}",
            CONNECTIONS_WRITE,
            with(connections, |conns, ctx: Ctx, input: Input<ConflictPath, (), Decision>| async move {
                let (id, decision) = (input.path.conflict, input.body.decision);
                conns.decide(&ctx.actor, &input.path.provider, id, decision).await?;
                Ok(Decided { id, decision })
            }),
        )
        .summary("Decide a conflict"),
    ]
}
