//! Failure: backoff, given waits, dead letters, panics, time limits, payloads nobody can read.

use std::time::Duration;

use atlas_jobs::{Drained, JobError, JobKind, NewJob, Outcome, dead_letters, hasten, retry_dead};
use atlas_kernel::{Actor, Error, Role, Timestamp, WorkspaceId};
use atlas_store::query;

use crate::both::Place;
use crate::{Notes, kind, put, states, worker, workspace};

mod on {
    crate::both!(
        backoff_then_dead,
        a_given_wait_is_kept,
        again_counts_anew,
        a_panic_is_a_retry,
        too_long_is_a_retry,
        unreadable_payloads,
        twins,
        letters_run_again
    );
}

fn broken() -> Error {
    Error::internal("the wire is cut")
}

async fn backoff_then_dead(place: &Place) {
    let db = place.node().await;
    let worker = worker(&db, vec![kind("a", async |_| Err(broken().into()))]);
    put(&db, || NewJob::new(workspace(), "a", ()).attempts(3)).await;
    let mut waits = vec![];
    for _ in 0..2 {
        assert_eq!(worker.drain().await.unwrap(), Drained { failed: 1, waiting: 1, ..Drained::default() });
        let run_at: Timestamp = query("SELECT run_at FROM jobs").value(&db).await.unwrap();
        let wait = run_at.duration_since(place.clock.now()).unsigned_abs();
        waits.push(wait.as_secs());
        place.clock.advance(wait - Duration::from_micros(1));
        assert_eq!(worker.drain().await.unwrap().failed, 0);
        place.clock.advance(Duration::from_micros(1));
    }
    assert_eq!(worker.drain().await.unwrap(), Drained { failed: 1, dead: 1, ..Drained::default() });
    assert!((4..=6).contains(&waits[0]) && (8..=12).contains(&waits[1]), "{waits:?}");
    let letter = &dead_letters(&db, workspace()).await.unwrap()[0];
    assert_eq!((letter.kind.as_str(), letter.attempts), ("a", 3));
    assert!(letter.last_error.as_deref().unwrap().contains("the wire is cut"));
}

async fn a_given_wait_is_kept(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let limited = {
        let notes = notes.clone();
        kind("a", move |ctx| {
            notes.add(ctx.attempt.to_string());
            async move { if ctx.attempt == 1 { Err(Error::RateLimited { retry_after: 7 }.into()) } else { Ok(Outcome::Done) } }
        })
    };
    let worker = worker(&db, vec![limited]);
    put(&db, || NewJob::new(workspace(), "a", ())).await;
    for (seconds, waiting) in [(0, 1), (6, 1), (1, 0)] {
        place.clock.advance(Duration::from_secs(seconds));
        assert_eq!(worker.drain().await.unwrap().waiting, waiting);
    }
    assert_eq!(notes.all(), ["1", "2"]);
}

async fn again_counts_anew(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let again = {
        let notes = notes.clone();
        kind("a", move |ctx| {
            notes.add(ctx.attempt.to_string());
            let outcome = if notes.count() < 30 { Outcome::Again(Duration::ZERO) } else { Outcome::Done };
            async move { Ok(outcome) }
        })
    };
    put(&db, || NewJob::new(workspace(), "a", ()).attempts(2)).await;
    assert_eq!(worker(&db, vec![again]).drain().await.unwrap(), Drained { ran: 30, ..Drained::default() });
    assert!(notes.all().iter().all(|attempt| attempt == "1"));
}

async fn a_panic_is_a_retry(place: &Place) {
    let db = place.node().await;
    let panics = kind("a", async |ctx| if ctx.attempt < 3 { panic!("secret customer words") } else { Ok(Outcome::Done) });
    let worker = worker(&db, vec![panics]);
    put(&db, || NewJob::new(workspace(), "a", ())).await;
    assert_eq!(worker.drain().await.unwrap().failed, 1);
    let kept: String = query("SELECT last_error FROM jobs").value(&db).await.unwrap();
    assert_eq!(kept, "the job panicked");
    for (ran, failed) in [(0, 1), (1, 0)] {
        place.clock.advance(Duration::from_secs(60));
        let drained = worker.drain().await.unwrap();
        assert_eq!((drained.ran, drained.failed), (ran, failed));
    }
}

