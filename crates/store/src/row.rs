//! Rows: columns read by name into the types of the kernel, the same on both databases.

use atlas_kernel::{Error, Id, Kind, Ref, Result, Timestamp};
use futures::TryStreamExt;
use futures::stream::BoxStream;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, ValueRef as _};
use uuid::Uuid;

use crate::Take;
use crate::error::database_error;

/// One row of an answer.
pub struct Row(pub(crate) RawRow);

pub(crate) enum RawRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self(RawRow::Sqlite(row))
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self(RawRow::Postgres(row))
    }
}

/// Hands over the rows of an answer as they come.
pub(crate) async fn hand_over<R: Into<Row>>(mut rows: BoxStream<'_, std::result::Result<R, sqlx::Error>>, take: Take<'_>) -> Result<()> {
    while let Some(row) = rows.try_next().await.map_err(database_error)? {
        take(row.into())?;
    }
    Ok(())
}

/// A type that a column can be read as.
pub trait Column: Sized + Send {
    #[doc(hidden)]
    fn read(row: &RawRowRef<'_>, index: usize) -> Result<Self>;
}

#[doc(hidden)]
pub struct RawRowRef<'r>(&'r RawRow);

/// A type that a whole row can be read as; made by [`row!`](crate::row!) for structs.
pub trait FromRow: Sized + Send {
    /// Reads the row.
    ///
    /// # Errors
    /// An internal error when a column is missing or of another type.
    fn from_row(row: &Row) -> Result<Self>;
}

impl Row {
    /// The column called `name`.
    ///
    /// # Errors
    /// An internal error when there is no such column or it is of another type.
    pub fn get<T: Column>(&self, name: &str) -> Result<T> {
        let index = match &self.0 {
            RawRow::Sqlite(row) => row.try_column_index(name),
            RawRow::Postgres(row) => row.try_column_index(name),
        };
        let index = index.map_err(|e| Error::internal(format!("column {name}: {e}")))?;
        self.at(index).map_err(|e| Error::internal(format!("column {name}: {e}")))
    }

    /// The column at `index`, from 0.
    ///
    /// # Errors
    /// An internal error when it is missing or of another type.
    pub fn at<T: Column>(&self, index: usize) -> Result<T> {
        T::read(&RawRowRef(&self.0), index)
    }
}

trait ColumnIndex {
    fn try_column_index(&self, name: &str) -> std::result::Result<usize, sqlx::Error>;
}
impl ColumnIndex for SqliteRow {
    fn try_column_index(&self, name: &str) -> std::result::Result<usize, sqlx::Error> {
        sqlx::ColumnIndex::<SqliteRow>::index(&name, self)
    }
}
impl ColumnIndex for PgRow {
    fn try_column_index(&self, name: &str) -> std::result::Result<usize, sqlx::Error> {
        sqlx::ColumnIndex::<PgRow>::index(&name, self)
    }
}

macro_rules! native {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            fn read(row: &RawRowRef<'_>, index: usize) -> Result<Self> {
                match row.0 {
                    RawRow::Sqlite(row) => row.try_get(index).map_err(Error::internal),
                    RawRow::Postgres(row) => row.try_get(index).map_err(Error::internal),
                }
            }
        }
    )*};
}
native!(bool, i64, f64, String, Uuid, Vec<u8>);

impl Column for Timestamp {
    fn read(row: &RawRowRef<'_>, index: usize) -> Result<Self> {
        let micros = match row.0 {
            RawRow::Sqlite(row) => row.try_get::<i64, _>(index).map_err(Error::internal)?,
            RawRow::Postgres(row) => row.try_get::<chrono::DateTime<chrono::Utc>, _>(index).map_err(Error::internal)?.timestamp_micros(),
        };
        Timestamp::from_microsecond(micros).map_err(Error::internal)
    }
}

impl Column for serde_json::Value {
    fn read(row: &RawRowRef<'_>, index: usize) -> Result<Self> {
        match row.0 {
            RawRow::Sqlite(row) => {
                let text: &str = row.try_get(index).map_err(Error::internal)?;
                serde_json::from_str(text).map_err(Error::internal)
            }
            RawRow::Postgres(row) => row.try_get(index).map_err(Error::internal),
        }
    }
}

/// A column of JSON read straight into a type, without a [`serde_json::Value`] in between.
#[derive(Clone, Debug)]
pub struct JsonAs<T>(pub T);

impl<T: DeserializeOwned + Send + 'static> Column for JsonAs<T> {
    fn read(row: &RawRowRef<'_>, index: usize) -> Result<Self> {
        let value = match row.0 {
            RawRow::Sqlite(row) => {
                let text: &str = row.try_get(index).map_err(Error::internal)?;
                serde_json::from_str(text).map_err(Error::internal)?
            }
            RawRow::Postgres(row) => row.try_get::<sqlx::types::Json<T>, _>(index).map_err(Error::internal)?.0,
        };
        Ok(Self(value))
    }
}

impl<K: Kind> Column for Id<K> {
    fn read(row: &RawRowRef<'_>, index: usize) -> Result<Self> {
        Uuid::read(row, index).map(Id::from_uuid)
    }
}

impl Column for Ref {
    fn read(row: &RawRowRef<'_>, index: usize) -> Result<Self> {
        String::read(row, index)?.parse().map_err(Error::internal)
    }
}

impl Column for jiff::civil::Date {
    fn read(row: &RawRowRef<'_>, index: usize) -> Result<Self> {
        String::read(row, index)?.parse().map_err(Error::internal)
    }
}

impl<T: Column> Column for Option<T> {
    fn read(row: &RawRowRef<'_>, index: usize) -> Result<Self> {
        let null = match row.0 {
            RawRow::Sqlite(row) => row.try_get_raw(index).map_err(Error::internal)?.is_null(),
            RawRow::Postgres(row) => row.try_get_raw(index).map_err(Error::internal)?.is_null(),
        };
        if null { Ok(None) } else { T::read(row, index).map(Some) }
    }
}

macro_rules! tuples {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Column),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> Result<Self> { Ok(($(row.at::<$name>($index)?,)+)) }
        }
    };
}
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);

/// Declares a struct whose fields are read from the columns of the same names.
///
/// Enumerations kept as text are read once [`text_column!`](crate::text_column!) knows them.
#[macro_export]
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[doc = $doc:literal])* $fvis:vis $field:ident : $ty:ty,)* }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[doc = $doc])* $fvis $field: $ty,)* }
        impl $crate::FromRow for $name {
            fn from_row(row: &$crate::Row) -> ::atlas_kernel::Result<Self> {
                Ok(Self { $($field: row.get(stringify!($field))?,)* })
            }
        }
    };
}

/// Lets an enumeration made by `atlas_kernel::text_enum!` be bound to queries and read from columns.
///
/// Used in the crate that declares the enumeration: `store::text_column!(Status, Priority);`
#[macro_export]
macro_rules! text_column {
    ($($name:ty),* $(,)?) => {$(
        impl ::std::convert::From<$name> for $crate::Value {
            fn from(value: $name) -> Self { $crate::Value::from(value.as_str()) }
        }
        impl $crate::TextColumn for $name {
            fn word(self) -> &'static str { self.as_str() }
        }
        impl $crate::Column for $name {
            fn read(row: &$crate::RawRowRef<'_>, index: usize) -> ::atlas_kernel::Result<Self> {
                <::std::string::String as $crate::Column>::read(row, index)?.parse()
            }
        }
    )*};
}
