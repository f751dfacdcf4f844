//! A connector is a value: everything Atlas knows of a provider, from its documentation page to its error codes.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::landing::{Landing, What};

/// One provider, described.
#[derive(Clone)]
pub struct Connector {
    /// The word in URLs and the database, such as `intercom`.
    pub id: &'static str,
    /// The name people read.
    pub name: &'static str,
    /// The catalogue's category, such as `CRM`.
    pub category: &'static str,
    /// One line for the card.
    pub summary: &'static str,
    /// How far it is proven.
    pub readiness: Readiness,
    /// The words of the documentation page.
    pub docs: Docs,
    /// How a workspace grants access.
    pub oauth: OAuth,
    /// What access is needed, per capability.
    pub scopes: Vec<Scope>,
    /// The kinds of objects that can be fetched by id.
    pub objects: Vec<Object>,
    /// The listings that find objects.
    pub streams: Vec<Stream>,
    /// How the provider calls us; none when it cannot.
    pub webhook: Option<Webhook>,
    /// The provider's rate limit and how its answers tell it.
    pub limits: Limits,
    /// What an answer other than success means.
    pub classify: fn(&Answer) -> Failure,
    /// What each failure means to a person; rendered as Troubleshooting.
    pub errors: Vec<ErrorRemedy>,
    /// The request that says whose token this is, and how to read it.
    pub whoami: WhoAmI,
    /// How the provider's fields map to those of Atlas's records.
    pub fields: Vec<FieldMapping>,
    /// How records are written back; empty when nothing is.
    pub writes: Vec<Writes>,
    /// Headers every call carries besides the token, such as the API version.
    pub headers: &'static [(&'static str, &'static str)],
}

/// How far a connector is proven, honestly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Works once configured.
    Live,
    /// Code complete, needs deployment configuration.
    Ready,
    /// Set-up, mapping and health are visible, the provider is not yet proven.
    Preview,
    /// Listed only.
    Planned,
}

/// The words of a connector's documentation page; its sections are drawn in the page's fixed order.
#[derive(Clone)]
pub struct Docs {
    /// "What this connector does".
    pub does: &'static [&'static str],
    /// "Before you begin".
    pub before: &'static [&'static str],
    /// "Get your credentials", step by step. `{redirect_url}` and `{webhook_url}` are filled in.
    pub steps: Vec<Step>,
    /// "Setup checklist", in order.
    pub checklist: &'static [&'static str],
    /// Before the list of events, a paragraph on webhooks.
    pub webhooks: &'static str,
    /// What is honest to add about webhooks today.
    pub webhooks_note: &'static str,
    /// The provider's own documentation.
    pub provider_docs: &'static str,
    /// "Disconnect and data deletion", step by step.
    pub disconnect: &'static [&'static str],
}

/// One numbered step of a guide.
#[derive(Clone)]
pub struct Step {
    /// What to do.
    pub title: &'static str,
    /// How, in a sentence; Markdown.
    pub body: &'static str,
    /// A picture of it: file name under the docs' shots, and what it shows.
    pub shot: Option<(&'static str, &'static str)>,
    /// Where to do it: label and URL.
    pub link: Option<(&'static str, &'static str)>,
}

/// The OAuth dance of a provider whose app belongs to the customer.
#[derive(Clone)]
pub struct OAuth {
    /// The provider's regions, the default first.
    pub regions: Vec<Region>,
    /// Path of the consent page on the app host.
    pub authorize_path: &'static str,
    /// Path of the token exchange on the API host.
    pub token_path: &'static str,
    /// Path that uninstalls the app and revokes the token.
    pub uninstall_path: Option<&'static str>,
}

/// Hosts of one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// `us`, `eu`, `au`.
    pub id: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Base URL of the API.
    pub api: &'static str,
    /// Base URL of the provider's app, where consent happens.
    pub app: &'static str,
}

/// One permission of the provider, and what it switches on.
#[derive(Clone)]
pub struct Scope {
    /// The provider's word.
    pub slug: &'static str,
    /// The label on the provider's page.
    pub label: &'static str,
    /// What Atlas does with it.
    pub gives: &'static str,
    /// A call that succeeds only with it; none when it cannot be checked without writing.
    pub probe: Option<fn() -> Request>,
}

