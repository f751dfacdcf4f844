//! What connectors bring: matched to those who exist, never over what a person wrote, once however often it arrives.

use atlas_connect::{Author, Company, Conversation, Landing, Message, Person, Side, Teammate, What};
use atlas_growth::contact::{self, Edit, Status};
use atlas_growth::{CompanyId, ContactId, conversation};
use atlas_kernel::Ref;
use atlas_store::watch_queries;

use crate::office::{Office, minute, open};

pub fn person(id: &str, version: i64) -> Person {
    Person { external_id: id.into(), created_at: Some(minute(0)), updated_at: Some(minute(version)), ..Person::default() }
}

pub fn message(id: &str, at: i64, side: Side, body: &str) -> Message {
    let author = Author { side, external_id: Some("p1".into()), name: Some("Maren".into()), email: None };
    Message {
        external_id: id.into(),
        source_kind: "conversation_part".into(),
        at: Some(minute(at)),
        author,
        action: "comment".into(),
        body: Some(body.into()),
        ..Message::default()
    }
}

pub fn talk(id: &str, version: i64, people: &[&str], messages: Vec<Message>) -> Conversation {
    Conversation {
        external_id: id.into(),
        title: Some("SLA and renewal".into()),
        state: "open".into(),
        people: people.iter().map(|p| (*p).to_owned()).collect(),
        created_at: Some(minute(1)),
        updated_at: Some(minute(version)),
        messages,
        ..Conversation::default()
    }
}

pub async fn contact_of(office: &Office, external_id: &str) -> contact::Contact {
    let id: ContactId = office.mapped(What::Person, external_id).await.and_then(|r| r.as_id()).expect("mapped");
    office.reload(id).await
}

async fn all_contacts(office: &Office) -> usize {
    contact::list::page(&office.db, office.ws, &contact::list::ContactQuery { limit: 200, ..Default::default() }).await.unwrap().rows.len()
}

#[tokio::test]
async fn people_match_by_mapping_own_id_address_and_number() {
    let office = open().await;
    let by_mail =
        office.contact(Edit { emails: Some(vec!["maren@harbour.example".into()]), name: Some("Maren S".into()), ..Edit::default() }).await;
    let by_phone =
        office.contact(Edit { phones: Some(vec!["+47 555 01 274".into()]), name: Some("Jonas".into()), ..Edit::default() }).await;
    let by_id = office.contact(Edit { own_id: Some("crm-7".into()), name: Some("Leo".into()), ..Edit::default() }).await;
    let mail = Person { email: Some("MAREN@harbour.example".into()), ..person("p1", 1) };
    office.arrive(Landing::Person(mail)).await;
    office.arrive(Landing::Person(Person { phone: Some("0047 55501274".into()), ..person("p2", 1) })).await;
    office
        .arrive(Landing::Person(Person { own_id: Some("crm-7".into()), email: Some("maren@harbour.example".into()), ..person("p3", 1) }))
        .await;
    assert_eq!(contact_of(&office, "p1").await.id, by_mail.id);
    assert_eq!(contact_of(&office, "p2").await.id, by_phone.id);
    assert_eq!(contact_of(&office, "p3").await.id, by_id.id);
    // Somebody else at the provider with the same address is somebody else here.
    office
        .arrive(Landing::Person(Person { email: Some("maren@harbour.example".into()), name: Some("Twin".into()), ..person("p4", 1) }))
        .await;
    assert_ne!(contact_of(&office, "p4").await.id, by_mail.id);
    assert_eq!(all_contacts(&office).await, 4);
}

#[tokio::test]
async fn two_active_namesakes_are_ambiguous_and_an_archived_twin_counts_only_alone() {
    let office = open().await;
    let mail = || Some(vec!["shared@harbour.example".into()]);
    let first = office.contact(Edit { emails: mail(), name: Some("One".into()), ..Edit::default() }).await;
    let second = office.contact(Edit { emails: mail(), name: Some("Two".into()), ..Edit::default() }).await;
    office.arrive(Landing::Person(Person { email: Some("shared@harbour.example".into()), ..person("p1", 1) })).await;
    assert!(![first.id, second.id].contains(&contact_of(&office, "p1").await.id));
    let alone = office.contact(Edit { emails: Some(vec!["old@harbour.example".into()]), ..Edit::default() }).await;
    let ines = &office.ines;
    office.db.write(|tx| async move { contact::verbs::archive(&tx, ines, alone.id, None).await }).await.unwrap();
    office.arrive(Landing::Person(Person { email: Some("old@harbour.example".into()), ..person("p2", 1) })).await;
    let found = contact_of(&office, "p2").await;
    assert_eq!((found.id, found.status), (alone.id, Status::Archived));
}

