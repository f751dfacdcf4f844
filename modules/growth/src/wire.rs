//! What the REST answers of several kinds of records have in common.

use std::collections::BTreeMap;

use atlas_kernel::{ConnectionId, Error, FieldError, ListQuery, Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::Executor;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::ids::TagId;
use crate::list::Turn;
use crate::provenance::{Provenance, ProvidedBy};
use crate::tag;

/// Who wrote a field last.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "FieldProvenance")]
pub struct WriterJson {
    /// The member (`user_…`) or connection (`conn_…`); null for Atlas itself.
    pub by: Option<Ref>,
    /// When.
    pub at: Timestamp,
    /// Why, where a rule or a decision chose between two values.
    pub why: Option<String>,
}

/// What one connection says of a record.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ProviderView")]
pub struct ProviderJson {
    /// The connection.
    pub connection_id: Option<ConnectionId>,
    /// The provider, such as `intercom`.
    pub provider: String,
    /// The provider's id of the record; null once it is gone there.
    pub external_id: Option<String>,
    /// What it says of each field, whoever's value the record shows.
    pub values: BTreeMap<String, Value>,
    /// Attributes that Atlas has no field for.
    pub attributes: Map<String, Value>,
}

pub(crate) fn provenance(provenance: &Provenance) -> BTreeMap<String, WriterJson> {
    provenance
        .iter()
        .map(|(field, mark)| (field.to_owned(), WriterJson { by: mark.by.clone(), at: mark.at, why: mark.why.clone() }))
        .collect()
}

pub(crate) fn providers(provided: &ProvidedBy) -> Vec<ProviderJson> {
    let view = |(connection, said): (&Ref, &crate::provenance::Provided)| ProviderJson {
        connection_id: connection.as_id(),
        provider: said.provider.clone(),
        external_id: (!said.external_id.is_empty()).then(|| said.external_id.clone()),
        values: said.values.iter().map(|(field, stated)| (field.clone(), stated.value.clone())).collect(),
        attributes: said.attributes.clone(),
    };
    provided.iter().map(view).collect()
}

/// Rows a page: 1 to 200, 50 unless said.
///
/// # Errors
/// A field error on `limit`.
pub(crate) fn limit(limit: Option<i64>) -> Result<usize> {
    ListQuery { limit, cursor: None }.limit()
}

pub(crate) fn turn(cursor: Option<String>) -> Turn {
    cursor.map_or(Turn::First, Turn::After)
}

/// A filter by member: an id, or `none` for records nobody looks after.
///
/// # Errors
/// A field error on `owner`.
pub(crate) fn owner_filter(text: Option<&str>) -> Result<Option<Option<UserId>>> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some("none") => Ok(Some(None)),
        Some(id) => id.parse().map(|id| Some(Some(id))).map_err(|_| Error::field("owner", "invalid", "a member's id, or none, expected")),
    }
}

/// A filter by tag: an id or a name; `None` inside when there is no such tag, so nothing matches.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn tag_filter(on: &dyn Executor, workspace: WorkspaceId, text: Option<&str>) -> Result<Option<TagId>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if let Ok(id) = text.parse() {
        return Ok(Some(id));
    }
    let named = tag::store::by_name(on, workspace, text).await?;
    named.map(Some).ok_or_else(|| Error::field("tag", "unknown", "this workspace has no such tag"))
}

/// The same error with a field called as the caller called it.
pub(crate) fn renamed(error: Error, from: &str, to: &str) -> Error {
    let rename = |field: FieldError| FieldError { field: if field.field == from { to.to_owned() } else { field.field }, ..field };
    match error {
        Error::Invalid(fields) => Error::Invalid(fields.into_iter().map(rename).collect()),
        other => other,
    }
}
