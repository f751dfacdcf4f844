//! Note rules over REST: which notes of a connection become tasks.

use atlas_api::{Ctx, Input, Operation};
use atlas_kernel::{ConnectionId, Result, UserId};
use atlas_store::{Executor, Tx};
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::verbs::{self, NewRule};
use super::{RULE_READ, RULE_WRITE, Rule, Which, store};
use crate::ProjectId;
use crate::task::Priority;

/// The operations on note rules.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::read("note_rules.read", "/v1/connections/{connection}/note-rule", RULE_READ, show)
            .summary("Read which notes become tasks")
            .tag("Connections")
            .version(|rule: &RuleBody| rule.version.unwrap_or(0)),
        Operation::write("note_rules.set", Method::PUT, "/v1/connections/{connection}/note-rule", RULE_WRITE, set)
            .summary("Set which notes become tasks")
            .describe("Holds for notes written from now on. Notes with a line that starts with `/task` become tasks whichever is chosen, unless the rule is off.")
            .tag("Connections")
            .version(|rule: &RuleBody| rule.version.unwrap_or(0)),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct ConnectionPath {
    /// The connection, by provider (`intercom`) or id.
    connection: String,
}

/// Which notes of a connection become tasks, and how.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleBody {
    /// Whether any do.
    pub enabled: bool,
    /// Which do: those with `/task`, also those containing `word`, or all.
    pub which: Which,
    /// The word that notes must contain.
    #[serde(default)]
    pub word: String,
    /// Where the tasks go; the default project when null.
    pub project_id: Option<ProjectId>,
    /// Who does them, unless the note says.
    pub assignee: Option<UserId>,
    /// Due so many days after the note, unless the note says.
    pub due_days: Option<i64>,
    /// How pressing they are, unless the note says.
    #[serde(default = "no_priority")]
    pub priority: Priority,
    /// Counts changes; the `ETag`. Ignored when sent.
    pub version: Option<i64>,
}

fn no_priority() -> Priority {
    Priority::None
}

impl From<Rule> for RuleBody {
    fn from(rule: Rule) -> Self {
        Self {
            enabled: rule.enabled,
            which: rule.which,
            word: rule.word,
            project_id: rule.project,
            assignee: rule.assignee,
            due_days: rule.due_days,
            priority: rule.priority,
            version: Some(rule.version),
        }
    }
}

async fn show(ctx: Ctx, input: Input<ConnectionPath>) -> Result<RuleBody> {
    let connection = find(&ctx.db, &ctx, &input.path.connection).await?;
    Ok(verbs::read(&ctx.db, &ctx.actor, connection, ctx.db.clock().now()).await?.into())
}

async fn set(ctx: Ctx, tx: Tx, input: Input<ConnectionPath, (), RuleBody>) -> Result<RuleBody> {
    let connection = find(&tx, &ctx, &input.path.connection).await?;
    let body = input.body;
    let new = NewRule {
        enabled: body.enabled,
        which: body.which,
        word: body.word,
        project: body.project_id,
        assignee: body.assignee,
        due_days: body.due_days,
        priority: body.priority,
    };
    Ok(verbs::set(&tx, &ctx.actor, connection, new, ctx.if_match).await?.into())
}

async fn find(on: &dyn Executor, ctx: &Ctx, named: &str) -> Result<ConnectionId> {
    store::connection(on, ctx.actor.workspace, named).await?.ok_or(atlas_kernel::Error::NotFound("connection"))
}
