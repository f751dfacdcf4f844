//! One test's world: a database, the provider, the kit, and a worker.

use std::path::PathBuf;
use std::time::Duration;

use atlas_connect::*;
use atlas_identity::Vault;
use atlas_jobs::{Worker, WorkerOptions};
use atlas_kernel::{Actor, Clock, Error, Role, SessionId, UserId, Via, WorkspaceId, random_bytes};
use atlas_store::{Db, Location, Options, query};
use serde_json::Value;
use uuid::Uuid;

use crate::fake::{Fake, now};
use crate::toy;

pub struct World {
    pub db: Db,
    pub fake: Fake,
    pub conns: Connections,
    pub owner: Actor,
    pub folder: PathBuf,
    pub base: String,
    client: reqwest::Client,
    location: Location,
}

fn id() -> Uuid {
    Uuid::from_bytes(random_bytes())
}

pub fn person(workspace: WorkspaceId, role: Role) -> Actor {
    let via = Via::Session(SessionId::from_uuid(id()));
    Actor { workspace, user: Some(UserId::from_uuid(id())), name: "Ines".into(), role, via, time_zone: "UTC".into() }
}

async fn open(location: &Location) -> Db {
    let mut migrations = atlas_store::migrations();
    migrations.extend(atlas_jobs::migrations());
    migrations.extend(atlas_connect::migrations());
    migrations.push(toy::MIGRATION);
    Db::open(Options { location: location.clone(), connections: 6, clock: Clock::System }, &migrations).await.unwrap()
}

fn connections(db: &Db, base: &str) -> Connections {
    let parts = Parts {
        db: db.clone(),
        vault: Vault::from_master([7; 32]),
        connectors: vec![toy::connector()],
        intakes: vec![toy::intake()],
        outlets: vec![],
        base_url: base.to_owned(),
        allow_private_providers: true,
    };
    Connections::new(parts).unwrap()
}