/// A kind of object that can be fetched by id.
#[derive(Clone, Copy)]
pub struct Object {
    /// The word in signals and the raw log, such as `contact`.
    pub kind: &'static str,
    /// The scope that covers it.
    pub scope: &'static str,
    /// The call that answers the whole object.
    pub get: fn(id: &str) -> Request,
    /// The object's id, and its version (the provider's time of change, Unix seconds).
    pub identify: fn(&Value) -> Option<(String, i64)>,
    /// Nested lists the answer cut short, as calls for the rest.
    pub nested: fn(&Value) -> Vec<Request>,
    /// Puts the answer to one nested call into the object; answers a further call when that list has another page.
    pub attach: fn(&mut Value, &Request, &Value) -> Option<Request>,
    /// The object in common kinds. `Err` says what could not be read; the raw record stays and can be replayed.
    pub land: fn(&Value) -> Result<Vec<Landing>, String>,
    /// What a 404 or 410 for this id means; the answer is given for redirecting merges.
    pub gone: fn(id: &str, &Answer) -> Vec<Landing>,
}

/// A listing that finds objects, one page a call.
#[derive(Clone, Copy)]
pub struct Stream {
    /// The name on the page, such as `contacts`.
    pub name: &'static str,
    /// What people read, such as `Contacts`.
    pub label: &'static str,
    /// The kind of objects it lists.
    pub object: &'static str,
    /// The scope it needs.
    pub scope: &'static str,
    /// The first call: all history newest first, or what changed since.
    pub open: fn(&Window) -> Request,
    /// Reads a page: its items, how many there are in all, and the call for the next page.
    pub read: fn(&Window, &Request, &Value) -> Result<Listing, String>,
    /// Whether listed items lack their content and each must be fetched.
    pub detail: bool,
    /// A listing of which the provider allows one at a time; unused for this long it dies and restarts from its first page.
    pub exclusive: Option<Duration>,
    /// Whether it can list only what changed; a stream that cannot reads everything, on the slower schedule.
    pub incremental: bool,
    /// Whether its items are deletions (ids only).
    pub deletions: bool,
    /// Lower runs first within one sync.
    pub order: i32,
}

/// Which part of a listing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// Everything, newest first where the provider can.
    History,
    /// What changed at or after this moment (Unix seconds).
    Since(i64),
}

/// One page of a listing.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The items.
    pub items: Vec<Listed>,
    /// How many the whole listing has, when the provider says.
    pub total: Option<i64>,
    /// The call for the next page; none on the last.
    pub next: Option<Request>,
}

/// One item of a listing.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The provider's id.
    pub id: String,
    /// The provider's time of change, Unix seconds; 0 when it does not say.
    pub version: i64,
    /// The item as listed.
    pub value: Value,
}

/// One field of a kind of record, as both sides call it.
#[derive(Clone, Copy)]
pub struct FieldMapping {
    /// The kind of record.
    pub what: What,
    /// The field's name over REST, such as `emails`.
    pub field: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What the provider calls it.
    pub theirs: &'static str,
    /// Whether it can be written at the provider.
    pub writable: bool,
    /// Whether the provider lets only one record have a value.
    pub unique: bool,
    /// A value of Atlas's as the provider can hold it, by which both sides are compared; none for a blank.
    pub project: fn(&Value) -> Option<Value>,
}

/// How records of one kind are written back.
#[derive(Clone)]
pub struct Writes {
    /// The kind of record.
    pub what: What,
    /// The scope it needs.
    pub scope: &'static str,
    /// The call that sets these fields, by their names over REST, and leaves the others as they are. `null` empties a field.
    /// Its answer is the whole object.
    pub update: fn(id: &str, values: &Map<String, Value>) -> Request,
    /// The id of the record that has a value already, from the answer that says so.
    pub twin: fn(&Answer) -> Option<String>,
}

/// A call to the provider, as data: it can be stored as a cursor and sent again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// Path and query on the API host, starting with `/`.
    pub path: String,
    /// JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

impl Request {
    /// A reading call.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET".into(), path: path.into(), body: None }
    }
    /// A call that changes some fields.
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self { method: "PUT".into(), path: path.into(), body: Some(body) }
    }
    /// A call with a body; searches are such calls too.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: "POST".into(), path: path.into(), body: Some(body) }
    }
}

/// An answer that is not a success, or could not be read.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The body as text, cut at 64 KiB.
    pub body: String,
    /// Headers, lower-case names.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// A header by lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What went wrong, in a class that decides what the engine does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The class.
    pub class: FailureClass,
    /// The provider's code, kept as it came.
    pub code: String,
    /// The provider's words, without secrets.
    pub message: String,
    /// The missing scope, when the answer names it.
    pub scope: Option<String>,
}

/// What the engine does about a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Stop, keep cursors, ask to reconnect.
    Auth,
    /// Switch off what this scope covers, go on with the rest.
    Scope,
    /// Wait for the window.
    Rate,
    /// The provider's plan forbids it: show, do not retry.
    Plan,
    /// It is no longer there.
    Gone,
    /// Somebody else is at it (another scroll): wait and try again.
    Conflict,
    /// A listing's cursor died: start the listing again, never "end of data".
    Restart,
    /// Our request is wrong: keep the code, do not retry.
    Input,
    /// Try again with backoff.
    Transient,
    /// Unknown: keep the code, try a few times.
    Provider,
}

