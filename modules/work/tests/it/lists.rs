//! Lists: filters, pages by key under ties, groups, home, and the indexes behind them.

use std::collections::BTreeSet;
use std::time::Duration;

use atlas_store::{Dialect, Executor, built_query, query};
use atlas_work::home;
use atlas_work::task::change::TaskChange;
use atlas_work::task::links::Linked;
use atlas_work::task::list::{self, Assigned, Filter, Order};
use atlas_work::task::verbs::{self, NewTask};
use atlas_work::task::{Priority, Status};

use crate::app::App;

fn new(title: &str) -> NewTask {
    NewTask { title: title.into(), ..NewTask::default() }
}

async fn titles(app: &App, filter: Filter) -> String {
    let page = list::page(&app.db, app.ws(), &filter, Order::Created, 50, None).await.unwrap();
    page.data.iter().map(|task| task.title.clone()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn pages_by_key_lose_and_repeat_nothing_under_ties() {
    let app = &App::new().await;
    for n in 0..23 {
        // All made in the same instant, so every sort key but the id is tied.
        let due = (n % 3 != 0).then(|| "2026-12-01".parse().unwrap());
        app.make(NewTask { due, priority: Some(Priority::from_rank(n % 2)), ..new(&format!("T{n}")) }).await.unwrap();
    }
    for order in Order::ALL {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = list::page(&app.db, app.ws(), &Filter::default(), *order, 5, cursor.as_deref()).await.unwrap();
            seen.extend(page.data.iter().map(|task| task.key.clone()));
            pages += 1;
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let distinct: BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len(), pages), (23, 23, 5), "{order}");
    }
    let first = list::page(&app.db, app.ws(), &Filter::default(), Order::Due, 5, None).await.unwrap();
    let other = list::page(&app.db, app.ws(), &Filter::default(), Order::Position, 5, first.next_cursor.as_deref()).await;
    assert_eq!(other.unwrap_err().code(), "validation_failed");
}

#[tokio::test]
async fn filters_narrow_as_they_say() {
    let app = &App::new().await;
    let contact = app.record("contact", "Maren", None, &[]).await;
    let day = |text: &str| Some(text.parse().unwrap());
    app.make(NewTask {
        due: day("2026-11-24"),
        due_time: Some("09:00".parse().unwrap()),
        assignees: vec![app.ines.user.unwrap()],
        ..new("One")
    })
    .await
    .unwrap();
    app.clock.advance(Duration::from_millis(5));
    app.make(NewTask { due: day("2026-11-26"), labels: vec!["Sales".into()], ..new("Two") }).await.unwrap();
    app.clock.advance(Duration::from_millis(5));
    app.make(NewTask { linked: Linked::known(vec![contact.clone()]), status: Some(Status::Backlog), ..new("Three 100% straße") })
        .await
        .unwrap();
    let filter = Filter::default;
    assert_eq!(titles(app, filter()).await, "One Two Three 100% straße");
    assert_eq!(titles(app, Filter { due_before: day("2026-11-24"), ..filter() }).await, "One");
    assert_eq!(titles(app, Filter { due_after: day("2026-11-25"), ..filter() }).await, "Two");
    assert_eq!(titles(app, Filter { assigned: Some(Assigned::To(app.ines.user.unwrap())), ..filter() }).await, "One");
    assert_eq!(titles(app, Filter { assigned: Some(Assigned::Nobody), ..filter() }).await, "Two Three 100% straße");
    assert_eq!(titles(app, Filter { label: Some("#sales".into()), ..filter() }).await, "Two");
    assert_eq!(titles(app, Filter { link: Some(contact), ..filter() }).await, "Three 100% straße");
    assert_eq!(titles(app, Filter { status: vec![Status::Todo, Status::Done], ..filter() }).await, "One Two");
    assert_eq!(titles(app, Filter { q: Some("STRAß".into()), ..filter() }).await, "Three 100% straße");
    assert_eq!(titles(app, Filter { q: Some("acme-2".into()), ..filter() }).await, "Two");
    assert_eq!(titles(app, Filter { q: Some("%".into()), archived: true, ..filter() }).await, "");
}

#[tokio::test]
async fn groups_count_all_and_show_the_first() {
    let app = &App::new().await;
    for n in 0..7 {
        app.make(NewTask { estimate: Some(30), ..new(&format!("T{n}")) }).await.unwrap();
    }
    let done = app.make(NewTask { status: Some(Status::Done), ..new("Old") }).await.unwrap();
    app.clock.advance(Duration::from_secs(8 * 86_400));
    app.make(NewTask { status: Some(Status::Done), ..new("Fresh") }).await.unwrap();
    let week = app.clock.now() - jiff::SignedDuration::from_hours(7 * 24);
    let filter = Filter { closed_since: Some(week), ..Filter::default() };
    let groups = list::groups(&app.db, app.ws(), &filter, &Status::LANES, 5).await.unwrap();
    let shown: Vec<_> = groups.iter().map(|g| (g.status, g.tasks.len(), g.count, g.minutes)).collect();
    let none = |status| (status, 0, 0, 0);
    let wanted = [(Status::Todo, 5, 7, 210), none(Status::InProgress), none(Status::InReview), (Status::Done, 1, 1, 0)];
    assert_eq!(shown, wanted);
    assert!(groups[3].tasks[0].id != done.id);
}

