//! Ids: time-ordered, and prefixed so that an id says what it names (`task_01J…`).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering as AtomicOrdering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::Timestamp;

/// What an [`Id`] names.
pub trait Kind: Send + Sync + 'static {
    /// The word before the underscore.
    const PREFIX: &'static str;
}

/// The id of one record of kind `K`: a version 7 UUID, written as `prefix_` and 26 base-32 characters.
pub struct Id<K: Kind>(Uuid, PhantomData<fn() -> K>);

impl<K: Kind> Id<K> {
    /// A new id that sorts by `now`.
    pub fn new(now: Timestamp) -> Self {
        Self::from_uuid(time_ordered(now))
    }

    /// The id with these bytes.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bytes, as databases keep them.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The same id without its static kind.
    pub fn to_ref(self) -> Ref {
        Ref { kind: K::PREFIX.to_owned(), id: self.0 }
    }
}

/// Counts the ids of this process, so that ids of one millisecond sort in the order they were made.
static MADE: AtomicU32 = AtomicU32::new(0);

/// A version 7 UUID (RFC 9562, section 6.2, method 1): the milliseconds, then a 32-bit counter, then random bits.
fn time_ordered(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let count = MADE.fetch_add(1, AtomicOrdering::Relaxed);
    let mut rest: [u8; 10] = crate::random_bytes();
    // Version and variant overwrite the upper four bits of byte 0 and the upper two of byte 2.
    rest[0] = (count >> 28) as u8;
    rest[1] = (count >> 20) as u8;
    rest[2] = ((count >> 14) & 0x3f) as u8;
    rest[3] = (count >> 6) as u8;
    rest[4] = ((count << 2) as u8) | (rest[4] & 0x03);
    uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

/// An id whose kind is known only at run time, such as what a task links to.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ref {
    kind: String,
    id: Uuid,
}

impl Ref {
    /// The reference made of a kind's prefix and its bytes.
    pub fn new(kind: &str, id: Uuid) -> Self {
        Self { kind: kind.to_owned(), id }
    }

    /// The prefix: which kind of record this is.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The bytes, as databases keep them.
    pub fn uuid(&self) -> Uuid {
        self.id
    }

    /// This reference as an id of kind `K`, when it is one.
    pub fn as_id<K: Kind>(&self) -> Option<Id<K>> {
        (self.kind == K::PREFIX).then(|| Id::from_uuid(self.id))
    }
}

/// Text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of kind {expected}")]
pub struct ParseIdError {
    expected: &'static str,
}

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn write_base32(id: Uuid, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let bits = id.as_u128();
    for shift in (0..26).rev() {
        let digit = ((bits >> (shift * 5)) & 31) as usize;
        write!(f, "{}", ALPHABET[digit] as char)?;
    }
    Ok(())
}

fn parse_base32(text: &str) -> Option<Uuid> {
    if text.len() != 26 {
        return None;
    }
    let mut bits: u128 = 0;
    for (place, byte) in text.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|a| *a == byte.to_ascii_uppercase())? as u128;
        if place == 0 && digit > 7 {
            return None;
        }
        bits = (bits << 5) | digit;
    }
    Some(Uuid::from_u128(bits))
}

impl FromStr for Ref {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = ParseIdError { expected: "any record" };
        let (kind, rest) = text.rsplit_once('_').ok_or_else(|| error.clone())?;
        if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err(error);
        }
        let id = parse_base32(rest).ok_or(error)?;
        Ok(Ref::new(kind, id))
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = ParseIdError { expected: K::PREFIX };
        let rest = text.strip_prefix(K::PREFIX).and_then(|t| t.strip_prefix('_'));
        rest.and_then(parse_base32).map(Self::from_uuid).ok_or(error)
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_", self.kind)?;
        write_base32(self.id, f)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_", K::PREFIX)?;
        write_base32(self.0, f)
    }
}

impl fmt::Debug for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Kind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K: Kind> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K: Kind> From<Id<K>> for Ref {
    fn from(id: Id<K>) -> Self {
        id.to_ref()
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
impl Serialize for Ref {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Ref {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<K: Kind> schemars::JsonSchema for Id<K> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}Id", K::PREFIX).into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let pattern = format!("^{}_[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{{25}}$", K::PREFIX);
        schemars::json_schema!({ "type": "string", "pattern": pattern })
    }
}

impl schemars::JsonSchema for Ref {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RecordRef".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[a-z_]+_[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$" })
    }
}

/// Declares record kinds and their id types: `kinds! { /// doc  Task = "task", TaskId; }`.
#[macro_export]
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $prefix:literal, $id:ident;)*) => {$(
        #[doc(hidden)]
        pub struct $kind;
        impl $crate::Kind for $kind { const PREFIX: &'static str = $prefix; }
        $(#[$doc])*
        pub type $id = $crate::Id<$kind>;
    )*};
}
pub(crate) use kinds;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TokenId, UserId};

    #[test]
    fn ids_round_trip_and_sort_by_time() {
        let early = UserId::new(Timestamp::from_millisecond(1_000).unwrap());
        let late = UserId::new(Timestamp::from_millisecond(2_000).unwrap());
        assert!(early < late && early.to_string() < late.to_string());
        let same: Vec<UserId> = (0..5_000).map(|_| UserId::new(Timestamp::UNIX_EPOCH)).collect();
        assert!(same.is_sorted(), "ids of one millisecond keep their order");
        assert_eq!(early.to_string().parse::<UserId>().unwrap(), early);
        assert_eq!(early.to_string().to_lowercase().parse::<UserId>().unwrap(), early);
        assert_eq!(early.to_string().parse::<Ref>().unwrap().as_id(), Some(early));
    }

    #[test]
    fn wrong_kinds_and_garbage_are_refused() {
        let id = UserId::new(Timestamp::UNIX_EPOCH).to_string();
        assert!(id.parse::<TokenId>().is_err());
        for bad in ["", "user_", "user_0", "_01", "user_ZZZZZZZZZZZZZZZZZZZZZZZZZZ", "user_é0000000000000000000000000"] {
            assert!(bad.parse::<UserId>().is_err(), "{bad}");
            assert!(bad.parse::<Ref>().is_err(), "{bad}");
        }
    }
}