#[tokio::test]
async fn what_a_person_wrote_stays_and_what_the_provider_says_is_kept_beside_it() {
    let office = open().await;
    let mine = office
        .contact(Edit { emails: Some(vec!["maren@harbour.example".into()]), name: Some("Maren Solheim".into()), ..Edit::default() })
        .await;
    let says = |version, name: &str, phone: Option<&str>| {
        Landing::Person(Person {
            name: Some(name.into()),
            email: Some("maren@harbour.example".into()),
            phone: phone.map(Into::into),
            location: Some("Bergen".into()),
            ..person("p1", version)
        })
    };
    office.arrive(says(2, "maren s.", Some("+47 555"))).await;
    let merged = office.reload(mine.id).await;
    assert_eq!((merged.name.as_str(), merged.phones[0].as_str(), merged.location.as_deref()), ("Maren Solheim", "+47 555", Some("Bergen")));
    assert_eq!(merged.provided.of(office.connection).unwrap().values["name"].value, "maren s.");
    // The provider's own field follows it; silence blanks nothing; an old version changes nothing.
    office.change(mine.id, Edit { location: Some(String::new()), ..Edit::default() }).await;
    office.arrive(says(3, "maren", None)).await;
    office.arrive(says(1, "ancient", Some("+47 000"))).await;
    let after = office.reload(mine.id).await;
    assert_eq!((after.name.as_str(), after.phones[0].as_str(), after.location), ("Maren Solheim", "+47 555", None));
    assert_eq!(after.provided.of(office.connection).unwrap().values["name"].value, "maren");
    let ops = office.operations(&mine.id.to_ref()).await;
    assert_eq!(ops.iter().filter(|op| *op == "contact.linked").count(), 1);
}

#[tokio::test]
async fn the_same_arrival_twice_changes_nothing() {
    let office = open().await;
    let person = Person {
        name: Some("Maren".into()),
        email: Some("maren@harbour.example".into()),
        tags: vec!["VIP".into()],
        tags_complete: true,
        companies: vec!["c1".into()],
        companies_complete: true,
        owner: Some("t1".into()),
        ..person("p1", 1)
    };
    let company = Company { external_id: "c1".into(), name: Some("Harbour".into()), updated_at: Some(minute(1)), ..Company::default() };
    let talk = talk("v1", 1, &["p1"], vec![message("m1", 1, Side::Customer, "<p>Hello</p>")]);
    let all = [Landing::Person(person), Landing::Company(company), Landing::Conversation(talk)];
    for landing in &all {
        let first = office.arrive(landing.clone()).await;
        assert_eq!(first.created, 1, "{first:?}");
    }
    let before = contact_of(&office, "p1").await;
    for landing in &all {
        assert_eq!(office.arrive(landing.clone()).await, atlas_connect::Applied::default(), "{landing:?}");
    }
    assert_eq!(contact_of(&office, "p1").await, before);
    let company: CompanyId = office.mapped(What::Company, "c1").await.unwrap().as_id().unwrap();
    assert_eq!(before.company, Some(company));
    assert_eq!(office.operations(&company.to_ref()).await.iter().filter(|op| *op == "conversation.message").count(), 1);
}

#[tokio::test]
async fn owners_come_by_address_before_or_after_their_colleague() {
    let office = open().await;
    let landed = |id: &str| Landing::Person(Person { owner: Some("t1".into()), name: Some(id.into()), ..person(id, 1) });
    office.arrive(landed("p1")).await;
    assert_eq!(contact_of(&office, "p1").await.owner, None);
    office
        .arrive(Landing::Teammate(Teammate {
            external_id: "t1".into(),
            name: Some("Mara".into()),
            email: Some("MARA@kestrel.example".into()),
        }))
        .await;
    office.arrive(landed("p2")).await;
    assert_eq!(contact_of(&office, "p1").await.owner, office.mara.user);
    assert_eq!(contact_of(&office, "p2").await.owner, office.mara.user);
}

