//! A provider's value comes in for a field that also goes out, or goes no way at all.

use atlas_kernel::{Ref, Result, Timestamp};
use atlas_store::Tx;
use serde_json::Value;

use super::conflicts::{self, Found};
use super::decide::{Direction, Incoming, Sides, incoming};
use super::push;
use super::state::{Memory, Place, is_echo, memories, remember};
use crate::{Arrival, What};

/// A field whose value came in.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The kind of record.
    pub what: What,
    /// The provider's id of the record.
    pub external_id: &'a str,
    /// The record here.
    pub record: &'a Ref,
    /// The field's name over REST.
    pub field: &'a str,
    /// The value here.
    pub ours: &'a Value,
    /// When it was written; none when nobody has.
    pub ours_at: Option<Timestamp>,
    /// What the connection said before.
    pub before: Option<&'a Value>,
    /// What it says now.
    pub theirs: &'a Value,
    /// The provider's time of change, microseconds since 1970.
    pub theirs_at: i64,
}

/// What becomes of a value that came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It becomes the record's, for this reason.
    Yes(&'static str),
    /// The record's value stays.
    No,
}

/// Judges a value that came in for a field with a rule of its own. Fields without one are the module's to settle.
///
/// # Errors
/// Whatever the database answers.
pub async fn receive(tx: &Tx, arrival: &Arrival, case: Case<'_>) -> Result<Taken> {
    let Some(rule) = arrival.rules.of(case.what, case.field) else { return Ok(Taken::Yes("sync")) };
    if rule.direction == Direction::Off {
        return Ok(Taken::No);
    }
    let place =
        Place { workspace: arrival.actor.workspace, connection: arrival.connection, what: case.what, external_id: case.external_id };
    let memory = memories(tx, &place).await?.remove(case.field).unwrap_or_default();
    let (ours, theirs) = (rule.value(case.ours), rule.value(case.theirs));
    let said = case.before.and_then(|said| rule.value(said));
    if let Some(theirs) = theirs.as_ref().filter(|theirs| ours.as_ref() != Some(*theirs))
        && is_echo(tx, &place, case.field, theirs, case.theirs_at).await?
    {
        // Our own write, overtaken here since: it is what both sides last had in common, and no change of the provider's.
        remember(tx, &place, case.field, &Memory { base: None, held: memory.held }).await?;
        return Ok(Taken::No);
    }
    let sides = Sides {
        base: memory.base.as_ref().or(said.as_ref()),
        ours: ours.as_ref(),
        ours_at: case.ours_at.map_or(i64::MIN, Timestamp::as_microsecond),
        theirs: theirs.as_ref(),
        theirs_at: case.theirs_at,
    };
    let judged = incoming(rule.direction, rule.conflict, sides);
    let base = sides.base.cloned();
    let keep = |base: Option<Value>| Memory { base: base.filter(|base| Some(base) != theirs.as_ref()), held: memory.held.clone() };
    match judged {
        Incoming::Same | Incoming::Take => remember(tx, &place, case.field, &Memory::default()).await?,
        Incoming::Keep | Incoming::Ask => remember(tx, &place, case.field, &keep(base.clone())).await?,
        Incoming::Win => remember(tx, &place, case.field, &keep(None)).await?,
    }
    if judged == Incoming::Ask {
        let found = Found { code: "both_changed", base: base.clone(), ours: ours.clone(), theirs: theirs.clone(), twin: None };
        conflicts::open(tx, &place, case.record, case.field, found).await?;
    } else {
        conflicts::close(tx, &place, case.field).await?;
    }
    if judged == Incoming::Win {
        push::note(tx, &place).await?;
    }
    Ok(match judged {
        Incoming::Take if base.as_ref() == ours.as_ref() => Taken::Yes("changed there and not here"),
        Incoming::Take if ours.is_none() => Taken::Yes("it was blank here"),
        Incoming::Take => Taken::Yes(rule.conflict.why()),
        Incoming::Same | Incoming::Keep | Incoming::Win | Incoming::Ask => Taken::No,
    })
}
