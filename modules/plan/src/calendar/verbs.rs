//! What can be done with hours and busy time; each change plans anew in its own transaction.

use atlas_kernel::{Actor, Error, Result, Timestamp, UserId, random_bytes};
use atlas_store::Tx;

use super::{Busy, BusyKind, Hours, store};
use crate::plan::Undo;
use crate::replan::{Replanned, Turn, Why, replan};
use crate::{BusyId, Planning, may_arrange};

/// A stretch of time to be taken.
#[derive(Clone, Debug)]
pub struct NewBusy {
    /// Whose time.
    pub member: UserId,
    /// What takes it.
    pub kind: BusyKind,
    /// What people read; the kind's name when empty.
    pub title: String,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub end: Timestamp,
}

/// Adds a meeting, time kept free, or an absence.
///
/// # Errors
/// Field errors; denied; or whatever the database answers.
pub async fn add(planning: &Planning, tx: &Tx, actor: &Actor, new: NewBusy) -> Result<(Busy, Replanned)> {
    may_arrange(actor, new.member)?;
    let turn = Turn::take(tx, actor.workspace).await?;
    let title = new.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = if title.is_empty() { new.kind.label().to_owned() } else { title };
    let busy = Busy {
        id: BusyId::new(tx.now()),
        user_id: new.member,
        kind: new.kind,
        title,
        start_at: new.start,
        finish_at: new.end,
        source: None,
    };
    busy.check()?;
    if !atlas_identity::all_people(tx, actor.workspace).await?.iter().any(|person| person.id == new.member) {
        return Err(Error::field("member", "unknown", "not a member of this workspace"));
    }
    store::put_busy(tx, actor.workspace, &busy).await?;
    let why = Why { said: format!("“{}” was added", busy.title), undo: vec![Undo::Busy(busy.id, None)], turn, ..Why::default() };
    let replanned = replan(planning, tx, actor, why).await?;
    Ok((busy, replanned))
}

/// Moves or renames busy time.
///
/// # Errors
/// Not found; field errors; denied; or whatever the database answers.
pub async fn edit(
    planning: &Planning,
    tx: &Tx,
    actor: &Actor,
    id: BusyId,
    title: Option<String>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
) -> Result<(Busy, Replanned)> {
    let turn = Turn::take(tx, actor.workspace).await?;
    let before = store::busy(tx, actor.workspace, id).await?.ok_or(Error::NotFound("busy time"))?;
    may_arrange(actor, before.user_id)?;
    entered_here(&before)?;
    let mut after = before.clone();
    after.title = title.unwrap_or(after.title);
    after.start_at = start.unwrap_or(after.start_at);
    after.finish_at = end.unwrap_or(after.finish_at);
    after.check()?;
    store::put_busy(tx, actor.workspace, &after).await?;
    let why = Why { said: format!("“{}” was changed", after.title), undo: vec![Undo::Busy(id, Some(before))], turn, ..Why::default() };
    let replanned = replan(planning, tx, actor, why).await?;
    Ok((after, replanned))
}

/// Removes busy time.
///
/// # Errors
/// As [`edit`].
pub async fn remove(planning: &Planning, tx: &Tx, actor: &Actor, id: BusyId) -> Result<Replanned> {
    let turn = Turn::take(tx, actor.workspace).await?;
    let before = store::busy(tx, actor.workspace, id).await?.ok_or(Error::NotFound("busy time"))?;
    may_arrange(actor, before.user_id)?;
    entered_here(&before)?;
    store::remove_busy(tx, actor.workspace, id).await?;
    let why = Why { said: format!("“{}” was removed", before.title), undo: vec![Undo::Busy(id, Some(before))], turn, ..Why::default() };
    replan(planning, tx, actor, why).await
}

/// What another calendar says would come back with its next reading.
fn entered_here(busy: &Busy) -> Result<()> {
    if busy.source.is_none() {
        return Ok(());
    }
    Err(Error::conflict("imported", "This was read from another calendar. Change it there, or remove that calendar. Nothing was changed."))
}

/// Sets when a member works.
///
/// # Errors
/// Field errors; denied; or whatever the database answers.
pub async fn set_hours(planning: &Planning, tx: &Tx, actor: &Actor, member: UserId, hours: Hours) -> Result<Replanned> {
    may_arrange(actor, member)?;
    hours.check()?;
    let turn = Turn::take(tx, actor.workspace).await?;
    let before = store::hours(tx, actor.workspace, member).await?;
    store::put_hours(tx, actor.workspace, member, &hours).await?;
    let why = Why { said: "Working hours were changed".into(), undo: vec![Undo::Hours(member, before)], turn, ..Why::default() };
    replan(planning, tx, actor, why).await
}

/// The digest under which a feed's secret is kept.
pub fn feed_digest(secret: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(secret.as_bytes()))
}

/// Makes a new secret for the member's feed; an older one no longer works.
///
/// # Errors
/// Denied; or whatever the database answers.
pub async fn open_feed(tx: &Tx, actor: &Actor) -> Result<String> {
    actor.may(&crate::PLAN_WRITE)?;
    let member = actor.person()?;
    let secret = hex::encode(random_bytes::<24>());
    store::put_feed(tx, actor.workspace, member, Some(feed_digest(&secret))).await?;
    tell(tx, actor, member, "plan.feed_opened", "opened the calendar feed of").await?;
    Ok(secret)
}

/// Ends the member's feed.
///
/// # Errors
/// As [`open_feed`].
pub async fn close_feed(tx: &Tx, actor: &Actor) -> Result<()> {
    actor.may(&crate::PLAN_WRITE)?;
    let member = actor.person()?;
    store::put_feed(tx, actor.workspace, member, None).await?;
    tell(tx, actor, member, "plan.feed_closed", "closed the calendar feed of").await
}

async fn tell(tx: &Tx, actor: &Actor, member: UserId, operation: &'static str, verb: &str) -> Result<()> {
    let data = serde_json::json!({ "verb": verb, "name": actor.name });
    atlas_store::record_event(tx, actor, atlas_store::Event::new(tx.now(), operation, "plan", member, data)).await.map(|_| ())
}
