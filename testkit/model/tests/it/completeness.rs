//! Completeness: the audit finds and mends what is missing of what is said to be stored, and no listing ever deletes.

use std::time::Duration;

use atlas_model::{Change, Fault, Start, Trouble, What, World};

async fn synced() -> World {
    let world = World::connected(9, Start { parts: (2, 4), ..Start::default() }).await.unwrap();
    world.work().await.unwrap();
    world.clock.advance(Duration::from_secs(5));
    world
}

async fn equal(world: &World) {
    assert_eq!(world.differences().await.unwrap(), Vec::<String>::new());
}

/// A gap that was planted is seen, and gone after one audit; answers how many calls that took beyond those of an audit without one.
async fn mends(gap: &'static [&'static str]) -> u64 {
    let audit = |world: &World| world.provider.calls();
    let sound = synced().await;
    let before = audit(&sound);
    sound.audit().await.unwrap();
    let usual = audit(&sound) - before;
    let world = synced().await;
    for sql in gap {
        assert!(world.tamper(sql).await.unwrap() > 0, "{sql}");
    }
    let broken = world.another().await.unwrap().differences().await.unwrap();
    assert!(!broken.is_empty(), "the gap is one");
    let before = audit(&world);
    world.audit().await.unwrap();
    let calls = audit(&world) - before;
    equal(&world).await;
    let told = "SELECT COUNT(*) FROM connect_activity WHERE name = 'audit.mended'";
    assert_eq!(world.count(told).await.unwrap(), 1, "and the page says so");
    calls.saturating_sub(usual)
}

#[tokio::test]
async fn missing_events_of_parts_are_made_again_without_a_call() {
    let events = &[
        "DELETE FROM event_subjects WHERE event_id IN (SELECT id FROM events WHERE source_kind = 'conversation_part')",
        "DELETE FROM events WHERE source_kind = 'conversation_part'",
    ];
    assert_eq!(mends(events).await, 0);
}

#[tokio::test]
async fn missing_messages_are_landed_again_from_the_raw_log() {
    let messages = &[
        "DELETE FROM connect_mappings WHERE what = 'message'",
        "DELETE FROM event_subjects WHERE event_id IN (SELECT id FROM events WHERE operation = 'conversation.message')",
        "DELETE FROM events WHERE operation = 'conversation.message'",
        "DELETE FROM messages",
    ];
    assert_eq!(mends(messages).await, 0);
}

#[tokio::test]
async fn a_missing_mapping_of_a_contact_is_found_and_finds_its_record_again() {
    assert_eq!(mends(&["DELETE FROM connect_mappings WHERE what = 'person' AND record = (SELECT MIN(record) FROM connect_mappings WHERE what = 'person')"]).await, 0);
}

#[tokio::test]
async fn what_is_not_in_the_raw_log_either_is_fetched_again() {
    let lost = &[
        "DELETE FROM connect_raw WHERE object = 'conversation'",
        "DELETE FROM connect_mappings WHERE what = 'message'",
        "DELETE FROM event_subjects WHERE event_id IN (SELECT id FROM events WHERE operation = 'conversation.message')",
        "DELETE FROM events WHERE operation = 'conversation.message'",
        "DELETE FROM messages",
    ];
    assert_eq!(mends(lost).await, 4, "one call for each conversation");
}

/// A line that says it stands for a newer answer than any that was landed would keep every listing from looking.
#[tokio::test]
async fn a_line_that_claims_more_than_is_stored_is_not_believed() {
    let world = synced().await;
    world.tamper("UPDATE connect_versions SET version = version + 1000000000, stored_parts = 400, stated_parts = 400").await.unwrap();
    world.provider.change(&Change { what: What::Reply, pick: 1, other: 0, number: 1 }).await;
    world.provider.change(&Change { what: What::Rename, pick: 1, other: 0, number: 2 }).await;
    world.provider.notices();
    assert!(!world.another().await.unwrap().differences().await.unwrap().is_empty());
    world.audit().await.unwrap();
    equal(&world).await;
}

