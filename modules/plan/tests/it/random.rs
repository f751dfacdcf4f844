//! Many random things happen; after each the plan in the database obeys every rule, by a checker that shares no code.

use std::collections::HashMap;

use atlas_plan::calendar::verbs::NewBusy;
use atlas_plan::calendar::{BusyKind, Hours};
use atlas_plan::facts::{Facts, present};
use atlas_plan::plan::{store, verbs};
use atlas_planner::random::Random;
use atlas_planner_testkit::checker::Violation;
use atlas_work::task::change::TaskChange;
use atlas_work::task::{Priority, Status, Task};

use crate::office::{Office, work};

/// How many events; `ATLAS_PLAN_EVENTS` says otherwise, for long runs.
const EVENTS: usize = 150;

fn events() -> usize {
    std::env::var("ATLAS_PLAN_EVENTS").map_or(EVENTS, |text| text.parse().expect("ATLAS_PLAN_EVENTS is a number"))
}

#[tokio::test]
async fn plans_obey_every_rule_after_random_events() {
    let o = Office::new().await;
    let mut random = Random::seeded(7);
    let mut tasks: Vec<Task> = Vec::new();
    for n in 0..12 {
        let who = if n % 3 == 0 { &o.jonas } else { &o.ines };
        tasks.push(o.task(work(&format!("Task {n}"), 30 + 30 * i64::from(n % 6), who)).await);
    }
    o.plan().await;
    for step in 0..events() {
        if step > 0 && step % 1000 == 0 {
            eprintln!("{step} events, {} tasks in the plan", o.bodies().await.len());
        }
        let kind = happens(&o, &mut random, &mut tasks, step).await;
        o.plan().await;
        check(&o, step, kind).await;
        // Another process reads everything anew and finds nothing else.
        let again = o.plan_with(&Office::elsewhere()).await;
        assert!(again.moves.is_empty(), "event {step}: planned twice, moved {:?}", again.moves);
    }
}

