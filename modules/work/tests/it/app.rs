//! A workspace to test in: two members, a connection, and records of other modules as far as tasks see them.

use std::path::PathBuf;

use atlas_connect::{Arrival, Author, Conversation, Landing, Message, Side};
use atlas_kernel::{Actor, Clock, ConnectionId, Error, Ref, Result, Role, UserId, WorkspaceId};
use atlas_store::{Db, Executor, Location, Migration, Named, Noun, Nouns, Options, query};
use atlas_work::task::verbs::NewTask;
use futures::FutureExt;
use serde_json::json;

/// A Tuesday morning, Dublin on winter time.
pub const NOW: &str = "2026-11-24T10:20:00Z";

const RECORDS: Migration = Migration {
    name: "test/0001_records",
    sql: "CREATE TABLE test_records (workspace_id {uuid} NOT NULL, record TEXT NOT NULL, label TEXT NOT NULL, words TEXT, related {json} NOT NULL, PRIMARY KEY (workspace_id, record));\n",
};

pub struct App {
    pub db: Db,
    pub clock: Clock,
    /// The owner, Ines.
    pub ines: Actor,
    /// A member, Jonas.
    pub jonas: Actor,
    pub nouns: Nouns,
    pub connection: ConnectionId,
    folder: PathBuf,
}

impl Drop for App {
    fn drop(&mut self) {
        // Nothing is there on PostgreSQL, and nothing depends on it.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn location(folder: &std::path::Path) -> Location {
    match std::env::var("TEST_DATABASE_URL") {
        Ok(url) => Location::Postgres { url, schema: folder.file_name().and_then(|name| name.to_str()).map(str::to_owned) },
        Err(_) => Location::Sqlite(folder.join("atlas.db")),
    }
}

impl App {
    pub async fn new() -> Self {
        let clock = Clock::manual(NOW.parse().unwrap());
        let mut migrations = atlas_store::migrations();
        migrations.extend(atlas_identity::migrations());
        migrations.extend(atlas_jobs::migrations());
        migrations.extend(atlas_api::migrations());
        migrations.extend(atlas_connect::migrations());
        migrations.extend(atlas_work::migrations());
        migrations.push(RECORDS);
        let name: String = atlas_kernel::random_bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = std::env::temp_dir().join(format!("atlas_work_{name}"));
        let options = Options { location: location(&folder), connections: 6, clock: clock.clone() };
        let db = Db::open(options, &migrations).await.unwrap();
        let (ines, jonas, connection) = people(&db).await;
        Self { db, clock, ines, jonas, nouns: Nouns::new(nouns()), connection, folder }
    }

    /// The kinds of records that other modules own here.
    pub fn all_nouns(&self) -> Vec<Noun> {
        nouns()
    }

    pub fn ws(&self) -> WorkspaceId {
        self.ines.workspace
    }

    /// A guest of the same workspace.
    pub fn guest(&self) -> Actor {
        Actor { role: Role::Guest, ..self.jonas.clone() }
    }

    /// Somebody of another workspace.
    pub fn stranger(&self) -> Actor {
        Actor { workspace: WorkspaceId::new(self.clock.now()), ..self.jonas.clone() }
    }

    /// A record of another module.
    pub async fn record(&self, kind: &str, label: &str, words: Option<&str>, related: &[Ref]) -> Ref {
        let record = Ref::new(kind, UserId::new(self.clock.now()).uuid());
        let (ws, related) = (self.ws(), json!(related));
        let (label, words, related) = (&label, &words, &related);
        let named = &record;
        self.db
            .write(|tx| async move {
                let insert = query("INSERT INTO test_records (workspace_id, record, label, words, related) VALUES ($1,$2,$3,$4,$5)");
                insert.bind(ws).bind(named).bind(*label).bind(words.map(str::to_owned)).bind(related).run(&tx).await
            })
            .await
            .unwrap();
        record
    }

    /// Puts a record behind a provider's thing.
    pub async fn map(&self, what: &str, external_id: &str, record: &Ref) {
        let (ws, connection) = (self.ws(), self.connection);
        self.db
            .write(|tx| async move {
                let insert = query(
                    "INSERT INTO connect_mappings (workspace_id, connection_id, what, external_id, record, mapped_at) VALUES ($1,$2,$3,$4,$5,$6) \
                     ON CONFLICT DO NOTHING",
                );
                insert.bind(ws).bind(connection).bind(what).bind(external_id).bind(record).bind(tx.now()).run(&tx).await
            })
            .await
            .unwrap();
    }

