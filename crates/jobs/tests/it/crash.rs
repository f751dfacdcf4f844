//! Crashes: leases run out, another worker takes over, and the late one can write nothing.

use std::sync::Arc;
use std::time::Duration;

use atlas_jobs::{Drained, JobKind, NewJob, Outcome, Worker, WorkerOptions, dead_letters};
use atlas_kernel::Error;
use atlas_store::{Dialect, Executor, query};
use tokio::sync::Notify;

use crate::both::Place;
use crate::{Beside, Notes, kind, options, put, soon, states, until, worker, workspace};

mod on {
    crate::both!(
        a_lost_worker,
        crashing_for_ever,
        a_late_worker,
        alone_on_the_database,
        getting_further,
        a_node_that_is_gone,
        not_alone_beside_another,
        leases_are_renewed
    );
}

/// Hangs at the first attempts, as if the process died in the middle; later ones are done.
fn hangs(notes: &Notes, attempts: u32) -> JobKind {
    let notes = notes.clone();
    kind("a", move |ctx| {
        notes.add(ctx.attempt.to_string());
        async move { if ctx.attempt <= attempts { std::future::pending().await } else { Ok(Outcome::Done) } }
    })
}

async fn run_and_kill(worker: Worker, notes: &Notes, total: usize) {
    let beside = Beside::start(worker);
    until("it runs", async || notes.count() == total).await;
    beside.kill().await;
}

async fn a_lost_worker(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    put(&db, || NewJob::new(workspace(), "a", ())).await;
    run_and_kill(worker(&db, vec![hangs(&notes, 1)]), &notes, 1).await;
    let other = worker(&place.node().await, vec![hangs(&notes, 1)]);
    assert_eq!(states(&db).await, ["running 1"]);
    assert_eq!(other.drain().await.unwrap(), Drained::default());
    place.clock.advance(Duration::from_secs(31));
    assert_eq!(other.drain().await.unwrap(), Drained { ran: 1, ..Drained::default() });
    assert_eq!(notes.all(), ["1", "2"]);
}

async fn crashing_for_ever(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    put(&db, || NewJob::new(workspace(), "a", ()).attempts(3)).await;
    for total in 1..=3 {
        run_and_kill(worker(&db, vec![hangs(&notes, 9)]), &notes, total).await;
        place.clock.advance(Duration::from_secs(31));
        worker(&db, vec![]).drain().await.unwrap();
        place.clock.advance(Duration::from_secs(600));
    }
    assert_eq!(states(&db).await, ["dead 3"]);
    assert_eq!(worker(&db, vec![hangs(&notes, 9)]).drain().await.unwrap(), Drained { dead: 1, ..Drained::default() });
    let letter = dead_letters(&db, workspace()).await.unwrap().remove(0);
    assert_eq!(letter.last_error.as_deref(), Some("its worker was lost before it ended"));
}

/// The first worker is suspended past its lease; the second does the work; the first wakes up.
async fn a_late_worker(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let (asleep, wake) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let work = |pause: Option<(Arc<Notify>, Arc<Notify>)>| {
        let notes = notes.clone();
        kind("a", move |ctx| {
            let (notes, pause) = (notes.clone(), pause.clone());
            async move {
                if let Some((asleep, wake)) = pause {
                    asleep.notify_one();
                    wake.notified().await;
                }
                let (ctx, attempt) = (&ctx, ctx.attempt);
                let wrote = ctx.db.write(|tx| async move {
                    query("INSERT INTO work (attempt) VALUES ($1)").bind(attempt).run(&tx).await?;
                    ctx.fence(&tx).await
                });
                match wrote.await {
                    Ok(()) => notes.add(format!("{attempt} wrote")),
                    Err(Error::Conflict { code, .. }) => {
                        notes.add(format!("{attempt} {code}"));
                        return Err(Error::conflict("lease_lost", "").into());
                    }
                    Err(error) => return Err(error.into()),
                }
                Ok(Outcome::Done)
            }
        })
    };
    db.write(|tx| async move { query("CREATE TABLE work (attempt BIGINT)").run(&tx).await }).await.unwrap();
    put(&db, || NewJob::new(workspace(), "a", ())).await;
    // One place, so that it cannot take the job up itself.
    let never = WorkerOptions { lease: Duration::from_secs(3600), concurrency: 1, ..options() };
    let first = Beside::start(Worker::new(db.clone(), vec![work(Some((asleep.clone(), wake.clone())))], vec![], never));
    soon("the first has begun", asleep.notified()).await;
    // Its lease runs out on the clock, while its heartbeat, an hour in real time, is not heard.
    place.clock.advance(Duration::from_secs(3601));
    let second = worker(&place.node().await, vec![work(None)]);
    // Either the first worker's own housekeeping or the second brings the job back.
    until("the second has done it", async || {
        second.drain().await.unwrap();
        states(&db).await.is_empty()
    })
    .await;
    wake.notify_one();
    until("the first has found out", async || notes.count() == 2).await;
    first.stop().await;
    assert_eq!(notes.all(), ["2 wrote", "1 lease_lost"]);
    let attempts: Vec<i64> = query("SELECT attempt FROM work").values(&db).await.unwrap();
    assert_eq!((attempts, states(&db).await.len()), (vec![2], 0));
}

