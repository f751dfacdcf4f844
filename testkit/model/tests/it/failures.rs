//! The failures that the connector survives, each from a real report, in the order of the list; on both databases, against the
//! strict sandbox, in simulated time.

use std::time::Duration;

use atlas_connect::{ConnectionState, Credentials, Secret, StreamState, SyncState};
use atlas_model::{Change, Fault, Start, Trouble, What, World, credentials};
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);

/// A connected world whose first sync has run.
async fn synced(start: Start) -> World {
    let world = World::connected(7, start).await.unwrap();
    world.work().await.unwrap();
    assert_eq!(state(&world).await, SyncState::Done);
    world
}

async fn state(world: &World) -> SyncState {
    world.view().await.unwrap().sync.unwrap().state
}

async fn sync(world: &World) {
    world.clock.advance(Duration::from_secs(5));
    world.conns.sync(&world.owner, "intercom").await.unwrap();
    world.work().await.unwrap();
}

async fn equal(world: &World) {
    assert_eq!(world.differences().await.unwrap(), Vec::<String>::new());
}

async fn control(world: &World, method: &str, path: &str, body: Value) -> Value {
    world.provider.control(method, path, body).await.unwrap()
}

async fn truth(world: &World, list: &str) -> Vec<String> {
    let truth = control(world, "GET", "/_sandbox/truth", Value::Null).await;
    truth[list].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn f01_a_scroll_whose_token_never_changes_is_read_to_its_end() {
    let world = World::connected(7, Start { companies: 250, ..Start::default() }).await.unwrap();
    world.work().await.unwrap();
    let pages: std::collections::BTreeSet<String> =
        world.provider.paths().into_iter().filter(|path| path.contains("/companies/scroll?")).collect();
    assert_eq!(pages.len(), 1, "the token is the same on every page");
    assert_eq!(world.provider.calls_to("GET http://sandbox.local/companies/scroll"), 4, "three pages, and the empty one that is the end");
    assert_eq!(world.count("SELECT COUNT(*) FROM companies").await.unwrap(), 250);
    equal(&world).await;
}

#[tokio::test]
async fn f02_a_second_scroll_waits_for_its_turn_and_says_so() {
    let world = World::connected(7, Start::default()).await.unwrap();
    world.provider.set(json!({ "openScroll": true })).await.unwrap();
    world.work().await.unwrap();
    assert_eq!(state(&world).await, SyncState::Done, "another tool's scroll ends after a minute");
    assert!(world.provider.calls_to("GET http://sandbox.local/companies/scroll") <= 4, "nobody knocks all the time");
    equal(&world).await;

    // Somebody who never lets go: the rest goes on, and the page says what stands in the way.
    let world = World::connected(7, Start::default()).await.unwrap();
    world.provider.set(json!({ "openScroll": true, "scrollExpiry": 7200 })).await.unwrap();
    world.work().await.unwrap();
    let view = world.view().await.unwrap();
    assert_eq!(view.state, ConnectionState::Connected);
    let attention = &view.attention[0];
    assert_eq!((attention.code.as_str(), attention.affects.as_slice()), ("scroll_exists", ["Companies".to_owned()].as_slice()));
    assert!(attention.remedy.contains("Another one is open"), "{}", attention.remedy);
    assert_eq!(world.count("SELECT COUNT(*) FROM conversations").await.unwrap(), 4, "the other listings went on");
    world.pass(3 * HOUR).await.unwrap();
    equal(&world).await;
    assert!(world.view().await.unwrap().attention.is_empty());
}

#[tokio::test]
async fn f03_a_scroll_that_is_forgotten_half_way_starts_again() {
    let world = World::connected(7, Start { companies: 12, ..Start::default() }).await.unwrap();
    world.provider.set(json!({ "scrollPageSize": 3, "scroll404After": 2 })).await.unwrap();
    world.work().await.unwrap();
    let view = world.view().await.unwrap();
    let companies = view.sync.unwrap().streams.into_iter().find(|stream| stream.label == "Companies").unwrap();
    assert_eq!((companies.restarts, companies.created), (1, 12), "{companies:?}");
    equal(&world).await;
}

#[tokio::test]
async fn f04_a_contact_that_changes_again_on_the_same_day_arrives_again() {
    // Ten o'clock in Dublin, where the provider's days begin and end.
    let world = synced(Start { at: 1_795_341_600, contacts: 3, ..Start::default() }).await;
    let id = truth(&world, "contacts").await.remove(0);
    let path = format!("/_sandbox/contacts/{id}");
    for (hours, name) in [(0, "At ten"), (2, "At noon"), (4, "At four")] {
        world.clock.advance(hours * HOUR);
        control(&world, "PATCH", &path, json!({ "name": name })).await;
        world.provider.notices();
        sync(&world).await;
        let named = format!("SELECT COUNT(*) FROM contacts WHERE name = '{name}'");
        assert_eq!(world.count(Box::leak(named.into_boxed_str())).await.unwrap(), 1, "{name}");
    }
    equal(&world).await;
}

/// The provider's page holds 150 rows, and 5,000 conversations fill 34 pages: here 340 fill as many pages of ten.
#[tokio::test]
async fn f05_thousands_of_conversations_in_one_second_are_neither_cut_nor_a_loop() {
    let world = World::connected(7, Start { contacts: 4, conversations: 340, parts: (0, 0), ..Start::default() }).await.unwrap();
    world.provider.set(json!({ "mostPerPage": 10 })).await.unwrap();
    control(&world, "POST", "/_sandbox/touch", json!({ "conversations": 340 })).await;
    world.work().await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM conversations").await.unwrap(), 340);
    let pages = |world: &World| world.provider.calls_to("POST http://sandbox.local/conversations/search");
    assert_eq!(pages(&world), 34);
    world.clock.advance(HOUR);
    control(&world, "POST", "/_sandbox/touch", json!({ "conversations": 340 })).await;
    let before = pages(&world);
    sync(&world).await;
    assert_eq!((state(&world).await, pages(&world) - before), (SyncState::Done, 34));
    let late = "SELECT COUNT(*) FROM connect_versions WHERE object = 'conversation' AND version >= \
         (SELECT MAX(version) FROM connect_versions WHERE object = 'conversation')";
    assert_eq!(world.count(late).await.unwrap(), 340, "all of the second is read again");
}

#[tokio::test]
async fn f06_a_conversation_deleted_between_list_and_detail_is_gone_and_nothing_else_is() {
    let world = World::connected(7, Start { conversations: 6, ..Start::default() }).await.unwrap();
    world.provider.set(json!({ "vanishAfterList": 2 })).await.unwrap();
    world.work().await.unwrap();
    assert_eq!(truth(&world, "deletedConversations").await.len(), 2);
    assert_eq!(world.count("SELECT COUNT(*) FROM conversations").await.unwrap(), 4);
    assert_eq!(state(&world).await, SyncState::Done, "a page of HTML with 404 is understood");
    assert_eq!(world.view().await.unwrap().completeness.unreadable, 0);
    equal(&world).await;
}

#[tokio::test]
async fn what_the_provider_once_does_not_find_comes_back_whole_and_makes_no_second_task() {
    let world = synced(Start { conversations: 3, parts: (3, 3), ..Start::default() }).await;
    let (talk, person) = (truth(&world, "conversations").await.remove(0), truth(&world, "contacts").await.remove(0));
    let note = format!("/_sandbox/conversations/{talk}/note");
    control(&world, "POST", &note, json!({ "body": "/task Call them back" })).await;
    sync(&world).await;
    let counts = async || {
        let mut counts = vec![];
        for sql in [
            "SELECT COUNT(*) FROM conversations",
            "SELECT COUNT(*) FROM work_tasks",
            "SELECT COUNT(*) FROM contacts WHERE status = 'active'",
            "SELECT COUNT(*) FROM contacts",
        ] {
            counts.push(world.count(sql).await.unwrap());
        }
        counts
    };
    let whole = counts().await;
    assert_eq!(whole, [3, 1, 6, 6]);
    control(&world, "POST", &note, json!({ "body": "They called" })).await;
    let not_found = |path: String| world.provider.fail(Fault { path: path.leak(), after: 0, count: 1, kind: Trouble::Status(404) });
    not_found(format!("/conversations/{talk}"));
    sync(&world).await;
    assert_eq!(counts().await, [2, 1, 6, 6], "it is believed at first");
    world.audit().await.unwrap();
    assert_eq!(counts().await, whole);
    equal(&world).await;
    // The same of a person, about whom a notice came.
    world.provider.notices();
    control(&world, "PATCH", &format!("/_sandbox/contacts/{person}"), json!({ "name": "Somebody else" })).await;
    not_found(format!("/contacts/{person}"));
    for notice in world.provider.notices() {
        assert_eq!(world.deliver(&notice).await.unwrap(), 200);
    }
    world.work().await.unwrap();
    assert_eq!(counts().await, [3, 1, 5, 6]);
    world.audit().await.unwrap();
    assert_eq!(counts().await, whole, "they are taken up again, not a second time");
    equal(&world).await;
    let replayed = world.conns.replay(&world.owner, "intercom").await.unwrap();
    assert_eq!((replayed.applied.created, replayed.applied.removed), (0, 0), "what was wrong is not landed again");
    assert_eq!(counts().await, whole);
}

#[tokio::test]
async fn words_that_the_provider_took_away_leave_the_raw_log_without_a_notice() {
    let world = synced(Start { conversations: 2, parts: (0, 0), ..Start::default() }).await;
    let answers = "SELECT COUNT(*) FROM connect_raw WHERE object = 'conversation'";
    let talks = truth(&world, "conversations").await;
    let (redacted, deleted) = (&talks[0], &talks[1]);
    control(&world, "POST", &format!("/_sandbox/conversations/{redacted}/reply"), json!({ "body": "My card is 4111" })).await;
    sync(&world).await;
    assert_eq!(world.count(answers).await.unwrap(), 3, "two of one, one of the other");
    control(&world, "POST", &format!("/_sandbox/conversations/{redacted}/redact"), json!({ "source": true })).await;
    sync(&world).await;
    assert_eq!(world.count(answers).await.unwrap(), 2, "only what is left of it");
    control(&world, "DELETE", &format!("/_sandbox/conversations/{deleted}"), Value::Null).await;
    sync(&world).await;
    assert_eq!(world.count(answers).await.unwrap(), 2, "that it is gone, and no word of it");
    assert_eq!(world.count("SELECT COUNT(*) FROM connect_raw WHERE object = 'conversation' AND kind = 'gone'").await.unwrap(), 1);
    equal(&world).await;
}

#[tokio::test]
async fn f07_of_1200_parts_the_newest_500_are_stored_and_the_gap_is_shown() {
    let world = World::connected(7, Start { conversations: 1, long: 1200, ..Start::default() }).await.unwrap();
    world.work().await.unwrap();
    let parts = "SELECT COUNT(*) FROM messages WHERE source_kind = 'conversation_part'";
    assert_eq!(world.count(parts).await.unwrap(), 500);
    let newest = truth(&world, "parts").await;
    let oldest_stored = "SELECT CAST(MIN(CAST(external_id AS BIGINT)) AS BIGINT) FROM messages WHERE source_kind = 'conversation_part'";
    assert_eq!(world.count(oldest_stored).await.unwrap().to_string(), newest[0]);
    let complete = world.view().await.unwrap().completeness;
    assert_eq!((complete.stated, complete.stored, complete.capped), (1200, 500, 1), "not complete, and it says so");
    // A part more does not hide the gap.
    let id = truth(&world, "conversations").await.remove(0);
    control(&world, "POST", &format!("/_sandbox/conversations/{id}/reply"), json!({ "body": "One more" })).await;
    sync(&world).await;
    let complete = world.view().await.unwrap().completeness;
    assert_eq!((complete.stated, complete.capped), (1201, 1));
    assert_eq!(world.count(parts).await.unwrap(), 501, "the newest is added to what is there");
}

#[tokio::test]
async fn f08_a_contact_with_25_tags_and_12_companies_has_all_of_them() {
    let world = World::connected(7, Start { companies: 12, contacts: 2, ..Start::default() }).await.unwrap();
    let tags: Vec<String> = (1..=25).map(|n| format!("tag {n}")).collect();
    let body = json!({ "email": "many@example.com", "name": "Many", "companies": truth(&world, "companies").await, "tags": tags });
    control(&world, "POST", "/_sandbox/contacts", body).await;
    world.work().await.unwrap();
    let of = |sql: &'static str| world.count(sql);
    let many = "SELECT COUNT(*) FROM contact_companies b JOIN contacts c ON c.id = b.contact_id WHERE c.name = 'Many' AND b.company_id IS NOT NULL";
    assert_eq!(of(many).await.unwrap(), 12);
    assert_eq!(of("SELECT COUNT(*) FROM record_tags r JOIN contacts c ON c.id = r.record_id WHERE c.name = 'Many'").await.unwrap(), 25);
    // What changed in the second in which it was read is confirmed a moment later.
    world.pass(Duration::from_secs(5)).await.unwrap();
    equal(&world).await;
}

#[tokio::test]
async fn a_tag_made_a_moment_after_all_names_were_asked_for_arrives_with_its_name() {
    let world = synced(Start { contacts: 0, conversations: 0, ..Start::default() }).await;
    let asked = || world.provider.calls_to("GET http://sandbox.local/tags");
    for name in ["brand new", "newer still"] {
        let made =
            control(&world, "POST", "/_sandbox/contacts", json!({ "name": name, "email": format!("{}@example.com", name.len()) })).await;
        let (person, before) = (made["id"].as_str().unwrap().to_owned(), asked());
        control(&world, "POST", &format!("/_sandbox/contacts/{person}/tags"), json!({ "name": name })).await;
        sync(&world).await;
        assert_eq!(asked() - before, 1, "only for what nobody has heard of");
        equal(&world).await;
    }
}

#[tokio::test]
async fn f09_a_lead_merged_into_a_user_twice_is_one_person_with_one_timeline() {
    let world = synced(Start { contacts: 0, conversations: 0, ..Start::default() }).await;
    let made = |role: &'static str, name: &'static str| json!({ "role": role, "name": name, "email": format!("{name}@example.com") });
    let user = control(&world, "POST", "/_sandbox/contacts", made("user", "ada")).await["id"].as_str().unwrap().to_owned();
    for lead in ["guest", "visitor"] {
        let id = control(&world, "POST", "/_sandbox/contacts", made("lead", lead)).await["id"].as_str().unwrap().to_owned();
        control(&world, "POST", "/_sandbox/conversations", json!({ "contactId": id, "body": format!("I am {lead}") })).await;
        sync(&world).await;
        world.provider.notices();
        control(&world, "POST", &format!("/_sandbox/contacts/{id}/merge"), json!({ "into": user })).await;
        let notices = world.provider.notices();
        assert!(notices.iter().any(|notice| notice.topic == "contact.merged"));
        for notice in notices.iter().chain(notices.iter().rev()) {
            assert_eq!(world.deliver(notice).await.unwrap(), 200);
            world.work().await.unwrap();
        }
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM contacts WHERE status = 'active'").await.unwrap(), 1, "no second person");
    let talks = "SELECT COUNT(*) FROM conversation_people p JOIN contacts c ON c.id = p.contact_id WHERE c.name = 'ada'";
    assert_eq!(world.count(talks).await.unwrap(), 2, "both conversations moved");
    equal(&world).await;
}

#[tokio::test]
async fn f10_a_deletion_that_carries_only_ids_blanks_no_field() {
    let world = synced(Start { contacts: 2, conversations: 0, ..Start::default() }).await;
    let created = json!({ "email": "kept@example.com", "name": "Kept", "phone": "+353 1 555 0100" });
    let id = control(&world, "POST", "/_sandbox/contacts", created).await["id"].as_str().unwrap().to_owned();
    sync(&world).await;
    world.provider.notices();
    control(&world, "DELETE", &format!("/_sandbox/contacts/{id}"), Value::Null).await;
    let notices = world.provider.notices();
    let notice: Value = serde_json::from_str(&notices[0].body).unwrap();
    assert!(notice["data"]["item"].get("name").is_none(), "ids alone: {notice}");
    assert_eq!(world.deliver(&notices[0]).await.unwrap(), 200);
    world.work().await.unwrap();
    let kept = "SELECT COUNT(*) FROM contacts WHERE name = 'Kept' AND CAST(emails AS TEXT) LIKE '%kept@example.com%' \
         AND CAST(phones AS TEXT) LIKE '%555 0100%' AND status = 'archived'";
    assert_eq!(world.count(kept).await.unwrap(), 1);
    equal(&world).await;
}

#[tokio::test]
async fn f11_without_a_secret_every_notice_is_refused_and_the_page_says_why() {
    let world = World::new(7, Start::default()).await.unwrap();
    for nothing in [None, Some(Secret::new("")), Some(Secret::new("   "))] {
        let given = Credentials { client_secret: nothing, ..credentials() };
        assert!(world.conns.save_credentials(&world.owner, "intercom", given).await.is_err(), "an empty secret is not taken");
    }
    world.connect().await.unwrap();
    world.work().await.unwrap();
    world.provider.change(&Change::new(What::User, 1)).await;
    let notice = world.provider.notices().remove(0);
    world.tamper("UPDATE connections SET client_secret = NULL").await.unwrap();
    assert_eq!(world.deliver(&notice).await.unwrap(), 401, "rightly signed, but there is nothing to check it with");
    let with_empty_key = "sha1=fbdb1d1b18aa6c08324b7d64b71fb76370690e1d";
    assert_eq!(world.post("/webhooks/intercom", "", Some(("x-hub-signature", with_empty_key))).await.unwrap().0, 401);
    assert_eq!(world.count("SELECT COUNT(*) FROM connect_notices").await.unwrap(), 0, "nothing of it is stored");
    let view = world.view().await.unwrap();
    let why: Vec<&str> = view.attention.iter().map(|attention| attention.code.as_str()).collect();
    assert_eq!((view.has_client_secret, why), (false, vec!["webhook_secret_missing"]));
    // With the secret back, the same notice is taken, and what was missed is read.
    world.conns.save_credentials(&world.owner, "intercom", credentials()).await.unwrap();
    assert_eq!(world.deliver(&notice).await.unwrap(), 200);
    world.work().await.unwrap();
    equal(&world).await;
    assert!(world.view().await.unwrap().attention.is_empty());
}

#[tokio::test]
async fn f12_after_three_hours_and_after_eight_days_without_notices_nothing_is_missing_and_the_person_is_told() {
    let world = synced(Start::default()).await;
    world.provider.change(&Change::new(What::Reply, 1)).await;
    for notice in world.provider.notices() {
        assert_eq!(world.deliver(&notice).await.unwrap(), 200);
    }
    world.work().await.unwrap();
    let happen = |first: u64| {
        let all = [What::User, What::Rename, What::Reply, What::TaskNote, What::DeleteContact, What::DeleteCompany, What::DeleteTalk];
        all.into_iter().zip(first..).map(|(what, number)| Change { what, pick: number, other: number, number })
    };
    for (time, first) in [(3 * HOUR, 10), (8 * 24 * HOUR, 20)] {
        for change in happen(first) {
            world.provider.change(&change).await;
            world.clock.advance(time / 14);
        }
        world.provider.notices();
        world.clock.advance(time / 2);
        world.audit().await.unwrap();
        equal(&world).await;
        let told: Vec<String> = world.view().await.unwrap().attention.into_iter().map(|attention| attention.code).collect();
        assert_eq!(told, if first == 10 { vec![] } else { vec!["webhook_quiet".to_owned()] }, "after {time:?}");
    }
    let remedy = world.view().await.unwrap().attention.remove(0).remedy;
    assert!(remedy.contains("Set live"), "{remedy}");
}

#[tokio::test]
async fn f13_our_own_write_that_comes_back_changes_nothing_and_makes_no_loop() {
    let world = synced(Start { contacts: 1, conversations: 0, ..Start::default() }).await;
    let id = truth(&world, "contacts").await.remove(0);
    // What a write of Atlas would leave at the provider, and the notices it brings.
    control(&world, "PATCH", &format!("/_sandbox/contacts/{id}"), json!({ "name": "Written by Atlas" })).await;
    sync(&world).await;
    let before = "SELECT CAST(SUM(version) AS BIGINT) FROM contacts";
    let (version, events) = (world.count(before).await.unwrap(), world.count("SELECT COUNT(*) FROM events").await.unwrap());
    let calls = world.provider.calls();
    let notices = world.provider.notices();
    assert!(!notices.is_empty());
    for notice in &notices {
        assert_eq!(world.deliver(notice).await.unwrap(), 200);
    }
    world.pass(Duration::from_secs(30)).await.unwrap();
    assert!(world.provider.calls() - calls <= notices.len() as u64 + 6, "a look or two, no loop: {:?}", world.provider.paths());
    assert_eq!((world.count(before).await.unwrap(), world.count("SELECT COUNT(*) FROM events").await.unwrap()), (version, events));
    for method in ["PUT", "PATCH", "DELETE", "POST http://sandbox.local/contacts "] {
        assert_eq!(world.provider.calls_to(method), 0, "nothing is written back");
    }
    equal(&world).await;
}

#[tokio::test]
async fn f14_a_token_revoked_in_the_middle_stops_at_once_and_reconnecting_goes_on_where_it_stopped() {
    let world = World::connected(7, Start { contacts: 8, conversations: 60, ..Start::default() }).await.unwrap();
    world.provider.set(json!({ "revokeAfter": 30, "mostPerPage": 20 })).await.unwrap();
    world.work().await.unwrap();
    let stats = control(&world, "GET", "/_sandbox/stats", Value::Null).await;
    let refused = stats["byStatus"]["401"].as_u64().unwrap();
    assert!((1..=60).contains(&refused), "{refused} calls were refused");
    let stopped = world.provider.calls();
    world.pass(HOUR).await.unwrap();
    assert_eq!(world.provider.calls(), stopped, "nothing is tried without access");
    let view = world.view().await.unwrap();
    assert_eq!(view.state, ConnectionState::NeedsAttention);
    assert_eq!((view.attention[0].code.as_str(), view.sync.unwrap().state), ("token_revoked", SyncState::Stopped));
    let answered = world.count("SELECT COUNT(*) FROM connect_versions WHERE object = 'conversation'").await.unwrap();
    let details = world.provider.calls_to("GET http://sandbox.local/conversations/");
    world.connect().await.unwrap();
    world.work().await.unwrap();
    let again = world.provider.calls_to("GET http://sandbox.local/conversations/") - details;
    assert!(again as i64 <= 60 - answered + 3, "{again} details were read again, {answered} were stored");
    equal(&world).await;
}

#[tokio::test]
async fn f15_a_window_that_others_used_up_is_waited_for_without_retry_after() {
    let world = World::connected(7, Start { conversations: 30, limit: 60, ..Start::default() }).await.unwrap();
    let begun = world.clock.now();
    world.work().await.unwrap();
    let took = world.clock.now().duration_since(begun).as_secs();
    let stats = control(&world, "GET", "/_sandbox/stats", Value::Null).await;
    assert_eq!(stats["rejected429"], 0, "no window is drawn beyond its end");
    let windows = stats["requests"].as_i64().unwrap() / 10;
    assert!(took >= (windows - 2) * 10, "{took} s for {windows} windows of ten calls");
    equal(&world).await;

    // Another app takes the rest of the window: a refusal with Remaining 0 and no Retry-After is not repeated in it.
    let world = synced(Start { limit: 60, ..Start::default() }).await;
    world.provider.set(json!({ "othersPerMinute": 6000 })).await.unwrap();
    world.clock.advance(Duration::from_secs(65));
    world.provider.change(&Change::new(What::Reply, 1)).await;
    let begun = world.clock.now();
    for notice in world.provider.notices() {
        world.deliver(&notice).await.unwrap();
    }
    world.work().await.unwrap();
    let windows = world.clock.now().duration_since(begun).as_secs() / 10 + 1;
    let stats = control(&world, "GET", "/_sandbox/stats", Value::Null).await;
    let refused = stats["rejected429"].as_i64().unwrap();
    assert!((1..=windows + 1).contains(&refused), "{refused} refusals in {windows} windows: one knock each, after the reset");
    world.provider.set(json!({ "othersPerMinute": 0 })).await.unwrap();
    world.audit().await.unwrap();
    equal(&world).await;
}

#[tokio::test]
async fn f16_a_region_has_its_own_hosts_for_consent_token_calls_and_farewell() {
    for (region, api, app) in [
        ("us", "https://api.intercom.io", "https://app.intercom.com"),
        ("eu", "https://api.eu.intercom.io", "https://app.eu.intercom.com"),
        ("au", "https://api.au.intercom.io", "https://app.au.intercom.com"),
    ] {
        let world = World::new(7, Start { contacts: 2, conversations: 1, ..Start::default() }).await.unwrap();
        let given = Credentials { region: Some(region.into()), api_base_url: None, app_base_url: None, ..credentials() };
        world.conns.save_credentials(&world.owner, "intercom", given.clone()).await.unwrap();
        let consent = world.conns.begin(&world.owner, "intercom").await.unwrap();
        assert!(consent.starts_with(&format!("{app}/oauth?")), "{consent}");
        world.connect_with(given).await.unwrap();
        world.work().await.unwrap();
        world.conns.disconnect(&world.owner, "intercom", false).await.unwrap();
        world.work().await.unwrap();
        let paths = world.provider.paths();
        for call in [format!("POST {api}/auth/eagle/token"), format!("GET {api}/me"), format!("POST {api}/auth/uninstall")] {
            assert!(paths.contains(&call), "{region}: {call} is not in {paths:?}");
        }
        let elsewhere: Vec<&String> = paths.iter().filter(|path| !path.contains(&format!(" {api}/"))).collect();
        assert!(elsewhere.is_empty(), "{region}: {elsewhere:?}");
        let opened = atlas_intercom::conversation_url(app, "k7q2atl5", "1");
        assert_eq!(opened, format!("{app}/a/apps/k7q2atl5/conversations/1"));
    }
}

#[tokio::test]
async fn f17_of_two_imports_and_a_worker_that_stalled_nothing_is_there_twice() {
    let world = World::connected(7, Start { conversations: 6, ..Start::default() }).await.unwrap();
    let (one, two) = tokio::join!(world.conns.sync(&world.owner, "intercom"), world.conns.sync(&world.owner, "intercom"));
    assert_eq!(one.unwrap().id, two.unwrap().id, "started twice, it is one");
    world.provider.fail(Fault { path: "/conversations/", after: 2, count: 1, kind: Trouble::Stall });
    let (worker, other) = (world.worker.clone(), world.another().await.unwrap());
    let stalled = tokio::spawn(async move { worker.drain().await });
    world.provider.stalled().await;
    // All else that it was at gets written, then it does nothing at all for a quarter of an hour.
    let (mut written, mut unchanged) = (0, 0);
    while unchanged < 200 {
        let now = other.count("SELECT COUNT(*) FROM connect_raw").await.unwrap();
        unchanged = if now == written { unchanged + 1 } else { 0 };
        written = now;
    }
    world.clock.advance(Duration::from_secs(15 * 60));
    for _ in 0..3 {
        other.pass(Duration::from_secs(60)).await.unwrap();
    }
    assert_eq!(state(&other).await, SyncState::Done, "the other one took over and finished: {:?}", other.jobs().await.unwrap());
    let written = other.count("SELECT COUNT(*) FROM connect_raw").await.unwrap();
    world.provider.release();
    let _ = stalled.await.unwrap();
    assert_eq!(other.count("SELECT COUNT(*) FROM connect_raw").await.unwrap(), written, "the old worker is fenced: it wrote nothing");
    assert_eq!(other.count("SELECT COUNT(*) FROM connect_syncs WHERE kind = 'first'").await.unwrap(), 1);
    equal(&other).await;
}

#[tokio::test]
async fn f18_a_missing_scope_switches_off_what_it_covers_and_the_rest_goes_on() {
    let world = World::connected(7, Start::default()).await.unwrap();
    world.provider.set(json!({ "scopes": ["read_users_companies", "write_users_companies", "read_admins"] })).await.unwrap();
    world.work().await.unwrap();
    let view = world.view().await.unwrap();
    assert_eq!((view.state, state(&world).await), (ConnectionState::Connected, SyncState::Done));
    let off: Vec<&str> = view.streams.iter().filter(|s| s.state == StreamState::Off).map(|s| s.stream.as_str()).collect();
    assert_eq!(off, ["conversations", "conversations_deleted"]);
    assert_eq!((view.attention[0].code.as_str(), view.attention.len()), ("missing_scope", 1));
    assert_eq!(world.count("SELECT COUNT(*) FROM contacts").await.unwrap(), 6);
    let all = ["read_users_companies", "write_users_companies", "read_admins", "read_conversations"];
    world.provider.set(json!({ "scopes": all })).await.unwrap();
    sync(&world).await;
    equal(&world).await;
    assert!(world.view().await.unwrap().attention.is_empty());
}
