//! API versions and the differences between them that a reader sees.

use serde::Serialize;

/// A version of the API, such as 2.16; comparing works by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u8,
    minor: u8,
}

/// Versions the provider's description names.
const KNOWN: [(u8, &[u8]); 2] = [(1, &[0, 1, 2, 3, 4]), (2, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])];

impl Version {
    /// The newest version this sandbox imitates.
    pub const NEWEST: Self = Self { major: 2, minor: 16 };
    pub const V2_15: Self = Self { major: 2, minor: 15 };
    pub const V2_16: Self = Self { major: 2, minor: 16 };

    /// Reads `2.16`; `None` when the provider has no such version.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once('.')?;
        let (major, minor) = (major.parse().ok()?, minor.parse().ok()?);
        let known = KNOWN.iter().any(|(m, minors)| *m == major && minors.contains(&minor));
        known.then_some(Self { major, minor })
    }

    /// The old API, before contacts had users and leads.
    pub fn is_first(self) -> bool {
        self.major < 2
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// An id that is a number in older versions and a string in newer ones.
#[derive(Serialize)]
#[serde(untagged)]
pub enum LooseId {
    Number(u64),
    Text(String),
}

impl LooseId {
    /// Text from 2.16 on.
    pub fn new(id: u64, version: Version) -> Self {
        if version >= Version::V2_16 { Self::Text(id.to_string()) } else { Self::Number(id) }
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_compare_by_number() {
        let parse = |text| Version::parse(text);
        assert!(parse("2.16") > parse("2.9"));
        assert_eq!(parse("2.17"), None);
        assert_eq!(parse("latest"), None);
        assert!(parse("1.4").is_some_and(Version::is_first));
        assert_eq!(Version::NEWEST.to_string(), "2.16");
    }
}
