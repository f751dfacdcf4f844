//! Reads single fields of Intercom's answers, forgiving what differs between its versions.

use atlas_kernel::Timestamp;
use serde_json::{Map, Value};

/// Longest id that is believed; Intercom's have up to 36 characters.
const LONGEST_ID: usize = 128;

/// A text that says something; blank and other types are nothing.
pub fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An id under that key, as text.
pub fn id(value: &Value, key: &str) -> Option<String> {
    as_id(value.get(key)?)
}

/// An id: text or a number. Blank, null and 0 (Intercom's "nobody" since 2.16) are nothing.
pub fn as_id(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    let sound = !id.is_empty() && id != "0" && id.len() <= LONGEST_ID && !id.chars().any(char::is_control);
    sound.then_some(id)
}

/// A whole number, also when it is written as text or with a fraction.
pub fn number(value: &Value, key: &str) -> Option<i64> {
    match value.get(key)? {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A moment, from Unix seconds; 0 is "never".
pub fn moment(value: &Value, key: &str) -> Option<Timestamp> {
    number(value, key).filter(|&seconds| seconds != 0).and_then(|seconds| Timestamp::from_second(seconds).ok())
}

/// Whether that key says `true`.
pub fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// When the object last changed (Unix seconds); 0 when it does not say.
pub fn version(value: &Value) -> i64 {
    number(value, "updated_at").unwrap_or(0)
}

/// Custom attributes that have a value.
pub fn attributes(value: &Value) -> Map<String, Value> {
    let given = value.get("custom_attributes").and_then(Value::as_object);
    given.into_iter().flatten().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// The items of a list that Intercom writes either bare or inside an object, under one of several keys.
pub fn items<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Vec<Value>> {
    value.as_array().or_else(|| keys.iter().find_map(|key| value.get(key)?.as_array()))
}

/// The ids of a nested list.
pub fn ids(value: &Value, list: &str, keys: &[&str]) -> Vec<String> {
    let found = value.get(list).and_then(|list| items(list, keys));
    found.into_iter().flatten().filter_map(|item| id(item, "id")).collect()
}

/// The names of tags in a nested list.
pub fn tag_names(value: &Value) -> Vec<String> {
    let found = value.get("tags").and_then(|list| items(list, &["tags", "data"]));
    found.into_iter().flatten().filter_map(|tag| text(tag, "name")).collect()
}

/// Text without tags, for titles; the words of bodies stay as they came.
pub fn without_markup(html: &str) -> String {
    let mut plain = String::with_capacity(html.len());
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                plain.push(' ');
            }
            _ if inside => {}
            _ => plain.push(letter),
        }
    }
    // An unclosed `<` is not a tag: the text keeps it.
    let plain = if inside { html.to_owned() } else { plain };
    unescape(&plain).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unescape(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

/// An id as one segment of a path: whatever it holds, it cannot leave its place.
pub fn segment(id: &str) -> String {
    let mut path = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => path.push(char::from(byte)),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_text_or_numbers_and_zero_is_nobody() {
        let check = |value: Value, expect: Option<&str>| assert_eq!(as_id(&value).as_deref(), expect, "{value}");
        check(json!("6810042"), Some("6810042"));
        check(json!(6810042), Some("6810042"));
        check(json!(0), None);
        check(json!("0"), None);
        check(json!(null), None);
        check(json!(" "), None);
        check(json!("a\nb"), None);
        check(json!({"id": 1}), None);
    }

    #[test]
    fn numbers_may_be_written_as_text() {
        let value = json!({"a": 12, "b": "150", "c": 3.9, "d": "x", "e": null});
        let read: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(|key| number(&value, key)).into();
        assert_eq!(read, [Some(12), Some(150), Some(3), None, None, None]);
    }

    #[test]
    fn titles_lose_their_markup() {
        let check = |html, expect| assert_eq!(without_markup(html), expect);
        check("<p>Checkout &amp; <b>invoice</b></p>", "Checkout & invoice");
        check("1 < 2", "1 < 2");
        check("", "");
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        assert_eq!(segment("6920a1c4"), "6920a1c4");
        assert_eq!(segment("../me?x=1#"), "%2E%2E%2Fme%3Fx%3D1%23");
    }
}
