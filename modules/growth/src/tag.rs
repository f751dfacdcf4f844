//! A tag: a word that groups contacts and companies.

use crate::ids::TagId;

pub mod api;
pub mod store;

atlas_store::row! {
    /// A word that groups contacts and companies.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Tag {
        /// The tag's id.
        pub id: TagId,
        /// The word, as it was first written.
        pub name: String,
    }
}

/// The word of the tag with this id; empty when there is no such tag.
pub(crate) fn name_of(tags: &[Tag], id: &str) -> String {
    tags.iter().find(|tag| tag.id.to_string() == id).map(|tag| tag.name.clone()).unwrap_or_default()
}
