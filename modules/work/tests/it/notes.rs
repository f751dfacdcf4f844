//! Tasks from notes: once, with what the note says, and without the provider's words after a purge.

use std::time::Duration;

use atlas_connect::{Landing, Message};
use atlas_kernel::Ref;
use atlas_store::{query, search};
use atlas_work::note::{Which, store as notes, verbs as rules};
use atlas_work::task::change::TaskChange;
use atlas_work::task::from_record::{self, Outcome};
use atlas_work::task::list::{self, Order};
use atlas_work::task::{Priority, Task, verbs};

use crate::app::App;

async fn tasks(app: &App) -> Vec<Task> {
    list::page(&app.db, app.ws(), &Default::default(), Order::Created, 50, None).await.unwrap().data
}

async fn mapped(app: &App) -> (Ref, Ref, Ref) {
    let contact = app.record("contact", "Maren Solheim", None, &[]).await;
    let conv = app.record("conv", "SLA and renewal", None, std::slice::from_ref(&contact)).await;
    let msg = app.record("msg", "Note", Some("/task Send the SLA tomorrow @me !high"), &[conv.clone(), contact.clone()]).await;
    app.map("person", "p1", &contact).await;
    app.map("conversation", "c1", &conv).await;
    app.map("message", "n1", &msg).await;
    (contact, conv, msg)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_note_becomes_one_task_however_often_it_arrives() {
    let app = &App::new().await;
    let (contact, conv, msg) = mapped(app).await;
    let note = app.note("n1", "<p>/task Send the SLA tomorrow @me !high</p>");
    let (a, b, c) = tokio::join!(app.arrive(&note), app.arrive(&note), app.arrive(&note));
    assert_eq!(a.unwrap().created + b.unwrap().created + c.unwrap().created, 1);
    for _ in 0..3 {
        assert_eq!(app.arrive(&note).await.unwrap().created, 0);
    }
    let made = tasks(app).await;
    let [task] = made.as_slice() else { panic!("{} tasks", made.len()) };
    assert_eq!((task.title.as_str(), task.priority), ("Send the SLA", Priority::High));
    assert_eq!((task.due.unwrap().to_string(), task.assignees.as_slice()), ("2026-11-25".to_owned(), [app.ines.user.unwrap()].as_slice()));
    let mut links = vec![contact, conv];
    links.sort();
    assert_eq!((&task.links, task.origin.as_deref()), (&links, Some("intercom")));
    let clicked = app
        .db
        .write(|tx| {
            let msg = &msg;
            async move { from_record::create(&tx, &app.jonas, &app.nouns, msg).await }
        })
        .await
        .unwrap();
    assert!(matches!(clicked, Outcome::There(there) if there.id == task.id));
}

#[tokio::test]
async fn today_is_where_the_author_was_when_they_wrote() {
    let app = &App::new().await;
    mapped(app).await;
    // 23:30 in Dublin is the next morning for Jonas in Tokyo.
    app.clock.advance(Duration::from_secs(13 * 3600 + 600));
    app.arrive(&app.note("n1", "/task One today")).await.unwrap();
    let mut theirs = app.note("n2", "/task Two today @me");
    if let Landing::Conversation(conversation) = &mut theirs.landing {
        conversation.messages[0].author.email = Some("JONAS@kestrel.test".into());
    }
    app.arrive(&theirs).await.unwrap();
    let mut unknown = app.note("n3", "/task Three today @me");
    if let Landing::Conversation(conversation) = &mut unknown.landing {
        conversation.messages[0].author = atlas_connect::Author { name: Some("Somebody Else".into()), ..Default::default() };
    }
    app.arrive(&unknown).await.unwrap();
    let made = tasks(app).await;
    let due = |n: usize| made.iter().find(|task| task.title.starts_with(["One", "Two", "Three"][n])).unwrap();
    assert_eq!((due(0).due.unwrap().to_string(), due(0).assignees.len()), ("2026-11-24".to_owned(), 0));
    assert_eq!((due(1).due.unwrap().to_string(), due(1).assignees[0]), ("2026-11-25".to_owned(), app.jonas.user.unwrap()));
    assert_eq!((due(2).title.as_str(), due(2).due.unwrap().to_string()), ("Three", "2026-11-24".to_owned()));
}

#[tokio::test]
async fn history_customers_and_other_notes_make_none() {
    let app = &App::new().await;
    let mut old = app.note("n0", "/task From before");
    if let Landing::Conversation(conversation) = &mut old.landing {
        conversation.messages[0].at = Some(app.clock.now() - jiff::SignedDuration::from_mins(10));
    }
    let mut history = old.clone();
    history.history = true;
    app.arrive(&history).await.unwrap();
    app.clock.advance(Duration::from_secs(600));
    // A new message brings the whole conversation again, old notes included.
    let Landing::Conversation(conversation) = &old.landing else { panic!() };
    let mut again = app.note("n1", "just a note").clone();
    if let Landing::Conversation(live) = &mut again.landing {
        live.messages.extend(conversation.messages.clone());
        let said = |change: fn(&mut Message)| {
            let mut message = live.messages[0].clone();
            message.body = Some("/task Never".into());
            change(&mut message);
            message
        };
        let others = [
            said(|m| {
                m.external_id = "x1".into();
                m.internal = false;
            }),
            said(|m| {
                m.external_id = "x2".into();
                m.redacted = true;
            }),
        ];
        live.messages.extend(others);
    }
    assert_eq!(app.arrive(&again).await.unwrap().created, 0);
    assert!(tasks(app).await.is_empty());
}

#[tokio::test]
async fn a_rule_says_which_notes_and_fills_in_what_they_do_not_say() {
    let app = &App::new().await;
    let rule = rules::NewRule {
        enabled: true,
        which: Which::Containing,
        word: "follow-up".into(),
        project: None,
        assignee: app.jonas.user,
        due_days: Some(2),
        priority: Priority::Low,
    };
    let (rule, connection) = (&rule, app.connection);
    let set = app.db.write(|tx| async move { rules::set(&tx, &app.ines, connection, rule.clone(), None).await }).await.unwrap();
    assert_eq!(set.version, 1);
    app.arrive(&app.note("n1", "Needs a <b>follow up</b> call &amp; a mail")).await.unwrap();
    app.arrive(&app.note("n2", "nothing here")).await.unwrap();
    app.arrive(&app.note("n3", "/task Own words fri !urgent @ines")).await.unwrap();
    let made = tasks(app).await;
    let said: Vec<_> = made.iter().map(|t| (t.title.as_str(), t.due.unwrap().to_string(), t.priority, t.assignees[0])).collect();
    let mut wanted = vec![
        ("Needs a follow up call & a mail", "2026-11-26".to_owned(), Priority::Low, app.jonas.user.unwrap()),
        ("Own words", "2026-11-27".to_owned(), Priority::Urgent, app.ines.user.unwrap()),
    ];
    wanted.sort();
    let mut said_sorted = said;
    said_sorted.sort();
    assert_eq!(said_sorted, wanted);
    let off = &rules::NewRule { enabled: false, which: Which::All, ..rule.clone() };
    app.db.write(|tx| async move { rules::set(&tx, &app.ines, connection, off.clone(), Some(1)).await }).await.unwrap();
    assert_eq!(app.arrive(&app.note("n4", "/task No")).await.unwrap().created, 0);
    let denied = app.db.write(|tx| async move { rules::set(&tx, &app.jonas, connection, rule.clone(), None).await }).await;
    assert_eq!(denied.unwrap_err().status(), 403);
}

#[tokio::test]
async fn a_purge_keeps_the_tasks_and_forgets_the_words() {
    let app = &App::new().await;
    let (_, _, msg) = mapped(app).await;
    app.arrive(&app.note("n1", "/task Planted zebra one\nPlanted zebra more")).await.unwrap();
    app.arrive(&app.note("n2", "/task Planted zebra two\nPlanted zebra text")).await.unwrap();
    let made = tasks(app).await;
    let (mine, theirs) = (made[0].id, made[1].id);
    let change = &TaskChange { title: Some("My own words".into()), ..TaskChange::default() };
    app.db.write(|tx| async move { verbs::edit(&tx, &app.ines, &app.nouns, mine, change, None).await }).await.unwrap();
    assert_eq!(search(&app.db, app.ws(), "zebra", &["task"], 9).await.unwrap().len(), 2);
    let intake = atlas_work::note::intake::intake();
    let (ws, connection) = (app.ws(), app.connection);
    let mut steps = 0;
    loop {
        let purged = app.db.write(|tx| async move { (intake.purge)(&tx, ws, connection, 1).await }).await.unwrap();
        if purged.iter().all(|p| p.count == 0) {
            break;
        }
        steps += 1;
    }
    assert_eq!(steps, 2);
    let read = async |id| verbs::read(&app.db, &app.ines, id).await.unwrap();
    assert_eq!((read(mine).await.title.as_str(), read(mine).await.description.as_str()), ("My own words", ""));
    assert_eq!((read(theirs).await.title.as_str(), read(theirs).await.description.as_str()), ("Task from a removed Intercom note", ""));
    assert!(search(&app.db, ws, "zebra", &[], 9).await.unwrap().is_empty());
    let events: Vec<(serde_json::Value,)> = query("SELECT data FROM events WHERE workspace_id = $1").bind(ws).all(&app.db).await.unwrap();
    assert!(events.iter().all(|(data,)| !data.to_string().contains("zebra")), "{events:?}");
    assert!(notes::tasks_of_records(&app.db, ws, &[msg]).await.unwrap().is_empty());
    // What is seen again after connecting again was written before: no second task.
    app.clock.advance(Duration::from_secs(600));
    let mut again = app.note("n1", "/task Planted zebra one");
    if let Landing::Conversation(conversation) = &mut again.landing {
        conversation.messages[0].at = Some(crate::app::NOW.parse().unwrap());
    }
    assert_eq!(app.arrive(&again).await.unwrap().created, 0);
}

#[tokio::test]
async fn a_redacted_note_takes_its_words_along() {
    let app = &App::new().await;
    app.arrive(&app.note("n1", "/task Planted zebra")).await.unwrap();
    let mut redacted = app.note("n1", "");
    redacted.landing = Landing::Redacted { external_id: "n1".into() };
    app.arrive(&redacted).await.unwrap();
    assert_eq!(tasks(app).await[0].title, "Task from a removed Intercom note");
    assert_eq!(app.arrive(&app.note("n1", "/task Planted zebra")).await.unwrap().created, 0);
}

#[tokio::test]
async fn one_click_makes_any_messages_task_once() {
    let app = &App::new().await;
    let contact = app.record("contact", "Maren Solheim", None, &[]).await;
    let conv = app.record("conv", "SLA and renewal", None, std::slice::from_ref(&contact)).await;
    let words = "Any news on the SLA?\nOur board meets on Wednesday.";
    let msg = app.record("msg", "Maren", Some(words), &[conv.clone(), contact.clone()]).await;
    app.map("message", "m1", &msg).await;
    let click = async |record: &Ref| app.db.write(|tx| async move { from_record::create(&tx, &app.jonas, &app.nouns, record).await }).await;
    let (one, two) = tokio::join!(click(&msg), click(&msg));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(matches!((&one, &two), (Outcome::Made(_), Outcome::There(_)) | (Outcome::There(_), Outcome::Made(_))));
    let task = one.into_task();
    assert_eq!((task.title.as_str(), task.links.len(), task.origin.as_deref()), ("Any news on the SLA?", 2, Some("intercom")));
    let mut redacted = app.note("m1", "");
    redacted.landing = Landing::Redacted { external_id: "m1".into() };
    assert!(task.description.contains("Wednesday") && task.title_from == Some(app.connection));
    let Outcome::Made(follow_up) = click(&conv).await.unwrap() else { panic!("there already") };
    assert_eq!(follow_up.task.title, "Follow up: SLA and renewal");
    app.arrive(&redacted).await.unwrap();
    let forgotten = verbs::read(&app.db, &app.ines, task.id).await.unwrap();
    assert_eq!((forgotten.title.as_str(), forgotten.description.as_str()), ("Task from a removed Intercom note", ""));
    let elsewhere = Ref::new("msg", contact.uuid());
    assert_eq!(click(&elsewhere).await.unwrap_err().status(), 404);
    let done = notes::tasks_of_records(&app.db, app.ws(), &[msg.clone(), conv, contact]).await.unwrap();
    assert_eq!((done.len(), done[&msg].1.as_str()), (2, task.key.as_str()));
}
