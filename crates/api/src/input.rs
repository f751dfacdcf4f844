//! What a handler gets: path, query and body, read strictly and reported by field.

mod patch;
mod shape;

use atlas_kernel::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use patch::Patch;
pub(crate) use shape::{Shape, close};

/// The three parts of a request; `()` where there is none.
#[derive(Clone, Debug)]
pub struct Input<P = (), Q = (), B = ()> {
    /// From the path's parameters.
    pub path: P,
    /// From the query string.
    pub query: Q,
    /// From the JSON body.
    pub body: B,
}

/// The path of one record: `/v1/contacts/{id}`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct IdPath<Id> {
    /// The record's id.
    pub id: Id,
}

/// The three parts as JSON, their shape already checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub path: Value,
    pub query: Value,
    pub body: Value,
}

/// Reads the parts into a handler's types.
///
/// A path that does not parse names nothing: not found. The rest is invalid, by field.
pub(crate) fn decode<P, Q, B>(parts: &Parts) -> Result<Input<P, Q, B>>
where
    P: DeserializeOwned,
    Q: DeserializeOwned,
    B: DeserializeOwned,
{
    let path = P::deserialize(&parts.path).map_err(|_| Error::NotFound("record"))?;
    let query = read(&parts.query, "query")?;
    let body = read(&parts.body, "body")?;
    Ok(Input { path, query, body })
}

fn read<T: DeserializeOwned>(value: &Value, whole: &str) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let field = match error.path().to_string() {
            path if path == "." => whole.to_owned(),
            path => path,
        };
        Error::field(field, "invalid", error.into_inner().to_string())
    })
}
