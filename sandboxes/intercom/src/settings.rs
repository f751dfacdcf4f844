//! Everything about the sandbox's behaviour that can be changed while it runs.

use serde::{Deserialize, Serialize};

use crate::options::Options;

/// Behaviour at this moment; answers of `/_sandbox/settings` show all of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Requests a minute; 0 means unlimited and sends no limit headers.
    pub limit_per_minute: u32,
    /// Milliseconds every API answer waits.
    pub latency_ms: u64,
    /// Most milliseconds an answer waits, when larger: each waits between the two.
    pub latency_max_ms: u64,
    /// Requests a minute that other apps take out of the same budget.
    pub others_per_minute: u32,
    /// Every token is revoked after so many more calls; 0 is off.
    pub revoke_after: u32,
    /// So many conversations are deleted right after the next list or search has shown them.
    pub vanish_after_list: usize,
    /// Chance (0 to 1) that a notice is never sent.
    pub drop_rate: f64,
    /// Chance that a notice is sent twice.
    pub duplicate_rate: f64,
    /// Chance that a notice is overtaken by later ones.
    pub reorder_rate: f64,
    /// The next scroll answers 404 after this many pages, once; 0 is off.
    pub scroll404_after: u32,
    pub missing_scope_shape: ScopeShape,
    /// Code of the 401 after a revocation: `token_revoked`, `unauthorized`, `token_not_found`, …
    pub revoked_code: String,
    pub sign: Sign,
    /// Milliseconds until a new or changed contact appears in search.
    pub search_delay_ms: i64,
    /// Contact search compares seconds instead of days.
    pub exact_contact_dates: bool,
    /// Newest parts shown of a conversation.
    pub part_cap: usize,
    /// Items of nested lists.
    pub nested_cap: usize,
    /// Companies reachable by the paged list.
    pub company_limit: u64,
    pub scroll_page_size: usize,
    /// Most rows on a page of a search, however many were asked for.
    pub most_per_page: usize,
    /// Seconds after which an unused scroll is gone.
    pub scroll_expiry: i64,
    /// Milliseconds until a failed notice is tried once more.
    pub retry_delay_ms: i64,
    /// Milliseconds a receiver has to answer a notice.
    pub webhook_timeout_ms: u64,
    /// Notices under way at the same time; 1 keeps their order.
    pub webhook_concurrency: usize,
    /// Notices are stored; when this ends they go out, newest first.
    pub webhook_outage: bool,
    /// Notices carry HTML bodies although the version has plain text.
    pub webhook_html: bool,
    /// The consent page allows by itself.
    pub auto_approve: bool,
    pub deny_shape: DenyShape,
    /// `GET /me` needs `read_admins`.
    pub me_needs_read_admins: bool,
    /// Conversation calls answer 403 `api_plan_restricted`.
    pub plan_restricted: bool,
    /// The old subscriptions API answers for versions 1.x.
    pub subscriptions_api: bool,
    /// Every token is refused, as when it is used on another region's host.
    pub region_mismatch: bool,
    /// A merged contact answers 404 instead of 410 in every version.
    pub merged_as404: bool,
}

/// How a missing scope is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeShape {
    /// 403 with the scope in the text.
    Forbidden,
    /// 401 without it.
    TokenUnauthorized,
}

/// How notices are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    Valid,
    Missing,
    Forged,
}

/// What comes back to the redirect URL after Deny; the provider documents nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyShape {
    /// `error=access_denied` and the state.
    Error,
    /// Only the state.
    NoCode,
}

impl Settings {
    /// The behaviour a sandbox starts with.
    pub fn new(options: &Options) -> Self {
        Self {
            limit_per_minute: options.limit_per_minute,
            latency_ms: options.latency_ms,
            latency_max_ms: options.latency_max_ms,
            others_per_minute: 0,
            revoke_after: 0,
            vanish_after_list: 0,
            drop_rate: 0.0,
            duplicate_rate: 0.0,
            reorder_rate: 0.0,
            scroll404_after: 0,
            missing_scope_shape: ScopeShape::Forbidden,
            revoked_code: "token_revoked".to_owned(),
            sign: Sign::Valid,
            search_delay_ms: 0,
            exact_contact_dates: false,
            part_cap: 500,
            nested_cap: 10,
            company_limit: 10_000,
            scroll_page_size: 100,
            most_per_page: 150,
            scroll_expiry: 60,
            retry_delay_ms: 60_000,
            webhook_timeout_ms: 5_000,
            webhook_concurrency: 1,
            webhook_outage: false,
            webhook_html: false,
            auto_approve: false,
            deny_shape: DenyShape::Error,
            me_needs_read_admins: false,
            plan_restricted: false,
            subscriptions_api: true,
            region_mismatch: false,
            merged_as404: false,
        }
    }
}
