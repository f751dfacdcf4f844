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

/// What a query can run on: the database (reading) or a write transaction.
pub trait Executor: Send + Sync {
    /// Runs a query that answers rows.
    fn rows(&self, query: Query) -> BoxFuture<'_, Result<Vec<Row>>>;
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

    /// The same values with this SQL, for rows that are collected before their number is known.
    #[must_use]
    pub fn with_sql(mut self, sql: String) -> Self {
        self.sql = Cow::Owned(sql);
        self
    }

    /// All rows.
    ///
    /// # Errors
    /// Whatever the database answers, as a kernel error.
    pub async fn all<T: FromRow>(self, on: &dyn Executor) -> Result<Vec<T>> {
        on.rows(self).await?.iter().map(T::from_row).collect()
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
        on.rows(self).await?.iter().map(|row| row.at(0)).collect()
    }

    /// Runs a statement; answers how many rows it touched.
    ///
    /// # Errors
    /// Whatever the database answers, as a kernel error.
    pub async fn run(self, on: &dyn Executor) -> Result<u64> {
        on.execute(self).await
    }
}

macro_rules! bound {
    ($query:expr, $database:ty, $time:expr, $json:expr) => {{
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
        })
    }};
}

type Bound<DB> = sqlx::query::Query<'static, DB, <DB as sqlx::Database>::Arguments>;

pub(crate) fn for_sqlite(query: Query) -> Bound<sqlx::Sqlite> {
    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    let text = |json: Option<serde_json::Value>| json.map(|json| json.to_string());
    bound!(query, sqlx::Sqlite, micros, text)
}

pub(crate) fn for_postgres(query: Query) -> Bound<sqlx::Postgres> {
    let date_time = |time: Option<Timestamp>| time.and_then(|t| chrono::DateTime::from_timestamp_micros(t.as_microsecond()));
    bound!(query, sqlx::Postgres, date_time, |json: Option<serde_json::Value>| json)
}
