//! The schedule: looks for changes, audits, and takes up what was left lying.

use atlas_connect::*;
use atlas_jobs::{Worker, WorkerOptions};
use atlas_store::query;

use crate::world::World;

async fn tick(world: &World) {
    world
        .db
        .write(|tx| async move {
            query("UPDATE connections SET next_poll_at = NULL").run(&tx).await?;
            query("UPDATE job_schedules SET next_at = $1").bind(tx.now()).run(&tx).await
        })
        .await
        .unwrap();
    let worker = Worker::new(world.db.clone(), world.conns.jobs(), world.conns.schedules(), WorkerOptions::default());
    worker.drain().await.unwrap();
}

async fn kinds(world: &World) -> Vec<(SyncKind, SyncState)> {
    world.conns.syncs(&world.owner, "toy", 50, None).await.unwrap().data.iter().map(|s| (s.kind, s.state)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn looks_are_incremental_and_audits_bring_deletions() {
    let world = World::connected(10, 10).await;
    world.work().await;
    let firms = world.fake.calls("/firms/scroll");
    tick(&world).await;
    assert_eq!(kinds(&world).await[0], (SyncKind::Incremental, SyncState::Done));
    assert_eq!(world.fake.calls("/firms/scroll"), firms, "what cannot be read since a moment waits for the audit");

    world.fake.data().chats.remove(&4);
    world.fake.data().deleted.extend([4, 9999]);
    tick(&world).await;
    assert_eq!(world.count("conversation").await, 10, "a look does not audit");
    world.db.write(|tx| async move { query("UPDATE connections SET last_audit_at = NULL").run(&tx).await }).await.unwrap();
    tick(&world).await;
    assert_eq!(kinds(&world).await[0], (SyncKind::Reconcile, SyncState::Done));
    assert_eq!(world.count("conversation").await, 9);
    assert!(world.fake.calls("/firms/scroll") > firms);
    tick(&world).await;
    assert_eq!(kinds(&world).await[0].0, SyncKind::Incremental);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_stops_the_schedule_and_a_disabled_connection_too() {
    let world = World::connected(3, 3).await;
    world.work().await;
    world.conns.pause(&world.owner, "toy").await.unwrap();
    let calls = world.fake.stats().0;
    tick(&world).await;
    assert_eq!(world.conns.sync(&world.owner, "toy").await.unwrap_err().code(), "paused");
    world.conns.resume(&world.owner, "toy").await.unwrap();
    world.conns.set_enabled(&world.owner, "toy", false).await.unwrap();
    assert_eq!(world.view().await.state, ConnectionState::Disabled);
    assert_eq!(world.notify("off", &[crate::toy::changed("chat", "1")]).await, 200);
    tick(&world).await;
    assert_eq!(world.fake.stats().0, calls, "no call was made");
    world.conns.set_enabled(&world.owner, "toy", true).await.unwrap();
    tick(&world).await;
    assert!(world.fake.stats().0 > calls);
    world.matches_truth().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_consent_and_refused_notices_are_cleaned_up() {
    let world = World::new(1, 1).await;
    world.credentials("toy-secret").await.unwrap();
    world.begin().await;
    world.db.write(|tx| async move { query("UPDATE connect_states SET expires_at = $1").bind(tx.now()).run(&tx).await }).await.unwrap();
    assert_eq!(world.post(b"{}", Some("bad")).await, 401);
    tick(&world).await;
    assert_eq!(world.view().await.state, ConnectionState::Disconnected);
    let log = world.conns.events(&world.owner, "toy", Some(Level::Error), 10, None).await.unwrap();
    assert!(log.data.iter().any(|line| line.name == "webhook.rejected" && line.detail.starts_with("1 notices")), "{:?}", log.data);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_pages_over_notices_and_activity() {
    let world = World::connected(2, 2).await;
    world.work().await;
    for n in 0..7 {
        assert_eq!(world.notify(&format!("p{n}"), &[]).await, 200);
    }
    let (mut seen, mut cursor) = (vec![], None);
    loop {
        let page = world.conns.events(&world.owner, "toy", None, 3, cursor.as_deref()).await.unwrap();
        seen.extend(page.data.iter().map(|line| (line.id, line.kind.clone())));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let ids: std::collections::BTreeSet<_> = seen.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), seen.len(), "no line twice");
    assert_eq!(seen.iter().filter(|(_, kind)| kind == "notice").count(), 7);
    assert!(seen.iter().any(|(_, kind)| kind == "activity"));
}
