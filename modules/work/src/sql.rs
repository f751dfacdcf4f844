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

/// Lets an enumeration of words be bound to queries and read from columns.
macro_rules! kept_as_word {
    ($name:ty) => {
        impl From<$name> for atlas_store::Value {
            fn from(value: $name) -> Self {
                Self::from(value.as_str())
            }
        }
        impl atlas_store::Column for $name {
            fn read(row: &atlas_store::RawRowRef<'_>, index: usize) -> atlas_kernel::Result<Self> {
                <String as atlas_store::Column>::read(row, index)?.parse()
            }
        }
    };
}
pub(crate) use kept_as_word;
