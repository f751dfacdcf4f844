//! A member's day: meetings, tasks, reasons, a move, a fix, and everything taken back.

use atlas_plan::calendar::BusyKind;
use atlas_plan::facts::task_id;
use atlas_plan::plan::{explain, verbs};
use atlas_planner::{Alarm, Reason};
use atlas_work::task::change::TaskChange;
use atlas_work::task::verbs::NewTask;

use crate::office::{Office, at, span, work};

fn due(day: &str, time: &str) -> (Option<jiff::civil::Date>, Option<jiff::civil::Time>) {
    (Some(day.parse().unwrap()), Some(time.parse().unwrap()))
}

#[tokio::test]
async fn a_day_is_planned_explained_moved_fixed_and_taken_back() {
    let o = Office::new().await;
    o.busy(&o.ines, BusyKind::Meeting, "Stand-up", "2026-11-24T09:00:00Z", "2026-11-24T09:30:00Z").await;
    o.busy(&o.ines, BusyKind::Meeting, "Renewal call", "2026-11-24T11:00:00Z", "2026-11-24T12:00:00Z").await;
    o.busy(&o.ines, BusyKind::Meeting, "Review", "2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z").await;
    let first = o.task(work("Draft the terms", 120, &o.ines)).await;
    let second = o.task(NewTask { blocked_by: vec![first.key.clone()], ..work("Check the terms", 60, &o.ines) }).await;
    let (day, time) = due("2026-11-25", "12:00");
    let third =
        o.task(NewTask { blocked_by: vec![second.key.clone()], due: day, due_time: time, ..work("Send the terms", 180, &o.ines) }).await;
    for n in 0..5 {
        o.task(work(&format!("Something else {n}"), 60, &o.ines)).await;
    }
    o.plan().await;
    assert_eq!(o.bodies().await.len(), 8);
    let place = o.body(&first).await.place.unwrap();
    assert_eq!(place.chunks[0].span.from, span("2026-11-24T09:30:00Z", "2026-11-24T10:00:00Z").from, "{place:?}");
    assert!(matches!(place.reason, Reason::Meeting(_)), "{place:?}");
    let why = explain::explain(&o.planning, &o.db, &o.ines, &first.id.to_ref(), at(crate::office::NOW)).await.unwrap();
    assert_eq!(why.why_here, "After “Stand-up”.");
    let why = explain::explain(&o.planning, &o.db, &o.ines, &second.id.to_ref(), at(crate::office::NOW)).await.unwrap();
    assert_eq!(why.why_here, format!("After {}, which it waits for.", first.key));

    let before = o.bodies().await;
    let (_, added) = o.busy(&o.ines, BusyKind::Meeting, "Surprise", "2026-11-24T14:00:00Z", "2026-11-24T18:00:00Z").await;
    assert!((1..=4).contains(&added.moves.len()), "{:#?}", added.moves);
    assert!(added.moves.iter().all(|(_, moved)| moved.said == "“Surprise” was added"));
    let late = o.body(&third).await.place.unwrap();
    assert!(late.late_minutes > 0, "{late:?}");
    let why = explain::explain(&o.planning, &o.db, &o.ines, &third.id.to_ref(), at(crate::office::NOW)).await.unwrap();
    assert!(!why.why_late.is_empty() && why.who_moved.unwrap().starts_with("“Surprise” was added."));

    let fixes = explain::fixes(&o.planning, &o.db, &o.ines, &third.id.to_ref(), at(crate::office::NOW)).await.unwrap();
    assert_eq!(fixes[0].late_after, 0, "{fixes:#?}");
    for fix in &fixes {
        let (planning, ines, record, name) = (&o.planning, &o.ines, &third.id.to_ref(), &fix.fix);
        let done = o.db.write(|tx| async move { verbs::apply_fix(planning, &tx, ines, record, name).await }).await.unwrap();
        let place = o.body(&third).await.place.unwrap();
        assert_eq!(place.late_minutes, fix.late_after, "{} promised otherwise", fix.what);
        let id = done.revision.expect("a fix changes something");
        o.db.write(|tx| async move { verbs::undo(planning, &tx, ines, id).await }).await.unwrap();
        assert_eq!(o.body(&third).await.place.unwrap(), late, "{} was not taken back", fix.what);
    }
    let id = added.revision.unwrap();
    let (planning, ines) = (&o.planning, &o.ines);
    o.db.write(|tx| async move { verbs::undo(planning, &tx, ines, id).await }).await.unwrap();
    let after = o.bodies().await;
    for (task, body) in &before {
        assert_eq!(after[task].place, body.place);
    }
}

