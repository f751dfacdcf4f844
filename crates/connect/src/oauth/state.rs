//! The state of a consent under way: a random word, known to us only by its hash, of one person in one session.

use atlas_kernel::{Result, SessionId, UserId, random_bytes};
use atlas_store::{Tx, query};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use crate::connection::{Connection, Secret};

/// A consent takes no longer than this.
const VALID: SignedDuration = SignedDuration::from_mins(10);

/// A word that nobody can guess.
pub(crate) fn new_word() -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>()))
}

fn hash(word: &str) -> Vec<u8> {
    Sha256::digest(word.as_bytes()).to_vec()
}

/// Remembers that this person began in this session.
pub(crate) async fn remember(tx: &Tx, connection: &Connection, person: UserId, session: SessionId, word: &Secret) -> Result<()> {
    query("DELETE FROM connect_states WHERE workspace_id = $1 AND expires_at < $2")
        .bind(connection.workspace_id)
        .bind(tx.now())
        .run(tx)
        .await?;
    query("INSERT INTO connect_states (workspace_id, hash, connection_id, user_id, session_id, expires_at) VALUES ($1,$2,$3,$4,$5,$6)")
        .bind(connection.workspace_id)
        .bind(hash(word.expose()))
        .bind(connection.id)
        .bind(person)
        .bind(session)
        .bind(tx.now().checked_add(VALID).unwrap_or(tx.now()))
        .run(tx)
        .await
        .map(|_| ())
}

/// Whether this person began in this session not long ago; the word then works no more.
pub(crate) async fn redeem(tx: &Tx, connection: &Connection, person: UserId, session: SessionId, word: &str) -> Result<bool> {
    let used = query(
        "DELETE FROM connect_states WHERE workspace_id = $1 AND hash = $2 AND connection_id = $3 AND user_id = $4 AND session_id = $5 \
         AND expires_at >= $6",
    )
    .bind(connection.workspace_id)
    .bind(hash(word))
    .bind(connection.id)
    .bind(person)
    .bind(session)
    .bind(tx.now())
    .run(tx)
    .await?;
    Ok(used == 1)
}
