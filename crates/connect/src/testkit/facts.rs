//! Facts of a connector that must agree with one another, whatever the provider.

use std::collections::BTreeSet;

use crate::needs::objects_by_what;
use crate::{Answer, Connector, Landing, Window};

/// Whether a connector's facts agree.
///
/// # Errors
/// Every disagreement, one a line.
pub fn check_facts(connector: &Connector) -> Result<(), String> {
    let mut wrong = vec![];
    names(connector, &mut wrong);
    references(connector, &mut wrong);
    requests(connector, &mut wrong);
    webhook(connector, &mut wrong);
    errors(connector, &mut wrong);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>, wrong: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    wrong.extend(names.filter(|name| !seen.insert(*name)).map(|name| format!("{what} {name} is there twice")));
}

fn names(connector: &Connector, wrong: &mut Vec<String>) {
    unique("listing", connector.streams.iter().map(|s| s.name), wrong);
    unique("object", connector.objects.iter().map(|o| o.kind), wrong);
    unique("scope", connector.scopes.iter().map(|s| s.slug), wrong);
    unique("error", connector.errors.iter().flat_map(|e| std::iter::once(e.code).chain(e.aliases.iter().copied())), wrong);
    unique("region", connector.oauth.regions.iter().map(|r| r.id), wrong);
    if connector.oauth.regions.is_empty() {
        wrong.push("no region: `oauth.regions` needs the provider's hosts".to_owned());
    }
    if connector.streams.is_empty() {
        wrong.push("no listing: `streams` says what is read".to_owned());
    }
    if connector.scopes.is_empty() {
        wrong.push("no scope: `scopes` says what access is asked for, and what each gives".to_owned());
    }
}

fn references(connector: &Connector, wrong: &mut Vec<String>) {
    let scope = |slug: &str| connector.scopes.iter().any(|s| s.slug == slug);
    for stream in &connector.streams {
        if !connector.objects.iter().any(|o| o.kind == stream.object) {
            wrong.push(format!("listing {} names the unknown object {}", stream.name, stream.object));
        }
        if !scope(stream.scope) {
            wrong.push(format!("listing {} needs the unknown scope {}", stream.name, stream.scope));
        }
    }
    wrong.extend(
        connector.objects.iter().filter(|o| !scope(o.scope)).map(|o| format!("object {} needs the unknown scope {}", o.kind, o.scope)),
    );
    if objects_by_what(connector).is_empty() {
        wrong.push("no kind of object is understood when it is gone: `objects`, each with what 404 and 410 mean".to_owned());
    }
}

fn requests(connector: &Connector, wrong: &mut Vec<String>) {
    let mut path = |what: String, path: &str| {
        if !path.starts_with('/') || path.starts_with("//") {
            wrong.push(format!("{what} calls {path}, which is no path"));
        }
    };
    for stream in &connector.streams {
        path(format!("listing {}", stream.name), &(stream.open)(&Window::History).path);
        path(format!("listing {}", stream.name), &(stream.open)(&Window::Since(1_700_000_000)).path);
    }
    for object in &connector.objects {
        path(format!("object {}", object.kind), &(object.get)("a/../b?c#d").path);
    }
    path("whoami".to_owned(), &(connector.whoami.request)().path);
    for mapping in connector.fields.iter().filter(|mapping| mapping.writable) {
        if !connector.writes.iter().any(|writes| writes.what == mapping.what) {
            wrong.push(format!("field {} of a {} can be written, and nothing in `writes` does", mapping.field, mapping.what.as_str()));
        }
    }
    wrong.extend(
        connector
            .writes
            .iter()
            .filter(|writes| !connector.scopes.iter().any(|s| s.slug == writes.scope))
            .map(|writes| format!("writing a {} needs the unknown scope {}", writes.what.as_str(), writes.scope)),
    );
    for object in &connector.objects {
        let path = (object.get)("a/../b?c#d").path;
        if path.contains("/../") || path.contains("b?c#d") {
            wrong.push(format!("object {} puts an id into its path as it comes", object.kind));
        }
    }
}

fn webhook(connector: &Connector, wrong: &mut Vec<String>) {
    let Some(webhook) = &connector.webhook else { return };
    for signature in ["", "sha1=", "sha256=", "0"] {
        if (webhook.verify)(b"", &|_| Some(signature.to_owned()), b"{}")
            || (webhook.verify)(b"secret", &|_| Some(signature.to_owned()), b"{}")
        {
            wrong.push("a notice without a signature passes".to_owned());
        }
    }
    if (webhook.verify)(b"secret", &|_| None, b"{}") {
        wrong.push("a notice without a header passes".to_owned());
    }
    unique("topic", webhook.topics.iter().map(|t| t.name), wrong);
    for topic in &webhook.topics {
        if !topic.covered_by.is_empty() && !connector.streams.iter().any(|s| s.name == topic.covered_by) {
            wrong.push(format!("topic {} is covered by an unknown listing", topic.name));
        }
        if !connector.scopes.iter().any(|s| s.slug == topic.scope) {
            wrong.push(format!("topic {} needs the unknown scope {}", topic.name, topic.scope));
        }
    }
    if (webhook.read)(b"not json").is_ok() {
        wrong.push("nonsense reads as a notice".to_owned());
    }
}

/// Every code of the error table is understood as the class it says; nothing panics on answers of any shape.
fn errors(connector: &Connector, wrong: &mut Vec<String>) {
    for status in [0, 301, 400, 401, 402, 403, 404, 405, 408, 409, 410, 415, 422, 429, 500, 502, 503, 504, 599] {
        for body in ["", "null", "[]", "{}", "<html></html>", "{\"errors\":[]}", "{\"errors\":null}"] {
            let answer = Answer { status, body: body.to_owned(), headers: vec![] };
            let failure = (connector.classify)(&answer);
            if status == 429 && failure.class != crate::FailureClass::Rate {
                wrong.push("429 is not understood as too many".to_owned());
            }
            let gone: Vec<Landing> = connector.objects.iter().flat_map(|o| (o.gone)("1", &answer)).collect();
            if gone.is_empty() && matches!(status, 404 | 410) && !connector.objects.is_empty() {
                wrong.push(format!("status {status} means nothing"));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
}
