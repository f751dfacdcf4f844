//! A field of a PATCH body: absent, null or a value.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

/// What a PATCH says of a field that may be empty; declare it with `#[serde(default)]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Patch<T> {
    /// The field is absent: leave it as it is.
    #[default]
    Keep,
    /// The field is null: empty it.
    Clear,
    /// The field has a value: set it.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the field is left as it is.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The new content of the field, if it is to change: `Some(None)` empties it.
    pub fn into_change(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }

    /// What the field holds afterwards.
    pub fn over(self, before: Option<T>) -> Option<T> {
        self.into_change().unwrap_or(before)
    }

    /// Changes `field` as said.
    pub fn apply(self, field: &mut Option<T>) {
        if let Some(change) = self.into_change() {
            *field = change;
        }
    }

    /// The same with the value turned into something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(f(value)),
        }
    }

    /// The same with the value turned into something else, which can fail.
    ///
    /// # Errors
    /// What `f` answers.
    pub fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(f(value)?),
        })
    }

    /// The same, borrowed.
    pub fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(value),
        }
    }
}

impl<T> From<Option<T>> for Patch<T> {
    /// `None` empties the field.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(Self::from)
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("PatchOf{}", T::schema_name()).into()
    }
    fn schema_id() -> Cow<'static, str> {
        format!("atlas_api::Patch<{}>", T::schema_id()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}
