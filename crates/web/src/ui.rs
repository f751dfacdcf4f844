//! Helpers for templates: icons, avatars, dates, Markdown, sanitised HTML, and the sentence shown after a change.

use std::fmt;
use std::sync::LazyLock;

use askama::filters::HtmlSafe;
use atlas_kernel::{Ref, Timestamp};
use base64::Engine;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use crate::clean::{clean_html, markdown, plain_text};

/// HTML that is safe to show as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Safe(String);

impl Safe {
    /// Markup that came out of a template or a sanitiser; never anything a person or provider wrote.
    pub fn trusted(html: impl Into<String>) -> Self {
        Self(html.into())
    }
    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl HtmlSafe for Safe {}
impl askama::FastWritable for Safe {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        dest.write_str(&self.0).map_err(Into::into)
    }
}

/// The icon sprite's address: part of the binary, so known once and for all.
static ICONS: LazyLock<String> = LazyLock::new(|| match crate::Assets::embedded() {
    Ok(assets) => assets.url("icons.svg"),
    Err(_) => "/assets/icons.svg".to_owned(),
});

/// The address of the icon sprite.
pub fn icons_url() -> &'static str {
    &ICONS
}

pub(crate) fn icon_from(sprite: &str, name: &str, size: Option<u8>) -> Safe {
    let size = size.map(|s| format!(" data-size=\"{s}\"")).unwrap_or_default();
    Safe(format!("<svg class=\"ico\" aria-hidden=\"true\"{size}><use href=\"{sprite}#{name}\"/></svg>"))
}

/// A 16 px icon, by Lucide's name.
pub fn icon(name: &str) -> Safe {
    icon_from(&ICONS, name, None)
}

/// A 14 px icon, for small buttons.
pub fn icon14(name: &str) -> Safe {
    icon_from(&ICONS, name, Some(14))
}

/// A 12 px icon, for chips and pins.
pub fn icon12(name: &str) -> Safe {
    icon_from(&ICONS, name, Some(12))
}

/// The logo.
pub fn mark() -> Safe {
    Safe(format!("<svg class=\"mark\" aria-hidden=\"true\"><use href=\"{}#mark\"/></svg>", *ICONS))
}

/// One of our glyphs (`g-done`), with its meaning in words.
pub fn glyph(name: &str, meaning: &str) -> Safe {
    let sprite = &*ICONS;
    let label = escape(meaning);
    Safe(format!("<svg class=\"glyph\" viewBox=\"0 0 14 14\" role=\"img\" aria-label=\"{label}\"><use href=\"{sprite}#{name}\"/></svg>"))
}

/// Key caps, such as `g t` or `Ctrl K`.
pub fn keys(keys: &str) -> Safe {
    let caps: Vec<String> = keys
        .split(' ')
        .map(|key| {
            let mut letters = key.chars();
            let shown = letters.next().map(|c| c.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default();
            format!("<kbd>{}</kbd>", escape(&shown))
        })
        .collect();
    Safe(format!("<span class=\"keys\" aria-hidden=\"true\">{}</span>", caps.concat()))
}

/// The first letters of a name: at most two.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).collect();
    let first = |word: &str| word.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().collect::<String>());
    match words.as_slice() {
        [] => "?".to_owned(),
        [only] => first(only).unwrap_or_default(),
        [begin, .., end] => first(begin).unwrap_or_default() + &first(end).unwrap_or_default(),
    }
}

/// One of six tints, from an id.
pub fn hue(id: &str) -> u32 {
    1 + id.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte))) % 6
}

/// How an avatar is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A person.
    Round,
    /// A company.
    Square,
}

/// An avatar beside the written name: hidden from screen readers. `size` is 20, 24, 40 or 56.
pub fn avatar(id: &impl fmt::Display, name: &str, size: u8, shape: Shape) -> Safe {
    Safe(format!(
        "<span class=\"avatar\" {} aria-hidden=\"true\">{}</span>",
        avatar_attributes(&id.to_string(), size, shape),
        escape(&initials(name))
    ))
}

/// An avatar that stands alone: it says the name.
pub fn avatar_alone(id: &impl fmt::Display, name: &str, size: u8, shape: Shape) -> Safe {
    let label = escape(name);
    Safe(format!(
        "<span class=\"avatar\" {} role=\"img\" aria-label=\"{label}\" title=\"{label}\">{}</span>",
        avatar_attributes(&id.to_string(), size, shape),
        escape(&initials(name))
    ))
}

fn avatar_attributes(id: &str, size: u8, shape: Shape) -> String {
    let size = if size == 20 { String::new() } else { format!(" data-size=\"{size}\"") };
    let shape = if shape == Shape::Square { " data-shape=\"square\"" } else { "" };
    format!("data-hue=\"{}\"{size}{shape}", hue(id))
}

/// `<time>` that the browser keeps current: `12 s ago`, `Yesterday 17:20`, `18 Nov`.
pub fn relative_time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> Safe {
    Safe(format!("<time datetime=\"{at}\" data-relative>{}</time>", relative_words(at, now, zone)))
}

