//! Several objects landed in one transaction: what is stored of them is asked for at once and written at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use atlas_kernel::Result;
use atlas_store::Tx;

use super::{Hold, Landed, Need, Planned};
use crate::connection::Connection;
use crate::raw::{self, Entry};
use crate::two_way::Rules;
use crate::versions::{self, ObjectState, Version};
use crate::{Coming, Connections, Landing};

/// An object's kind and its id at the provider.
type Key = (&'static str, String);

/// The object that a need names; none when no object of the provider is of this kind.
fn key_of(conns: &Connections, connection: &Connection, need: &Need) -> Option<Key> {
    Some((conns.object_of(&connection.provider, need.what)?.kind, need.id.clone()))
}

/// Objects on their way into the database; nothing is complete before [`Lot::finish`].
pub(crate) struct Lot<'a> {
    conns: &'a Connections,
    tx: &'a Tx,
    connection: &'a Connection,
    /// The numbers in the raw log that are this lot's.
    numbers: std::ops::Range<i64>,
    entries: Vec<raw::Sealed>,
    /// The line of each object that was asked for, as it is after what has landed so far.
    lines: HashMap<Key, Option<Version>>,
    changed: BTreeSet<Key>,
    /// What the objects hang on and nobody has asked for yet.
    needs: BTreeSet<Key>,
    rules: Option<Arc<Rules>>,
}

impl<'a> Lot<'a> {
    pub(super) async fn begin(
        conns: &'a Connections,
        tx: &'a Tx,
        connection: &'a Connection,
        items: impl IntoIterator<Item = (&Planned, Hold)>,
    ) -> Result<Self> {
        let (workspace, id) = (connection.workspace_id, connection.id);
        let items: Vec<(&Planned, Hold)> = items.into_iter().collect();
        let mut ids: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (item, _) in &items {
            ids.entry(item.object.kind).or_default().push(item.id.clone());
        }
        let count = items.len();
        // Whoever takes numbers is the only one that lands for the connection: "which is newer" is decided once.
        let numbers = if count == 0 { 0..0 } else { raw::take_numbers(tx, workspace, id, count).await? };
        let mut lines = HashMap::new();
        for (kind, ids) in ids {
            let mut stored = versions::versions_of(tx, workspace, id, kind, &ids).await?;
            lines.extend(ids.into_iter().map(|id| ((kind, id.clone()), stored.remove(&id))));
        }
        // What is only stored for now needs nothing yet.
        let items: Vec<&Planned> = items.into_iter().filter(|(_, hold)| *hold != Hold::ForNow).map(|(item, _)| item).collect();
        let needs = items.iter().flat_map(|item| &item.needs).filter_map(|need| key_of(conns, connection, need)).collect();
        let lot = Self { conns, tx, connection, numbers, entries: vec![], lines, changed: BTreeSet::new(), needs, rules: None };
        if items.len() > 1 {
            lot.prepare(&items).await?;
        }
        Ok(lot)
    }

    /// Lets the modules look up at once what they need for those that are news.
    async fn prepare(&self, items: &[&Planned]) -> Result<()> {
        let held = |item: &Planned| self.line(item).is_some_and(|line| line.state == ObjectState::Held);
        let news = items.iter().filter(|item| self.is_news(item) || held(item));
        let landings = news.flat_map(|item| item.landings.iter().map(|(_, landing)| landing)).collect();
        let coming = Coming { workspace: self.connection.workspace_id, connection: self.connection.id, landings };
        for intake in self.conns.intakes() {
            (intake.prepare)(self.tx, &coming).await?;
        }
        Ok(())
    }

    /// Lands an object: the raw entry, the modules' records, and the object's line, together.
    ///
    /// What is held is only stored.
    pub async fn land(&mut self, item: &Planned, hold: Hold) -> Result<Landed> {
        let before = self.line(item).cloned();
        if let Some(landed) = self.nothing_new(item, before.as_ref()) {
            return Ok(landed);
        }
        if before.is_some() && item.takes_words_away() {
            self.forget(item).await?;
        }
        let seq = self.append(item).await?;
        let held = item.state == ObjectState::Present
            && match hold {
                Hold::No => false,
                Hold::ForNeeds => self.misses_needs(item).await?,
                Hold::ForNow => true,
            };
        let state = if held { ObjectState::Held } else { item.state };
        if item.state == ObjectState::Present && before.as_ref().is_some_and(|line| line.state == ObjectState::Gone) {
            self.apply(&item.back()).await?;
        }
        self.put(item, item.line(seq, state, before.as_ref()));
        match state {
            ObjectState::Held => Ok(Landed::Held),
            ObjectState::Unreadable => Ok(Landed::Unreadable),
            ObjectState::Present | ObjectState::Gone => self.apply(&item.landings).await,
        }
    }

