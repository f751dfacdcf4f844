//! A connector for the provider of the tests, and a module that takes in what it brings.

use std::time::Duration;

use atlas_connect::*;
use atlas_kernel::{ConnectionId, Ref, Result, Timestamp, WorkspaceId};
use atlas_store::{Event, Migration, Source, Tx, query, record_event};
use futures::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

pub const MIGRATION: Migration = Migration {
    name: "toy/0001",
    sql: "CREATE TABLE toy (workspace_id {uuid} NOT NULL, what TEXT NOT NULL, external_id TEXT NOT NULL, record TEXT NOT NULL, data {json} NOT NULL, \
          history BOOLEAN NOT NULL, connection_id {uuid} NOT NULL, loud BIGINT NOT NULL, PRIMARY KEY (workspace_id, what, external_id));\n",
};

pub fn connector() -> Connector {
    let region = Region { id: "eu", label: "Europe", api: "https://api.toy.example", app: "https://app.toy.example" };
    Connector {
        id: "toy",
        name: "Toy",
        category: "CRM",
        summary: "A provider for tests.",
        readiness: Readiness::Live,
        docs: Docs {
            does: &[],
            before: &[],
            steps: vec![],
            checklist: &["app", "redirect", "keys", "paste", "connect", "test"],
            webhooks: "",
            webhooks_note: "",
            provider_docs: "",
            disconnect: &[],
        },
        oauth: OAuth { regions: vec![region], authorize_path: "/oauth", token_path: "/oauth/token", uninstall_path: Some("/uninstall") },
        scopes: vec![
            Scope { slug: "read_people", label: "Read people", gives: "People", probe: Some(|| Request::get("/people?after=0")) },
            Scope { slug: "read_chats", label: "Read chats", gives: "Chats", probe: Some(|| Request::get("/chats?after=0")) },
            Scope { slug: "write_people", label: "Write people", gives: "Changes", probe: None },
        ],
        objects: vec![
            object("person", "read_people", |id| get("people", id), land_person, |id, _| gone(What::Person, id)),
            object("firm", "read_people", |id| get("firms", id), land_firm, |id, _| gone(What::Company, id)),
            object("chat", "read_chats", |id| get("chats", id), land_chat, |id, _| gone(What::Conversation, id)),
        ],
        streams: vec![
            Stream {
                name: "firms",
                label: "Firms",
                object: "firm",
                scope: "read_people",
                open: |_| Request::get("/firms/scroll"),
                read: read_scroll,
                detail: false,
                exclusive: Some(Duration::from_millis(300)),
                incremental: false,
                deletions: false,
                order: 1,
            },
            listing("people", "People", "person", "read_people", |w| open("/people", w), |_, r, v| read_page("/people", r, v), false, 2),
            listing("chats", "Chats", "chat", "read_chats", |w| open("/chats", w), |_, r, v| read_page("/chats", r, v), true, 3),
            Stream {
                name: "chats_deleted",
                label: "Deleted chats",
                object: "chat",
                scope: "read_chats",
                open: |_| Request::get("/chats/deleted"),
                read: |_, r, v| read_page("/chats/deleted", r, v),
                detail: false,
                exclusive: None,
                incremental: false,
                deletions: true,
                order: 4,
            },
        ],
        webhook: Some(Webhook {
            signature: "x-toy-signature",
            verify,
            read: read_notice,
            topics: vec![topic("chat.replied", "chats"), topic("person.created", "people")],
            hub_url: "https://toy.example",
            installation: Some(Installation {
                signature: "x-toy-signature",
                verify,
                removed_from: |body| Some(serde_json::from_slice::<Value>(body).ok()?["account"].as_str()?.to_owned()),
                asked_for: |body| Some(serde_json::from_slice::<Value>(body).ok()?["health_of"].as_str()?.to_owned()),
            }),
        }),
        limits: Limits { per_minute: 30_000, window: Duration::from_secs(2), read: read_rate },
        classify,
        errors: vec![
            ErrorRemedy {
                code: "token_revoked",
                title: "Revoked",
                class: FailureClass::Auth,
                remedy: "Reconnect from Atlas.",
                aliases: &["unauthorized"],
            },
            ErrorRemedy {
                code: "missing_scope",
                title: "Missing scope",
                class: FailureClass::Scope,
                remedy: "Add the scope.",
                aliases: &["forbidden"],
            },
        ],
        whoami: WhoAmI { request: || Request::get("/me"), read: whoami },
        fields: vec![],
        writes: vec![],
        headers: &[("x-toy-version", "1")],
    }
}

