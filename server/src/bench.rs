//! What the page benchmark needs: very many records, and the time of the bare queries behind the measured pages.

pub mod plan;

use std::time::Instant;

use anyhow::{Context, Result};
use atlas_connect::{Arrival, Intake, Landing, Person};
use atlas_identity::{Gate, Origin};
use atlas_kernel::{Actor, Clock, ConnectionId, EventId, Ref, Timestamp, WorkspaceId};
use atlas_store::{Db, Executor, Insert, Query, Tx, query, watch_queries};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use serde_json::json;
use tower::ServiceExt;
use uuid::Uuid;

use crate::app;
use crate::config::Config;

/// The account that `testkit/browser` makes before it calls this.
const EMAIL: &str = "owner@acme.example";
const PASSWORD: &str = "correct horse battery staple";

const FIRST: &[&str] =
    &["Ada", "Maren", "Tomás", "Noor", "Elif", "Jonas", "Priya", "Ines", "Leo", "Sam", "Åsa", "Zoë", "Bram", "Chidi", "Dara", "Ewa"];
const LAST: &[&str] = &[
    "Okafor",
    "Solheim",
    "Rey",
    "Haddad",
    "Demir",
    "Lindqvist",
    "Raman",
    "Marchetti",
    "Lee",
    "Öberg",
    "Novák",
    "Whitlock",
    "Castro",
    "Imai",
];

/// Fills the first workspace: contacts through the module's own door, events in bulk as the same rows that door writes.
///
/// # Errors
/// When there is no workspace yet; whatever the database answers.
pub async fn seed(config: &Config, contacts: usize, events: usize) -> Result<()> {
    let db = app::database(config, Clock::System).await?;
    let workspace: Option<(WorkspaceId,)> = query("SELECT id FROM workspaces LIMIT 1").first(&db).await?;
    let (workspace,) = workspace.context("make an owner first: atlas admin create-owner")?;
    let connection = ConnectionId::new(db.clock().now());
    let actor = Actor::connection(workspace, connection, "bench", "Bench");
    seed_contacts(&db, &actor, connection, contacts).await?;
    seed_events(&db, workspace, connection, events).await?;
    analyse(&db).await?;
    db.close().await;
    Ok(())
}

