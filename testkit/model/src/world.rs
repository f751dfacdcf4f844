//! Atlas with its connector and modules on one clock with the provider, all in this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use atlas_connect::{Callback, ConnectionView, Connections, Credentials, Parts, Secret};
use atlas_identity::{Gate, NewOwner, NewWorkspace, Vault};
use atlas_jobs::{Drained, Worker, WorkerOptions};
use atlas_kernel::{Actor, Clock, SessionId, Timestamp, Via};
use atlas_module::Module;
use atlas_sandbox_intercom::{Options, Posted};
use atlas_store::{Db, Location, Migration, query};
use axum::body::Body;
use axum::http::Request;
use tokio::sync::OnceCell;
use tower::ServiceExt;

use crate::play::{Edits, Planted};
use crate::provider::{ADDRESS, Provider};

const PROVIDER: &str = "intercom";
/// Where Atlas says it is.
const BASE_URL: &str = "http://localhost:7400";
const OWNER: &str = "ann@acme.example";
/// A lease of jobs and syncs has run out after this.
const PAST_LEASES: Duration = Duration::from_secs(40);

/// Atlas and a provider.
pub struct World {
    /// The database.
    pub db: Db,
    /// The connections.
    pub conns: Connections,
    /// The workers' side.
    pub worker: Worker,
    /// The workspace's owner, signed in.
    pub owner: Actor,
    /// The provider.
    pub provider: Provider,
    /// Everybody's clock.
    pub clock: Clock,
    location: Location,
    folder: Option<PathBuf>,
}

/// How the provider begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Contacts.
    pub contacts: u32,
    /// Companies.
    pub companies: u32,
    /// Conversations.
    pub conversations: u32,
    /// Fewest and most parts of each.
    pub parts: (u32, u32),
    /// Parts of one conversation that is longer than all others; 0 is none.
    pub long: u32,
    /// Calls a minute; 0 is no limit and no headers.
    pub limit: u32,
    /// The moment, Unix seconds.
    pub at: i64,
}

impl Default for Start {
    fn default() -> Self {
        Self { contacts: 6, companies: 3, conversations: 4, parts: (0, 3), long: 0, limit: 0, at: 1_795_262_400 }
    }
}

fn modules() -> Vec<Module> {
    vec![atlas_growth::module(), atlas_work::module()]
}

fn migrations() -> Vec<Migration> {
    let mut all = atlas_jobs::migrations();
    all.extend(atlas_identity::migrations());
    all.extend(atlas_api::migrations());
    all.extend(atlas_connect::migrations());
    all.extend(modules().into_iter().flat_map(|module| module.migrations));
    all
}

impl World {
    /// A connected Atlas whose first sync has not begun.
    ///
    /// # Errors
    /// When something cannot be put together.
    pub async fn connected(seed: u64, start: Start) -> Result<Self> {
        let world = Self::new(seed, start).await?;
        world.connect().await?;
        Ok(world)
    }

    /// Atlas and a provider that do not know each other.
    ///
    /// # Errors
    /// When something cannot be put together.
    pub async fn new(seed: u64, start: Start) -> Result<Self> {
        let clock = Clock::manual(Timestamp::from_second(start.at)?);
        let provider = Provider::new(options(seed, start), &clock, seed)?;
        let (location, folder) = place().await?;
        let (db, conns, worker) = open(&location, &clock, &provider).await?;
        let owner = owner(&db).await?;
        Ok(Self { db, conns, worker, owner, provider, clock, location, folder })
    }

    /// Credentials, consent, callback.
    ///
    /// # Errors
    /// When the provider or Atlas refuses.
    pub async fn connect(&self) -> Result<()> {
        self.connect_with(credentials()).await
    }

    /// The same with other credentials, such as those of another region.
    ///
    /// # Errors
    /// When the provider or Atlas refuses.
    pub async fn connect_with(&self, credentials: Credentials) -> Result<()> {
        self.conns.save_credentials(&self.owner, PROVIDER, credentials).await?;
        let page = url::Url::parse(&self.conns.begin(&self.owner, PROVIDER).await?)?;
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(page.query_pairs()).append_pair("decision", "allow").finish();
        let back = url::Url::parse(&self.provider.submit("/oauth", &form).await?)?;
        let given = |name: &str| back.query_pairs().find(|(n, _)| n == name).map(|(_, value)| Secret::new(value.into_owned()));
        let callback = Callback { code: given("code"), state: given("state"), error: None };
        self.conns.finish(&self.owner, PROVIDER, callback).await?;
        Ok(())
    }

