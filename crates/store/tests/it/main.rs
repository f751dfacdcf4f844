//! The store against a real database, both kinds: set `TEST_DATABASE_URL` for PostgreSQL.

use std::ops::DerefMut;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use atlas_kernel::{Actor, Clock, Error, Ref, Timestamp, WorkspaceId};
use atlas_store::{
    Db, Dialect, Event, EventQuery, Executor, Insert, Location, Migration, Options, SearchDoc, Source, Tx, events_about, query,
    record_event, search, search_add, search_put,
};
use serde_json::json;

const COUNTER: Migration = Migration {
    name: "test/0001_counter",
    sql: "CREATE TABLE counters (workspace_id {uuid} NOT NULL, id {uuid} NOT NULL, n BIGINT NOT NULL, data {json} NOT NULL, at {ts} NOT NULL, blob {bytes}, PRIMARY KEY (workspace_id, id));\n",
};

fn location() -> Location {
    let name = format!("t{}", atlas_kernel::random_bytes::<8>().map(|byte| format!("{byte:02x}")).concat());
    match std::env::var("TEST_DATABASE_URL") {
        Ok(url) => Location::Postgres { url, schema: Some(name) },
        Err(_) => Location::Sqlite(std::env::temp_dir().join(format!("atlas-store-{name}")).join("atlas.db")),
    }
}

async fn open_at(location: Location) -> Db {
    let options = Options { location, connections: 8, clock: Clock::System };
    let mut migrations = atlas_store::migrations();
    migrations.push(COUNTER);
    Db::open(options, &migrations).await.unwrap()
}

