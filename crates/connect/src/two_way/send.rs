//! Writing a record: look at it at the provider, judge each field, note what is to be written, write it, look at the answer.
//!
//! A crash at any point repeats at most one call: what is on its way is noted before, and whoever takes it up looks first.

use std::sync::Arc;
use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, Outcome};
use atlas_kernel::{Ref, Result};
use atlas_store::Tx;
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::{Map, Value};

use super::batch;
use super::conflicts::{self, Found};
use super::decide::Outgoing;
use super::judge::{Judged, judge};
use super::outlet::OutRecord;
use super::push::{PushJob, PushRow, claim, delay, next_due, settle};
use super::rules::{Rules, rules};
use super::state::{Memory, Place, UNDER_WAY, echo, memories, no_echo, remember};
use super::writes::{self, Intent, WriteState};
use crate::connection::{Connection, by_id};
use crate::heed::{ScopeState, scopes};
use crate::land::{Hold, plan};
use crate::line::{Line, Trouble};
use crate::pacer::Lane;
use crate::sync::unstorable;
use crate::{Connections, Failure, FailureClass, Object, What, Writes, activity, fetch, tally};

/// The kind of job that writes.
pub(crate) const JOB: &str = "connect.write";
/// Records written concurrently.
const AT_ONCE: usize = 8;
/// A record that failed this often in passing is given up with a line in the log.
const MOST_TRIES: i64 = 12;

/// Works off what is to be written for one connection.
pub(crate) async fn work(conns: Connections, ctx: JobCtx, job: PushJob) -> Result<Outcome, JobError> {
    let Some(connection) = by_id(&ctx.db, ctx.workspace, job.connection).await? else { return Ok(Outcome::Done) };
    let connector = conns.connector(&connection.provider)?;
    if !connection.works() || connection.paused || !may_write(&ctx, &connection, connector.writes.first()).await? {
        return Ok(Outcome::Done);
    }
    let line = conns.line(&connection)?;
    let sender = Arc::new(Sender { conns, ctx, connection, line });
    loop {
        let claimed = sender.claim().await?;
        if claimed.is_empty() {
            batch::finish(&sender.ctx, &sender.connection).await?;
            let now = sender.ctx.db.clock().now();
            return Ok(next_due(&sender.ctx.db, &sender.connection, now).await?.map_or(Outcome::Done, Outcome::Again));
        }
        let mut work: FuturesUnordered<_> = claimed.into_iter().map(|row| sender.clone().one(row)).collect();
        let mut barred = false;
        while let Some(done) = work.next().await {
            barred |= done? == Way::Barred;
        }
        if barred {
            // What waits is taken up when access or the permission is back.
            return Ok(Outcome::Done);
        }
        if sender.line.halt().is_raised() || sender.ctx.stopping() {
            return Ok(Outcome::Again(Duration::from_millis(200)));
        }
    }
}

async fn may_write(ctx: &JobCtx, connection: &Connection, writes: Option<&Writes>) -> Result<bool> {
    let Some(writes) = writes else { return Ok(false) };
    let known = scopes(&ctx.db, connection).await?;
    Ok(!known.iter().any(|row| row.scope == writes.scope && row.state == ScopeState::Missing))
}

struct Sender {
    conns: Connections,
    ctx: JobCtx,
    connection: Connection,
    line: Line,
}

/// Whether more can be written after a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// Access or a permission is missing: it would go wrong for every record.
    Barred,
}

/// One record on its way.
struct Parcel {
    what: What,
    writes: Writes,
    object: Object,
}

impl Sender {
    async fn claim(&self) -> Result<Vec<PushRow>> {
        let done = self.conns.db().write(|tx| async move {
            self.ctx.fence(&tx).await?;
            claim(&tx, &self.connection, AT_ONCE).await
        });
        done.await
    }

