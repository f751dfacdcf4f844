//! Many rows in few statements.
//!
//! On PostgreSQL the rows are an array for each column, so that one prepared statement serves every number of them; on SQLite they are
//! spelled out. An [`Insert`] writes rows; one made by [`Insert::change`] hands rows to a statement that changes others by them.

use atlas_kernel::Result;

use crate::row::Column;
use crate::{Dialect, Executor, Query, Tx, Value, built_query};

/// Values in one statement that spells them out, at most; SQLite takes 32,766 and PostgreSQL 65,535.
const MOST_VALUES: usize = 8_000;
/// Rows in one statement that takes arrays, at most.
const MOST_ROWS: usize = 4_000;

/// An INSERT of as many rows as there are.
///
/// ```
/// # use atlas_store::Insert;
/// let mut insert = Insert::into("colours", "name, warm", "ON CONFLICT DO NOTHING");
/// for (name, warm) in [("red", true), ("blue", false)] {
///     insert.row().bind(name).bind(warm);
/// }
/// assert_eq!(insert.len(), 2);
/// ```
#[derive(Debug)]
pub struct Insert {
    table: String,
    columns: String,
    tail: &'static str,
    /// What stands for a row, with `?` for each value; plain values when there is none.
    shape: Option<&'static str>,
    /// The statement that reads the rows, when they are not inserted as they are.
    change: Option<&'static str>,
    width: usize,
    values: Vec<Value>,
}

/// The cells of a row, from left to right.
#[derive(Debug)]
pub struct Cells<'a>(&'a mut Vec<Value>);

impl Cells<'_> {
    /// The next cell.
    #[allow(clippy::return_self_not_must_use, reason = "the cell is in the row whether or not another one follows")]
    pub fn bind(self, value: impl Into<Value>) -> Self {
        self.0.push(value.into());
        self
    }
}

impl Insert {
    /// Rows for these columns of a table; `tail` is what comes after them, such as `ON CONFLICT DO NOTHING`.
    ///
    /// With `DO UPDATE` no two of the rows may be the same one: PostgreSQL refuses that.
    pub fn into(table: &str, columns: &str, tail: &'static str) -> Self {
        let width = columns.split(',').count();
        Self { table: table.to_owned(), columns: columns.to_owned(), tail, shape: None, change: None, width, values: vec![] }
    }

    /// Rows by which a statement changes those of a table; it reads them as `said`, whose columns these are. Several of them may be
    /// about the same row of the table: the statement decides between them.
    ///
    /// ```
    /// # use atlas_store::Insert;
    /// let sql = "UPDATE colours SET seen = s.seen FROM (SELECT name, MAX(seen) AS seen FROM said GROUP BY name) s WHERE colours.name = s.name";
    /// let mut change = Insert::change("colours", "name, seen", sql);
    /// change.row().bind("red").bind(3);
    /// change.row().bind("red").bind(5);
    /// assert_eq!(change.len(), 2);
    /// ```
    pub fn change(table: &str, columns: &str, statement: &'static str) -> Self {
        Self { change: Some(statement), ..Self::into(table, columns, "") }
    }

    /// Writes each row as this, in which every `?` is the next bound value, such as `?, lower(?)`.
    #[must_use]
    pub fn shaped(mut self, shape: &'static str) -> Self {
        self.width = shape.matches('?').count();
        self.shape = Some(shape);
        self
    }

