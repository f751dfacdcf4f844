//! Operations: one typed function each, with what there is to say about it, as values.

mod inventory;
mod marks;
mod types;

use std::any::{Any, TypeId};
use std::future::Future;
use std::sync::Arc;

use atlas_kernel::{Permission, Result};
use atlas_store::Tx;
use axum::http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::endpoint::{Acting, Endpoint, Reading, Writing};
use crate::{Ctx, Input};

pub use inventory::{OperationInfo, inventory};
pub use marks::{Effect, QuickMark, RateClass};
pub(crate) use types::{SchemaOf, Types};

/// How an operation's version is read from its answer.
type VersionOf = Arc<dyn Fn(&dyn Any) -> Option<i64> + Send + Sync>;

/// One operation of the REST interface.
///
/// Made by [`Operation::read`], [`Operation::write`] or [`Operation::act`]; the router, the OpenAPI document, the
/// Postman collection and the reference pages are all made from it.
#[derive(Clone)]
pub struct Operation {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) permission: Permission,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) effect: Effect,
    pub(crate) rate: RateClass,
    pub(crate) status: StatusCode,
    pub(crate) tool: bool,
    pub(crate) conditional: bool,
    pub(crate) secret: bool,
    pub(crate) quick_action: Option<QuickMark>,
    pub(crate) body_limit: Option<usize>,
    pub(crate) version: Option<VersionOf>,
    pub(crate) types: Types,
    pub(crate) endpoint: Arc<dyn Endpoint>,
}

impl Operation {
    /// An operation that only reads: `GET path`.
    pub fn read<P, Q, B, O, F, Fut>(name: &'static str, path: &'static str, permission: Permission, run: F) -> Self
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + Send + Sync + 'static,
        F: Fn(Ctx, Input<P, Q, B>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O>> + Send + 'static,
    {
        let endpoint = Arc::new(Reading::new(run));
        Self::new(name, Method::GET, path, permission, endpoint, Types::of::<P, Q, B, O>())
    }

    /// An operation that writes in one transaction, which the kit opens, commits, and replays by `Idempotency-Key`.
    ///
    /// `run` may be called again when the transaction lost a race, so it must not act outside it.
    pub fn write<P, Q, B, O, F, Fut>(name: &'static str, method: Method, path: &'static str, permission: Permission, run: F) -> Self
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + Send + Sync + 'static,
        F: Fn(Ctx, Tx, Input<P, Q, B>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O>> + Send + 'static,
    {
        let endpoint = Arc::new(Writing::new(run));
        Self::new(name, method, path, permission, endpoint, Types::of::<P, Q, B, O>())
    }

    /// An operation that calls the outside; it opens its own transactions where it needs them.
    ///
    /// Once started it is finished even if the caller hangs up.
    pub fn act<P, Q, B, O, F, Fut>(name: &'static str, method: Method, path: &'static str, permission: Permission, run: F) -> Self
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + Send + Sync + 'static,
        F: Fn(Ctx, Input<P, Q, B>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O>> + Send + 'static,
    {
        let endpoint = Arc::new(Acting::new(run));
        Self::new(name, method, path, permission, endpoint, Types::of::<P, Q, B, O>())
    }

    fn new(
        name: &'static str,
        method: Method,
        path: &'static str,
        permission: Permission,
        endpoint: Arc<dyn Endpoint>,
        types: Types,
    ) -> Self {
        let (effect, rate) = match method {
            Method::GET => (Effect::Read, RateClass::Read),
            _ => (Effect::Write, RateClass::Write),
        };
        Self {
            name,
            method,
            path,
            permission,
            summary: "",
            description: "",
            tag: "",
            effect,
            rate,
            status: StatusCode::OK,
            tool: false,
            conditional: false,
            secret: false,
            quick_action: None,
            body_limit: None,
            version: None,
            types,
            endpoint,
        }
    }

    /// One line for lists of operations, sentence case, no full stop.
    #[must_use]
    pub fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// Paragraphs (Markdown) for the reference.
    #[must_use]
    pub fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// The group in the reference, such as `Contacts`; otherwise the first part of the name.
    #[must_use]
    pub fn tag(self, tag: &'static str) -> Self {
        Self { tag, ..self }
    }

    /// Answers 201, with `Location` when `GET path/{id}` exists.
    #[must_use]
    pub fn created(self) -> Self {
        Self { status: StatusCode::CREATED, ..self }
    }

    /// Answers 202: the work is queued.
    #[must_use]
    pub fn accepted(self) -> Self {
        Self { status: StatusCode::ACCEPTED, ..self }
    }

    /// Answers 204, without a body.
    #[must_use]
    pub fn no_content(self) -> Self {
        Self { status: StatusCode::NO_CONTENT, ..self }
    }

    /// Says how the answer's version is read: sent as `ETag`, and asked for by `If-Match` and `If-None-Match`.
    ///
    /// # Panics
    /// When `O` is not the type that the operation answers.
    #[must_use]
    pub fn version<O: 'static>(self, read: impl Fn(&O) -> i64 + Send + Sync + 'static) -> Self {
        let answers = self.types.answer_id == TypeId::of::<O>();
        assert!(answers, "{} answers {}, its version is read from another type", self.name, self.types.answer_name);
        let version: VersionOf = Arc::new(move |answer| answer.downcast_ref::<O>().map(&read));
        Self { version: Some(version), conditional: true, ..self }
    }

    /// Says that the operation obeys [`Ctx::if_match`] although its answer has no version (a delete, say).
    #[must_use]
    pub fn conditional(self) -> Self {
        Self { conditional: true, ..self }
    }

    /// Says that the answer carries a secret which is shown once: it is never kept, so a repeated `Idempotency-Key`
    /// has no second effect and is told that the answer is gone (409 `answer_not_kept`).
    #[must_use]
    pub fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// Marks an operation that removes something for good.
    #[must_use]
    pub fn destructive(self) -> Self {
        Self { effect: Effect::Destructive, ..self }
    }

    /// Counts calls against the small allowance for costly ones.
    #[must_use]
    pub fn heavy(self) -> Self {
        Self { rate: RateClass::Heavy, ..self }
    }

    /// Marks a write method that changes nothing, such as a search with a body or a dry run.
    #[must_use]
    pub fn harmless(self) -> Self {
        Self { effect: Effect::Read, ..self }
    }

    /// Lets bodies be up to `bytes` long instead of the kit's usual limit.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { body_limit: Some(bytes), ..self }
    }

    /// Puts the operation into the palette, under `key`.
    #[must_use]
    pub fn quick_action(self, title: &'static str, key: &'static str) -> Self {
        Self { quick_action: Some(QuickMark { title, key }), ..self }
    }

    /// Offers the operation to agents as a tool.
    #[must_use]
    pub fn tool(self) -> Self {
        Self { tool: true, ..self }
    }

    /// The stable name, such as `contacts.list`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The group in the reference.
    pub fn group(&self) -> String {
        if !self.tag.is_empty() {
            return self.tag.to_owned();
        }
        let first = self.name.split('.').next().unwrap_or(self.name).replace('_', " ");
        let mut letters = first.chars();
        letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    /// Whether `If-Match` is obeyed: there must be a record already.
    pub(crate) fn takes_if_match(&self) -> bool {
        self.conditional && self.status != StatusCode::CREATED
    }

    /// Whether `Idempotency-Key` is obeyed.
    pub(crate) fn idempotent_by_key(&self) -> bool {
        self.method != Method::GET
    }
}
