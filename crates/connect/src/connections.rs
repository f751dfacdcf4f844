//! The handle to everything about connections: what pages, operations, jobs and the webhook receiver share.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use atlas_identity::{Signed, Vault};
use atlas_jobs::{JobKind, Schedule};
use atlas_kernel::{ConnectionId, Error, Result, WorkspaceId};
use atlas_store::{Db, Migration};
use zeroize::Zeroizing;

use crate::connection::{Connection, Secret, slug};
use crate::halt::Halts;
use crate::http::{Http, Transport};
use crate::line::Line;
use crate::needs::objects_by_what;
use crate::pacer::{Pacer, Pacers};
use crate::shared::AllShared;
use crate::signal::Turns;
use crate::webhook::{Arrivals, Rejections};
use crate::{Connector, Intake, Object, Outlet, What, audit, farewell, purge, signal, sync, tick, two_way};

/// What [`Connections`] is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Seals secrets and raw answers.
    pub vault: Vault,
    /// Every provider that Atlas knows.
    pub connectors: Vec<Connector>,
    /// The modules' doors for landing records.
    pub intakes: Vec<Intake>,
    /// The modules' doors for what is written back.
    pub outlets: Vec<Outlet>,
    /// Where Atlas is reached from outside, such as `https://atlas.example.com`.
    pub base_url: String,
    /// Whether providers on plain HTTP and the local network are allowed.
    pub allow_private_providers: bool,
}

/// The connections of all workspaces; clones share them.
#[derive(Clone)]
pub struct Connections(Arc<Inner>);

struct Inner {
    db: Db,
    vault: Vault,
    connectors: BTreeMap<&'static str, Arc<Connector>>,
    by_what: BTreeMap<&'static str, BTreeMap<What, Object>>,
    intakes: Vec<Intake>,
    outlets: Vec<Outlet>,
    base_url: String,
    allow_private: bool,
    http: Http,
    pacers: Pacers,
    halts: Halts,
    shared: AllShared,
    turns: Turns,
    arrivals: Arrivals,
    rejections: Rejections,
    touched: Mutex<HashMap<ConnectionId, Instant>>,
}

/// Open pages hear of a busy connection this often at most.
const TOUCH_EVERY: Duration = Duration::from_millis(500);

/// The migrations of this crate.
pub fn migrations() -> Vec<Migration> {
    vec![
        Migration { name: "connect/0001_connections", sql: include_str!("../migrations/0001_connections.sql") },
        Migration { name: "connect/0002_sync", sql: include_str!("../migrations/0002_sync.sql") },
        Migration { name: "connect/0003_receipt_signatures", sql: include_str!("../migrations/0003_receipt_signatures.sql") },
        Migration { name: "connect/0006_audit", sql: include_str!("../migrations/0006_audit.sql") },
        Migration { name: "connect/0010_two_way", sql: include_str!("../migrations/0010_two_way.sql") },
        Migration { name: "connect/0011_notice_signals", sql: include_str!("../migrations/0011_notice_signals.sql") },
        Migration { name: "connect/0012_several", sql: include_str!("../migrations/0012_several.sql") },
    ]
}

impl Connections {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(parts: Parts) -> Result<Self> {
        Self::over(parts, Transport::Network)
    }

