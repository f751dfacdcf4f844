//! Checks of what people and programs send: every wrong field is named at once.

use atlas_kernel::{Error, FieldError, Result};

/// Collects what is wrong with an input.
#[derive(Default)]
pub(crate) struct Checks(Vec<FieldError>);

impl Checks {
    /// Notes that `field` cannot be accepted.
    pub(crate) fn refuse(&mut self, field: impl Into<String>, code: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), code: code.to_owned(), message: message.into() });
    }

    /// One line of text: trimmed, inner control characters refused, at most `most` characters; empty becomes none.
    pub(crate) fn line(&mut self, field: &str, text: &str, most: usize) -> Option<String> {
        let text = text.trim();
        if text.chars().count() > most {
            self.refuse(field, "too_long", format!("at most {most} characters"));
        } else if text.chars().any(char::is_control) {
            self.refuse(field, "control_characters", "one line of text without control characters");
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A line that must not be empty.
    pub(crate) fn required(&mut self, field: &str, text: &str, most: usize) -> String {
        let line = self.line(field, text, most);
        if line.is_none() {
            self.refuse(field, "required", "this is needed");
        }
        line.unwrap_or_default()
    }

    /// E-mail addresses, each once, in the order given.
    pub(crate) fn emails(&mut self, field: &str, list: &[String]) -> Vec<String> {
        self.list(field, list, 254, |text| email_key(text).is_some(), "an address such as maren@harbourvale.example expected", email_key)
    }

    /// Phone numbers, each once, in the order given.
    pub(crate) fn phones(&mut self, field: &str, list: &[String]) -> Vec<String> {
        self.list(field, list, 40, |text| phone_key(text).is_some(), "a number of at least four digits expected", phone_key)
    }

    fn list(
        &mut self,
        field: &str,
        list: &[String],
        most: usize,
        right: impl Fn(&str) -> bool,
        message: &str,
        key: impl Fn(&str) -> Option<String>,
    ) -> Vec<String> {
        if list.len() > 20 {
            self.refuse(field, "too_many", "at most 20");
        }
        let (mut kept, mut keys) = (Vec::new(), Vec::new());
        for (place, text) in list.iter().enumerate() {
            let name = if list.len() == 1 { field.to_owned() } else { format!("{field}[{place}]") };
            let Some(line) = self.line(&name, text, most) else { continue };
            if !right(&line) {
                self.refuse(name, "invalid", message);
            } else if let Some(key) = key(&line)
                && !keys.contains(&key)
            {
                keys.push(key);
                kept.push(line);
            }
        }
        kept
    }

    /// A web site as typed, with or without scheme; answers it with its domain.
    pub(crate) fn website(&mut self, field: &str, text: &str) -> Option<(String, String)> {
        let line = self.line(field, text, 300)?;
        match domain(&line) {
            Some(domain) => Some((line, domain)),
            None => {
                self.refuse(field, "invalid", "a web site such as harbourvale.example expected");
                None
            }
        }
    }

    /// Tag names: each once, whatever the case.
    pub(crate) fn tags(&mut self, field: &str, list: &[String]) -> Vec<String> {
        if list.len() > 50 {
            self.refuse(field, "too_many", "at most 50");
        }
        let mut kept: Vec<String> = Vec::new();
        for (place, text) in list.iter().enumerate() {
            let Some(tag) = self.line(&format!("{field}[{place}]"), text, 60) else { continue };
            if !kept.iter().any(|known| tag_key(known) == tag_key(&tag)) {
                kept.push(tag);
            }
        }
        kept
    }

    /// Answers the errors, if there are any.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every field noted.
    pub(crate) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// The comparable form of an e-mail address; none when it is not one.
pub(crate) fn email_key(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, host) = text.rsplit_once('@')?;
    let sound = !local.is_empty()
        && !local.contains('@')
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | ',' | ';'));
    sound.then_some(text)
}

/// The comparable form of a phone number: its digits, without an international prefix; none under four digits.
pub(crate) fn phone_key(text: &str) -> Option<String> {
    let sound = text.chars().all(|c| c.is_ascii_digit() || " +()-./ext#\u{a0}".contains(c));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits).to_owned();
    (sound && digits.len() >= 4).then_some(digits)
}

/// The domain of a web site as typed, without `www.`; none when there is none in it.
pub(crate) fn domain(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let scheme_right = !text.contains("://") || text.to_lowercase().starts_with("http");
    let sound = scheme_right
        && host.contains('.')
        && host.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'));
    sound.then(|| host.to_owned())
}

/// The comparable form of a tag's name.
pub(crate) fn tag_key(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_are_compared_by_their_keys() {
        assert_eq!(email_key(" Maren@Harbour.Example ").as_deref(), Some("maren@harbour.example"));
        for bad in ["", "a@b", "@b.c", "a b@c.d", "a@b@c.d", "<a@b.c>", "a@.c", "a@c."] {
            assert_eq!(email_key(bad), None, "{bad}");
        }
        assert_eq!(phone_key("+47 555 01 274").as_deref(), Some("4755501274"));
        assert_eq!(phone_key("0047 555 01274").as_deref(), Some("4755501274"));
        assert_eq!(phone_key("call me"), None);
        assert_eq!(domain("https://www.Harbour.example/about").as_deref(), Some("harbour.example"));
        assert_eq!(domain("javascript://x.y"), None);
        assert_eq!(domain("harbour"), None);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let mut checks = Checks::default();
        checks.required("name", " ", 10);
        checks.emails("emails", &["a@b.c".into(), "nope".into()]);
        let Err(Error::Invalid(fields)) = checks.done() else { panic!("two errors expected") };
        assert_eq!(fields.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(), ["name", "emails[1]"]);
    }
}
