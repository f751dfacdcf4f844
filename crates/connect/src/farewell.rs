//! Farewells: telling the provider that a connection has ended, with a sealed copy of the token kept only for that.

use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, NewJob, Outcome, enqueue};
use atlas_kernel::{ConnectionId, Error, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Tx, query};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::connection::{Connection, Secret};
use crate::http::Outgoing;
use crate::{Connections, FailureClass, Request, activity};

atlas_kernel::kinds! {
    /// A provider to be told that a connection has ended.
    Farewell = "bye", FarewellId;
}

/// The kind of job that tells it.
pub(crate) const JOB: &str = "connect.farewell";
/// After this long the copy of the token is destroyed, told or not.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What the job is told.
#[derive(Serialize, Deserialize)]
pub(crate) struct FarewellJob {
    farewell: FarewellId,
    /// The connection that ended; absent in jobs of older versions.
    #[serde(default)]
    connection: Option<ConnectionId>,
}

atlas_store::row! {
    struct FarewellRow {
        id: FarewellId,
        workspace_id: WorkspaceId,
        connection_id: ConnectionId,
        provider: String,
        api_base: String,
        token: Vec<u8>,
        until_at: Timestamp,
    }
}

fn aad(id: FarewellId) -> String {
    format!("farewell:{id}")
}

/// Moves the token out of the connection into a farewell; answers whether there was one.
pub(crate) async fn prepare(conns: &Connections, tx: &Tx, connection: &Connection) -> Result<bool> {
    let Some(sealed) = connection.token.as_deref() else { return Ok(false) };
    let token = conns.unseal_word(connection, "token", sealed)?;
    let id = FarewellId::new(tx.now());
    let sealed = conns.seal(connection.workspace_id, &aad(id), token.expose().as_bytes())?;
    query("INSERT INTO connect_farewells (workspace_id, id, connection_id, provider, api_base, token, until_at) VALUES ($1,$2,$3,$4,$5,$6,$7)")
        .bind(connection.workspace_id)
        .bind(id)
        .bind(connection.id)
        .bind(&connection.provider)
        .bind(&connection.api_base)
        .bind(sealed)
        .bind(tx.now().checked_add(KEPT).unwrap_or(tx.now()))
        .run(tx)
        .await?;
    enqueue(
        tx,
        NewJob::new(connection.workspace_id, JOB, FarewellJob { farewell: id, connection: Some(connection.id) }).priority(5).attempts(40),
    )
    .await?;
    Ok(true)
}

/// Whether a connection's provider still has to be told.
pub(crate) async fn pending(on: &dyn Executor, connection: &Connection) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM connect_farewells WHERE workspace_id = $1 AND connection_id = $2";
    Ok(query(sql).bind(connection.workspace_id).bind(connection.id).value::<i64>(on).await? > 0)
}

/// Calls farewells off when the connection works again: an uninstall now would end the new access too.
pub(crate) async fn call_off(tx: &Tx, connection: &Connection) -> Result<()> {
    let sql = "DELETE FROM connect_farewells WHERE workspace_id = $1 AND connection_id = $2";
    query(sql).bind(connection.workspace_id).bind(connection.id).run(tx).await.map(|_| ())
}

/// Tells the provider; tried again within a minute at first, for a day at most.
pub(crate) async fn work(conns: Connections, ctx: JobCtx, job: FarewellJob) -> Result<Outcome, JobError> {
    let sql = "SELECT id, workspace_id, connection_id, provider, api_base, token, until_at FROM connect_farewells WHERE workspace_id = $1 AND id = $2";
    let row: Option<FarewellRow> = query(sql).bind(ctx.workspace).bind(job.farewell).first(&ctx.db).await?;
    let Some(row) = row else { return Ok(Outcome::Done) };
    if row.until_at <= ctx.db.clock().now() {
        end(&ctx, &row, activity::Level::Warning, "The provider could not be told for a day. Remove the app there by hand").await?;
        return Ok(Outcome::Done);
    }
    let connector = conns.connector(&row.provider)?;
    let Some(path) = connector.oauth.uninstall_path else { return Ok(Outcome::Done) };
    let token = conns.unseal(row.workspace_id, &aad(row.id), &row.token)?;
    let token = Secret::new(std::str::from_utf8(&token).map_err(Error::internal)?);
    let request = Request { method: "POST".into(), path: path.into(), body: None };
    let call = Outgoing { base: &row.api_base, request: &request, token: Some(&token), headers: connector.headers, form: None };
    let told = match conns.http().send(call).await {
        Ok(reply) if reply.is_success() => Ok("The provider has removed the app and its access"),
        Ok(reply) => match (connector.classify)(&reply.to_answer()).class {
            FailureClass::Auth | FailureClass::Gone => Ok("The provider had removed the access before"),
            _ => Err(format!("status_{}", reply.status)),
        },
        Err(lost) => Err(lost.code().to_owned()),
    };
    match told {
        Ok(detail) => {
            end(&ctx, &row, activity::Level::Ok, detail).await?;
            Ok(Outcome::Done)
        }
        Err(code) => {
            let wait = Duration::from_secs((5_u64 << ctx.attempt.min(9)).min(1800));
            Err(JobError::retry_after(Error::internal(format!("the provider could not be told: {code}")), wait))
        }
    }
}

async fn end(ctx: &JobCtx, row: &FarewellRow, level: activity::Level, detail: &str) -> Result<()> {
    ctx.db
        .write(|tx| async move {
            ctx.fence(&tx).await?;
            let sql = "DELETE FROM connect_farewells WHERE workspace_id = $1 AND id = $2";
            query(sql).bind(row.workspace_id).bind(row.id).run(&tx).await?;
            activity::note(&tx, row.workspace_id, row.connection_id, level, "connection.farewell", detail).await?;
            tx.touch(row.workspace_id, &row.connection_id.to_ref());
            Ok(())
        })
        .await
}

/// Destroys copies of tokens that have been kept for a day.
pub(crate) async fn sweep(tx: &Tx) -> Result<u64> {
    query("DELETE FROM connect_farewells WHERE until_at <= $1").bind(tx.now()).run(tx).await
}
