//! Notices: refused, accepted, repeated, unknown; what they set going; and how fast the answer is.

use std::time::{Duration, Instant};

use atlas_connect::*;

use crate::fake::{chat, now, person};
use crate::toy::{changed, notice, signature};
use crate::world::{World, until};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_signature_counts_and_a_replay_has_no_effect() {
    let world = World::connected(5, 5).await;
    world.work().await;
    world.reply(2, "hello");
    let body = notice("n1", "chat.replied", "acct-1", &[changed("chat", "2")]);
    assert_eq!(world.post(&body, Some("0000")).await, 401);
    assert_eq!(world.post(&body, None).await, 401);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_notices").await, 0, "nothing is stored");
    for _ in 0..3 {
        assert_eq!(world.post(&body, Some(&signature(&body))).await, 200);
    }
    world.work().await;
    world.matches_truth().await;
    assert_eq!(world.fake.calls("/chats/2"), 2, "one fetch for three deliveries");
    let detail = world.conns.detail(&world.owner, "toy").await.unwrap();
    assert_eq!((detail.health.accepted, detail.health.repeated, detail.health.rejected), (1, 2, 2));
    let topic = detail.connection.topics.iter().find(|t| t.topic == "chat.replied").unwrap().clone();
    assert_eq!((topic.state, topic.last_day), (TopicState::Seen, 3));
    assert_eq!(detail.connection.topics.iter().find(|t| t.topic == "person.created").unwrap().state, TopicState::Wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_pings_and_giants_are_answered_rightly() {
    let world = World::connected(3, 3).await;
    world.work().await;
    let world_ref = &world;
    let signed = |body: Vec<u8>| async move { world_ref.post(&body, Some(&signature(&body))).await };
    assert_eq!(signed(notice("n2", "weather.changed", "acct-1", &[])).await, 200);
    assert_eq!(signed(br#"{"id":null,"topic":"ping","account":"acct-1"}"#.to_vec()).await, 200);
    assert_eq!(signed(b"not json".to_vec()).await, 200, "signed nonsense is acknowledged");
    assert_eq!(signed(notice("n3", "chat.replied", "another-account", &[changed("chat", "1")])).await, 200);
    assert_eq!(signed(vec![b'x'; 1024 * 1024 + 1]).await, 413);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_notices").await, 1, "only the unknown topic is on the log");
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_signals").await, 0);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.head(format!("{}/webhooks/toy", world.base)).send().await.unwrap().status(), 200);
    assert_eq!(client.head(format!("{}/webhooks/nobody", world.base)).send().await.unwrap().status(), 404);
    assert_eq!(client.post(format!("{}/webhooks/nobody", world.base)).send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_come_together_are_stored_together_and_one_that_cannot_be_keeps_no_other_out() {
    let world = World::connected(3, 3).await;
    world.work().await;
    assert_eq!(world.notify("first", &[]).await, 200);
    let (release, held) = tokio::sync::watch::channel(false);
    let (db, lock) = (world.db.clone(), held);
    let holder = tokio::spawn(async move {
        let lock = &lock;
        db.write(|tx| async move {
            atlas_store::query("UPDATE connect_topics SET total = total").run(&tx).await?;
            lock.clone().wait_for(|free| *free).await.map(|_| ()).map_err(atlas_kernel::Error::internal)
        })
        .await
    });
    let ids: Vec<String> = (0..30).map(|n| if n == 7 { "n\0".to_owned() } else { format!("together-{n}") }).collect();
    let signals = [changed("chat", "1")];
    let release = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        release.send(true).unwrap();
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(ids.iter().map(|id| world.notify(id, &signals))), release);
    holder.await.unwrap().unwrap();
    let fine: i64 = answers.iter().filter(|answer| **answer == 200).count().try_into().unwrap();
    // PostgreSQL has no text with a zero in it.
    assert!(fine >= 29, "{answers:?}");
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_notices").await, fine + 1);
    assert_eq!(world.scalar("SELECT total FROM connect_topics").await, fine + 1);
    assert_eq!(world.scalar("SELECT count FROM connect_tallies WHERE name = 'accepted'").await, fine + 1);
    if fine == 30 {
        let transactions = world.scalar("SELECT COUNT(DISTINCT received_at) FROM connect_notices").await;
        assert!(transactions <= 10, "{transactions} transactions for 31 notices");
    }
    world.work().await;
    world.matches_truth().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_notice_names_is_fetched_with_what_it_hangs_on() {
    let world = World::connected(4, 2).await;
    world.work().await;
    world.fake.data().firms.insert(70, serde_json::json!({ "id": "70", "name": "Late", "updated_at": now() }));
    world.fake.data().people.insert(80, person(80, "Late", now(), &["70".into()], false));
    world.fake.data().chats.insert(90, chat(90, 80, now() + 5, 2));
    assert_eq!(world.notify("n4", &[changed("chat", "90")]).await, 200);
    world.work().await;
    world.matches_truth().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_merges_and_redactions_do_what_they_say() {
    let world = World::connected(6, 3).await;
    world.work().await;
    let signal = |object: &str, id: &str, hint| Signal { object: object.into(), id: id.into(), hint };
    world.fake.data().chats.remove(&1);
    world.fake.data().people.remove(&5);
    world.fake.data().chats.get_mut(&2).unwrap()["parts"][0]["body"] = serde_json::Value::Null;
    world.fake.data().chats.get_mut(&2).unwrap()["parts"][0]["redacted"] = true.into();
    let hints = [
        signal("chat", "1", Hint::Deleted),
        signal("person", "5", Hint::Merged { into: "6".into() }),
        signal("chat", "2", Hint::Redacted { message: "2-1".into() }),
    ];
    assert_eq!(world.notify("n5", &hints).await, 200);
    world.work().await;
    assert_eq!((world.count("conversation").await, world.count("person").await), (2, 5));
    let sql = "SELECT COUNT(*) FROM toy WHERE what = 'message' AND external_id = '2-1' AND CAST(data AS TEXT) LIKE '%null%'";
    assert_eq!(world.scalar(sql).await, 1, "the redacted body is gone");
    assert_eq!(
        world.scalar("SELECT COUNT(*) FROM connect_raw WHERE object = 'chat' AND external_id = '2'").await,
        1,
        "and from the raw log"
    );

    // A late answer from before the deletion cannot bring it back, a deletion twice changes nothing.
    assert_eq!(world.notify("n6", &[signal("chat", "1", Hint::Deleted), changed("chat", "1")]).await, 200);
    world.work().await;
    assert_eq!(world.count("conversation").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_fast_while_a_sync_runs() {
    let world = World::connected(60, 400).await;
    let worker = world.worker();
    let task = tokio::spawn(async move { worker.run(std::future::pending()).await });
    until(&world, |world| async move { world.fake.data().paths.len() > 20 }).await;
    let mut times = vec![];
    for n in 0..60 {
        let body = notice(&format!("fast-{n}"), "chat.replied", "acct-1", &[changed("chat", &(n % 20 + 1).to_string())]);
        let begun = Instant::now();
        assert_eq!(world.post(&body, Some(&signature(&body))).await, 200);
        times.push(begun.elapsed());
    }
    let state = world.view().await.sync.unwrap().state;
    until(&world, |world| async move {
        let done = world.view().await.sync.unwrap().state == SyncState::Done;
        done && world.scalar("SELECT COUNT(*) FROM connect_signals").await == 0
    })
    .await;
    task.abort();
    times.sort();
    println!("webhook answers while the sync was {state}: p50 {:?}, p95 {:?}, max {:?}", times[30], times[57], times[59]);
    world.matches_truth().await;
    assert!(times[30] < Duration::from_millis(150), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_duplicates_in_disorder_gives_the_truth() {
    let world = World::connected(10, 20).await;
    world.work().await;
    for round in 0..3 {
        for id in (1..=20).rev() {
            world.reply(id, &format!("round {round}"));
        }
        for n in 0..40 {
            let id = (n * 7 + round) % 20 + 1;
            if (n + round) % 5 != 0 {
                assert_eq!(world.notify(&format!("f-{round}-{}", n / 2), &[changed("chat", &id.to_string())]).await, 200);
            }
        }
    }
    world.work().await;
    world.conns.sync(&world.owner, "toy").await.unwrap();
    world.work().await;
    world.matches_truth().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_asks_how_it_is_and_says_that_the_app_is_gone() {
    let world = World::connected(3, 3).await;
    world.work().await;
    let (ours, theirs) = (br#"{"account":"acct-1"}"#, br#"{"account":"acct-2"}"#);
    let (my_health, their_health) = (br#"{"health_of":"acct-1"}"#, br#"{"health_of":"acct-2"}"#);
    let call = |path: &'static str, body: &'static [u8]| {
        let world = &world;
        async move { world.post_to(&format!("/webhooks/toy/{path}"), body, Some(&signature(body))).await }
    };
    assert_eq!(call("health", my_health).await, (200, r#"{"state":"OK"}"#.to_owned()));
    assert_eq!(call("health", their_health).await.1, r#"{"state":"UNKNOWN"}"#);
    for path in ["health", "uninstall"] {
        assert_eq!(world.post_to(&format!("/webhooks/toy/{path}"), ours, None).await.0, 401, "{path}");
        assert_eq!(world.post_to(&format!("/webhooks/toy/{path}"), ours, Some("0000")).await.0, 401, "{path}");
        assert_eq!(world.post_to(&format!("/webhooks/nobody/{path}"), ours, None).await.0, 404, "{path}");
    }
    assert_eq!(call("uninstall", theirs).await.0, 200);
    assert_eq!(world.view().await.state, ConnectionState::Connected, "another workspace's end is not ours");
    assert_eq!(call("uninstall", my_health).await.0, 200);
    assert_eq!(world.view().await.state, ConnectionState::Connected, "a health check that went to the wrong address ends nothing");
    assert_eq!(call("uninstall", ours).await.0, 200);
    assert_eq!(world.view().await.state, ConnectionState::Connected, "access works: the word is of an earlier time");
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_activity WHERE name = 'connection.uninstall_contradicted'").await, 1);
    world.fake.data().tokens.clear();
    for _ in 0..2 {
        assert_eq!(call("uninstall", ours).await.0, 200);
    }
    let view = world.view().await;
    assert_eq!((view.state, view.purge_due_at.is_some(), view.farewell_pending), (ConnectionState::Disconnected, true, false));
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connections WHERE token IS NOT NULL").await, 0);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM events WHERE operation = 'connection.disconnected'").await, 1, "said once");
    assert_eq!(call("health", my_health).await.1, r#"{"state":"UNKNOWN"}"#);
    assert!(world.connect().await.unwrap().purge_cancelled, "connecting again before the day is over keeps the data");
}

/// Works everything off and answers how many transactions the signals' jobs wrote: each proves its lease once.
async fn transactions(world: &World) -> usize {
    let ((), queries) = atlas_store::watch_queries(world.work()).await;
    queries.iter().filter(|query| query.sql().starts_with("UPDATE jobs SET lease_until")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_claimed_and_landed_many_at_a_time() {
    let world = World::connected(5, 120).await;
    world.work().await;
    let calls = world.fake.stats().0;
    for id in 1..=120 {
        world.reply(id, "hello");
    }
    let every: Vec<Signal> = (1..=120).map(|id| changed("chat", &id.to_string())).collect();
    for n in 0..5 {
        assert_eq!(world.notify(&format!("b-{n}"), &every).await, 200);
    }
    let ((), queries) = atlas_store::watch_queries(world.work()).await;
    world.matches_truth().await;
    assert_eq!(world.fake.stats().0 - calls, 120, "one call an object, however often it was named");
    // At least half of 48 places at a time; how many land together depends on how quick the database is.
    let count = |begin: &str| queries.iter().filter(|query| query.sql().trim_start().starts_with(begin)).count();
    // What was named and what Atlas itself wants to see again are claimed apart.
    assert!(count("WITH due AS") <= 2 * 6, "{} claims for 120 signals", count("WITH due AS"));
    assert!(count("UPDATE jobs SET lease_until") <= 120 + 8, "a transaction an object at most, however slow the database");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_goes_ahead_of_what_atlas_wants_to_see_again() {
    let world = World::connected(5, 120).await;
    world.work().await;
    let due = world.db.clock().now();
    let backlog = |tx: atlas_store::Tx| async move {
        atlas_store::query(
            "INSERT INTO connect_signals (workspace_id, connection_id, object, external_id, hint_key, hint, first_at, last_at, rev, tries, due_at) \
             SELECT workspace_id, connection_id, object, external_id, 'again', '\"changed\"', $1, $1, 1, 0, $1 FROM connect_versions WHERE object = 'chat'",
        )
        .bind(due)
        .run(&tx)
        .await
    };
    assert_eq!(world.db.write(backlog).await.unwrap(), 120);
    let before = world.fake.data().paths.len();
    world.reply(120, "hello");
    assert_eq!(world.notify("now", &[changed("chat", "120")]).await, 200);
    world.work().await;
    world.matches_truth().await;
    let at = world.fake.data().paths[before..].iter().position(|path| path.ends_with("/120")).unwrap();
    assert!(at <= 24, "{at} calls went before the one that somebody waited for");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_news_costs_no_call_and_hardly_a_transaction() {
    let world = World::connected(5, 60).await;
    world.work().await;
    let calls = world.fake.stats().0;
    let every: Vec<Signal> = (1..=60).map(|id| changed("chat", &id.to_string())).collect();
    assert_eq!(world.notify("old", &every).await, 200);
    // As if each chat had been fetched after the notice came in.
    let fetch = |tx: atlas_store::Tx| async move {
        let later = tx.now().checked_add(jiff::SignedDuration::from_secs(1)).unwrap();
        atlas_store::query("UPDATE connect_versions SET fetched_at = $1").bind(later).run(&tx).await
    };
    world.db.write(fetch).await.unwrap();
    let transactions = transactions(&world).await;
    assert_eq!(world.fake.stats().0, calls);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connect_signals").await, 0);
    assert!(transactions <= 4, "{transactions} transactions for 60 signals that say nothing new");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_people_named_by_notices_ask_for_shared_lists_once() {
    let world = World::connected(12, 2).await;
    world.work().await;
    for person in world.fake.data().people.values_mut() {
        person["more_firms"] = "/firms/names".into();
        person["updated_at"] = (now() + 5).into();
    }
    let asked = world.fake.calls("/firms/names");
    let every: Vec<Signal> = (1..=12).map(|id| changed("person", &id.to_string())).collect();
    assert_eq!(world.notify("people", &every).await, 200);
    world.work().await;
    assert_eq!(world.fake.calls("/firms/names") - asked, 1, "one answer serves twelve people");
}