    /// A task made by Ines.
    pub async fn task(&self, title: &str) -> atlas_work::task::Task {
        self.make(NewTask { title: title.into(), ..NewTask::default() }).await.unwrap()
    }

    pub async fn make(&self, new: NewTask) -> Result<atlas_work::task::Task> {
        let (new, ines) = (&new, &self.ines);
        let made = self.db.write(|tx| async move { atlas_work::task::verbs::create(&tx, ines, new.clone()).await }).await?;
        Ok(made.task)
    }

    /// How many rows a table has.
    pub async fn count(&self, sql: &'static str) -> i64 {
        query(sql).value(&self.db).await.unwrap()
    }

    /// A conversation with one note, as it arrives.
    pub fn note(&self, id: &str, body: &str) -> Arrival {
        let message = Message {
            external_id: id.into(),
            source_kind: "conversation_part".into(),
            at: Some(self.clock.now()),
            author: Author {
                side: Side::Teammate,
                external_id: Some("991".into()),
                name: Some("Ines Okafor".into()),
                email: Some("ines@kestrel.test".into()),
            },
            action: "note".into(),
            internal: true,
            body: Some(body.into()),
            ..Message::default()
        };
        self.arrival(vec![message])
    }

    pub fn arrival(&self, messages: Vec<Message>) -> Arrival {
        let conversation =
            Conversation { external_id: "c1".into(), state: "open".into(), people: vec!["p1".into()], messages, ..Conversation::default() };
        Arrival {
            actor: Actor::connection(self.ws(), self.connection, "intercom", "Intercom"),
            connection: self.connection,
            provider: "intercom",
            rules: Default::default(),
            history: false,
            landing: Landing::Conversation(conversation),
        }
    }

    pub async fn arrive(&self, arrival: &Arrival) -> Result<atlas_connect::Applied> {
        let intake = atlas_work::note::intake::intake();
        self.db.write(|tx| async move { (intake.apply)(&tx, arrival).await }).await
    }
}

fn nouns() -> Vec<Noun> {
    let kinds = ["contact", "company", "deal", "conv", "msg"];
    let mut nouns: Vec<Noun> =
        kinds.into_iter().map(|kind| Noun { kind, label: "Record", describe: |on, ws, refs| describe(on, ws, refs).boxed() }).collect();
    nouns.extend(atlas_identity::nouns());
    nouns
}

async fn people(db: &Db) -> (Actor, Actor, ConnectionId) {
    let (ines, jonas) = atlas_testkit::workspace_of_two(db, "Asia/Tokyo").await;
    let ws = ines.workspace;
    let connection = db
        .write(|tx| async move {
            let connection = ConnectionId::new(tx.now());
            let connect = query(
                "INSERT INTO connections (workspace_id, id, provider, state, client_id, region, api_base, app_base, per_minute, poll_seconds, \
                 paused, slug, version, created_at, updated_at) VALUES ($1,$2,'intercom','connected','x','us','x','x',1000,60,$3,'intercom',1,$4,$4)",
            );
            connect.bind(ws).bind(connection).bind(false).bind(tx.now()).run(&tx).await?;
            Ok(connection)
        })
        .await
        .unwrap();
    (ines, jonas, connection)
}

async fn describe(on: &dyn Executor, ws: WorkspaceId, refs: &[Ref]) -> Result<Vec<(Ref, Named)>> {
    let mut named = vec![];
    for record in refs {
        let sql = "SELECT label, words, related FROM test_records WHERE workspace_id = $1 AND record = $2";
        let row: Option<(String, Option<String>, serde_json::Value)> = query(sql).bind(ws).bind(record).first(on).await?;
        if let Some((label, text, related)) = row {
            let related = serde_json::from_value(related).map_err(Error::internal)?;
            named.push((record.clone(), Named { label, url: format!("/x/{record}"), icon: "user-round", text, related }));
        }
    }
    Ok(named)
}

pub fn field_of(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => fields.iter().map(|f| f.field.as_str()).collect::<Vec<_>>().join(","),
        other => panic!("not invalid: {other}"),
    }
}
