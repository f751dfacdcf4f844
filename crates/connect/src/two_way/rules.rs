//! What was chosen for each field: its direction and its conflict rule. Without a choice a field comes in and never goes out.

use std::collections::BTreeMap;

use atlas_kernel::{Actor, ConnectionId, Error, FieldError, Result, Timestamp, WorkspaceId};
use atlas_store::{Event, Executor, Tx, query, record_event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::decide::{ConflictRule, Direction};
use crate::connection::{CONNECTIONS_READ, Connection, bump, by_slug};
use crate::{Connections, Connector, FieldMapping, What, activity};

/// What holds for one field of one kind of record.
#[derive(Clone, Copy, Debug)]
pub struct FieldRule {
    /// Which way it goes.
    pub direction: Direction,
    /// What holds when both sides changed it.
    pub conflict: ConflictRule,
    /// Since when it goes that way: older differences are written only when somebody asks for it.
    pub since: Timestamp,
    pub(super) project: fn(&Value) -> Option<Value>,
}

/// The rules of a connection that are not the usual one.
#[derive(Clone, Debug, Default)]
pub struct Rules(BTreeMap<(What, &'static str), FieldRule>);

impl Rules {
    /// What was chosen for a field; none when it only comes in.
    pub fn of(&self, what: What, field: &str) -> Option<&FieldRule> {
        self.0.iter().find(|((kind, name), _)| *kind == what && *name == field).map(|(_, rule)| rule)
    }

    /// The way a field goes.
    pub fn direction(&self, what: What, field: &str) -> Direction {
        self.of(what, field).map_or(Direction::In, |rule| rule.direction)
    }

    /// The fields of one kind of record that go out.
    pub(super) fn going_out(&self, what: What) -> impl Iterator<Item = (&'static str, &FieldRule)> {
        self.0.iter().filter(move |((kind, _), rule)| *kind == what && rule.direction.goes_out()).map(|((_, name), rule)| (*name, rule))
    }

    /// Whether anything goes out.
    pub(super) fn writes(&self) -> bool {
        self.0.values().any(|rule| rule.direction.goes_out())
    }
}

impl FieldRule {
    /// A value as the provider can hold it; none when it is blank.
    pub(super) fn value(&self, value: &Value) -> Option<Value> {
        (self.project)(value)
    }
}

const OF: &str = "SELECT what, field, direction, conflict, since FROM connect_field_rules WHERE workspace_id = $1 AND connection_id = $2";

/// The rules of a connection.
pub(crate) async fn rules(on: &dyn Executor, connector: &Connector, workspace: WorkspaceId, connection: ConnectionId) -> Result<Rules> {
    let rows: Vec<(String, String, Direction, ConflictRule, Timestamp)> = query(OF).bind(workspace).bind(connection).all(on).await?;
    let rule = |(what, field, direction, conflict, since): (String, String, Direction, ConflictRule, Timestamp)| {
        let mapping = connector.fields.iter().find(|m| m.what.as_str() == what && m.field == field)?;
        Some(((mapping.what, mapping.field), FieldRule { direction, conflict, since, project: mapping.project }))
    };
    Ok(Rules(rows.into_iter().filter_map(rule).collect()))
}

/// One field of the mapping, as pages and REST show it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ConnectionField")]
pub struct FieldView {
    /// `person` or `company`.
    pub record: String,
    /// The field's name over REST, such as `emails`.
    pub field: String,
    /// What people read.
    pub label: String,
    /// What the provider calls it.
    pub theirs: String,
    /// Whether Atlas can write it there.
    pub writable: bool,
    /// Which way it goes.
    pub direction: Direction,
    /// What holds when both sides changed it.
    pub conflict: ConflictRule,
}

/// What somebody chooses for a field.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldChoice {
    /// `person` or `company`.
    pub record: String,
    /// The field's name, such as `emails`.
    pub field: String,
    /// Which way it goes.
    pub direction: Direction,
    /// What holds when both sides changed it; `ask` unless said.
    #[serde(default)]
    pub conflict: Option<ConflictRule>,
}

/// Choices for fields; those left out stay as they are.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldsChange {
    /// The choices.
    pub fields: Vec<FieldChoice>,
}

fn view(mapping: &FieldMapping, rules: &Rules) -> FieldView {
    let rule = rules.of(mapping.what, mapping.field);
    FieldView {
        record: mapping.what.as_str().to_owned(),
        field: mapping.field.to_owned(),
        label: mapping.label.to_owned(),
        theirs: mapping.theirs.to_owned(),
        writable: mapping.writable,
        direction: rule.map_or(Direction::In, |rule| rule.direction),
        conflict: rule.map_or(ConflictRule::Ask, |rule| rule.conflict),
    }
}

impl Connections {
    /// Every field that the connector maps, with what was chosen for it.
    ///
    /// # Errors
    /// Denied; not found; whatever the database answers.
    pub async fn fields(&self, actor: &Actor, slug: &str) -> Result<Vec<FieldView>> {
        actor.may(&CONNECTIONS_READ)?;
        let connector = self.connector(slug)?;
        let rules = match by_slug(self.db(), actor.workspace, slug).await? {
            Some(connection) => rules(self.db(), &connector, actor.workspace, connection.id).await?,
            None => Rules::default(),
        };
        Ok(connector.fields.iter().map(|mapping| view(mapping, &rules)).collect())
    }

    /// Chooses for fields. Nothing is written by choosing: only what is edited from now on goes out by itself.
    ///
    /// # Errors
    /// Denied; not found; a field error for each field that is not mapped or cannot go that way.
    pub async fn choose_fields(&self, actor: &Actor, slug: &str, change: FieldsChange) -> Result<()> {
        let connector = self.connector(slug)?;
        let chosen = checked(&connector, &change)?;
        let (connector, chosen) = (&connector, &chosen);
        self.with_connection(actor, slug, |tx, actor, connection| async move {
            let before = rules(&tx, connector, connection.workspace_id, connection.id).await?;
            for (mapping, choice) in chosen {
                let rule = (choice.direction, choice.conflict.unwrap_or(ConflictRule::Ask));
                let known = before.of(mapping.what, mapping.field);
                if known.map_or((Direction::In, ConflictRule::Ask), |known| (known.direction, known.conflict)) == rule {
                    continue;
                }
                // Only the choice to write begins anew; another conflict rule is no reason to forget since when it holds.
                let since = known.filter(|known| known.direction.goes_out() && rule.0.goes_out()).map_or(tx.now(), |known| known.since);
                save(&tx, &connection, mapping, rule, since).await?;
                note(&tx, &actor, &connection, mapping, rule).await?;
            }
            bump(&tx, &connection).await
        })
        .await
    }
}

fn checked<'c>(connector: &'c Connector, change: &'c FieldsChange) -> Result<Vec<(&'c FieldMapping, &'c FieldChoice)>> {
    let mut errors = vec![];
    let mut chosen = vec![];
    for (n, choice) in change.fields.iter().enumerate() {
        let mut refuse = |code: &str, message: String| {
            errors.push(FieldError { field: format!("fields[{n}].field"), code: code.into(), message });
        };
        match connector.fields.iter().find(|m| m.what.as_str() == choice.record && m.field == choice.field) {
            None => refuse("unknown", format!("{} has no field called {} for a {}", connector.name, choice.field, choice.record)),
            Some(mapping) if choice.direction.goes_out() && !mapping.writable => {
                refuse("read_only", format!("{} does not let {} be written", connector.name, mapping.label));
            }
            Some(mapping) => chosen.push((mapping, choice)),
        }
    }
    if errors.is_empty() { Ok(chosen) } else { Err(Error::Invalid(errors)) }
}

