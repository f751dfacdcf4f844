//! What can go wrong, said once: the kits turn each outcome into a page or a problem document.

use std::error::Error as StdError;

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field of the input that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct FieldError {
    /// The field's name as the caller wrote it, such as `email` or `stages[2].name`.
    pub field: String,
    /// A stable snake_case code, such as `required`.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
}

/// Every way an operation ends other than well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such record in this workspace; another workspace's records look the same.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Nobody is signed in, or the token is not valid.
    #[error("not signed in")]
    Unauthenticated,
    /// The actor's role does not allow it.
    #[error("permission {permission} is missing")]
    Denied {
        /// The permission, such as `contacts:write`.
        permission: &'static str,
        /// The scopes a token would need, when a token's scopes were the reason.
        missing_scopes: Vec<String>,
    },
    /// The input cannot be accepted; nothing was changed.
    #[error("{} invalid: {}", .0.len(), .0.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldError>),
    /// It contradicts what is there.
    #[error("{detail}")]
    Conflict {
        /// A stable snake_case code.
        code: &'static str,
        /// A sentence for a person: what was kept and what to do.
        detail: String,
    },
    /// A unique value is already taken; verbs turn this into a field error or a conflict.
    #[error("a unique value is already taken ({constraint})")]
    Duplicate {
        /// The constraint or columns the database named.
        constraint: String,
    },
    /// The record changed since the caller read it.
    #[error("the record changed since it was read")]
    Stale,
    /// The request is larger than allowed.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Too many requests.
    #[error("too many requests, wait {retry_after} s")]
    RateLimited {
        /// Seconds until trying again makes sense.
        retry_after: u64,
    },
    /// The disk or the database's space is used up: reads go on, writes do not.
    #[error("no space left to write")]
    StorageFull,
    /// The database is out of reach or overloaded.
    #[error("the database did not answer")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// A fault of ours.
    #[error("internal error: {0}")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// An invalid single field.
    pub fn field(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), code: code.to_owned(), message: message.into() }])
    }

    /// A conflict with a code and a sentence.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    /// A fault of ours, from whatever caused it.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// The stable snake_case code: `title` of a problem document, `type`'s last part.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::Unauthenticated => "unauthenticated",
            Self::Denied { missing_scopes, .. } if !missing_scopes.is_empty() => "missing_scope",
            Self::Denied { .. } => "permission_denied",
            Self::Invalid(_) => "validation_failed",
            Self::Conflict { code, .. } => code,
            Self::Duplicate { .. } => "duplicate",
            Self::Stale => "precondition_failed",
            Self::TooLarge { .. } => "payload_too_large",
            Self::RateLimited { .. } => "rate_limit_exceeded",
            Self::StorageFull => "storage_full",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal_error",
        }
    }

    /// The HTTP status the kits answer with.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) => 404,
            Self::Unauthenticated => 401,
            Self::Denied { .. } => 403,
            Self::Invalid(_) => 422,
            Self::Conflict { .. } | Self::Duplicate { .. } => 409,
            Self::Stale => 412,
            Self::TooLarge { .. } => 413,
            Self::RateLimited { .. } => 429,
            Self::StorageFull => 507,
            Self::Unavailable(_) => 503,
            Self::Internal(_) => 500,
        }
    }

    /// The sentence a person reads: nothing of the inside leaks for faults of ours.
    pub fn detail(&self) -> String {
        match self {
            Self::NotFound(what) => format!("There is no {what} with this id in this workspace."),
            Self::Unauthenticated => "Sign in, or send a valid token in the Authorization header.".into(),
            Self::Denied { permission, missing_scopes } if !missing_scopes.is_empty() => {
                format!("This token lacks the scope {permission}.")
            }
            Self::Denied { permission, .. } => {
                format!("Your role does not have the permission {permission}. Ask an admin of this workspace.")
            }
            Self::Invalid(fields) => match fields.as_slice() {
                [only] => format!("Nothing was saved. {}: {}.", only.field, only.message),
                many => format!("Nothing was saved. {} fields need a change.", many.len()),
            },
            Self::Conflict { detail, .. } => detail.clone(),
            Self::Duplicate { .. } => "Nothing was saved: a record with this value exists already.".into(),
            Self::Stale => "Nothing was saved: somebody changed this record meanwhile. Read it again and repeat your change.".into(),
            Self::TooLarge { limit } => format!("Nothing was saved: the request is larger than {limit} bytes."),
            Self::RateLimited { retry_after } => format!("Too many requests. Try again in {retry_after} s."),
            Self::StorageFull => {
                "Not saved: the server has no space left. What is stored can still be read. Free some space and try again.".into()
            }
            Self::Unavailable(_) => "The database did not answer. Nothing was saved. Try again.".into(),
            Self::Internal(_) => "Something failed on our side. Nothing was saved. Try again, and quote the request id if it stays.".into(),
        }
    }
}
