//! The door for what connectors bring: internal notes that ask for a task become one, once.

use atlas_connect::{Applied, Arrival, Conversation, Intake, Landing, Message, What, mapped, mapped_many, unprepared};
use atlas_kernel::{Ref, Result, Timestamp, UserId};
use atlas_store::Tx;
use futures::FutureExt;
use jiff::{SignedDuration, ToSpan};

use super::store::{self, Source};
use super::text::{Asked, Line, asked_by};
use super::{Rule, purge};
use crate::people::People;
use crate::project::Project;
use crate::quick_add::{self, Draft, Known};
use crate::task::links::Linked;
use crate::task::verbs::{NewTask, Origin, create_as};
use crate::task::{provider_name, tidy_title};
use crate::{TaskId, project, workspace};

/// Work's door, behind Growth's: by then messages, conversations and people have their records.
pub fn intake() -> Intake {
    Intake {
        module: "work",
        order: 20,
        prepare: unprepared,
        apply: |tx, arrival| apply(tx, arrival).boxed(),
        purge: |tx, workspace, connection, limit| purge::purge(tx, workspace, connection, limit).boxed(),
    }
}

/// A note may be this much older than the rule, because clocks differ and the first notes arrive while a connection is made.
pub(super) const GRACE: SignedDuration = SignedDuration::from_mins(2);

/// A conversation's task is linked to at most so many of its people.
const MOST_PEOPLE: usize = 10;

async fn apply(tx: &Tx, arrival: &Arrival) -> Result<Applied> {
    match &arrival.landing {
        Landing::Conversation(conversation) => notes(tx, arrival, conversation).await,
        Landing::Redacted { external_id } | Landing::Gone { what: What::Message, external_id } => {
            purge::forget_message(tx, arrival.actor.workspace, arrival.connection, external_id).await?;
            Ok(Applied::default())
        }
        _ => Ok(Applied::default()),
    }
}

async fn notes(tx: &Tx, arrival: &Arrival, conversation: &Conversation) -> Result<Applied> {
    let workspace = arrival.actor.workspace;
    for gone in conversation.messages.iter().filter(|message| message.internal && message.redacted) {
        purge::forget_message(tx, workspace, arrival.connection, &gone.external_id).await?;
    }
    if arrival.history {
        return Ok(Applied::default());
    }
    let rule = store::rule_or_usual(tx, workspace, arrival.connection).await?;
    let asking: Vec<(&Message, Asked)> =
        conversation.messages.iter().filter_map(|message| Some((message, asks(&rule, message)?))).collect();
    let ids: Vec<&str> = asking.iter().map(|(message, _)| message.external_id.as_str()).collect();
    let made = store::made(tx, workspace, arrival.connection, &ids).await?;
    let mut applied = Applied::default();
    for (message, asked) in asking {
        let note = (message.source_kind.clone(), message.external_id.clone());
        if !made.contains(&note) && make(tx, arrival, conversation, message, &rule, asked).await? {
            applied.created += 1;
        }
    }
    Ok(applied)
}

fn asks(rule: &Rule, message: &Message) -> Option<Asked> {
    let fresh = message.at.is_none_or(|at| at > rule.since.checked_sub(GRACE).unwrap_or(Timestamp::MIN));
    if !message.internal || message.redacted || !fresh {
        return None;
    }
    asked_by(rule, &atlas_web::ui::plain_text(message.body.as_deref()?))
}

/// Makes the note's task; false when it has one.
async fn make(tx: &Tx, arrival: &Arrival, conversation: &Conversation, message: &Message, rule: &Rule, asked: Asked) -> Result<bool> {
    let workspace = arrival.actor.workspace;
    let record = mapped(tx, workspace, arrival.connection, What::Message, &message.external_id).await?;
    let note = Some((message.source_kind.clone(), message.external_id.clone()));
    let (task, source) = (TaskId::new(tx.now()), Source { record, connection: Some(arrival.connection), note });
    if !store::claim(tx, workspace, task, &source).await? {
        return Ok(false);
    }
    let people = People::load(tx, workspace).await?;
    let projects = project::store::current(tx, workspace).await?;
    let author = people.matching(message.author.email.as_deref(), message.author.name.as_deref());
    let zone = workspace::zone(tx, workspace, author).await?;
    let written = message.at.unwrap_or(tx.now()).to_zoned(zone).datetime();
    let known = Known { people: &people, me: author, projects: &projects };
    let draft = match asked.line {
        Line::Command(line) => quick_add::parse(&line, written, &known),
        Line::Words(title) => Draft { title: tidy_title(&title), ..Draft::default() },
    };
    let mut new = by_rule(draft, rule, written.date(), &people, &projects);
    if new.title.is_empty() {
        new.title = format!("Follow up on {}", provider_note(arrival.provider));
    }
    new.description = asked.rest;
    new.linked = Linked::known(records(tx, arrival, conversation).await?);
    new.origin = Some(Origin { provider: arrival.provider.to_owned(), connection: arrival.connection });
    new.reason = Some(format!("From {}", provider_note(arrival.provider)));
    create_as(tx, &arrival.actor, task, new).await?;
    Ok(true)
}

/// `an Intercom note`.
pub fn provider_note(provider: &str) -> String {
    let name = provider_name(provider);
    let article = if name.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
    format!("{article} {name} note")
}

/// The draft, with the rule filling in what the note does not say. What no longer exists is left out.
fn by_rule(draft: Draft, rule: &Rule, written: jiff::civil::Date, people: &People, projects: &[Project]) -> NewTask {
    let mut new = draft.into_new();
    let assignee: Option<UserId> = rule.assignee.filter(|id| people.has(*id));
    if new.assignees.is_empty() {
        new.assignees.extend(assignee);
    }
    new.project = new.project.or(rule.project.filter(|id| projects.iter().any(|project| project.id == *id)));
    new.priority = new.priority.or(Some(rule.priority));
    if new.due.is_none() {
        new.due = rule.due_days.and_then(|days| written.checked_add(days.days()).ok());
    }
    new.start = new.start.filter(|start| new.due.is_none_or(|due| *start <= due));
    new
}

/// The conversation and its people, as far as they have records.
async fn records(tx: &Tx, arrival: &Arrival, conversation: &Conversation) -> Result<Vec<Ref>> {
    let (workspace, connection) = (arrival.actor.workspace, arrival.connection);
    let mut records: Vec<Ref> =
        mapped(tx, workspace, connection, What::Conversation, &conversation.external_id).await?.into_iter().collect();
    let people: Vec<String> = conversation.people.iter().take(MOST_PEOPLE).cloned().collect();
    records.extend(mapped_many(tx, workspace, connection, What::Person, &people).await?.into_values());
    Ok(records)
}