    /// Lands what was held, from the raw log.
    pub async fn land_held(&mut self, item: &Planned) -> Result<Landed> {
        match self.line(item).cloned() {
            Some(line) if line.state == ObjectState::Held && line.hash == item.hash => {
                self.put(item, Version { state: item.state, note: item.note.clone(), ..line });
                self.apply(&item.landings).await
            }
            _ => Ok(Landed::Stale),
        }
    }

    /// Whether an object would change anything if it were landed now.
    pub fn is_news(&self, item: &Planned) -> bool {
        self.line(item).is_none_or(|b| b.hash != item.hash && !b.is_newer_than(item.state, item.version, item.started))
    }

    /// Writes the raw entries and the objects' lines.
    pub async fn finish(self) -> Result<()> {
        let (workspace, id) = (self.connection.workspace_id, self.connection.id);
        raw::append(self.tx, workspace, id, self.entries).await?;
        let lines = self.changed.iter().filter_map(|key| self.lines.get(key)?.as_ref());
        versions::put_all(self.tx, workspace, id, lines).await?;
        self.tx.write_late().await
    }

    fn line(&self, item: &Planned) -> Option<&Version> {
        self.lines.get(&(item.object.kind, item.id.clone()))?.as_ref()
    }

    fn put(&mut self, item: &Planned, line: Version) {
        let key = (item.object.kind, item.id.clone());
        self.changed.insert(key.clone());
        self.lines.insert(key, Some(line));
    }

    /// What to answer when there is nothing to write: exactly this is stored, or something newer.
    fn nothing_new(&mut self, item: &Planned, before: Option<&Version>) -> Option<Landed> {
        let before = before?;
        let waiting = before.state == ObjectState::Held && item.state == ObjectState::Present;
        if before.hash == item.hash && (before.state == item.state || waiting) {
            self.put(item, Version { fetched_at: before.fetched_at.max(item.started), ..before.clone() });
            return Some(if waiting { Landed::Held } else { Landed::Same });
        }
        let hearsay = before.state == ObjectState::Gone && item.state != ObjectState::Gone && !item.by_id;
        (hearsay || before.is_newer_than(item.state, item.version, item.started)).then_some(Landed::Stale)
    }

    /// Erases the object's earlier answers, those of this lot too.
    async fn forget(&mut self, item: &Planned) -> Result<()> {
        self.entries.retain(|entry| !entry.is_of(item.object.kind, &item.id));
        raw::erase(self.tx, self.connection.workspace_id, self.connection.id, item.object.kind, &item.id).await.map(|_| ())
    }

    async fn append(&mut self, item: &Planned) -> Result<i64> {
        let (workspace, id) = (self.connection.workspace_id, self.connection.id);
        let seq = match self.numbers.next() {
            Some(seq) => seq,
            None => raw::take_numbers(self.tx, workspace, id, 1).await?.start,
        };
        let kind = if item.state == ObjectState::Gone { raw::GONE } else { raw::OBJECT };
        let (object, external_id) = (item.object.kind, item.id.as_str());
        let entry =
            Entry { kind, object, external_id, version: item.version, fetched_at: item.started, hash: &item.hash, body: &item.body };
        self.entries.push(self.conns.sealed(workspace, id, seq, &entry)?);
        Ok(seq)
    }

    /// Whether something that the object hangs on has been offered to no module yet, in the database or in this lot.
    async fn misses_needs(&mut self, item: &Planned) -> Result<bool> {
        let mut ids: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (kind, id) in std::mem::take(&mut self.needs) {
            ids.entry(kind).or_default().push(id);
        }
        for (kind, ids) in ids {
            let mut stored = versions::versions_of(self.tx, self.connection.workspace_id, self.connection.id, kind, &ids).await?;
            for id in ids {
                let line = stored.remove(&id);
                self.lines.entry((kind, id)).or_insert(line);
            }
        }
        let mut keys = item.needs.iter().filter_map(|need| key_of(self.conns, self.connection, need));
        Ok(keys.any(|key| self.lines.get(&key).and_then(Option::as_ref).is_none_or(|line| line.state == ObjectState::Held)))
    }

    async fn apply(&mut self, landings: &[(bool, Landing)]) -> Result<Landed> {
        let rules = match &self.rules {
            Some(rules) => rules.clone(),
            None => self.conns.rules_for(self.tx, self.connection, landings).await?,
        };
        if landings.iter().any(|(_, landing)| super::has_fields(landing)) {
            self.rules = Some(rules.clone());
        }
        self.conns.apply_by(self.tx, self.connection, landings, &rules).await.map(Landed::Applied)
    }
}
