//! What records that are landed together share: who of them is unknown, and what was looked up once for all.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use atlas_connect::{Arrival, Coming, What, mapped_many};
use atlas_kernel::{ConnectionId, Ref, Result, WorkspaceId};
use atlas_store::{Tx, query};

use super::{line, tombstones};
use crate::checks::tag_key;
use crate::ids::TagId;
use crate::{membership, tag};

/// The provider's ids of those that nobody knows yet.
pub(super) struct Strangers {
    connection: ConnectionId,
    ids: Mutex<HashSet<String>>,
}

impl Strangers {
    pub fn new<'a>(connection: ConnectionId, ids: impl Iterator<Item = &'a String>) -> Self {
        Self { connection, ids: Mutex::new(ids.cloned().collect()) }
    }

    /// Whether what arrives is one of them; from now on it is known.
    pub fn meet(&self, a: &Arrival, external_id: &str) -> bool {
        self.connection == a.connection && lock(&self.ids).remove(external_id)
    }
}

/// Those of these records that the provider took away, that a record stands for, or whose arrival was told as an event of this kind.
pub(super) async fn known_by_id(tx: &Tx, coming: &Coming<'_>, what: What, told_as: &str, ids: &[String]) -> Result<BTreeSet<String>> {
    let (workspace, connection) = (coming.workspace, coming.connection);
    let refs: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut known = tombstones::gone(tx, workspace, connection, what.as_str(), &refs).await?;
    known.extend(mapped_many(tx, workspace, connection, what, ids).await?.into_keys());
    let told =
        query("SELECT source_id FROM events WHERE workspace_id = $1 AND connection_id = $2 AND source_kind = $3 AND source_id IN ({list})");
    known.extend(told.bind(workspace).bind(connection).bind(told_as).bind_list(refs).values::<String>(tx).await?);
    Ok(known)
}

/// What a record can be recognised by: what it is, and how it reads.
pub(super) type Key = (&'static str, String);

/// Those of these keys that records here have already; a query for each kind of key.
pub(super) async fn taken(
    tx: &Tx,
    workspace: WorkspaceId,
    keys: &[Key],
    queries: [(&'static str, &'static str); 3],
) -> Result<HashSet<Key>> {
    let mut taken = HashSet::new();
    for (kind, sql) in queries {
        let of_kind: Vec<&str> = keys.iter().filter(|key| key.0 == kind).map(|key| key.1.as_str()).collect();
        if !of_kind.is_empty() {
            let found = query(sql).bind(workspace).bind_list(of_kind).values::<String>(tx).await?;
            taken.extend(found.into_iter().map(|key| (kind, key)));
        }
    }
    Ok(taken)
}

/// The tags that records name, looked up once.
pub(super) struct Tags(Mutex<HashMap<String, TagId>>);

impl Tags {
    /// Looks up those of these names that there are.
    pub async fn look_up<'a>(tx: &Tx, workspace: WorkspaceId, names: impl Iterator<Item = &'a String>) -> Result<Self> {
        let keys: BTreeSet<String> = names.map(|name| tag_key(name)).filter(|key| !key.is_empty()).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).take(1_000).collect();
        if keys.is_empty() {
            return Ok(Self(Mutex::default()));
        }
        let ask = query("SELECT name_key, id FROM tags WHERE workspace_id = $1 AND name_key IN ({list})");
        Ok(Self(Mutex::new(ask.bind(workspace).bind_list(keys).all(tx).await?.into_iter().collect())))
    }

    /// Puts what the connection says on a record that has no tags.
    pub async fn put(&self, tx: &Tx, a: &Arrival, record: &Ref, names: &[String], at: i64) -> Result<()> {
        let writer = membership::writer(a.connection);
        let mut put: BTreeSet<TagId> = BTreeSet::new();
        for name in names.iter().filter_map(|tag| line(Some(tag), 60)) {
            let key = tag_key(&name);
            if key.is_empty() {
                continue;
            }
            let known = lock(&self.0).get(&key).copied();
            let tag = match known {
                Some(tag) => tag,
                None => tag::store::named(tx, a.actor.workspace, &name, &writer).await?,
            };
            lock(&self.0).insert(key, tag);
            put.insert(tag);
        }
        tag::store::add(tx, a.actor.workspace, record, &put, &writer, at);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
