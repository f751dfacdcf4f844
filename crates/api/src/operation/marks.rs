//! Marks of operations: what they can do, what they count against, where the palette shows them.

use serde::Serialize;

/// What running an operation can do to the workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something, and can be undone or repaired.
    Write,
    /// Removes something for good.
    Destructive,
}

impl Effect {
    /// The word shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destructive => "destructive",
        }
    }
}

/// Which allowance a call is counted against.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RateClass {
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Calls that cost much, such as starting a sync.
    Heavy,
}

impl RateClass {
    /// Every class.
    pub const ALL: [RateClass; 3] = [Self::Read, Self::Write, Self::Heavy];

    /// The word shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Heavy => "heavy",
        }
    }
}

/// The palette's entry for an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct QuickMark {
    /// What the palette shows, such as `New contact`.
    pub title: &'static str,
    /// The key that starts it, such as `c`.
    pub key: &'static str,
}
