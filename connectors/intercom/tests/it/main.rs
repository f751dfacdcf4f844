//! The connector seen from outside: every fixture, every vector, and whatever a broken answer may hold.

mod answers;
mod arbitrary;
mod descriptor;
mod landings;
mod listings;
mod notices;

use atlas_connect::{Object, Stream};
use serde_json::Value;

/// A fixture by file name.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../fixtures/", $name, ".json"))
    };
}
pub(crate) use fixture;

/// A fixture as JSON.
macro_rules! json_of {
    ($name:literal) => {
        serde_json::from_str::<serde_json::Value>(crate::fixture!($name)).unwrap()
    };
}
pub(crate) use json_of;

fn object(kind: &str) -> Object {
    *atlas_intercom::connector().objects.iter().find(|object| object.kind == kind).unwrap()
}

fn stream(name: &str) -> Stream {
    *atlas_intercom::connector().streams.iter().find(|stream| stream.name == name).unwrap()
}

/// The landing records of an object, as JSON.
fn landed(kind: &str, value: &Value) -> Value {
    serde_json::to_value((object(kind).land)(value).unwrap()).unwrap()
}
