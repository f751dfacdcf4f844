//! What is enqueued runs, in order, once, in its queue, and only when its transaction commits.

use std::time::Duration;

use atlas_jobs::{Drained, NewJob, Outcome, Schedule, Worker, enqueue, remove_matching, waiting};
use atlas_kernel::{Error, WorkspaceId};
use tokio::sync::Semaphore;

use crate::both::Place;
use crate::{Beside, Notes, kind, options, put, soon, states, until, worker, workspace};

mod on {
    crate::both!(
        order_and_priority,
        rollback,
        uniqueness,
        a_running_one_does_not_block,
        times,
        schedules,
        removal,
        queues_do_not_starve,
        woken_by_a_commit
    );
}

async fn order_and_priority(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let worker = worker(&db, vec![notes.kind("a"), notes.kind("b").queue("other")]);
    db.write(|tx| async move {
        for n in 0..5 {
            enqueue(&tx, NewJob::new(workspace(), if n % 2 == 0 { "a" } else { "b" }, format!("{n}"))).await?;
        }
        enqueue(&tx, NewJob::new(workspace(), "a", "urgent").priority(5)).await?;
        enqueue(&tx, NewJob::new(workspace(), "a", "in b's queue").queue("other")).await?;
        enqueue(&tx, NewJob::new(workspace(), "unknown", "left alone")).await?;
        enqueue(&tx, NewJob::new(workspace(), "unknown", "left alone").queue("default")).await
    })
    .await
    .unwrap();
    assert_eq!(worker.drain().await.unwrap(), Drained { ran: 7, failed: 0, waiting: 2, dead: 0 });
    assert_eq!(notes.all(), ["urgent", "0", "1", "2", "3", "4", "in b's queue"]);
}

async fn rollback(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let failed = db.write(|tx| async move {
        enqueue(&tx, NewJob::new(workspace(), "a", "never")).await?;
        Err::<(), _>(Error::NotFound("thing"))
    });
    assert!(failed.await.is_err());
    assert_eq!(worker(&db, vec![notes.kind("a")]).drain().await.unwrap(), Drained::default());
}

async fn uniqueness(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let later = |text: &'static str, seconds| move || NewJob::new(workspace(), "a", text).unique("k").after(Duration::from_secs(seconds));
    assert!(put(&db, later("first", 60)).await.is_some());
    assert!(put(&db, later("second", 90)).await.is_none());
    assert!(
        put(&db, || NewJob::new(WorkspaceId::new(place.clock.now()), "a", "another's").unique("k").after(Duration::from_secs(3600)))
            .await
            .is_some()
    );
    assert!(waiting(&db, workspace(), "k").await.unwrap() && !waiting(&db, workspace(), "j").await.unwrap());
    let worker = worker(&db, vec![notes.kind("a")]);
    assert_eq!(worker.drain().await.unwrap().ran, 0);
    // Wanted sooner: the one that waits is pulled forward.
    assert!(put(&db, later("third", 0)).await.is_none());
    assert_eq!(worker.drain().await.unwrap(), Drained { ran: 1, waiting: 1, ..Drained::default() });
    assert_eq!(notes.all(), ["first"]);
    assert!(put(&db, later("fourth", 0)).await.is_some());
}

async fn a_running_one_does_not_block(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let again = {
        let notes = notes.clone();
        kind("a", move |ctx| {
            let notes = notes.clone();
            async move {
                notes.add("ran");
                if notes.count() == 1 {
                    let make = || NewJob::new(workspace(), "a", ()).unique("k");
                    let (first, second) = (put(&ctx.db, make).await, put(&ctx.db, make).await);
                    notes.add(format!("{} {}", first.is_some(), second.is_some()));
                }
                Ok(Outcome::Done)
            }
        })
    };
    put(&db, || NewJob::new(workspace(), "a", ()).unique("k")).await;
    assert_eq!(worker(&db, vec![again]).drain().await.unwrap().ran, 2);
    assert_eq!(notes.all(), ["ran", "true false", "ran"]);
}

async fn times(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let worker = worker(&db, vec![notes.kind("a")]);
    put(&db, || NewJob::new(workspace(), "a", "after").after(Duration::from_secs(10))).await;
    let at = place.clock.now() + Duration::from_secs(5);
    put(&db, move || NewJob::new(workspace(), "a", "at").at(at)).await;
    for (seconds, ran) in [(4, 0), (1, 1), (4, 0), (1, 1)] {
        place.clock.advance(Duration::from_secs(seconds));
        assert_eq!(worker.drain().await.unwrap().ran, ran);
    }
    assert_eq!(notes.all(), ["at", "after"]);
}

