//! Stopping: running jobs are told, waited for, and given back unharmed when they do not end.

use std::time::Duration;

use atlas_jobs::{NewJob, Outcome, Worker, WorkerOptions};

use crate::both::Place;
use crate::{Beside, Notes, kind, options, put, states, until, worker, workspace};

mod on {
    crate::both!(told_and_waited_for, given_back_after_the_grace);
}

async fn told_and_waited_for(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let slices = {
        let notes = notes.clone();
        kind("a", move |ctx| {
            let notes = notes.clone();
            async move {
                notes.add("began");
                ctx.stop_requested().await;
                assert!(ctx.stopping());
                notes.add("put aside");
                Ok(Outcome::Again(Duration::ZERO))
            }
        })
    };
    put(&db, || NewJob::new(workspace(), "a", ())).await;
    let beside = Beside::start(worker(&db, vec![slices]));
    until("it began", async || notes.count() == 1).await;
    // Enqueued while the worker stops: left for the next one.
    beside.stop().await;
    assert_eq!(notes.all(), ["began", "put aside"]);
    assert_eq!(states(&db).await, ["waiting 0"]);
}

async fn given_back_after_the_grace(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let stubborn = {
        let notes = notes.clone();
        kind("a", move |_| {
            notes.add("began");
            std::future::pending()
        })
    };
    put(&db, || NewJob::new(workspace(), "a", ()).attempts(1)).await;
    let short = WorkerOptions { grace: Duration::from_millis(50), ..options() };
    let beside = Beside::start(Worker::new(db.clone(), vec![stubborn], vec![], short));
    until("it began", async || notes.count() == 1).await;
    beside.stop().await;
    assert_eq!(states(&db).await, ["waiting 0"]);
    let done = worker(&place.node().await, vec![kind("a", async |_| Ok(Outcome::Done))]);
    assert_eq!(done.drain().await.unwrap().ran, 1);
}
