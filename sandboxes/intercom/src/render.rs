//! How things look in answers and notices: one borrowed view per object of the provider's description.

pub mod company;
pub mod contact;
pub mod conversation;
pub mod office;
pub mod part;
pub mod version;

use serde::Serialize;

use crate::world::World;
use version::Version;

/// What a rendering depends on beside the object.
#[derive(Clone, Copy)]
pub struct Lens<'a> {
    pub world: &'a World,
    pub version: Version,
    /// Items in a nested list before `has_more` (10 at the provider).
    pub nested_cap: usize,
    /// Newest parts shown of a conversation (500 at the provider).
    pub part_cap: usize,
    /// Bodies as plain text instead of HTML.
    pub plain: bool,
}

/// `{type, id}`.
#[derive(Serialize)]
pub struct Reference {
    pub r#type: &'static str,
    pub id: String,
}

/// `{type: "list", data, total_count}` as several small lists are sent.
#[derive(Serialize)]
pub struct List<T> {
    pub r#type: &'static str,
    pub data: Vec<T>,
}

impl<T> List<T> {
    /// A list of that data.
    pub fn of(data: Vec<T>) -> Self {
        Self { r#type: "list", data }
    }
}

/// The first items of a list inside an object, with where to get the rest.
#[derive(Serialize)]
pub struct Nested {
    r#type: &'static str,
    data: Vec<Addressable>,
    url: String,
    total_count: usize,
    has_more: bool,
}

#[derive(Serialize)]
struct Addressable {
    r#type: &'static str,
    id: String,
    url: String,
}

impl Nested {
    /// At most `cap` of the ids, as `/{folder}/{id}`.
    pub fn new(kind: &'static str, folder: &str, ids: impl ExactSizeIterator<Item = String>, url: String, cap: usize) -> Self {
        let total_count = ids.len();
        let data = ids.take(cap).map(|id| Addressable { r#type: kind, url: format!("/{folder}/{id}"), id }).collect();
        Self { r#type: "list", data, url, total_count, has_more: total_count > cap }
    }
}