    /// Begins a row; each of its columns is bound in order.
    pub fn row(&mut self) -> Cells<'_> {
        debug_assert_eq!(self.values.len() % self.width, 0, "the row before has as many cells as there are columns");
        Cells(&mut self.values)
    }

    /// Goes on with the row that was begun last.
    pub(crate) fn rest(&mut self) -> Cells<'_> {
        Cells(&mut self.values)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Inserts the rows; answers how many were touched.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn run(self, on: &dyn Executor) -> Result<u64> {
        let mut touched = 0;
        for statement in self.statements(on.dialect()) {
            touched += statement.run(on).await?;
        }
        Ok(touched)
    }

    /// Inserts the rows; answers the first column of what `RETURNING` names, for those that were inserted.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn values<T: Column>(self, on: &dyn Executor) -> Result<Vec<T>> {
        let mut found = vec![];
        for statement in self.statements(on.dialect()) {
            found.extend(statement.values::<T>(on).await?);
        }
        Ok(found)
    }

    /// Inserts the rows when the transaction commits, or before any statement that names their table: those of many calls
    /// with the same columns and tail go together.
    ///
    /// An error shows there and not here. What holds for the rows of one insert holds for all that go together.
    pub fn later(self, tx: &Tx) {
        if !self.is_empty() {
            tx.put_by(self);
        }
    }

    /// Whether a statement may read or write this table; rather too often than not.
    pub(crate) fn concerns(&self, sql: &str) -> bool {
        sql.contains(&self.table)
    }

    /// Whether the rows of this one read those of another, such as to find their numbers.
    pub(crate) fn reads(&self, other: &Self) -> bool {
        self.shape.or(self.change).is_some_and(|sql| other.concerns(sql))
    }

    /// Whether the rows read any table, or change what others insert.
    pub(crate) fn reads_any(&self) -> bool {
        self.change.is_some() || self.shape.is_some_and(|shape| shape.contains("SELECT"))
    }

    /// Takes over the rows of another one, if they can go together.
    pub(crate) fn absorb(&mut self, other: Self) -> Option<Self> {
        let kind = |insert: &Self| (insert.tail, insert.shape, insert.change);
        if (&self.table, &self.columns, kind(self)) != (&other.table, &other.columns, kind(&other)) {
            return Some(other);
        }
        self.values.extend(other.values);
        None
    }

    /// The statements that write the rows.
    pub(crate) fn statements(self, dialect: Dialect) -> Vec<Query> {
        let column = |n: usize| self.values.iter().skip(n).step_by(self.width);
        let as_arrays = dialect == Dialect::Postgres && (0..self.width).all(|n| Value::are_uniform(column(n)));
        if as_arrays { self.arrays() } else { self.spelled() }
    }

    /// An array for each column.
    fn arrays(self) -> Vec<Query> {
        let Self { table, columns, tail, shape, change, width, values } = self;
        let params: Vec<String> = (1..=width).map(|n| format!("${n}")).collect();
        let names: Vec<String> = (1..=width).map(|n| format!("c{n}")).collect();
        let rows = format!("FROM UNNEST({}) AS u({})", params.join(","), names.join(","));
        let mut left = names.iter().cloned();
        let cells = shape.map_or_else(|| names.join(","), |shape| filled(shape, || left.next().unwrap_or_default()));
        let sql = match change {
            Some(change) => format!("WITH said ({columns}) AS (SELECT {cells} {rows}) {change}"),
            None => format!("INSERT INTO {table} ({columns}) SELECT {cells} {rows} {tail}"),
        };
        let mut statements = vec![];
        let mut values = values.into_iter().peekable();
        while values.peek().is_some() {
            let mut arrays: Vec<Vec<Value>> = vec![vec![]; width];
            for (n, value) in values.by_ref().take(MOST_ROWS * width).enumerate() {
                arrays[n % width].push(value);
            }
            statements.push(arrays.into_iter().fold(built_query(sql.clone()), |query, array| query.bind(Value::List(array))));
        }
        statements
    }

    /// Rows in powers of two, so that a handful of prepared statements serves every number of them.
    fn spelled(self) -> Vec<Query> {
        let Self { table, columns, tail, shape, change, width, values } = self;
        let mut left = values.len() / width;
        let mut values = values.into_iter();
        let most = prev_power_of_two(MOST_VALUES / width);
        let mut statements = vec![];
        while left > 0 {
            let rows = prev_power_of_two(left).min(most);
            left -= rows;
            let places = places(rows, width, shape);
            let sql = match change {
                Some(change) => format!("WITH said ({columns}) AS (VALUES {places}) {change}"),
                None => format!("INSERT INTO {table} ({columns}) VALUES {places} {tail}"),
            };
            statements.push(values.by_ref().take(rows * width).fold(built_query(sql), Query::bind));
        }
        statements
    }
}

