//! Two-way, against the strict sandbox: what goes out, what comes in, who is asked, and that it can be taken back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::intercom::{Pair, pair, sign};

/// A connected pair whose first sync is done, with a token for the provider.
struct Both {
    pair: Pair,
    token: String,
    app: String,
    notices: std::cell::Cell<u32>,
}

async fn both() -> Both {
    let pair = pair().await;
    pair.connect().await;
    pair.drain().await;
    let token = pair.sandbox("/_sandbox/token", json!({})).await["access_token"].as_str().unwrap().to_owned();
    let settings = pair.http.get(format!("{}/_sandbox/settings", pair.sandbox.url)).send().await.unwrap().json::<Value>().await.unwrap();
    let app = settings["workspaceId"].as_str().unwrap().to_owned();
    Both { pair, token, app, notices: std::cell::Cell::new(0) }
}

impl Both {
    async fn choose(&self, fields: Value) {
        let chosen = self.pair.api("PATCH", "/v1/connections/intercom/fields", Some(json!({ "fields": fields }))).await;
        assert_eq!(chosen.status, 200, "{}", chosen.text);
    }

    /// The first users with an e-mail address, as Atlas's id and the provider's.
    async fn people(&self, count: usize) -> Vec<(String, String)> {
        let all = self.pair.all("/v1/contacts?source=intercom").await;
        let users = all.iter().filter(|c| c["emails"].as_array().is_some_and(|e| !e.is_empty()) && c["lead"] == false);
        let ids = |c: &Value| (c["id"].as_str().unwrap().to_owned(), c["providers"][0]["externalId"].as_str().unwrap().to_owned());
        let people: Vec<_> = users.map(ids).take(count).collect();
        assert_eq!(people.len(), count);
        people
    }

    async fn edit(&self, id: &str, fields: Value) {
        let edited = self.pair.api("PATCH", &format!("/v1/contacts/{id}"), Some(fields)).await;
        assert_eq!(edited.status, 200, "{}", edited.text);
    }

    async fn here(&self, id: &str) -> Value {
        self.pair.api("GET", &format!("/v1/contacts/{id}"), None).await.json()
    }

    async fn there(&self, external_id: &str) -> Value {
        let call = self.pair.http.get(format!("{}/contacts/{external_id}", self.pair.sandbox.url)).bearer_auth(&self.token);
        call.header("intercom-version", "2.14").send().await.unwrap().json().await.unwrap()
    }

    async fn edit_there(&self, external_id: &str, fields: Value) {
        let url = format!("{}/_sandbox/contacts/{external_id}", self.pair.sandbox.url);
        let edited = self.pair.http.patch(url).json(&fields).send().await.unwrap();
        assert!(edited.status().is_success(), "{}", edited.text().await.unwrap());
    }

    /// A notice that the contact changed, as the provider sends it.
    async fn notify(&self, external_id: &str) {
        self.notices.set(self.notices.get() + 1);
        let now = self.pair.w.atlas.db.clock().now().as_second();
        let body = json!({ "type": "notification_event", "app_id": self.app, "id": format!("two_way_{}", self.notices.get()),
            "topic": "contact.user.updated", "created_at": now, "delivery_attempts": 1, "first_sent_at": now,
            "data": { "type": "notification_event_data", "item": { "type": "contact", "id": external_id, "role": "user", "updated_at": now } } })
        .to_string();
        assert_eq!(self.pair.notice(&body, Some(&sign(&body))).await, 200);
        self.pair.drain().await;
    }

    async fn calls(&self) -> BTreeMap<String, i64> {
        let stats =
            self.pair.http.get(format!("{}/_sandbox/stats", self.pair.sandbox.url)).send().await.unwrap().json::<Value>().await.unwrap();
        serde_json::from_value(stats["byRoute"].clone()).unwrap_or_default()
    }

    async fn puts(&self) -> i64 {
        self.calls().await.iter().filter(|(route, _)| route.starts_with("PUT ")).map(|(_, count)| count).sum()
    }

    async fn conflicts(&self) -> Vec<Value> {
        self.pair.all("/v1/connections/intercom/conflicts").await
    }