async fn save(tx: &Tx, connection: &Connection, mapping: &FieldMapping, rule: (Direction, ConflictRule), since: Timestamp) -> Result<()> {
    query(
        "INSERT INTO connect_field_rules (workspace_id, connection_id, what, field, direction, conflict, since) VALUES ($1,$2,$3,$4,$5,$6,$7) \
         ON CONFLICT (workspace_id, connection_id, what, field) DO UPDATE SET direction = excluded.direction, conflict = excluded.conflict, \
         since = excluded.since",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(mapping.what.as_str())
    .bind(mapping.field)
    .bind(rule.0)
    .bind(rule.1)
    .bind(since)
    .run(tx)
    .await
    .map(|_| ())
}

async fn note(tx: &Tx, actor: &Actor, connection: &Connection, mapping: &FieldMapping, rule: (Direction, ConflictRule)) -> Result<()> {
    let fields = json!({ "verb": "changed a field of", "provider": connection.provider, "record": mapping.what.as_str(), "field": mapping.field,
        "direction": rule.0, "conflict": rule.1 });
    record_event(tx, actor, Event::new(tx.now(), "connection.field_changed", "record", connection.to_ref(), fields)).await?;
    let detail = format!("{} of a {}: direction {}, conflicts: {}", mapping.label, mapping.what.as_str(), rule.0, rule.1);
    activity::note(tx, connection.workspace_id, connection.id, activity::Level::Ok, "fields.changed", detail).await
}
