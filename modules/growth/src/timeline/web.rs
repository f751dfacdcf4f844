//! The timeline as a page shows it: by day, newest first, runs merged, messages as quotes with what can be done about them.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::{Ref, Result, Timestamp};
use atlas_store::{EventQuery, kind_counts};
use atlas_web::ui::{Safe, date_label};
use atlas_web::{Ctx, RenderedAction};
use jiff::civil::Date;
use serde::Deserialize;

use super::{Item, read};

mod entry;

use entry::entries;

/// The kinds that can be shown alone: word in the address, name, kind in the log.
const KINDS: [(&str, &str, &str); 5] = [
    ("", "All", ""),
    ("conversations", "Conversations", "chat"),
    ("notes", "Notes", "note"),
    ("deals", "Deals", "deal"),
    ("tasks", "Tasks", "task"),
];

/// Items a page of the timeline shows before "Show earlier".
const ITEMS: usize = 50;

/// Which part of a timeline is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// The kind shown alone.
    pub kind: String,
    /// Where the part starts.
    pub cursor: String,
    /// The day shown last before it, which needs no heading again.
    pub day: String,
}

/// The timeline section of a record's page.
#[derive(Template)]
#[template(path = "timeline/section.html")]
pub(crate) struct Section {
    /// The address of the timeline, below the record's.
    base: String,
    /// The record's page.
    page: String,
    subject: Ref,
    tabs: Vec<Tab>,
    kind: String,
    earlier: Earlier,
    note: &'static str,
}

struct Tab {
    label: &'static str,
    word: &'static str,
    count: i64,
    current: bool,
}

/// A run of days, and the link to those before.
#[derive(Template)]
#[template(path = "timeline/days.html")]
pub(crate) struct Earlier {
    base: String,
    page: String,
    kind: String,
    subject: Ref,
    days: Vec<Day>,
    more: Option<(String, String)>,
    can_write_notes: bool,
}

struct Day {
    /// The heading; empty when the day began on the part before.
    label: String,
    entries: Vec<Entry>,
}

/// One thing that happened, or several that are told as one.
pub(crate) struct Entry {
    id: String,
    kind: String,
    at: Timestamp,
    time: String,
    pin: &'static str,
    actor: String,
    verb: String,
    label: String,
    url: Option<String>,
    to: Option<String>,
    change: Option<String>,
    reason: Option<String>,
    badge: Option<(String, bool)>,
    quotes: Vec<Quote>,
    /// Messages that are not shown: how many, and where they are.
    rest: Option<(String, String)>,
    provider: Option<(String, String)>,
}

/// Words somebody wrote.
pub(crate) struct Quote {
    id: String,
    html: Safe,
    from_us: bool,
    is_note: bool,
    footer: Option<String>,
    attachments: Vec<String>,
    actions: Vec<RenderedAction>,
    /// The note's id, when it can be changed here.
    note: Option<String>,
    /// What was done without words, such as closing; told as a line.
    deed: Option<String>,
}

/// The section for a record: counts, the newest items, the link to those before.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn section(ctx: &Ctx, subject: &Ref, page: String, asked: &Asked) -> Result<Section> {
    let counts: HashMap<String, i64> = kind_counts(&ctx.app.db, ctx.actor.workspace, subject).await?.into_iter().collect();
    let all: i64 = counts.values().sum();
    let tab = |(word, label, kind): (&'static str, &'static str, &'static str)| Tab {
        label,
        word,
        count: if kind.is_empty() { all } else { counts.get(kind).copied().unwrap_or_default() },
        current: asked.kind == word,
    };
    let base = format!("{page}/timeline");
    let earlier = earlier(ctx, subject, page.clone(), asked).await?;
    let note = match asked.kind.as_str() {
        "conversations" => "No conversations yet. They appear here when a connection brings them.",
        "notes" => "No notes yet. Write the first one above.",
        "deals" => "Nothing has happened with a deal yet.",
        "tasks" => "Nothing has happened with a task yet.",
        _ => "Nothing has happened yet. Notes, conversations, deals and tasks appear here.",
    };
    Ok(Section {
        base,
        page,
        subject: subject.clone(),
        tabs: KINDS.into_iter().map(tab).collect(),
        kind: asked.kind.clone(),
        earlier,
        note,
    })
}

impl Section {
    fn is_empty(&self) -> bool {
        self.earlier.days.is_empty()
    }
}

/// A run of days from a cursor on.
///
/// # Errors
/// A field error for a bad cursor; whatever the database answers.
pub(crate) async fn earlier(ctx: &Ctx, subject: &Ref, page: String, asked: &Asked) -> Result<Earlier> {
    let kind = KINDS.iter().find(|(word, ..)| *word == asked.kind).map_or("", |(.., kind)| kind);
    let ask = EventQuery {
        kind: (!kind.is_empty()).then(|| kind.to_owned()),
        limit: ITEMS,
        cursor: (!asked.cursor.is_empty()).then(|| asked.cursor.clone()),
    };
    let found = read(&ctx.app.db, &ctx.app.nouns, ctx.actor.workspace, subject, &ask).await?;
    let actions = actions(ctx, &found.data).await?;
    let days = by_day(ctx, found.data, actions, asked.day.parse().ok());
    let last = days.last().and_then(|day| day.entries.last()).map(|entry| entry.at.to_zoned(ctx.actor.zone()).date().to_string());
    Ok(Earlier {
        base: format!("{page}/timeline"),
        page,
        kind: asked.kind.clone(),
        subject: subject.clone(),
        more: found.next_cursor.zip(last),
        days,
        can_write_notes: ctx.actor.may(&crate::access::NOTES_WRITE).is_ok(),
    })
}

/// What other modules offer on each message and note: one question a kind.
async fn actions(ctx: &Ctx, items: &[Item]) -> Result<HashMap<Ref, Vec<RenderedAction>>> {
    let mut all = HashMap::new();
    for kind in ["msg", "note"] {
        let records: Vec<Ref> =
            items.iter().filter(|item| item.body.is_some() && item.record.kind() == kind).map(|item| item.record.clone()).collect();
        if !records.is_empty() {
            all.extend(ctx.record_actions(kind, &records).await?);
        }
    }
    Ok(all)
}

fn by_day(ctx: &Ctx, items: Vec<Item>, mut actions: HashMap<Ref, Vec<RenderedAction>>, shown: Option<Date>) -> Vec<Day> {
    let (zone, today) = (ctx.actor.zone(), ctx.today());
    let mut days: Vec<(Date, Vec<Item>)> = Vec::new();
    for item in items {
        let date = item.at.to_zoned(zone.clone()).date();
        match days.last_mut() {
            Some((day, list)) if *day == date => list.push(item),
            _ => days.push((date, vec![item])),
        }
    }
    let day = |(date, items): (Date, Vec<Item>)| Day {
        label: if shown == Some(date) { String::new() } else { date_label(date, today) },
        entries: entries(items, &zone, &mut actions),
    };
    days.into_iter().map(day).collect()
}

impl Entry {
    /// Whether the actions and links under the words take a line.
    fn has_acts(&self) -> bool {
        self.provider.is_some() || self.rest.is_some()
    }
}
