//! Health figures: last event, deliveries, how far behind, and the last thirty days.

use atlas_kernel::{Result, Timestamp};
use atlas_store::{Executor, query};
use jiff::SignedDuration;
use serde::Serialize;

use crate::connection::Connection;
use crate::{Connections, signal, tally};

/// How a connection is doing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Health {
    /// When the last notice came in.
    pub last_event_at: Option<Timestamp>,
    /// Its topic.
    pub last_event_topic: Option<String>,
    /// Notices accepted within 24 hours.
    pub accepted: i64,
    /// Of those, how many the provider sent again.
    pub repeated: i64,
    /// Notices refused within 24 hours for want of a right signature.
    pub rejected: i64,
    /// Signals that wait to be worked off; what Atlas itself wants to see again is not among them.
    pub waiting: i64,
    /// Seconds that the oldest of them has waited: how far Atlas is behind the provider.
    pub behind_seconds: i64,
    /// Calls within 24 hours.
    pub calls: i64,
    /// Answers within 24 hours that said "too many".
    pub too_many: i64,
    /// The last thirty days, oldest first.
    pub days: Vec<DayHealth>,
}

/// How a day went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayTone {
    /// Nothing was recorded.
    None,
    /// All syncs ended well.
    Good,
    /// Some did not, or notices were refused.
    Mixed,
    /// None did.
    Bad,
}

/// One day of the strip.
#[derive(Clone, Debug, Serialize)]
pub struct DayHealth {
    /// The day, UTC.
    pub date: jiff::civil::Date,
    /// How it went.
    pub tone: DayTone,
    /// Syncs that ended well.
    pub syncs_ok: i64,
    /// Syncs that did not.
    pub syncs_failed: i64,
    /// Notices accepted.
    pub accepted: i64,
    /// Notices refused.
    pub rejected: i64,
}

impl Connections {
    /// The health figures of a connection.
    pub(crate) async fn health(&self, on: &dyn Executor, connection: &Connection) -> Result<Health> {
        let (workspace, id, now) = (connection.workspace_id, connection.id, self.db().clock().now());
        let ago = |hours| now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now);
        let sums = tally::sums(on, workspace, id, ago(23)).await?;
        let sum = |name: &str| sums.get(name).copied().unwrap_or(0);
        let backlog = signal::backlog(on, workspace, id).await?;
        let last = last_event(on, connection).await?;
        Ok(Health {
            last_event_at: last.as_ref().map(|(at, _)| *at),
            last_event_topic: last.map(|(_, topic)| topic),
            accepted: sum(tally::ACCEPTED),
            repeated: sum(tally::REPEATED),
            rejected: sum(tally::REJECTED) + self.rejections().waiting(&connection.provider),
            waiting: backlog.named,
            behind_seconds: backlog.oldest.map_or(0, |at| (now.as_second() - at.as_second()).max(0)),
            calls: sum(tally::CALLS),
            too_many: sum(tally::TOO_MANY),
            days: days(on, connection, now).await?,
        })
    }
}

/// When something last came in, and as what.
pub(crate) async fn last_event(on: &dyn Executor, connection: &Connection) -> Result<Option<(Timestamp, String)>> {
    query("SELECT last_at, topic FROM connect_topics WHERE workspace_id = $1 AND connection_id = $2 ORDER BY last_at DESC LIMIT 1")
        .bind(connection.workspace_id)
        .bind(connection.id)
        .first(on)
        .await
}

async fn days(on: &dyn Executor, connection: &Connection, now: Timestamp) -> Result<Vec<DayHealth>> {
    let today = now.as_second().div_euclid(86_400);
    let from = Timestamp::from_second((today - 29) * 86_400).unwrap_or(now);
    let hours = tally::by_hour(on, connection.workspace_id, connection.id, from).await?;
    let day = |number: i64| {
        let sum = |name: &str| {
            hours.iter().filter(|(hour, n, _)| hour.div_euclid(24) == number && n == name).map(|(_, _, count)| count).sum::<i64>()
        };
        let (ok, failed) = (sum(tally::SYNC_OK), sum(tally::SYNC_FAILED));
        let (accepted, rejected) = (sum(tally::ACCEPTED), sum(tally::REJECTED));
        let tone = match (ok, failed, accepted, rejected) {
            (0, 0, 0, 0) => DayTone::None,
            (0, 1.., _, _) => DayTone::Bad,
            (_, 1.., _, _) | (_, _, _, 1..) => DayTone::Mixed,
            _ => DayTone::Good,
        };
        let at = Timestamp::from_second(number * 86_400).unwrap_or(now);
        let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        DayHealth { date, tone, syncs_ok: ok, syncs_failed: failed, accepted, rejected }
    };
    Ok((today - 29..=today).map(day).collect())
}
