//! The purge: not one of the provider's words stays, and all of the people's do.

use atlas_connect::{Company, Landing, Person, Side, Teammate, What};
use atlas_growth::contact::{self, Edit};
use atlas_growth::{company, deal, tag};

use crate::intake::{contact_of, message, person, talk};
use crate::office::{Office, minute, open};

fn planted(id: &str) -> Person {
    Person {
        own_id: Some(format!("PLANT-own-{id}")),
        name: Some(format!("PLANT name {id}")),
        email: Some(format!("plant-{id}@planted.example")),
        phone: Some("+999 5550 1234 ".to_owned() + &id.len().to_string()),
        location: Some("PLANT city".into()),
        owner: Some("t1".into()),
        companies: vec!["c1".into(), "c9".into()],
        companies_complete: true,
        tags: vec!["PLANT tag".into()],
        tags_complete: true,
        attributes: [("plan".to_owned(), "PLANT attribute".into())].into_iter().collect(),
        ..person(id, 1)
    }
}

async fn import(office: &Office) {
    office
        .arrive(Landing::Teammate(Teammate {
            external_id: "t1".into(),
            name: Some("PLANT mate".into()),
            email: Some("plant@mate.example".into()),
        }))
        .await;
    let company = Company {
        external_id: "c1".into(),
        own_id: Some("PLANT-co".into()),
        name: Some("PLANT company".into()),
        website: Some("https://planted.example".into()),
        industry: Some("PLANT industry".into()),
        plan: Some("PLANT plan".into()),
        tags: vec!["PLANT co tag".into()],
        updated_at: Some(minute(1)),
        ..Company::default()
    };
    office.arrive(Landing::Company(company)).await;
    for id in ["p1", "p22", "p333", "p4444", "p55555", "p666666", "p7777777"] {
        office.arrive(Landing::Person(planted(id))).await;
    }
    let mut talk =
        talk("v1", 3, &["p1", "p22", "p99"], (0..12).map(|n| message(&format!("m{n}"), n, Side::Customer, "PLANT words")).collect());
    talk.title = Some("PLANT title".into());
    talk.url = Some("https://planted.example/talk".into());
    office.arrive(Landing::Conversation(talk)).await;
    office
        .arrives(Landing::Person(Person { name: Some("PLANT renamed".into()), updated_at: Some(minute(9)), ..planted("p1") }), false)
        .await;
    office.arrive(Landing::Gone { what: What::Person, external_id: "p55555".into() }).await;
    office.arrive(Landing::Merged { from: "p666666".into(), into: "p7777777".into() }).await;
}

/// Everything in the database but the kit's own tables, which the purge of a module leaves to the kit.
async fn dump(office: &Office) -> String {
    atlas_testkit::dump(&office.db).await.into_iter().filter(|row| !row.starts_with("connect")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn not_one_planted_word_stays_and_all_of_the_peoples_do() {
    let office = open().await;
    let mine =
        office.contact(Edit { name: Some("Mine".into()), emails: Some(vec!["plant-p22@planted.example".into()]), ..Edit::default() }).await;
    import(&office).await;
    assert_eq!(contact_of(&office, "p22").await.id, mine.id);
    // The provider's contact that people worked with.
    let worked = contact_of(&office, "p1").await;
    office.note(&worked.id.to_ref(), "Kept note").await;
    office.change(worked.id, Edit { role: Some("Kept role".into()), name: Some("Kept name".into()), ..Edit::default() }).await;
    office.deal(deal::Edit { title: Some("Kept deal".into()), contact: Some(Some(worked.id)), ..Default::default() }).await;
    // One that somebody only tagged, and archived and restored under its planted name.
    let tagged = contact_of(&office, "p333").await;
    office.change(tagged.id, Edit { tags: Some(vec!["PLANT tag".into(), "Kept tag".into()]), ..Edit::default() }).await;
    let ines = &office.ines;
    office.db.write(|tx| async move { contact::verbs::archive(&tx, ines, tagged.id, None).await }).await.unwrap();
    office.db.write(|tx| async move { contact::verbs::restore(&tx, ines, tagged.id, None).await }).await.unwrap();
    assert!(dump(&office).await.to_lowercase().contains("plant"));

    let purged = office.purge().await;
    let count = |what: &str| purged.iter().filter(|p| p.what == what).map(|p| p.count).sum::<u64>();
    assert_eq!((count("messages"), count("conversations")), (12, 1));
    assert!(count("contacts") >= 3 && count("timeline events") >= 12, "{purged:?}");
    let left: Vec<String> = dump(&office).await.lines().filter(|line| line.to_lowercase().contains("plant")).map(str::to_owned).collect();
    // The address that a member typed is theirs.
    let theirs = |line: &&String| !line.contains("plant-p22@planted.example") && !line.starts_with("schema_migrations");
    assert_eq!(left.iter().filter(theirs).collect::<Vec<_>>(), Vec::<&String>::new());
    for words in ["plant", "planted"] {
        let found = atlas_store::search(&office.db, office.ws, words, &[], 20).await.unwrap();
        assert!(found.iter().all(|hit| hit.record == mine.id.to_ref()), "{found:?}");
    }

    let worked = office.reload(worked.id).await;
    assert_eq!((worked.name.as_str(), worked.role.as_deref()), ("Kept name", Some("Kept role")));
    assert_eq!((worked.emails.len(), worked.location.as_deref(), worked.origin.as_str()), (0, None, "atlas"), "{worked:?}");
    let ops = office.operations(&worked.id.to_ref()).await;
    assert!(ops.contains(&"note.created".to_owned()) && ops.contains(&"deal.created".to_owned()));
    assert!(!ops.contains(&"conversation.message".to_owned()));
    let tags = tag::store::all(&office.db, office.ws).await.unwrap();
    assert_eq!(tags.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["Kept tag"]);
    assert_eq!(office.reload(tagged.id).await.label(), contact::UNNAMED);
    let companies =
        company::list::page(&office.db, office.ws, &company::list::CompanyQuery { limit: 10, ..Default::default() }).await.unwrap();
    assert!(companies.rows.is_empty());
    assert_eq!(office.reload(mine.id).await.emails, ["plant-p22@planted.example"]);
}

#[tokio::test]
async fn a_purge_can_be_interrupted_and_run_again_and_the_history_come_back() {
    let office = open().await;
    import(&office).await;
    for _ in 0..3 {
        office
            .db
            .write(|tx| {
                let office = office.clone();
                async move { (atlas_growth::intake().purge)(&tx, office.ws, office.connection, 2).await }
            })
            .await
            .unwrap();
    }
    office.purge().await;
    assert!(office.purge().await.is_empty());
    import(&office).await;
    assert_eq!(contact_of(&office, "p1").await.name, "PLANT renamed");
}
