//! What can be done with note rules: read one, set one.

use atlas_kernel::{Actor, ConnectionId, Error, Result, UserId};
use atlas_store::{Event, Executor, Tx, record_event};
use serde_json::json;

use super::{RULE_READ, RULE_WRITE, Rule, Which, store};
use crate::people::People;
use crate::task::{Priority, tidy_title};
use crate::{ProjectId, project};

/// A rule as somebody wants it.
#[derive(Clone, Debug)]
pub struct NewRule {
    /// Whether any notes become tasks.
    pub enabled: bool,
    /// Which do.
    pub which: Which,
    /// The word of [`Which::Containing`].
    pub word: String,
    /// Where the tasks go.
    pub project: Option<ProjectId>,
    /// Who does them.
    pub assignee: Option<UserId>,
    /// Due so many days after the note.
    pub due_days: Option<i64>,
    /// How pressing they are.
    pub priority: Priority,
}

/// The connection's rule, the usual one when nobody said otherwise.
///
/// # Errors
/// [`Error::NotFound`] when there is no such connection, [`Error::Denied`], or whatever the database answers.
pub async fn read(on: &dyn Executor, actor: &Actor, connection: ConnectionId, now: atlas_kernel::Timestamp) -> Result<Rule> {
    actor.may(&RULE_READ)?;
    exists(on, actor, connection).await?;
    Ok(store::rule(on, actor.workspace, connection).await?.unwrap_or_else(|| Rule::usual(connection, now)))
}

/// Sets the connection's rule; it holds for notes written from now on.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] by field, [`Error::Denied`], or whatever the database answers.
pub async fn set(tx: &Tx, actor: &Actor, connection: ConnectionId, new: NewRule, expected: Option<i64>) -> Result<Rule> {
    actor.may(&RULE_WRITE)?;
    exists(tx, actor, connection).await?;
    let before = store::rule(tx, actor.workspace, connection).await?;
    let version = before.as_ref().map_or(0, |rule| rule.version);
    if expected.is_some_and(|expected| expected != version) {
        return Err(Error::Stale);
    }
    let rule = Rule {
        connection,
        enabled: new.enabled,
        which: new.which,
        word: tidy_title(&new.word),
        project: new.project,
        assignee: new.assignee,
        due_days: new.due_days,
        priority: new.priority,
        since: tx.now(),
        version: version + 1,
    };
    rule.check()?;
    check_parts(tx, actor, &rule).await?;
    store::put_rule(tx, actor.workspace, &rule).await?;
    let data = json!({ "verb": "changed which notes become tasks", "to": rule.which.label(), "fields": { "enabled": { "before": before.map(|b| b.enabled), "after": rule.enabled } } });
    record_event(tx, actor, Event::new(tx.now(), "note_rule.set", "record", connection, data)).await?;
    Ok(rule)
}

async fn check_parts(tx: &Tx, actor: &Actor, rule: &Rule) -> Result<()> {
    if let Some(id) = rule.project {
        let there = project::store::by_id(tx, actor.workspace, id).await?.filter(|project| project.archived_at.is_none());
        there.ok_or_else(|| Error::field("project", "unknown", "a project of this workspace that is not archived"))?;
    }
    match rule.assignee {
        Some(id) if !People::load(tx, actor.workspace).await?.has(id) => {
            Err(Error::field("assignee", "unknown", "a member of this workspace"))
        }
        _ => Ok(()),
    }
}

/// An id of another workspace looks like none.
async fn exists(on: &dyn Executor, actor: &Actor, connection: ConnectionId) -> Result<()> {
    let found = store::connection(on, actor.workspace, &connection.to_string()).await?;
    found.map(|_| ()).ok_or(Error::NotFound("connection"))
}