async fn schedules(place: &Place) {
    let (one, two, notes) = (place.node().await, place.node().await, Notes::default());
    let tick = {
        let notes = notes.clone();
        move || {
            let notes = notes.clone();
            atlas_jobs::JobKind::new("tick", move |ctx, (): ()| {
                notes.add(ctx.workspace.uuid().to_string());
                async { Ok(Outcome::Done) }
            })
        }
    };
    let every = || vec![Schedule::every("ticking", Duration::from_secs(60), "tick")];
    let workers = [one, two].map(|db| Worker::new(db, vec![tick()], every(), options()));
    for (seconds, total) in [(0, 1), (59, 1), (1, 2), (600, 3)] {
        place.clock.advance(Duration::from_secs(seconds));
        let (a, b) = tokio::join!(workers[0].drain(), workers[1].drain());
        a.and(b).unwrap();
        until("the tick has run", async || notes.count() == total).await;
    }
    assert!(notes.all().iter().all(|workspace| workspace == "00000000-0000-0000-0000-000000000000"));
}

async fn removal(place: &Place) {
    let db = place.node().await;
    let (started, ended) = (Notes::default(), Notes::default());
    let endless = {
        let (started, ended) = (started.clone(), ended.clone());
        kind("endless", move |_| {
            let (started, ended) = (started.clone(), ended.clone());
            async move {
                started.add("started");
                std::future::pending::<()>().await;
                ended.add("ended");
                Ok(Outcome::Done)
            }
        })
    };
    for key in ["conn_a:sync", "conn_a:purge", "conn_b:sync", "conn%a"] {
        put(&db, move || NewJob::new(workspace(), "other", ()).unique(key)).await;
    }
    put(&db, || NewJob::new(workspace(), "endless", ()).unique("conn_a:running")).await;
    let options = atlas_jobs::WorkerOptions { lease: Duration::from_millis(300), ..options() };
    let beside = Beside::start(Worker::new(db.clone(), vec![endless], vec![], options));
    until("it runs", async || started.count() == 1).await;
    assert_eq!(db.write(|tx| async move { remove_matching(&tx, workspace(), "conn_a").await }).await.unwrap(), 3);
    assert_eq!(states(&db).await, ["waiting 0", "waiting 0"]);
    // The heartbeat notices that the job is gone and stops it: the worker has nothing to wait for.
    beside.stop().await;
    assert_eq!((ended.count(), states(&db).await.len()), (0, 2));
}

async fn queues_do_not_starve(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let gate = std::sync::Arc::new(Semaphore::new(0));
    let bulk = {
        let gate = gate.clone();
        kind("bulk", move |_| {
            let gate = gate.clone();
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(Outcome::Done)
            }
        })
    };
    for _ in 0..20 {
        put(&db, || NewJob::new(workspace(), "bulk", ())).await;
    }
    let beside = Beside::start(worker(&db, vec![bulk.queue("connect"), notes.kind("click")]));
    until("bulk fills its queue", async || states(&db).await.iter().filter(|s| s.starts_with("running")).count() == 4).await;
    put(&db, || NewJob::new(workspace(), "click", "hello")).await;
    until("the click runs meanwhile", async || notes.count() == 1).await;
    gate.add_permits(20);
    until("all is done", async || states(&db).await.is_empty()).await;
    beside.stop().await;
}

async fn woken_by_a_commit(place: &Place) {
    let (db, other, notes) = (place.node().await, place.node().await, Notes::default());
    let slow = atlas_jobs::WorkerOptions { poll: Duration::from_secs(3600), ..options() };
    let beside = Beside::start(Worker::new(db.clone(), vec![notes.kind("a")], vec![], slow));
    // On PostgreSQL another node's commit wakes too; SQLite has one node.
    let from = if db_is_postgres(&db) { &other } else { &db };
    soon("each commit wakes the worker", async {
        for n in 0..20 {
            put(from, || NewJob::new(workspace(), "a", "x")).await;
            while notes.count() <= n {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    })
    .await;
    beside.stop().await;
}

fn db_is_postgres(db: &atlas_store::Db) -> bool {
    atlas_store::Executor::dialect(db) == atlas_store::Dialect::Postgres
}
