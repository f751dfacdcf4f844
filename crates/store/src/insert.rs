//! Many rows in few statements.

use std::fmt::Write as _;

use atlas_kernel::Result;

use crate::row::Column;
use crate::{Executor, Query, Tx, Value, built_query};

/// Values in one statement, at most; SQLite takes 32,766 and PostgreSQL 65,535.
const MOST_VALUES: usize = 8_000;

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
        Self { table: table.to_owned(), columns: columns.to_owned(), tail, shape: None, width, values: vec![] }
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
        for statement in self.statements() {
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
        for statement in self.statements() {
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
        self.shape.is_some_and(|shape| other.concerns(shape))
    }

    /// Whether the rows read any table.
    pub(crate) fn reads_any(&self) -> bool {
        self.shape.is_some_and(|shape| shape.contains("SELECT"))
    }

    /// Takes over the rows of another one, if they can go together.
    pub(crate) fn absorb(&mut self, other: Self) -> Option<Self> {
        if (&self.table, &self.columns, self.tail, self.shape) != (&other.table, &other.columns, other.tail, other.shape) {
            return Some(other);
        }
        self.values.extend(other.values);
        None
    }

    /// Rows go in powers of two, so that a handful of prepared statements serves every number of them.
    pub(crate) fn statements(self) -> Vec<Query> {
        let Self { table, columns, tail, shape, width, values } = self;
        let mut left = values.len() / width;
        let mut values = values.into_iter();
        let most = prev_power_of_two(MOST_VALUES / width);
        let mut statements = vec![];
        while left > 0 {
            let rows = prev_power_of_two(left).min(most);
            left -= rows;
            let sql = format!("INSERT INTO {table} ({columns}) VALUES {} {tail}", places(rows, width, shape));
            statements.push(values.by_ref().take(rows * width).fold(built_query(sql), Query::bind));
        }
        statements
    }
}

fn prev_power_of_two(number: usize) -> usize {
    1 << number.max(1).ilog2()
}

fn places(rows: usize, width: usize, shape: Option<&str>) -> String {
    let plain = vec!["?"; width].join(",");
    let mut sql = String::new();
    let mut number = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for letter in shape.unwrap_or(&plain).chars() {
            if letter == '?' {
                number += 1;
                let _ = write!(sql, "${number}");
            } else {
                sql.push(letter);
            }
        }
        sql.push(')');
    }
    sql
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
        let statements = insert(7).statements();
        let rows: Vec<usize> = statements.iter().map(|q| q.values.len() / 2).collect();
        assert_eq!(rows, [4, 2, 1]);
        assert_eq!(statements[1].sql(), "INSERT INTO t (a, b) VALUES ($1,$2),($3,$4) ON CONFLICT DO NOTHING");
        assert!(insert(0).statements().is_empty());
    }

    #[test]
    fn rows_can_be_more_than_plain_values() {
        let mut insert = Insert::into("t", "a, b, c", "").shaped("?,lower(?),0");
        for n in 0..2 {
            insert.row().bind(n).bind("X");
        }
        assert_eq!(insert.statements()[0].sql(), "INSERT INTO t (a, b, c) VALUES ($1,lower($2),0),($3,lower($4),0) ");
    }

    #[test]
    fn no_statement_has_more_values_than_the_databases_take() {
        let statements = insert(20_000).statements();
        assert!(statements.iter().all(|q| q.values.len() <= MOST_VALUES));
        assert_eq!(statements.iter().map(|q| q.values.len()).sum::<usize>(), 40_000);
        let kinds: std::collections::BTreeSet<&str> = statements.iter().map(Query::sql).collect();
        assert!(kinds.len() <= 13, "{} different statements", kinds.len());
    }
}