#[tokio::test]
async fn messages_arrive_before_their_person_and_land_on_both_timelines() {
    let office = open().await;
    office
        .arrive(Landing::Conversation(talk(
            "v1",
            5,
            &["p1"],
            vec![message("m2", 3, Side::Teammate, "Tomorrow"), message("m1", 2, Side::Customer, "Any news?")],
        )))
        .await;
    office.arrive(Landing::Company(Company { external_id: "c1".into(), name: Some("Harbour".into()), ..Company::default() })).await;
    office.arrive(Landing::Person(Person { companies: vec!["c1".into()], companies_complete: true, ..person("p1", 1) })).await;
    office
        .arrive(Landing::Conversation(talk(
            "v1",
            6,
            &["p1"],
            vec![message("m3", 4, Side::Customer, "Thanks"), message("m1", 2, Side::Customer, "Any news?")],
        )))
        .await;
    let contact = contact_of(&office, "p1").await;
    for subject in [contact.id.to_ref(), contact.company.unwrap().to_ref()] {
        let chats: Vec<_> = office.events(&subject).await.into_iter().filter(|e| e.kind == "chat").map(|e| e.source_id.unwrap()).collect();
        assert_eq!(chats, ["m3", "m2", "m1"]);
    }
    assert_eq!(contact.last_activity_at, minute(4));
    let waiting = conversation::store::waiting(&office.db, office.ws, 5).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].waiting_since), (1, minute(4)));
}

#[tokio::test]
async fn a_newer_statement_changes_a_message_and_redaction_is_for_ever() {
    let office = open().await;
    office.arrive(Landing::Person(person("p1", 1))).await;
    let say = |version, body: &str| Landing::Conversation(talk("v1", version, &["p1"], vec![message("m1", 2, Side::Customer, body)]));
    office.arrive(say(3, "<p>Second <img src=\"https://spy.example/x.png\"> <a href=\"https://x.example\">link</a></p>")).await;
    office.arrive(say(2, "First")).await;
    let record: Ref = office.mapped(What::Message, "m1").await.unwrap();
    let read = |office: Office| async move {
        conversation::store::find_messages(&office.db, office.ws, &[record.as_id().unwrap()]).await.unwrap().remove(0)
    };
    let message = read.clone()(office.clone()).await;
    assert_eq!(message.words.as_deref(), Some("Second  link"));
    let html = message.html.unwrap();
    assert!(!html.contains("img") && html.contains("rel=\"nofollow noopener"), "{html}");
    assert_eq!(atlas_store::search(&office.db, office.ws, "second", &["conversation"], 5).await.unwrap().len(), 1);
    office.arrive(Landing::Redacted { external_id: "m1".into() }).await;
    office.arrive(say(9, "Third")).await;
    let message = read(office.clone()).await;
    assert!(message.redacted && message.html.is_none() && message.words.is_none());
    assert!(atlas_store::search(&office.db, office.ws, "third", &[], 5).await.unwrap().is_empty());
    assert!(atlas_store::search(&office.db, office.ws, "second", &[], 5).await.unwrap().is_empty());
    assert_eq!(
        office.operations(&contact_of(&office, "p1").await.id.to_ref()).await.iter().filter(|op| *op == "conversation.message").count(),
        1
    );
}

