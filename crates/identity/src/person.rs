//! What a person is: e-mail, name, time zone and how they like the pages.

use atlas_kernel::{Error, FieldError, Result};

atlas_kernel::text_enum! {
    /// Which theme pages have.
    pub enum Theme {
        /// What the device says.
        System = "system",
        /// Always light.
        Light = "light",
        /// Always dark.
        Dark = "dark",
    }
}

atlas_kernel::text_enum! {
    /// How close rows stand.
    pub enum Density {
        /// 36 px rows.
        Comfortable = "comfortable",
        /// 30 px rows.
        Compact = "compact",
    }
}

atlas_store::text_column!(Theme, Density);

/// Collects what is wrong with several fields, so that a form shows all of it at once.
#[derive(Default)]
pub(crate) struct Problems(Vec<FieldError>);

impl Problems {
    /// The value, or its default with its errors noted.
    pub(crate) fn note<T: Default>(&mut self, checked: Result<T>) -> Result<T> {
        match checked {
            Err(Error::Invalid(fields)) => {
                self.0.extend(fields);
                Ok(T::default())
            }
            other => other,
        }
    }

    pub(crate) fn end(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// The one way in which an e-mail address is written: trimmed, lower case.
pub(crate) fn email(text: &str) -> Result<String> {
    let text = text.trim().to_lowercase();
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '\\');
    let shaped = match text.rsplit_once('@') {
        Some((local, domain)) => {
            let domain_ok = !domain.is_empty() && !domain.starts_with('.') && !domain.ends_with('.') && !domain.contains("..");
            !local.is_empty() && !local.contains('@') && domain_ok
        }
        None => false,
    };
    if text.is_empty() {
        return Err(Error::field("email", "required", "enter an e-mail address"));
    }
    if !shaped || text.len() > 254 || text.chars().any(odd) {
        return Err(Error::field("email", "invalid", "enter an e-mail address such as ann@example.com"));
    }
    Ok(text)
}

/// A name for people to read: one line of at most 100 characters.
pub(crate) fn name(field: &str, text: &str) -> Result<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Err(Error::field(field, "required", "enter a name"));
    }
    if text.chars().count() > 100 {
        return Err(Error::field(field, "too_long", "use at most 100 characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::field(field, "invalid", "use letters, digits and punctuation only"));
    }
    Ok(text)
}

/// The IANA name of a time zone that this machine knows, in its usual spelling.
pub(crate) fn time_zone(text: &str) -> Result<String> {
    let unknown = || Error::field("timeZone", "unknown", "choose a time zone such as Europe/Dublin");
    let zone = jiff::tz::TimeZone::get(text.trim()).map_err(|_| unknown())?;
    zone.iana_name().map(str::to_owned).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_one_way() {
        assert_eq!(email("  Ann@Example.COM ").unwrap(), "ann@example.com");
        assert_eq!(email("ann@localhost").unwrap(), "ann@localhost");
        for bad in [
            "",
            "ann",
            "@x",
            "ann@",
            "a b@x.y",
            "a@b@c.d",
            "a@.x",
            "a@x.",
            "a@x..y",
            "a<b>@x.y",
            "a\n@x.y",
            &format!("{}@x.y", "a".repeat(255)),
        ] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(name("name", "  Zoë \n van  Dam ").unwrap(), "Zoë van Dam");
        for bad in ["", "  \t", "a\u{7}b", &"x".repeat(101)] {
            assert!(name("name", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn zones_are_known_ones() {
        assert_eq!(time_zone("europe/dublin").unwrap(), "Europe/Dublin");
        assert_eq!(time_zone("UTC").unwrap(), "UTC");
        assert!(time_zone("Mars/Olympus").is_err() && time_zone("").is_err());
    }
}
