//! Sweeping: what has run out is deleted.

use atlas_kernel::Result;
use atlas_store::{Tx, query};

use crate::gate::forget_old;
use crate::session::expired_at;

/// Deletes sessions, invitations and counts of failures that have run out; done at every sign-in, and good on a schedule.
///
/// # Errors
/// Whatever the database answers.
pub async fn sweep(tx: &Tx) -> Result<()> {
    query("DELETE FROM sessions WHERE last_seen_at <= $1").bind(expired_at(tx.now())).run(tx).await?;
    query("DELETE FROM invitations WHERE expires_at <= $1").bind(tx.now()).run(tx).await?;
    forget_old(tx).await.map(|_| ())
}