async fn too_long_is_a_retry(place: &Place) {
    let db = place.node().await;
    let hangs = kind("a", async |_| std::future::pending().await).longest(Duration::from_millis(30));
    put(&db, || NewJob::new(workspace(), "a", ())).await;
    assert_eq!(worker(&db, vec![hangs]).drain().await.unwrap(), Drained { failed: 1, waiting: 1, ..Drained::default() });
}

async fn unreadable_payloads(place: &Place) {
    let db = place.node().await;
    let numbers = JobKind::new("a", async |_, _: u32| Ok(Outcome::Done));
    put(&db, || NewJob::new(workspace(), "a", "somebody's words")).await;
    assert_eq!(worker(&db, vec![numbers]).drain().await.unwrap().dead, 1);
    let letter = dead_letters(&db, workspace()).await.unwrap().remove(0);
    assert!(!letter.last_error.unwrap().contains("somebody's words"));
}

/// A job fails while its successor waits: the successor goes on with the count and the backoff, and there is one of them.
async fn twins(place: &Place) {
    let (db, notes) = (place.node().await, Notes::default());
    let fails = {
        let notes = notes.clone();
        kind("a", move |ctx| {
            notes.add(ctx.attempt.to_string());
            async move {
                put(&ctx.db, || NewJob::new(workspace(), "a", ()).unique("k")).await;
                Err(JobError::retry(broken()))
            }
        })
    };
    let worker = worker(&db, vec![fails]);
    put(&db, || NewJob::new(workspace(), "a", ()).unique("k").attempts(9)).await;
    assert_eq!(worker.drain().await.unwrap(), Drained { failed: 1, waiting: 1, ..Drained::default() });
    // Enqueueing does not make a job that backs off run sooner.
    assert!(put(&db, || NewJob::new(workspace(), "a", ()).unique("k")).await.is_none());
    assert_eq!(worker.drain().await.unwrap().failed, 0);
    for attempt in 2..4 {
        place.clock.advance(Duration::from_secs(600));
        assert_eq!(worker.drain().await.unwrap().failed, 1);
        assert_eq!(states(&db).await, [format!("waiting {attempt}")]);
    }
    // A person who asks for it now is heard, and the count goes on.
    assert!(db.write(|tx| async move { hasten(&tx, workspace(), "k").await }).await.unwrap());
    assert!(!db.write(|tx| async move { hasten(&tx, workspace(), "another").await }).await.unwrap());
    assert_eq!(worker.drain().await.unwrap().failed, 1);
    assert_eq!(notes.all(), ["1", "2", "3", "4"]);
}

async fn letters_run_again(place: &Place) {
    let db = place.node().await;
    let once = kind("a", async |ctx| if ctx.attempt < 1 { Ok(Outcome::Done) } else { Err(Error::NotFound("record").into()) });
    let worker = worker(&db, vec![once]);
    let id = put(&db, || NewJob::new(workspace(), "a", ()).unique("k")).await.unwrap();
    assert_eq!(worker.drain().await.unwrap().dead, 1);
    let retry = |actor: Actor| {
        let db = db.clone();
        async move {
            db.write(|tx| {
                let actor = actor.clone();
                async move { retry_dead(&tx, &actor, id).await }
            })
            .await
        }
    };
    let owner = Actor::system(workspace());
    let member = Actor { role: Role::Member, ..owner.clone() };
    assert!(matches!(retry(member).await, Err(Error::Denied { permission: "jobs:write", .. })));
    let stranger = Actor::system(WorkspaceId::new(place.clock.now()));
    assert!(matches!(retry(stranger).await, Err(Error::NotFound(_))));
    retry(owner.clone()).await.unwrap();
    assert!(matches!(retry(owner.clone()).await, Err(Error::NotFound(_))));
    assert_eq!(states(&db).await, ["waiting 0"]);
    assert_eq!(worker.drain().await.unwrap().dead, 1);
    put(&db, || NewJob::new(workspace(), "a", ()).unique("k").after(Duration::from_secs(5))).await;
    assert!(matches!(retry(owner).await, Err(Error::Conflict { code: "job_waiting", .. })));
    let told: i64 = query("SELECT COUNT(*) FROM events WHERE operation = 'job.retried'").value(&db).await.unwrap();
    assert_eq!(told, 1);
}
