//! Hours that tasks are restricted to: planned within them, planned anew when they change, lifted when they go.

use atlas_kernel::{Actor, Error, Role, WorkspaceId};
use atlas_plan::calendar::Week;
use atlas_plan::hours_set::{HoursSet, read_week, store, verbs};
use atlas_plan::plan::{explain, verbs as plan};
use atlas_store::query;
use atlas_work::task::verbs::NewTask;

use crate::office::{NOW, Office, at, span, work};

/// What Tuesday to Thursday from 14:00 to 16:00 means.
fn calls() -> Week {
    read_week("Tue–Thu 14:00–16:00").unwrap()
}

impl Office {
    async fn hours_set(&self, name: &str, week: Week) -> HoursSet {
        let (ines, week) = (&self.ines, &week);
        self.db.write(|tx| async move { verbs::create(&tx, ines, name, week.clone()).await }).await.unwrap()
    }

    async fn restrict(&self, who: &Actor, task: &atlas_work::task::Task, hours: Option<&HoursSet>) -> atlas_kernel::Result<()> {
        let (planning, record, id) = (&self.planning, &task.id.to_ref(), hours.map(|set| set.id));
        self.db.write(|tx| async move { plan::restrict(planning, &tx, who, record, id).await.map(|_| ()) }).await
    }
}

#[tokio::test]
async fn a_task_is_planned_within_its_hours_says_so_and_all_of_it_can_be_taken_back() {
    let o = Office::new().await;
    let call = o.task(work("Call them", 60, &o.ines)).await;
    o.plan().await;
    assert_eq!(o.blocks(&call).await, [span("2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z")]);
    let set = o.hours_set("  Calls ", calls()).await;
    assert_eq!((set.name.as_str(), set.in_words().as_str()), ("Calls", "Tue–Thu 14:00–16:00"));
    o.restrict(&o.ines, &call, Some(&set)).await.unwrap();
    assert_eq!(o.blocks(&call).await, [span("2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z")]);
    let why = explain::explain(&o.planning, &o.db, &o.ines, &call.id.to_ref(), at(NOW)).await.unwrap();
    assert_eq!(why.why_here, "Only within “Calls”: Tue–Thu 14:00–16:00.");
    assert_eq!(why.binding, ["Only within “Calls”: Tue–Thu 14:00–16:00."]);
    assert!(why.why_not_earlier.iter().any(|one| one.what == "Outside “Calls”"));
    assert_eq!(why.hours_set.unwrap().id, set.id);

    let (planning, ines, id) = (&o.planning, &o.ines, set.id);
    let week = &read_week("Wed 9-12").unwrap();
    let (_, changed) = o.db.write(|tx| async move { verbs::edit(planning, &tx, ines, id, None, Some(week.clone())).await }).await.unwrap();
    assert_eq!(changed.moves.len(), 1);
    assert_eq!(o.blocks(&call).await, [span("2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z")]);
    let back = changed.revision.unwrap();
    o.db.write(|tx| async move { plan::undo(planning, &tx, ines, back).await }).await.unwrap();
    assert_eq!(o.blocks(&call).await, [span("2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z")]);
}

#[tokio::test]
async fn removing_hours_lifts_the_restriction_says_so_and_comes_back() {
    let o = Office::new().await;
    let call = o.task(work("Call them", 60, &o.ines)).await;
    let other = o.task(work("Write it down", 60, &o.ines)).await;
    o.plan().await;
    let set = o.hours_set("Calls", calls()).await;
    o.restrict(&o.ines, &call, Some(&set)).await.unwrap();
    let (planning, ines, id) = (&o.planning, &o.ines, set.id);
    let removed = o.db.write(|tx| async move { verbs::remove(planning, &tx, ines, id).await }).await.unwrap();
    assert_eq!(removed.in_words(), "The hours “Calls” were removed; 1 task may now be done at any working time");
    assert_eq!(o.body(&call).await.facts.hours, None);
    assert_eq!(o.body(&call).await.unplaced, None);
    assert_eq!(o.blocks(&other).await.len(), 1, "the rest of the plan stands");
    let told: i64 = query("SELECT COUNT(*) FROM events WHERE operation = 'plan.hours_set_removed'").value(&o.db).await.unwrap();
    assert_eq!(told, 1);
    let gone = o.db.write(|tx| async move { verbs::remove(planning, &tx, ines, id).await.map(|_| ()) }).await;
    assert!(matches!(gone, Err(Error::NotFound("hours set"))));

    // Taken back, unless the name was given away meanwhile.
    let back = removed.replanned.revision.unwrap();
    let taken = o.hours_set("CALLS", calls()).await;
    let refused = o.db.write(|tx| async move { plan::undo(planning, &tx, ines, back).await.map(|_| ()) }).await;
    assert!(matches!(refused, Err(Error::Conflict { code: "name_taken", .. })));
    o.db.write(|tx| async move { verbs::remove(planning, &tx, ines, taken.id).await.map(|_| ()) }).await.unwrap();
    o.db.write(|tx| async move { plan::undo(planning, &tx, ines, back).await }).await.unwrap();
    assert!(store::one(&o.db, o.ines.workspace, id).await.unwrap().is_some());
    assert_eq!(o.body(&call).await.facts.hours.map(|hours| hours.0), Some(calls()));
}

