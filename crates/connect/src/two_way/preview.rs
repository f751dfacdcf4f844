//! The dry run: every field that would be written now, from what is known of both sides, without a call.

use std::collections::{BTreeMap, HashMap};

use atlas_kernel::{Actor, Ref, Result};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::decide::Outgoing;
use super::judge::{Judged, judge};
use super::outlet::OutRecord;
use super::rules::{Rules, rules};
use super::state::{Memory, all_memories};
use crate::connection::{CONNECTIONS_READ, Connection, by_slug};
use crate::{Connections, Connector, Mapped, What, mappings_by};

/// Records looked at at once.
pub(super) const AT_ONCE: usize = 500;

/// One field that would be written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// `person` or `company`.
    pub kind: String,
    /// The record in Atlas.
    pub record: Ref,
    /// What people call it.
    pub name: String,
    /// Where its page is.
    pub url: String,
    /// The provider's id of the record.
    pub external_id: String,
    /// The field's name over REST.
    pub field: String,
    /// What people read.
    pub label: String,
    /// What the provider has.
    pub before: Option<Value>,
    /// What would be written.
    pub after: Value,
    /// Whether both sides changed it, so that a person would be asked instead.
    pub conflict: bool,
}

/// How often one field would be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldCount {
    /// `person` or `company`.
    pub kind: String,
    /// The field's name over REST.
    pub field: String,
    /// What people read.
    pub label: String,
    /// How many records.
    pub count: u64,
}

/// What would be written now.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WritePreview")]
pub struct Preview {
    /// Records that would be written.
    pub records: u64,
    /// Fields that would be written.
    pub writes: u64,
    /// Fields about which a person would be asked.
    pub conflicts: u64,
    /// How often each field would be written.
    pub fields: Vec<FieldCount>,
    /// The first of them, one by one.
    pub changes: Vec<FieldChange>,
}

/// What is needed to judge a page of records.
pub(super) struct Judge {
    connector: std::sync::Arc<Connector>,
    pub rules: Rules,
    memories: BTreeMap<What, HashMap<(String, String), Memory>>,
}

impl Judge {
    pub async fn new(conns: &Connections, connection: &Connection) -> Result<Self> {
        let connector = conns.connector(&connection.provider)?;
        let (workspace, id) = (connection.workspace_id, connection.id);
        let rules = rules(conns.db(), &connector, workspace, id).await?;
        let mut memories = BTreeMap::new();
        for writes in &connector.writes {
            memories.insert(writes.what, all_memories(conns.db(), workspace, id, writes.what).await?);
        }
        Ok(Self { connector, rules, memories })
    }

    /// The kinds of records of which something goes out, in the connector's order.
    pub fn kinds(&self) -> Vec<What> {
        let goes_out = |what: &What| self.rules.going_out(*what).next().is_some();
        self.connector.writes.iter().map(|writes| writes.what).filter(goes_out).collect()
    }

    /// The next page of records of one kind after this id of the provider, with what would be written of each.
    pub async fn page(
        &self,
        conns: &Connections,
        connection: &Connection,
        what: What,
        after: &str,
    ) -> Result<Vec<(Mapped, Vec<FieldChange>)>> {
        let (workspace, id) = (connection.workspace_id, connection.id);
        let mapped = mappings_by(conns.db(), workspace, id, what, after, AT_ONCE).await?;
        let Some(outlet) = conns.outlet(what) else { return Ok(vec![]) };
        let records: Vec<Ref> = mapped.iter().map(|m| m.record.clone()).collect();
        let found = (outlet.read)(conns.db(), workspace, id, &records).await?;
        let found: HashMap<Ref, OutRecord> = found.into_iter().map(|record| (record.record.clone(), record)).collect();
        let changes = |m: &Mapped| found.get(&m.record).map_or_else(Vec::new, |record| self.changes(what, &m.external_id, record));
        Ok(mapped
            .into_iter()
            .map(|m| {
                let changes = changes(&m);
                (m, changes)
            })
            .collect())
    }

    fn changes(&self, what: What, external_id: &str, record: &OutRecord) -> Vec<FieldChange> {
        let mut changes = vec![];
        for (field, rule) in self.rules.going_out(what) {
            let Some(ours) = record.field(field) else { continue };
            let memory = self.memories.get(&what).and_then(|all| all.get(&(external_id.to_owned(), field.to_owned()))).cloned();
            let Judged { verdict, value, said, .. } = judge(rule, ours, &memory.unwrap_or_default(), true);
            let (Some(after), true) = (value, verdict != Outgoing::Nothing) else { continue };
            let label = self.connector.fields.iter().find(|m| m.what == what && m.field == field).map_or(field, |m| m.label);
            changes.push(FieldChange {
                kind: what.as_str().to_owned(),
                record: record.record.clone(),
                name: record.label.clone(),
                url: record.url.clone(),
                external_id: external_id.to_owned(),
                field: field.to_owned(),
                label: label.to_owned(),
                before: said,
                after,
                conflict: verdict == Outgoing::Ask,
            });
        }
        changes
    }
}

impl Connections {
    /// What would be written if all records were written now; at most `limit` changes one by one.
    ///
    /// # Errors
    /// Denied; not found; whatever the database answers.
    pub async fn preview_writes(&self, actor: &Actor, slug: &str, limit: usize) -> Result<Preview> {
        actor.may(&CONNECTIONS_READ)?;
        self.connector(slug)?;
        let mut preview = Preview::default();
        let Some(connection) = by_slug(self.db(), actor.workspace, slug).await? else { return Ok(preview) };
        let judge = Judge::new(self, &connection).await?;
        let mut counts: BTreeMap<(String, String, String), u64> = BTreeMap::new();
        for what in judge.kinds() {
            let mut after = String::new();
            loop {
                let page = judge.page(self, &connection, what, &after).await?;
                let Some((last, _)) = page.last() else { break };
                after.clone_from(&last.external_id);
                preview.records += page.iter().filter(|(_, changes)| changes.iter().any(|change| !change.conflict)).count() as u64;
                for change in page.into_iter().flat_map(|(_, changes)| changes) {
                    match change.conflict {
                        true => preview.conflicts += 1,
                        false => {
                            preview.writes += 1;
                            *counts.entry((change.kind.clone(), change.field.clone(), change.label.clone())).or_default() += 1;
                        }
                    }
                    if preview.changes.len() < limit {
                        preview.changes.push(change);
                    }
                }
            }
        }
        preview.fields = counts.into_iter().map(|((kind, field, label), count)| FieldCount { kind, field, label, count }).collect();
        Ok(preview)
    }
}
