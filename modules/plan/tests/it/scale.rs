//! What a replan and a page ask of the database does not grow with the number of tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use atlas_kernel::Actor;
use atlas_plan::calendar::BusyKind;
use atlas_plan::plan::{explain, store, verbs};
use atlas_plan::replan::outside;
use atlas_store::{Query, Tx, query, watch_queries};
use atlas_work::task::change::TaskChange;
use futures::future::BoxFuture;

use crate::office::{Office, at, work};

async fn fill(o: &Office, from: usize, until: usize) {
    for n in from..until {
        o.task(work(&format!("Task {n}"), 60, if n % 2 == 0 { &o.ines } else { &o.jonas })).await;
    }
    o.plan().await;
}

fn count(queries: &[Query], word: &str) -> usize {
    queries.iter().filter(|query| query.sql().contains(word)).count()
}

#[tokio::test]
async fn statements_do_not_grow_with_the_number_of_tasks() {
    let o = Office::new().await;
    let mut before: Option<Vec<usize>> = None;
    for (from, until, day) in [(0, 20, 24), (20, 140, 25)] {
        fill(&o, from, until).await;
        let new = o.task(work("One more", 30, &o.ines)).await;
        let (_, by_the_job) = watch_queries(o.plan()).await;
        let (start, end) = (format!("2026-11-{day}T10:00:00Z"), format!("2026-11-{day}T11:00:00Z"));
        let (_, by_a_verb) = watch_queries(o.busy(&o.ines, BusyKind::Meeting, "Call", &start, &end)).await;
        let (planning, ines, record) = (&o.planning, &o.ines, &new.id.to_ref());
        let done = verbs_done(&o, record);
        let (_, by_done) = watch_queries(done).await;
        let (seen, by_a_page) = watch_queries(planning.look(&o.db, ines.workspace, at(crate::office::NOW))).await;
        assert!(seen.unwrap().known.bodies.len() >= until);
        let counts = vec![by_the_job.len(), by_a_verb.len(), by_done.len(), by_a_page.len()];
        // Whether anything moved, and so is written, is one statement more or less.
        let first = before.get_or_insert(counts.clone());
        assert!(first.iter().zip(&counts).all(|(first, now)| first.abs_diff(*now) <= 2), "{first:?} and now {counts:?}");
        assert!(counts.iter().all(|count| *count <= 45), "{counts:?}");
    }
}

async fn verbs_done(o: &Office, record: &atlas_kernel::Ref) {
    let (planning, ines) = (&o.planning, &o.ines);
    o.db.write(|tx| async move { verbs::done(planning, &tx, ines, record).await }).await.unwrap();
}

#[tokio::test]
async fn only_rows_that_differ_are_written() {
    let o = Office::new().await;
    fill(&o, 0, 60).await;
    let (done, queries) = watch_queries(o.busy(&o.ines, BusyKind::Meeting, "Call", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z")).await;
    let written = queries.iter().find(|query| query.sql().contains("INSERT INTO plan_placements")).expect("something moved");
    let rows = written.sql().matches("($1,").count();
    assert!(rows >= done.1.moves.len() && rows < 30, "{rows} rows for {} moves", done.1.moves.len());
    assert_eq!(count(&queries, "INSERT INTO plan_people"), 1);
    assert_eq!(queries.iter().find(|query| query.sql().contains("INSERT INTO plan_people")).unwrap().sql().matches("($1,").count(), 1);
}

#[tokio::test]
async fn what_is_known_is_used_until_something_changes_and_the_planner_is_built_once() {
    let o = Office::new().await;
    fill(&o, 0, 10).await;
    let task = o.task(work("Explained", 60, &o.ines)).await;
    o.plan().await;
    let explained = || async { explain::explain(&o.planning, &o.db, &o.ines, &task.id.to_ref(), at(crate::office::NOW)).await.unwrap() };
    explained().await;
    let (first, queries) = watch_queries(explained()).await;
    for word in ["plan_placements", "plan_people", "plan_worked", "work_task_blockers"] {
        let of_the_plan = queries.iter().filter(|query| query.sql().contains(&format!("FROM {word}")));
        assert_eq!(of_the_plan.count(), 0, "{word}: {queries:#?}");
    }
    o.edit(&task, TaskChange { title: Some("Told anew".into()), ..TaskChange::default() }).await;
    let again = explained().await;
    assert_eq!((first.title.as_str(), again.title.as_str()), ("Explained", "Told anew"), "a change that waits to be planned is seen");
    // Another process changes the plan; this one sees it.
    let elsewhere = Office::elsewhere();
    o.edit(&task, TaskChange { estimate_minutes: Some(Some(180)), ..TaskChange::default() }).await;
    o.plan_with(&elsewhere).await;
    let after = explained().await;
    assert!(after.finish > again.finish, "{after:#?}");
}

#[tokio::test]
async fn a_plan_that_changed_meanwhile_is_planned_again() {
    let o = Office::new().await;
    fill(&o, 0, 4).await;
    o.task(work("New", 60, &o.ines)).await;
    let tries = Arc::new(AtomicUsize::new(0));
    let (counted, workspace) = (tries.clone(), o.ines.workspace);
    let meanwhile = move |tx: Tx| -> BoxFuture<'static, atlas_kernel::Result<()>> {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            if first {
                let bump = query("UPDATE plan_state SET planned_at = $2 WHERE workspace_id = $1");
                bump.bind(workspace).bind(tx.now() - jiff::SignedDuration::from_secs(1)).run(&tx).await?;
            }
            Ok(())
        })
    };
    let done = outside(&o.planning, &o.db, &Actor::system(workspace), &meanwhile).await.unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 2);
    assert!(done.revision.is_some());
    assert_eq!(store::told(&o.db, workspace, None, 10).await.unwrap().len(), 2, "the plan that was overtaken left no change");
}

#[tokio::test]
async fn nothing_is_remembered_of_a_transaction_that_came_to_nothing() {
    let o = Office::new().await;
    fill(&o, 0, 3).await;
    let before = o.bodies().await;
    let (planning, ines) = (&o.planning, &o.ines);
    let refused: atlas_kernel::Result<()> =
        o.db.write(|tx| async move {
            verbs::accept(planning, &tx, ines, ines.user.unwrap(), None, None).await?;
            Err(atlas_kernel::Error::conflict("test", "rolled back"))
        })
        .await;
    assert!(refused.is_err());
    let seen = planning.look(&o.db, ines.workspace, at(crate::office::NOW)).await.unwrap();
    assert_eq!(*seen.known.bodies, before);
}
