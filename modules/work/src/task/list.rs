//! Lists of tasks: filters, orders, pages by key, groups by status, and their counts.

use atlas_kernel::{Cursor, Page, Ref, Result, Timestamp, UserId, WorkspaceId, foreign_cursor, text_enum};
use atlas_store::{Executor, Query, Value, built_query};
use jiff::civil::Date;

use super::store::{self, COLUMNS, TaskRow};
use super::{Priority, Status, Task};
use crate::ProjectId;

/// Who does the tasks of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// This member.
    To(UserId),
    /// Nobody.
    Nobody,
}

/// Which tasks a list has; empty parts do not narrow it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Standing in one of these.
    pub status: Vec<Status>,
    /// Of one of these priorities.
    pub priority: Vec<Priority>,
    /// Done by.
    pub assigned: Option<Assigned>,
    /// In this project.
    pub project: Option<ProjectId>,
    /// With this label, by name.
    pub label: Option<String>,
    /// Due on this day or before.
    pub due_before: Option<Date>,
    /// Due on this day or after.
    pub due_after: Option<Date>,
    /// Linked to this record, or to something that belongs to it.
    pub link: Option<Ref>,
    /// With all of these words, each a beginning or part, in key or title.
    pub q: Option<String>,
    /// Archived ones instead of current ones.
    pub archived: bool,
    /// Without those that were closed before this moment.
    pub closed_since: Option<Timestamp>,
}

text_enum! {
    /// The order of a list; a minus turns it round.
    pub enum Order {
        /// As people placed them.
        Position = "position",
        /// Soonest due first, undated last.
        Due = "due",
        /// Latest due first.
        DueDown = "-due",
        /// Least pressing first.
        Priority = "priority",
        /// Most pressing first.
        PriorityDown = "-priority",
        /// Oldest first.
        Created = "created",
        /// Newest first.
        CreatedDown = "-created",
        /// Longest untouched first.
        Updated = "updated",
        /// Just changed first.
        UpdatedDown = "-updated",
    }
}

impl Order {
    fn column(self) -> &'static str {
        match self {
            Self::Position => "t.position",
            Self::Due | Self::DueDown => "t.due_rank",
            Self::Priority | Self::PriorityDown => "t.priority",
            Self::Created | Self::CreatedDown => "t.created_at",
            Self::Updated | Self::UpdatedDown => "t.updated_at",
        }
    }

    fn is_down(self) -> bool {
        self.as_str().starts_with('-')
    }

    fn direction(self) -> &'static str {
        if self.is_down() { "DESC" } else { "ASC" }
    }

    /// The value of a row that its page continues after.
    fn key(self, row: &TaskRow) -> serde_json::Value {
        match self {
            Self::Position => row.position.clone().into(),
            Self::Due | Self::DueDown => row.due_rank.clone().into(),
            Self::Priority | Self::PriorityDown => row.priority.into(),
            Self::Created | Self::CreatedDown => row.created_at.as_microsecond().into(),
            Self::Updated | Self::UpdatedDown => row.updated_at.as_microsecond().into(),
        }
    }

    fn value(self, cursor: &Cursor) -> Result<Value> {
        let moment = |micros: i64| Timestamp::from_microsecond(micros).map_err(|_| foreign_cursor());
        Ok(match self {
            Self::Position | Self::Due | Self::DueDown => cursor.text(1)?.into(),
            Self::Priority | Self::PriorityDown => cursor.int(1)?.into(),
            _ => moment(cursor.int(1)?)?.into(),
        })
    }
}

/// Conditions with their values, growing together.
struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    fn of(workspace: WorkspaceId, filter: &Filter) -> Self {
        let mut these = Self { text: "t.workspace_id = $1".to_owned(), values: vec![workspace.into()] };
        these.text.push_str(if filter.archived { " AND t.archived_at IS NOT NULL" } else { " AND t.archived_at IS NULL" });
        these.any_of("t.status", filter.status.iter().map(|status| Value::from(*status)));
        these.any_of("t.priority", filter.priority.iter().map(|priority| Value::from(priority.rank())));
        these.also("t.project_id = ?", filter.project.map(Value::from));
        these.also("t.due_rank < ?", filter.due_before.map(|day| Value::from(format!("{day}U"))));
        these.also("t.due_rank >= ?", filter.due_after.map(|day| Value::from(day.to_string())));
        if filter.due_after.is_some() && filter.due_before.is_none() {
            these.text.push_str(" AND t.due_rank < '9999'");
        }
        these.also("(t.completed_at IS NULL OR t.completed_at >= ?)", filter.closed_since.map(Value::from));
        these.related(filter);
        let words = atlas_store::fold(filter.q.as_deref().unwrap_or_default());
        for word in words.split(' ').filter(|word| !word.is_empty()).take(12) {
            these.also("t.words LIKE ?", Some(Value::from(format!("%{word}%"))));
        }
        these
    }

    /// Conditions on what hangs on the task.
    fn related(&mut self, filter: &Filter) {
        const HAS: &str = "EXISTS (SELECT 1 FROM work_task_assignees a WHERE a.workspace_id = t.workspace_id AND a.task_id = t.id";
        match filter.assigned {
            Some(Assigned::To(user)) => self.also(&format!("{HAS} AND a.user_id = ?)"), Some(user.into())),
            Some(Assigned::Nobody) => self.text.push_str(&format!(" AND NOT {HAS})")),
            None => {}
        }
        let label = "EXISTS (SELECT 1 FROM work_task_labels x JOIN work_labels l ON l.workspace_id = x.workspace_id AND l.id = x.label_id \
             WHERE x.workspace_id = t.workspace_id AND x.task_id = t.id AND l.name_key = ?)";
        self.also(label, filter.label.as_ref().map(|name| Value::from(name.trim_start_matches('#').to_lowercase())));
        let link = "t.id IN (SELECT k.task_id FROM work_task_links k WHERE k.workspace_id = $1 AND k.record = ?)";
        self.also(link, filter.link.as_ref().map(Value::from));
    }

    fn also(&mut self, condition: &str, value: Option<Value>) {
        if let Some(value) = value {
            let place = self.place(value);
            self.text.push_str(" AND ");
            self.text.push_str(&condition.replace('?', &place));
        }
    }

    fn any_of(&mut self, column: &str, values: impl Iterator<Item = Value>) {
        let places: Vec<String> = values.map(|value| self.place(value)).collect();
        match places.as_slice() {
            [] => {}
            [only] => self.text.push_str(&format!(" AND {column} = {only}")),
            many => self.text.push_str(&format!(" AND {column} IN ({})", many.join(","))),
        }
    }

    fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn query(self, sql: String) -> Query {
        self.values.into_iter().fold(built_query(sql), Query::bind)
    }
}

