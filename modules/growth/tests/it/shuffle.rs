//! Disorder: the same arrivals in any order, any number of times, come to the same state.

use std::collections::BTreeMap;

use atlas_connect::{Company, Landing, Person, Side, What};
use atlas_growth::conversation;
use atlas_growth::{CompanyId, ContactId, ConversationId, company, contact};
use atlas_kernel::Ref;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::intake::{message, person, talk};
use crate::office::{Office, minute, open};

/// A small history with changes, late messages, a redaction, deletions and a merge.
fn history() -> Vec<Landing> {
    let version = |id: &str, version: i64, name: &str, tags: &[&str], companies: &[&str]| {
        Landing::Person(Person {
            name: Some(name.into()),
            email: Some(format!("{id}@harbour.example")),
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            tags_complete: true,
            companies: companies.iter().map(|c| (*c).to_owned()).collect(),
            companies_complete: true,
            ..person(id, version)
        })
    };
    let company = |id: &str, version: i64, name: &str| {
        Landing::Company(Company {
            external_id: id.into(),
            name: Some(name.into()),
            created_at: Some(minute(0)),
            updated_at: Some(minute(version)),
            ..Company::default()
        })
    };
    vec![
        version("p1", 1, "Maren", &["a"], &["c1"]),
        version("p1", 5, "Maren Solheim", &["b"], &["c1", "c2"]),
        version("p2", 2, "Jonas", &[], &["c2"]),
        version("lead", 1, "", &[], &[]),
        company("c1", 1, "Harbour"),
        company("c1", 3, "Harbour & Vale"),
        company("c2", 1, "Calder"),
        Landing::Conversation(talk(
            "v1",
            3,
            &["p1"],
            vec![message("m1", 1, Side::Customer, "One"), message("m2", 2, Side::Teammate, "Two")],
        )),
        Landing::Conversation(talk(
            "v1",
            6,
            &["p1", "p2"],
            vec![message("m2", 2, Side::Teammate, "Two, corrected"), message("m3", 4, Side::Customer, "Three")],
        )),
        Landing::Conversation(talk(
            "v2",
            4,
            &["lead"],
            vec![message("n1", 3, Side::Customer, "Lead asks"), message("n2", 4, Side::Customer, "Secret")],
        )),
        Landing::Conversation(talk("v3", 4, &["p2"], vec![message("o1", 3, Side::Customer, "To be deleted")])),
        Landing::Redacted { external_id: "n2".into() },
        Landing::Gone { what: What::Conversation, external_id: "v3".into() },
        Landing::Merged { from: "lead".into(), into: "p2".into() },
    ]
}

/// What can be seen of a workspace, by the provider's ids.
async fn state(office: &Office) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    for id in ["p1", "p2", "lead"] {
        let Some(contact) = office.mapped(What::Person, id).await.and_then(|r: Ref| r.as_id::<atlas_growth::ContactKind>()) else {
            continue;
        };
        let contact: contact::Contact = office.reload(contact).await;
        let tags = atlas_growth::tag::store::of(&office.db, office.ws, &[contact.id.to_ref()]).await.unwrap();
        let tags: Vec<String> = tags.into_values().flatten().map(|tag| tag.name).collect();
        let company = match contact.company {
            Some(id) => company::store::find(&office.db, office.ws, id).await.unwrap().map(|c| c.name),
            None => None,
        };
        let line = format!(
            "{} {:?} {tags:?} {company:?} {} {:?}",
            contact.name,
            contact.emails,
            contact.last_activity_at,
            chats(office, &contact.id.to_ref()).await
        );
        seen.insert(id.to_owned(), line);
    }
    for id in ["c1", "c2"] {
        let company: CompanyId = office.mapped(What::Company, id).await.unwrap().as_id().unwrap();
        let name = company::store::find(&office.db, office.ws, company).await.unwrap().unwrap().name;
        let mut staff: Vec<String> = Vec::new();
        for (_, who) in [("p1", "p1"), ("p2", "p2")] {
            let contact: ContactId = office.mapped(What::Person, who).await.unwrap().as_id().unwrap();
            let ask = contact::list::ContactQuery { company: Some(company), limit: 50, ..Default::default() };
            let rows = contact::list::page(&office.db, office.ws, &ask).await.unwrap().rows;
            staff.extend(rows.iter().any(|row| row.id == contact).then(|| who.to_owned()));
        }
        seen.insert(id.to_owned(), format!("{name} {staff:?} {:?}", chats(office, &company.to_ref()).await));
    }
    for id in ["v1", "v2", "v3"] {
        let Some(conversation) = office.mapped(What::Conversation, id).await else { continue };
        let conversation: ConversationId = conversation.as_id().unwrap();
        let found = conversation::store::find(&office.db, office.ws, conversation).await.unwrap().unwrap();
        let messages = conversation::store::messages(&office.db, office.ws, conversation, 50, None).await.unwrap().data;
        let words: Vec<_> = messages.iter().map(|m| (m.external_id.clone(), m.words.clone(), m.redacted)).collect();
        seen.insert(id.to_owned(), format!("{} {} {:?} {words:?}", found.state, found.message_count, found.waiting_since));
    }
    let contacts =
        contact::list::page(&office.db, office.ws, &contact::list::ContactQuery { limit: 50, ..Default::default() }).await.unwrap();
    seen.insert("contacts".into(), contacts.rows.len().to_string());
    for word in ["three", "corrected", "secret", "deleted", "asks"] {
        let hits = atlas_store::search(&office.db, office.ws, word, &["conversation"], 5).await.unwrap();
        seen.insert(format!("search {word}"), hits.len().to_string());
    }
    seen
}

async fn chats(office: &Office, subject: &Ref) -> Vec<String> {
    let chats = office.events(subject).await.into_iter().filter(|event| event.kind == "chat");
    let mut chats: Vec<_> = chats.filter_map(|event| Some((event.at, event.source_id?))).collect();
    chats.sort();
    chats.into_iter().map(|(_, id)| id).collect()
}

/// The state after arrivals in this order, as many in each transaction.
async fn after(order: &[Landing], together: usize) -> BTreeMap<String, String> {
    let office = open().await;
    for landings in order.chunks(together) {
        office.arrive_together(landings).await;
    }
    let seen = state(&office).await;
    office.db.close().await;
    seen
}

#[test]
fn any_order_and_any_repetition_come_to_the_same_state() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let expected = runtime.block_on(after(&history(), 1));
    assert_eq!(expected["contacts"], "2");
    assert_eq!(expected["search secret"], "0");
    let arrivals = prop::collection::vec(0..history().len(), 0..10).prop_flat_map(|again| {
        let all: Vec<Landing> = history();
        let repeated: Vec<Landing> = all.iter().cloned().chain(again.into_iter().map(move |n| history()[n].clone())).collect();
        (Just(repeated).prop_shuffle(), 1..12_usize)
    });
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let mut runner = TestRunner::new(Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() });
    runner
        .run(&arrivals, |(order, together)| {
            let seen = runtime.block_on(after(&order, together));
            prop_assert_eq!(&seen, &expected);
            Ok(())
        })
        .unwrap();
}
