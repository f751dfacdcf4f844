//! What an answer other than success means: from Intercom's code first, from the status when there is none.

use atlas_connect::{Answer, Failure, FailureClass};
use serde_json::Value;

use crate::fields;

/// Longest message that is kept.
const LONGEST_MESSAGE: usize = 300;

/// Classes of codes, whatever the status.
const CODES: &[(&str, FailureClass)] = &[
    ("token_unauthorized", FailureClass::Scope),
    ("forbidden", FailureClass::Scope),
    ("unauthorized", FailureClass::Auth),
    ("token_revoked", FailureClass::Auth),
    ("token_not_found", FailureClass::Auth),
    ("token_expired", FailureClass::Auth),
    ("token_blocked", FailureClass::Auth),
    ("token_suspended", FailureClass::Auth),
    ("missing_authorization", FailureClass::Auth),
    ("rate_limit_exceeded", FailureClass::Rate),
    ("too_many_requests", FailureClass::Rate),
    ("api_plan_restricted", FailureClass::Plan),
    ("action_forbidden", FailureClass::Plan),
    ("scroll_exists", FailureClass::Conflict),
    ("conflict", FailureClass::Conflict),
    ("resource_conflict", FailureClass::Conflict),
    ("unique_user_constraint", FailureClass::Conflict),
    ("contact_merged", FailureClass::Gone),
    ("not_found", FailureClass::Gone),
    ("company_not_found", FailureClass::Gone),
    ("admin_not_found", FailureClass::Gone),
    ("conversation_not_found", FailureClass::Gone),
    ("team_not_found", FailureClass::Gone),
    ("tag_not_found", FailureClass::Gone),
    ("request_timeout", FailureClass::Transient),
    ("server_error", FailureClass::Transient),
    ("service_unavailable", FailureClass::Transient),
    ("intercom_version_invalid", FailureClass::Input),
];

/// One entry of an error list.
struct Entry {
    code: String,
    message: String,
}

/// Reads an answer that is not a success, or a success that could not be read.
pub fn classify(answer: &Answer) -> Failure {
    if answer.status == 0 {
        return failure(FailureClass::Transient, "no_answer", words(&answer.body));
    }
    match entry(&answer.body) {
        Some(entry) => of_entry(answer.status, entry),
        None => without_entry(answer),
    }
}

fn of_entry(status: u16, entry: Entry) -> Failure {
    let said = entry.message.to_ascii_lowercase();
    let message = words(&entry.message);
    if let Some((class, code)) = told_by_words(status, &entry.code, &said) {
        return failure(class, code, message);
    }
    let known = CODES.iter().find(|(code, _)| *code == entry.code).map(|(_, class)| *class);
    let class = known.unwrap_or_else(|| of_status(status));
    let scope = (class == FailureClass::Scope).then(|| named_scope(&entry.message)).flatten();
    Failure { class, code: entry.code, message, scope }
}

/// Cases where Intercom's code is too general and only its words tell.
fn told_by_words(status: u16, code: &str, said: &str) -> Option<(FailureClass, &'static str)> {
    let scrolling = said.contains("scroll") && code != "scroll_exists";
    match status {
        401 if said.contains("unauthorized code") => Some((FailureClass::Auth, "unauthorized_code")),
        401 if said.contains("unauthorized client") => Some((FailureClass::Auth, "unauthorized_client")),
        400 if said.contains("scroll already exists") => Some((FailureClass::Conflict, "scroll_exists")),
        404 if scrolling => Some((FailureClass::Restart, "scroll_expired")),
        500.. if scrolling => Some((FailureClass::Restart, "scroll_expired")),
        400 if said.contains("starting_after") => Some((FailureClass::Restart, "cursor_refused")),
        403 if code != "forbidden" && said.contains("required scope") => Some((FailureClass::Scope, "forbidden")),
        _ => None,
    }
}

/// HTML pages, empty and truncated answers: only the status speaks.
fn without_entry(answer: &Answer) -> Failure {
    let success = (200..300).contains(&answer.status);
    let (class, code) = match answer.status {
        _ if success => (FailureClass::Transient, "unreadable_answer".to_owned()),
        status => (of_status(status), format!("http_{status}")),
    };
    // A page of HTML says nothing that helps and may quote the request.
    let body = answer.body.trim_start();
    let message = if success || body.starts_with(['<', '{', '[']) { String::new() } else { words(body) };
    Failure { class, code, message, scope: None }
}

fn of_status(status: u16) -> FailureClass {
    match status {
        401 => FailureClass::Auth,
        402 => FailureClass::Plan,
        404 | 410 => FailureClass::Gone,
        408 | 425 | 500.. => FailureClass::Transient,
        409 => FailureClass::Conflict,
        429 => FailureClass::Rate,
        400 | 405 | 406 | 411..=428 => FailureClass::Input,
        _ => FailureClass::Provider,
    }
}

/// The entry that tells most: the first with a code we know, else the first.
fn entry(body: &str) -> Option<Entry> {
    let list: Value = serde_json::from_str(body).ok()?;
    let entries: Vec<Entry> = list.get("errors")?.as_array()?.iter().filter_map(read_entry).collect();
    let known = entries.iter().position(|entry| CODES.iter().any(|(code, _)| *code == entry.code));
    entries.into_iter().nth(known.unwrap_or(0))
}

/// Very old answers wrote `type` instead of `code`.
fn read_entry(entry: &Value) -> Option<Entry> {
    let code = fields::text(entry, "code").or_else(|| fields::text(entry, "type"))?;
    Some(Entry { code: code.chars().take(80).collect(), message: fields::text(entry, "message").unwrap_or_default() })
}

/// The scope in "You do not have the required scope (read_conversations) to access this resource".
fn named_scope(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("scope")?;
    let (_, inside) = rest.split_once('(')?;
    let (slug, _) = inside.split_once(')')?;
    let sound = !slug.is_empty() && slug.len() <= 80 && slug.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    sound.then(|| slug.to_owned())
}

/// The provider's words on one line, cut short, with anything that could be a token blacked out.
fn words(message: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut after_bearer = false;
    for word in message.split_whitespace() {
        kept.push(if after_bearer || looks_secret(word) { "…" } else { word });
        after_bearer = word.eq_ignore_ascii_case("bearer");
    }
    kept.join(" ").chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect()
}

/// Long runs of base64 letters; ids in messages have at most 36 characters.
fn looks_secret(word: &str) -> bool {
    let longest = word.split(|c: char| !(c.is_ascii_alphanumeric() || "+/_-".contains(c))).map(str::len).max();
    longest.is_some_and(|length| length > 40) || word.starts_with("dG9r")
}

fn failure(class: FailureClass, code: &str, message: String) -> Failure {
    Failure { class, code: code.into(), message, scope: None }
}

#[cfg(test)]
mod tests;
