//! Small pieces of SQL text that several tables need.

use atlas_store::{Query, Value};

/// `$from,$from+1…`: places for `count` bound values.
pub fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(",")
}

/// Binds each of the values in turn.
pub fn bind_all<V: Into<Value>>(query: Query, values: impl IntoIterator<Item = V>) -> Query {
    values.into_iter().fold(query, Query::bind)
}
