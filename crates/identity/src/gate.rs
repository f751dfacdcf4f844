//! The gate: checks passwords a few at a time, and makes whoever guesses too often wait.

mod failures;

use std::sync::Arc;
use std::time::Duration;

use atlas_kernel::{Error, Result};
use atlas_store::Db;
use tokio::sync::{Semaphore, SemaphorePermit};
use zeroize::Zeroizing;

use self::failures::Failures;
pub(crate) use self::failures::{Knock, forget_old};
use crate::PasswordHash;

/// How long a password check waits for its turn before the caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Checks passwords for one process; clones share their memory of failures.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    turns: Semaphore,
    failures: Failures,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A gate that checks as many passwords at once as there are processors, at most four: each takes 19 MiB meanwhile.
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self(Arc::new(Inner { turns: Semaphore::new(processors.min(4)), failures: Failures::default() }))
    }

    /// Hashes a new password for keeping; whether it is acceptable is the verbs' matter.
    ///
    /// # Errors
    /// Rate limited when too many passwords wait for their turn.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash> {
        let _turn = self.turn().await?;
        hash_aside(password).await
    }

    /// Whether the password is the one behind `kept`; failures count against `knock`.
    ///
    /// Without anything kept the answer is no, after the same work.
    pub(crate) async fn check(&self, db: &Db, knock: &Knock, password: &str, kept: Option<PasswordHash>) -> Result<bool> {
        self.0.failures.refuse_remembered(knock, db.clock().now())?;
        let _turn = self.turn().await?;
        // Looked at again after waiting for a turn: a burst of guesses cannot slip through while the first are checked.
        self.0.failures.refuse(db, knock).await?;
        let known = kept.is_some();
        let right = matches_aside(password, kept.unwrap_or_else(PasswordHash::nobodys)).await? && known;
        if right {
            self.0.failures.forgive(db, knock).await?;
        } else {
            self.0.failures.count(db, knock).await?;
        }
        Ok(right)
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        match tokio::time::timeout(PATIENCE, self.0.turns.acquire()).await {
            Ok(turn) => turn.map_err(Error::internal),
            Err(_) => Err(Error::RateLimited { retry_after: 5 }),
        }
    }
}

async fn hash_aside(password: &str) -> Result<PasswordHash> {
    let password = Zeroizing::new(password.to_owned());
    tokio::task::spawn_blocking(move || PasswordHash::of(&password)).await.map_err(Error::internal)?
}

async fn matches_aside(password: &str, kept: PasswordHash) -> Result<bool> {
    let password = Zeroizing::new(password.to_owned());
    tokio::task::spawn_blocking(move || kept.matches(&password)).await.map_err(Error::internal)
}
