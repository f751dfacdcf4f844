//! Diagnostics: what somebody who helps needs to know of a connection, in one file without a secret or a customer's word.

use atlas_jobs::{DeadJob, dead_letters};
use atlas_kernel::{Actor, Error, JobId, Result, Timestamp};
use atlas_store::{Dialect, Executor, query};
use schemars::JsonSchema;
use serde::Serialize;

use crate::connection::{CONNECTIONS_READ, CONNECTIONS_WRITE, by_slug};
use crate::{BatchView, ConnectionView, Connections, FieldView, Gauge, LogLine, NoticeView, SyncView, signal};

/// Lines of each log in the file.
const LINES: usize = 200;
/// The jobs of connections have kinds that begin like this.
const JOBS: &str = "connect.";

/// A job of connections that no try could finish.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionDeadLetter {
    /// The job.
    pub id: JobId,
    /// What it did, such as `connect.sync`.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it was given up.
    pub given_up_at: Timestamp,
}

impl From<DeadJob> for ConnectionDeadLetter {
    fn from(job: DeadJob) -> Self {
        Self { id: job.id, kind: job.kind, attempts: job.attempts, error: job.last_error, given_up_at: job.updated_at }
    }
}

/// Everything about a connection that is no secret and no customer's word.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ConnectionDiagnostics")]
pub struct Diagnostics {
    /// When the file was made.
    pub made_at: Timestamp,
    /// Atlas's version.
    pub atlas_version: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// The connection as the REST interface shows it; the client id is left out.
    pub connection: ConnectionView,
    /// How the present window is used on this node.
    pub gauge: Option<Gauge>,
    /// Which way each field goes.
    pub fields: Vec<FieldView>,
    /// The newest syncs.
    pub syncs: Vec<SyncView>,
    /// The newest lines of the log.
    pub events: Vec<LogLine>,
    /// The newest notices.
    pub notices: Vec<NoticeView>,
    /// The newest batches of writes.
    pub batches: Vec<BatchView>,
    /// Jobs of connections that no try could finish.
    pub dead_letters: Vec<ConnectionDeadLetter>,
    /// Objects that wait to be looked at.
    pub signals_waiting: i64,
    /// Rows in the raw log.
    pub raw_entries: i64,
}

impl Connections {
    /// The connection's jobs that no try could finish, newest first.
    ///
    /// # Errors
    /// Denied; not found for an unknown provider; whatever the database answers.
    pub async fn dead_letters(&self, actor: &Actor, slug: &str) -> Result<Vec<ConnectionDeadLetter>> {
        actor.may(&CONNECTIONS_READ)?;
        self.connector(slug)?;
        let Some(connection) = by_slug(self.db(), actor.workspace, slug).await? else { return Ok(vec![]) };
        let id = connection.id.to_string();
        let all = dead_letters(self.db(), actor.workspace).await?;
        let mine = |job: &DeadJob| job.kind.starts_with(JOBS) && job.payload["connection"] == *id;
        Ok(all.into_iter().filter(mine).map(ConnectionDeadLetter::from).collect())
    }

    /// Lets a dead letter of the connection run again at once.
    ///
    /// # Errors
    /// Denied; not found; a conflict when the same work is waiting already.
    pub async fn retry_dead_letter(&self, actor: &Actor, slug: &str, id: JobId) -> Result<()> {
        actor.may(&CONNECTIONS_WRITE)?;
        if !self.dead_letters(actor, slug).await?.iter().any(|job| job.id == id) {
            return Err(Error::NotFound("dead letter"));
        }
        self.db().write(|tx| async move { atlas_jobs::retry_dead(&tx, actor, id).await }).await
    }

    /// What somebody who helps needs to know.
    ///
    /// # Errors
    /// Denied; not found while no credentials were ever stored.
    pub async fn diagnostics(&self, actor: &Actor, slug: &str) -> Result<Diagnostics> {
        actor.may(&CONNECTIONS_WRITE)?;
        let connection = by_slug(self.db(), actor.workspace, slug).await?.ok_or(Error::NotFound("connection"))?;
        let (workspace, id) = (connection.workspace_id, connection.id);
        let view = self.show(actor, slug).await?;
        let raw = query("SELECT COUNT(*) FROM connect_raw WHERE workspace_id = $1 AND connection_id = $2").bind(workspace).bind(id);
        Ok(Diagnostics {
            made_at: self.db().clock().now(),
            atlas_version: env!("CARGO_PKG_VERSION").to_owned(),
            database: match self.db().dialect() {
                Dialect::Sqlite => "sqlite",
                Dialect::Postgres => "postgres",
            }
            .to_owned(),
            connection: ConnectionView { client_id: None, ..view },
            gauge: self.pacer(&connection).ok().map(|pacer| pacer.gauge()),
            fields: self.fields(actor, slug).await?,
            syncs: self.syncs(actor, slug, LINES, None).await?.data,
            events: self.events(actor, slug, None, LINES, None).await?.data,
            notices: self.notices(actor, slug, LINES, None).await?.data,
            batches: self.batches(actor, slug).await?,
            dead_letters: self.dead_letters(actor, slug).await?,
            signals_waiting: signal::backlog(self.db(), workspace, id).await?.all(),
            raw_entries: raw.value(self.db()).await?,
        })
    }
}