/// What a failure means to a person.
#[derive(Clone)]
pub struct ErrorRemedy {
    /// The code on the page, such as `token_revoked`.
    pub code: &'static str,
    /// What people read as its name, such as `Missing scope`.
    pub title: &'static str,
    /// The class.
    pub class: FailureClass,
    /// What to do.
    pub remedy: &'static str,
    /// Further provider codes that mean the same.
    pub aliases: &'static [&'static str],
}

/// The call that says whose token this is.
#[derive(Clone, Copy)]
pub struct WhoAmI {
    /// The call.
    pub request: fn() -> Request,
    /// Reads the answer.
    pub read: fn(&Value) -> Result<Account, String>,
}

/// The provider's workspace behind a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The provider's workspace id, which notices carry.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its region as the provider writes it.
    pub region: Option<String>,
    /// Its IANA time zone.
    pub time_zone: Option<String>,
    /// Who granted access: a name.
    pub person: Option<String>,
}

/// How a provider calls us.
#[derive(Clone)]
pub struct Webhook {
    /// The header that carries the signature; a call without it is refused unread.
    pub signature: &'static str,
    /// Whether the signature over the raw body is right for this client secret. Never true for an empty secret.
    pub verify: fn(secret: &[u8], headers: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> bool,
    /// Reads a notice whose signature was right.
    pub read: fn(body: &[u8]) -> Result<HookNotice, String>,
    /// What can be subscribed.
    pub topics: Vec<Topic>,
    /// Where subscriptions are made by hand, when the provider has no call for it.
    pub hub_url: &'static str,
    /// How the provider calls about the installation itself; none when it does not.
    pub installation: Option<Installation>,
}

/// Calls about the installation: that the app was removed at the provider, and whether it is healthy.
#[derive(Clone, Copy)]
pub struct Installation {
    /// The header that carries the signature; a call without it is refused unread.
    pub signature: &'static str,
    /// Whether the signature over the raw body is right for this client secret. Never true for an empty secret.
    pub verify: fn(secret: &[u8], headers: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> bool,
    /// The provider's workspace from which the app was removed; none for any other call, though it be signed alike.
    pub removed_from: fn(body: &[u8]) -> Option<String>,
    /// The provider's workspace whose health is asked for; none for any other call.
    pub asked_for: fn(body: &[u8]) -> Option<String>,
}

/// A topic of the provider.
#[derive(Clone)]
pub struct Topic {
    /// The provider's name today.
    pub name: &'static str,
    /// The event of the documentation page it feeds, when its name differs, such as `contact.created`.
    pub event: &'static str,
    /// The scope it needs.
    pub scope: &'static str,
    /// What it becomes in Atlas.
    pub becomes: &'static str,
    /// Whether set-up asks for it (the rest is useful).
    pub required: bool,
    /// The stream that polls for the same while the topic is not arriving; empty when only the slower audit finds it.
    pub covered_by: &'static str,
}

/// A notice of the provider: a hint that something changed, never the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookNotice {
    /// The provider's id of the notice; none for pings, which are not deduplicated.
    pub id: Option<String>,
    /// The topic.
    pub topic: String,
    /// The provider's workspace it is about.
    pub account: String,
    /// When it happened (Unix seconds).
    pub at: i64,
    /// What changed; empty for unknown topics and pings.
    pub signals: Vec<Signal>,
}

/// Something that may have changed at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The object's kind.
    pub object: String,
    /// The object's id.
    pub id: String,
    /// What the provider says happened.
    pub hint: Hint,
}

/// What a signal says happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// Fetch it.
    Changed,
    /// It is gone for good.
    Deleted,
    /// It was merged into another id.
    Merged {
        /// The id that stays.
        into: String,
    },
    /// The content of this message must go.
    Redacted {
        /// The message's id.
        message: String,
    },
}

/// The provider's rate limit.
#[derive(Clone)]
pub struct Limits {
    /// Calls a minute unless set otherwise for the connection.
    pub per_minute: u32,
    /// The provider counts in windows of this length.
    pub window: Duration,
    /// Reads the window from an answer's headers: limit, remaining, and the reset as Unix seconds.
    pub read: fn(&dyn Fn(&str) -> Option<String>) -> Option<RateReading>,
}

/// What an answer's headers say of the current window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateReading {
    /// Calls allowed in the window.
    pub limit: u32,
    /// Calls left in the window.
    pub remaining: u32,
    /// When the window ends (Unix seconds).
    pub reset: i64,
}
