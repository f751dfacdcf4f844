//! What the kit needs from the program: the database, the nouns, who somebody is, and its settings.

use std::future::Future;
use std::sync::Arc;

use atlas_kernel::{Actor, Result};
use atlas_store::{Db, Nouns};
use futures::future::BoxFuture;

use crate::RateClass;

/// The session cookie's usual name.
pub(crate) const SESSION_COOKIE: &str = "atlas_session";

/// What a caller showed to say who they are.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A personal access token, `atlas_pat_…`, from the `Authorization` header.
    Token(String),
    /// The session cookie's value.
    Session(String),
}

impl std::fmt::Debug for Credentials {
    /// Never the secret itself.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(…)",
            Self::Session(_) => "Session(…)",
        })
    }
}

/// Turns credentials into the actor they belong to; `None` when they are not valid (any more).
pub type Authenticate = Arc<dyn Fn(Credentials) -> BoxFuture<'static, Result<Option<Actor>>> + Send + Sync>;

/// An [`Authenticate`] from an async function or closure.
pub fn authenticate_with<F, Fut>(check: F) -> Authenticate
where
    F: Fn(Credentials) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<Actor>>> + Send + 'static,
{
    Arc::new(move |credentials| Box::pin(check(credentials)))
}

/// Calls a minute that one token or session may make, by class; 0 means no limit.
///
/// Counted by each node on its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateSettings {
    /// Reads a minute.
    pub read: u32,
    /// Writes a minute.
    pub write: u32,
    /// Costly calls a minute.
    pub heavy: u32,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self { read: 600, write: 120, heavy: 30 }
    }
}

impl RateSettings {
    /// No limits at all.
    pub const UNLIMITED: Self = Self { read: 0, write: 0, heavy: 0 };

    /// The calls a minute of a class; 0 means no limit.
    pub fn per_minute(&self, class: RateClass) -> u32 {
        match class {
            RateClass::Read => self.read,
            RateClass::Write => self.write,
            RateClass::Heavy => self.heavy,
        }
    }
}

/// What every call shares.
#[derive(Clone)]
pub struct ApiState {
    /// The database; its clock is the kit's clock.
    pub db: Db,
    /// How records of other modules are named.
    pub nouns: Nouns,
    /// Who somebody is.
    pub authenticate: Authenticate,
    /// Where Atlas is reached from outside, without a slash at the end: `https://atlas.example.com`.
    pub base_url: String,
    /// More origins whose pages may write with a session cookie.
    pub trusted_origins: Vec<String>,
    /// The session cookie's name.
    pub session_cookie: String,
    /// How many calls are allowed.
    pub rates: RateSettings,
    /// The longest body taken, in bytes, unless an operation says otherwise.
    pub body_limit: usize,
}

impl ApiState {
    /// The usual settings: `atlas_session`, 1 MiB bodies, 600/120/30 calls a minute.
    pub fn new(db: Db, nouns: Nouns, authenticate: Authenticate, base_url: &str) -> Self {
        Self {
            db,
            nouns,
            authenticate,
            base_url: base_url.trim_end_matches('/').to_owned(),
            trusted_origins: vec![],
            session_cookie: SESSION_COOKIE.to_owned(),
            rates: RateSettings::default(),
            body_limit: 1024 * 1024,
        }
    }
}