fn object(
    kind: &'static str,
    scope: &'static str,
    get: fn(&str) -> Request,
    land: fn(&Value) -> Result<Vec<Landing>, String>,
    gone: fn(&str, &Answer) -> Vec<Landing>,
) -> Object {
    Object { kind, scope, get, identify, nested, attach, land, gone }
}

#[expect(clippy::too_many_arguments, reason = "a table of listings reads best in one line each")]
fn listing(
    name: &'static str,
    label: &'static str,
    object: &'static str,
    scope: &'static str,
    open: fn(&Window) -> Request,
    read: fn(&Window, &Request, &Value) -> Result<Listing, String>,
    detail: bool,
    order: i32,
) -> Stream {
    Stream { name, label, object, scope, open, read, detail, exclusive: None, incremental: true, deletions: false, order }
}

fn topic(name: &'static str, covered_by: &'static str) -> Topic {
    Topic { name, event: name, scope: "read_chats", becomes: "A line", required: true, covered_by }
}

fn get(kind: &str, id: &str) -> Request {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    Request::get(format!("/{kind}/{id}"))
}

fn text(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_owned()
}

fn identify(v: &Value) -> Option<(String, i64)> {
    Some((v["id"].as_str()?.to_owned(), v["updated_at"].as_i64()?))
}

fn nested(v: &Value) -> Vec<Request> {
    v["more_firms"].as_str().map(Request::get).into_iter().collect()
}

fn attach(v: &mut Value, _: &Request, answer: &Value) -> Option<Request> {
    v["firms"] = answer["firms"].clone();
    v["more_firms"] = Value::Null;
    None
}

fn at(v: &Value) -> Option<Timestamp> {
    Timestamp::from_second(v.as_i64()?).ok()
}

fn land_person(v: &Value) -> Result<Vec<Landing>, String> {
    let companies = v["firms"].as_array().ok_or("no firms")?.iter().map(text).collect();
    let (name, email) = (v["name"].as_str().map(str::to_owned), v["email"].as_str().map(str::to_owned));
    let person = Person {
        external_id: text(&v["id"]),
        name,
        email,
        companies,
        companies_complete: true,
        updated_at: at(&v["updated_at"]),
        ..Default::default()
    };
    Ok(vec![Landing::Person(person)])
}

fn land_firm(v: &Value) -> Result<Vec<Landing>, String> {
    let name = v["name"].as_str().map(str::to_owned);
    Ok(vec![Landing::Company(Company { external_id: text(&v["id"]), name, updated_at: at(&v["updated_at"]), ..Default::default() })])
}

fn land_chat(v: &Value) -> Result<Vec<Landing>, String> {
    let id = text(&v["id"]);
    let opening = Message {
        external_id: id.clone(),
        source_kind: "chat".into(),
        at: at(&v["updated_at"]),
        body: Some(text(&v["opening"])),
        ..Default::default()
    };
    let part = |p: &Value| Message {
        external_id: text(&p["id"]),
        source_kind: "part".into(),
        at: at(&p["at"]),
        body: p["body"].as_str().map(str::to_owned),
        redacted: p["redacted"].as_bool().unwrap_or(false),
        ..Default::default()
    };
    let parts = v["parts"].as_array().ok_or("no parts")?;
    let messages = std::iter::once(opening).chain(parts.iter().map(part)).collect();
    let people = v["people"].as_array().ok_or("no people")?.iter().map(text).collect();
    let stated_parts = v["total_parts"].as_i64();
    Ok(vec![Landing::Conversation(Conversation {
        external_id: id,
        people,
        messages,
        stated_parts,
        state: "open".into(),
        ..Default::default()
    })])
}

fn gone(what: What, id: &str) -> Vec<Landing> {
    vec![Landing::Gone { what, external_id: id.to_owned() }]
}

fn open(path: &str, window: &Window) -> Request {
    match window {
        Window::History => Request::get(format!("{path}?after=0")),
        Window::Since(since) => Request::get(format!("{path}?after=0&since={since}")),
    }
}

fn items(v: &Value) -> Result<Vec<Listed>, String> {
    let list = v["items"].as_array().ok_or("no items")?;
    list.iter()
        .map(|i| identify(i).map(|(id, version)| Listed { id, version, value: i.clone() }).ok_or_else(|| "an item without id".to_owned()))
        .collect()
}

