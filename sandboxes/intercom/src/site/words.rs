//! Times and short sentences of the pages.

use jiff::{Timestamp, tz::TimeZone};

/// A time as the workspace's people read it.
pub fn when(seconds: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M").to_string()
}

/// A time with seconds, for the delivery log.
pub fn clock(ms: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%-d %b %H:%M:%S").to_string()
}

/// The beginning of a text on one line.
pub fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(140) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// What a form did, by the word in `?done=`.
pub fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "written" => "Sent.",
        "noted" => "Note added.",
        "started" => "Conversation started.",
        "changed" => "Conversation changed.",
        "deleted" => "Deleted.",
        "redacted" => "The text was removed.",
        "saved" => "Saved.",
        "created" => "Created.",
        "merged" => "Merged.",
        "app" => "App created. Next: add the redirect URL and the scopes.",
        "redirect" => "Redirect URL added.",
        "removed" => "Redirect URL removed.",
        "scopes" => "Scopes saved.",
        "revoked" => "Every token is revoked.",
        "ping" => "Ping sent. The answer appears under Deliveries.",
        "resent" => "Sent again. The answer appears under Deliveries.",
        "nothing" => "No notice was sent yet.",
        "live" => "The subscription is live again.",
        "faults" => "The next calls will fail.",
        "counted" => "Counting anew.",
        _ => return None,
    })
}