    /// Puts the parts together, with another way to reach providers than the network.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn over(parts: Parts, transport: Transport) -> Result<Self> {
        let mut intakes = parts.intakes;
        intakes.sort_by_key(|intake| intake.order);
        let by_what = parts.connectors.iter().map(|c| (c.id, objects_by_what(c))).collect();
        let connectors = parts.connectors.into_iter().map(|c| (c.id, Arc::new(c))).collect();
        Ok(Self(Arc::new(Inner {
            db: parts.db,
            vault: parts.vault,
            connectors,
            by_what,
            intakes,
            outlets: parts.outlets,
            base_url: parts.base_url.trim_end_matches('/').to_owned(),
            allow_private: parts.allow_private_providers,
            http: Http::new(parts.allow_private_providers, transport)?,
            pacers: Pacers::default(),
            halts: Halts::default(),
            shared: AllShared::default(),
            turns: Turns::default(),
            arrivals: Arrivals::default(),
            rejections: Rejections::default(),
            touched: Mutex::default(),
        })))
    }

    /// The kinds of jobs that do the work.
    pub fn jobs(&self) -> Vec<JobKind> {
        let (syncs, signals, purges, farewells, ticks) = (self.clone(), self.clone(), self.clone(), self.clone(), self.clone());
        let (writes, batches) = (self.clone(), self.clone());
        let audits = self.clone();
        let day = Duration::from_secs(24 * 3600);
        vec![
            JobKind::new(sync::JOB, move |ctx, job| sync::work(syncs.clone(), ctx, job)).queue(sync::QUEUE).longest(day),
            JobKind::new(signal::JOB, move |ctx, job| signal::drain(signals.clone(), ctx, job)).queue(signal::QUEUE),
            JobKind::new(purge::JOB, move |ctx, job| purge::work(purges.clone(), ctx, job)).queue(sync::QUEUE).longest(day),
            JobKind::new(farewell::JOB, move |ctx, job| farewell::work(farewells.clone(), ctx, job)).queue(signal::QUEUE),
            JobKind::new(two_way::WRITE_JOB, move |ctx, job| two_way::write_work(writes.clone(), ctx, job)).queue(signal::QUEUE),
            JobKind::new(two_way::BATCH_JOB, move |ctx, job| two_way::batch_work(batches.clone(), ctx, job))
                .queue(sync::QUEUE)
                .longest(day),
            JobKind::new(audit::JOB, move |ctx, job| audit::work(audits.clone(), ctx, job)).queue(sync::QUEUE).longest(day),
            JobKind::new(tick::JOB, move |ctx, job| tick::work(ticks.clone(), ctx, job)),
        ]
    }

    /// What runs on a schedule.
    pub fn schedules(&self) -> Vec<Schedule> {
        vec![Schedule::every("connect.tick", tick::EVERY, tick::JOB)]
    }

    /// The connector behind a connection's slug, which for the first connection is the connector's id.
    ///
    /// # Errors
    /// Not found.
    pub fn connector(&self, slug: &str) -> Result<Arc<Connector>> {
        let provider = slug::provider(slug).and_then(|provider| self.0.connectors.get(provider));
        provider.cloned().ok_or(Error::NotFound("connector"))
    }

    /// Every connector, by id.
    pub fn connectors(&self) -> Vec<Arc<Connector>> {
        self.0.connectors.values().cloned().collect()
    }

    /// Where the provider sends people back after consent.
    pub fn redirect_url(&self, slug: &str) -> String {
        format!("{}/oauth/callback/{slug}", self.0.base_url)
    }

    /// Where the provider sends notices.
    pub fn webhook_url(&self, provider: &str) -> String {
        format!("{}/webhooks/{provider}", self.0.base_url)
    }

    /// Whether hosts of one's own, plain HTTP and the local network are allowed.
    pub fn allows_private_providers(&self) -> bool {
        self.0.allow_private
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn http(&self) -> &Http {
        &self.0.http
    }

    pub(crate) fn intakes(&self) -> &[Intake] {
        &self.0.intakes
    }

    /// The module's door for records of this kind that are written back.
    pub(crate) fn outlet(&self, what: What) -> Option<Outlet> {
        self.0.outlets.iter().find(|outlet| outlet.what == what).copied()
    }

    pub(crate) fn arrivals(&self) -> &Arrivals {
        &self.0.arrivals
    }

    pub(crate) fn rejections(&self) -> &Rejections {
        &self.0.rejections
    }

    /// Whose turn it is to work signals off.
    pub(crate) fn turns(&self) -> &Turns {
        &self.0.turns
    }

    /// The kind of object that brings landing records of this kind.
    pub(crate) fn object_of(&self, provider: &str, what: What) -> Option<Object> {
        self.0.by_what.get(provider)?.get(&what).copied()
    }

    /// Signs the statement of a receipt.
    pub(crate) fn sign_receipt(&self, statement: &str) -> Signed {
        self.0.vault.sign(purge::RECEIPT_PURPOSE, statement.as_bytes())
    }

    pub(crate) fn seal(&self, workspace: WorkspaceId, aad: &str, secret: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.vault.seal(workspace, aad, secret))
    }

    pub(crate) fn unseal(&self, workspace: WorkspaceId, aad: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.0.vault.unseal(workspace, aad, sealed)
    }

    /// Unseals a word of the connection.
    pub(crate) fn unseal_word(&self, connection: &Connection, what: &str, sealed: &[u8]) -> Result<Secret> {
        let word = self.unseal(connection.workspace_id, &connection.aad(what), sealed)?;
        let word = std::str::from_utf8(&word).map_err(|_| Error::internal("a sealed word is no text"))?;
        Ok(Secret::new(word))
    }

    /// The pacer that the connection's calls go through.
    pub(crate) fn pacer(&self, connection: &Connection) -> Result<Pacer> {
        Ok(self.0.pacers.of(&self.0.db, &*self.connector(&connection.provider)?, connection))
    }

    /// A line to the provider with the connection's token.
    ///
    /// # Errors
    /// A conflict when there is no token; an internal error when it cannot be unsealed.
    pub(crate) fn line(&self, connection: &Connection) -> Result<Line> {
        let sealed = connection.token.as_deref().ok_or_else(|| Error::conflict("not_connected", "There is no access. Connect first."))?;
        let token = self.unseal_word(connection, "token", sealed)?;
        self.line_with(connection, token)
    }

    /// A line to the provider with another token.
    pub(crate) fn line_with(&self, connection: &Connection, token: Secret) -> Result<Line> {
        let connector = self.connector(&connection.provider)?;
        let (pacer, halt) = (self.pacer(connection)?, self.0.halts.of(connection.id));
        let line = Line::new(connector, &connection.api_base, token, self.0.http.clone(), pacer, halt, self.0.db.clock().clone());
        Ok(line.sharing(self.0.shared.of(connection.id)))
    }

    /// Stops everything that works for the connection on this node.
    pub(crate) fn halt(&self, connection: ConnectionId) {
        self.0.halts.raise(connection);
        self.0.shared.forget(connection);
    }

    /// Whether open pages may be told of the connection now; bulk work asks before it tells them.
    pub(crate) fn may_touch(&self, connection: ConnectionId) -> bool {
        let mut touched = self.0.touched.lock().unwrap_or_else(PoisonError::into_inner);
        let due = touched.get(&connection).is_none_or(|at| at.elapsed() >= TOUCH_EVERY);
        if due {
            touched.insert(connection, Instant::now());
        }
        due
    }
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections").field("connectors", &self.0.connectors.keys()).finish_non_exhaustive()
    }
}