/// A page of tasks.
///
/// # Errors
/// A field error for a cursor of another list; whatever the database answers.
pub async fn page(
    on: &dyn Executor,
    workspace: WorkspaceId,
    filter: &Filter,
    order: Order,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Task>> {
    let (sql, values) = page_sql(workspace, filter, order, limit, cursor)?;
    let rows: Vec<TaskRow> = values.into_iter().fold(built_query(sql), Query::bind).all(on).await?;
    let key = |row: &TaskRow| Cursor(vec![order.as_str().into(), order.key(row), row.id.to_string().into()]);
    let page = Page::from_rows(rows, limit, key);
    let tasks = page.data.into_iter().map(Task::from).collect();
    Ok(Page { data: store::complete(on, workspace, tasks).await?, next_cursor: page.next_cursor })
}

/// The query behind [`page`], apart so that a test can ask how the database runs it.
#[doc(hidden)]
pub fn page_sql(workspace: WorkspaceId, filter: &Filter, order: Order, limit: usize, cursor: Option<&str>) -> Result<(String, Vec<Value>)> {
    let mut conditions = Conditions::of(workspace, filter);
    let (column, direction) = (order.column(), order.direction());
    if let Some(text) = cursor {
        let cursor = Cursor::decode(text, 3)?;
        if cursor.text(0)? != order.as_str() {
            return Err(foreign_cursor());
        }
        let id: crate::TaskId = cursor.text(2)?.parse().map_err(|_| foreign_cursor())?;
        let (value, id) = (conditions.place(order.value(&cursor)?), conditions.place(id.into()));
        let sign = if order.is_down() { "<" } else { ">" };
        conditions.text.push_str(&format!(" AND ({column}, t.id) {sign} ({value}, {id})"));
    }
    let most = conditions.place((limit + 1).into());
    let sql = format!(
        "SELECT {COLUMNS} FROM work_tasks t WHERE {} ORDER BY {column} {direction}, t.id {direction} LIMIT {most}",
        conditions.text
    );
    Ok((sql, conditions.values))
}

/// Tasks that stand in one place.
#[derive(Clone, Debug)]
pub struct Group {
    /// Where.
    pub status: Status,
    /// The first of them, as people placed them.
    pub tasks: Vec<Task>,
    /// How many there are in all.
    pub count: i64,
    /// Minutes they are estimated at, together.
    pub minutes: i64,
}

atlas_store::row! {
    struct CountRow {
        status: Status,
        n: i64,
        minutes: i64,
    }
}

/// The first `each` tasks of each of these statuses with counts of all: five queries, however many groups.
///
/// # Errors
/// Whatever the database answers.
pub async fn groups(on: &dyn Executor, workspace: WorkspaceId, filter: &Filter, statuses: &[Status], each: usize) -> Result<Vec<Group>> {
    let wanted: Vec<Status> =
        statuses.iter().copied().filter(|status| filter.status.is_empty() || filter.status.contains(status)).collect();
    let filter = Filter { status: vec![], ..filter.clone() };
    let mut conditions = Conditions::of(workspace, &filter);
    let base = conditions.text.clone();
    let parts: Vec<String> = wanted
        .iter()
        .map(|status| {
            let place = conditions.place((*status).into());
            format!("SELECT * FROM (SELECT {COLUMNS} FROM work_tasks t WHERE {base} AND t.status = {place} ORDER BY t.position, t.id LIMIT {each}) part")
        })
        .collect();
    if parts.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<TaskRow> = conditions.query(parts.join(" UNION ALL ")).all(on).await?;
    let tasks = store::complete(on, workspace, rows.into_iter().map(Task::from).collect()).await?;
    let conditions = Conditions::of(workspace, &filter);
    let sql = format!(
        "SELECT t.status, COUNT(*) AS n, CAST(COALESCE(SUM(t.estimate_minutes), 0) AS BIGINT) AS minutes FROM work_tasks t WHERE {} GROUP BY t.status",
        conditions.text
    );
    let counts: Vec<CountRow> = conditions.query(sql).all(on).await?;
    let mut groups: Vec<Group> = wanted.into_iter().map(|status| Group { status, tasks: vec![], count: 0, minutes: 0 }).collect();
    for group in &mut groups {
        if let Some(row) = counts.iter().find(|row| row.status == group.status) {
            (group.count, group.minutes) = (row.n, row.minutes);
        }
    }
    for task in tasks {
        if let Some(group) = groups.iter_mut().find(|group| group.status == task.status) {
            group.tasks.push(task);
        }
    }
    for group in &mut groups {
        group.tasks.sort_by(|a, b| (&a.position, a.id).cmp(&(&b.position, b.id)));
    }
    Ok(groups)
}
