//! Several connections of one workspace to several workspaces of one provider.

use atlas_jobs::{NewJob, enqueue};
use atlas_sandbox_intercom::{Options, Running};
use atlas_store::query;
use serde_json::{Value, json};

use crate::intercom::{Pair, pair, provider, sign};

const SECOND: &str = "intercom.eu";
/// The second workspace of the provider.
const ELSEWHERE: &str = "m3w8zzq1";

/// A workspace with both connected and read. The second one has the same seed, so the same ids and people mean something else in each.
async fn both() -> (Pair, Running) {
    let first = pair().await;
    let second = provider(Options { workspace_id: ELSEWHERE.into(), region: "EU".into(), ..Options::default() }).await;
    first.connect().await;
    first.connect_as(SECOND, elsewhere(&second), &second).await.unwrap();
    first.drain().await;
    (first, second)
}

fn elsewhere(at: &Running) -> Value {
    json!({ "clientId": "sandbox-client", "clientSecret": "sandbox-secret", "apiBaseUrl": at.url, "appBaseUrl": at.url })
}

async fn show(pair: &Pair, slug: &str) -> Value {
    pair.api("GET", &format!("/v1/connections/{slug}"), None).await.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workspaces_of_one_provider_are_two_connections() {
    let (pair, _second) = both().await;
    let all = pair.all("/v1/connections").await;
    let slugs: Vec<&str> = all.iter().filter(|c| c["provider"] == "intercom").map(|c| c["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs, ["intercom", SECOND]);
    let (one, two) = (show(&pair, "intercom").await, show(&pair, SECOND).await);
    assert_eq!((one["state"].as_str(), two["state"].as_str()), (Some("connected"), Some("connected")));
    assert_ne!(one["id"], two["id"]);
    assert!(two["redirectUrl"].as_str().unwrap().ends_with("/oauth/callback/intercom.eu"), "{two}");
    assert_eq!(one["webhookUrl"], two["webhookUrl"], "a notice says by itself which workspace it is about");
    let truth = pair.truth().await;
    let conversations = pair.all("/v1/conversations").await;
    assert_eq!(
        conversations.len(),
        2 * truth["conversations"].as_array().unwrap().len(),
        "the same number there and here is another conversation"
    );
    // The same people write to both: each is one contact with the conversations of both.
    let contacts = pair.all("/v1/contacts?source=intercom").await;
    let people = truth["contacts"].as_array().unwrap().len();
    assert!(contacts.len() < 2 * people, "{} contacts of {people} people: those with an address are one person", contacts.len());
    let hub = pair.w.page("GET", "/settings/integrations", true).await;
    assert!(hub.text.contains("/settings/integrations/intercom.eu\""), "{}", hub.text);
    let page = pair.w.page("GET", "/settings/integrations/intercom.eu", true).await;
    assert!(page.status == 200 && page.text.contains("Intercom · "), "{}", page.text);
    assert!(page.text.contains("/settings/integrations/intercom.2\""), "a third can be connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_reaches_the_connection_it_is_about() {
    let (pair, second) = both().await;
    let answer = pair.http.get(format!("{}/_sandbox/truth", second.url)).send().await.unwrap().json::<Value>().await.unwrap();
    let conversation = answer["conversations"][0].as_str().unwrap().to_owned();
    let note = json!({ "body": "/task Only in the second" });
    pair.http.post(format!("{}/_sandbox/conversations/{conversation}/note", second.url)).json(&note).send().await.unwrap();
    let body = json!({ "type": "notification_event", "app_id": ELSEWHERE, "id": "notif_1", "topic": "conversation.admin.noted", "created_at": 1,
        "delivery_attempts": 1, "first_sent_at": 1, "data": { "type": "notification_event_data", "item": { "type": "conversation", "id": conversation,
        "created_at": 1, "updated_at": 1, "conversation_parts": { "type": "conversation_part.list", "conversation_parts": [], "total_count": 0 } } } })
    .to_string();
    assert_eq!(pair.notice(&body, Some(&sign(&body))).await, 200);
    pair.drain().await;
    let notices = async |slug: &str| pair.all(&format!("/v1/connections/{slug}/notices")).await.len();
    assert_eq!((notices("intercom").await, notices(SECOND).await), (0, 1));
    let tasks = pair.all("/v1/tasks").await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(tasks[0]["title"], "Only in the second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ending_one_leaves_the_other() {
    let (pair, second) = both().await;
    let fields = async || {
        let words = |c: &Value| format!("{} {} {} {} {}", c["name"], c["emails"], c["phones"], c["location"], c["ownerId"]);
        let mut all: Vec<String> =
            pair.all("/v1/contacts?source=intercom").await.iter().filter(|c| c["emails"] != json!([])).map(words).collect();
        all.sort();
        all
    };
    let before = fields().await;
    let gone = pair.api("DELETE", &format!("/v1/connections/{SECOND}?purge=now"), None).await;
    assert!(gone.status < 300, "{}", gone.text);
    pair.drain().await;
    assert_eq!((pair.uninstalls(&second).await, pair.uninstalls(&pair.sandbox).await), (1, 0), "only the second was told");
    let truth = pair.truth().await;
    assert_eq!(pair.all("/v1/conversations").await.len(), truth["conversations"].as_array().unwrap().len());
    assert_eq!(pair.all("/v1/contacts?source=intercom").await.len(), truth["contacts"].as_array().unwrap().len());
    assert_eq!(fields().await, before, "what both said is still said by the first");
    assert_eq!(show(&pair, "intercom").await["state"], "connected");
    let again = pair.api("POST", "/v1/connections/intercom/sync", Some(json!({}))).await;
    assert!(again.status < 300, "{}", again.text);
    pair.drain().await;
    assert_eq!(pair.all("/v1/conversations").await.len(), truth["conversations"].as_array().unwrap().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_workspace_of_the_provider_is_connected_once() {
    let pair = pair().await;
    pair.connect().await;
    let twice = pair.connect_as("intercom.again", elsewhere(&pair.sandbox), &pair.sandbox).await;
    let error = twice.unwrap_err();
    assert_eq!(error.code(), "connected_already");
    assert_eq!(show(&pair, "intercom.again").await["state"], "disconnected");
    assert_eq!(show(&pair, "intercom").await["state"], "connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_none_is_not_found() {
    let pair = pair().await;
    for slug in ["intercom.", "intercom.EU", "intercom.a.b", "nobody.2", "intercom.%2e%2e"] {
        let credentials = json!({ "clientId": "a", "clientSecret": "b" });
        let answer = pair.api("PUT", &format!("/v1/connections/{slug}/credentials"), Some(credentials)).await;
        assert_eq!(answer.status, 404, "{slug}: {}", answer.text);
    }
    assert_eq!(pair.all("/v1/connections").await.iter().filter(|c| !c["id"].is_null()).count(), 0, "nothing was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_is_its_connections() {
    let (pair, _second) = both().await;
    let connection = show(&pair, SECOND).await["id"].as_str().unwrap().to_owned();
    let workspace = atlas_identity::find_actor(&pair.w.atlas.db, "ann@acme.example").await.unwrap().unwrap().workspace;
    let connection = &connection;
    pair.w
        .atlas
        .db
        .write(|tx| async move {
            let id = enqueue(&tx, NewJob::new(workspace, "connect.audit", json!({ "connection": connection }))).await?;
            query("UPDATE jobs SET status = 'dead', last_error = 'cut off' WHERE workspace_id = $1 AND kind = 'connect.audit'")
                .bind(workspace)
                .run(&tx)
                .await?;
            Ok(id)
        })
        .await
        .unwrap();
    assert!(pair.all("/v1/connections/intercom/dead-letters").await.is_empty());
    let letters = pair.all(&format!("/v1/connections/{SECOND}/dead-letters")).await;
    assert_eq!((letters.len(), letters[0]["error"].as_str()), (1, Some("cut off")));
    let retry = async |slug: &str| {
        let path = format!("/v1/connections/{slug}/dead-letters/{}/retry", letters[0]["id"].as_str().unwrap());
        pair.api("POST", &path, None).await.status
    };
    assert_eq!(retry("intercom").await, 404, "another connection's");
    assert_eq!(retry(SECOND).await, 202);
    pair.drain().await;
    assert!(pair.all(&format!("/v1/connections/{SECOND}/dead-letters")).await.is_empty());
}
