//! Tasks and projects: what the verbs do, keep, refuse, and take back.

use std::collections::BTreeSet;
use std::time::Duration;

use atlas_kernel::{Error, Ref};
use atlas_store::{EventQuery, events_about, search};
use atlas_work::project::{self, verbs::NewProject};
use atlas_work::task::change::TaskChange;
use atlas_work::task::links::Linked;
use atlas_work::task::verbs::{self, Changed, NewTask};
use atlas_work::task::{Priority, Status, links, undo};

use crate::app::{App, field_of};

async fn edit(app: &App, task: &atlas_work::task::Task, change: TaskChange) -> atlas_kernel::Result<Changed> {
    let (change, id) = (&change, task.id);
    app.db.write(|tx| async move { verbs::edit(&tx, &app.ines, &app.nouns, id, change, None).await }).await
}

async fn take_back(app: &App, changed: &Changed) -> atlas_kernel::Result<Changed> {
    let event = changed.event.unwrap();
    app.db.write(|tx| async move { undo::undo(&tx, &app.ines, &app.nouns, event).await }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_are_unique_and_without_gaps_under_concurrent_creates() {
    let app = std::sync::Arc::new(App::new().await);
    let makers: Vec<_> = (0..32)
        .map(|n| {
            let app = app.clone();
            tokio::spawn(async move { app.task(&format!("Task {n}")).await.key })
        })
        .collect();
    let mut keys = BTreeSet::new();
    for maker in makers {
        keys.insert(maker.await.unwrap());
    }
    let wanted: BTreeSet<String> = (1..=32).map(|n| format!("ACME-{n}")).collect();
    assert_eq!(keys, wanted);
    assert_eq!(app.count("SELECT COUNT(*) FROM work_projects").await, 1);
}

#[tokio::test]
async fn a_task_is_made_with_everything_and_found() {
    let app = &App::new().await;
    let contact = app.record("contact", "Maren Solheim", None, &[]).await;
    let new = NewTask {
        title: "  Write\tthe revised  SLA ".into(),
        description: "See **draft**\r\ntwo".into(),
        priority: Some(Priority::High),
        due: Some("2026-11-27".parse().unwrap()),
        due_time: Some("15:00".parse().unwrap()),
        estimate: Some(120),
        assignees: vec![app.jonas.user.unwrap()],
        labels: vec!["#Sales".into(), "sales".into(), "legal".into()],
        linked: Linked::known(vec![contact.clone()]),
        ..NewTask::default()
    };
    let task = app.make(new).await.unwrap();
    assert_eq!((task.key.as_str(), task.title.as_str(), task.status), ("ACME-1", "Write the revised SLA", Status::Todo));
    assert_eq!(task.labels.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["legal", "Sales"]);
    let read = verbs::read(&app.db, &app.ines, task.id).await.unwrap();
    assert_eq!(read, task);
    assert_eq!(verbs::find(&app.db, app.ws(), "acme-1").await.unwrap(), task.id);
    let hits = search(&app.db, app.ws(), "revised sl", &["task"], 5).await.unwrap();
    assert_eq!(hits[0].url, "/tasks/ACME-1");
    assert_eq!(search(&app.db, app.ws(), "ACME-1", &["task"], 5).await.unwrap().len(), 1);
    let timeline = events_about(&app.db, app.ws(), &contact, &EventQuery { limit: 5, ..EventQuery::default() }).await.unwrap();
    let event = &timeline.data[0];
    assert_eq!((event.operation.as_str(), event.kind.as_str(), event.actor_name.as_str()), ("task.created", "task", "Ines Okafor"));
    assert_eq!(event.data["name"], "ACME-1 Write the revised SLA");
    assert_eq!(links::open_tasks_of(&app.db, app.ws(), &contact, 5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn bad_input_is_refused_by_field_and_nothing_is_kept() {
    let app = &App::new().await;
    let refused = async |new: NewTask| field_of(&app.make(new).await.unwrap_err());
    let new = |title: &str| NewTask { title: title.into(), ..NewTask::default() };
    let day = |text: &str| Some(text.parse().unwrap());
    assert_eq!(refused(new(" \n ")).await, "title");
    assert_eq!(refused(new(&"x".repeat(501))).await, "title");
    let wrong = NewTask { start: day("2026-12-02"), due: day("2026-12-01"), estimate: Some(0), ..new("T") };
    assert_eq!(refused(wrong).await, "estimateMinutes,startDate");
    assert_eq!(refused(NewTask { due_time: Some("15:00".parse().unwrap()), ..new("T") }).await, "dueTime");
    let stranger = atlas_kernel::UserId::new(app.clock.now());
    assert_eq!(refused(NewTask { assignees: vec![stranger], ..new("T") }).await, "assignees");
    let elsewhere = atlas_work::ProjectId::new(app.clock.now());
    assert_eq!(refused(NewTask { project: Some(elsewhere), ..new("T") }).await, "project");
    assert_eq!(app.count("SELECT COUNT(*) FROM work_tasks").await, 0);
    let task = app.task("T").await;
    let nobody = Ref::new("contact", stranger.uuid());
    let gone = edit(app, &task, TaskChange { links: Some(vec![nobody]), ..TaskChange::default() }).await;
    assert_eq!(field_of(&gone.unwrap_err()), "links");
}

#[tokio::test]
async fn other_workspaces_and_guests_get_nothing_done() {
    let app = &App::new().await;
    let task = app.task("Mine").await;
    let stranger = app.stranger();
    assert!(matches!(verbs::read(&app.db, &stranger, task.id).await, Err(Error::NotFound("task"))));
    assert!(matches!(verbs::find(&app.db, stranger.workspace, "ACME-1").await, Err(Error::NotFound(_))));
    let change = TaskChange::status(Status::Done);
    let (change, stranger, guest, id) = (&change, &stranger, &app.guest(), task.id);
    let theirs = app.db.write(|tx| async move { verbs::edit(&tx, stranger, &app.nouns, id, change, None).await }).await;
    assert!(matches!(theirs, Err(Error::NotFound("task"))));
    let denied = app.db.write(|tx| async move { verbs::edit(&tx, guest, &app.nouns, id, change, None).await }).await;
    assert!(matches!(denied, Err(Error::Denied { permission: "tasks:write", .. })));
    assert!(verbs::read(&app.db, guest, id).await.is_ok());
}

#[tokio::test]
async fn every_change_can_be_taken_back_while_nothing_came_after() {
    let app = &App::new().await;
    let task = app.task("First").await;
    let status = edit(app, &task, TaskChange::status(Status::Done)).await.unwrap();
    assert!(status.task.completed_at.is_some() && status.task.version == 2);
    let back = take_back(app, &status).await.unwrap();
    assert_eq!((back.task.status, back.task.completed_at, &back.task.position), (Status::Todo, None, &task.position));
    let many = TaskChange {
        title: Some("Second".into()),
        due_date: Some(Some("2026-12-01".parse().unwrap())),
        due_time: Some(Some("09:30".parse().unwrap())),
        labels: Some(vec!["a".into(), "b".into()]),
        assignees: Some(vec![app.ines.user.unwrap()]),
        estimate_minutes: Some(Some(45)),
        ..TaskChange::default()
    };
    let changed = edit(app, &task, many).await.unwrap();
    let back = take_back(app, &changed).await.unwrap().task;
    assert_eq!(
        (back.title.as_str(), back.due, back.due_time, back.labels.len(), back.assignees.len(), back.estimate),
        ("First", None, None, 0, 0, None)
    );
    let archived = edit(app, &task, TaskChange { archived: Some(true), ..TaskChange::default() }).await.unwrap();
    assert!(search(&app.db, app.ws(), "First", &["task"], 5).await.unwrap().is_empty());
    assert!(take_back(app, &archived).await.unwrap().task.archived_at.is_none());
    assert_eq!(search(&app.db, app.ws(), "First", &["task"], 5).await.unwrap().len(), 1);
    let renamed = edit(app, &task, TaskChange { title: Some("Third".into()), ..TaskChange::default() }).await.unwrap();
    edit(app, &task, TaskChange { title: Some("Fourth".into()), ..TaskChange::default() }).await.unwrap();
    let late = take_back(app, &renamed).await.unwrap_err();
    assert_eq!(late.code(), "changed_since");
    let nothing = edit(app, &task, TaskChange { title: Some(" Fourth ".into()), ..TaskChange::default() }).await.unwrap();
    assert!(nothing.event.is_none());
}

#[tokio::test]
async fn versions_guard_and_concurrent_edits_of_different_fields_both_hold() {
    let app = &App::new().await;
    let task = app.task("T").await;
    let change = TaskChange { title: Some("U".into()), ..TaskChange::default() };
    let (change, id) = (&change, task.id);
    let stale = app.db.write(|tx| async move { verbs::edit(&tx, &app.ines, &app.nouns, id, change, Some(7)).await }).await;
    assert!(matches!(stale, Err(Error::Stale)));
    let (a, b) = tokio::join!(
        edit(app, &task, TaskChange { title: Some("V".into()), ..TaskChange::default() }),
        edit(app, &task, TaskChange { priority: Some(Priority::Low), ..TaskChange::default() })
    );
    a.and(b).unwrap();
    let now = verbs::read(&app.db, &app.ines, id).await.unwrap();
    assert_eq!((now.title.as_str(), now.priority, now.version), ("V", Priority::Low, 3));
}

#[tokio::test]
async fn cards_land_where_they_are_dropped() {
    let app = &App::new().await;
    let mut tasks = vec![];
    for n in 0..4 {
        app.clock.advance(Duration::from_secs(1));
        tasks.push(app.task(&format!("T{n}")).await);
    }
    let lane = async || {
        let groups = atlas_work::task::list::groups(&app.db, app.ws(), &Default::default(), &[Status::Todo], 50).await.unwrap();
        groups[0].tasks.iter().map(|task| task.title.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(lane().await, "T3 T2 T1 T0");
    let drop = async |n: usize, before: Option<usize>| {
        app.clock.advance(Duration::from_secs(1));
        let (id, before) = (tasks[n].id, before.map(|n| tasks[n].id));
        app.db.write(|tx| async move { verbs::move_to(&tx, &app.ines, id, Status::Todo, before, None).await }).await.unwrap()
    };
    drop(0, Some(3)).await;
    assert_eq!(lane().await, "T0 T3 T2 T1");
    drop(0, Some(1)).await;
    assert_eq!(lane().await, "T3 T2 T0 T1");
    let last = drop(3, None).await;
    assert_eq!(lane().await, "T2 T0 T1 T3");
    take_back(app, &last).await.unwrap();
    assert_eq!(lane().await, "T3 T2 T0 T1");
    drop(2, Some(2)).await;
    assert_eq!(lane().await, "T3 T0 T1 T2");
}

#[tokio::test]
async fn a_task_that_changes_project_answers_to_both_keys() {
    let app = &App::new().await;
    let task = app.task("T").await;
    let made = app.db.write(|tx| async move {
        project::verbs::create(&tx, &app.ines, NewProject { name: "Onboarding".into(), ..NewProject::default() }).await
    });
    let other = made.await.unwrap();
    let moved = edit(app, &task, TaskChange { project: Some(other.id), ..TaskChange::default() }).await.unwrap();
    assert_eq!(moved.task.key, "ONBO-1");
    for key in ["ACME-1", "ONBO-1"] {
        assert_eq!(verbs::find(&app.db, app.ws(), key).await.unwrap(), task.id);
    }
    assert_eq!(take_back(app, &moved).await.unwrap().task.key, "ACME-1");
}

#[tokio::test]
async fn projects_keep_their_keys_apart() {
    let app = &App::new().await;
    let make = async |name: &str, key: Option<&str>| {
        let new = &NewProject { name: name.into(), key: key.map(str::to_owned), lead: app.ines.user };
        app.db.write(|tx| async move { project::verbs::create(&tx, &app.ines, new.clone()).await }).await
    };
    assert_eq!(make("Route planner", None).await.unwrap().key, "ROUTE");
    assert_eq!(make("Route planner", None).await.unwrap().key, "ROUTE2");
    assert_eq!(field_of(&make("Other", Some("route")).await.unwrap_err()), "key");
    assert_eq!(field_of(&make("Other", Some("R")).await.unwrap_err()), "key");
    assert_eq!(field_of(&make(" ", None).await.unwrap_err()), "name");
    let found = project::store::by_key(&app.db, app.ws(), "route").await.unwrap().unwrap();
    let change = &project::verbs::ProjectChange { archived: Some(true), ..Default::default() };
    let id = found.id;
    let archived = app.db.write(|tx| async move { project::verbs::edit(&tx, &app.ines, id, change, Some(1)).await }).await.unwrap();
    assert!(archived.archived_at.is_some() && archived.version == 2);
    let refused = app.make(NewTask { title: "T".into(), project: Some(id), ..NewTask::default() }).await.unwrap_err();
    assert_eq!(field_of(&refused), "project");
}
