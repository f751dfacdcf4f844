//! How this module's records are named and linked wherever their ids turn up.

use std::collections::HashMap;

use atlas_kernel::{Id, Kind, Ref, Result, WorkspaceId};
use atlas_store::{Executor, Named, Noun};
use futures::future::BoxFuture;

use crate::ids::{CompanyId, ContactId, ConversationId, MessageId};
use crate::{company, contact, conversation, deal, membership, note, pipeline};

/// The kinds of records this module owns.
pub fn nouns() -> Vec<Noun> {
    vec![
        Noun { kind: "contact", label: "Contact", describe: contacts },
        Noun { kind: "company", label: "Company", describe: companies },
        Noun { kind: "deal", label: "Deal", describe: deals },
        Noun { kind: "pipeline", label: "Pipeline", describe: pipelines },
        Noun { kind: "note", label: "Note", describe: notes },
        Noun { kind: "conv", label: "Conversation", describe: conversations },
        Noun { kind: "msg", label: "Message", describe: messages },
    ]
}

type Described<'a> = BoxFuture<'a, Result<Vec<(Ref, Named)>>>;

fn ids<K: Kind>(refs: &[Ref]) -> Vec<Id<K>> {
    refs.iter().filter_map(Ref::as_id).collect()
}

fn named(label: impl Into<String>, url: String, icon: &'static str) -> Named {
    Named { label: label.into(), url, icon, text: None, related: vec![] }
}

fn contacts<'a>(on: &'a dyn Executor, workspace: WorkspaceId, refs: &'a [Ref]) -> Described<'a> {
    Box::pin(async move {
        let found = contact::store::find_many(on, workspace, &ids(refs)).await?;
        let merged: Vec<ContactId> = found.iter().filter_map(|contact| contact.merged_into).collect();
        let survivors: HashMap<ContactId, contact::Contact> = match merged.is_empty() {
            true => HashMap::new(),
            false => contact::store::find_many(on, workspace, &merged).await?.into_iter().map(|c| (c.id, c)).collect(),
        };
        let describe = |contact: contact::Contact| {
            let shown = contact.merged_into.and_then(|into| survivors.get(&into)).unwrap_or(&contact);
            let mut named = named(shown.label(), shown.url(), "user-round");
            named.related = shown.company.map(|company| company.to_ref()).into_iter().collect();
            (contact.id.to_ref(), named)
        };
        Ok(found.into_iter().map(describe).collect())
    })
}

fn companies<'a>(on: &'a dyn Executor, workspace: WorkspaceId, refs: &'a [Ref]) -> Described<'a> {
    Box::pin(async move {
        let found = company::store::find_many(on, workspace, &ids(refs)).await?;
        Ok(found.into_iter().map(|company| (company.id.to_ref(), named(company.label(), company.url(), "building-2"))).collect())
    })
}

fn deals<'a>(on: &'a dyn Executor, workspace: WorkspaceId, refs: &'a [Ref]) -> Described<'a> {
    Box::pin(async move {
        let describe = |deal: deal::Deal| {
            let mut named = named(deal.title.clone(), deal.url(), "handshake");
            named.related = deal.contact.map(|id| id.to_ref()).into_iter().chain(deal.company.map(|id| id.to_ref())).collect();
            (deal.id.to_ref(), named)
        };
        Ok(deal::store::find_many(on, workspace, &ids(refs)).await?.into_iter().map(describe).collect())
    })
}

fn pipelines<'a>(on: &'a dyn Executor, workspace: WorkspaceId, refs: &'a [Ref]) -> Described<'a> {
    Box::pin(async move {
        let all = pipeline::store::all(on, workspace).await?;
        let asked = all.into_iter().filter(|pipeline| refs.contains(&pipeline.id.to_ref()));
        Ok(asked.map(|p| (p.id.to_ref(), named(p.name.clone(), format!("/growth/pipelines/{}", p.id), "square-kanban"))).collect())
    })
}

fn notes<'a>(on: &'a dyn Executor, workspace: WorkspaceId, refs: &'a [Ref]) -> Described<'a> {
    Box::pin(async move {
        let found = note::store::find_many(on, workspace, &ids(refs)).await?;
        let describe = |note: note::Note| {
            let mut named = named(note.label(), note::verbs::url(&note), "notebook-pen");
            named.text = Some(note.body.clone());
            named.related = vec![note.subject.clone()];
            (note.id.to_ref(), named)
        };
        Ok(found.into_iter().filter(|note| note.deleted_at.is_none()).map(describe).collect())
    })
}

fn conversations<'a>(on: &'a dyn Executor, workspace: WorkspaceId, refs: &'a [Ref]) -> Described<'a> {
    Box::pin(async move {
        let ids: Vec<ConversationId> = ids(refs);
        let circles = circles(on, workspace, &ids).await?;
        let describe = |c: conversation::Conversation| {
            let mut named = named(c.label(), c.page(), "message-circle");
            named.related = circles.get(&c.id).cloned().unwrap_or_default();
            (c.id.to_ref(), named)
        };
        Ok(conversation::store::find_many(on, workspace, &ids).await?.into_iter().map(describe).collect())
    })
}

fn messages<'a>(on: &'a dyn Executor, workspace: WorkspaceId, refs: &'a [Ref]) -> Described<'a> {
    Box::pin(async move {
        let ids: Vec<MessageId> = ids(refs);
        let found = conversation::store::find_messages(on, workspace, &ids).await?;
        let mut talks: Vec<ConversationId> = found.iter().map(|message| message.conversation_id).collect();
        talks.sort();
        talks.dedup();
        let titles: HashMap<ConversationId, conversation::Conversation> =
            conversation::store::find_many(on, workspace, &talks).await?.into_iter().map(|c| (c.id, c)).collect();
        let circles = circles(on, workspace, &talks).await?;
        let describe = |message: conversation::Message| {
            let label = titles.get(&message.conversation_id).map(conversation::Conversation::label).unwrap_or_default();
            let mut named = named(label, url(&message), "message-circle");
            named.text = message.words.clone();
            named.related = [message.conversation_id.to_ref()]
                .into_iter()
                .chain(circles.get(&message.conversation_id).cloned().unwrap_or_default())
                .collect();
            (message.id.to_ref(), named)
        };
        Ok(found.into_iter().map(describe).collect())
    })
}

/// Where a message is read.
pub(crate) fn url(message: &conversation::Message) -> String {
    format!("/growth/conversations/{}#{}", message.conversation_id, message.id)
}

/// The people of each conversation, then their companies: two queries.
async fn circles(on: &dyn Executor, workspace: WorkspaceId, ids: &[ConversationId]) -> Result<HashMap<ConversationId, Vec<Ref>>> {
    let people = conversation::store::people(on, workspace, ids).await?;
    let contacts: Vec<ContactId> = people.iter().map(|(_, contact)| *contact).collect();
    let companies: Vec<(ContactId, CompanyId)> = membership::companies_of(on, workspace, &contacts).await?;
    let mut circles: HashMap<ConversationId, Vec<Ref>> = HashMap::new();
    for (conversation, contact) in &people {
        circles.entry(*conversation).or_default().push(contact.to_ref());
    }
    for (conversation, contact) in &people {
        let circle = circles.entry(*conversation).or_default();
        for (_, company) in companies.iter().filter(|(of, _)| of == contact) {
            if !circle.contains(&company.to_ref()) {
                circle.push(company.to_ref());
            }
        }
    }
    Ok(circles)
}