    /// Does everything that is due, and what that makes due.
    ///
    /// # Errors
    /// When it does not come to an end.
    pub async fn work(&self) -> Result<Drained> {
        match tokio::time::timeout(Duration::from_secs(30), self.worker.drain()).await {
            Ok(drained) => Ok(drained?),
            Err(_) => Err(anyhow!("the work does not end: {:?} {:#?}", self.jobs().await?, self.view().await?)),
        }
    }

    /// The same, until Atlas is killed in the middle; answers whether it came to that. Then it is opened again.
    ///
    /// # Errors
    /// When the database cannot be opened again.
    pub async fn work_until_killed(&mut self, calls: u64) -> Result<bool> {
        self.provider.crash_after(calls);
        let killed = tokio::select! {
            worked = self.work() => { worked?; false }
            () = self.provider.crashed() => true,
        };
        self.provider.spare();
        self.restart().await?;
        Ok(killed)
    }

    /// Atlas is gone without a goodbye, and begins again on the same database.
    ///
    /// # Errors
    /// When the database cannot be opened again.
    pub async fn restart(&mut self) -> Result<()> {
        self.clock.advance(PAST_LEASES);
        (self.db, self.conns, self.worker) = open(&self.location, &self.clock, &self.provider).await?;
        Ok(())
    }

    /// Another Atlas on the same database, such as one that was started while the first seemed dead.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub async fn another(&self) -> Result<Self> {
        let (clock, provider, location) = (self.clock.clone(), self.provider.clone(), self.location.clone());
        let (db, conns, worker) = open(&location, &clock, &provider).await?;
        Ok(Self { db, conns, worker, owner: self.owner.clone(), provider, clock, location, folder: None })
    }

    /// What differs between Atlas and the provider's truth.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn differences(&self) -> Result<Vec<String>> {
        Ok(crate::compare::compare(self, &Edits::default(), Planted::Nothing).await?.0)
    }

    /// Runs the slower audit and what it leaves to do.
    ///
    /// # Errors
    /// When the work does not end.
    pub async fn audit(&self) -> Result<()> {
        self.pass(Duration::from_secs(7 * 3600)).await?;
        self.pass(Duration::from_secs(20)).await?;
        Ok(())
    }

    /// Changes the database behind Atlas's back.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn tamper(&self, sql: &'static str) -> Result<u64> {
        Ok(self.db.write(|tx| async move { query(sql).run(&tx).await }).await?)
    }

    /// Time passes, and what falls due is done.
    ///
    /// # Errors
    /// When the work does not end.
    pub async fn pass(&self, time: Duration) -> Result<Drained> {
        self.clock.advance(time);
        self.work().await
    }

    /// Brings a notice to Atlas's door; answers the status.
    ///
    /// # Errors
    /// When the request cannot be made.
    pub async fn deliver(&self, notice: &Posted) -> Result<u16> {
        self.post("/webhooks/intercom", &notice.body, Some(("x-hub-signature", &notice.signature))).await.map(|(status, _)| status)
    }

    /// Posts something to Atlas's receiver.
    ///
    /// # Errors
    /// When the request cannot be made.
    pub async fn post(&self, path: &str, body: &str, signature: Option<(&str, &str)>) -> Result<(u16, String)> {
        let mut request = Request::post(path).header("content-type", "application/json");
        if let Some((name, value)) = signature {
            request = request.header(name, value);
        }
        let Ok(answer) = self.conns.webhooks().oneshot(request.body(Body::from(body.to_owned()))?).await;
        let status = answer.status().as_u16();
        let text = axum::body::to_bytes(answer.into_body(), 1 << 20).await?;
        Ok((status, String::from_utf8_lossy(&text).into_owned()))
    }

    /// The connection as its page shows it.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn view(&self) -> Result<ConnectionView> {
        Ok(self.conns.show(&self.owner, PROVIDER).await?)
    }

    /// Jobs that have not ended: kind, status, last error.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn jobs(&self) -> Result<Vec<(String, String, Option<String>)>> {
        Ok(query("SELECT kind, status, last_error FROM jobs ORDER BY kind").all(&self.db).await?)
    }

    /// A number from the database.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn count(&self, sql: &'static str) -> Result<i64> {
        Ok(query(sql).value(&self.db).await?)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// The credentials of the sandbox's app.
