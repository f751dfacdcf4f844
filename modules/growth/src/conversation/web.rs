//! The page of one conversation: its messages in order, who takes part, where it lives.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::{Error, Ref};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Pages, Query, RenderedAction, RenderedPanel, Reply};
use axum::extract::Path;
use serde::Deserialize;

use super::{Message, store};
use crate::access::CONVERSATIONS_READ;
use crate::contact;
use crate::ids::{ContactId, ConversationId};
use crate::parts::path_id;
use crate::words;

/// Messages a page.
const MESSAGES: usize = 100;

/// The route table of conversations.
pub(crate) fn pages() -> Pages {
    Pages::new().get("/growth/conversations/{id}", CONVERSATIONS_READ, show)
}

#[derive(Template)]
#[template(path = "conversation/record.html")]
struct Record {
    id: String,
    label: String,
    provider: String,
    provider_url: Option<String>,
    state: String,
    open: bool,
    waiting: Option<Safe>,
    started: String,
    counts: String,
    missing: Option<String>,
    earlier: Option<String>,
    later: bool,
    page: String,
    days: Vec<(String, Vec<Line>)>,
    people: Vec<(String, String, Safe)>,
    panels: Vec<RenderedPanel>,
    actions: Vec<RenderedAction>,
}

struct Line {
    id: String,
    at: String,
    time: String,
    author: String,
    verb: &'static str,
    html: Option<Safe>,
    from_us: bool,
    internal: bool,
    redacted: bool,
    attachments: Vec<String>,
    actions: Vec<RenderedAction>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    before: String,
}

async fn show(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let conversation_id: ConversationId = path_id(&id, "conversation")?;
    let conversation = store::find(db, workspace, conversation_id).await?.ok_or(Error::NotFound("conversation"))?;
    let cursor = (!asked.before.is_empty()).then_some(asked.before.as_str());
    let found = store::messages(db, workspace, conversation.id, MESSAGES, cursor).await?;
    let records: Vec<Ref> = found.data.iter().filter(|m| m.words.is_some()).map(Message::record).collect();
    let actions = if records.is_empty() { HashMap::new() } else { ctx.record_actions("msg", &records).await? };
    let people: Vec<ContactId> = store::people(db, workspace, &[conversation.id]).await?.into_iter().map(|(_, contact)| contact).collect();
    let people = contact::store::find_many(db, workspace, &people).await?;
    let record = conversation.id.to_ref();
    let content = Record {
        label: conversation.label(),
        provider: words::provider(&conversation.provider),
        provider_url: conversation.url.clone(),
        open: conversation.state == "open",
        state: words::provider(&conversation.state),
        waiting: conversation.waiting_since.map(|at| ui::relative_time(at, ctx.now(), &ctx.actor.zone())),
        started: words::day_inside(&ctx, conversation.created_at),
        counts: ui::plural(conversation.message_count, "message", "messages"),
        missing: missing(&conversation),
        earlier: found.next_cursor.map(|cursor| format!("{}?before={cursor}", conversation.page())),
        later: cursor.is_some(),
        page: conversation.page(),
        days: days(&ctx, found.data, actions),
        people: people.iter().map(|c| (c.url(), c.label().to_owned(), ui::avatar(&c.id, c.label(), 20, ui::Shape::Round))).collect(),
        panels: ctx.panels("conv", &record).await,
        actions: ctx.record_actions("conv", std::slice::from_ref(&record)).await?.remove(&record).unwrap_or_default(),
        id,
    };
    let page = ctx.page(conversation.label()).crumb("Growth", None).crumb("Contacts", Some("/growth/contacts"));
    let page = match people.first() {
        Some(contact) => page.crumb(contact.label(), Some(&contact.url())),
        None => page,
    };
    let page = page.crumb(conversation.label(), None).nav("/growth/contacts");
    page.live([record.to_string(), "tasks".to_owned()]).recent("Conversation", "message-circle").html(&content)
}

/// What the provider says there is and is not here, honestly.
fn missing(conversation: &super::Conversation) -> Option<String> {
    let stated = conversation.stated_parts? + 1;
    let missing = stated - conversation.message_count;
    let provider = words::provider(&conversation.provider);
    if missing <= 0 {
        return None;
    }
    let many = ui::plural(missing, "message", "messages");
    Some(match conversation.message_count >= 500 {
        true => format!("{many} from the beginning can be read at {provider} only: it hands out the newest 500."),
        false => format!("{provider} counts {many} more than have arrived here. The next sync fetches what is missing."),
    })
}

fn days(ctx: &Ctx, mut messages: Vec<Message>, mut actions: HashMap<Ref, Vec<RenderedAction>>) -> Vec<(String, Vec<Line>)> {
    messages.reverse();
    let (zone, today) = (ctx.actor.zone(), ctx.today());
    let mut days: Vec<(String, Vec<Line>)> = Vec::new();
    for message in messages {
        let local = message.at.to_zoned(zone.clone());
        let label = ui::date_label(local.date(), today);
        let line = Line {
            id: message.id.to_string(),
            at: message.at.to_string(),
            time: local.strftime("%H:%M").to_string(),
            author: message.author().to_owned(),
            verb: verb(&message),
            html: message.html.clone().filter(|_| message.words.is_some()).map(Safe::trusted),
            from_us: message.side != "customer",
            internal: message.internal,
            redacted: message.redacted,
            attachments: message.attachments(),
            actions: actions.remove(&message.record()).unwrap_or_default(),
        };
        match days.last_mut() {
            Some((day, lines)) if *day == label => lines.push(line),
            _ => days.push((label, vec![line])),
        }
    }
    days
}

/// What a message without words did to the conversation.
fn verb(message: &Message) -> &'static str {
    match message.verb() {
        "closed" => "closed the conversation",
        "reopened" => "reopened the conversation",
        "snoozed" => "snoozed the conversation",
        "took up again" => "took up the conversation again",
        "assigned" => "assigned the conversation",
        "added somebody to" => "added somebody to the conversation",
        "removed somebody from" => "removed somebody from the conversation",
        "wrote an internal note in" => "wrote an internal note",
        "wrote in" => "wrote",
        _ => "changed the conversation",
    }
}
