//! Lists: conditions put together, pages by key in both directions, never by offset.

use atlas_kernel::{Cursor, Error, Result, Timestamp, UserId, WorkspaceId, foreign_cursor};
use atlas_store::{Executor, FromRow, Value, built_query};
use serde_json::Value as Json;

use crate::contact::Status;

/// Searching shows the best of these many.
const MOST_FOUND: usize = 500;
/// A tag or company with more records than this is filtered along the list's order instead of being sorted.
const FEW: i64 = 2_000;
/// Counting stops here.
pub(crate) const MOST_COUNTED: usize = 1_000;

/// Which page of a list to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// The first.
    #[default]
    First,
    /// The one after this cursor.
    After(String),
    /// The one before this cursor.
    Before(String),
}

impl Turn {
    /// The page that an address with these two cursors means; at most one of them is not empty.
    pub(crate) fn of(after: &str, before: &str) -> Self {
        match (after, before) {
            ("", "") => Self::First,
            ("", before) => Self::Before(before.to_owned()),
            (after, _) => Self::After(after.to_owned()),
        }
    }
}

/// One page, with the cursors to turn to its neighbours.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// The rows in the list's order.
    pub rows: Vec<T>,
    /// Cursor of the page before; none on the first.
    pub before: Option<String>,
    /// Cursor of the page after; none on the last.
    pub after: Option<String>,
}

/// An order of a list: a column that an index has, and its direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// The word in URLs, without the minus that turns it round.
    pub name: &'static str,
    /// The column with its table's letter.
    pub column: &'static str,
    /// What the column holds.
    pub holds: Holds,
    /// Greatest first.
    pub descending: bool,
}

/// What a sort column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Int,
    Time,
}

impl Order {
    /// The order a URL's word means, such as `-updated`.
    ///
    /// # Errors
    /// A field error naming the orders there are.
    pub(crate) fn read(text: &str, orders: &[Order]) -> Result<Self> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
        let found = orders.iter().find(|order| order.name == name);
        let order = found.ok_or_else(|| {
            let names: Vec<&str> = orders.iter().map(|o| o.name).collect();
            Error::field("sort", "unknown", format!("one of {}, with - in front for the reverse", names.join(", ")))
        })?;
        Ok(Self { descending, ..*order })
    }

    fn label(&self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.name)
    }
}

/// The order that a list is asked for in: `usual` unless said.
///
/// # Errors
/// A field error on the order or the number of rows.
pub(crate) fn read_order(sort: &str, usual: &str, limit: usize, orders: &[Order]) -> Result<Order> {
    if !(1..=200).contains(&limit) {
        return Err(Error::field("limit", "out_of_range", "between 1 and 200 rows a page"));
    }
    Order::read(if sort.is_empty() { usual } else { sort }, orders)
}

/// A table that links records to something else.
#[derive(Clone, Copy)]
pub(crate) struct Links {
    /// The table.
    pub table: &'static str,
    /// Its column with the record.
    pub record: &'static str,
    /// Its column with what the record is linked to.
    pub column: &'static str,
}

/// The tags of all kinds of records.
pub(crate) const TAGGED: Links = Links { table: "record_tags", record: "record_id", column: "tag_id" };

/// What every record is sorted by besides its name.
pub(crate) struct Moments {
    pub created: Timestamp,
    pub updated: Timestamp,
    pub activity: Timestamp,
}

impl Order {
    /// The sort key of a record; `name` for orders that are not by time.
    pub(crate) fn key(&self, moments: &Moments, name: &str) -> Key {
        match self.name {
            "created" => Key::Time(moments.created),
            "updated" => Key::Time(moments.updated),
            "activity" => Key::Time(moments.activity),
            _ => Key::Text(name.to_owned()),
        }
    }
}

/// A value that a row is sorted by.
pub(crate) enum Key {
    Text(String),
    Int(i64),
    Time(Timestamp),
}

/// The conditions of a list query with their values; `$1` is the workspace.
#[derive(Clone)]
pub(crate) struct Conditions {
    table: &'static str,
    workspace: WorkspaceId,
    parts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// Conditions on the table with letter `table`, beginning with the workspace.
    pub(crate) fn new(table: &'static str, workspace: WorkspaceId) -> Self {
        Self { table, workspace, parts: vec![format!("{table}.workspace_id = $1")], values: vec![workspace.into()] }
    }

    /// Adds that records are put away, or that they are not, and who looks after them; the inner `None` means nobody does.
    pub(crate) fn kept(&mut self, archived: bool, owner: Option<Option<UserId>>) {
        let table = self.table;
        self.and(&format!("{table}.status ="), if archived { Status::Archived } else { Status::Active }, "");
        match owner {
            Some(Some(owner)) => self.and(&format!("{table}.owner_id ="), owner, ""),
            Some(None) => self.also(format!("{table}.owner_id IS NULL")),
            None => {}
        }
    }

