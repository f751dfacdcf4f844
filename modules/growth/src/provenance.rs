//! Who wrote each field of a record, and what each connection says of it.

use std::collections::BTreeMap;

use atlas_kernel::{Actor, ConnectionId, Error, Ref, Result, Timestamp, Via};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who wrote a field last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The person (`user_…`) or connection (`conn_…`); none for Atlas itself.
    pub by: Option<Ref>,
    /// When.
    pub at: Timestamp,
    /// Why, where a rule or a decision chose between two values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Mark {
    /// The mark of a connection, now.
    pub fn of_connection(connection: ConnectionId, at: Timestamp) -> Self {
        Self { by: Some(connection.to_ref()), at, why: None }
    }

    /// The same with a reason; an empty one is none.
    #[must_use]
    pub fn because(self, why: &str) -> Self {
        Self { why: Some(why.to_owned()).filter(|why| !why.is_empty()), ..self }
    }

    /// The mark of `actor`, now.
    pub fn of(actor: &Actor, at: Timestamp) -> Self {
        let by = match &actor.via {
            Via::Connection(id, _) => Some(id.to_ref()),
            _ => actor.user.map(|user| user.to_ref()),
        };
        Self { by, at, why: None }
    }

    /// The connection that wrote the field, when one did.
    pub fn connection(&self) -> Option<ConnectionId> {
        self.by.as_ref().and_then(Ref::as_id)
    }
}

/// The last writer of each field, by field name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Provenance(BTreeMap<String, Mark>);

impl Provenance {
    /// Who wrote `field` last; none when nobody has.
    pub fn of(&self, field: &str) -> Option<&Mark> {
        self.0.get(field)
    }
    /// Notes who wrote `field`.
    pub fn set(&mut self, field: &str, mark: Mark) {
        self.0.insert(field.to_owned(), mark);
    }
    /// Forgets who wrote `field`.
    pub fn forget(&mut self, field: &str) {
        self.0.remove(field);
    }
    /// The connection whose words `field` holds, when a connection wrote it.
    pub fn connection(&self, field: &str) -> Option<ConnectionId> {
        self.of(field).and_then(Mark::connection)
    }
    /// The fields that `connection` wrote.
    pub fn written_by(&self, connection: ConnectionId) -> Vec<String> {
        self.0.iter().filter(|(_, mark)| mark.connection() == Some(connection)).map(|(field, _)| field.clone()).collect()
    }
    /// Whether anything was written by somebody other than `connection`.
    pub fn has_other_writer(&self, connection: ConnectionId) -> bool {
        self.0.values().any(|mark| mark.connection() != Some(connection))
    }
    /// Every field with its writer, in the order of field names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Mark)> {
        self.0.iter().map(|(field, mark)| (field.as_str(), mark))
    }
}

/// One value a provider stated, with the version of the provider's record that stated it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stated {
    /// The value.
    pub value: Value,
    /// The provider's time of change, microseconds since 1970.
    pub at: i64,
}

/// What one connection says of a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Provided {
    /// The provider, such as `intercom`.
    pub provider: String,
    /// The provider's id of the record.
    pub external_id: String,
    /// What it says of each field.
    pub values: BTreeMap<String, Stated>,
    /// The version of the newest complete list of tags.
    pub tags_at: Option<i64>,
    /// The version of the newest complete list of companies.
    pub companies_at: Option<i64>,
    /// Attributes that Atlas has no field for.
    pub attributes: Map<String, Value>,
    /// The version that stated the attributes.
    pub attributes_at: Option<i64>,
}

/// What every connection says of a record, by connection id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProvidedBy(BTreeMap<Ref, Provided>);

impl ProvidedBy {
    /// What `connection` says.
    pub fn of(&self, connection: ConnectionId) -> Option<&Provided> {
        self.0.get(&connection.to_ref())
    }
    /// What `connection` says, begun when it said nothing so far.
    pub fn entry(&mut self, connection: ConnectionId) -> &mut Provided {
        self.0.entry(connection.to_ref()).or_default()
    }
    /// Drops all that `connection` said.
    pub fn forget(&mut self, connection: ConnectionId) {
        self.0.remove(&connection.to_ref());
    }
    /// The newest word on a field, and the connection that says it.
    pub fn newest(&self, field: &str) -> Option<(ConnectionId, &Stated)> {
        let said = |(connection, provided): (&Ref, &'_ Provided)| Some((connection.as_id()?, provided.values.get(field)?.at));
        let (connection, _) = self.0.iter().filter_map(said).max_by_key(|(_, at)| *at)?;
        Some((connection, self.of(connection)?.values.get(field)?))
    }
    /// Where a record comes from of which only this is left: the first of the providers, or Atlas itself.
    pub fn origin(&self) -> &str {
        self.0.values().next().map_or("atlas", |provided| provided.provider.as_str())
    }
    /// Every connection with what it says.
    pub fn iter(&self) -> impl Iterator<Item = (&Ref, &Provided)> {
        self.0.iter()
    }
}

/// A column of JSON, as it is stored.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("these types always serialise")
}

/// Reads a column of JSON that this module wrote.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(Error::internal)
}

/// Whether what the provider says of `field` becomes the field's value.
///
/// It is kept as said in any case, unless an older version says it. A field that a person wrote, or cleared, stays theirs.
pub(crate) fn settle(
    provenance: &Provenance,
    provided: &mut Provided,
    connection: ConnectionId,
    field: &str,
    value: Value,
    at: i64,
    empty: bool,
) -> bool {
    if provided.values.get(field).is_some_and(|known| known.at > at) {
        return false;
    }
    provided.values.insert(field.to_owned(), Stated { value, at });
    match provenance.of(field) {
        None => true,
        Some(mark) => match mark.connection() {
            Some(writer) => writer == connection || empty,
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atlas_kernel::UserId;

    #[test]
    fn a_person_wins_and_older_versions_lose() {
        let now = Timestamp::UNIX_EPOCH;
        let (ours, user) = (ConnectionId::new(now), UserId::new(now));
        let (mut provenance, mut provided) = (Provenance::default(), Provided::default());
        assert!(settle(&provenance, &mut provided, ours, "name", "A".into(), 5, true));
        provenance.set("name", Mark::of_connection(ours, now));
        assert!(!settle(&provenance, &mut provided, ours, "name", "old".into(), 4, false));
        assert!(settle(&provenance, &mut provided, ours, "name", "B".into(), 6, false));
        provenance.set("name", Mark { by: Some(user.to_ref()), at: now, why: None });
        assert!(!settle(&provenance, &mut provided, ours, "name", "C".into(), 7, false));
        assert_eq!(provided.values["name"].value, "C");
    }
}