#[tokio::test]
async fn an_audit_of_what_is_complete_mends_nothing() {
    let world = synced().await;
    let raw = world.count("SELECT COUNT(*) FROM connect_raw").await.unwrap();
    for _ in 0..2 {
        world.audit().await.unwrap();
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM connect_raw").await.unwrap(), raw);
    assert_eq!(world.count("SELECT COUNT(*) FROM connect_activity WHERE name = 'audit.mended'").await.unwrap(), 0);
    equal(&world).await;
}

#[tokio::test]
async fn a_broken_listing_never_deletes() {
    let paths = ["/companies/scroll", "/contacts/search", "/conversations/search", "/conversations/deleted"];
    for kind in [Trouble::Status(500), Trouble::Html(502), Trouble::CutOff, Trouble::Reset, Trouble::Empty] {
        let world = synced().await;
        let count = "SELECT (SELECT COUNT(*) FROM contacts WHERE status = 'active') + (SELECT COUNT(*) FROM companies WHERE status = 'active') \
             + (SELECT COUNT(*) FROM conversations)";
        let before = world.count(count).await.unwrap();
        for path in paths {
            world.provider.fail(Fault { path, after: 0, count: 60, kind });
        }
        world.audit().await.unwrap();
        assert_eq!(world.count(count).await.unwrap(), before, "{kind:?}");
        assert_eq!(world.count("SELECT COUNT(*) FROM connect_versions WHERE state = 'gone'").await.unwrap(), 0, "{kind:?}");
        world.provider.mend();
        world.pass(Duration::from_secs(900)).await.unwrap();
        equal(&world).await;
    }
}

/// Half a listing, then errors for ever: those that it named and those that it did not are all still there.
#[tokio::test]
async fn a_listing_that_breaks_half_way_never_deletes() {
    let world = World::connected(9, Start { companies: 9, contacts: 9, ..Start::default() }).await.unwrap();
    world.provider.set(serde_json::json!({ "scrollPageSize": 2, "mostPerPage": 2 })).await.unwrap();
    world.work().await.unwrap();
    for path in ["/companies/scroll", "/contacts/search"] {
        world.provider.fail(Fault { path, after: 2, count: 200, kind: Trouble::Status(503) });
    }
    world.audit().await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM connect_versions WHERE state = 'gone'").await.unwrap(), 0);
    assert_eq!(world.count("SELECT COUNT(*) FROM contacts WHERE status = 'active'").await.unwrap(), 9);
    world.provider.mend();
    world.pass(Duration::from_secs(900)).await.unwrap();
    equal(&world).await;
}

/// A scroll goes on by itself at the provider: the page whose answer was lost does not come again.
#[tokio::test]
async fn a_scroll_that_outlives_a_crash_leaves_no_company_out() {
    let mut cut = 0;
    for calls in (4..22).step_by(2) {
        let mut world = World::connected(9, Start { companies: 13, contacts: 2, conversations: 2, ..Start::default() }).await.unwrap();
        world.provider.set(serde_json::json!({ "scrollPageSize": 3, "scrollExpiry": 3600 })).await.unwrap();
        let killed = world.work_until_killed(calls).await.unwrap();
        let pages = world.provider.calls_to("GET http://sandbox.local/companies/scroll");
        cut += u64::from(killed && (1..=5).contains(&pages));
        world.work().await.unwrap();
        let view = world.view().await.unwrap();
        let companies = view.sync.unwrap().streams.into_iter().find(|stream| stream.label == "Companies").unwrap();
        if companies.state == "done" {
            assert_eq!(
                world.count("SELECT COUNT(*) FROM companies").await.unwrap(),
                13,
                "killed after {calls} calls, {pages} of them pages"
            );
        }
        world.pass(Duration::from_secs(7200)).await.unwrap();
        equal(&world).await;
        world.db.close().await;
    }
    assert!(cut > 2, "hardly a crash was in the middle of the scroll");
}

/// On PostgreSQL, which would search tables that were empty a moment ago as if they still were.
#[tokio::test]
async fn the_database_looks_at_the_tables_that_a_first_sync_fills() {
    if std::env::var_os("TEST_DATABASE_URL").is_none() {
        return;
    }
    let world = World::connected(9, Start { contacts: 1_100, conversations: 0, ..Start::default() }).await.unwrap();
    world.work().await.unwrap();
    let rows = "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass('contacts')";
    // A table that nobody has looked at says -1. How many of the first thousand records are contacts is up to the listings' order, and
    // the database may have looked by itself a moment before.
    assert!(world.count(rows).await.unwrap() > 0);
}
