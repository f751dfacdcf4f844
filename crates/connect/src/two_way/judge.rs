//! What becomes of one field of a record that is to be written, from all that is known of it.

use atlas_kernel::Timestamp;
use serde_json::Value;

use super::decide::{Outgoing, Sides, outgoing};
use super::outlet::Ours;
use super::rules::FieldRule;
use super::state::Memory;

/// A field, judged.
pub(super) struct Judged {
    pub verdict: Outgoing,
    /// The value here, as the provider can hold it.
    pub value: Option<Value>,
    /// The provider's value.
    pub said: Option<Value>,
    /// What both sides last had in common.
    pub base: Option<Value>,
}

/// Judges a field. With `all`, differences older than the choice to write count too.
pub(super) fn judge(rule: &FieldRule, ours: &Ours, memory: &Memory, all: bool) -> Judged {
    let (value, said) = (rule.value(&ours.value), ours.said.as_ref().and_then(|said| rule.value(said)));
    let base = memory.base.clone().or_else(|| said.clone());
    let sides = Sides {
        base: base.as_ref(),
        ours: value.as_ref(),
        ours_at: ours.at.map_or(i64::MIN, Timestamp::as_microsecond),
        theirs: said.as_ref(),
        theirs_at: ours.said_at,
    };
    let eager = all || ours.at.is_some_and(|at| at >= rule.since);
    let held = memory.held.is_some() && memory.held == value;
    let verdict = if held { Outgoing::Nothing } else { outgoing(rule.conflict, sides, eager) };
    Judged { verdict, value, said, base }
}
