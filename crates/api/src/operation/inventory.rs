//! Facts about operations, for tests and pages that walk the registry.

use atlas_kernel::Role;
use serde::Serialize;

use super::{Effect, Operation, QuickMark, RateClass};

/// What there is to say about an operation, for tests and pages that walk the registry.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationInfo {
    /// The stable name, such as `contacts.list`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The path with its parameters, such as `/v1/contacts/{id}`.
    pub path: &'static str,
    /// The scope a token must carry.
    pub scope: &'static str,
    /// The weakest role that may.
    pub least_role: Role,
    /// What it can do to the workspace.
    pub effect: Effect,
    /// Which allowance it is counted against.
    pub rate_class: RateClass,
    /// One line about it.
    pub summary: &'static str,
    /// Whether agents are offered it.
    pub tool: bool,
    /// The palette's entry.
    pub quick_action: Option<QuickMark>,
}

/// Every operation's facts, in the registry's order.
pub fn inventory(operations: &[Operation]) -> Vec<OperationInfo> {
    let info = |op: &Operation| OperationInfo {
        name: op.name,
        method: op.method.to_string(),
        path: op.path,
        scope: op.permission.scope,
        least_role: op.permission.least,
        effect: op.effect,
        rate_class: op.rate,
        summary: op.summary,
        tool: op.tool,
        quick_action: op.quick_action,
    };
    operations.iter().map(info).collect()
}
