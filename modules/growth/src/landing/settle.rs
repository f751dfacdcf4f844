//! Whether what a provider says of a field becomes the record's value.

use atlas_connect::{Arrival, Case, Taken, What, receive};
use atlas_kernel::{Ref, Result};
use atlas_store::Tx;
use serde_json::Value;

use crate::provenance::{Mark, Provenance, Provided, settle};

/// A field about which a provider says something.
pub(super) struct Statement<'a> {
    pub what: What,
    pub external_id: &'a str,
    pub record: &'a Ref,
    pub field: &'a str,
    /// What the record says.
    pub ours: Value,
    /// Whether that is nothing.
    pub empty: bool,
    /// What the provider says.
    pub theirs: Value,
    /// The provider's time of change.
    pub at: i64,
}

/// The mark under which the provider's value becomes the record's; none when the record's stays.
///
/// # Errors
/// Whatever the database answers.
pub(super) async fn becomes(
    tx: &Tx,
    a: &Arrival,
    provenance: &Provenance,
    said: &mut Provided,
    statement: Statement<'_>,
) -> Result<Option<Mark>> {
    let Statement { what, external_id, record, field, ours, empty, theirs, at } = statement;
    let before = said.values.get(field).filter(|known| known.at <= at).map(|known| known.value.clone());
    let is_older = said.values.get(field).is_some_and(|known| known.at > at);
    let wins = settle(provenance, said, a.connection, field, theirs.clone(), at, empty);
    if a.rules.of(what, field).is_none() {
        // A mark that is there already keeps its time, so that repeating changes nothing.
        let known = provenance.of(field).filter(|mark| mark.connection() == Some(a.connection)).cloned();
        return Ok(wins.then(|| known.unwrap_or(Mark::of_connection(a.connection, tx.now()))));
    }
    if is_older {
        return Ok(None);
    }
    let ours_at = provenance.of(field).map(|mark| mark.at);
    let case = Case { what, external_id, record, field, ours: &ours, ours_at, before: before.as_ref(), theirs: &theirs, theirs_at: at };
    Ok(match receive(tx, a, case).await? {
        Taken::Yes(why) => Some(Mark::of_connection(a.connection, tx.now()).because(why)),
        Taken::No => None,
    })
}

/// A list of which the provider knows the first: its value comes to the front, the others stay.
pub(super) fn in_front(ours: &Value, theirs: &Value) -> Value {
    let (Some(ours), Some(first)) = (ours.as_array(), theirs.as_array().and_then(|list| list.first())) else { return theirs.clone() };
    let same = |value: &&Value| value.as_str().map(str::to_lowercase) != first.as_str().map(str::to_lowercase);
    [first].into_iter().chain(ours.iter().skip(1).filter(same)).cloned().collect()
}
