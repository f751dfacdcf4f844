//! Failures of the provider: what each class stops, what goes on, and how it comes back.

use std::time::Duration;

use atlas_connect::*;

use crate::world::{World, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_stops_at_once_and_reconnecting_goes_on() {
    let world = World::connected(30, 100).await;
    world.fake.data().latency = Duration::from_millis(20);
    let worker = world.worker();
    let task = tokio::spawn(async move { worker.run(std::future::pending()).await });
    until(&world, |world| async move { world.fake.data().paths.len() > 30 }).await;
    world.fake.data().tokens.clear();
    let at = world.fake.stats().0;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let after = world.fake.stats().0;
    assert!(after - at <= 40, "{} calls after the revocation, all of them in flight then", after - at);
    let view = world.view().await;
    assert_eq!(view.state, ConnectionState::NeedsAttention, "{view:#?}");
    assert_eq!((view.attention[0].code.as_str(), view.attention[0].remedy.as_str()), ("token_revoked", "Reconnect from Atlas."));
    assert_eq!(view.sync.unwrap().state, SyncState::Stopped);
    assert_eq!(world.notify("later", &[crate::toy::changed("chat", "1")]).await, 200, "notices are kept meanwhile");

    let people = world.fake.calls("/people");
    world.connect().await.unwrap();
    until(&world, |world| async move { world.view().await.sync.is_some_and(|s| s.state == SyncState::Done) }).await;
    task.abort();
    world.matches_truth().await;
    assert_eq!(world.view().await.state, ConnectionState::Connected);
    assert!(world.fake.calls("/people") - people <= 3, "what was read is not read again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_stops_what_it_covers_and_nothing_else() {
    let world = World::connected(15, 10).await;
    world.fake.data().scopes.remove("read_chats");
    world.work().await;
    assert_eq!((world.count("person").await, world.count("conversation").await), (15, 0));
    let view = world.view().await;
    assert_eq!(view.state, ConnectionState::Connected);
    assert_eq!(view.attention.len(), 1);
    let attention = &view.attention[0];
    assert_eq!((attention.code.as_str(), attention.remedy.as_str()), ("missing_scope", "Add the scope."));
    assert_eq!(attention.affects, ["Chats", "Deleted chats"]);
    let scope = |view: &ConnectionView, slug: &str| view.scopes.iter().find(|s| s.scope == slug).unwrap().state;
    assert_eq!(scope(&view, "read_chats"), ScopeState::Missing);

    let report = world.conns.test(&world.owner, "toy").await.unwrap();
    assert!(!report.ok);
    let states: Vec<_> = report.scopes.iter().map(|s| (s.scope.as_str(), s.state)).collect();
    assert_eq!(
        states,
        [("read_people", ScopeState::Granted), ("read_chats", ScopeState::Missing), ("write_people", ScopeState::NotChecked)]
    );
    assert!(report.not_checked.iter().any(|line| line.contains("without writing")), "{:?}", report.not_checked);

    world.fake.data().scopes.insert("read_chats");
    let report = world.conns.test(&world.owner, "toy").await.unwrap();
    assert!(report.ok, "{report:?}");
    world.conns.sync(&world.owner, "toy").await.unwrap();
    world.work().await;
    world.matches_truth().await;
    assert!(world.view().await.attention.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_is_waited_for() {
    let world = World::connected(12, 6).await;
    world.fake.data().faults = vec![("/people".to_owned(), crate::fake::Fault::Status(503, "down")); 5];
    let worker = world.worker();
    let task = tokio::spawn(async move { worker.run(std::future::pending()).await });
    until(&world, |world| async move { world.view().await.sync.is_some_and(|s| s.state == SyncState::Waiting) }).await;
    let view = world.view().await;
    assert_eq!(view.state, ConnectionState::Connected);
    assert_eq!(view.sync.unwrap().error_code.as_deref(), Some("down"));
    assert_eq!(world.count("conversation").await, 6, "the other listings went on");
    // Somebody presses Sync now: it does not wait for the pause to end.
    world.conns.sync(&world.owner, "toy").await.unwrap();
    until(&world, |world| async move { world.view().await.sync.is_some_and(|s| s.state == SyncState::Done) }).await;
    task.abort();
    world.matches_truth().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_token_is_reported_by_the_test() {
    let world = World::connected(3, 3).await;
    world.work().await;
    world.fake.data().tokens.clear();
    let report = world.conns.test(&world.owner, "toy").await.unwrap();
    assert!(!report.ok);
    assert_eq!(report.checks[0].code.as_deref(), Some("token_revoked"));
    assert!(report.scopes.iter().all(|s| s.state == ScopeState::NotChecked));
    assert_eq!(world.view().await.state, ConnectionState::NeedsAttention);
}
