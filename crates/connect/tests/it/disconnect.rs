//! Disconnecting: tokens go at once, the provider is told, the data goes when due, and a receipt proves it.

use atlas_connect::*;
use atlas_jobs::{NewJob, enqueue, no_workspace};
use atlas_kernel::Timestamp;
use atlas_store::query;
use sha2::{Digest, Sha256};

use crate::world::{World, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_counts_down_and_reconnecting_calls_it_off() {
    let world = World::connected(8, 8).await;
    world.work().await;
    let done = world.conns.disconnect(&world.owner, "toy", false).await.unwrap();
    assert!(done.provider_told);
    let view = world.view().await;
    assert_eq!(view.state, ConnectionState::Disconnected);
    assert!(view.purge_due_at.is_some() && view.farewell_pending);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connections WHERE token IS NOT NULL").await, 0);
    assert_eq!(world.notify("late", &[crate::toy::changed("chat", "1")]).await, 200);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_signals").await, 0, "an ended connection takes nothing in");
    world.work().await;
    assert_eq!(world.fake.data().uninstalled, 1);
    assert!(!world.view().await.farewell_pending);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_farewells").await, 0);

    let finished = world.connect().await.unwrap();
    assert!(finished.purge_cancelled);
    world.work().await;
    world.matches_truth().await;
    assert_eq!(world.view().await.purge_due_at, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_leaves_nothing_but_a_receipt() {
    let world = World::new(12, 0).await;
    for id in 1..=12 {
        world.fake.data().people.get_mut(&id).unwrap()["name"] = format!("Plantedname{id}").into();
        world.fake.data().chats.insert(id, crate::fake::chat(id, id, crate::fake::now() - 5000, 2));
        world.fake.data().chats.get_mut(&id).unwrap()["parts"][0]["body"] = format!("plantedwords{id}").into();
    }
    world.credentials("toy-secret").await.unwrap();
    world.connect().await.unwrap();
    world.work().await;
    world.matches_truth().await;
    world.conns.disconnect(&world.owner, "toy", true).await.unwrap();
    world.work().await;
    for table in [
        "toy",
        "connect_raw",
        "connect_versions",
        "connect_mappings",
        "connect_notices",
        "connect_streams",
        "connect_syncs",
        "connect_signals",
    ] {
        let sql: &'static str = Box::leak(format!("SELECT COUNT(*) FROM {table}").into_boxed_str());
        assert_eq!(world.scalar(sql).await, 0, "{table}");
    }
    assert_eq!(world.scalar("SELECT COUNT(*) FROM events WHERE source_id IS NOT NULL").await, 0);
    let view = world.view().await;
    let receipt = view.receipt.clone().unwrap();
    assert_eq!(receipt.digest, hex::encode(Sha256::digest(receipt.statement.as_bytes())), "anybody can check it");
    let file = serde_json::to_string(&world.conns.receipt(&world.owner, "toy").await.unwrap()).unwrap();
    let read = atlas_connect::ReceiptFile::verify(&file).unwrap();
    assert_eq!((&read.statement, &read.digest), (&receipt.statement, &receipt.digest));
    assert!(read.statement.contains(&world.owner.workspace.to_string()) && read.statement.contains("backups"), "{}", read.statement);
    proves_nothing_when_changed(&read);
    let removed = receipt.removed();
    assert!(removed.contains(&("toys".into(), 12 + 1 + 12 + 36)), "{removed:?}");
    assert!(removed.contains(&("timeline events".into(), 36)) && removed.contains(&("raw log entries".into(), 25)), "{removed:?}");
    assert_eq!((view.account.is_none(), view.client_id.is_none(), view.has_client_secret), (true, true, false));
    world.db.close().await;
    if world.folder.exists() {
        for entry in std::fs::read_dir(&world.folder).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("Plantedname") && !text.contains("plantedwords") && !text.contains("toy-secret"), "left in the file");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tick_starts_no_purge_beside_one_that_runs_and_takes_up_one_that_was_lost() {
    let world = World::connected(4, 4).await;
    world.work().await;
    world.conns.disconnect(&world.owner, "toy", true).await.unwrap();
    // As if another node worked on the purge just now.
    let sql = "UPDATE jobs SET status = 'running', lease_until = $1, lease_token = id WHERE kind = 'connect.purge'";
    world.db.write(|tx| async move { query(sql).bind(later(tx.now())).run(&tx).await }).await.unwrap();
    for _ in 0..3 {
        tick(&world).await;
    }
    assert!(world.view().await.receipt.is_none(), "one is under way, and no other was begun");
    world.db.write(|tx| async move { query("DELETE FROM jobs WHERE kind = 'connect.purge'").run(&tx).await }).await.unwrap();
    tick(&world).await;
    world.work().await;
    assert!(world.view().await.receipt.is_some(), "what is promised is done though its job was lost");
}

async fn tick(world: &World) {
    let tick = || NewJob::new(no_workspace(), "connect.tick", ());
    world.db.write(|tx| async move { enqueue(&tx, tick()).await }).await.unwrap();
    world.work().await;
}

fn later(now: Timestamp) -> Timestamp {
    now.checked_add(jiff::SignedDuration::from_hours(1)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_in_the_middle_of_a_sync_lets_nothing_land_after_it() {
    let world = World::connected(20, 100).await;
    world.fake.data().latency = std::time::Duration::from_millis(20);
    let worker = world.worker();
    let task = tokio::spawn(async move { worker.run(std::future::pending()).await });
    until(&world, |world| async move { world.fake.data().paths.len() > 20 }).await;
    world.conns.disconnect(&world.owner, "toy", true).await.unwrap();
    until(&world, |world| async move { world.view().await.receipt.is_some() }).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    task.abort();
    assert_eq!(world.scalar("SELECT COUNT(*) FROM toy").await, 0);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_raw").await, 0);
    assert_eq!(world.view().await.state, ConnectionState::Disconnected);
}

fn proves_nothing_when_changed(file: &atlas_connect::ReceiptFile) {
    use atlas_connect::{ReceiptFile, ReceiptProblem};
    let verify = |changed: ReceiptFile| ReceiptFile::verify(&serde_json::to_string(&changed).unwrap()).unwrap_err();
    let statement = file.statement.replace("36", "37");
    assert_ne!(statement, file.statement);
    assert_eq!(verify(ReceiptFile { statement: statement.clone(), ..file.clone() }), ReceiptProblem::Digest);
    let digest = hex::encode(Sha256::digest(statement.as_bytes()));
    assert_eq!(verify(ReceiptFile { statement, digest, ..file.clone() }), ReceiptProblem::Signature);
    assert_eq!(verify(ReceiptFile { public_key: "00".repeat(32), ..file.clone() }), ReceiptProblem::Signature);
    assert!(matches!(ReceiptFile::verify("{}"), Err(ReceiptProblem::Unreadable(_))));
}