fn read_page(path: &str, request: &Request, v: &Value) -> Result<Listing, String> {
    let since = request.path.split("since=").nth(1).map(|s| format!("&since={s}")).unwrap_or_default();
    let next = v["next"].as_str().map(|after| Request::get(format!("{path}?after={after}{since}")));
    Ok(Listing { items: items(v)?, total: v["total"].as_i64(), next })
}

fn read_scroll(_: &Window, _: &Request, v: &Value) -> Result<Listing, String> {
    let items = items(v)?;
    let next = (!items.is_empty()).then(|| Request::get(format!("/firms/scroll?scroll={}", text(&v["scroll"]))));
    Ok(Listing { items, total: None, next })
}

fn read_rate(header: &dyn Fn(&str) -> Option<String>) -> Option<RateReading> {
    let number = |name: &str| header(name)?.parse::<i64>().ok();
    Some(RateReading { limit: number("x-limit")? as u32, remaining: number("x-remaining")? as u32, reset: number("x-reset")? })
}

fn classify(answer: &Answer) -> Failure {
    let code = serde_json::from_str::<Value>(&answer.body).ok().map(|v| text(&v["error"])).unwrap_or_default();
    let class = match (answer.status, code.as_str()) {
        (401, _) => FailureClass::Auth,
        (403, _) => FailureClass::Scope,
        (404, "scroll_not_found") => FailureClass::Restart,
        (404 | 410, _) => FailureClass::Gone,
        (400, "scroll_exists") => FailureClass::Conflict,
        (400, _) => FailureClass::Input,
        (429, _) => FailureClass::Rate,
        (500.., _) | (0, _) => FailureClass::Transient,
        _ => FailureClass::Provider,
    };
    Failure { class, code, message: format!("status {}", answer.status), scope: None }
}

fn whoami(v: &Value) -> Result<Account, String> {
    Ok(Account { id: text(&v["id"]), name: text(&v["name"]), ..Default::default() })
}