async fn happens(o: &Office, random: &mut Random, tasks: &mut Vec<Task>, step: usize) -> u64 {
    let mut below = |n: u64| random.below(n);
    let task = tasks[below(tasks.len() as u64) as usize].clone();
    let (planning, ines, record) = (&o.planning, &o.ines, &task.id.to_ref());
    let soon = |minutes: u64| o.clock.now() + jiff::SignedDuration::from_mins(i64::try_from(minutes).unwrap() / 15 * 15);
    let kind = below(17);
    match kind {
        0 => {
            let start = soon(below(4000));
            let kind = BusyKind::ALL[below(3) as usize];
            let member = if below(2) == 0 { o.ines.user } else { o.jonas.user }.unwrap();
            let end = start + jiff::SignedDuration::from_mins(30 + i64::try_from(below(6)).unwrap() * 15);
            let new = &NewBusy { member, kind, title: format!("Busy {step}"), start, end };
            o.db.write(|tx| async move { atlas_plan::calendar::verbs::add(planning, &tx, ines, new.clone()).await }).await.unwrap();
        }
        1 => o.edit(&task, TaskChange { estimate_minutes: Some(Some(15 + 15 * below(20) as i64)), ..TaskChange::default() }).await,
        2 => o.edit(&task, TaskChange { priority: Some(Priority::ALL[below(5) as usize]), ..TaskChange::default() }).await,
        3 => {
            let day = o.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(below(9) as i64);
            o.edit(&task, TaskChange { due_date: Some(Some(day)), ..TaskChange::default() }).await;
        }
        4 => o.edit(&task, TaskChange::status(if below(3) == 0 { Status::Done } else { Status::Todo })).await,
        5 => {
            let who = if below(2) == 0 { &o.ines } else { &o.jonas };
            tasks.push(o.task(work(&format!("New {step}"), 30 + 15 * below(12) as i64, who)).await);
        }
        6 => {
            let to = &verbs::Movement { piece: None, start: soon(60 + below(3000)), person: None };
            // A task that is over or has no block left cannot be moved, which is an answer too.
            let _ = o.db.write(|tx| async move { verbs::move_piece(planning, &tx, ines, record, to).await }).await;
        }
        7 => {
            let _ = o.db.write(|tx| async move { verbs::not_today(planning, &tx, ines, record).await }).await;
        }
        8 => {
            let _ = o.db.write(|tx| async move { verbs::lock(planning, &tx, ines, record, false).await }).await;
        }
        9 => {
            let member = ines.user.unwrap();
            o.db.write(|tx| async move { verbs::accept(planning, &tx, ines, member, None, None).await }).await.unwrap();
        }
        10 => {
            let minutes = 15 * (1 + below(8) as i64) * if below(3) == 0 { -1 } else { 1 };
            let _ = o.db.write(|tx| async move { verbs::late(planning, &tx, ines, record, minutes).await }).await;
        }
        11 => {
            let _ = o.db.write(|tx| async move { verbs::bring_back(planning, &tx, ines, record).await }).await;
        }
        12 => {
            let _ = o.db.write(|tx| async move { verbs::done(planning, &tx, ines, record).await }).await;
        }
        13 => {
            let latest = store::revisions(&o.db, ines.workspace, 1).await.unwrap();
            let Some(id) = latest.first().map(|change| change.id) else { return kind };
            let _ = o.db.write(|tx| async move { verbs::undo(planning, &tx, ines, id).await }).await;
        }
        14 => {
            let both = vec![o.ines.user.unwrap(), o.jonas.user.unwrap()];
            let people = TaskChange { assignees: Some(vec![]), candidates: Some(both), ..TaskChange::default() };
            o.edit(&task, people).await;
        }
        15 => {
            let from = u16::try_from(7 + below(4)).unwrap() * 60;
            let hours = &Hours {
                week: std::array::from_fn(|day| if day < 5 { vec![(from, from + 8 * 60)] } else { vec![] }),
                cap: 60 + below(41) as u8,
            };
            let member = if below(2) == 0 { o.ines.user } else { o.jonas.user }.unwrap();
            o.db.write(|tx| async move { atlas_plan::calendar::verbs::set_hours(planning, &tx, ines, member, hours.clone()).await })
                .await
                .unwrap();
        }
        _ => o.clock.advance(std::time::Duration::from_secs(60 * (5 + below(200)))),
    }
    kind
}

async fn check(o: &Office, step: usize, kind: u64) {
    let now = present(o.clock.now());
    let bodies = o.bodies().await;
    let facts = Facts::load(&o.planning, &o.db, o.ines.workspace, o.clock.now()).await.unwrap();
    let mut worked: HashMap<_, i64> = store::worked_minutes(&o.db, o.ines.workspace, &[]).await.unwrap();
    let mut plan = store::plan_of(atlas_planner::Rule::default(), &bodies);
    // A block that runs right now is stored from its beginning; what is left of it is what is planned.
    for place in &mut plan.placements {
        for chunk in place.chunks.iter_mut().filter(|chunk| chunk.span.from < now) {
            *worked.entry(place.task).or_insert(0) += now - chunk.span.from;
            chunk.span.from = now;
        }
    }
    let world = facts.world(now, &worked);
    let mut found = atlas_planner_testkit::checker::check(&world, &plan);
    // The planner counts lateness from the day it plans on; of work that was due before that day it tells too little.
    let today = now.div_euclid(1440) * 1440;
    let long_due = |id: &atlas_planner::TaskId| world.tasks.iter().any(|task| task.id == *id && task.due.is_some_and(|due| due.at < today));
    found.retain(|one| !matches!(one, Violation::WrongLateness(id) if long_due(id)));
    let told = |task: &atlas_planner::Task| format!("{task:?} worked {:?}, planned {:?}", worked.get(&task.id), plan.placement(task.id));
    let tasks: Vec<String> = world.tasks.iter().filter(|task| format!("{found:?}").contains(&task.id.0.to_string())).map(told).collect();
    assert!(found.is_empty(), "event {step} of kind {kind}, now {now}: {found:?}\n{}", tasks.join("\n"));
}
