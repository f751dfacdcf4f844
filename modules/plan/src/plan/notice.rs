//! Notices: somebody is told only when another's doing changed something of their today, or work is late that was on time.

use atlas_kernel::{Actor, Error, Result, Timestamp, UserId, WorkspaceId, text_enum};
use atlas_planner::TaskId;
use atlas_store::{Executor, Insert, Tx, query};
use uuid::Uuid;

use super::{Body, Moved, store};
use crate::facts::{Facts, user_id};
use crate::{NoticeId, PLAN_WRITE};

text_enum! {
    /// Why somebody is told.
    pub enum NoticeKind {
        /// Something of today moved.
        Today = "today",
        /// What was on time is late.
        Late = "late",
    }
}
atlas_store::text_column!(NoticeKind);

/// So many are written by one change, and so many are shown.
const MOST: usize = 50;

/// Something somebody should know.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Whom.
    pub member: UserId,
    /// Which task.
    pub task: TaskId,
    /// Why.
    pub kind: NoticeKind,
    /// When.
    pub at: Timestamp,
    /// How it moved.
    pub moved: Moved,
}

/// Whom one task's move concerns.
pub fn of_move(task: TaskId, moved: &Moved, before: &Body, after: &Body, facts: &Facts) -> Vec<Notice> {
    let late = |body: &Body| body.place.as_ref().map_or(0, |place| place.late_minutes);
    let broke = late(before) == 0 && late(after) > 0;
    let day = |member: UserId, at: Timestamp| at.to_zoned(facts.zone(member)).date();
    let mut people: Vec<UserId> = [&before.place, &after.place].into_iter().flatten().map(|place| user_id(place.person)).collect();
    people.dedup();
    let ends = [moved.from, moved.to];
    let told = |member: &UserId| {
        let today = ends.iter().flatten().any(|(user, at)| user == member && day(*member, *at) == day(*member, moved.at));
        let kind = if broke { NoticeKind::Late } else { NoticeKind::Today };
        (broke || today).then(|| Notice { member: *member, task, kind, at: moved.at, moved: moved.clone() })
    };
    people.iter().filter_map(told).collect()
}

/// Writes notices to all but whoever caused them.
pub async fn put(tx: &Tx, actor: &Actor, notices: &[Notice]) -> Result<()> {
    let told: Vec<&Notice> = notices.iter().filter(|notice| actor.user != Some(notice.member)).take(MOST).collect();
    let mut put = Insert::into("plan_notices", "workspace_id, id, user_id, task_id, at, kind, moved", "");
    for notice in told {
        let moved = serde_json::to_value(&notice.moved).map_err(Error::internal)?;
        let row = put.row().bind(actor.workspace).bind(NoticeId::new(tx.now())).bind(notice.member).bind(store::row_id(notice.task));
        row.bind(notice.at).bind(notice.kind).bind(moved);
    }
    put.run(tx).await.map(|_| ())
}

/// What a member has not put away, newest first.
pub async fn of_member(on: &dyn Executor, workspace: WorkspaceId, member: UserId) -> Result<Vec<Notice>> {
    let rows: Vec<(Uuid, Timestamp, NoticeKind, serde_json::Value)> =
        query("SELECT task_id, at, kind, moved FROM plan_notices WHERE workspace_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT $3")
            .bind(workspace)
            .bind(member)
            .bind(MOST)
            .all(on)
            .await?;
    let notice = |(task, at, kind, moved): (Uuid, Timestamp, NoticeKind, serde_json::Value)| {
        Ok(Notice { member, task: TaskId(task.as_u128()), kind, at, moved: serde_json::from_value(moved).map_err(Error::internal)? })
    };
    rows.into_iter().map(notice).collect()
}

/// Puts a member's notices away.
///
/// # Errors
/// Denied; or whatever the database answers.
pub async fn put_away(tx: &Tx, actor: &Actor) -> Result<u64> {
    actor.may(&PLAN_WRITE)?;
    let gone = query("DELETE FROM plan_notices WHERE workspace_id = $1 AND user_id = $2").bind(actor.workspace).bind(actor.person()?);
    let gone = gone.run(tx).await?;
    tx.touch_topic(actor.workspace, "plan");
    Ok(gone)
}

/// Forgets notices older than this moment.
pub async fn forget_before(tx: &Tx, workspace: WorkspaceId, moment: Timestamp) -> Result<u64> {
    query("DELETE FROM plan_notices WHERE workspace_id = $1 AND at < $2").bind(workspace).bind(moment).run(tx).await
}
