//! `Idempotency-Key`: the same key and the same request get the same answer for 24 hours.

use std::time::Duration;

use atlas_kernel::{Actor, Error, Result, Timestamp, WorkspaceId};
use atlas_store::{Tx, query};
use axum::http::{HeaderMap, Method};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::reply::Reply;

/// How long answers are remembered.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// After so long without an answer, whoever was answering is taken for dead.
const BUSY: Duration = Duration::from_secs(5 * 60);
const MAX_LENGTH: usize = 255;
const HEADER: &str = "idempotency-key";

/// A key as one actor used it for one request.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    workspace: WorkspaceId,
    actor: String,
    key: String,
    request_hash: String,
}

/// What is known of a key.
pub(crate) enum Claim {
    /// Nothing: answer the request, then [`Key::remember`] with this mark.
    Mine(String),
    /// The answer given before.
    Replay(Reply),
    /// It was answered with a secret, which is not kept.
    Gone,
    /// It belongs to another request.
    Reused,
    /// Somebody is answering it at this moment.
    Busy,
}

atlas_store::row! {
    struct Known {
        request_hash: String,
        status: Option<i64>,
        headers: Option<Value>,
        body: Option<Vec<u8>>,
    }
}

const CLAIM: &str = "INSERT INTO idempotency_keys (workspace_id, actor, idempotency_key, request_hash, claim, busy_until, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace_id, actor, idempotency_key) DO UPDATE SET \
     request_hash = excluded.request_hash, claim = excluded.claim, busy_until = excluded.busy_until, expires_at = excluded.expires_at, \
     status = NULL, headers = NULL, body = NULL \
     WHERE idempotency_keys.expires_at <= $8 OR (idempotency_keys.status IS NULL AND idempotency_keys.busy_until <= $8 \
     AND idempotency_keys.request_hash = excluded.request_hash)";
const FIND: &str = "SELECT request_hash, status, headers, body FROM idempotency_keys \
     WHERE workspace_id = $1 AND actor = $2 AND idempotency_key = $3";
const REMEMBER: &str = "UPDATE idempotency_keys SET status = $1, headers = $2, body = $3 \
     WHERE workspace_id = $4 AND actor = $5 AND idempotency_key = $6 AND claim = $7";
const RELEASE: &str = "DELETE FROM idempotency_keys \
     WHERE workspace_id = $1 AND actor = $2 AND idempotency_key = $3 AND claim = $4 AND status IS NULL";

impl Key {
    /// The key of a request, if it carries one.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is empty, too long, repeated, or has other than printable ASCII characters.
    pub fn of(headers: &HeaderMap, actor: &Actor, request_hash: String) -> Result<Option<Self>> {
        let mut lines = headers.get_all(HEADER).iter();
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.next().is_some() {
            return Err(Error::field("Idempotency-Key", "repeated", "given more than once"));
        }
        let printable = |bytes: &[u8]| bytes.iter().all(|b| (b' '..=b'~').contains(b));
        let key = Some(line.as_bytes()).filter(|bytes| printable(bytes)).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let key = key.ok_or_else(|| Error::field("Idempotency-Key", "invalid", "printable ASCII characters only"))?;
        if key.is_empty() || key.len() > MAX_LENGTH {
            return Err(Error::field("Idempotency-Key", "too_long", "1 to 255 characters"));
        }
        let who = actor.user.map_or_else(|| actor.name.clone(), |user| user.to_string());
        Ok(Some(Self { workspace: actor.workspace, actor: who, key: key.to_owned(), request_hash }))
    }

    /// Takes the key for this request, or says what is known of it.
    ///
    /// A second transaction with the same key waits in the first statement until this one has ended.
    pub async fn claim(&self, tx: &Tx) -> Result<Claim> {
        let mark = hex::encode(atlas_kernel::random_bytes::<16>());
        let now = tx.now();
        let claiming = query(CLAIM).bind(self.workspace).bind(&self.actor).bind(&self.key).bind(&self.request_hash).bind(&mark);
        if claiming.bind(after(now, BUSY)).bind(after(now, KEPT)).bind(now).run(tx).await? == 1 {
            return Ok(Claim::Mine(mark));
        }
        let find = query(FIND).bind(self.workspace).bind(&self.actor).bind(&self.key);
        let Some(known) = find.first::<Known>(tx).await? else { return Ok(Claim::Busy) };
        if known.request_hash != self.request_hash {
            return Ok(Claim::Reused);
        }
        let Some(status) = known.status else { return Ok(Claim::Busy) };
        let reply = Reply::recall(status, known.headers.as_ref(), known.body.unwrap_or_default())?;
        Ok(reply.map_or(Claim::Gone, Claim::Replay))
    }

    /// Keeps the answer with the key.
    pub async fn remember(&self, tx: &Tx, mark: &str, reply: &Reply) -> Result<()> {
        let (headers, body) = reply.to_keep();
        let keep = query(REMEMBER).bind(i64::from(reply.status.as_u16())).bind(headers).bind(body);
        keep.bind(self.workspace).bind(&self.actor).bind(&self.key).bind(mark).run(tx).await.map(drop)
    }

    /// Gives the key back, so that the same request is run again.
    pub async fn release(&self, tx: &Tx, mark: &str) -> Result<()> {
        query(RELEASE).bind(self.workspace).bind(&self.actor).bind(&self.key).bind(mark).run(tx).await.map(drop)
    }
}

fn after(now: Timestamp, span: Duration) -> Timestamp {
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// What makes two requests the same: operation, path, query, precondition and body.
pub(crate) fn request_hash(method: &Method, path: &str, query: &str, if_match: Option<i64>, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    let if_match = if_match.map(|version| version.to_string()).unwrap_or_default();
    for part in [method.as_str(), path, query, &if_match] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(body);
    hex::encode(hash.finalize())
}

/// Forgets answers older than 24 hours; answers how many. To be run every hour or so.
///
/// # Errors
/// Whatever the database answers.
pub async fn sweep_idempotency(tx: &Tx, now: Timestamp) -> Result<u64> {
    query("DELETE FROM idempotency_keys WHERE expires_at <= $1").bind(now).run(tx).await
}

/// Forgets every remembered answer of a workspace: they quote records, so a purge takes them along.
///
/// # Errors
/// Whatever the database answers.
pub async fn forget_answers(tx: &Tx, workspace: WorkspaceId) -> Result<u64> {
    query("DELETE FROM idempotency_keys WHERE workspace_id = $1").bind(workspace).run(tx).await
}
