//! Projects: what tasks belong to, and where their keys come from.

pub mod api;
pub mod store;
pub mod verbs;
pub mod web;

use atlas_kernel::{Error, Permission, Result, Timestamp, UserId};

use crate::ProjectId;

/// Seeing projects.
pub const PROJECTS_READ: Permission = Permission::read("projects:read");
/// Making and changing projects.
pub const PROJECTS_WRITE: Permission = Permission::write("projects:write");

/// Names are at most this many characters.
pub const NAME_LIMIT: usize = 120;

atlas_store::row! {
    /// A project.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Project {
        /// Its id.
        pub id: ProjectId,
        /// What its tasks' keys start with, such as `ACME`; it never changes.
        pub key: String,
        /// Its name.
        pub name: String,
        /// Who leads it.
        pub lead: Option<UserId>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// When it was archived.
        pub archived_at: Option<Timestamp>,
        /// Counts changes, for `If-Match`.
        pub version: i64,
    }
}

impl Project {
    /// Where it opens.
    pub fn url(&self) -> String {
        format!("/projects/{}", self.key)
    }
}

/// A key as a person wrote it, in capitals.
///
/// # Errors
/// A field error on `key` unless it is 2 to 6 letters (digits may follow the first).
pub fn check_key(text: &str) -> Result<String> {
    let key = text.trim().to_ascii_uppercase();
    let letters =
        key.bytes().next().is_some_and(|b| b.is_ascii_uppercase()) && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if letters && (2..=6).contains(&key.len()) {
        return Ok(key);
    }
    Err(Error::field("key", "invalid", "two to six capital letters, such as ACME"))
}

/// A name without stray spaces.
///
/// # Errors
/// A field error on `name` when it is empty or too long.
pub fn check_name(text: &str) -> Result<String> {
    let name = crate::task::tidy_title(text);
    match name.chars().count() {
        0 => Err(Error::field("name", "required", "a name people recognise")),
        n if n > NAME_LIMIT => Err(Error::field("name", "too_long", "at most 120 characters")),
        _ => Ok(name),
    }
}

/// The keys to try for a project of this name, best first: `ACME`, then `ACME2`, `ACME3`…
pub fn key_candidates(name: &str) -> impl Iterator<Item = String> {
    let base = base_key(name);
    let numbered = base.clone();
    std::iter::once(base).chain((2..1000).map(move |n| {
        let digits = n.to_string();
        let keep = 6 - digits.len();
        format!("{}{digits}", &numbered[..numbered.len().min(keep)])
    }))
}

/// The first word when it is short enough, else the initials, else the first word's beginning.
fn base_key(name: &str) -> String {
    let words = atlas_store::fold(name);
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_uppercase();
    let first = letters(words.split(' ').next().unwrap_or_default());
    let initials: String = words.split(' ').filter_map(|word| letters(word).chars().next()).take(6).collect();
    match (first.len(), initials.len()) {
        (2..=6, _) => first,
        (_, 2..) => initials,
        (7.., _) => first[..4].to_owned(),
        _ => "WORK".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_names() {
        let first = |name: &str| key_candidates(name).next().unwrap();
        assert_eq!(first("Acme"), "ACME");
        assert_eq!(first("Kestrel Logistics"), "KL");
        assert_eq!(first("Harbour"), "HARB");
        assert_eq!(first("Acme Corp"), "ACME");
        assert_eq!(first("42"), "WORK");
        assert_eq!(first("Café Blå"), "CAFE");
        assert_eq!(key_candidates("Acme").nth(1).unwrap(), "ACME2");
        assert!(key_candidates("Sonnenschein").take(500).all(|key| check_key(&key).is_ok()));
        assert!(check_key("a").is_err() && check_key("1A").is_err() && check_key("TOOLONG").is_err());
        assert_eq!(check_key(" acme ").unwrap(), "ACME");
    }
}