    fn place<'a>(&self, what: What, external_id: &'a str) -> Place<'a> {
        Place { workspace: self.connection.workspace_id, connection: self.connection.id, what, external_id }
    }

    async fn one(self: Arc<Self>, row: PushRow) -> Result<Way, JobError> {
        let connector = self.line.connector();
        let writes = connector.writes.iter().find(|w| w.what.as_str() == row.what).cloned();
        let parcel = writes.and_then(|writes| {
            let object = self.conns.object_of(connector.id, writes.what)?;
            Some(Parcel { what: writes.what, writes, object })
        });
        let Some(parcel) = parcel else {
            self.done(&row).await?;
            return Ok(Way::Open);
        };
        match self.deliver(&parcel, &row).await {
            Ok(()) => {}
            Err(Trouble::Halted) => self.again(&row, Duration::ZERO, row.tries).await?,
            Err(Trouble::Failed(failure, _)) => {
                self.conns.heed(&self.connection, parcel.writes.scope, &failure).await;
                match failure.class {
                    FailureClass::Auth | FailureClass::Scope | FailureClass::Plan => {
                        self.again(&row, Duration::ZERO, row.tries).await?;
                        return Ok(Way::Barred);
                    }
                    FailureClass::Gone => self.done(&row).await?,
                    _ if row.tries >= MOST_TRIES => self.give_up(&row, &failure).await?,
                    _ => {
                        let wait = crate::line::backoff(u32::try_from(row.tries).unwrap_or(0) + 3);
                        self.again(&row, wait, row.tries + 1).await?;
                    }
                }
            }
        }
        Ok(Way::Open)
    }

    /// Looks, judges, writes, looks at the answer.
    async fn deliver(&self, parcel: &Parcel, row: &PushRow) -> Result<(), Trouble> {
        let fetched = fetch::fetch(&self.line, Lane::Write, parcel.object, &row.external_id).await?;
        let planned = plan(&fetched, self.connection.live_since).map_err(|_| unstorable())?;
        let intents = self.judge(parcel, row, &planned).await.map_err(|error| unstored(&error))?;
        if intents.is_empty() {
            return Ok(());
        }
        let values: Map<String, Value> = intents.iter().map(|i| (i.field.to_owned(), i.after.clone())).collect();
        let request = (parcel.writes.update)(&row.external_id, &values);
        match self.line.call(Lane::Write, &request).await {
            Ok(good) => {
                let whole =
                    fetch::complete(&self.line, Lane::Write, parcel.object, &row.external_id, good.value, (good.started, self.line.now()))
                        .await?;
                let planned = plan(&whole, self.connection.live_since).map_err(|_| unstorable())?;
                self.written(parcel, row, &planned, &intents).await.map_err(|error| unstored(&error))
            }
            Err(Trouble::Failed(failure, answer)) if is_refusal(&failure) => {
                let twin = (parcel.writes.twin)(&answer);
                self.refused(parcel, row, &intents, &failure, twin).await.map_err(|error| unstored(&error))
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Lands what the provider has now, and decides field by field what to write; a record with nothing to write is done.
    async fn judge(&self, parcel: &Parcel, row: &PushRow, planned: &crate::land::Planned) -> Result<Vec<Intent>> {
        let done = self.conns.db().write(|tx| async move {
            self.ctx.fence(&tx).await?;
            self.conns.land(&tx, &self.connection, planned, Hold::No).await?;
            let place = self.place(parcel.what, &row.external_id);
            let rules = rules(&tx, self.line.connector(), place.workspace, place.connection).await?;
            let record = crate::mapped(&tx, place.workspace, place.connection, place.what, place.external_id).await?;
            let found = match &record {
                Some(record) => self.read(&tx, parcel.what, record).await?,
                None => None,
            };
            let intents = match &found {
                Some(found) if !row.undo.is_empty() => self.take_back(&tx, &place, &rules, row, found).await?,
                Some(found) => self.judge_fields(&tx, &place, &rules, row, found).await?,
                None => vec![],
            };
            let (calls, _, too_many) = self.line.take_counts();
            tally::add(&tx, place.workspace, place.connection, tally::CALLS, calls).await?;
            tally::add(&tx, place.workspace, place.connection, tally::TOO_MANY, too_many).await?;
            // What was on its way when somebody stopped: the provider has it, or it is written now.
            let arrived = |field: &str, after: &Option<Value>| {
                let theirs = found.as_ref().and_then(|found| found.field(field)).and_then(|ours| ours.said.clone());
                let rule = rules.of(place.what, field);
                rule.is_some_and(|rule| theirs.and_then(|theirs| rule.value(&theirs)) == *after)
            };
            writes::end(&tx, &place, |write| {
                let lost = || (WriteState::Refused, Some("stopped_on_the_way".to_owned()), None);
                if arrived(&write.field, &write.after) { (WriteState::Written, None, None) } else { lost() }
            })
            .await?;
            match (&record, intents.is_empty()) {
                (Some(record), false) => {
                    writes::begin(&tx, &place, record, row.batch_id, &intents).await?;
                    for intent in &intents {
                        echo(&tx, &place, intent.field, &intent.after, UNDER_WAY).await?;
                    }
                }
                _ => settle(&tx, &self.connection, row).await?,
            }
            Ok(intents)
        });
        done.await
    }

    async fn read(&self, tx: &Tx, what: What, record: &Ref) -> Result<Option<OutRecord>> {
        let Some(outlet) = self.conns.outlet(what) else { return Ok(None) };
        let found = (outlet.read)(tx, self.connection.workspace_id, self.connection.id, std::slice::from_ref(record)).await?;
        Ok(found.into_iter().next())
    }

    async fn judge_fields(&self, tx: &Tx, place: &Place<'_>, rules: &Rules, row: &PushRow, found: &OutRecord) -> Result<Vec<Intent>> {
        let memories = memories(tx, place).await?;
        let waiting = conflicts::open_fields(tx, place).await?;
        let mut intents = vec![];
        for (field, rule) in rules.going_out(place.what) {
            let Some(ours) = found.field(field) else { continue };
            if waiting.iter().any(|open| open == field) {
                continue;
            }
            let memory = memories.get(field).cloned().unwrap_or_default();
            let Judged { verdict, value, said, base } = judge(rule, ours, &memory, row.batch_id.is_some());
            match (verdict, value) {
                (Outgoing::Write, Some(after)) => intents.push(Intent { field, before: said, after, by: ours.by.clone() }),
                (Outgoing::Ask, value) => {
                    let both = Found { code: "both_changed", base, ours: value, theirs: said, twin: None };
                    conflicts::open(tx, place, &found.record, field, both).await?;
                }
                _ => {}
            }
        }
        Ok(intents)
    }

    /// What to write so that a batch is undone: what was there before, where the provider still has what the batch wrote.
    async fn take_back(&self, tx: &Tx, place: &Place<'_>, rules: &Rules, row: &PushRow, found: &OutRecord) -> Result<Vec<Intent>> {
        let mut intents: Vec<Intent> = vec![];
        for write in writes::written_by_batch(tx, place, &row.undo).await? {
            let mapping = self.line.connector().fields.iter().find(|m| m.what == place.what && m.field == write.field);
            let (Some(mapping), Some(ours)) = (mapping, found.field(&write.field)) else { continue };
            let theirs = ours.said.as_ref().and_then(|said| (mapping.project)(said));
            if theirs == write.before {
                writes::mark(tx, &self.connection, write.id, WriteState::Undone).await?;
            } else if theirs == write.after {
                // The value here stays and is not written again until somebody changes it.
                let held = rules.of(place.what, mapping.field).and_then(|rule| rule.value(&ours.value));
                remember(tx, place, mapping.field, &Memory { base: None, held }).await?;
                let after = write.before.unwrap_or(Value::Null);
                intents.push(Intent { field: mapping.field, before: write.after, after, by: None });
            } else {
                writes::mark(tx, &self.connection, write.id, WriteState::Kept).await?;
            }
        }
        Ok(intents)
    }

    /// The provider has it: its answer lands, and what was written is what both sides have in common.
    async fn written(&self, parcel: &Parcel, row: &PushRow, planned: &crate::land::Planned, intents: &[Intent]) -> Result<()> {
        let done = self.conns.db().write(|tx| async move {
            self.ctx.fence(&tx).await?;
            let place = self.place(parcel.what, &row.external_id);
            let version = planned.version.saturating_mul(1_000_000);
            for intent in intents {
                echo(&tx, &place, intent.field, &intent.after, version).await?;
            }
            self.conns.land(&tx, &self.connection, planned, Hold::No).await?;
            writes::end(&tx, &place, |_| (WriteState::Written, None, None)).await?;
            for undone in writes::written_by_batch(&tx, &place, &row.undo).await? {
                if intents.iter().any(|intent| intent.field == undone.field) {
                    writes::mark(&tx, &self.connection, undone.id, WriteState::Undone).await?;
                }
            }
            let (calls, _, too_many) = self.line.take_counts();
            tally::add(&tx, place.workspace, place.connection, tally::CALLS, calls).await?;
            tally::add(&tx, place.workspace, place.connection, tally::TOO_MANY, too_many).await?;
            tally::add(&tx, place.workspace, place.connection, tally::WRITES, i64::try_from(intents.len()).unwrap_or(i64::MAX)).await?;
            if self.conns.may_touch(place.connection) {
                tx.touch(place.workspace, &self.connection.to_ref());
            }
            settle(&tx, &self.connection, row).await
        });
        done.await
    }

    /// The provider refused: the record's line is done, and a person is told.
    async fn refused(&self, parcel: &Parcel, row: &PushRow, intents: &[Intent], failure: &Failure, twin: Option<String>) -> Result<()> {
        let (code, twin) = (&self.conns.known_code(&self.connection, failure), &twin);
        let done = self.conns.db().write(|tx| async move {
            self.ctx.fence(&tx).await?;
            let place = self.place(parcel.what, &row.external_id);
            let record = crate::mapped(&tx, place.workspace, place.connection, place.what, place.external_id).await?;
            writes::end(&tx, &place, |_| (WriteState::Refused, Some(code.clone()), Some(failure.message.clone()))).await?;
            for intent in intents {
                no_echo(&tx, &place, intent.field, &intent.after).await?;
                let clash = failure.class == FailureClass::Conflict && self.is_key(parcel.what, intent.field);
                if let (true, Some(record)) = (clash, &record) {
                    let found = Found {
                        code: "taken",
                        base: intent.before.clone(),
                        ours: Some(intent.after.clone()),
                        theirs: intent.before.clone(),
                        twin: twin.clone(),
                    };
                    conflicts::open(&tx, &place, record, intent.field, found).await?;
                }
            }
            let fields = intents.iter().map(|i| i.field).collect::<Vec<_>>().join(", ");
            let detail = format!("{code}: {fields} of a {} not written. {}", parcel.what.as_str(), failure.message);
            activity::note(&tx, place.workspace, place.connection, activity::Level::Warning, "write.refused", detail).await?;
            settle(&tx, &self.connection, row).await
        });
        done.await
    }

    /// Whether the provider lets only one record have a field's value.
    fn is_key(&self, what: What, field: &str) -> bool {
        self.line.connector().fields.iter().any(|m| m.what == what && m.field == field && m.unique)
    }

    async fn done(&self, row: &PushRow) -> Result<()> {
        self.conns.db().write(|tx| async move { settle(&tx, &self.connection, row).await }).await
    }

    async fn again(&self, row: &PushRow, by: Duration, tries: i64) -> Result<()> {
        self.conns.db().write(|tx| async move { delay(&tx, &self.connection, row, by, tries).await }).await
    }

    async fn give_up(&self, row: &PushRow, failure: &Failure) -> Result<()> {
        self.conns
            .db()
            .write(|tx| async move {
                let detail = format!(
                    "{}: a {} was not written after {MOST_TRIES} tries. It is written when it is edited next",
                    failure.code, row.what
                );
                let (workspace, id) = (self.connection.workspace_id, self.connection.id);
                activity::note(&tx, workspace, id, activity::Level::Error, "write.given_up", detail).await?;
                settle(&tx, &self.connection, row).await
            })
            .await
    }
}

/// Whether trying again cannot help.
fn is_refusal(failure: &Failure) -> bool {
    matches!(failure.class, FailureClass::Conflict | FailureClass::Input)
}

fn unstored(error: &atlas_kernel::Error) -> Trouble {
    tracing::error!(%error, "what was to be written could not be noted");
    unstorable()
}
