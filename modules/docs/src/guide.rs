//! Pages written by hand: the overview, the REST guide, integrations, errors.

use askama::Template;
use atlas_api::{DocsOperation, ErrorCode};
use atlas_kernel::Error;
use atlas_web::{Reply, Visitor, ui};

use crate::Parts;
use crate::frame::{Heading, Page, show};

fn headings(list: &[(&str, &str)]) -> Vec<Heading> {
    list.iter().map(|(id, label)| ((*id).to_owned(), (*label).to_owned())).collect()
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    parts: &'a Parts,
}

pub(crate) fn overview(visitor: &Visitor, parts: &Parts) -> Reply {
    let headings = headings(&[("begin", "Begin"), ("words", "Words"), ("more", "Where to go on")]);
    let page = Page { title: "Overview", eyebrow: "Start here", path: "/docs", headings };
    show(visitor, parts, &page, &Overview { parts })
}

#[derive(Template)]
#[template(path = "api.html")]
struct Api<'a> {
    base_url: &'a str,
    scopes: Vec<(&'a str, Vec<&'a DocsOperation>)>,
}

pub(crate) fn api(visitor: &Visitor, parts: &Parts) -> Reply {
    let mut scopes: Vec<(&str, Vec<&DocsOperation>)> = Vec::new();
    for operation in parts.api.groups.iter().flat_map(|group| &group.operations) {
        match scopes.iter_mut().find(|(scope, _)| *scope == operation.scope) {
            Some((_, list)) => list.push(operation),
            None => scopes.push((operation.scope, vec![operation])),
        }
    }
    scopes.sort_by_key(|(scope, _)| *scope);
    let headings = headings(&[
        ("auth", "Authorization"),
        ("scopes", "Scopes"),
        ("lists", "Lists"),
        ("writes", "Writes"),
        ("errors", "Errors"),
        ("limits", "Limits"),
        ("files", "Files"),
    ]);
    let page = Page { title: "REST API", eyebrow: "Developer", path: "/docs/api", headings };
    show(visitor, parts, &page, &Api { base_url: &parts.base_url, scopes })
}

#[derive(Template)]
#[template(path = "integrations.html")]
struct Integrations<'a> {
    parts: &'a Parts,
}

pub(crate) fn integrations(visitor: &Visitor, parts: &Parts) -> Reply {
    let headings = headings(&[
        ("states", "States"),
        ("flow", "How data comes in"),
        ("people", "Matching people"),
        ("deletion", "Disconnecting and deletion"),
        ("privacy", "What is kept where"),
    ]);
    let page = Page { title: "Integrations", eyebrow: "Connect", path: "/docs/integrations", headings };
    show(visitor, parts, &page, &Integrations { parts })
}

#[derive(Template)]
#[template(path = "errors.html")]
struct Errors<'a> {
    problems: &'a [ErrorCode],
}

impl Errors<'_> {
    fn words(&self, problem: &ErrorCode) -> ui::Safe {
        ui::markdown(problem.meaning)
    }
}

pub(crate) fn errors(visitor: &Visitor, parts: &Parts) -> Reply {
    let page = Page { title: "Errors", eyebrow: "Reference", path: "/docs/errors", headings: vec![] };
    show(visitor, parts, &page, &Errors { problems: &parts.api.errors })
}

#[derive(Template)]
#[template(path = "error.html")]
struct OneError<'a> {
    code: &'a str,
    known: Option<&'a ErrorCode>,
}

impl OneError<'_> {
    fn words(&self, problem: &ErrorCode) -> ui::Safe {
        ui::markdown(problem.meaning)
    }
}

/// The page that a problem document's `type` leads to; codes of single operations explain themselves in `detail`.
pub(crate) fn error(visitor: &Visitor, parts: &Parts, code: &str) -> Reply {
    if code.len() > 60 || !code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Err(Error::NotFound("page").into());
    }
    let known = parts.api.errors.iter().find(|problem| problem.code == code);
    let page = Page { title: code, eyebrow: "Errors", path: "/docs/errors", headings: vec![] };
    show(visitor, parts, &page, &OneError { code, known })
}
