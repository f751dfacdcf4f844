//! Two nodes on one database: one sync, one budget, and a stop that reaches both.

use std::time::Duration;

use atlas_connect::*;

use crate::world::{World, until};

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_work_and_the_window() {
    let world = World::new(20, 90).await;
    let Some(other) = world.other_node().await else { return };
    world.fake.data().limit = 40;
    world.credentials("toy-secret").await.unwrap();
    world.connect().await.unwrap();
    world.fake.data().latency = Duration::from_millis(10);
    let workers = [world.worker(), other.worker()];
    let tasks = workers.map(|worker| tokio::spawn(async move { worker.run(std::future::pending()).await }));
    for n in 0..30 {
        let chat = (n * 3 % 90 + 1).to_string();
        assert_eq!(world.notify(&format!("nodes-{n}"), &[crate::toy::changed("chat", &chat)]).await, 200);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    until(&world, |world| async move {
        let done = world.view().await.sync.is_some_and(|s| s.state == SyncState::Done);
        done && world.scalar("SELECT COUNT(*) FROM connect_signals").await == 0
    })
    .await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    world.matches_truth().await;
    assert_eq!(world.fake.stats().1, 0, "together they stay within the window: {:?}", world.fake.stats());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_on_one_node_stops_the_other() {
    let world = World::connected(20, 200).await;
    let Some(other) = world.other_node().await else { return };
    world.fake.data().latency = Duration::from_millis(40);
    let worker = other.worker();
    let task = tokio::spawn(async move { worker.run(std::future::pending()).await });
    until(&world, |world| async move { world.fake.data().paths.len() > 40 }).await;
    world.conns.pause(&world.owner, "toy").await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let calls = world.fake.stats().0;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(world.fake.stats().0, calls);
    task.abort();
}
