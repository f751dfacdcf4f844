//! Several workers on one database: each job runs once.

use std::collections::BTreeMap;

use atlas_jobs::{JobKind, NewJob, Outcome, enqueue};
use std::sync::{Arc, Mutex};

use crate::both::Place;
use crate::{Beside, put, states, until, worker, workspace};

mod on {
    crate::both!(no_job_runs_twice, writers_and_workers_lose_nothing);
}

type Runs = Arc<Mutex<BTreeMap<u32, u32>>>;

fn counting(runs: &Runs) -> JobKind {
    let runs = runs.clone();
    JobKind::new("a", move |_, n: u32| {
        *runs.lock().unwrap().entry(n).or_default() += 1;
        async {
            tokio::task::yield_now().await;
            Ok(Outcome::Done)
        }
    })
}

async fn no_job_runs_twice(place: &Place) {
    let runs = Runs::default();
    let (one, two) = (place.node().await, place.node().await);
    one.write(|tx| async move {
        for n in 0..300_u32 {
            enqueue(&tx, NewJob::new(workspace(), "a", n)).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let workers = [&one, &two, &one, &two].map(|db| Beside::start(worker(db, vec![counting(&runs)])));
    until("all have run", async || states(&one).await.is_empty()).await;
    for worker in workers {
        worker.stop().await;
    }
    let runs = runs.lock().unwrap();
    assert_eq!((runs.len(), runs.values().max()), (300, Some(&1)));
}

/// What was written before a unique job was asked for is seen by a run of it, however the two race.
async fn writers_and_workers_lose_nothing(place: &Place) {
    let (one, two) = (place.node().await, place.node().await);
    one.write(|tx| async move { atlas_store::query("CREATE TABLE inbox (n BIGINT)").run(&tx).await }).await.unwrap();
    let take = || {
        crate::kind("take", async |ctx: atlas_jobs::JobCtx| {
            ctx.db.write(|tx| async move { atlas_store::query("DELETE FROM inbox").run(&tx).await }).await?;
            Ok(Outcome::Done)
        })
    };
    let workers = [&one, &two].map(|db| Beside::start(worker(db, vec![take()])));
    for n in 0..150_u32 {
        let db = if n % 2 == 0 { &one } else { &two };
        db.write(|tx| async move {
            enqueue(&tx, NewJob::new(workspace(), "take", ()).unique("take")).await?;
            tokio::task::yield_now().await;
            atlas_store::query("INSERT INTO inbox (n) VALUES ($1)").bind(n).run(&tx).await
        })
        .await
        .unwrap();
    }
    until("the queue is empty", async || states(&one).await.is_empty()).await;
    let left: i64 = atlas_store::query("SELECT COUNT(*) FROM inbox").value(&one).await.unwrap();
    assert_eq!(left, 0);
    put(&one, || NewJob::new(workspace(), "take", ())).await;
    for worker in workers {
        worker.stop().await;
    }
}
