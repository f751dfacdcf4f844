//! Tasks and projects over REST.

use atlas_api::{ApiState, Credentials, RateSettings, authenticate_with, router};
use atlas_kernel::{Actor, Role, Scopes, TokenId, Via};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::App;

pub struct Rest {
    router: Router,
}

pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub body: Value,
}

impl Rest {
    pub fn of(app: &App) -> Self {
        let narrow = Actor { via: Via::Token(TokenId::new(app.clock.now()), Scopes::Only(vec!["tasks:read".into()])), ..app.ines.clone() };
        let people = [
            ("ines", app.ines.clone()),
            ("jonas", app.jonas.clone()),
            ("guest", app.guest()),
            ("stranger", app.stranger()),
            ("narrow", narrow),
        ];
        let authenticate = authenticate_with(move |shown| {
            let found =
                people.iter().find(|(name, _)| shown == Credentials::Token(format!("atlas_pat_{name}"))).map(|(_, actor)| actor.clone());
            async move { Ok(found) }
        });
        let mut state = ApiState::new(app.db.clone(), app.nouns.clone(), authenticate, "https://atlas.example.com");
        state.rates = RateSettings::UNLIMITED;
        Self { router: router(atlas_work::operations(), state) }
    }

    pub async fn ask(&self, who: &str, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(path);
        if !who.is_empty() {
            request = request.header("authorization", format!("Bearer atlas_pat_{who}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = request.header("content-type", "application/json").body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, etag) = (response.status().as_u16(), response.headers().get("etag").map(|v| v.to_str().unwrap().to_owned()));
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer { status, etag, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    pub async fn ines(&self, method: &str, path: &str, body: Value) -> Answer {
        self.ask("ines", method, path, body, &[]).await
    }
}

#[tokio::test]
async fn a_task_lives_over_rest() {
    let app = &App::new().await;
    let rest = &Rest::of(app);
    let contact = app.record("contact", "Maren", None, &[]).await;
    let body = json!({ "title": "Write the SLA", "dueDate": "2026-11-27", "dueTime": "15:00", "priority": "high", "labels": ["sales"],
        "assignees": [app.jonas.user], "links": [contact], "estimateMinutes": 90 });
    let made = rest.ines("POST", "/v1/tasks", body).await;
    assert_eq!((made.status, made.etag.as_deref()), (201, Some("\"v1\"")), "{}", made.body);
    assert_eq!((&made.body["key"], &made.body["dueTime"], &made.body["source"]), (&json!("ACME-1"), &json!("15:00"), &json!(null)));
    let id = made.body["id"].as_str().unwrap();
    for name in [id, "ACME-1", "acme-1"] {
        assert_eq!(rest.ines("GET", &format!("/v1/tasks/{name}"), Value::Null).await.body, made.body);
    }
    let patched = rest
        .ask("ines", "PATCH", "/v1/tasks/ACME-1", json!({ "status": "done", "dueDate": null, "labels": [] }), &[("if-match", "\"v1\"")])
        .await;
    assert_eq!((patched.status, patched.etag.as_deref()), (200, Some("\"v2\"")), "{}", patched.body);
    assert_eq!((&patched.body["dueDate"], &patched.body["dueTime"], &patched.body["labels"]), (&json!(null), &json!(null), &json!([])));
    assert!(patched.body["completedAt"].is_string());
    let stale = rest.ask("ines", "PATCH", "/v1/tasks/ACME-1", json!({ "title": "No" }), &[("if-match", "\"v1\"")]).await;
    assert_eq!((stale.status, &stale.body["title"]), (412, &json!("precondition_failed")));
    let linked = rest.ines("DELETE", &format!("/v1/tasks/ACME-1/links/{contact}"), Value::Null).await;
    assert_eq!((linked.status, &linked.body["links"]), (200, &json!([])));
    assert_eq!(rest.ines("POST", "/v1/tasks/ACME-1/links", json!({ "record": contact })).await.body["links"], json!([contact]));
    assert_eq!(rest.ines("POST", "/v1/tasks/ACME-1/labels", json!({ "name": "New" })).await.body["labels"], json!(["New"]));
    assert_eq!(rest.ines("DELETE", "/v1/tasks/ACME-1/labels/new", Value::Null).await.body["labels"], json!([]));
    assert_eq!(rest.ines("GET", "/v1/labels", Value::Null).await.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(rest.ines("DELETE", "/v1/tasks/ACME-1", Value::Null).await.status, 204);
    assert_eq!(rest.ines("GET", "/v1/tasks", Value::Null).await.body["data"], json!([]));
    assert_eq!(rest.ines("GET", "/v1/tasks?archived=true", Value::Null).await.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(rest.ines("POST", "/v1/tasks/ACME-1/restore", Value::Null).await.body["archivedAt"], json!(null));
}

#[tokio::test]
async fn quick_add_and_lists_over_rest() {
    let app = &App::new().await;
    let rest = &Rest::of(app);
    let made = rest.ines("POST", "/v1/tasks/quick-add", json!({ "text": "Call the bank fri 15:00 #sales !high @me ~2h" })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let said = json!({ "title": made.body["title"], "due": made.body["dueDate"], "at": made.body["dueTime"], "p": made.body["priority"],
        "l": made.body["labels"], "a": made.body["assignees"], "e": made.body["estimateMinutes"] });
    let wanted = json!({ "title": "Call the bank", "due": "2026-11-27", "at": "15:00", "p": "high", "l": ["sales"], "a": [app.ines.user], "e": 120 });
    assert_eq!(said, wanted);
    assert_eq!(rest.ines("POST", "/v1/tasks/quick-add", json!({ "text": "fri" })).await.body["errors"][0]["field"], "text");
    for n in 0..5 {
        rest.ask("jonas", "POST", "/v1/tasks", json!({ "title": format!("T{n}") }), &[]).await;
    }
    let count =
        async |query: &str| rest.ines("GET", &format!("/v1/tasks?{query}"), Value::Null).await.body["data"].as_array().unwrap().len();
    assert_eq!(count("assignee=me").await, 1);
    assert_eq!(count("assignee=none").await, 5);
    assert_eq!(count("label=SALES&status=todo&status=done&project=acme").await, 1);
    assert_eq!(count("dueBefore=2026-11-27&dueAfter=2026-11-27&priority=high&q=bank").await, 1);
    let first = rest.ines("GET", "/v1/tasks?limit=4&sort=-due", Value::Null).await.body;
    let next = first["nextCursor"].as_str().unwrap();
    let second = rest.ines("GET", &format!("/v1/tasks?limit=4&sort=-due&cursor={next}"), Value::Null).await.body;
    assert_eq!(
        (first["data"].as_array().unwrap().len(), second["data"].as_array().unwrap().len(), &second["nextCursor"]),
        (4, 2, &Value::Null)
    );
    for bad in [
        "limit=0",
        "limit=201",
        "cursor=x",
        "sort=nope",
        "status=nope",
        "assignee=nope",
        "project=nope",
        "dueBefore=x",
        "link=x",
        "unknown=1",
    ] {
        assert_eq!(rest.ines("GET", &format!("/v1/tasks?{bad}"), Value::Null).await.status, 422, "{bad}");
    }
    for (field, body) in [
        ("title", json!({ "title": " " })),
        ("dueTime", json!({ "title": "T", "dueDate": "2026-11-27", "dueTime": "25:00" })),
        ("projectId", json!({ "title": "T", "projectId": "NOPE" })),
        ("nope", json!({ "title": "T", "nope": 1 })),
        ("links", json!({ "title": "T", "links": ["contact_01JDZ0000000000000000000AB"] })),
        ("title", json!({})),
    ] {
        let refused = rest.ines("POST", "/v1/tasks", body).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!(field)), "{}", refused.body);
    }
    let key = [("idempotency-key", "once")];
    let one = rest.ask("ines", "POST", "/v1/tasks", json!({ "title": "Once" }), &key).await;
    let two = rest.ask("ines", "POST", "/v1/tasks", json!({ "title": "Once" }), &key).await;
    assert_eq!((one.status, &one.body["key"]), (201, &two.body["key"]));
}

#[tokio::test]
async fn projects_and_rules_over_rest() {
    let app = &App::new().await;
    let rest = &Rest::of(app);
    let made = rest.ines("POST", "/v1/projects", json!({ "name": "Onboarding 2.0", "key": "onb", "lead": app.jonas.user })).await;
    assert_eq!((made.status, &made.body["key"]), (201, &json!("ONB")), "{}", made.body);
    let taken = rest.ines("POST", "/v1/projects", json!({ "name": "Other", "key": "ONB" })).await;
    assert_eq!((taken.status, &taken.body["errors"][0]["code"]), (422, &json!("taken")));
    let patched = rest.ines("PATCH", "/v1/projects/ONB", json!({ "name": "Onboarding", "lead": null })).await;
    assert_eq!(
        (&patched.body["name"], &patched.body["lead"], patched.etag.as_deref()),
        (&json!("Onboarding"), &json!(null), Some("\"v2\""))
    );
    assert_eq!(rest.ines("DELETE", "/v1/projects/ONB", Value::Null).await.status, 204);
    assert_eq!(rest.ines("GET", "/v1/projects?archived=true", Value::Null).await.body["data"][0]["key"], "ONB");
    assert_eq!(rest.ines("POST", "/v1/projects/onb/restore", Value::Null).await.body["archivedAt"], json!(null));
    let rule = rest.ines("GET", "/v1/connections/intercom/note-rule", Value::Null).await;
    assert_eq!((rule.status, &rule.body["which"], &rule.body["enabled"]), (200, &json!("command"), &json!(true)));
    let body = json!({ "enabled": true, "which": "containing", "word": "todo", "projectId": made.body["id"], "dueDays": 1 });
    let set = rest.ines("PUT", "/v1/connections/intercom/note-rule", body.clone()).await;
    assert_eq!((set.status, &set.body["version"], &set.body["word"]), (200, &json!(1), &json!("todo")), "{}", set.body);
    let wrong = json!({ "enabled": true, "which": "containing", "dueDays": -1 });
    assert_eq!(rest.ines("PUT", "/v1/connections/intercom/note-rule", wrong).await.body["errors"].as_array().unwrap().len(), 2);
    assert_eq!(rest.ask("jonas", "PUT", "/v1/connections/intercom/note-rule", body, &[]).await.status, 403);
    assert_eq!(rest.ask("stranger", "GET", &format!("/v1/connections/{}/note-rule", app.connection), Value::Null, &[]).await.status, 404);
    let msg = app.record("msg", "Maren", Some("Any news?"), &[]).await;
    let task = rest.ines("POST", &format!("/v1/tasks/from/{msg}"), Value::Null).await;
    let again = rest.ines("POST", &format!("/v1/tasks/from/{msg}"), Value::Null).await;
    assert_eq!((task.status, &task.body["id"], &task.body["title"]), (200, &again.body["id"], &json!("Any news?")));
}

#[tokio::test]
async fn every_route_refuses_who_may_not_and_hides_other_workspaces() {
    let app = &App::new().await;
    let rest = &Rest::of(app);
    app.task("Mine").await;
    let contact = app.record("contact", "Maren", None, &[]).await;
    for info in atlas_api::inventory(&atlas_work::operations()) {
        let path = info.path.replace("{id}", if info.path.contains("tasks") { "ACME-1" } else { "ACME" });
        let path = path.replace("{connection}", "intercom").replace("{record}", &contact.to_string()).replace("{name}", "x");
        let ask = async |who: &str| rest.ask(who, &info.method, &path, Value::Null, &[]).await;
        assert_eq!(ask("").await.status, 401, "{}", info.name);
        let narrow = ask("narrow").await;
        if info.scope != "tasks:read" {
            assert_eq!((narrow.status, &narrow.body["missingScopes"]), (403, &json!([info.scope])), "{}", info.name);
        }
        if info.least_role > Role::Guest {
            let guest = ask("guest").await;
            assert_eq!(guest.status, 403, "{}", info.name);
            assert!(guest.body["detail"].as_str().unwrap().contains(info.scope), "{}", guest.body);
        }
        if info.path.contains('{') {
            let body = match info.name {
                "tasks.link" => json!({ "record": contact }),
                "tasks.label" => json!({ "name": "x" }),
                name if name.ends_with("update") => json!({}),
                "note_rules.set" => continue,
                _ => Value::Null,
            };
            let stranger = rest.ask("stranger", &info.method, &path, body, &[]).await;
            assert_eq!(stranger.status, 404, "{}: {}", info.name, stranger.body);
        }
    }
}
