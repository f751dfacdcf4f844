//! The REST kit: operations as values, and everything the interface under `/v1` has in common made from them.
#![doc = include_str!("../README.md")]

mod auth;
mod body;
mod conditional;
mod ctx;
mod dispatch;
mod docs;
mod documents;
mod endpoint;
mod idempotency;
mod input;
mod observe;
mod openapi;
mod operation;
mod postman;
mod problem;
mod rates;
mod reply;
mod router;
mod run;
mod state;

use atlas_store::Migration;

pub use ctx::Ctx;
pub use docs::{DocsField, DocsGroup, DocsModel, DocsOperation, docs_model};
pub use idempotency::{forget_answers, sweep_idempotency};
pub use input::{IdPath, Input, Patch};
pub use openapi::openapi;
pub use operation::{Effect, Operation, OperationInfo, QuickMark, RateClass, inventory};
pub use postman::{postman_collection, postman_environment};
pub use problem::{ERROR_CODES, ErrorCode, PROBLEM_JSON, problem_response};
pub use router::router;
pub use state::{ApiState, Authenticate, Credentials, RateSettings, authenticate_with};

/// The migrations of this crate: remembered answers to `Idempotency-Key`.
pub fn migrations() -> Vec<Migration> {
    vec![Migration { name: "api/0001_idempotency_keys", sql: include_str!("../migrations/0001_idempotency_keys.sql") }]
}