async fn alone_on_the_database(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    put(&db, || NewJob::new(workspace(), "a", ())).await;
    run_and_kill(worker(&db, vec![hangs(&notes, 1)]), &notes, 1).await;
    let alone = WorkerOptions { alone: true, ..options() };
    let restarted = Beside::start(Worker::new(db.clone(), vec![hangs(&notes, 1)], vec![], alone));
    until("it is done before the lease has run out", async || states(&db).await.is_empty()).await;
    restarted.stop().await;
    assert_eq!(notes.all(), ["1", "2"]);
}

/// A job that gets further each time is never given up, however often its worker is lost.
async fn getting_further(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let further = |notes: &Notes| {
        let notes = notes.clone();
        kind("a", move |ctx| {
            let notes = notes.clone();
            async move {
                let job = &ctx;
                ctx.db.write(|tx| async move { job.got_further(&tx).await }).await?;
                notes.add("further");
                if notes.count() <= 8 { std::future::pending().await } else { Ok(Outcome::Done) }
            }
        })
    };
    put(&db, || NewJob::new(workspace(), "a", ()).attempts(3)).await;
    for total in 1..=8 {
        run_and_kill(worker(&db, vec![further(&notes)]), &notes, total).await;
        place.clock.advance(Duration::from_secs(31));
    }
    assert_eq!(worker(&db, vec![further(&notes)]).drain().await.unwrap(), Drained { ran: 1, ..Drained::default() });
}

/// A node dies; the other one sees it and takes the job up while the lease still runs. What runs on a living node stays there.
async fn a_node_that_is_gone(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    if db.dialect() == Dialect::Sqlite {
        return;
    }
    put(&db, || NewJob::new(workspace(), "a", ())).await;
    let first = Beside::start(worker(&db, vec![hangs(&notes, 1)]));
    until("it runs", async || notes.count() == 1).await;
    let second = Beside::start(worker(&place.node().await, vec![hangs(&notes, 1)]));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((states(&db).await, notes.count()), (vec!["running 1".to_owned()], 1), "a living node keeps its job");
    first.kill().await;
    until("the other has done it, and no time has passed", async || states(&db).await.is_empty()).await;
    second.stop().await;
    assert_eq!(notes.all(), ["1", "2"]);
}

/// On SQLite the lock beside the file decides who is alone.
async fn not_alone_beside_another(place: &Place) {
    let (one, two) = (place.node().await, place.node().await);
    if one.dialect() == Dialect::Sqlite {
        assert!(one.is_alone() && one.is_alone());
        assert!(!two.is_alone(), "another process has the lock");
        drop(one);
        assert!(place.node().await.is_alone(), "the lock goes with the process");
    }
}

/// A job several times longer than the lease is not taken from a living worker.
async fn leases_are_renewed(place: &Place) {
    let place = place.in_real_time();
    let notes = Notes::default();
    let long = || {
        let notes = notes.clone();
        kind("a", move |_| {
            notes.add("ran");
            async {
                tokio::time::sleep(Duration::from_millis(1500)).await;
                Ok(Outcome::Done)
            }
        })
    };
    let short = WorkerOptions { lease: Duration::from_millis(400), poll: Duration::from_millis(50), ..options() };
    let (one, two) = (place.node().await, place.node().await);
    put(&one, || NewJob::new(workspace(), "a", ())).await;
    let workers = [&one, &two].map(|db| Beside::start(Worker::new(db.clone(), vec![long()], vec![], short.clone())));
    until("it is done", async || states(&one).await.is_empty()).await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(notes.count(), 1);
}
