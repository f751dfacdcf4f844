//! Rules of planning anew: the same facts change nothing, every change asks for it, workspaces are apart.

use atlas_plan::calendar::{BusyKind, Hours};
use atlas_store::query;

use crate::office::{Office, work};

#[tokio::test]
async fn the_same_facts_change_nothing_and_every_change_asks_for_a_plan() {
    let o = Office::new().await;
    o.task(work("One", 60, &o.ines)).await;
    let waiting = || async { query("SELECT COUNT(*) FROM jobs WHERE kind = 'plan.replan'").value::<i64>(&o.db).await.unwrap() };
    assert_eq!(waiting().await, 1);
    let first = o.plan().await;
    assert!(first.revision.is_some());
    for _ in 0..2 {
        let again = o.plan().await;
        assert!(again.revision.is_none() && again.moves.is_empty());
    }
    o.task(work("Two", 60, &o.ines)).await;
    assert_eq!(waiting().await, 1, "asked for twice it waits once");
}

#[tokio::test]
async fn hours_and_absences_are_heeded_and_guests_and_others_refused() {
    let o = Office::new().await;
    let one = o.task(work("One", 120, &o.jonas)).await;
    o.plan().await;
    o.busy(&o.jonas, BusyKind::Absence, "Away", "2026-11-24T00:00:00Z", "2026-11-26T00:00:00Z").await;
    assert!(o.blocks(&one).await[0].from >= crate::office::span("2026-11-26T09:00:00Z", "2026-11-26T09:00:00Z").from);
    let (planning, jonas, ines) = (&o.planning, &o.jonas, o.ines.user.unwrap());
    let hours = &Hours::default();
    let refused =
        o.db.write(|tx| async move { atlas_plan::calendar::verbs::set_hours(planning, &tx, jonas, ines, hours.clone()).await }).await;
    assert!(matches!(refused, Err(atlas_kernel::Error::Denied { .. })));
    let evening = &Hours { week: std::array::from_fn(|_| vec![(18 * 60, 22 * 60)]), cap: 100 };
    let me = jonas.user.unwrap();
    o.db.write(|tx| async move { atlas_plan::calendar::verbs::set_hours(planning, &tx, jonas, me, evening.clone()).await }).await.unwrap();
    assert_eq!(o.blocks(&one).await, [crate::office::span("2026-11-26T18:00:00Z", "2026-11-26T20:00:00Z")]);
    let guest = &atlas_kernel::Actor { role: atlas_kernel::Role::Guest, ..o.jonas.clone() };
    assert!(o.db.write(|tx| async move { atlas_plan::plan::verbs::propose(planning, &tx, guest).await }).await.is_err());
}

#[tokio::test]
async fn changes_are_listed_page_by_page() {
    use atlas_plan::plan::store::told;
    let o = Office::new().await;
    for n in 0..5 {
        o.task(work(&format!("Task {n}"), 30, &o.ines)).await;
        o.plan().await;
    }
    let all = told(&o.db, o.ines.workspace, None, 100).await.unwrap();
    assert_eq!(all.iter().map(|one| one.revision).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    let rest = told(&o.db, o.ines.workspace, Some(3), 100).await.unwrap();
    assert_eq!(rest.iter().map(|one| one.revision).collect::<Vec<_>>(), [2, 1]);
    assert!(told(&o.db, o.ines.workspace, Some(1), 100).await.unwrap().is_empty());
}
