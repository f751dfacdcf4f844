//! A query: SQL with `$1…$n` for both databases, bound values, and the ways to run it.

use std::borrow::Cow;

use atlas_kernel::{Error, Result, Timestamp};
use futures::future::BoxFuture;

use crate::row::{Column, FromRow, Row};
use crate::{Dialect, Value};

/// SQL text with its bound values.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
}

/// A query from constant SQL.
pub fn query(sql: &'static str) -> Query {
    Query { sql: Cow::Borrowed(sql), values: Vec::new() }
}

/// A query whose SQL was put together by code; never from input, which is bound instead.
pub fn built_query(sql: String) -> Query {
    Query { sql: Cow::Owned(sql), values: Vec::new() }
}

/// What is done with each row of an answer; an error ends the reading.
pub type Take<'a> = &'a mut (dyn FnMut(Row) -> Result<()> + Send);

/// What a query can run on: the database (reading) or a write transaction.
pub trait Executor: Send + Sync {
    /// Runs a query and hands over its rows one by one: what the database's driver keeps of a row is gone before the next.
    fn each<'a>(&'a self, query: Query, take: Take<'a>) -> BoxFuture<'a, Result<()>>;
    /// Runs a query that answers rows.
    fn rows(&self, query: Query) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(async move {
            let mut rows = vec![];
            self.each(query, &mut |row| {
                rows.push(row);
                Ok(())
            })
            .await?;
            Ok(rows)
        })
    }
    /// Runs a statement and answers how many rows it touched.
    fn execute(&self, query: Query) -> BoxFuture<'_, Result<u64>>;
    /// Which database is behind.
    fn dialect(&self) -> Dialect;
}

impl Query {
    /// The SQL text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Binds the next parameter.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds these values at the text's next `IN ({list})`; no value is equal to any of none. Nothing else is bound after it.
    ///
    /// One text serves every number of them on PostgreSQL, where they are an array, and few texts do on SQLite, where the last one is
    /// repeated up to a power of two: so the database keeps them prepared.
    #[must_use]
    pub fn bind_list<T: Into<Value>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        self.values.push(Value::List(values.into_iter().map(Into::into).collect()));
        self
    }

    /// All rows.
    ///
    /// # Errors
    /// Whatever the database answers, as a kernel error.
    pub async fn all<T: FromRow>(self, on: &dyn Executor) -> Result<Vec<T>> {
        let mut all = vec![];
        on.each(self, &mut |row| {
            all.push(T::from_row(&row)?);
            Ok(())
        })
        .await?;
        Ok(all)
    }

    /// The first row, if any.
    ///
    /// # Errors
    /// Whatever the database answers, as a kernel error.
    pub async fn first<T: FromRow>(self, on: &dyn Executor) -> Result<Option<T>> {
        on.rows(self).await?.first().map(T::from_row).transpose()
    }

    /// The first column of the only row, such as a count.
    ///
    /// # Errors
    /// Whatever the database answers; an internal error when there is no row.
    pub async fn value<T: Column>(self, on: &dyn Executor) -> Result<T> {
        let rows = on.rows(self).await?;
        let row = rows.first().ok_or_else(|| Error::internal("a query for one value answered no row"))?;
        row.at(0)
    }

    /// The first column of every row.
    ///
    /// # Errors
    /// Whatever the database answers, as a kernel error.
    pub async fn values<T: Column>(self, on: &dyn Executor) -> Result<Vec<T>> {
        let mut values = vec![];
        on.each(self, &mut |row| {
            values.push(row.at(0)?);
            Ok(())
        })
        .await?;
        Ok(values)
    }

    /// Runs a statement; answers how many rows it touched.
    ///
    /// # Errors
    /// Whatever the database answers, as a kernel error.
    pub async fn run(self, on: &dyn Executor) -> Result<u64> {
        on.execute(self).await
    }
}

impl Query {
    /// Spells out the lists for a database.
    fn spelled(mut self, dialect: Dialect) -> Self {
        if !self.values.iter().any(|value| matches!(value, Value::List(_))) {
            return self;
        }
        let mut values = Vec::with_capacity(self.values.len());
        for value in std::mem::take(&mut self.values) {
            match value {
                // In an insert's text the array has its place already.
                Value::List(items) if dialect == Dialect::Postgres && Value::are_uniform(items.iter()) => {
                    let place = format!("= ANY(${})", values.len() + 1);
                    self.sql = Cow::Owned(self.sql.replacen("IN ({list})", &place, 1));
                    values.push(Value::List(items));
                }
                Value::List(mut items) => {
                    let last = items.last().cloned();
                    let padded = if items.is_empty() { 0 } else { items.len().next_power_of_two() };
                    items.extend(last.into_iter().cycle().take(padded - items.len()));
                    let places: Vec<String> = (values.len()..values.len() + padded).map(|n| format!("${}", n + 1)).collect();
                    let list = if places.is_empty() { "NULL".to_owned() } else { places.join(",") };
                    self.sql = Cow::Owned(self.sql.replacen("{list}", &list, 1));
                    values.extend(items);
                }
                value => values.push(value),
            }
        }
        Self { values, ..self }
    }
}