impl World {
    /// An empty world, with a provider that has people and chats.
    pub async fn new(people: i64, chats: i64) -> Self {
        let fake = Fake::start().await;
        fake.seed(people, chats);
        let folder = std::env::temp_dir().join(format!("atlas-connect-{}", hex::encode(random_bytes::<8>())));
        let location = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => Location::Postgres { url, schema: Some(format!("connect_{}", hex::encode(random_bytes::<8>()))) },
            Err(_) => Location::Sqlite(folder.join("atlas.db")),
        };
        let db = open(&location).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let conns = connections(&db, &base);
        let app = conns.webhooks();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let owner = person(WorkspaceId::from_uuid(id()), Role::Owner);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { db, fake, conns, owner, folder, base, client, location }
    }

    /// A world whose connection works; nothing has been read yet.
    pub async fn connected(people: i64, chats: i64) -> Self {
        let world = Self::new(people, chats).await;
        world.credentials("toy-secret").await.unwrap();
        world.connect().await.unwrap();
        world
    }

    pub async fn credentials(&self, secret: &str) -> Result<(), Error> {
        let given = Credentials {
            client_id: "toy-client".into(),
            client_secret: Some(Secret::new(secret)),
            region: None,
            api_base_url: Some(self.fake.url()),
            app_base_url: Some(self.fake.url()),
        };
        self.conns.save_credentials(&self.owner, "toy", given).await
    }

    pub async fn connect(&self) -> Result<Finished, Error> {
        let state = self.begin().await;
        self.fake.data().codes.insert("code-x=".into());
        self.conns.finish(&self.owner, "toy", Callback { code: Some(Secret::new("code-x=")), state: Some(state), error: None }).await
    }

    /// Goes to the consent page and answers the state that it was given.
    pub async fn begin(&self) -> Secret {
        let url = url::Url::parse(&self.conns.begin(&self.owner, "toy").await.unwrap()).unwrap();
        Secret::new(url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned())
    }

    /// Works until nothing is due.
    pub async fn work(&self) {
        let worker = self.worker();
        if tokio::time::timeout(Duration::from_secs(30), worker.drain()).await.is_err() {
            let jobs: Vec<(String, String, Option<String>)> =
                query("SELECT kind, status, last_error FROM jobs").all(&self.db).await.unwrap();
            panic!("the work does not end: {jobs:?} {:#?} provider {:?}", self.view().await, self.fake.stats());
        }
    }

    pub fn worker(&self) -> Worker {
        let options = WorkerOptions { concurrency: 4, alone: true, poll: Duration::from_millis(50), ..Default::default() };
        Worker::new(self.db.clone(), self.conns.jobs(), vec![], options)
    }

    /// The same database behind a new process: another handle, nothing in memory.
    pub async fn restart(&mut self) {
        self.db = open(&self.location).await;
        self.conns = connections(&self.db, &self.base);
    }

    /// A second node on the same database; none on SQLite, which has one.
    pub async fn other_node(&self) -> Option<Node> {
        let Location::Postgres { .. } = self.location else { return None };
        let db = open(&self.location).await;
        let conns = connections(&db, &self.base);
        Some(Node { db, conns })
    }

    pub async fn view(&self) -> ConnectionView {
        self.conns.show(&self.owner, "toy").await.unwrap()
    }

    pub async fn count(&self, what: &str) -> i64 {
        query("SELECT COUNT(*) FROM toy WHERE workspace_id = $1 AND what = $2")
            .bind(self.owner.workspace)
            .bind(what)
            .value(&self.db)
            .await
            .unwrap()
    }

    pub async fn scalar(&self, sql: &'static str) -> i64 {
        query(sql).value(&self.db).await.unwrap()
    }

    /// What is stored is what the provider has, each message once.
    pub async fn matches_truth(&self) {
        let (people, firms, chats, parts) = {
            let data = self.fake.data();
            let parts: usize = data.chats.values().map(|c| c["parts"].as_array().map_or(0, Vec::len) + 1).sum();
            (data.people.len() as i64, data.firms.len() as i64, data.chats.len() as i64, parts as i64)
        };
        let stored =
            (self.count("person").await, self.count("company").await, self.count("conversation").await, self.count("message").await);
        assert_eq!(stored, (people, firms, chats, parts), "people, firms, chats, messages");
        let events = self.scalar("SELECT COUNT(*) FROM events WHERE source_id IS NOT NULL").await;
        assert_eq!(events, parts, "each part is exactly one event");
        let held = self.scalar("SELECT COUNT(*) FROM connect_versions WHERE state <> 'present' AND state <> 'gone'").await;
        assert_eq!(held, 0, "nothing is held back");
    }

    pub async fn post(&self, body: &[u8], signature: Option<&str>) -> u16 {
        self.post_to("/webhooks/toy", body, signature).await.0
    }

    pub async fn post_to(&self, path: &str, body: &[u8], signature: Option<&str>) -> (u16, String) {
        let mut request = self.client.post(format!("{}{path}", self.base)).body(body.to_vec());
        if let Some(signature) = signature {
            request = request.header("x-toy-signature", signature);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub async fn notify(&self, id: &str, signals: &[Signal]) -> u16 {
        let body = toy::notice(id, "chat.replied", "acct-1", signals);
        self.post(&body, Some(&toy::signature(&body))).await
    }

    /// A customer writes: the chat has a part more.
    pub fn reply(&self, chat: i64, words: &str) {
        let mut data = self.fake.data();
        let chat = data.chats.get_mut(&chat).unwrap();
        let count = chat["parts"].as_array().unwrap().len();
        let part = serde_json::json!({ "id": format!("{}-r{count}", chat["id"].as_str().unwrap()), "at": now(), "body": words, "redacted": false });
        chat["parts"].as_array_mut().unwrap().push(part);
        chat["total_parts"] = Value::from(count + 1);
        chat["updated_at"] = Value::from(now());
    }
}

pub struct Node {
    db: Db,
    conns: Connections,
}

impl Node {
    pub fn worker(&self) -> Worker {
        let options = WorkerOptions { poll: Duration::from_millis(50), ..Default::default() };
        Worker::new(self.db.clone(), self.conns.jobs(), vec![], options)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Waits until something is so; half a minute at most.
pub async fn until<'w, F: Future<Output = bool>>(world: &'w World, so: impl Fn(&'w World) -> F) {
    for _ in 0..1500 {
        if so(world).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came: {:#?} provider {:?}", world.view().await, world.fake.stats());
}
