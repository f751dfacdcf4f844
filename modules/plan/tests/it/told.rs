//! What people are told by themselves: notices, offers, and when work will be done.

use atlas_kernel::Error;
use atlas_plan::calendar::BusyKind;
use atlas_plan::facts::task_id;
use atlas_plan::plan::notice::{self, NoticeKind};
use atlas_plan::plan::{eta, explain, offer, verbs};
use atlas_store::query;
use atlas_work::task::change::TaskChange;
use atlas_work::task::verbs::NewTask;

use crate::office::{NOW, Office, at, work};

async fn told(o: &Office, whom: &atlas_kernel::Actor) -> Vec<(atlas_planner::TaskId, NoticeKind)> {
    let all = notice::of_member(&o.db, whom.workspace, whom.user.unwrap()).await.unwrap();
    all.iter().map(|notice| (notice.task, notice.kind)).collect()
}

#[tokio::test]
async fn only_what_others_changed_of_today_and_broken_promises_are_told() {
    let o = Office::new().await;
    let first = o.task(work("Today", 120, &o.jonas)).await;
    let (day, time) = ("2026-12-01".parse().unwrap(), "12:00".parse().unwrap());
    let promised = NewTask { due: Some(day), due_time: Some(time), start: Some(day), ..work("Promised", 120, &o.jonas) };
    let promised = o.task(promised).await;
    o.task(NewTask { start: Some("2026-12-03".parse().unwrap()), ..work("Far off", 60, &o.jonas) }).await;
    o.plan().await;
    assert!(told(&o, &o.jonas).await.is_empty(), "a first plan is no news");

    // Something far off moves: nobody is told.
    o.busy(&o.jonas, BusyKind::Meeting, "Later", "2026-12-03T09:00:00Z", "2026-12-03T10:00:00Z").await;
    assert!(told(&o, &o.jonas).await.is_empty());
    // Something of his today moves by another's doing.
    o.busy(&o.jonas, BusyKind::Meeting, "Surprise", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z").await;
    assert_eq!(told(&o, &o.jonas).await, [(task_id(&first.id.to_ref()), NoticeKind::Today)]);
    assert!(told(&o, &o.ines).await.is_empty(), "whoever did it knows");
    // A promise breaks, far off as it is.
    o.busy(&o.jonas, BusyKind::Meeting, "All morning", "2026-12-01T09:00:00Z", "2026-12-01T13:00:00Z").await;
    assert_eq!(told(&o, &o.jonas).await[0], (task_id(&promised.id.to_ref()), NoticeKind::Late));

    let jonas = &o.jonas;
    assert_eq!(o.db.write(|tx| async move { notice::put_away(&tx, jonas).await }).await.unwrap(), 2);
    assert!(told(&o, &o.jonas).await.is_empty());
    // What he does himself is no news to him.
    let (planning, record) = (&o.planning, &first.id.to_ref());
    o.db.write(|tx| async move { verbs::not_today(planning, &tx, jonas, record).await }).await.unwrap();
    assert!(told(&o, &o.jonas).await.is_empty());
    let guest = &atlas_kernel::Actor { role: atlas_kernel::Role::Guest, ..o.jonas.clone() };
    assert!(matches!(o.db.write(|tx| async move { notice::put_away(&tx, guest).await }).await, Err(Error::Denied { .. })));
}

/// A task that is late though there is time for it now, beyond what stands still.
async fn late_for_no_reason(o: &Office) -> atlas_work::task::Task {
    let day = "2026-12-01".parse().unwrap();
    let late = o.task(NewTask { start: Some(day), due: Some(day), ..work("Launch", 240, &o.ines) }).await;
    let (meeting, _) = o.busy(&o.ines, BusyKind::Meeting, "Offsite", "2026-12-01T09:00:00Z", "2026-12-01T18:00:00Z").await;
    o.plan().await;
    assert!(o.body(&late).await.place.unwrap().late_minutes > 0);
    o.task(work("Something else", 30, &o.ines)).await;
    o.plan().await;
    let (planning, ines) = (&o.planning, &o.ines);
    o.db.write(|tx| async move { atlas_plan::calendar::verbs::remove(planning, &tx, ines, meeting.id).await }).await.unwrap();
    o.plan().await;
    assert!(o.body(&late).await.place.unwrap().late_minutes > 0, "nothing is pulled forward by itself");
    late
}

#[tokio::test]
async fn a_better_plan_is_offered_taken_and_taken_back() {
    let o = Office::new().await;
    let late = late_for_no_reason(&o).await;
    let before = o.bodies().await;
    let (planning, ines, jonas) = (&o.planning, &o.ines, &o.jonas);
    offer::look(planning, &o.db, ines.workspace).await.unwrap();
    assert_eq!(o.bodies().await, before, "an offer changes nothing");
    let found = offer::standing(&o.db, ines.workspace).await.unwrap().expect("there is time for it");
    assert_eq!((found.on_time.as_slice(), found.places.len()), (&[task_id(&late.id.to_ref())][..], 1));
    let refused = o.db.write(|tx| async move { offer::accept(planning, &tx, jonas).await }).await;
    assert!(matches!(refused, Err(Error::Denied { .. })), "it is not his time");
    let taken = o.db.write(|tx| async move { offer::accept(planning, &tx, ines).await }).await.unwrap();
    assert_eq!(taken.moves.len(), found.places.len());
    assert_eq!(o.body(&late).await.place.unwrap().late_minutes, 0);
    assert!(offer::standing(&o.db, ines.workspace).await.unwrap().is_none(), "taken once");
    let id = taken.revision.unwrap();
    o.db.write(|tx| async move { verbs::undo(planning, &tx, ines, id).await }).await.unwrap();
    assert_eq!(o.body(&late).await.place, before[&task_id(&late.id.to_ref())].place);
}

#[tokio::test]
async fn an_offer_is_put_away_or_overtaken_by_another_change() {
    let o = Office::new().await;
    late_for_no_reason(&o).await;
    let (planning, ines) = (&o.planning, &o.ines);
    offer::look(planning, &o.db, ines.workspace).await.unwrap();
    o.db.write(|tx| async move { offer::dismiss(&tx, ines).await }).await.unwrap();
    assert!(offer::standing(&o.db, ines.workspace).await.unwrap().is_none());
    offer::look(planning, &o.db, ines.workspace).await.unwrap();
    o.busy(&o.ines, BusyKind::Meeting, "Again", "2026-12-01T09:00:00Z", "2026-12-01T18:00:00Z").await;
    assert!(offer::standing(&o.db, ines.workspace).await.unwrap().is_none());
    let before = o.bodies().await;
    let late = o.db.write(|tx| async move { offer::accept(planning, &tx, ines).await }).await;
    assert!(matches!(late, Err(Error::Conflict { code: "plan_changed", .. })));
    assert_eq!(o.bodies().await, before);
}

/// Ten finished tasks of a member that took as many per cent of their estimates.
async fn past(o: &Office, who: &atlas_kernel::Actor, ratios: [i64; 10]) {
    let (ines, me) = (who, who.user.unwrap());
    for (n, ratio) in ratios.into_iter().enumerate() {
        let done = o.task(work(&format!("Past {n}"), 100, ines)).await;
        o.edit(&done, TaskChange::status(atlas_work::task::Status::Done)).await;
        let (id, start) = (done.id.uuid(), at("2026-10-01T08:00:00Z") + jiff::SignedDuration::from_hours(24 * n as i64));
        o.db.write(|tx| async move {
            let put = query("INSERT INTO plan_worked (workspace_id, task_id, start_at, user_id, finish_at) VALUES ($1,$2,$3,$4,$5)");
            let put = put.bind(ines.workspace).bind(id).bind(start).bind(me);
            put.bind(start + jiff::SignedDuration::from_mins(ratio)).run(&tx).await
        })
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn a_project_is_done_with_its_last_task_and_says_what_that_rests_on() {
    let o = Office::new().await;
    let (ines, jonas) = (&o.ines, &o.jonas);
    let task = o.task(work("One", 120, ines)).await;
    let other = o.task(work("Two", 60, jonas)).await;
    o.task(NewTask { estimate: None, ..work("Three", 60, ines) }).await;
    o.plan().await;
    let project = &task.project.to_ref();
    let ask = async || eta::project(&o.planning, &o.db, ines, project, at(NOW)).await.unwrap();
    let before = ask().await;
    assert_eq!((before.tasks, before.finish, before.p50, before.p90), (3, Some(at("2026-11-24T12:00:00Z")), None, None));
    let unknown = format!("{}, {} finished too little yet to say how estimates turn out.", ines.name, jonas.name);
    assert_eq!(before.caveats, ["1 task has no estimate and counts as 1 h.", unknown.as_str()]);

    past(&o, ines, [60, 300, 150, 80, 120, 50, 140, 100, 70, 130]).await;
    past(&o, jonas, [100; 10]).await;
    o.plan().await;
    let known = ask().await;
    let (p50, p90) = (known.p50.unwrap(), known.p90.unwrap());
    assert!(known.finish.unwrap() <= p50 && p50 < p90 && p90 < at("2026-11-25T12:00:00Z"), "{known:?}");
    assert_eq!((known.from_tasks, known.without_estimate, known.caveats.len()), (20, 1, 1));
    assert_eq!(ask().await, known, "asked again it says the same");

    o.edit(&other, TaskChange { assignees: Some(vec![]), ..TaskChange::default() }).await;
    o.plan().await;
    let open = ask().await;
    assert_eq!((open.without_place, open.p50, open.p90), (1, None, None));
    assert_eq!(open.caveats[0], "1 task has no place in the plan, so nobody knows when all is done.");
}

#[tokio::test]
async fn what_would_find_no_place_gives_no_date() {
    let o = Office::new().await;
    let ines = &o.ines;
    let whole = o.task(NewTask { in_one_piece: true, ..work("In one piece", 240, ines) }).await;
    past(&o, ines, [300; 10]).await;
    o.plan().await;
    let eta = eta::project(&o.planning, &o.db, ines, &whole.project.to_ref(), at(NOW)).await.unwrap();
    assert!(eta.finish.is_some() && eta.p50.is_none() && eta.p90.is_none(), "twelve hours in one piece fit no day: {eta:?}");
    assert_eq!(eta.caveats, ["If tasks take as long as they did before, some find no place in the plan."]);
    let why = explain::explain(&o.planning, &o.db, ines, &whole.id.to_ref(), at(NOW)).await.unwrap();
    assert!(why.forecast.is_none());
}

#[tokio::test]
async fn when_work_will_be_done_is_read_off_the_persons_own_history() {
    let o = Office::new().await;
    let ines = &o.ines;
    past(&o, ines, [60, 300, 150, 80, 120, 50, 140, 100, 70, 130]).await;
    let next = o.task(work("Next", 120, ines)).await;
    let his = o.task(work("His", 120, &o.jonas)).await;
    o.plan().await;
    let why = explain::explain(&o.planning, &o.db, ines, &next.id.to_ref(), at(NOW)).await.unwrap();
    let forecast = why.forecast.expect("ten finished tasks are enough");
    // Sorted, the fifth of ten took as long as estimated, and the ninth half as long again.
    assert_eq!((forecast.p50, forecast.p90, forecast.from_tasks), (at("2026-11-24T11:00:00Z"), at("2026-11-24T12:00:00Z"), 10));
    let why = explain::explain(&o.planning, &o.db, ines, &his.id.to_ref(), at(NOW)).await.unwrap();
    assert!(why.forecast.is_none(), "another's history says nothing of his");
}
