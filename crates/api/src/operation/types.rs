//! The types of an operation, kept as schema makers.

use std::any::TypeId;

use schemars::{JsonSchema, SchemaGenerator};

/// What the types of an operation look like: schema makers, called with the generator of a document.
#[derive(Clone, Copy)]
pub(crate) struct Types {
    pub path: SchemaOf,
    pub query: SchemaOf,
    pub body: SchemaOf,
    pub answer: SchemaOf,
    pub answer_id: TypeId,
    pub answer_name: &'static str,
}

/// A type's schema maker, and whether the type is `()`, meaning that there is none.
#[derive(Clone, Copy)]
pub(crate) struct SchemaOf {
    pub none: bool,
    pub make: fn(&mut SchemaGenerator) -> schemars::Schema,
}

impl SchemaOf {
    pub fn of<T: JsonSchema + 'static>() -> Self {
        Self { none: TypeId::of::<T>() == TypeId::of::<()>(), make: |generator| generator.subschema_for::<T>() }
    }
}

impl Types {
    /// The types of a handler.
    pub fn of<P, Q, B, O>() -> Self
    where
        P: JsonSchema + 'static,
        Q: JsonSchema + 'static,
        B: JsonSchema + 'static,
        O: JsonSchema + 'static,
    {
        Self {
            path: SchemaOf::of::<P>(),
            query: SchemaOf::of::<Q>(),
            body: SchemaOf::of::<B>(),
            answer: SchemaOf::of::<O>(),
            answer_id: TypeId::of::<O>(),
            answer_name: std::any::type_name::<O>(),
        }
    }
}