fn sign(secret: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

pub fn signature(body: &[u8]) -> String {
    sign(b"toy-secret", body)
}

fn verify(secret: &[u8], header: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> bool {
    !secret.is_empty() && header("x-toy-signature").is_some_and(|given| given == sign(secret, body))
}

fn read_notice(body: &[u8]) -> Result<HookNotice, String> {
    let v: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let signals = serde_json::from_value(v["signals"].clone()).unwrap_or_default();
    Ok(HookNotice { id: v["id"].as_str().map(str::to_owned), topic: text(&v["topic"]), account: text(&v["account"]), at: 0, signals })
}

pub fn notice(id: &str, topic: &str, account: &str, signals: &[Signal]) -> Vec<u8> {
    serde_json::to_vec(&json!({ "id": id, "topic": topic, "account": account, "signals": signals })).unwrap()
}

pub fn changed(object: &str, id: &str) -> Signal {
    Signal { object: object.into(), id: id.into(), hint: Hint::Changed }
}

/// A module that keeps every landing record, and says so loudly when it is not history.
pub fn intake() -> Intake {
    Intake { module: "toy", order: 1, prepare: unprepared, apply, purge }
}

fn apply<'a>(tx: &'a Tx, arrival: &'a Arrival) -> BoxFuture<'a, Result<Applied>> {
    Box::pin(async move {
        let mut applied = Applied::default();
        match &arrival.landing {
            Landing::Person(p) => {
                put(tx, arrival, What::Person, &p.external_id, json!({ "name": p.name, "companies": p.companies }), &mut applied).await?
            }
            Landing::Company(c) => put(tx, arrival, What::Company, &c.external_id, json!({ "name": c.name }), &mut applied).await?,
            Landing::Conversation(c) => {
                for person in &c.people {
                    let known = mapped(tx, arrival.actor.workspace, arrival.connection, What::Person, person).await?;
                    assert!(known.is_some() || person == "404", "chat {} came before person {person}", c.external_id);
                }
                put(tx, arrival, What::Conversation, &c.external_id, json!({ "people": c.people }), &mut applied).await?;
                for message in &c.messages {
                    say(tx, arrival, c, message, &mut applied).await?;
                }
            }
            Landing::Gone { what, external_id } => {
                let sql = "DELETE FROM toy WHERE workspace_id = $1 AND what = $2 AND external_id = $3";
                let gone = query(sql).bind(arrival.actor.workspace).bind(what.as_str()).bind(external_id).run(tx).await?;
                applied.removed += gone as u32;
            }
            Landing::Merged { from, into } => {
                let to = mapped(tx, arrival.actor.workspace, arrival.connection, What::Person, into)
                    .await?
                    .expect("the one that stays comes first");
                remap(tx, arrival.actor.workspace, arrival.connection, What::Person, from, &to).await?;
                query("DELETE FROM toy WHERE workspace_id = $1 AND what = 'person' AND external_id = $2")
                    .bind(arrival.actor.workspace)
                    .bind(from)
                    .run(tx)
                    .await?;
                applied.updated += 1;
            }
            Landing::Redacted { external_id } => {
                let sql = "UPDATE toy SET data = $3 WHERE workspace_id = $1 AND what = 'message' AND external_id = $2";
                query(sql).bind(arrival.actor.workspace).bind(external_id).bind(json!({ "body": null })).run(tx).await?;
                applied.updated += 1;
            }
            Landing::Teammate(_) | Landing::Back { .. } => {}
        }
        Ok(applied)
    })
}

async fn put(tx: &Tx, arrival: &Arrival, what: What, id: &str, data: Value, applied: &mut Applied) -> Result<()> {
    if id == "666" {
        return Err(atlas_kernel::Error::field("name", "cursed", "no module takes this one"));
    }
    let ws = arrival.actor.workspace;
    let before: Option<(Value, bool)> = query("SELECT data, history FROM toy WHERE workspace_id = $1 AND what = $2 AND external_id = $3")
        .bind(ws)
        .bind(what.as_str())
        .bind(id)
        .first(tx)
        .await?;
    match before {
        Some((there, _)) if there == data => return Ok(()),
        Some(_) => {
            query("UPDATE toy SET data = $4 WHERE workspace_id = $1 AND what = $2 AND external_id = $3")
                .bind(ws)
                .bind(what.as_str())
                .bind(id)
                .bind(data)
                .run(tx)
                .await?;
            applied.updated += 1;
        }
        None => {
            let record = Ref::new("toy", uuid::Uuid::from_bytes(atlas_kernel::random_bytes()));
            query("INSERT INTO toy (workspace_id, what, external_id, record, data, history, connection_id, loud) VALUES ($1,$2,$3,$4,$5,$6,$7,0)")
                .bind(ws)
                .bind(what.as_str())
                .bind(id)
                .bind(&record)
                .bind(data)
                .bind(arrival.history)
                .bind(arrival.connection)
                .run(tx)
                .await?;
            map(tx, ws, arrival.connection, what, id, &record).await?;
            applied.created += 1;
        }
    }
    Ok(())
}

async fn say(tx: &Tx, arrival: &Arrival, chat: &Conversation, message: &Message, applied: &mut Applied) -> Result<()> {
    let record = mapped(tx, arrival.actor.workspace, arrival.connection, What::Conversation, &chat.external_id).await?.unwrap();
    let source = Source {
        connection: arrival.connection,
        provider: arrival.provider.into(),
        kind: message.source_kind.clone(),
        external_id: message.external_id.clone(),
    };
    let event = Event { source: Some(source), ..Event::new(message.at.unwrap_or(tx.now()), "toy.said", "chat", record, json!({})) };
    if record_event(tx, &arrival.actor, event).await?.is_some() {
        let loud = i64::from(!arrival.history);
        query("INSERT INTO toy (workspace_id, what, external_id, record, data, history, connection_id, loud) VALUES ($1,'message',$2,$3,$4,$5,$6,$7)")
            .bind(arrival.actor.workspace)
            .bind(&message.external_id)
            .bind("toy_00000000000000000000000000")
            .bind(json!({ "body": message.body }))
            .bind(arrival.history)
            .bind(arrival.connection)
            .bind(loud)
            .run(tx)
            .await?;
        applied.messages += 1;
    }
    Ok(())
}

fn purge<'a>(tx: &'a Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> BoxFuture<'a, Result<Vec<Purged>>> {
    Box::pin(async move {
        let sql = "DELETE FROM toy WHERE workspace_id = $1 AND (what, external_id) IN \
             (SELECT what, external_id FROM toy WHERE workspace_id = $1 AND connection_id = $2 LIMIT $3)";
        let count = query(sql).bind(workspace).bind(connection).bind(limit).run(tx).await?;
        Ok(vec![Purged { what: "toys".into(), count }])
    })
}
