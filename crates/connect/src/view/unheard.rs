//! Notices that cannot or do not arrive: no secret to check them with, or a subscription that the provider seems to have ended.

use atlas_kernel::{Result, Timestamp};
use atlas_store::{Executor, query};
use jiff::SignedDuration;

use super::Attention;
use super::health::last_event;
use super::parts::explain;
use crate::Connector;
use crate::connection::Connection;

/// Providers switch a subscription off that failed for so long.
const SUSPENDED_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What keeps notices away, if anything does.
pub(crate) async fn unheard(
    on: &dyn Executor,
    connector: &Connector,
    connection: &Connection,
    now: Timestamp,
) -> Result<Option<Attention>> {
    if connector.webhook.is_none() || !connection.works() {
        return Ok(None);
    }
    let about = |code: &str, since: Option<Timestamp>| explain(connector, code, None, vec!["Notices".into()], since);
    if connection.client_secret.is_none() {
        return Ok(Some(about("webhook_secret_missing", None)));
    }
    let Some((last, _)) = last_event(on, connection).await? else { return Ok(None) };
    let silent = last.checked_add(SUSPENDED_AFTER).is_ok_and(|until| until < now);
    Ok(if silent && went_on(on, connection, last).await? { Some(about("webhook_quiet", Some(last))) } else { None })
}

/// Whether the provider changed something well after the last notice, as looking at it has shown.
async fn went_on(on: &dyn Executor, connection: &Connection, last: Timestamp) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM connect_versions WHERE workspace_id = $1 AND connection_id = $2 AND state = 'present' AND version > $3";
    let changed = query(sql).bind(connection.workspace_id).bind(connection.id).bind(last.as_second() + 3600).value::<i64>(on).await?;
    Ok(changed > 0)
}