    async fn decide(&self, conflict: &Value, decision: &str) {
        let path = format!("/v1/connections/intercom/conflicts/{}", conflict["id"].as_str().unwrap());
        let decided = self.pair.api("POST", &path, Some(json!({ "decision": decision }))).await;
        assert_eq!(decided.status, 200, "{}", decided.text);
        self.pair.drain().await;
    }
}

fn name(direction: &str, conflict: &str) -> Value {
    json!([{ "record": "person", "field": "name", "direction": direction, "conflict": conflict }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_out_until_somebody_chooses_so() {
    let b = both().await;
    let (id, external_id) = b.people(1).await.remove(0);
    let before = b.there(&external_id).await["name"].clone();
    b.edit(&id, json!({ "name": "Written in Atlas" })).await;
    b.pair.drain().await;
    assert_eq!(b.there(&external_id).await["name"], before);
    assert_eq!(b.puts().await, 0);
    let fields = b.pair.all("/v1/connections/intercom/fields").await;
    assert!(fields.iter().all(|field| field["direction"] == "in"), "{fields:?}");
    let read_only = json!({ "fields": [{ "record": "person", "field": "location", "direction": "both" }] });
    let refused = b.pair.api("PATCH", "/v1/connections/intercom/fields", Some(read_only)).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let nothing = b.pair.api("POST", "/v1/connections/intercom/writes", Some(json!({}))).await;
    assert_eq!(nothing.status, 409, "{}", nothing.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_goes_out_once_and_its_echo_changes_nothing() {
    let b = both().await;
    b.choose(name("both", "ask")).await;
    let (id, external_id) = b.people(1).await.remove(0);
    b.edit(&id, json!({ "name": "Ada Outgoing" })).await;
    b.edit(&id, json!({ "name": "Ada Lovelace" })).await;
    b.pair.drain().await;
    assert_eq!(b.there(&external_id).await["name"], "Ada Lovelace");
    assert_eq!(b.puts().await, 1, "two edits before the write are one write");
    let settled = b.here(&id).await;
    for _ in 0..3 {
        b.notify(&external_id).await;
    }
    let after = b.here(&id).await;
    assert_eq!((b.puts().await, &after["version"]), (1, &settled["version"]), "no loop, and no change by the echo");
    assert!(after["provenance"]["name"]["by"].as_str().unwrap().starts_with("user_"), "{after}");
    let log = b.pair.all("/v1/connections/intercom/writes").await;
    assert_eq!((log.len(), &log[0]["state"], &log[0]["after"]), (1, &json!("written"), &json!("Ada Lovelace")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_there_comes_in_over_what_a_person_wrote_and_both_had() {
    let b = both().await;
    b.choose(name("both", "ask")).await;
    let (id, external_id) = b.people(1).await.remove(0);
    b.edit(&id, json!({ "name": "From Atlas" })).await;
    b.pair.drain().await;
    b.edit_there(&external_id, json!({ "name": "From Intercom" })).await;
    b.notify(&external_id).await;
    let here = b.here(&id).await;
    assert_eq!(here["name"], "From Intercom");
    assert!(here["provenance"]["name"]["by"].as_str().unwrap().starts_with("conn_"), "{here}");
    assert_eq!(here["provenance"]["name"]["why"], "changed there and not here");
    assert_eq!(b.conflicts().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_that_only_one_side_changed_never_fight() {
    let b = both().await;
    let phones = json!({ "record": "person", "field": "phones", "direction": "both", "conflict": "ask" });
    b.choose(json!([name("both", "ask")[0], phones])).await;
    let (id, external_id) = b.people(1).await.remove(0);
    b.edit_there(&external_id, json!({ "name": "Named There" })).await;
    b.edit(&id, json!({ "phones": ["+353 1 555 0100"] })).await;
    b.pair.drain().await;
    let (here, there) = (b.here(&id).await, b.there(&external_id).await);
    assert_eq!((&here["name"], &there["name"]), (&json!("Named There"), &json!("Named There")), "the write did not take it back");
    assert_eq!((&here["phones"][0], &there["phone"]), (&json!("+353 1 555 0100"), &json!("+353 1 555 0100")));
    assert!(b.conflicts().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_both_changed_a_person_decides_and_nothing_is_lost_before() {
    let b = both().await;
    b.choose(name("both", "ask")).await;
    let people = b.people(2).await;
    for (id, external_id) in &people {
        b.edit_there(external_id, json!({ "name": "There" })).await;
        b.edit(id, json!({ "name": "Here" })).await;
    }
    b.pair.drain().await;
    for (id, external_id) in &people {
        assert_eq!((&b.here(id).await["name"], &b.there(external_id).await["name"]), (&json!("Here"), &json!("There")));
    }
    let open = b.conflicts().await;
    assert_eq!(open.len(), 2, "{open:?}");
    let of = |id: &str| open.iter().find(|c| c["record"] == id).unwrap();
    assert_eq!((&of(&people[0].0)["ours"], &of(&people[0].0)["theirs"]), (&json!("Here"), &json!("There")));
    b.decide(of(&people[0].0), "atlas").await;
    b.decide(of(&people[1].0), "provider").await;
    assert_eq!(b.there(&people[0].1).await["name"], "Here");
    let taken = b.here(&people[1].0).await;
    assert_eq!(taken["name"], "There");
    assert!(taken["provenance"]["name"]["why"].as_str().unwrap().starts_with("chosen by"), "{taken}");
    assert!(b.conflicts().await.is_empty());
    let again = format!("/v1/connections/intercom/conflicts/{}", open[0]["id"].as_str().unwrap());
    assert_eq!(b.pair.api("POST", &again, Some(json!({ "decision": "atlas" }))).await.status, 404, "it is decided once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_decide_without_asking() {
    for (rule, expect) in [("provider", "There"), ("atlas", "Here"), ("newest", "Here")] {
        let b = both().await;
        b.choose(name("both", rule)).await;
        let (id, external_id) = b.people(1).await.remove(0);
        b.edit_there(&external_id, json!({ "name": "There" })).await;
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        b.edit(&id, json!({ "name": "Here" })).await;
        b.pair.drain().await;
        let (here, there) = (b.here(&id).await["name"].clone(), b.there(&external_id).await["name"].clone());
        assert_eq!((here.as_str().unwrap(), there.as_str().unwrap()), (expect, expect), "{rule}");
        assert!(b.conflicts().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blank_here_never_blanks_there() {
    let b = both().await;
    b.choose(name("both", "atlas")).await;
    let (id, external_id) = b.people(1).await.remove(0);
    let before = b.there(&external_id).await["name"].clone();
    b.edit(&id, json!({ "name": "" })).await;
    b.pair.drain().await;
    assert_eq!((b.there(&external_id).await["name"].clone(), b.puts().await), (before, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_another_contact_has_is_a_clear_conflict() {
    let b = both().await;
    b.choose(json!([{ "record": "person", "field": "emails", "direction": "both", "conflict": "atlas" }])).await;
    let people = b.people(2).await;
    let taken = b.there(&people[1].1).await["email"].as_str().unwrap().to_owned();
    let own = b.there(&people[0].1).await["email"].clone();
    b.edit(&people[0].0, json!({ "emails": [taken] })).await;
    b.pair.drain().await;
    assert_eq!(b.there(&people[0].1).await["email"], own, "the provider kept its value");
    assert_eq!(b.here(&people[0].0).await["emails"][0], json!(taken), "and Atlas kept its own");
    let open = b.conflicts().await;
    assert_eq!((open.len(), &open[0]["code"], &open[0]["twin"]), (1, &json!("taken"), &json!(people[1].1)), "{open:?}");
    assert_eq!(b.pair.all("/v1/connections/intercom/writes").await[0]["state"], "refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dry_run_equals_the_real_run_which_can_be_taken_back() {
    let b = both().await;
    let people = b.people(12).await;
    for (n, (id, _)) in people.iter().enumerate() {
        let fields = if n % 3 == 0 {
            json!({ "name": format!("Person {n}"), "phones": [format!("+353 1 555 01{n:02}")] })
        } else {
            json!({ "name": format!("Person {n}") })
        };
        b.edit(id, fields).await;
    }
    let phones = json!({ "record": "person", "field": "phones", "direction": "out", "conflict": "ask" });
    b.choose(json!([name("both", "ask")[0], phones])).await;
    b.pair.drain().await;
    assert_eq!(b.puts().await, 0, "differences older than the choice are not written by themselves");
    let mut before = vec![];
    for (_, external_id) in &people {
        let there = b.there(external_id).await;
        before.push((there["name"].clone(), there["phone"].clone()));
    }
    let preview = b.pair.api("GET", "/v1/connections/intercom/writes/preview", None).await.json();
    assert_eq!((&preview["records"], &preview["writes"], &preview["conflicts"]), (&json!(12), &json!(16), &json!(0)), "{preview}");
    let started = b.pair.api("POST", "/v1/connections/intercom/writes", Some(json!({}))).await;
    assert_eq!(started.status, 202, "{}", started.text);
    let batch = started.json()["id"].as_str().unwrap().to_owned();
    b.pair.drain().await;
    let done = b.pair.api("GET", &format!("/v1/connections/intercom/batches/{batch}"), None).await.json();
    assert_eq!((&done["state"], &done["records"], &done["written"], &done["refused"]), (&json!("done"), &json!(12), &json!(16), &json!(0)));
    let log = b.pair.all(&format!("/v1/connections/intercom/writes?batch={batch}")).await;
    let mut by_field: BTreeMap<String, u64> = BTreeMap::new();
    log.iter().for_each(|write| *by_field.entry(write["field"].as_str().unwrap().to_owned()).or_default() += 1);
    let expected: BTreeMap<String, u64> = preview["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["field"].as_str().unwrap().to_owned(), f["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(by_field, expected, "equal counts by field");
    assert_eq!(b.puts().await, 12, "one call a record");
    assert_eq!(b.pair.api("GET", "/v1/connections/intercom/writes/preview", None).await.json()["writes"], 0);

    // One of them changes there meanwhile: taking back leaves that one alone.
    b.edit_there(&people[0].1, json!({ "name": "Changed since" })).await;
    let undo = b.pair.api("POST", &format!("/v1/connections/intercom/batches/{batch}/undo"), Some(json!({}))).await;
    assert_eq!(undo.status, 202, "{}", undo.text);
    b.pair.drain().await;
    for (n, (id, external_id)) in people.iter().enumerate().skip(1) {
        let there = b.there(external_id).await;
        assert_eq!((there["name"].clone(), there["phone"].clone()), before[n], "person {n} is as before there");
        assert_eq!(b.here(id).await["name"], json!(format!("Person {n}")), "and as written here");
    }
    assert_eq!(b.there(&people[0].1).await["name"], "Changed since");
    let undone = b.pair.api("GET", &format!("/v1/connections/intercom/batches/{batch}"), None).await.json();
    assert_eq!((&undone["undone"], &undone["kept"]), (&json!(15), &json!(1)), "{undone}");
    let puts = b.puts().await;
    for (_, external_id) in &people[1..] {
        b.notify(external_id).await;
    }
    assert_eq!(b.puts().await, puts, "what was taken back is not written again by itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_leaves_no_word_of_the_provider_in_any_table_even_after_writing_both_ways() {
    const PLANT: &str = "Zyxomma";
    let b = both().await;
    b.choose(name("both", "ask")).await;
    let people = b.people(4).await;
    // One whose planted name is written over, one that nobody has decided, one whose write waits, one that only came in.
    for (n, (_, external_id)) in people.iter().enumerate() {
        b.edit_there(external_id, json!({ "name": format!("{PLANT} {n}") })).await;
        b.notify(external_id).await;
    }
    b.edit(&people[0].0, json!({ "name": "Written here" })).await;
    b.pair.drain().await;
    b.edit_there(&people[1].1, json!({ "name": format!("{PLANT} again") })).await;
    b.edit(&people[1].0, json!({ "name": "Undecided here" })).await;
    b.pair.drain().await;
    assert_eq!(b.conflicts().await.len(), 1);
    b.pair.sandbox("/_sandbox/settings", json!({ "scopes": ["read_users_companies", "read_conversations", "read_admins"] })).await;
    b.edit(&people[2].0, json!({ "name": "Waits here" })).await;
    b.pair.drain().await;

    let planted = async || {
        let rows = atlas_testkit::dump(&b.pair.w.atlas.db).await;
        rows.into_iter().filter(|row| row.to_lowercase().contains(&PLANT.to_lowercase())).collect::<Vec<_>>()
    };
    let before = planted().await;
    for table in ["contacts", "connect_conflicts", "connect_writes", "connect_bases", "search_docs"] {
        assert!(before.iter().any(|row| row.starts_with(&format!("{table}:"))), "nothing is planted in {table}: {before:#?}");
    }
    let gone = b.pair.api("DELETE", "/v1/connections/intercom?purge=now", None).await;
    assert!(gone.status < 300, "{}", gone.text);
    b.pair.drain().await;
    assert!(b.pair.api("GET", "/v1/connections/intercom", None).await.json()["receipt"].is_object());
    assert_eq!(planted().await, Vec::<String>::new());
    assert_eq!(b.here(&people[0].0).await["name"], "Written here", "what a person wrote stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_permission_stops_writing_and_nothing_else() {
    let b = both().await;
    b.choose(name("both", "ask")).await;
    let (id, external_id) = b.people(1).await.remove(0);
    b.pair.sandbox("/_sandbox/settings", json!({ "scopes": ["read_users_companies", "read_conversations", "read_admins"] })).await;
    b.edit(&id, json!({ "name": "Waiting" })).await;
    b.pair.drain().await;
    let connection = b.pair.api("GET", "/v1/connections/intercom", None).await.json();
    assert_eq!(connection["state"], "connected", "{connection}");
    let scope = connection["scopes"].as_array().unwrap().iter().find(|s| s["scope"] == "write_users_companies").unwrap().clone();
    assert_eq!(scope["state"], "missing");
    assert_ne!(b.there(&external_id).await["name"], "Waiting");
    assert_eq!(b.puts().await, 1, "one refusal is enough");

    let all = ["read_users_companies", "write_users_companies", "read_conversations", "read_admins"];
    b.pair.sandbox("/_sandbox/settings", json!({ "scopes": all })).await;
    assert_eq!(b.pair.api("POST", "/v1/connections/intercom/test", Some(json!({}))).await.status, 200);
    b.pair.drain().await;
    assert_eq!(b.there(&external_id).await["name"], "Waiting", "what waited goes out once the permission is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn histories_of_both_sides_come_to_rest_without_loss_or_loop() {
    for seed in 0..6_u64 {
        let rule = ["provider", "atlas", "newest", "ask"][usize::try_from(seed % 4).unwrap()];
        let b = both().await;
        b.choose(name("both", rule)).await;
        let people = b.people(4).await;
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = move |most: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % most
        };
        let (mut here, mut there) = (vec![String::new(); 4], vec![String::new(); 4]);
        let mut edits = 0;
        for step in 0..24 {
            let who = usize::try_from(next(4)).unwrap();
            let (id, external_id) = &people[who];
            match next(5) {
                0 | 1 => {
                    here[who] = format!("here {seed} {step}");
                    edits += 1;
                    b.edit(id, json!({ "name": here[who] })).await;
                }
                2 => {
                    there[who] = format!("there {seed} {step}");
                    b.edit_there(external_id, json!({ "name": there[who] })).await;
                }
                3 => b.notify(external_id).await,
                _ => b.pair.drain().await,
            }
        }
        b.pair.drain().await;
        for (_, external_id) in &people {
            b.notify(external_id).await;
        }
        let puts = b.puts().await;
        for (_, external_id) in &people {
            b.notify(external_id).await;
        }
        assert_eq!(b.puts().await, puts, "seed {seed}: it is quiet");
        assert!(puts <= edits, "seed {seed}: {puts} writes for {edits} edits");
        let open = b.conflicts().await;
        for (who, (id, external_id)) in people.iter().enumerate() {
            let (ours, theirs) = (b.here(id).await["name"].clone(), b.there(external_id).await["name"].clone());
            let (ours, theirs) = (ours.as_str().unwrap(), theirs.as_str().unwrap());
            if open.iter().any(|conflict| conflict["record"] == id.as_str()) {
                assert!(rule == "ask" && ours == here[who] && theirs == there[who], "seed {seed}: {ours} / {theirs}");
                continue;
            }
            assert_eq!(ours, theirs, "seed {seed}, person {who}, {rule}");
            if there[who].is_empty() && !here[who].is_empty() {
                assert_eq!(ours, here[who], "seed {seed}: the only side that edited");
            }
            if here[who].is_empty() && !there[who].is_empty() {
                assert_eq!(ours, there[who], "seed {seed}: the only side that edited");
            }
            assert!(ours == here[who] || ours == there[who] || (here[who].is_empty() && there[who].is_empty()), "seed {seed}: {ours}");
        }
    }
}
