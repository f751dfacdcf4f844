//! What can be done with calendars: hand in a file, name an address, read it again, remove it with its meetings.

use std::time::Duration;

use atlas_jobs::{NewJob, enqueue};
use atlas_kernel::{Actor, Error, Result, Timestamp, UserId, WorkspaceId};
use atlas_module::plannable;
use atlas_store::{Db, Event, Executor, Tx, query, record_event};
use jiff::tz::TimeZone;

use super::store::{self, Difference};
use super::{Calendar, MOST_BYTES, MOST_CALENDARS, Reach, Reading, Summary, Text, fetch, no_calendar};
use crate::{CalendarId, may_arrange};

/// The job that reads one calendar.
pub const READ: &str = "plan.calendar";

/// A calendar that is handed in.
#[derive(Clone, Debug, Default)]
pub struct NewCalendar {
    /// What it is called; what it calls itself when empty.
    pub name: String,
    /// The member's e-mail address in it, when it is another than in Atlas.
    pub own_address: String,
    /// Its text, or where it is.
    pub from: String,
}

/// A file that was read, and what it is to be called.
#[derive(Clone, Debug)]
pub struct FileRead {
    calendar: Calendar,
    reading: Reading,
}

/// Reads a file that a member hands in. Outside of any transaction: reading is work, and nobody else is to wait for it.
///
/// # Errors
/// Field errors on `calendar` and `name`; denied; or whatever the database answers.
pub async fn read_file(db: &Db, actor: &Actor, member: UserId, new: &NewCalendar) -> Result<FileRead> {
    may_arrange(actor, member)?;
    if new.from.len() > MOST_BYTES {
        return Err(Error::field("calendar", "too_large", "at most 5 MiB; nothing of it was taken"));
    }
    let text = parse(new.from.clone()).await?.ok_or_else(no_calendar)?;
    let named = text.name.clone().filter(|name| !name.is_empty());
    let name = named_or(&new.name, named.as_deref().unwrap_or("Calendar file"))?;
    let own_address = own_address(&new.own_address)?;
    let now = db.clock().now();
    let mine = store::of_member(db, actor.workspace, member).await?;
    let mut calendar = match mine.into_iter().find(|one| one.address.is_none() && one.name == name) {
        Some(before) => before,
        None => blank(now, member, name),
    };
    calendar.own_address = own_address.or(calendar.own_address);
    let reading = work_out(db, actor.workspace, &calendar, text, now).await?;
    Ok(FileRead { calendar, reading })
}

/// Takes in a file. One with the name of a file handed in before takes its place; the same file twice changes nothing.
///
/// # Errors
/// A conflict when there are too many; denied; or whatever the database answers.
pub async fn add_file(tx: &Tx, actor: &Actor, new: &NewCalendar, file: &FileRead) -> Result<(Calendar, Difference)> {
    let FileRead { calendar, reading } = file;
    may_arrange(actor, calendar.user_id)?;
    crate::plan::store::lock(tx, actor.workspace).await?;
    let mine = store::of_member(tx, actor.workspace, calendar.user_id).await?;
    // Another of its name may have come or gone since it was read.
    let id = match mine.iter().find(|one| one.address.is_none() && one.name == calendar.name) {
        Some(before) => before.id,
        None => room_for_one(&mine).map(|()| CalendarId::new(tx.now()))?,
    };
    let mut calendar = Calendar { id, content: Some(new.from.clone()), ..calendar.clone() };
    let difference = keep(tx, actor, &mut calendar, reading).await?;
    Ok((calendar, difference))
}

/// Reads a text, on a thread where nobody waits for the next one's turn.
pub(super) async fn parse(content: String) -> Result<Option<Text>> {
    tokio::task::spawn_blocking(move || super::read(&content)).await.map_err(Error::internal)
}

/// What of a text takes the time of the calendar's member.
pub(super) async fn work_out(db: &Db, workspace: WorkspaceId, calendar: &Calendar, text: Text, now: Timestamp) -> Result<Reading> {
    let (zone, email) = who(db, workspace, calendar.user_id).await?;
    let calendar = calendar.clone();
    tokio::task::spawn_blocking(move || calendar.reading(&text, &zone, &email, now)).await.map_err(Error::internal)
}

/// Names an address; it is read by a job at once, and again and again.
///
/// # Errors
/// Field errors on `address` and `name`; denied; or whatever the database answers.
pub async fn add_address(tx: &Tx, actor: &Actor, reach: &Reach, member: UserId, new: &NewCalendar) -> Result<Calendar> {
    may_arrange(actor, member)?;
    let url = fetch::address(&new.from, reach.allow_private)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let name = named_or(&new.name, &host)?;
    let own_address = own_address(&new.own_address)?;
    crate::plan::store::lock(tx, actor.workspace).await?;
    let mine = store::of_member(tx, actor.workspace, member).await?;
    for one in &mine {
        if let Some(sealed) = &one.address
            && reach.vault.unseal(actor.workspace, &aad(one.id), sealed)?.as_slice() == url.as_str().as_bytes()
        {
            return Err(Error::field("address", "taken", format!("another than that of “{}”, which is read already", one.name)));
        }
    }
    room_for_one(&mine)?;
    let mut calendar = blank(tx.now(), member, name);
    calendar.own_address = own_address;
    calendar.address = Some(reach.vault.seal(actor.workspace, &aad(calendar.id), url.as_str().as_bytes()));
    calendar.host = Some(host);
    store::put(tx, actor.workspace, &calendar).await?;
    tell(tx, actor, &calendar, "plan.calendar_added", "added the calendar", String::new()).await?;
    soon(tx, actor.workspace, calendar.id).await?;
    Ok(calendar)
}