    /// Adds what a search finds; archived records are not in the index and are found by the names folded in `key`.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(crate) async fn found(&mut self, on: &dyn Executor, words: Option<&str>, kind: &str, archived: bool, key: &str) -> Result<()> {
        let words = words.map(atlas_store::fold).unwrap_or_default();
        if words.is_empty() {
            return Ok(());
        }
        let table = self.table;
        if archived {
            self.and(&format!("{table}.{key} LIKE"), format!("%{words}%"), "");
            return Ok(());
        }
        let hits = atlas_store::search(on, self.workspace, &words, &[kind], MOST_FOUND).await?;
        self.any_of(&format!("{table}.id"), hits.iter().map(|hit| hit.record.uuid()));
        Ok(())
    }

    /// Adds that a record is linked to `value` by a table of links. With few links the database starts from them and sorts;
    /// with many it walks the order's index and looks each record up.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(crate) async fn linked(&mut self, on: &dyn Executor, links: Links, value: impl Into<Value>) -> Result<()> {
        let (Links { table, record, column }, value) = (links, value.into());
        let of = format!("{table} t WHERE t.workspace_id = $1 AND t.{column} =");
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {of} $2 LIMIT {}) counted", FEW + 1);
        let links: i64 = built_query(sql).bind(self.workspace).bind(value.clone()).value(on).await?;
        let id = format!("{}.id", self.table);
        let before = match links <= FEW {
            true => format!("{id} IN (SELECT t.{record} FROM {of}"),
            false => format!("EXISTS (SELECT 1 FROM {table} t WHERE t.workspace_id = $1 AND t.{record} = {id} AND t.{column} ="),
        };
        self.and(&before, value, ")");
        Ok(())
    }

    /// Binds a value and answers its place.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Adds `before` followed by the bound value and `after`.
    pub(crate) fn and(&mut self, before: &str, value: impl Into<Value>, after: &str) {
        let place = self.bind(value);
        self.parts.push(format!("{before} {place}{after}"));
    }

    /// Adds a condition that binds nothing.
    pub(crate) fn also(&mut self, condition: impl Into<String>) {
        self.parts.push(condition.into());
    }

    /// Adds that `column` is one of these; with none, nothing matches.
    pub(crate) fn any_of<V: Into<Value>>(&mut self, column: &str, values: impl IntoIterator<Item = V>) {
        let places: Vec<String> = values.into_iter().map(|value| self.bind(value)).collect();
        let condition = if places.is_empty() { "1 = 0".to_owned() } else { format!("{column} IN ({})", places.join(",")) };
        self.parts.push(condition);
    }

    fn text(&self) -> String {
        self.parts.join(" AND ")
    }

    /// How many rows match, counted no further than `most`.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(crate) async fn count(&self, on: &dyn Executor, from: &str, most: usize) -> Result<i64> {
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {from} WHERE {} LIMIT {most}) counted", self.text());
        self.values.iter().cloned().fold(built_query(sql), atlas_store::Query::bind).value(on).await
    }

    /// The SQL of one page and its values.
    pub(crate) fn page_sql(
        mut self,
        columns: &str,
        from: &str,
        id: &str,
        order: Order,
        turn: &Turn,
        limit: usize,
    ) -> Result<(String, Vec<Value>)> {
        let backwards = matches!(turn, Turn::Before(_));
        let falling = order.descending != backwards;
        if let Turn::After(text) | Turn::Before(text) = turn {
            let (key, uuid) = read_cursor(text, order)?;
            let (key, uuid) = (self.bind(key), self.bind(uuid));
            let sign = if falling { "<" } else { ">" };
            self.parts.push(format!("({}, {id}) {sign} ({key}, {uuid})", order.column));
        }
        let way = if falling { "DESC" } else { "ASC" };
        let sql =
            format!("SELECT {columns} FROM {from} WHERE {} ORDER BY {} {way}, {id} {way} LIMIT {}", self.text(), order.column, limit + 1);
        Ok((sql, self.values))
    }
}

/// Reads one page; `key` answers a row's sort key and id.
///
/// # Errors
/// A field error for a cursor of another list; whatever the database answers.
pub(crate) async fn read_page<T: FromRow>(
    on: &dyn Executor,
    query: (String, Vec<Value>),
    order: Order,
    turn: &Turn,
    limit: usize,
    key: impl Fn(&T) -> (Key, String),
) -> Result<Slice<T>> {
    let (sql, values) = query;
    let mut rows: Vec<T> = values.into_iter().fold(built_query(sql), atlas_store::Query::bind).all(on).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let cursor = |row: Option<&T>| row.map(|row| write_cursor(order, key(row)));
    let (has_before, has_after) = match turn {
        Turn::First => (false, more),
        Turn::After(_) => (true, more),
        Turn::Before(_) => {
            rows.reverse();
            (more, true)
        }
    };
    let before = if has_before { cursor(rows.first()) } else { None };
    let after = if has_after { cursor(rows.last()) } else { None };
    Ok(Slice { rows, before, after })
}

fn write_cursor(order: Order, (key, id): (Key, String)) -> String {
    let key: Json = match key {
        Key::Text(text) => text.into(),
        Key::Int(number) => number.into(),
        Key::Time(at) => at.as_microsecond().into(),
    };
    Cursor(vec![order.label().into(), key, id.into()]).encode()
}

fn read_cursor(text: &str, order: Order) -> Result<(Value, Value)> {
    let cursor = Cursor::decode(text, 3)?;
    if cursor.text(0)? != order.label() {
        return Err(foreign_cursor());
    }
    let key = match order.holds {
        Holds::Text => cursor.text(1)?.into(),
        Holds::Int => cursor.int(1)?.into(),
        Holds::Time => Timestamp::from_microsecond(cursor.int(1)?).map_err(|_| foreign_cursor())?.into(),
    };
    let id: atlas_kernel::Ref = cursor.text(2)?.parse().map_err(|_| foreign_cursor())?;
    Ok((key, id.uuid().into()))
}