pub fn credentials() -> Credentials {
    Credentials {
        client_id: "sandbox-client".into(),
        client_secret: Some(Secret::new("sandbox-secret")),
        region: None,
        api_base_url: Some(ADDRESS.into()),
        app_base_url: Some(ADDRESS.into()),
    }
}

fn options(seed: u64, start: Start) -> Options {
    Options {
        seed,
        contacts: start.contacts,
        companies: start.companies,
        conversations: start.conversations,
        parts_min: start.parts.0,
        parts_max: start.parts.1,
        long_conversation: start.long,
        limit_per_minute: start.limit,
        webhook_url: Some(format!("{BASE_URL}/webhooks/intercom")),
        now: Some(start.at),
        ..Options::default()
    }
}

async fn open(location: &Location, clock: &Clock, provider: &Provider) -> Result<(Db, Connections, Worker)> {
    let db = atlas_testkit::database_at(location.clone(), clock.clone(), &migrations()).await;
    let modules = modules();
    let parts = Parts {
        db: db.clone(),
        vault: Vault::from_master([7; 32]),
        connectors: vec![atlas_intercom::connector()],
        intakes: modules.iter().flat_map(|module| module.intakes.iter().copied()).collect(),
        outlets: atlas_growth::outlets(),
        base_url: BASE_URL.into(),
        allow_private_providers: true,
    };
    let conns = Connections::over(parts, provider.transport())?;
    let kinds = conns.jobs().into_iter().chain(modules.into_iter().flat_map(|module| module.jobs)).collect();
    let worker = Worker::new(db.clone(), kinds, conns.schedules(), WorkerOptions { alone: true, ..WorkerOptions::default() });
    Ok((db, conns, worker))
}

/// A database with a workspace and its owner, that nobody else uses: on SQLite a copy of one that was made before.
async fn place() -> Result<(Location, Option<PathBuf>)> {
    static MADE: OnceCell<Arc<Vec<u8>>> = OnceCell::const_new();
    let location = atlas_testkit::fresh_location();
    match &location {
        Location::Postgres { .. } => {
            settle_in(location.clone()).await?;
            Ok((location, None))
        }
        Location::Sqlite(path) => {
            let made = MADE.get_or_try_init(template).await?;
            std::fs::write(path, made.as_slice())?;
            let folder = path.parent().map(PathBuf::from);
            Ok((location, folder))
        }
    }
}

async fn template() -> Result<Arc<Vec<u8>>> {
    let location = atlas_testkit::fresh_location();
    let Location::Sqlite(path) = &location else { return Err(anyhow!("only SQLite is copied")) };
    settle_in(location.clone()).await?;
    let bytes = std::fs::read(path)?;
    if let Some(folder) = path.parent() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(Arc::new(bytes))
}

async fn settle_in(location: Location) -> Result<()> {
    let db = atlas_testkit::database_at(location, Clock::System, &migrations()).await;
    let password = Gate::new().hash("correct horse battery staple").await?;
    let owner = NewOwner { name: "Ann".into(), email: OWNER.into(), password, time_zone: "UTC".into() };
    let new = &NewWorkspace { name: "Acme".into(), owner };
    db.write(|tx| async move { atlas_identity::create_workspace(&tx, new).await }).await?;
    // Brings the write-ahead log into the file that is copied.
    db.scrub().await?;
    db.close().await;
    Ok(())
}

/// The owner, in a browser.
async fn owner(db: &Db) -> Result<Actor> {
    let owner = atlas_identity::find_actor(db, OWNER).await?.context("there is no owner")?;
    let via = Via::Session(SessionId::new(db.clock().now()));
    Ok(Actor { via, ..owner })
}