#[tokio::test]
async fn moving_locking_putting_off_and_bringing_back() {
    let o = Office::new().await;
    let one = o.task(work("Write", 60, &o.ines)).await;
    let other = o.task(work("Read", 60, &o.ines)).await;
    o.plan().await;
    let original = (o.blocks(&one).await, o.blocks(&other).await);
    let (planning, ines, record) = (&o.planning, &o.ines, &one.id.to_ref());
    let to = &verbs::Movement { piece: None, start: at("2026-11-24T15:00:00Z"), person: None };
    let moved = o.db.write(|tx| async move { verbs::move_piece(planning, &tx, ines, record, to).await }).await.unwrap();
    assert_eq!(o.blocks(&one).await, [span("2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z")]);
    assert!(o.body(&one).await.is_accepted(span("2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z")));
    let again = &verbs::Movement { piece: None, start: at("2026-11-24T14:30:00Z"), person: None };
    o.db.write(|tx| async move { verbs::move_piece(planning, &tx, ines, record, again).await }).await.unwrap();
    assert_eq!(o.blocks(&one).await, [span("2026-11-24T14:30:00Z", "2026-11-24T15:30:00Z")]);
    let past = &verbs::Movement { piece: None, start: at("2026-11-24T07:00:00Z"), person: None };
    assert!(o.db.write(|tx| async move { verbs::move_piece(planning, &tx, ines, record, past).await }).await.is_err());
    let changes = atlas_plan::plan::store::revisions(&o.db, ines.workspace, 2).await.unwrap();
    for id in changes.iter().map(|change| change.id) {
        o.db.write(|tx| async move { verbs::undo(planning, &tx, ines, id).await }).await.unwrap();
    }
    assert_eq!((o.blocks(&one).await, o.blocks(&other).await), original);
    assert!(o.db.write(|tx| async move { verbs::undo(planning, &tx, ines, moved.revision.unwrap()).await }).await.is_err());

    o.db.write(|tx| async move { verbs::not_today(planning, &tx, ines, record).await }).await.unwrap();
    assert!(o.blocks(&one).await[0].from >= span("2026-11-25T00:00:00Z", "2026-11-25T00:00:00Z").from);
    o.db.write(|tx| async move { verbs::bring_back(planning, &tx, ines, record).await }).await.unwrap();
    assert!(o.blocks(&one).await[0].until <= span("2026-11-25T00:00:00Z", "2026-11-25T00:00:00Z").from);
    let jonas = &o.jonas;
    let refused = o.db.write(|tx| async move { verbs::not_today(planning, &tx, jonas, record).await }).await;
    assert!(matches!(refused, Err(atlas_kernel::Error::Denied { .. })));
}