/// The words of [`relative_time`].
pub fn relative_words(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let seconds = now.as_second() - at.as_second();
    let (then, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()).date());
    match seconds {
        -5..=4 => "now".to_owned(),
        5..=59 => format!("{seconds} s ago"),
        60..=3599 => format!("{} min ago", seconds / 60),
        3600..=86_399 if then.date() == today => format!("{} h ago", seconds / 3600),
        _ if today.yesterday().is_ok_and(|y| y == then.date()) => then.strftime("Yesterday %H:%M").to_string(),
        _ if then.year() == today.year() => then.strftime("%-d %b").to_string(),
        _ => then.strftime("%-d %b %Y").to_string(),
    }
}

/// A day as people say it: `Today`, `Tomorrow`, `Fri 27 Nov`, `2 Dec 2027`.
pub fn date_label(date: Date, today: Date) -> String {
    let days = date.since(today).map(|span| span.get_days()).unwrap_or(i32::MAX);
    match days {
        0 => "Today".to_owned(),
        1 => "Tomorrow".to_owned(),
        -1 => "Yesterday".to_owned(),
        2..=6 => date.strftime("%a %-d %b").to_string(),
        _ if date.year() == today.year() => date.strftime("%-d %b").to_string(),
        _ => date.strftime("%-d %b %Y").to_string(),
    }
}

/// `2 h 30`, `45 min`.
pub fn minutes_label(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest:02}"),
    }
}

/// A whole number of any width, by value or by reference, as templates hand it over.
pub trait Whole {
    /// The number.
    fn whole(&self) -> i64;
}
macro_rules! whole {
    ($($ty:ty),*) => {$(impl Whole for $ty {
        fn whole(&self) -> i64 { i64::try_from(*self).unwrap_or(i64::MAX) }
    })*};
}
whole!(i64, i32, u8, u32, u64, usize);
impl<T: Whole + ?Sized> Whole for &T {
    fn whole(&self) -> i64 {
        (**self).whole()
    }
}

/// `48,210`.
pub fn count(number: impl Whole) -> String {
    let number = number.whole();
    let digits = number.unsigned_abs().to_string();
    let mut out = if number < 0 { "−".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 task`, `3 tasks`.
pub fn plural(number: impl Whole, one: &str, many: &str) -> String {
    let number = number.whole();
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// An error's words as a sentence of its own: `one of a, b` becomes `One of a, b.`.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let stop = if words.ends_with(['.', '…']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// A record's id as an element id.
pub fn dom_id(record: &Ref) -> String {
    record.to_string()
}

/// Text for an attribute or element.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Text for a query's value.
pub fn url_encode(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") }).collect()
}

pub(crate) const FLASH_COOKIE: &str = "atlas_flash";

/// A sentence shown after a change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Flash {
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    #[serde(default, skip_serializing)]
    pub danger: bool,
}

impl Flash {
    pub(crate) fn encode(&self) -> String {
        let parts = (&self.text, &self.undo, self.danger);
        let json = serde_json::to_vec(&parts).expect("a flash is plain JSON");
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json)
    }

    pub(crate) fn decode(text: &str) -> Option<Self> {
        let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
        let (text, undo, danger) = serde_json::from_slice(&json).ok()?;
        Some(Self { text, undo, danger })
    }

    /// The value of an `HX-Trigger` header that shows it at once; non-ASCII is escaped, as headers need.
    pub(crate) fn trigger(&self) -> axum::http::HeaderValue {
        let mut toast = serde_json::json!({ "text": self.text });
        if let Some(undo) = &self.undo {
            toast["undo"] = undo.clone().into();
        }
        if self.danger {
            toast["tone"] = "danger".into();
        }
        let json = serde_json::json!({ "toast": toast }).to_string();
        let ascii: String = json
            .chars()
            .flat_map(|c| {
                if c.is_ascii() { vec![c.to_string()] } else { c.encode_utf16(&mut [0; 2]).iter().map(|u| format!("\\u{u:04x}")).collect() }
            })
            .collect();
        axum::http::HeaderValue::from_str(&ascii).unwrap_or(axum::http::HeaderValue::from_static("{}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_read_as_people_say_them() {
        let zone = TimeZone::get("Europe/Dublin").unwrap();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let words = |at: &str| relative_words(at.parse().unwrap(), now, &zone);
        assert_eq!(words("2026-11-22T09:59:48Z"), "12 s ago");
        assert_eq!(words("2026-11-22T08:00:00Z"), "2 h ago");
        assert_eq!(words("2026-11-21T17:20:00Z"), "Yesterday 17:20");
        assert_eq!(words("2026-11-18T17:20:00Z"), "18 Nov");
        assert_eq!(words("2025-11-18T17:20:00Z"), "18 Nov 2025");
        let today: Date = "2026-11-22".parse().unwrap();
        assert_eq!(date_label("2026-11-27".parse().unwrap(), today), "Fri 27 Nov");
        assert_eq!(minutes_label(150), "2 h 30");
        assert_eq!(count(48210), "48,210");
        assert_eq!((sentence("ändern geht nicht"), sentence("It is.")), ("Ändern geht nicht.".into(), "It is.".into()));
        assert_eq!(initials("Maren  Solheim van Dijk"), "MD");
    }

    #[test]
    fn a_flash_survives_its_cookie_and_its_header() {
        let flash = Flash { text: "“Ärger” moved".into(), undo: Some("/undo/1".into()), danger: false };
        let back = Flash::decode(&flash.encode()).unwrap();
        assert_eq!((back.text.as_str(), back.undo.as_deref()), ("“Ärger” moved", Some("/undo/1")));
        assert!(flash.trigger().to_str().unwrap().contains("\\u00c4rger"));
    }
}
