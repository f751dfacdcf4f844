//! The customer timeline: chats beside notes and deals, their words with them, in few queries.

use atlas_connect::{Landing, Person, Side};
use atlas_growth::timeline::read;
use atlas_growth::{contact, deal};
use atlas_store::EventQuery;

use crate::intake::{contact_of, message, person, talk};
use crate::office::{Counting, Office, open, workspace_in};

async fn busy() -> (Office, contact::Contact) {
    let office = open().await;
    office.arrive(Landing::Person(Person { name: Some("Maren".into()), ..person("p1", 1) })).await;
    let messages = (0..40).map(|n| message(&format!("m{n}"), n, Side::Customer, &format!("<p>Message {n}</p>"))).collect();
    office.arrive(Landing::Conversation(talk("v1", 50, &["p1"], messages))).await;
    let contact = contact_of(&office, "p1").await;
    office.note(&contact.id.to_ref(), "Spoke to her, **urgent**").await;
    office.deal(deal::Edit { title: Some("Renewal".into()), contact: Some(Some(contact.id)), ..Default::default() }).await;
    (office, contact)
}

#[tokio::test]
async fn items_carry_words_links_and_source() {
    let (office, contact) = busy().await;
    let ask = EventQuery { limit: 50, ..Default::default() };
    let page = read(&office.db, &office.nouns(), office.ws, &contact.id.to_ref(), &ask).await.unwrap();
    let chat = page.data.iter().find(|item| item.kind == "chat").unwrap();
    assert_eq!(chat.summary(), "Maren wrote in SLA and renewal");
    assert_eq!(chat.body.as_ref().unwrap().html, "<p>Message 39</p>");
    assert_eq!(chat.source.as_ref().unwrap(), &("intercom".to_owned(), "conversation_part".to_owned(), "m39".to_owned()));
    let note = page.data.iter().find(|item| item.kind == "note").unwrap();
    assert_eq!(note.summary(), "Ines of Kestrel wrote a note on Maren");
    assert!(note.body.as_ref().unwrap().html.contains("<strong>urgent</strong>"));
    let deal = page.data.iter().find(|item| item.kind == "deal").unwrap();
    assert_eq!(deal.summary(), "Ines of Kestrel created Renewal");
    assert!(deal.url.as_ref().unwrap().starts_with("/growth/deals/deal_"));
    let only = read(&office.db, &office.nouns(), office.ws, &contact.id.to_ref(), &EventQuery { kind: Some("deal".into()), ..ask.clone() })
        .await
        .unwrap();
    assert_eq!(only.data.len(), 1);
    let other = workspace_in(&office.db, "Other").await;
    assert!(read(&office.db, &office.nouns(), other.ws, &contact.id.to_ref(), &ask).await.unwrap().data.is_empty());
}

#[tokio::test]
async fn a_page_of_fifty_events_takes_few_queries() {
    let (office, contact) = busy().await;
    let counting = Counting::new(&office.db);
    let ask = EventQuery { limit: 50, ..Default::default() };
    let page = read(&counting, &office.nouns(), office.ws, &contact.id.to_ref(), &ask).await.unwrap();
    assert_eq!(page.data.len(), 43);
    assert!(counting.count() <= 7, "{} queries", counting.count());
}

#[tokio::test]
async fn a_message_is_described_with_its_words_and_whose_it_is() {
    let (office, contact) = busy().await;
    let record = office.mapped(atlas_connect::What::Message, "m3").await.unwrap();
    let named = office.nouns().describe(&office.db, office.ws, std::slice::from_ref(&record)).await.unwrap().remove(&record).unwrap();
    assert_eq!((named.label.as_str(), named.text.as_deref()), ("SLA and renewal", Some("Message 3")));
    assert!(named.related.contains(&contact.id.to_ref()) && named.related[0].kind() == "conv");
}