#[tokio::test]
async fn wrong_hours_strangers_and_guests_are_refused_and_say_why() {
    let o = Office::new().await;
    let call = o.task(work("Call them", 60, &o.ines)).await;
    o.plan().await;
    let set = o.hours_set("Calls", calls()).await;
    let make = async |who: &Actor, name: &str, week: Week| {
        let week = &week;
        o.db.write(|tx| async move { verbs::create(&tx, who, name, week.clone()).await }).await
    };
    let field = |result: atlas_kernel::Result<HoursSet>| match result {
        Err(Error::Invalid(fields)) => (fields[0].field.clone(), fields[0].code.clone()),
        other => panic!("{other:?}"),
    };
    let said = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    assert_eq!(field(make(&o.ines, "calls", calls()).await), said("name", "taken"));
    assert_eq!(field(make(&o.ines, " ", calls()).await), said("name", "required"));
    assert_eq!(field(make(&o.ines, &"x".repeat(61), calls()).await), said("name", "too_long"));
    assert_eq!(field(make(&o.ines, "Never", Week::default()).await), said("week", "required"));
    assert_eq!(field(make(&o.ines, "Odd", std::array::from_fn(|_| vec![(600, 540)])).await), said("week", "invalid"));
    let guest = Actor { role: Role::Guest, ..o.ines.clone() };
    assert!(matches!(make(&guest, "Mine", calls()).await, Err(Error::Denied { .. })));
    assert!(matches!(o.restrict(&guest, &call, Some(&set)).await, Err(Error::Denied { .. })));
    assert!(matches!(o.restrict(&o.jonas, &call, Some(&set)).await, Err(Error::Denied { .. })), "it is not his time");

    // Another workspace's hours are nobody's here.
    let theirs = Actor { workspace: WorkspaceId::new(at(NOW)), ..o.ines.clone() };
    let foreign = make(&theirs, "Calls", calls()).await.unwrap();
    assert!(matches!(o.restrict(&o.ines, &call, Some(&foreign)).await, Err(Error::Invalid(_))));
    assert!(store::one(&o.db, o.ines.workspace, foreign.id).await.unwrap().is_none());
    assert_eq!(store::all(&o.db, o.ines.workspace).await.unwrap(), [set]);
}

#[tokio::test]
async fn a_late_call_is_helped_by_any_hours_in_one_step() {
    let o = Office::new().await;
    let today = at(NOW).to_zoned(jiff::tz::TimeZone::UTC).date();
    let call = o.task(NewTask { due: Some(today), ..work("Call them back", 60, &o.ines) }).await;
    o.plan().await;
    let set = o.hours_set("Mornings", read_week("Fri 9-12").unwrap()).await;
    o.restrict(&o.ines, &call, Some(&set)).await.unwrap();
    assert!(o.body(&call).await.place.unwrap().late_minutes > 0);
    let (planning, ines, record) = (&o.planning, &o.ines, &call.id.to_ref());
    let fixes = explain::fixes(planning, &o.db, ines, record, at(NOW)).await.unwrap();
    let fix = &fixes.iter().find(|fix| fix.what.contains("outside “Mornings” too")).expect("the hours make it late").fix;
    o.db.write(|tx| async move { plan::apply_fix(planning, &tx, ines, record, fix).await }).await.unwrap();
    assert_eq!(o.body(&call).await.place.unwrap().late_minutes, 0);
    assert!(store::used(&o.db, o.ines.workspace).await.unwrap().is_empty());
}
