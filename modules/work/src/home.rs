//! What the home page says of work: what is due, and what waits for somebody.

use atlas_kernel::{Actor, Result, Timestamp};
use atlas_store::{Executor, query};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::TaskId;
use crate::task::{Status, Task, store};

/// The member's open tasks that are due, soonest first.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// Should have been done before today.
    pub overdue: Vec<Task>,
    /// To be done today.
    pub today: Vec<Task>,
    /// To be done in the six days after today.
    pub week: Vec<Task>,
}

impl Due {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.overdue.len() + self.today.len() + self.week.len()
    }
}

/// Each list of the home page has at most so many rows; the rest is a link away.
const MOST: usize = 50;

/// What is due for the member who asks: overdue, today, and in the week from today, where they are.
///
/// # Errors
/// Whatever the database answers.
pub async fn due_for(on: &dyn Executor, actor: &Actor, now: Timestamp) -> Result<Due> {
    let Some(user) = actor.user else { return Ok(Due::default()) };
    let today = now.to_zoned(actor.zone()).date();
    let end: Date = today.checked_add(7.days()).unwrap_or(Date::MAX);
    let ids: Vec<TaskId> = query(
        "SELECT t.id FROM work_task_assignees a JOIN work_tasks t ON t.workspace_id = a.workspace_id AND t.id = a.task_id \
         WHERE a.workspace_id = $1 AND a.user_id = $2 AND t.archived_at IS NULL AND t.completed_at IS NULL AND t.due_rank < $3 \
         ORDER BY t.due_rank, t.priority DESC, t.id LIMIT $4",
    )
    .bind(actor.workspace)
    .bind(user)
    .bind(end.to_string())
    .bind(MOST)
    .values(on)
    .await?;
    let mut due = Due::default();
    for task in in_order(on, actor, &ids).await? {
        match task.due {
            Some(day) if day < today => due.overdue.push(task),
            Some(day) if day == today => due.today.push(task),
            _ => due.week.push(task),
        }
    }
    Ok(due)
}

/// Open tasks that wait for somebody: in review, or to do and given to nobody. Most pressing first, newest first.
///
/// # Errors
/// Whatever the database answers.
pub async fn waiting(on: &dyn Executor, actor: &Actor, limit: usize) -> Result<Vec<Task>> {
    let ask = query(
        "SELECT t.id FROM work_tasks t WHERE t.workspace_id = $1 AND t.archived_at IS NULL AND (t.status = $2 OR (t.status IN ($3,$4) AND NOT EXISTS \
         (SELECT 1 FROM work_task_assignees a WHERE a.workspace_id = t.workspace_id AND a.task_id = t.id))) \
         ORDER BY t.priority DESC, t.id DESC LIMIT $5",
    );
    let ask = ask.bind(actor.workspace).bind(Status::InReview).bind(Status::Todo).bind(Status::InProgress).bind(limit);
    let ids: Vec<TaskId> = ask.values(on).await?;
    in_order(on, actor, &ids).await
}

async fn in_order(on: &dyn Executor, actor: &Actor, ids: &[TaskId]) -> Result<Vec<Task>> {
    let mut tasks = store::by_ids(on, actor.workspace, ids).await?;
    tasks.sort_by_key(|task| ids.iter().position(|id| *id == task.id));
    Ok(tasks)
}
