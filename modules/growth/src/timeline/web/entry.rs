//! Items told as entries: messages of one conversation as one, runs of changes as one.

use std::collections::HashMap;

use atlas_kernel::Ref;
use atlas_web::RenderedAction;
use atlas_web::ui::Safe;
use jiff::tz::TimeZone;

use super::super::Item;
use super::{Entry, Quote};
use crate::words;

/// So many messages of one conversation are quoted in one entry.
const MOST_QUOTES: usize = 6;

/// The entries of one day, newest first.
pub(super) fn entries(items: Vec<Item>, zone: &TimeZone, actions: &mut HashMap<Ref, Vec<RenderedAction>>) -> Vec<Entry> {
    let mut runs: Vec<Vec<Item>> = Vec::new();
    for item in items {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| belong_together(last, &item)) => run.push(item),
            _ => runs.push(vec![item]),
        }
    }
    let entry = |run: Vec<Item>| if run[0].message.is_some() { talk(run, zone, actions) } else { line(run, zone, actions) };
    runs.into_iter().map(entry).collect()
}

fn belong_together(a: &Item, b: &Item) -> bool {
    match (&a.message, &b.message) {
        (Some(a), Some(b)) => a.conversation_id == b.conversation_id,
        (None, None) => {
            let changes = |item: &Item| item.verb.starts_with("changed ") && item.change.is_none() && item.to.is_none();
            a.record == b.record && a.actor == b.actor && changes(a) && changes(b)
        }
        _ => false,
    }
}

fn clock(item: &Item, zone: &TimeZone) -> String {
    item.at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// Messages of one conversation, told oldest first under the newest time.
fn talk(run: Vec<Item>, zone: &TimeZone, actions: &mut HashMap<Ref, Vec<RenderedAction>>) -> Entry {
    let newest = &run[0];
    let conversation = newest.conversation.as_ref();
    let shown: Vec<&Item> = run.iter().take(MOST_QUOTES).rev().collect();
    let spoke = run.iter().find(|item| item.body.is_some()).unwrap_or(newest);
    let provider = newest.source.as_ref().map(|(provider, ..)| words::provider(provider)).unwrap_or_default();
    let silent = run.len() == 1 && newest.body.is_none();
    let quotes = shown.into_iter().filter_map(|item| quote(item, run.len() > 1, zone, actions)).collect();
    Entry {
        // The oldest message names the entry, so that it keeps its id while the talk goes on.
        id: run.last().map_or_else(String::new, |item| format!("event-{}", item.id)),
        kind: "conversation".to_owned(),
        at: newest.at,
        time: clock(newest, zone),
        pin: "message-circle",
        actor: spoke.actor.clone(),
        verb: if silent { newest.verb.clone() } else { format!("in {provider}") },
        label: newest.label.clone(),
        url: conversation.map(crate::conversation::Conversation::page),
        to: None,
        change: None,
        reason: None,
        badge: conversation.map(|c| (state_word(&c.state), c.state == "open")),
        quotes,
        rest: conversation.filter(|_| run.len() > MOST_QUOTES).map(|c| {
            let more = atlas_web::ui::plural((run.len() - MOST_QUOTES) as i64, "earlier message", "earlier messages");
            (more, c.page())
        }),
        provider: conversation.and_then(|c| c.url.clone()).map(|url| (format!("Open in {provider}"), url)),
    }
}

fn state_word(state: &str) -> String {
    let mut letters = state.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A message as a quote; one without words, in company, as a line of its own.
fn quote(item: &Item, in_company: bool, zone: &TimeZone, actions: &mut HashMap<Ref, Vec<RenderedAction>>) -> Option<Quote> {
    let message = item.message.as_ref()?;
    let signed = || format!("{}, {}", item.actor, clock(item, zone));
    let html = match &item.body {
        Some(body) => Safe::trusted(body.html.clone()),
        None if message.redacted => Safe::trusted("<p class=\"muted\">The content was removed at the provider.</p>"),
        None if in_company || !message.attachments().is_empty() => Safe::default(),
        None => return None,
    };
    let deed =
        html.is_empty().then(|| format!("{} {} the conversation, {}", item.actor, item.verb.trim_end_matches(" in"), clock(item, zone)));
    Some(Quote {
        id: item.record.to_string(),
        html,
        from_us: message.side != "customer",
        is_note: message.internal,
        footer: (in_company || message.side != "customer").then(signed),
        attachments: message.attachments(),
        actions: actions.remove(&item.record).unwrap_or_default(),
        note: None,
        deed,
    })
}

/// Anything but a message: one sentence, with the words of a note; a run of changes as their number.
fn line(mut run: Vec<Item>, zone: &TimeZone, actions: &mut HashMap<Ref, Vec<RenderedAction>>) -> Entry {
    let many = run.len();
    let item = run.swap_remove(0);
    let quotes = item.body.as_ref().map(|body| Quote {
        id: item.record.to_string(),
        html: Safe::trusted(body.html.clone()),
        from_us: false,
        is_note: true,
        footer: None,
        attachments: vec![],
        actions: actions.remove(&item.record).unwrap_or_default(),
        note: item.note.as_ref().map(|note| note.id.to_string()),
        deed: None,
    });
    Entry {
        id: format!("event-{}", item.id),
        kind: item.kind.clone(),
        at: item.at,
        time: clock(&item, zone),
        pin: pin(&item),
        actor: item.actor.clone(),
        verb: if many > 1 { format!("made {many} changes to") } else { item.verb.clone() },
        url: if item.kind == "note" { None } else { item.url.clone() },
        label: item.on.as_ref().map_or_else(|| item.label.clone(), |on| format!("on {on}")),
        to: item.to.clone(),
        change: item.change.clone(),
        reason: item.reason.clone(),
        badge: None,
        quotes: quotes.into_iter().collect(),
        rest: None,
        provider: None,
    }
}

fn pin(item: &Item) -> &'static str {
    match (item.kind.as_str(), item.via.as_str()) {
        ("note", _) => "notebook-pen",
        ("deal", _) => "handshake",
        ("task", _) => "list-checks",
        ("chat", _) => "message-circle",
        (_, "connection") => "plug",
        _ => "pencil",
    }
}