#[tokio::test]
async fn home_says_what_is_due_where_the_member_is_and_what_waits() {
    let app = &App::new().await;
    let mine = vec![app.ines.user.unwrap()];
    for (title, day) in [("Late", "2026-11-23"), ("Now", "2026-11-24"), ("Soon", "2026-11-30"), ("Far", "2026-12-01")] {
        app.make(NewTask { due: Some(day.parse().unwrap()), assignees: mine.clone(), ..new(title) }).await.unwrap();
    }
    let done = app.make(NewTask { due: Some("2026-11-24".parse().unwrap()), assignees: mine, ..new("Done") }).await.unwrap();
    let change = &TaskChange::status(Status::Done);
    app.db.write(|tx| async move { verbs::edit(&tx, &app.ines, &app.nouns, done.id, change, None).await }).await.unwrap();
    app.make(new("Unassigned")).await.unwrap();
    app.make(NewTask { status: Some(Status::Backlog), ..new("Someday") }).await.unwrap();
    app.make(NewTask {
        status: Some(Status::InReview),
        assignees: vec![app.jonas.user.unwrap()],
        priority: Some(Priority::High),
        ..new("Look")
    })
    .await
    .unwrap();
    let due = home::due_for(&app.db, &app.ines, app.clock.now()).await.unwrap();
    let names = |tasks: &[atlas_work::task::Task]| tasks.iter().map(|t| t.title.clone()).collect::<Vec<_>>();
    assert_eq!((names(&due.overdue), names(&due.today), names(&due.week)), (vec!["Late".into()], vec!["Now".into()], vec!["Soon".into()]));
    // At 16:00 UTC it is Wednesday in Tokyo.
    app.clock.advance(Duration::from_secs(6 * 3600));
    assert_eq!(home::due_for(&app.db, &app.jonas, app.clock.now()).await.unwrap().count(), 0);
    assert_eq!(names(&home::waiting(&app.db, &app.ines, 9).await.unwrap()), ["Look", "Unassigned"]);
}

#[tokio::test]
async fn lists_are_read_through_their_indexes() {
    let app = &App::new().await;
    app.task("T").await;
    let ws = app.ws();
    for (order, index) in [
        (Order::Position, "work_tasks_position"),
        (Order::Due, "work_tasks_due"),
        (Order::PriorityDown, "work_tasks_priority"),
        (Order::CreatedDown, "work_tasks_created"),
        (Order::UpdatedDown, "work_tasks_updated"),
    ] {
        let plan = explain(app, list::page_sql(ws, &Filter::default(), order, 50, None).unwrap()).await;
        assert!(plan.contains(index), "{order}: {plan}");
        assert!(!plan.to_lowercase().contains("sort") && !plan.contains("TEMP B-TREE"), "{order}: {plan}");
    }
    let lane = Filter { status: vec![Status::Todo], ..Filter::default() };
    let plan = explain(app, list::page_sql(ws, &lane, Order::Position, 50, None).unwrap()).await;
    // With one task PostgreSQL finds both indexes equally cheap; either reads in order.
    assert!((plan.contains("work_tasks_lane") || plan.contains("work_tasks_position")) && !plan.contains("TEMP B-TREE"), "{plan}");
}

/// How the database runs a query; PostgreSQL is told that scanning a small table is not for free.
async fn explain(app: &App, asked: (String, Vec<atlas_store::Value>)) -> String {
    let asked = &asked;
    app.db
        .write(|tx| async move {
            let word = match tx.dialect() {
                Dialect::Sqlite => "EXPLAIN QUERY PLAN ",
                Dialect::Postgres => {
                    query("SET LOCAL enable_seqscan = off").run(&tx).await?;
                    query("SET LOCAL enable_sort = off").run(&tx).await?;
                    query("SET LOCAL enable_bitmapscan = off").run(&tx).await?;
                    "EXPLAIN "
                }
            };
            let explain = asked.1.iter().fold(built_query(format!("{word}{}", asked.0)), |q, value| q.bind(value.clone()));
            let rows = tx.rows(explain).await?;
            let column = usize::from(tx.dialect() == Dialect::Sqlite) * 3;
            Ok(rows.iter().map(|row| row.at::<String>(column).unwrap()).collect::<Vec<_>>().join("\n"))
        })
        .await
        .unwrap()
}
