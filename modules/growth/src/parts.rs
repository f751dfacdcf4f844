//! Parts that this module's pages share: addresses, forms, cells that are edited in place, pagers, answers to forms.

use askama::Template;
use atlas_kernel::{Error, FieldError, Result};
use atlas_web::ui::{Safe, url_encode};
use atlas_web::{Ctx, Reply};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};

mod cell;
mod form;
pub(crate) mod listing;

pub(crate) use cell::{Cell, Control};
pub(crate) use form::{Choice, Form, FormField, FormPage, Kind};

/// A page's address with its query, from which links to its neighbours are made.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Address {
    pub(crate) fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), pairs: vec![] }
    }

    /// The address with these; empty ones are left out.
    pub(crate) fn of(path: impl Into<String>, pairs: &[(&str, &String)]) -> Self {
        pairs.iter().fold(Self::new(path), |address, (name, value)| address.with(name, value.trim()))
    }

    /// The same with `name` set; an empty value takes it away.
    #[must_use]
    pub(crate) fn with(&self, name: &str, value: impl ToString) -> Self {
        let value = value.to_string();
        let mut pairs: Vec<(String, String)> = self.pairs.iter().filter(|(key, _)| key != name).cloned().collect();
        if !value.is_empty() {
            pairs.push((name.to_owned(), value));
        }
        Self { path: self.path.clone(), pairs }
    }

    /// The same without `name`, and from the first page.
    #[must_use]
    pub(crate) fn without(&self, name: &str) -> Self {
        self.with(name, "").with("after", "").with("before", "")
    }

    /// The text of a link.
    pub(crate) fn href(&self) -> String {
        let query: Vec<String> = self.pairs.iter().map(|(key, value)| format!("{key}={}", url_encode(value))).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }

    /// The query as hidden fields of a form, apart from these names.
    pub(crate) fn hidden(&self, without: &[&str]) -> Vec<(String, String)> {
        self.pairs.iter().filter(|(key, _)| !without.contains(&key.as_str())).cloned().collect()
    }
}

/// The head of a column that can be sorted.
pub(crate) struct SortHead {
    pub label: &'static str,
    pub href: String,
    /// `ascending` or `descending`, on the sorted column.
    pub sorted: Option<&'static str>,
    pub end: bool,
}

/// The head of the column called `name`; a second click turns the order round.
pub(crate) fn sort_head(address: &Address, label: &'static str, name: &str, sort: &str, falls_first: bool) -> SortHead {
    let (rising, falling) = (name.to_owned(), format!("-{name}"));
    let sorted = if sort == rising { Some("ascending") } else { (sort == falling).then_some("descending") };
    let next = match sorted {
        Some("ascending") => falling,
        Some(_) => rising,
        None if falls_first => falling,
        None => rising,
    };
    SortHead { label, href: address.without("sort").with("sort", next).href(), sorted, end: false }
}

/// The links at the foot of a list.
#[derive(Template)]
#[template(path = "parts/pager.html")]
pub(crate) struct Pager {
    pub words: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl Pager {
    pub(crate) fn new(address: &Address, words: String, before: Option<&str>, after: Option<&str>) -> Self {
        let turn =
            |name: &str, cursor: Option<&str>| cursor.map(|cursor| address.with("before", "").with("after", "").with(name, cursor).href());
        Self { words, previous: turn("before", before), next: turn("after", after) }
    }
}

/// `50 of 2,310 contacts`, `50 of more than 1,000 contacts`.
pub(crate) fn count_words(shown: usize, total: i64, one: &str, many: &str) -> String {
    let most = crate::list::MOST_COUNTED as i64;
    let shown = atlas_web::ui::count(shown as i64);
    match total {
        total if total > most => format!("{shown} of more than {} {many}", atlas_web::ui::count(most)),
        1 => format!("1 {one}"),
        total => format!("{shown} of {} {many}", atlas_web::ui::count(total)),
    }
}

/// The id in a path; anything else is a page that is not there.
pub(crate) fn path_id<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T> {
    text.parse().map_err(|_| Error::NotFound(what))
}

/// A fragment with another status than 200.
pub(crate) fn fragment_with(status: u16, template: &impl Template) -> Reply {
    let html = template.render().map_err(Error::internal)?;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    Ok((status, Html(html)).into_response())
}

/// Renders a part for use inside another template.
pub(crate) fn part(template: &impl Template) -> Result<Safe> {
    Ok(Safe::trusted(template.render().map_err(Error::internal)?))
}

/// What is wrong, field by field; other errors pass through.
pub(crate) fn field_errors<T>(outcome: Result<T>) -> Result<std::result::Result<T, Vec<FieldError>>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Invalid(fields)) => Ok(Err(fields)),
        Err(other) => Err(other),
    }
}

/// Adds a toast to an answer that htmx takes in.
pub(crate) fn with_toast(mut response: Response, text: &str, undo: Option<&str>) -> Response {
    let mut toast = serde_json::json!({ "text": text });
    if let Some(undo) = undo {
        toast["undo"] = undo.into();
    }
    let json = serde_json::json!({ "toast": toast }).to_string();
    let ascii: String = json.chars().flat_map(ascii).collect();
    if let Ok(value) = HeaderValue::from_str(&ascii) {
        response.headers_mut().insert("hx-trigger", value);
    }
    response
}

/// Headers are ASCII: the rest is escaped as JSON does.
fn ascii(c: char) -> Vec<char> {
    if c.is_ascii() {
        return vec![c];
    }
    let mut units = [0; 2];
    c.encode_utf16(&mut units).iter().flat_map(|unit| format!("\\u{unit:04x}").chars().collect::<Vec<_>>()).collect()
}

/// What a page says of who wrote a field.
pub(crate) fn provenance_words(ctx: &Ctx, mark: Option<&crate::Mark>, names: &Names) -> Option<String> {
    let mark = mark?;
    let day = atlas_web::ui::relative_words(mark.at, ctx.now(), &ctx.actor.zone());
    let who = match &mark.by {
        Some(by) if by.kind() == "conn" => names.connection(by)?,
        Some(by) => names.member(by.as_id()?)?,
        None => "Atlas".to_owned(),
    };
    let why = mark.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    Some(format!("From {who}, {day}{why}"))
}

/// The names of members, and of the providers behind a record's connections.
pub(crate) struct Names {
    pub members: Vec<crate::people::Member>,
    pub connections: Vec<(atlas_kernel::Ref, String)>,
}

impl Names {
    pub(crate) fn new(members: Vec<crate::people::Member>, provided: &crate::ProvidedBy) -> Self {
        let connections = provided.iter().map(|(id, said)| (id.clone(), crate::words::provider(&said.provider))).collect();
        Self { members, connections }
    }

    pub(crate) fn member(&self, id: atlas_kernel::UserId) -> Option<String> {
        self.members.iter().find(|member| member.id == id).map(|member| member.name.clone())
    }

    fn connection(&self, id: &atlas_kernel::Ref) -> Option<String> {
        self.connections.iter().find(|(known, _)| known == id).map(|(_, name)| name.clone())
    }

    /// The members as choices of an owner.
    pub(crate) fn owner_choices(&self, chosen: Option<atlas_kernel::UserId>) -> Vec<Choice> {
        let nobody = Choice::new("", "Nobody", chosen.is_none());
        let one = |member: &crate::people::Member| Choice::new(member.id.to_string(), member.name.clone(), chosen == Some(member.id));
        [nobody].into_iter().chain(self.members.iter().map(one)).collect()
    }
}