#[tokio::test]
async fn a_deleted_conversation_goes_with_its_events_and_does_not_come_back() {
    let office = open().await;
    office.arrive(Landing::Person(person("p1", 1))).await;
    let landed = Landing::Conversation(talk("v1", 3, &["p1"], vec![message("m1", 2, Side::Customer, "Hello")]));
    office.arrive(landed.clone()).await;
    assert_eq!(office.arrive(Landing::Gone { what: What::Conversation, external_id: "v1".into() }).await.removed, 1);
    assert_eq!(office.arrive(landed).await, atlas_connect::Applied::default());
    assert_eq!(office.operations(&contact_of(&office, "p1").await.id.to_ref()).await, ["contact.created"]);
    assert!(atlas_store::search(&office.db, office.ws, "hello", &[], 5).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_person_gone_is_put_away_with_all_fields_and_one_of_ours_stays() {
    let office = open().await;
    office.arrive(Landing::Person(Person { name: Some("Theirs".into()), ..person("p1", 1) })).await;
    let ours = office.contact(Edit { name: Some("Ours".into()), emails: Some(vec!["o@x.example".into()]), ..Edit::default() }).await;
    office.arrive(Landing::Person(Person { email: Some("o@x.example".into()), ..person("p2", 1) })).await;
    let theirs = contact_of(&office, "p1").await;
    for id in ["p1", "p2"] {
        office.arrive(Landing::Gone { what: What::Person, external_id: id.into() }).await;
        assert_eq!(office.mapped(What::Person, id).await, None);
    }
    let theirs = office.reload(theirs.id).await;
    assert_eq!((theirs.name.as_str(), theirs.status), ("Theirs", Status::Archived));
    assert_eq!(office.reload(ours.id).await.status, Status::Active);
}

#[tokio::test]
async fn who_was_merged_into_somebody_that_is_gone_is_put_away_in_either_order() {
    let merged = Landing::Merged { from: "lead".into(), into: "user".into() };
    let gone = Landing::Gone { what: What::Person, external_id: "user".into() };
    for order in [[&merged, &gone], [&gone, &merged]] {
        let office = open().await;
        office.arrive(Landing::Person(Person { lead: true, ..person("lead", 1) })).await;
        let lead = contact_of(&office, "lead").await;
        for landing in order {
            office.arrive(landing.clone()).await;
        }
        assert_eq!(office.reload(lead.id).await.status, Status::Archived);
        for id in ["lead", "user"] {
            assert_eq!(office.mapped(What::Person, id).await, None);
        }
    }
}

#[tokio::test]
async fn a_lead_merged_twice_moves_its_timeline_and_leaves_one_person() {
    let office = open().await;
    office.arrive(Landing::Person(Person { lead: true, ..person("lead", 1) })).await;
    office.arrive(Landing::Conversation(talk("v1", 3, &["lead"], vec![message("m1", 2, Side::Customer, "Hello")]))).await;
    office.arrive(Landing::Person(Person { name: Some("Maren".into()), ..person("user", 2) })).await;
    let lead = contact_of(&office, "lead").await;
    let note = office.note(&lead.id.to_ref(), "Called her").await;
    for _ in 0..2 {
        office.arrive(Landing::Merged { from: "lead".into(), into: "user".into() }).await;
    }
    office.arrive(Landing::Person(Person { lead: true, ..person("lead", 1) })).await;
    let user = contact_of(&office, "user").await;
    let ops = office.operations(&user.id.to_ref()).await;
    for op in ["conversation.message", "note.created", "contact.merged"] {
        assert_eq!(ops.iter().filter(|o| *o == op).count(), 1, "{op} in {ops:?}");
    }
    assert!(office.operations(&lead.id.to_ref()).await.is_empty());
    let moved = atlas_growth::note::store::find(&office.db, office.ws, note.id).await.unwrap().unwrap();
    assert_eq!(moved.subject, user.id.to_ref());
    assert_eq!(all_contacts(&office).await, 1);
    assert_eq!(office.reload(lead.id).await.merged_into, Some(user.id));
    // A conversation that still names the lead shows with the person.
    office.arrive(Landing::Conversation(talk("v2", 4, &["lead"], vec![message("m2", 3, Side::Customer, "Again")]))).await;
    assert_eq!(office.operations(&user.id.to_ref()).await.iter().filter(|op| *op == "conversation.message").count(), 2);
}

#[tokio::test]
async fn leaving_a_company_takes_the_chats_along_and_leaves_its_own_deals() {
    let office = open().await;
    let company = office.company("Harbour").await;
    let contact = office.contact(Edit { name: Some("Maren".into()), companies: Some(vec![company.id]), ..Edit::default() }).await;
    office.note(&contact.id.to_ref(), "Hers").await;
    office.note(&company.id.to_ref(), "Theirs").await;
    office
        .deal(atlas_growth::deal::Edit {
            title: Some("Deal".into()),
            contact: Some(Some(contact.id)),
            company: Some(Some(company.id)),
            ..Default::default()
        })
        .await;
    assert_eq!(office.operations(&company.id.to_ref()).await.iter().filter(|op| *op == "note.created").count(), 2);
    office.change(contact.id, Edit { companies: Some(vec![]), ..Edit::default() }).await;
    let ops = office.operations(&company.id.to_ref()).await;
    assert_eq!(ops.iter().filter(|op| *op == "note.created").count(), 1);
    assert_eq!(ops.iter().filter(|op| *op == "deal.created").count(), 1);
}

/// Statements that a conversation of so many messages takes to land, the first time and when it grew by one.
async fn statements(office: &Office, id: &str, messages: i64) -> (usize, usize) {
    let said = |n: i64| message(&format!("{id}-{n}"), n, Side::Customer, "<p>Hello</p>");
    let (all, grown) = ((1..=messages).map(said).collect(), (1..=messages + 1).map(said).collect());
    let (_, first) = watch_queries(office.arrive(Landing::Conversation(talk(id, 1, &["p1"], all)))).await;
    let (applied, second) = watch_queries(office.arrive(Landing::Conversation(talk(id, 2, &["p1"], grown)))).await;
    assert_eq!(applied.messages, 1);
    (first.len(), second.len())
}

#[tokio::test]
async fn a_long_conversation_lands_in_few_statements() {
    let office = open().await;
    office.arrive(Landing::Person(person("p1", 1))).await;
    let (short, long) = (statements(&office, "v1", 16).await, statements(&office, "v2", 256).await);
    assert!(short.0 <= 40 && short.1 <= 40, "{short:?} statements for 16 messages");
    // Rows go in powers of two: messages, events, places on timelines and mappings take a few statements each, however many there are.
    assert!(long.0 <= short.0 + 12 && long.1 <= short.1 + 12, "{long:?} statements for 256 messages, {short:?} for 16");
}
