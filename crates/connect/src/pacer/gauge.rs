//! The gauge: how a provider's window is used, as shown on the page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How one window of the provider was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowUse {
    /// When it ended, Unix seconds.
    pub end: i64,
    /// Calls of Atlas.
    pub ours: u32,
    /// Calls of other apps, as far as the provider's count shows.
    pub others: u32,
    /// Calls that the provider allowed.
    pub limit: u32,
}

/// How the present window is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gauge {
    /// Calls that the provider allows in a window; 0 while unknown.
    pub limit: u32,
    /// Calls that Atlas allows itself in a window.
    pub budget: u32,
    /// Calls of Atlas in this window, answered or under way.
    pub ours: u32,
    /// Calls of other apps in this window, as far as the provider's count shows.
    pub others: u32,
    /// Calls left in this window, as last read.
    pub remaining: Option<u32>,
    /// Milliseconds until the window ends.
    pub resets_in_ms: Option<i64>,
    /// Milliseconds until the next call may go; 0 when one may go now.
    pub waiting_ms: i64,
    /// Calls waiting for their turn.
    pub waiting: u32,
    /// Answers that said "too many" since this node started.
    pub too_many: u32,
    /// The windows before, oldest first.
    pub windows: Vec<WindowUse>,
}
