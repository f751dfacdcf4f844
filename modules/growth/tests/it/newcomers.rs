//! People, companies and conversations that come many at once are written together: the outcome is that of one after the other.

use atlas_connect::{Company, Conversation, Landing, Message, Person, Side, Teammate, What, mappings_by};
use atlas_growth::contact::Edit;
use atlas_store::{query, watch_queries};

use crate::intake::{message, person, talk};
use crate::office::{Office, minute, open, workspace_in};

fn company(id: &str, name: &str) -> Landing {
    Landing::Company(Company {
        external_id: id.into(),
        name: Some(name.into()),
        created_at: Some(minute(0)),
        updated_at: Some(minute(1)),
        ..Company::default()
    })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// What is there before they come, one after the other in any case.
async fn before(office: &Office) {
    let ines = office.ines.name.split(' ').next_back().unwrap().to_lowercase();
    office.arrive(company("c1", "Harbour")).await;
    office.arrive(company("c2", "Calder")).await;
    let (name, email) = (Some("Ines".to_owned()), Some(format!("ines@{ines}.example")));
    office.arrive(Landing::Teammate(Teammate { external_id: "t1".into(), name, email })).await;
    office.arrive(Landing::Person(Person { tags: words(&["VIP"]), tags_complete: true, ..person("old", 1) })).await;
    let known = Edit { name: Some("Known".into()), emails: Some(words(&["known@harbour.example"])), ..Edit::default() };
    office.contact(known).await;
    office.arrive(Landing::Conversation(talk("v1", 3, &["waits"], vec![message("m1", 1, Side::Customer, "Hello")]))).await;
    office.arrive(Landing::Merged { from: "gone".into(), into: "old".into() }).await;
    office.arrive(Landing::Redacted { external_id: "b1".into() }).await;
    office.arrive(Landing::Gone { what: What::Conversation, external_id: "ended".into() }).await;
    office.arrive(Landing::Person(Person { companies: words(&["awaited"]), ..person("patient", 1) })).await;
    office.arrive(Landing::Conversation(talk("v0", 2, &["patient"], vec![message("m0", 1, Side::Customer, "Hello")]))).await;
    office.arrive(Landing::Gone { what: What::Company, external_id: "closed".into() }).await;
    office.company("Written by hand").await;
}

/// All there is to say of people, and all that can stand in the way of writing them together.
fn crowd() -> Vec<Landing> {
    let full = |id: &str| Person {
        own_id: Some(format!("own-{id}")),
        name: Some(format!("Person {id}")),
        email: Some(format!("{id}@Harbour.example")),
        phone: Some("+353 1 555 0100".into()),
        location: Some("Dublin".into()),
        owner: Some("t1".into()),
        companies: words(&["c2", "c1", "c2", "later"]),
        companies_complete: true,
        tags: words(&["vip", "New", "new", " "]),
        tags_complete: true,
        attributes: serde_json::from_str(r#"{"plan":"gold"}"#).unwrap(),
        last_seen_at: Some(minute(9)),
        ..person(id, 4)
    };
    let people = vec![
        Person { phone: Some("+353 1 555 0101".into()), ..full("a") },
        Person { owner: Some("nobody".into()), phone: None, companies_complete: false, tags_complete: false, ..full("b") },
        Person { archived: true, phone: Some("12".into()), companies: vec![], tags: vec![], ..full("c") },
        person("bare", 1),
        Person { lead: true, updated_at: None, created_at: None, ..person("undated", 1) },
        // Recognised by what is here, by each other, or not let in again.
        Person { email: Some("Known@harbour.example".into()), phone: None, ..full("known") },
        full("same phone"),
        full("the same phone"),
        Person { email: Some("twin@calder.example".into()), ..person("twin", 2) },
        Person { email: Some("twin@calder.example".into()), ..person("other twin", 2) },
        person("waits", 2),
        person("gone", 2),
        Person { name: Some("Again".into()), ..person("old", 2) },
        Person { name: Some("First".into()), ..person("twice", 1) },
        Person { name: Some("Second".into()), ..person("twice", 2) },
        Person { name: Some("Named in a chat".into()), ..person("chats", 2) },
    ];
    let mut landings: Vec<Landing> = people.into_iter().map(Landing::Person).collect();
    landings.insert(3, Landing::Conversation(talk("v2", 3, &["chats"], vec![message("m2", 2, Side::Customer, "Hi")])));
    landings.extend(chats().into_iter().map(Landing::Conversation));
    landings
}

/// All there is to say of companies, and all that can stand in the way of writing them together; people and conversations among them.
fn firms(all_unmet: bool) -> Vec<Landing> {
    let full = |id: &str| Company {
        external_id: id.into(),
        own_id: Some(format!("own-{id}")),
        name: Some(format!("Firm {id}")),
        website: Some(format!("https://{id}.example/about")),
        industry: Some("Boats".into()),
        plan: Some("Gold".into()),
        size: Some(12),
        tags: words(&["vip", "Newer", "newer", " "]),
        attributes: serde_json::from_str(r#"{"tier":1}"#).unwrap(),
        created_at: Some(minute(2)),
        updated_at: Some(minute(3)),
    };
    let unmet = vec![
        full("f1"),
        Company { size: Some(-1), tags: vec![], name: Some(" \u{7}Firm two ".into()), ..full("f2") },
        Company { name: None, ..full("f3") },
        Company { external_id: "f4".into(), ..Company::default() },
        // Called the same as each other, which makes them no less two.
        Company { own_id: None, website: None, name: Some("Twin".into()), ..full("f5") },
        Company { own_id: None, website: None, name: Some("Twin".into()), ..full("f6") },
    ];
    let known = vec![
        Company { name: Some("Written by hand".into()), own_id: None, website: None, ..full("hand") },
        Company { name: Some("Harbour Ltd".into()), ..full("c1") },
        full("awaited"),
        full("closed"),
        full("named"),
        Company { name: Some("First".into()), ..full("both") },
        Company { name: Some("Second".into()), updated_at: Some(minute(4)), ..full("both") },
    ];
    let mut landings: Vec<Landing> = unmet.into_iter().map(Landing::Company).collect();
    if !all_unmet {
        landings.extend(known.into_iter().map(Landing::Company));
        landings.push(Landing::Person(Person { companies: words(&["named", "c2"]), companies_complete: true, ..person("names", 2) }));
    }
    landings.insert(2, Landing::Person(Person { companies: words(&["c2"]), companies_complete: true, ..person("beside", 2) }));
    landings.push(Landing::Person(Person { name: Some("Person beside".into()), ..person("beside2", 2) }));
    for n in 0..3 {
        let said = vec![message(&format!("s{n}"), 5 + n, Side::Customer, "Hello")];
        landings.push(Landing::Conversation(talk(&format!("beside{n}"), 6, &["patient", "old"], said)));
    }
    landings
}

/// All there is to say of conversations, and all that can stand in the way of writing them together.
fn chats() -> Vec<Conversation> {
    let long = (0..40).map(|n| message(&format!("l{n}"), n % 7, if n % 3 == 0 { Side::Teammate } else { Side::Customer }, "<p>Long</p>"));
    let redacted = Message { redacted: true, ..message("r1", 2, Side::Customer, "Secret") };
    let internal = Message { internal: true, body: None, ..message("r2", 3, Side::Teammate, "") };
    vec![
        Conversation { assignee: Some("t1".into()), ..talk("long", 9, &["old", "nobody", "gone"], long.collect()) },
        Conversation { title: None, state: "closed".into(), ..talk("odd", 2, &[], vec![redacted, internal]) },
        talk("silent", 2, &["old"], vec![]),
        // Heard of already, twice in a row, or with a message that is somewhere else.
        talk("v1", 5, &["old"], vec![message("m1", 1, Side::Customer, "Hello"), message("m9", 4, Side::Bot, "Again")]),
        talk("twice", 2, &["old"], vec![message("t1", 1, Side::Customer, "One")]),
        talk("twice", 3, &["old"], vec![message("t1", 1, Side::Customer, "One"), message("t2", 2, Side::Customer, "Two")]),
        talk("burnt", 3, &["old"], vec![message("b1", 1, Side::Customer, "Was redacted"), message("b2", 2, Side::Customer, "Stays")]),
        talk("ended", 3, &["old"], vec![message("e1", 1, Side::Customer, "Is over")]),
        talk("here", 3, &["old"], vec![message("moved", 1, Side::Customer, "Here")]),
        talk("there", 3, &["old"], vec![message("moved", 1, Side::Customer, "There")]),
    ]
}

/// What is asked of each contact: `$2` is its id, `$3` its record.
const ASKED: [&str; 9] = [
    "SELECT c.name || '|' || c.name_key || '|' || CAST(c.emails AS TEXT) || CAST(c.phones AS TEXT) || COALESCE(c.location, '-') || \
     COALESCE(c.own_id, '-') || CAST(c.owner_id IS NULL AS TEXT) || CAST(c.lead AS TEXT) || c.status || \
     COALESCE(CAST(c.archived_at AS TEXT), '-') || c.origin || CAST(c.provenance AS TEXT) || CAST(c.provided AS TEXT) || \
     COALESCE(CAST(c.last_seen_at AS TEXT), '-') || CAST(c.version AS TEXT) || '|' || CAST(c.created_at AS TEXT) || '|' || \
     CAST(c.updated_at AS TEXT) || '|' || CAST(c.last_activity_at AS TEXT) || \
     COALESCE((SELECT o.name FROM companies o WHERE o.workspace_id = c.workspace_id AND o.id = c.company_id), '-') \
     FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2 AND $3 <> ''",
    "SELECT kind || match_key FROM contact_handles WHERE workspace_id = $1 AND contact_id = $2 AND $3 <> '' ORDER BY 1",
    "SELECT claim || CAST(said_at AS TEXT) || CAST(company_id IS NULL AS TEXT) FROM contact_companies \
     WHERE workspace_id = $1 AND contact_id = $2 AND $3 <> '' ORDER BY 1",
    "SELECT t.name || CAST(r.said_at AS TEXT) FROM record_tags r JOIN tags t ON t.workspace_id = r.workspace_id AND t.id = r.tag_id \
     WHERE r.workspace_id = $1 AND r.record_id = $2 AND r.record = $3 ORDER BY 1",
    "SELECT 'source' FROM record_sources r, contacts c WHERE r.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND r.record = $3",
    "SELECT r.external_id FROM awaited_owners r, contacts c WHERE r.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND r.record = $3",
    "SELECT r.kind || r.title || '|' || r.detail FROM search_docs r, contacts c \
     WHERE r.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND r.record = $3",
    "SELECT e.operation || e.kind || CAST(e.at AS TEXT) || e.actor_name || e.actor_via || CAST(e.data AS TEXT) || \
     COALESCE(e.source_kind || e.source_id, '-') FROM events e, contacts c \
     WHERE e.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND e.record = $3 ORDER BY 1",
    "SELECT e.operation || s.kind || CAST(s.at AS TEXT) FROM event_subjects s JOIN events e ON e.workspace_id = s.workspace_id \
     AND e.id = s.event_id, contacts c WHERE s.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND s.subject = $3 ORDER BY 1",
];

/// The same of each company.
const ASKED_OF_COMPANIES: [&str; 6] = [
    "SELECT c.name || '|' || c.name_key || '|' || COALESCE(c.website, '-') || COALESCE(c.domain, '-') || COALESCE(c.industry, '-') || \
     COALESCE(CAST(c.size AS TEXT), '-') || COALESCE(c.plan, '-') || COALESCE(c.own_id, '-') || c.status || c.origin || \
     CAST(c.provenance AS TEXT) || CAST(c.provided AS TEXT) || CAST(c.version AS TEXT) || '|' || CAST(c.created_at AS TEXT) || '|' || \
     CAST(c.last_activity_at AS TEXT) FROM companies c WHERE c.workspace_id = $1 AND c.id = $2 AND $3 <> '' AND c.origin = 'intercom' \
     AND c.created_at < c.updated_at",
    "SELECT t.name || CAST(r.said_at AS TEXT) FROM record_tags r JOIN tags t ON t.workspace_id = r.workspace_id AND t.id = r.tag_id \
     WHERE r.workspace_id = $1 AND r.record_id = $2 AND r.record = $3 ORDER BY 1",
    "SELECT 'source' FROM record_sources r, companies c WHERE r.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND r.record = $3",
    "SELECT r.kind || r.title || '|' || r.detail FROM search_docs r, companies c \
     WHERE r.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND r.record = $3",
    "SELECT e.operation || e.kind || e.actor_name || e.actor_via || CAST(e.data AS TEXT) || COALESCE(e.source_kind || e.source_id, '-') \
     FROM events e, companies c WHERE e.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND e.record = $3 ORDER BY 1",
    "SELECT e.operation || s.kind FROM event_subjects s JOIN events e ON e.workspace_id = s.workspace_id \
     AND e.id = s.event_id, companies c WHERE s.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND s.subject = $3 ORDER BY 1",
];

/// The same of each conversation.
const ASKED_OF_CHATS: [&str; 4] = [
    "SELECT COALESCE(title, '-') || state || COALESCE(assignee, '-') || CAST(message_count AS TEXT) || '|' || \
     COALESCE(CAST(waiting_since AS TEXT), '-') || CAST(said_at AS TEXT) || '|' || CAST(created_at AS TEXT) || '|' || CAST(last_message_at AS TEXT) \
     FROM conversations WHERE workspace_id = $1 AND id = $2 AND $3 <> ''",
    "SELECT external_id || CAST(contact_id IS NULL AS TEXT) FROM conversation_people \
     WHERE workspace_id = $1 AND conversation_id = $2 AND $3 <> '' ORDER BY 1",
    "SELECT r.kind || r.title || '|' || r.detail FROM search_docs r, conversations c \
     WHERE r.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND r.record = $3",
    "SELECT e.operation || COALESCE(e.source_id, '-') FROM event_subjects s JOIN events e ON e.workspace_id = s.workspace_id \
     AND e.id = s.event_id, conversations c WHERE s.workspace_id = $1 AND c.workspace_id = $1 AND c.id = $2 AND s.subject = $3 ORDER BY 1",
];

/// The same of each message.
const ASKED_OF_MESSAGES: [&str; 2] = [
    "SELECT m.source_kind || CAST(m.at AS TEXT) || m.side || COALESCE(m.author_name, '-') || m.action || CAST(m.internal AS TEXT) || \
     COALESCE(m.html, '-') || COALESCE(m.words, '-') || CAST(m.redacted AS TEXT) || CAST(m.said_at AS TEXT) || c.external_id \
     FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id \
     WHERE m.workspace_id = $1 AND m.id = $2 AND $3 <> ''",
    "SELECT e.operation || e.kind || CAST(e.at AS TEXT) || CAST(e.data AS TEXT) || e.source_kind || e.source_id FROM events e, messages m \
     WHERE e.workspace_id = $1 AND m.workspace_id = $1 AND m.id = $2 AND e.record = $3",
];

/// Everything that the database holds of people, conversations and messages, by the provider's ids.
async fn seen(office: &Office) -> Vec<String> {
    let (connection, ines) = (office.connection.to_string(), office.ines.user.unwrap().to_string());
    let plain = |text: String| text.replace(&connection, "CONNECTION").replace(&ines, "INES").replace(&office.ines.name, "Ines");
    let mut rows = vec![];
    let all = [
        (What::Person, &ASKED[..]),
        (What::Company, &ASKED_OF_COMPANIES),
        (What::Conversation, &ASKED_OF_CHATS),
        (What::Message, &ASKED_OF_MESSAGES),
    ];
    for (what, asked) in all {
        let mapped = mappings_by(&office.db, office.ws, office.connection, what, "", 200).await.unwrap();
        for (n, sql) in asked.iter().enumerate() {
            let before = rows.len();
            for known in &mapped {
                let ask = query(sql).bind(office.ws).bind(known.record.uuid()).bind(&known.record);
                let texts: Vec<String> = ask.values(&office.db).await.unwrap();
                rows.extend(texts.into_iter().map(|text| format!("{} {n}: {}", known.external_id, plain(text))));
            }
            assert!(rows.len() > before, "nothing answers {sql}");
        }
    }
    rows
}

/// What search and timelines of the companies show.
async fn shown(office: &Office) -> Vec<String> {
    let mut shown = vec![];
    for word in ["person", "hello", "long", "secret", "stays", "harbour", "calder", "gold", "dublin", "again", "firm", "boats", "twin"] {
        let hits = atlas_store::search(&office.db, office.ws, word, &["contact", "conversation", "company"], 50).await.unwrap();
        let mut titles: Vec<String> = hits.into_iter().map(|hit| hit.title).collect();
        titles.sort();
        shown.push(format!("{word}: {titles:?}"));
    }
    for id in ["c1", "c2", "f1", "awaited", "hand"] {
        let company = office.mapped(What::Company, id).await.unwrap();
        let mut operations = office.operations(&company).await;
        operations.sort();
        shown.push(format!("{id}: {operations:?}"));
    }
    shown
}

#[tokio::test]
async fn together_comes_to_the_same_as_one_after_the_other() {
    let alone = open().await;
    let together = workspace_in(&alone.db, "Gannet").await;
    before(&alone).await;
    before(&together).await;
    for lot in [crowd(), firms(true), firms(false)] {
        let mut one_by_one = vec![];
        for landing in &lot {
            one_by_one.push(alone.arrive(landing.clone()).await);
        }
        assert_eq!(together.arrive_together(&lot).await, one_by_one);
    }
    let (expected, rows) = (seen(&alone).await, seen(&together).await);
    for (row, expected) in rows.iter().zip(&expected) {
        assert_eq!(row, expected);
    }
    assert_eq!(rows.len(), expected.len());
    assert_eq!(shown(&together).await, shown(&alone).await);

    // A second time, either way, changes nothing.
    let again = together.arrive_together(&crowd()).await;
    assert!(again.iter().all(|applied| applied.created == 0), "{again:?}");
    assert_eq!(seen(&together).await.len(), rows.len());
}

#[tokio::test]
async fn many_newcomers_take_hardly_more_statements_than_few() {
    let office = open().await;
    before(&office).await;
    let people = |from: usize, to: usize| -> Vec<Landing> {
        let each = |n: usize| Person {
            name: Some(format!("Person {n}")),
            email: Some(format!("{n}@calder.example")),
            own_id: Some(format!("own-{n}")),
            owner: Some("t1".into()),
            companies: words(&["c1"]),
            companies_complete: true,
            tags: words(&["VIP"]),
            tags_complete: true,
            ..person(&format!("n{n}"), 1)
        };
        (from..to).map(|n| Landing::Person(each(n))).collect()
    };
    let chats = |from: usize, to: usize| -> Vec<Landing> {
        let said = |n: usize| (0..6).map(|m| message(&format!("c{n}m{m}"), m, Side::Customer, "Hello")).collect();
        (from..to).map(|n| Landing::Conversation(talk(&format!("c{n}"), 1, &["old", "waits"], said(n)))).collect()
    };
    let firms = |from: usize, to: usize| -> Vec<Landing> {
        let each = |n: usize| company(&format!("f{n}"), &format!("Firm {n}"));
        (from..to).map(each).collect()
    };
    for (few, many, most) in [(people(0, 4), people(4, 68), 24), (chats(0, 4), chats(4, 68), 28), (firms(0, 4), firms(4, 68), 18)] {
        let (_, few) = watch_queries(office.arrive_together(&few)).await;
        let (_, many) = watch_queries(office.arrive_together(&many)).await;
        assert!(few.len() <= most && many.len() <= few.len() + 4, "{} for 4, {} for 64", few.len(), many.len());
    }
}