#[tokio::test]
async fn a_task_that_comes_back_to_an_earlier_place_says_what_moved_it_there_this_time() {
    let o = Office::new().await;
    let one = o.task(work("Write", 60, &o.ines)).await;
    o.plan().await;
    let (planning, ines, record) = (&o.planning, &o.ines, &one.id.to_ref());
    let mut last = None;
    for (n, start) in (2..).zip(["2026-11-24T15:00:00Z", "2026-11-24T14:30:00Z", "2026-11-24T15:00:00Z"]) {
        let to = &verbs::Movement { piece: None, start: at(start), person: None };
        let done = o.db.write(|tx| async move { verbs::move_piece(planning, &tx, ines, record, to).await }).await.unwrap();
        let moved = o.body(&one).await.moved.expect("it moved");
        assert_eq!((moved.revision, moved.to), (n, Some((ines.user.unwrap(), at(start)))));
        last = done.revision;
    }
    // Taken back, it says again what had moved it to where it is.
    let id = last.unwrap();
    o.db.write(|tx| async move { verbs::undo(planning, &tx, ines, id).await }).await.unwrap();
    assert_eq!(o.body(&one).await.moved.map(|moved| moved.revision), Some(3));
    // So does what a meeting that comes and goes moved, there and back.
    let other = o.task(work("Read", 60, &o.jonas)).await;
    o.plan().await;
    let (meeting, _) = o.busy(&o.jonas, BusyKind::Meeting, "Surprise", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z").await;
    assert_eq!(o.body(&other).await.moved.unwrap().said, "“Surprise” was added");
    let id = meeting.id;
    o.db.write(|tx| async move { atlas_plan::calendar::verbs::remove(planning, &tx, ines, id).await }).await.unwrap();
    assert_eq!(o.blocks(&other).await[0].from, span("2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z").from);
    assert_eq!(o.body(&other).await.moved.unwrap().said, "“Surprise” was removed");
}

#[tokio::test]
async fn accepted_time_counts_as_worked_and_the_rest_is_planned_again() {
    let o = Office::new().await;
    let one = o.task(work("Accepted", 240, &o.ines)).await;
    let two = o.task(work("Never looked at", 60, &o.jonas)).await;
    o.plan().await;
    let (planning, ines) = (&o.planning, &o.ines);
    let only = &[task_id(&one.id.to_ref())];
    o.db.write(|tx| async move { verbs::accept(planning, &tx, ines, ines.user.unwrap(), Some(only), None).await }).await.unwrap();
    let blocks = o.blocks(&one).await;
    o.clock.advance(std::time::Duration::from_secs(3 * 3600));
    let moved = o.plan().await;
    assert!(moved.moves.iter().all(|(task, _)| *task != only[0]), "{:?}", moved.moves);
    assert_eq!(o.blocks(&one).await, blocks, "what runs keeps its beginning");
    assert!(
        o.blocks(&two).await[0].from >= span("2026-11-24T11:00:00Z", "2026-11-24T11:00:00Z").from,
        "time went by without its being done"
    );
    o.clock.advance(std::time::Duration::from_secs(24 * 3600));
    o.plan().await;
    let left: i64 = o.blocks(&one).await.iter().map(|block| block.minutes()).sum();
    assert_eq!(left, 30, "worked through and not done: half an hour more is planned, nothing is dropped");
}

#[tokio::test]
async fn what_cannot_be_is_said_before_planning() {
    let o = Office::new().await;
    let (day, time) = due("2026-11-24", "12:00");
    let first = o.task(work("Long", 600, &o.ines)).await;
    let second = o
        .task(NewTask {
            blocked_by: vec![first.key.clone()],
            due: day,
            due_time: time,
            hard_deadline: true,
            ..work("After it", 60, &o.ines)
        })
        .await;
    let bare = o
        .task(NewTask { title: "Nobody estimated this".into(), assignees: o.jonas.user.into_iter().collect(), ..NewTask::default() })
        .await;
    let nobody = o.task(NewTask { title: "Nobody does this".into(), ..NewTask::default() }).await;
    o.plan().await;
    let state = atlas_plan::plan::store::state(&o.db, o.ines.workspace).await.unwrap();
    let chain = state.alarms.iter().find_map(|alarm| match alarm {
        Alarm::Impossible { task, chain, .. } if *task == task_id(&second.id.to_ref()) => {
            Some(chain.iter().map(|link| link.task).collect::<Vec<_>>())
        }
        _ => None,
    });
    assert_eq!(chain.unwrap(), [task_id(&first.id.to_ref()), task_id(&second.id.to_ref())]);
    assert!(state.alarms.iter().any(|alarm| matches!(alarm, Alarm::Overload { .. })), "{:?}", state.alarms);
    let place = o.body(&bare).await.place.unwrap();
    assert!(place.estimate_is_default && place.chunks[0].span.minutes() == 60);
    assert!(o.body(&nobody).await.unplaced.is_some());
    o.edit(&nobody, TaskChange { assignees: Some(o.jonas.user.into_iter().collect()), ..TaskChange::default() }).await;
    o.plan().await;
    assert!(o.body(&nobody).await.place.is_some());
    o.edit(&nobody, TaskChange::status(atlas_work::task::Status::Done)).await;
    o.plan().await;
    assert!(!o.bodies().await.contains_key(&task_id(&nobody.id.to_ref())));
}

#[tokio::test]
async fn what_was_worked_of_a_task_stays_worked_when_it_is_opened_again() {
    let o = Office::new().await;
    let task = o.task(work("Half done", 120, &o.ines)).await;
    o.plan().await;
    let (planning, ines, only) = (&o.planning, &o.ines, &[task_id(&task.id.to_ref())]);
    o.db.write(|tx| async move { verbs::accept(planning, &tx, ines, ines.user.unwrap(), Some(only), None).await }).await.unwrap();
    // Half of its two hours go by, and it is done.
    o.clock.advance(std::time::Duration::from_secs(2 * 3600));
    o.edit(&task, TaskChange::status(atlas_work::task::Status::Done)).await;
    o.plan().await;
    assert!(o.bodies().await.is_empty());
    o.edit(&task, TaskChange::status(atlas_work::task::Status::Todo)).await;
    o.plan().await;
    assert_eq!(o.blocks(&task).await.iter().map(|block| block.minutes()).sum::<i64>(), 60);
}