async fn seed_contacts(db: &Db, actor: &Actor, connection: ConnectionId, contacts: usize) -> Result<()> {
    let intakes: Vec<Intake> = atlas_growth::module().intakes;
    let intakes = &intakes;
    let begun = Instant::now();
    for first in (0..contacts).step_by(500) {
        let last = (first + 500).min(contacts);
        db.write(|tx| async move {
            for n in first..last {
                let arrival = arrival(actor, connection, n);
                for intake in intakes {
                    (intake.apply)(&tx, &arrival).await?;
                }
            }
            Ok(())
        })
        .await?;
    }
    eprintln!("{contacts} contacts in {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

fn arrival(actor: &Actor, connection: ConnectionId, n: usize) -> Arrival {
    let (first, last) = (FIRST[n % FIRST.len()], LAST[(n / FIRST.len()) % LAST.len()]);
    let person = Person {
        external_id: format!("bench-{n}"),
        name: Some(format!("{first} {last} {n}")),
        email: Some(format!("person{n}@company{}.example", n % 997)),
        phone: Some(format!("+353 1 {:07}", n)),
        updated_at: Some(Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(1_700_000_000 + n as i64)),
        ..Person::default()
    };
    Arrival {
        actor: actor.clone(),
        connection,
        provider: "bench",
        history: true,
        rules: Default::default(),
        landing: Landing::Person(person),
    }
}

/// One conversation for each contact; the first contact's is a hundred times as long as the others'.
async fn seed_events(db: &Db, workspace: WorkspaceId, connection: ConnectionId, events: usize) -> Result<()> {
    let ids: Vec<Uuid> = query("SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY name_key, id").bind(workspace).values(db).await?;
    let begun = Instant::now();
    let share = (events / (ids.len() + 99)).max(1);
    let mut made = 0;
    let mut batch = Vec::new();
    for (n, contact) in ids.iter().enumerate() {
        let mine = if n == 0 { share * 100 } else { share }.min(events - made);
        batch.push((*contact, mine));
        made += mine;
        if batch.iter().map(|(_, count)| count).sum::<usize>() >= 4_000 || n + 1 == ids.len() {
            let batch_now = &std::mem::take(&mut batch);
            db.write(|tx| async move {
                for (contact, count) in batch_now {
                    conversation(&tx, workspace, connection, *contact, *count).await?;
                }
                Ok(())
            })
            .await?;
        }
    }
    eprintln!("{made} events in {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

async fn conversation(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, contact: Uuid, count: usize) -> atlas_kernel::Result<()> {
    let id = EventId::new(tx.now()).uuid();
    let start = tx.now() - jiff::SignedDuration::from_hours(24 * 400);
    query(
        "INSERT INTO conversations (workspace_id, id, connection_id, provider, external_id, title, state, message_count, said_at, created_at, last_message_at) \
         VALUES ($1,$2,$3,'bench',$4,'A question','open',$5,0,$6,$6)",
    )
    .bind(workspace)
    .bind(id)
    .bind(connection)
    .bind(id.to_string())
    .bind(count)
    .bind(start)
    .run(tx)
    .await?;
    query(
        "INSERT INTO conversation_people (workspace_id, conversation_id, connection_id, external_id, contact_id) VALUES ($1,$2,$3,$4,$5)",
    )
    .bind(workspace)
    .bind(id)
    .bind(connection)
    .bind(contact.to_string())
    .bind(contact)
    .run(tx)
    .await?;
    for first in (0..count).step_by(500) {
        messages(tx, workspace, connection, id, contact, first, (first + 500).min(count), start).await?;
    }
    Ok(())
}

const MESSAGE: &str = "workspace_id, id, conversation_id, connection_id, source_kind, external_id, at, side, author_name, author_external_id, \
                       action, internal, html, words, redacted, attachments, said_at";
const EVENT: &str = "workspace_id, id, at, recorded_at, operation, kind, actor_user, actor_name, actor_via, record, data, reason, \
                     connection_id, source_provider, source_kind, source_id";

#[expect(clippy::too_many_arguments, reason = "one call site, and each argument is a plain fact of the rows")]
async fn messages(
    tx: &Tx,
    ws: WorkspaceId,
    connection: ConnectionId,
    conversation: Uuid,
    contact: Uuid,
    first: usize,
    last: usize,
    start: Timestamp,
) -> atlas_kernel::Result<()> {
    let mut messages = Insert::into("messages", MESSAGE, "");
    let mut events = Insert::into("events", EVENT, "");
    let mut subjects = Insert::into("event_subjects", "workspace_id, subject, at, event_id, kind", "");
    for n in first..last {
        let at = start + jiff::SignedDuration::from_secs(n as i64 * 311);
        let (message, event) = (EventId::new(at).uuid(), EventId::new(at));
        let record = Ref::new("msg", message);
        let external = format!("{conversation}-{n}");
        let side = if n % 2 == 0 { "customer" } else { "teammate" };
        let words = "Any news on the delivery? Our board meets on Wednesday and I would like to bring it.";
        messages
            .row()
            .bind(ws)
            .bind(message)
            .bind(conversation)
            .bind(connection)
            .bind("conversation_part")
            .bind(&external)
            .bind(at)
            .bind(side)
            .bind("Maren")
            .bind(None::<String>)
            .bind("comment")
            .bind(false)
            .bind(format!("<p>{words}</p>"))
            .bind(words)
            .bind(false)
            .bind(json!([]))
            .bind(0_i64);
        events
            .row()
            .bind(ws)
            .bind(event)
            .bind(at)
            .bind(at)
            .bind("message.received")
            .bind("chat")
            .bind(None::<Uuid>)
            .bind("Maren")
            .bind("connection")
            .bind(&record)
            .bind(json!({"verb": "wrote", "name": "A question"}))
            .bind(None::<String>)
            .bind(connection)
            .bind("bench")
            .bind("conversation_part")
            .bind(&external);
        for subject in [&record, &Ref::new("conv", conversation), &Ref::new("contact", contact)] {
            subjects.row().bind(ws).bind(subject).bind(at).bind(event).bind("chat");
        }
    }
    for insert in [messages, events, subjects] {
        insert.run(tx).await?;
    }
    Ok(())
}

/// Statistics for the planner, as a database that has lived a while has them.
async fn analyse(db: &Db) -> Result<()> {
    db.write(|tx| async move { query("ANALYZE").run(&tx).await }).await?;
    Ok(())
}

/// The measured pages.
const PAGES: &[(&str, &str)] = &[
    ("contact list", "/growth/contacts"),
    ("contact page", "{contact}"),
    ("search", "/v1/search?q=maren%20sol"),
    ("contact list, REST", "/v1/contacts?limit=50"),
];

/// Prints, as JSON, the time of the queries behind each page when they are run bare: `{page: {path, queries, p50, p99}}` in milliseconds.
///
/// # Errors
/// When the account of the benchmark is missing; whatever the database answers.
pub async fn sql(config: &Config) -> Result<()> {
    let atlas = app::build(config, Clock::System, tokio::sync::watch::channel(false).1).await?;
    let origin = Origin { ip: "127.0.0.1".into(), user_agent: "bench".into() };
    let signed = atlas_identity::sign_in(&atlas.db, &Gate::new(), EMAIL, PASSWORD, &origin).await?;
    let cookie = format!("atlas_session={}", signed.cookie.expose());
    let longest = "SELECT subject FROM event_subjects WHERE workspace_id = $1 AND subject LIKE 'contact%' GROUP BY subject ORDER BY COUNT(*) DESC LIMIT 1";
    let contact: String = query(longest).bind(signed.workspace).value(&atlas.db).await?;
    let mut figures = serde_json::Map::new();
    for (name, path) in PAGES {
        let path = path.replace("{contact}", &format!("/growth/contacts/{contact}"));
        let (status, queries) = watch_queries(get(&atlas.router, &path, &cookie)).await;
        anyhow::ensure!(status? == 200, "{path} did not answer 200");
        let (p50, p99) = time(&atlas.db, &queries).await?;
        figures.insert((*name).to_owned(), json!({ "path": path, "queries": queries.len(), "p50": p50, "p99": p99 }));
    }
    println!("{}", serde_json::Value::Object(figures));
    atlas.db.close().await;
    Ok(())
}

async fn get(router: &Router, path: &str, cookie: &str) -> Result<u16> {
    let request = Request::builder().uri(path).header(header::COOKIE, cookie).body(Body::empty())?;
    let response = router.clone().oneshot(request).await?;
    let status = response.status().as_u16();
    to_bytes(response.into_body(), 16 << 20).await?;
    Ok(status)
}

async fn time(db: &Db, queries: &[Query]) -> Result<(f64, f64)> {
    let mut times = Vec::new();
    for round in 0..330 {
        let begun = Instant::now();
        for query in queries.iter().filter(|q| q.sql().trim_start().to_ascii_uppercase().starts_with("SELECT")) {
            db.rows(query.clone()).await?;
        }
        if round >= 30 {
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], times[times.len() * 99 / 100]))
}
