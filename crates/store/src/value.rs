//! Values bound to a query, in the few types both databases share.

use std::mem::discriminant;

use atlas_kernel::{Id, Kind, Ref, Timestamp};
use uuid::Uuid;

/// One bound parameter; `None` is SQL's NULL of that type.
#[derive(Clone, Debug)]
pub enum Value {
    /// BOOLEAN.
    Bool(Option<bool>),
    /// BIGINT.
    Int(Option<i64>),
    /// DOUBLE PRECISION.
    Float(Option<f64>),
    /// TEXT; NUL characters are dropped, which PostgreSQL cannot keep.
    Text(Option<String>),
    /// UUID.
    Uuid(Option<Uuid>),
    /// TIMESTAMPTZ; whole microseconds since 1970 on SQLite.
    Time(Option<Timestamp>),
    /// JSONB; TEXT on SQLite.
    Json(Option<serde_json::Value>),
    /// BYTEA.
    Bytes(Option<Vec<u8>>),
    /// Several at once, made by [`Query::bind_list`](crate::Query::bind_list) and [`Insert`](crate::Insert): an array on PostgreSQL
    /// where all are of one type, otherwise a parameter each.
    List(Vec<Value>),
}

impl Value {
    /// Whether these can be one array: there are some, and all of one type.
    pub(crate) fn are_uniform<'a>(mut values: impl Iterator<Item = &'a Self>) -> bool {
        values.next().is_some_and(|first| values.all(|value| discriminant(value) == discriminant(first)))
    }
}

macro_rules! values {
    ($($from:ty => $variant:ident, |$v:ident| $map:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($v: $from) -> Self { Self::$variant(Some($map)) }
        }
        impl From<Option<$from>> for Value {
            fn from(v: Option<$from>) -> Self { Self::$variant(v.map(|$v| $map)) }
        }
    )*};
}

values! {
    bool => Bool, |v| v;
    i64 => Int, |v| v;
    i32 => Int, |v| i64::from(v);
    u32 => Int, |v| i64::from(v);
    usize => Int, |v| i64::try_from(v).unwrap_or(i64::MAX);
    f64 => Float, |v| v;
    String => Text, |v| without_nul(v);
    &str => Text, |v| without_nul(v.to_owned());
    &String => Text, |v| without_nul(v.clone());
    Uuid => Uuid, |v| v;
    Timestamp => Time, |v| v;
    serde_json::Value => Json, |v| without_nul_json(v);
    &serde_json::Value => Json, |v| without_nul_json(v.clone());
    Vec<u8> => Bytes, |v| v;
    &[u8] => Bytes, |v| v.to_vec();
    Ref => Text, |v| v.to_string();
    &Ref => Text, |v| v.to_string();
    jiff::civil::Date => Text, |v| v.to_string();
}

impl<K: Kind> From<Id<K>> for Value {
    fn from(id: Id<K>) -> Self {
        Self::Uuid(Some(id.uuid()))
    }
}
impl<K: Kind> From<Option<Id<K>>> for Value {
    fn from(id: Option<Id<K>>) -> Self {
        Self::Uuid(id.map(Id::uuid))
    }
}

/// An enumeration kept as a word; implemented by [`text_column!`](crate::text_column!).
pub trait TextColumn: Copy {
    /// The word stored.
    fn word(self) -> &'static str;
}

impl<T: TextColumn> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        Self::from(value.map(TextColumn::word))
    }
}

fn without_nul(mut text: String) -> String {
    if text.contains('\0') {
        text.retain(|c| c != '\0');
    }
    text
}

fn without_nul_json(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Json::String(text) => Json::String(without_nul(text)),
        Json::Array(items) => Json::Array(items.into_iter().map(without_nul_json).collect()),
        Json::Object(map) => Json::Object(map.into_iter().map(|(k, v)| (without_nul(k), without_nul_json(v))).collect()),
        other => other,
    }
}
