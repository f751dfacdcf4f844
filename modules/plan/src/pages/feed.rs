//! One's plan as a calendar, for whoever knows the secret address.

use atlas_kernel::{Error, Timestamp, WorkspaceId};
use atlas_web::{Reply, Visitor};
use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;

use crate::Planning;
use crate::calendar::{store as calendar, verbs::feed_digest};
use crate::facts::{moment, user_id};
use crate::replan::Seen;

/// `GET /plan/feed/{workspace}/{secret}`
pub async fn show(planning: Planning, visitor: Visitor, Path((workspace, secret)): Path<(String, String)>) -> Reply {
    let missing = || Error::NotFound("calendar");
    let workspace: WorkspaceId = workspace.parse().map_err(|_| missing())?;
    let db = &visitor.app.db;
    let member = calendar::feed_owner(db, workspace, &feed_digest(&secret)).await?.ok_or_else(missing)?;
    let now = visitor.app.clock().now();
    let Seen { known, facts, .. } = planning.look(db, workspace, now).await?;
    if !facts.members.contains_key(&member) {
        return Err(missing().into());
    }
    let mut lines =
        vec!["BEGIN:VCALENDAR".to_owned(), "VERSION:2.0".into(), "PRODID:-//Atlas//Plan//EN".into(), "X-WR-CALNAME:My plan".into()];
    for body in known.bodies.values() {
        let Some(place) = body.place.as_ref().filter(|place| user_id(place.person) == member) else { continue };
        let Some(work) = facts.work.get(&place.task) else { continue };
        for (index, chunk) in place.chunks.iter().enumerate() {
            let status = if chunk.fixed || body.is_accepted(chunk.span) { "CONFIRMED" } else { "TENTATIVE" };
            lines.push("BEGIN:VEVENT".into());
            lines.push(format!("UID:{}-{index}@atlas", work.record));
            lines.push(format!("DTSTAMP:{}", stamp(now)));
            lines.push(format!("DTSTART:{}", stamp(moment(chunk.span.from))));
            lines.push(format!("DTEND:{}", stamp(moment(chunk.span.until))));
            lines.push(format!("SUMMARY:{}", escaped(&format!("{} {}", work.key, work.title))));
            lines.push(format!("URL:{}{}", visitor.app.base_url, work.url));
            lines.push(format!("STATUS:{status}"));
            lines.push("END:VEVENT".into());
        }
    }
    lines.push("END:VCALENDAR".into());
    let text: String = lines.iter().map(|line| folded(line)).collect();
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// A line of at most 75 octets, continued on lines that begin with a space (RFC 5545, 3.1).
fn folded(line: &str) -> String {
    let (mut out, mut width) = (String::new(), 0);
    for letter in line.chars() {
        if width + letter.len_utf8() > 74 {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(letter);
        width += letter.len_utf8();
    }
    out + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_and_text_is_escaped() {
        let line = folded(&format!("SUMMARY:{}", escaped(&"é,;\\".repeat(30))));
        assert!(line.split("\r\n").all(|part| part.len() <= 75) && line.ends_with("\r\n"));
        assert_eq!(escaped("a,b;c\\d\ne"), "a\\,b\\;c\\\\d\\ne");
    }
}
