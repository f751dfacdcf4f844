//! Syncs: everything arrives once, interrupted or not, and a second one changes nothing.

use std::time::Duration;

use atlas_connect::*;
use serde_json::json;

use crate::fake::{Fault, chat, now, person};
use crate::world::{World, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sync_brings_everything_and_the_second_nothing() {
    let world = World::connected(45, 30).await;
    world.work().await;
    world.matches_truth().await;
    let view = world.view().await;
    let sync = view.sync.unwrap();
    assert_eq!((sync.kind, sync.state, sync.percent), (SyncKind::First, SyncState::Done, Some(100)));
    let labels: Vec<_> = sync.streams.iter().map(|s| (s.label.as_str(), s.done, s.created)).collect();
    assert_eq!(labels, [("Firms", 4, 4), ("People", 45, 45), ("Chats", 30, 30)]);
    assert!(view.streams.iter().filter(|s| s.stream != "chats_deleted").all(|s| s.complete_at.is_some()));
    let loud = world.scalar("SELECT CAST(COALESCE(SUM(loud), 0) AS BIGINT) FROM toy").await;
    assert_eq!(loud, 0, "history is silent");

    let raw = world.scalar("SELECT COUNT(*) FROM connect_raw").await;
    let details = world.fake.calls("/chats/7");
    world.conns.sync(&world.owner, "toy").await.unwrap();
    world.work().await;
    world.matches_truth().await;
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_raw").await, raw, "a second run appends nothing");
    assert_eq!(world.fake.calls("/chats/7"), details, "what is stored is not fetched again");
    assert_eq!(world.view().await.sync.unwrap().kind, SyncKind::Manual);
    assert_eq!(world.fake.stats().1, 0, "no answer said too many");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_objects_need_is_asked_for_once() {
    let world = World::connected(45, 0).await;
    for person in world.fake.data().people.values_mut() {
        person["more_firms"] = json!("/firms/names");
    }
    world.work().await;
    assert_eq!(world.view().await.sync.unwrap().state, SyncState::Done);
    assert_eq!(world.fake.calls("/firms/names"), 1, "one answer serves everybody");
    let without = world.scalar("SELECT COUNT(*) FROM connect_raw WHERE object = 'person'").await;
    assert_eq!(without, 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_requests_are_one_sync() {
    let world = World::connected(5, 5).await;
    let first = world.conns.sync(&world.owner, "toy").await.unwrap();
    let second = world.conns.sync(&world.owner, "toy").await.unwrap();
    assert!(first.joined && second.joined && first.id == second.id, "connecting started it already");
    world.work().await;
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_syncs").await, 1);
    world.matches_truth().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_loses_nothing_and_repeats_little() {
    let mut world = World::connected(40, 120).await;
    // Nothing but this one sync: no look for changes begins when it is done.
    let seldom = SettingsChange { poll_seconds: Some(86_400), ..SettingsChange::default() };
    world.conns.change_settings(&world.owner, "toy", seldom, None).await.unwrap();
    world.fake.data().latency = Duration::from_millis(20);
    for after in [120, 200, 160, 240] {
        let worker = world.worker();
        let task = tokio::spawn(async move { worker.run(std::future::pending()).await });
        tokio::time::sleep(Duration::from_millis(after)).await;
        task.abort();
        let _ = task.await;
        world.restart().await;
    }
    let worker = world.worker();
    let task = tokio::spawn(async move { worker.run(std::future::pending()).await });
    until(&world, |world| async move { world.view().await.sync.is_some_and(|s| s.state == SyncState::Done) }).await;
    task.abort();
    world.matches_truth().await;
    let details: u64 = (1..=120).map(|id| world.fake.calls(&format!("/chats/{id}"))).sum();
    let most = 120 + 4 * 40;
    assert!(details <= most, "{details} detail calls for 120 chats and four kills");
    let sync = 4 + 12 + 4 + 4 * 3;
    let lists = world.fake.calls("/people") + world.fake.calls("/chats");
    // Pages that were read ahead for the calls in flight and not stored yet are read again: a few a kill.
    assert!(lists <= sync + 4 * 4, "{lists} pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_stops_and_resuming_goes_on() {
    let world = World::connected(30, 80).await;
    world.fake.data().latency = Duration::from_millis(30);
    let worker = world.worker();
    let task = tokio::spawn(async move { worker.run(std::future::pending()).await });
    until(&world, |world| async move { world.fake.data().paths.len() > 20 }).await;
    world.conns.pause(&world.owner, "toy").await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let calls = world.fake.stats().0;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.fake.stats().0, calls, "a paused sync makes no calls");
    let view = world.view().await;
    assert!(view.paused && view.sync.unwrap().state == SyncState::Paused);
    world.conns.resume(&world.owner, "toy").await.unwrap();
    until(&world, |world| async move { world.view().await.sync.unwrap().state == SyncState::Done }).await;
    task.abort();
    world.matches_truth().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_read_on_the_schedule_and_are_live() {
    let world = World::connected(12, 8).await;
    world.work().await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    world.reply(3, "a new word");
    world.fake.data().people.insert(99, person(99, "New", now(), &["7".into()], false));
    world.fake.data().firms.insert(7, json!({ "id": "7", "name": "New firm", "updated_at": now() }));
    world.fake.data().chats.insert(50, chat(50, 99, now(), 2));
    world.conns.sync(&world.owner, "toy").await.unwrap();
    world.work().await;
    world.matches_truth().await;
    let loud = world.scalar("SELECT CAST(COALESCE(SUM(loud), 0) AS BIGINT) FROM toy").await;
    assert!((1..=4).contains(&loud), "what was written after connecting is live, the rest is history: {loud}");
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_that_break_start_again_and_delete_nothing() {
    let world = World::connected(60, 25).await;
    world.fake.data().faults = vec![
        ("/firms/scroll".into(), Fault::Status(404, "scroll_not_found")),
        ("/people".into(), Fault::Truncated),
        ("/people".into(), Fault::Status(500, "server_error")),
        ("/chats/5".into(), Fault::Status(503, "")),
        ("/chats/6".into(), Fault::Html(502)),
    ];
    world.work().await;
    world.matches_truth().await;

    // Somebody else's scroll is open for a while.
    world.fake.data().scroll = Some((999, 0, std::time::Instant::now()));
    world.conns.sync(&world.owner, "toy").await.unwrap();
    world.work().await;
    assert_eq!(world.view().await.sync.unwrap().state, SyncState::Done);
    world.matches_truth().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_gone_between_list_and_fetch_is_a_tombstone() {
    let world = World::connected(10, 10).await;
    world.fake.data().faults = vec![("/chats/4".into(), Fault::Html(404))];
    world.work().await;
    assert_eq!(world.count("conversation").await, 9);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_versions WHERE state = 'gone'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_that_no_module_takes_does_not_stop_the_rest() {
    let world = World::connected(10, 0).await;
    world.fake.data().people.insert(666, person(666, "Cursed", now() - 9000, &["1".into()], false));
    world.fake.data().people.insert(667, json!({ "id": "667", "updated_at": now() - 9000 }));
    world.work().await;
    assert_eq!(world.count("person").await, 10);
    let view = world.view().await;
    assert_eq!(view.completeness.unreadable, 2);
    assert_eq!(view.sync.unwrap().state, SyncState::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn replaying_the_raw_log_changes_nothing() {
    let world = World::connected(20, 12).await;
    world.work().await;
    let requests = world.fake.stats().0;
    let replayed = world.conns.replay(&world.owner, "toy").await.unwrap();
    assert_eq!(replayed.applied, Applied::default());
    assert!(replayed.entries >= 34, "{}", replayed.entries);
    assert_eq!(world.fake.stats().0, requests, "no network");
    world.matches_truth().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_limit_is_used_up_and_never_exceeded() {
    let world = World::connected(20, 110).await;
    world.fake.data().limit = 40;
    world.fake.data().latency = Duration::from_millis(15);
    let begun = std::time::Instant::now();
    world.work().await;
    world.matches_truth().await;
    let (requests, too_many, most) = world.fake.stats();
    assert_eq!(too_many, 0, "{requests} requests, at most {most} at once");
    let windows = requests.div_ceil(40);
    let bound = Duration::from_secs(windows * 2 + 1);
    assert!(begun.elapsed() < bound, "{:?} for {requests} requests in windows of 40 every two seconds", begun.elapsed());
}