macro_rules! bound {
    ($query:expr, $database:ty, $time:expr, $json:expr, $list:expr) => {{
        let query = $query;
        let text = match query.sql {
            Cow::Borrowed(sql) => sqlx::SqlSafeStr::into_sql_str(sql),
            Cow::Owned(sql) => sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(sql)),
        };
        query.values.into_iter().fold(sqlx::query::<$database>(text), |q, value| match value {
            Value::Bool(v) => q.bind(v),
            Value::Int(v) => q.bind(v),
            Value::Float(v) => q.bind(v),
            Value::Text(v) => q.bind(v),
            Value::Uuid(v) => q.bind(v),
            Value::Bytes(v) => q.bind(v),
            Value::Time(v) => q.bind($time(v)),
            Value::Json(v) => q.bind($json(v)),
            Value::List(v) => $list(q, v),
        })
    }};
}

type Bound<DB> = sqlx::query::Query<'static, DB, <DB as sqlx::Database>::Arguments>;

pub(crate) fn for_sqlite(query: Query) -> Bound<sqlx::Sqlite> {
    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    let text = |json: Option<serde_json::Value>| json.map(|json| json.to_string());
    bound!(query.spelled(Dialect::Sqlite), sqlx::Sqlite, micros, text, |q, _: Vec<Value>| q)
}

pub(crate) fn for_postgres(query: Query) -> Bound<sqlx::Postgres> {
    bound!(query.spelled(Dialect::Postgres), sqlx::Postgres, date_time, |json: Option<serde_json::Value>| json, array)
}

fn date_time(time: Option<Timestamp>) -> Option<chrono::DateTime<chrono::Utc>> {
    time.and_then(|t| chrono::DateTime::from_timestamp_micros(t.as_microsecond()))
}

/// Binds values of one type as an array.
fn array(query: Bound<sqlx::Postgres>, items: Vec<Value>) -> Bound<sqlx::Postgres> {
    macro_rules! bind {
        ($variant:ident) => {
            bind!($variant, |v| v)
        };
        ($variant:ident, $map:expr) => {{
            let of_type = |item| if let Value::$variant(v) = item { $map(v) } else { None };
            query.bind(items.into_iter().map(of_type).collect::<Vec<_>>())
        }};
    }
    match items.first() {
        Some(Value::Bool(_)) => bind!(Bool),
        Some(Value::Int(_)) => bind!(Int),
        Some(Value::Float(_)) => bind!(Float),
        Some(Value::Uuid(_)) => bind!(Uuid),
        Some(Value::Bytes(_)) => bind!(Bytes),
        Some(Value::Time(_)) => bind!(Time, date_time),
        Some(Value::Json(_)) => bind!(Json),
        Some(Value::Text(_) | Value::List(_)) | None => bind!(Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(query: Query, dialect: Dialect) -> (String, usize) {
        let query = query.spelled(dialect);
        (query.sql.into_owned(), query.values.len())
    }

    #[test]
    fn a_list_is_an_array_or_a_power_of_two_of_values() {
        let ask = |count: i64| query("SELECT 1 WHERE $1 AND n IN ({list})").bind(true).bind_list(0..count);
        assert_eq!(spelled(ask(3), Dialect::Postgres), ("SELECT 1 WHERE $1 AND n = ANY($2)".to_owned(), 2));
        assert_eq!(spelled(ask(3), Dialect::Sqlite), ("SELECT 1 WHERE $1 AND n IN ($2,$3,$4,$5)".to_owned(), 5));
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            assert_eq!(spelled(ask(0), dialect), ("SELECT 1 WHERE $1 AND n IN (NULL)".to_owned(), 1));
        }
        let texts: std::collections::BTreeSet<String> = (1..200).map(|count| spelled(ask(count), Dialect::Sqlite).0).collect();
        assert_eq!(texts.len(), 9, "1, 2, 4 … 256");
    }

    #[test]
    fn values_of_two_types_are_a_parameter_each() {
        let mixed = query("SELECT 1 WHERE n IN ({list})").bind_list([Value::from(1_i64), Value::from("x")]);
        assert_eq!(spelled(mixed, Dialect::Postgres), ("SELECT 1 WHERE n IN ($1,$2)".to_owned(), 2));
    }
}