/// Reads an address again now.
///
/// # Errors
/// Not found; denied; or whatever the database answers.
pub async fn refresh(tx: &Tx, actor: &Actor, id: CalendarId) -> Result<Calendar> {
    let calendar = mine(tx, actor, id).await?;
    soon(tx, actor.workspace, id).await?;
    tell(tx, actor, &calendar, "plan.calendar_asked", "asked for the calendar", String::new()).await?;
    Ok(calendar)
}

/// Removes a calendar with every meeting that was read from it.
///
/// # Errors
/// Not found; denied; or whatever the database answers.
pub async fn remove(tx: &Tx, actor: &Actor, id: CalendarId) -> Result<u64> {
    let calendar = mine(tx, actor, id).await?;
    crate::plan::store::lock(tx, actor.workspace).await?;
    let meetings = store::remove(tx, actor.workspace, id).await?;
    let change = format!("{} of it are gone", atlas_web::ui::plural(meetings as usize, "meeting", "meetings"));
    tell(tx, actor, &calendar, "plan.calendar_removed", "removed the calendar", change).await?;
    plannable::changed(tx, actor.workspace).await?;
    Ok(meetings)
}

/// Writes what was read: the calendar, its meetings, and when those differ an event and a wish for a new plan.
///
/// # Errors
/// Whatever the database answers.
pub async fn keep(tx: &Tx, actor: &Actor, calendar: &mut Calendar, reading: &Reading) -> Result<Difference> {
    calendar.summary = Summary::of(reading);
    calendar.problem = None;
    calendar.read_at = Some(tx.now());
    calendar.tried_at = tx.now();
    store::put(tx, actor.workspace, calendar).await?;
    let difference = store::put_meetings(tx, actor.workspace, calendar, &reading.taken, tx.now() - super::BEHIND).await?;
    if !difference.is_none() {
        let Difference { added, changed, removed } = difference;
        tell(tx, actor, calendar, "plan.calendar_read", "read the calendar", format!("{added} new, {changed} changed, {removed} gone"))
            .await?;
        plannable::changed(tx, actor.workspace).await?;
    }
    tx.touch_topic(actor.workspace, "calendars");
    Ok(difference)
}

/// What binds a sealed address to its calendar.
pub(super) fn aad(id: CalendarId) -> String {
    format!("calendar {id}")
}

/// Lets the calendar be read at once.
pub(super) async fn soon(tx: &Tx, workspace: WorkspaceId, id: CalendarId) -> Result<()> {
    let key = format!("{READ}:{id}");
    enqueue(tx, NewJob::new(workspace, READ, id).unique(key.clone()).after(Duration::ZERO)).await?;
    atlas_jobs::hasten(tx, workspace, &key).await.map(|_| ())
}

async fn mine(tx: &Tx, actor: &Actor, id: CalendarId) -> Result<Calendar> {
    actor.may(&crate::PLAN_WRITE)?;
    let calendar = store::one(tx, actor.workspace, id).await?.ok_or(Error::NotFound("calendar"))?;
    may_arrange(actor, calendar.user_id)?;
    Ok(calendar)
}

fn blank(now: Timestamp, member: UserId, name: String) -> Calendar {
    Calendar {
        id: CalendarId::new(now),
        user_id: member,
        name,
        own_address: None,
        address: None,
        host: None,
        etag: None,
        changed: None,
        content: None,
        summary: Summary::default(),
        problem: None,
        read_at: None,
        tried_at: now,
    }
}

fn room_for_one(mine: &[Calendar]) -> Result<()> {
    if mine.len() < MOST_CALENDARS {
        return Ok(());
    }
    Err(Error::conflict("too_many", format!("{MOST_CALENDARS} calendars are read already. Remove one first; nothing was changed.")))
}

fn named_or(name: &str, otherwise: &str) -> Result<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() > 100 {
        return Err(Error::field("name", "too_long", "at most 100 characters"));
    }
    Ok(if name.is_empty() { otherwise.chars().take(100).collect() } else { name })
}

fn own_address(text: &str) -> Result<Option<String>> {
    let text = text.trim().to_lowercase();
    if !text.is_empty() && (!text.contains('@') || text.len() > 254) {
        return Err(Error::field("ownAddress", "invalid", "an e-mail address, or nothing"));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A member's time zone and e-mail address.
async fn who(on: &dyn Executor, workspace: WorkspaceId, user: UserId) -> Result<(TimeZone, String)> {
    let row: Option<(String, String)> = query(
        "SELECT u.time_zone, u.email FROM memberships m JOIN users u ON u.id = m.user_id \
         WHERE m.workspace_id = $1 AND m.user_id = $2 AND m.removed_at IS NULL",
    )
    .bind(workspace)
    .bind(user)
    .first(on)
    .await?;
    let (zone, email) = row.ok_or_else(|| Error::field("member", "unknown", "not a member of this workspace"))?;
    Ok((TimeZone::get(&zone).unwrap_or(TimeZone::UTC), email))
}

async fn tell(tx: &Tx, actor: &Actor, calendar: &Calendar, operation: &'static str, verb: &str, change: String) -> Result<()> {
    let data = serde_json::json!({ "verb": verb, "name": calendar.name, "change": change });
    record_event(tx, actor, Event::new(tx.now(), operation, "plan", calendar.id, data)).await?;
    tx.touch_topic(actor.workspace, "calendars");
    Ok(())
}