/// A row's shape with these in the places of its `?`.
fn filled(shape: &str, mut with: impl FnMut() -> String) -> String {
    let mut pieces = shape.split('?');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + &with() + piece)
}

fn prev_power_of_two(number: usize) -> usize {
    1 << number.max(1).ilog2()
}

fn places(rows: usize, width: usize, shape: Option<&str>) -> String {
    let plain = vec!["?"; width].join(",");
    let mut number = 0;
    let mut place = || {
        number += 1;
        format!("${number}")
    };
    let rows: Vec<String> = (0..rows).map(|_| format!("({})", filled(shape.unwrap_or(&plain), &mut place))).collect();
    rows.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(rows: usize) -> Insert {
        let mut insert = Insert::into("t", "a, b", "ON CONFLICT DO NOTHING");
        for n in 0..rows {
            insert.row().bind(n).bind("x");
        }
        insert
    }

    #[test]
    fn rows_go_in_powers_of_two() {
        let statements = insert(7).statements(Dialect::Sqlite);
        let rows: Vec<usize> = statements.iter().map(|q| q.values.len() / 2).collect();
        assert_eq!(rows, [4, 2, 1]);
        assert_eq!(statements[1].sql(), "INSERT INTO t (a, b) VALUES ($1,$2),($3,$4) ON CONFLICT DO NOTHING");
        assert!(insert(0).statements(Dialect::Sqlite).is_empty());
    }

    #[test]
    fn rows_can_be_read_by_a_statement() {
        let mut change = Insert::change("t", "a, b", "UPDATE t SET b = said.b FROM said WHERE t.a = said.a");
        change.row().bind(1).bind("x");
        assert_eq!(
            change.statements(Dialect::Sqlite)[0].sql(),
            "WITH said (a, b) AS (VALUES ($1,$2)) UPDATE t SET b = said.b FROM said WHERE t.a = said.a"
        );
    }

    #[test]
    fn rows_can_be_more_than_plain_values() {
        let mut insert = Insert::into("t", "a, b, c", "").shaped("?,lower(?),0");
        for n in 0..2 {
            insert.row().bind(n).bind("X");
        }
        assert_eq!(insert.statements(Dialect::Sqlite)[0].sql(), "INSERT INTO t (a, b, c) VALUES ($1,lower($2),0),($3,lower($4),0) ");
    }

    #[test]
    fn arrays_have_one_text_for_every_number_of_rows() {
        let texts: std::collections::BTreeSet<String> =
            (1..50).flat_map(|rows| insert(rows).statements(Dialect::Postgres)).map(|query| query.sql().to_owned()).collect();
        assert_eq!(texts.len(), 1, "{texts:?}");
        let text = texts.first().unwrap();
        assert_eq!(text, "INSERT INTO t (a, b) SELECT c1,c2 FROM UNNEST($1,$2) AS u(c1,c2) ON CONFLICT DO NOTHING");
        assert_eq!(insert(9_000).statements(Dialect::Postgres).len(), 3);

        let mut shaped = Insert::into("t", "a, b, c", "").shaped("?,lower(?),0");
        shaped.row().bind(1).bind("X");
        let text = "INSERT INTO t (a, b, c) SELECT c1,lower(c2),0 FROM UNNEST($1,$2) AS u(c1,c2) ";
        assert_eq!(shaped.statements(Dialect::Postgres)[0].sql(), text);

        let mut mixed = Insert::into("t", "a", "");
        mixed.row().bind(1);
        mixed.row().bind("x");
        assert_eq!(mixed.statements(Dialect::Postgres)[0].sql(), "INSERT INTO t (a) VALUES ($1),($2) ");
    }

    #[test]
    fn no_statement_has_more_values_than_the_databases_take() {
        let statements = insert(20_000).statements(Dialect::Sqlite);
        assert!(statements.iter().all(|q| q.values.len() <= MOST_VALUES));
        assert_eq!(statements.iter().map(|q| q.values.len()).sum::<usize>(), 40_000);
        let kinds: std::collections::BTreeSet<&str> = statements.iter().map(Query::sql).collect();
        assert!(kinds.len() <= 13, "{} different statements", kinds.len());
    }
}
