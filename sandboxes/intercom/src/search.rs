//! Search and paging: filters as the provider accepts them, answered from sorted indexes.

pub mod days;
pub mod fields;
pub mod page;
pub mod plan;
pub mod query;

use crate::render::version::Version;

/// What is searched; the two differ in fields, date rules and defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    Contacts,
    Conversations,
}

/// How dates compare and which sort words are allowed.
#[derive(Clone, Debug)]
pub struct Rules {
    pub table: Table,
    pub version: Version,
    /// Zone in which contact dates are cut into days; `None` compares exact seconds.
    pub zone: Option<jiff::tz::TimeZone>,
    /// Most rows on a page.
    pub most: usize,
}

/// Why a search is refused: the provider's code, text and the field it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: &'static str,
    pub message: String,
}

/// A refusal with that code and text.
pub fn refused<T>(code: &'static str, message: impl Into<String>) -> Result<T, Refused> {
    Err(Refused { code, message: message.into() })
}