async fn database() -> (Db, Actor) {
    let db = open_at(location()).await;
    let actor = Actor::system(WorkspaceId::new(Clock::System.now()));
    (db, actor)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_read_modify_writes_lose_nothing() {
    let (db, actor) = database().await;
    let ws = actor.workspace;
    db.write(|tx| async move {
        let insert = query("INSERT INTO counters (workspace_id, id, n, data, at) VALUES ($1,$2,0,$3,$4)");
        insert.bind(ws).bind(ws.uuid()).bind(json!({})).bind(tx.now()).run(&tx).await
    })
    .await
    .unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                for _ in 0..25 {
                    db.write(|tx| async move {
                        let lock = atlas_store::built_query(format!(
                            "SELECT n FROM counters WHERE workspace_id = $1{}",
                            atlas_store::Executor::dialect(&tx).for_update()
                        ));
                        let n: i64 = lock.bind(ws).value(&tx).await?;
                        query("UPDATE counters SET n = $2 WHERE workspace_id = $1").bind(ws).bind(n + 1).run(&tx).await
                    })
                    .await
                    .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(query("SELECT n FROM counters WHERE workspace_id = $1").bind(ws).value::<i64>(&db).await.unwrap(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_goes_first_waits_for_one_transaction_only() {
    let (db, _) = database().await;
    let is_one_writer = db.dialect() == Dialect::Sqlite;
    let order = Arc::new(Mutex::new(vec![]));
    let (release, held) = tokio::sync::oneshot::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
    let (begun, held) = (Arc::new(Mutex::new(Some(begun))), Arc::new(tokio::sync::Mutex::new(held)));
    let holder = {
        let db = db.clone();
        tokio::spawn(async move {
            let (begun, held) = (&begun, &held);
            db.write(|_| async move {
                let _ = begun.lock().unwrap().take().unwrap().send(());
                held.lock().await.deref_mut().await.map_err(Error::internal)
            })
            .await
        })
    };
    has_begun.await.unwrap();
    let queued = |name: &'static str| {
        let (db, order) = (db.clone(), order.clone());
        let noted = move |_: Tx| {
            order.lock().unwrap().push(name);
            async { Ok(()) }
        };
        tokio::spawn(async move { if name == "first" { db.write_first(noted).await } else { db.write(noted).await } })
    };
    let mut waiting = vec![];
    for name in ["one", "two", "three", "first"] {
        waiting.push(queued(name));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    release.send(()).unwrap();
    holder.await.unwrap().unwrap();
    for one in waiting {
        one.await.unwrap().unwrap();
    }
    let order = order.lock().unwrap().clone();
    assert_eq!(order.len(), 4);
    if is_one_writer {
        assert_eq!(order, ["first", "one", "two", "three"]);
    }
}

#[tokio::test]
async fn values_round_trip_and_nulls_stay_null() {
    let (db, actor) = database().await;
    let ws = actor.workspace;
    let at: Timestamp = "2026-11-22T10:00:00.123456Z".parse().unwrap();
    let row = db
        .write(|tx| async move {
            let insert = query("INSERT INTO counters (workspace_id, id, n, data, at, blob) VALUES ($1,$2,$3,$4,$5,$6)");
            let json = json!({"a": "nul\u{0}gone", "b": [1, 2.5, null]});
            insert.bind(ws).bind(ws.uuid()).bind(i64::MAX).bind(json).bind(at).bind(None::<Vec<u8>>).run(&tx).await?;
            let read = query("SELECT n, data, at, blob FROM counters WHERE workspace_id = $1").bind(ws);
            read.first::<(i64, serde_json::Value, Timestamp, Option<Vec<u8>>)>(&tx).await
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row, (i64::MAX, json!({"a": "nulgone", "b": [1, 2.5, null]}), at, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_any_length_are_bound() {
    let (db, _) = database().await;
    let ask = |some: std::ops::Range<i64>| {
        query("SELECT n FROM (SELECT CAST(3 AS BIGINT) AS n UNION ALL SELECT 9 UNION ALL SELECT 40) t WHERE n <> $1 AND n IN ({list}) ORDER BY n")
            .bind(9)
            .bind_list(some)
    };
    for (some, expect) in [(0..0, vec![]), (3..4, vec![3]), (3..10, vec![3]), (0..41, vec![3, 40]), (40..43, vec![40])] {
        assert_eq!(ask(some.clone()).values::<i64>(&db).await.unwrap(), expect, "{some:?}");
    }
}

#[tokio::test]
async fn a_failed_write_leaves_nothing_and_announces_nothing() {
    let (db, actor) = database().await;
    let mut notices = db.subscribe();
    let failed: Result<(), Error> = db
        .write(|tx| {
            let actor = actor.clone();
            async move {
                let event = Event::new(tx.now(), "thing.made", "record", actor.workspace.to_ref(), json!({}));
                record_event(&tx, &actor, event).await?;
                Err(Error::NotFound("thing"))
            }
        })
        .await;
    assert!(matches!(failed, Err(Error::NotFound(_))));
    let page =
        events_about(&db, actor.workspace, &actor.workspace.to_ref(), &EventQuery { limit: 10, ..Default::default() }).await.unwrap();
    assert!(page.data.is_empty());
    let ours = std::iter::from_fn(|| notices.try_recv().ok()).filter(|notice| notice.workspace == Some(actor.workspace));
    assert_eq!(ours.count(), 0, "other workspaces on this database may announce theirs");
}

#[tokio::test]
async fn a_sourced_event_happens_once_and_pages_through_ties() {
    let (db, actor) = database().await;
    let subject: Ref = "contact_01J00000000000000000000000".parse().unwrap();
    let connection = atlas_kernel::ConnectionId::new(Clock::System.now());
    let at: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    for round in 0..2 {
        for part in 0..7 {
            let (actor, subject) = (actor.clone(), subject.clone());
            let written = db
                .write(|tx| {
                    let (actor, subject) = (actor.clone(), subject.clone());
                    async move {
                        let mut event = Event::new(at, "message.received", "chat", subject, json!({"n": part}));
                        let external_id = format!("part-{part}");
                        event.source = Some(Source { connection, provider: "toy".into(), kind: "part".into(), external_id });
                        record_event(&tx, &actor, event).await
                    }
                })
                .await
                .unwrap();
            assert_eq!(written.is_some(), round == 0);
        }
    }
    let (mut seen, mut cursor) = (vec![], None);
    loop {
        let ask = EventQuery { kind: Some("chat".into()), limit: 3, cursor };
        let page = events_about(&db, actor.workspace, &subject, &ask).await.unwrap();
        seen.extend(page.data.iter().map(|row| row.source_id.clone().unwrap()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, (0..7).map(|n| format!("part-{n}")).collect::<Vec<_>>());
    let stranger = WorkspaceId::new(Clock::System.now());
    let other = events_about(&db, stranger, &subject, &EventQuery { limit: 3, ..Default::default() }).await.unwrap();
    assert!(other.data.is_empty(), "another workspace sees nothing");
}

#[tokio::test]
async fn search_finds_beginnings_accents_and_hostile_input() {
    let (db, actor) = database().await;
    let ws = actor.workspace;
    for (n, (title, body)) in
        [("Åsa Öberg", "asa@fjord.example"), ("Ada Okafor", "ada@bluepine.example"), ("Adam West", "")].into_iter().enumerate()
    {
        db.write(|tx| async move {
            let record = Ref::new("contact", uuid_of(n));
            let doc = SearchDoc {
                record,
                kind: "contact",
                title: title.into(),
                detail: String::new(),
                url: "/".into(),
                body: body.into(),
                connection: None,
            };
            search_put(&tx, ws, &doc).await?;
            search_put(&tx, ws, &doc).await
        })
        .await
        .unwrap();
    }
    let titles = async |text: &str| -> Vec<String> {
        search(&db, ws, text, &["contact"], 10).await.unwrap().into_iter().map(|hit| hit.title).collect()
    };
    assert_eq!(titles("asa ob").await, ["Åsa Öberg"]);
    assert_eq!(titles("ada@blue").await, ["Ada Okafor"]);
    assert_eq!(titles("ada").await.len(), 2);
    for hostile in ["", "a AND (", "\"", "'; DROP TABLE", "* NEAR/2", "\0", "🦀"] {
        titles(hostile).await;
    }
    let record = Ref::new("contact", uuid_of(1));
    db.write(|tx| {
        let record = record.clone();
        async move { atlas_store::search_remove(&tx, ws, &record).await }
    })
    .await
    .unwrap();
    assert_eq!(titles("ada").await, ["Adam West"]);
}

#[tokio::test]
async fn commits_are_announced_to_every_listener() {
    let place = location();
    let (first, second) =
        (open_at(place.clone()).await, if matches!(place, Location::Postgres { .. }) { Some(open_at(place).await) } else { None });
    let ws = WorkspaceId::new(Clock::System.now());
    let mut here = first.subscribe();
    let mut there = second.as_ref().unwrap_or(&first).subscribe();
    for listener in [&mut here, &mut there] {
        let notice = tokio::time::timeout(std::time::Duration::from_secs(10), heard(&first, listener, ws)).await.unwrap();
        assert!(notice.concerns(ws, &["contacts".into()]) && !notice.concerns(ws, &["deals".into()]));
    }
}

/// Commits until the listener hears of it: a node may still be joining, and other workspaces are heard as well.
async fn heard(db: &Db, listener: &mut tokio::sync::broadcast::Receiver<atlas_store::Notice>, ws: WorkspaceId) -> atlas_store::Notice {
    loop {
        let touch = |tx: atlas_store::Tx| async move {
            tx.touch_topic(ws, "contacts");
            Ok(())
        };
        db.write(touch).await.unwrap();
        let ours = async {
            loop {
                let notice = listener.recv().await.unwrap();
                if notice.workspace == Some(ws) {
                    return notice;
                }
            }
        };
        if let Ok(notice) = tokio::time::timeout(std::time::Duration::from_millis(100), ours).await {
            return notice;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_write_ahead_log_is_copied_beside_the_writers() {
    let Location::Sqlite(path) = location() else { return };
    let db = open_at(Location::Sqlite(path.clone())).await;
    let ws = WorkspaceId::new(Clock::System.now());
    let blob = vec![7_u8; 64 * 1024];
    let (blob, begun) = (&blob, std::time::Instant::now());
    // Ten megabytes: without a copy, all of it is in the log and none in the file.
    for n in 0..160 {
        db.write(|tx| async move {
            let sql = "INSERT INTO counters (workspace_id, id, n, data, at, blob) VALUES ($1,$2,0,$3,$4,$5)";
            query(sql).bind(ws).bind(uuid_of(n)).bind(json!({})).bind(tx.now()).bind(blob.clone()).run(&tx).await
        })
        .await
        .unwrap();
    }
    let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
    while size(&path) < 10 * 1024 * 1024 && begun.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(size(&path) >= 10 * 1024 * 1024, "{} bytes in the file", size(&path));
    db.scrub().await.unwrap();
    assert_eq!(size(&path.with_extension("db-wal")), 0, "emptied by a scrub");
    db.close().await;
}

#[tokio::test]
async fn an_empty_file_and_a_full_one_are_read_in_the_same_way() {
    const LAID_DOWN: &str = "SELECT tbl || idx || stat FROM sqlite_stat1 ORDER BY tbl, idx";
    let Location::Sqlite(path) = location() else { return };
    let db = open_at(Location::Sqlite(path.clone())).await;
    let told: Vec<String> = query(LAID_DOWN).values(&db).await.unwrap();
    assert!(!told.is_empty());
    by_the_best_index(&db).await;
    // As a version would that counts by itself: the tables are empty now.
    db.write(|tx| async move { query("ANALYZE").run(&tx).await }).await.unwrap();
    assert_ne!(query(LAID_DOWN).values::<String>(&db).await.unwrap(), told);
    db.close().await;
    for _ in 0..2 {
        let db = open_at(Location::Sqlite(path.clone())).await;
        assert_eq!(query(LAID_DOWN).values::<String>(&db).await.unwrap(), told);
        by_the_best_index(&db).await;
        db.close().await;
    }
}

/// Readers and the writer find a row by all of an index, not all of a workspace.
async fn by_the_best_index(db: &Db) {
    for (sql, index) in [
        ("EXPLAIN QUERY PLAN DELETE FROM event_subjects WHERE workspace_id = $1 AND event_id = $1", "workspace_id=? AND event_id=?"),
        ("EXPLAIN QUERY PLAN SELECT at FROM event_subjects WHERE workspace_id = $1 AND event_id IN ($1, $1)", "AND event_id=?"),
        (
            "EXPLAIN QUERY PLAN SELECT kind FROM event_subjects WHERE workspace_id = $1 AND subject = 'x' AND at = 1",
            "AND subject=? AND at=?",
        ),
    ] {
        let ws = WorkspaceId::new(Clock::System.now());
        let read: Vec<(i64, i64, i64, String)> = query(sql).bind(ws).all(db).await.unwrap();
        let written = db.write(|tx| async move { query(sql).bind(ws).all::<(i64, i64, i64, String)>(&tx).await }).await.unwrap();
        for (.., plan) in read.iter().chain(&written) {
            assert!(plan.contains(index), "{sql}: {plan}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn once_closed_the_file_alone_is_the_database() {
    // Many at once: a connection that nobody waits for is seen only where threads wait for processors.
    let closing: Vec<_> = (0..24).map(|_| tokio::spawn(read_and_close())).collect();
    for closed in closing {
        closed.await.unwrap();
    }
}

async fn read_and_close() {
    let Location::Sqlite(path) = location() else { return };
    let db = open_at(Location::Sqlite(path.clone())).await;
    let ws = WorkspaceId::new(Clock::System.now());
    // Enough that a connection which has read them would like statistics.
    db.write(|tx| async move {
        let mut insert = Insert::into("counters", "workspace_id, id, n, data, at", "");
        for row in 0..2_000 {
            insert.row().bind(ws).bind(uuid_of(row)).bind(row as i64).bind(json!({})).bind(tx.now());
        }
        insert.run(&tx).await
    })
    .await
    .unwrap();
    let reading = (0..8).map(|_| {
        let db = db.clone();
        tokio::spawn(async move { query("SELECT n FROM counters WHERE workspace_id = $1").bind(ws).values::<i64>(&db).await.unwrap() })
    });
    for read in reading.collect::<Vec<_>>() {
        assert_eq!(read.await.unwrap().len(), 2_000);
    }
    db.close().await;
    for extension in ["db-wal", "db-shm"] {
        assert!(!path.with_extension(extension).exists(), "a connection is still open");
    }
}

#[tokio::test]
async fn writing_goes_on_after_the_database_ended_a_transaction_by_itself() {
    let db = open_at(location()).await;
    let ws = WorkspaceId::new(Clock::System.now());
    let insert = |tx: atlas_store::Tx| async move {
        let insert = query("INSERT INTO counters (workspace_id, id, n, data, at) VALUES ($1,$2,0,$3,$4)");
        insert.bind(ws).bind(uuid_of(1)).bind(json!({})).bind(tx.now()).run(&tx).await.map(|_| ())
    };
    // What SQLite does when the disk is full.
    let ended = db.write(|tx| async move {
        insert(tx.clone()).await?;
        query("ROLLBACK").run(&tx).await?;
        Err::<(), _>(atlas_kernel::Error::internal("no space"))
    });
    ended.await.unwrap_err();
    for _ in 0..2 {
        db.write(insert).await.unwrap();
        db.write(|tx| async move { query("DELETE FROM counters WHERE workspace_id = $1").bind(ws).run(&tx).await }).await.unwrap();
    }
}

#[tokio::test]
async fn tables_that_are_being_filled_are_searched_as_what_they_are() {
    let (db, actor) = database().await;
    let ws = actor.workspace;
    db.refresh_statistics().await.unwrap();
    db.write(|tx| async move {
        let mut insert = Insert::into("counters", "workspace_id, id, n, data, at", "");
        for row in 0..3_000 {
            insert.row().bind(ws).bind(uuid_of(row)).bind(row as i64).bind(json!({})).bind(tx.now());
        }
        insert.run(&tx).await
    })
    .await
    .unwrap();
    db.refresh_statistics().await.unwrap();
    if db.dialect() == Dialect::Postgres {
        let rows = "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass('counters')";
        assert_eq!(query(rows).value::<i64>(&db).await.unwrap(), 3_000);
    }
}

/// Polls a future this often, and drops it if it is not done by then: as a server does when a caller hangs up.
async fn given_up_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut polled) = (Box::pin(work), 0);
    std::future::poll_fn(|context| {
        polled += 1;
        match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if polled == polls => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[tokio::test]
async fn a_write_that_is_given_up_leaves_no_transaction_open_wherever_it_was() {
    let place = location();
    let (db, other) = (open_at(place.clone()).await, open_at(place).await);
    let ws = WorkspaceId::new(Clock::System.now());
    let (ours, mut given_up) = (connections(&db).await, 0);
    for turn in 0..40 {
        let write = db.write(|tx| async move {
            let insert = query("INSERT INTO counters (workspace_id, id, n, data, at) VALUES ($1,$2,0,$3,$4)");
            insert.bind(ws).bind(uuid_of(turn)).bind(json!({})).bind(tx.now()).run(&tx).await
        });
        given_up += usize::from(given_up_after(1 + turn % 8, write).await.is_none());
        let (mut open, mut asked) = (open_transactions(&other, &ours).await, 0);
        while open > 0 && asked < 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            (open, asked) = (open_transactions(&other, &ours).await, asked + 1);
        }
        assert_eq!(open, 0, "given up the {}. time it was polled, a transaction stays open", 1 + turn % 8);
    }
    assert!(given_up >= 5, "{given_up} of 40 were given up");
    db.write(|tx| async move { query("DELETE FROM counters WHERE workspace_id = $1").bind(ws).run(&tx).await }).await.unwrap();
}

/// PostgreSQL's numbers of all connections of the pool.
async fn connections(db: &Db) -> Vec<i64> {
    if db.dialect() == Dialect::Sqlite {
        return vec![];
    }
    // Each of them keeps one to itself.
    let ask = || async { query("SELECT CAST(pg_backend_pid() AS BIGINT) FROM pg_sleep(0.1)").value::<i64>(db).await };
    futures::future::try_join_all((0..8).map(|_| ask())).await.unwrap()
}

/// The connections among these whose transaction waits for what they say next.
async fn open_transactions(db: &Db, ours: &[i64]) -> i64 {
    let open = query("SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND pid IN ({list})");
    if ours.is_empty() { 0 } else { open.bind_list(ours.iter().copied()).value(db).await.unwrap() }
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    let place = location();
    open_at(place.clone()).await.close().await;
    let mut migrations = atlas_store::migrations();
    migrations.push(Migration { name: COUNTER.name, sql: "CREATE TABLE other (id BIGINT);\n" });
    let again = Db::open(Options { location: place, connections: 2, clock: Clock::System }, &migrations).await;
    assert!(again.err().unwrap().to_string().contains("edited"));
}

fn uuid_of(n: usize) -> uuid::Uuid {
    uuid::Uuid::from_u128(n as u128 + 1)
}

#[tokio::test]
async fn scrubbed_words_are_in_no_file_of_the_database() {
    let place = location();
    let db = open_at(place.clone()).await;
    let ws = WorkspaceId::new(Clock::System.now());
    let secret = "zanzibarplover";
    for n in 0..50 {
        db.write(|tx| async move {
            let insert = query("INSERT INTO counters (workspace_id, id, n, data, at) VALUES ($1,$2,0,$3,$4)");
            insert.bind(ws).bind(uuid_of(n)).bind(json!({ "text": format!("{secret} {n}") })).bind(tx.now()).run(&tx).await?;
            let record = Ref::new("contact", uuid_of(n));
            let doc = SearchDoc {
                record,
                kind: "contact",
                title: format!("{secret}{n}"),
                detail: String::new(),
                url: "/".into(),
                body: String::new(),
                connection: None,
            };
            search_put(&tx, ws, &doc).await
        })
        .await
        .unwrap();
    }
    db.write(|tx| async move {
        query("DELETE FROM counters WHERE workspace_id = $1").bind(ws).run(&tx).await?;
        for n in 0..50 {
            atlas_store::search_remove(&tx, ws, &Ref::new("contact", uuid_of(n))).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    db.scrub().await.unwrap();
    if let Location::Sqlite(path) = place {
        for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn watched_work_tells_its_queries() {
    let (db, actor) = database().await;
    let ((), seen) = atlas_store::watch_queries(async {
        let ask = EventQuery { limit: 5, ..Default::default() };
        events_about(&db, actor.workspace, &actor.workspace.to_ref(), &ask).await.unwrap();
    })
    .await;
    assert_eq!(seen.len(), 1);
    assert!(seen[0].sql().contains("event_subjects"));
}

fn counter(ws: WorkspaceId, n: usize) -> Insert {
    let mut insert = Insert::into("counters", "workspace_id, id, n, data, at", "");
    insert.row().bind(ws).bind(uuid_of(n)).bind(n).bind(json!({})).bind(Clock::System.now());
    insert
}

#[tokio::test]
async fn rows_for_later_go_together_and_before_anybody_asks_for_them() {
    let (db, actor) = database().await;
    let ws = actor.workspace;
    let (counted, seen) = atlas_store::watch_queries(db.write(|tx| async move {
        (0..4).for_each(|n| counter(ws, n).later(&tx));
        query("SELECT CAST(1 AS BIGINT)").value::<i64>(&tx).await?;
        let counted = query("SELECT COUNT(*) FROM counters WHERE workspace_id = $1").bind(ws).value::<i64>(&tx).await?;
        (4..6).for_each(|n| counter(ws, n).later(&tx));
        Ok(counted)
    }))
    .await;
    assert_eq!(counted.unwrap(), 4);
    let said: Vec<&str> = seen.iter().map(|query| &query.sql()[..6]).collect();
    assert_eq!(said, ["SELECT", "INSERT", "SELECT", "INSERT"]);
    let counted = query("SELECT COUNT(*) FROM counters WHERE workspace_id = $1").bind(ws).value::<i64>(&db).await.unwrap();
    assert_eq!(counted, 6);
}

#[tokio::test]
async fn rows_for_later_that_do_not_go_undo_the_whole_transaction() {
    let (db, actor) = database().await;
    let ws = actor.workspace;
    let error = db.write(|tx| async move {
        counter(ws, 1).run(&tx).await?;
        counter(ws, 2).later(&tx);
        counter(ws, 2).later(&tx);
        Ok(())
    });
    assert!(matches!(error.await, Err(Error::Duplicate { .. })));
    let counted = query("SELECT COUNT(*) FROM counters WHERE workspace_id = $1").bind(ws).value::<i64>(&db).await.unwrap();
    assert_eq!(counted, 0);
    // The connection is as good as new.
    db.write(|tx| async move { counter(ws, 3).run(&tx).await.map(|_| ()) }).await.unwrap();
}

#[tokio::test]
async fn what_is_kept_lasts_as_long_as_the_transaction() {
    let (db, _) = database().await;
    for _ in 0..2 {
        db.write(|tx| async move {
            assert!(tx.kept::<Vec<u8>>().is_none());
            tx.keep(vec![1_u8]);
            tx.keep("text");
            assert_eq!(tx.kept::<Vec<u8>>().as_deref(), Some(&vec![1]));
            Ok(())
        })
        .await
        .unwrap();
    }
}

/// The words of a record stand under its number, whichever of the two tables is asked for first.
#[tokio::test]
async fn records_added_to_search_together_are_found_each_by_its_own_words() {
    let (db, actor) = database().await;
    let ws = actor.workspace;
    let doc = |n: usize| SearchDoc {
        record: Ref::new("contact", uuid_of(n)),
        kind: "contact",
        title: format!("heron{n}"),
        detail: String::new(),
        url: "/".into(),
        body: format!("reed{n}"),
        connection: None,
    };
    let added = db.write(|tx| async move {
        (0..3).for_each(|n| search_add(&tx, ws, &doc(n)));
        let there = query("SELECT COUNT(*) FROM search_docs WHERE workspace_id = $1").bind(ws).value::<i64>(&tx).await?;
        (3..6).for_each(|n| search_add(&tx, ws, &doc(n)));
        search_put(&tx, ws, &SearchDoc { title: "swan".into(), ..doc(1) }).await?;
        Ok(there)
    });
    assert_eq!(added.await.unwrap(), 3);
    for (words, expected) in [
        ("heron0", vec![0]),
        ("heron1", vec![]),
        ("swan", vec![1]),
        ("reed1", vec![1]),
        ("heron5 reed5", vec![5]),
        ("heron", vec![0, 2, 3, 4, 5]),
    ] {
        let mut hits: Vec<Ref> = search(&db, ws, words, &[], 10).await.unwrap().into_iter().map(|hit| hit.record).collect();
        hits.sort();
        assert_eq!(hits, expected.into_iter().map(|n| Ref::new("contact", uuid_of(n))).collect::<Vec<_>>(), "{words}");
    }
}
