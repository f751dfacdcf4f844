//! When a better plan is looked for, and whether it is offered or taken by itself: one setting of the workspace.

use atlas_kernel::{Actor, Error, Result, Timestamp, WorkspaceId, text_enum};
use atlas_store::{Event, Executor, Tx, query, record_event};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::PLAN_ADMIN;

text_enum! {
    /// What is done with a better plan.
    pub enum Found {
        /// It is offered to whoever may take it.
        Offered = "offered",
        /// It is taken by itself.
        Taken = "taken",
    }
}
atlas_store::text_column!(Found);

/// When a better plan is looked for, and what is done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The hour of the day, 0 to 23; whenever it is quiet when none.
    pub hour: Option<u8>,
    /// By the clock of this time zone, such as `Europe/Dublin`.
    pub zone: String,
    /// What is done with it.
    pub found: Found,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { hour: None, zone: "UTC".into(), found: Found::Offered }
    }
}

impl Quiet {
    /// Checks what must hold of the setting.
    ///
    /// # Errors
    /// A field error on `hour` or `timeZone`.
    pub fn check(&self) -> Result<()> {
        if self.hour.is_some_and(|hour| hour > 23) {
            return Err(Error::field("hour", "invalid", "an hour from 0 to 23, or none"));
        }
        TimeZone::get(&self.zone).map_err(|_| Error::field("timeZone", "unknown", "a time zone such as Europe/Dublin"))?;
        Ok(())
    }

    /// Whether this is the time to look. An hour that the clocks skip is left out that day.
    pub fn is_time(&self, now: Timestamp) -> bool {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        self.hour.is_none_or(|hour| now.to_zoned(zone).hour().unsigned_abs() == hour)
    }

    /// `From 03:00 to 04:00 by the clock of Europe/Dublin, and taken by itself.`
    pub fn in_words(&self) -> String {
        let when = self.hour.map_or_else(
            || "Whenever it is quiet".to_owned(),
            |hour| format!("From {hour:02}:00 to {:02}:00 by the clock of {}", (hour + 1) % 24, self.zone),
        );
        match self.found {
            Found::Offered => format!("{when}, and offered."),
            Found::Taken => format!("{when}, and taken by itself."),
        }
    }
}

type Row = (Option<i64>, String, Found);

fn read((hour, zone, found): Row) -> Quiet {
    Quiet { hour: hour.and_then(|hour| u8::try_from(hour).ok()), zone, found }
}

/// The workspace's setting.
pub async fn of(on: &dyn Executor, workspace: WorkspaceId) -> Result<Quiet> {
    let row: Option<Row> = query("SELECT hour, zone, found FROM plan_quiet WHERE workspace_id = $1").bind(workspace).first(on).await?;
    Ok(row.map(read).unwrap_or_default())
}

/// The settings of all workspaces that have one.
pub(super) async fn all(on: &dyn Executor) -> Result<std::collections::HashMap<WorkspaceId, Quiet>> {
    let rows: Vec<(WorkspaceId, Option<i64>, String, Found)> =
        query("SELECT workspace_id, hour, zone, found FROM plan_quiet").all(on).await?;
    Ok(rows.into_iter().map(|(workspace, hour, zone, found)| (workspace, read((hour, zone, found)))).collect())
}

/// Sets when a better plan is looked for, and what is done with it.
///
/// # Errors
/// Field errors; denied but to admins; or whatever the database answers.
pub async fn set(tx: &Tx, actor: &Actor, quiet: &Quiet) -> Result<()> {
    actor.may(&PLAN_ADMIN)?;
    quiet.check()?;
    let put = "INSERT INTO plan_quiet (workspace_id, hour, zone, found) VALUES ($1,$2,$3,$4) \
         ON CONFLICT (workspace_id) DO UPDATE SET hour = excluded.hour, zone = excluded.zone, found = excluded.found";
    let put = query(put).bind(actor.workspace).bind(quiet.hour.map(i64::from)).bind(&quiet.zone).bind(quiet.found);
    put.run(tx).await?;
    if quiet.found == Found::Taken {
        // What stands as an offer is looked for anew, so that it is taken in its time; what was put away stays so.
        let stale = query("DELETE FROM plan_offers WHERE workspace_id = $1 AND dismissed = $2");
        stale.bind(actor.workspace).bind(false).run(tx).await?;
    }
    let data = json!({ "verb": "changed", "name": "when a better plan is looked for", "change": quiet.in_words() });
    record_event(tx, actor, Event::new(tx.now(), "plan.quiet_set", "plan", actor.workspace, data)).await?;
    tx.touch_topic(actor.workspace, "plan");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_that_of_the_named_clock() {
        let at = |text: &str| text.parse().unwrap();
        let quiet = |hour: Option<u8>, zone: &str| Quiet { hour, zone: zone.into(), ..Quiet::default() };
        assert!(quiet(None, "UTC").is_time(at("2026-11-24T14:00:00Z")));
        let auckland = quiet(Some(3), "Pacific/Auckland");
        assert!(!auckland.is_time(at("2026-11-24T03:30:00Z")));
        assert!(auckland.is_time(at("2026-11-24T14:00:00Z")) && auckland.is_time(at("2026-11-24T14:59:59Z")));
        assert!(!auckland.is_time(at("2026-11-24T15:00:00Z")));
        // By winter time it is an hour later.
        assert!(!auckland.is_time(at("2026-07-24T14:30:00Z")) && auckland.is_time(at("2026-07-24T15:30:00Z")));
        assert!(quiet(Some(24), "UTC").check().is_err() && quiet(Some(3), "Kestrel/Moon").check().is_err());
        assert_eq!(quiet(Some(23), "UTC").in_words(), "From 23:00 to 00:00 by the clock of UTC, and offered.");
    }
}
