//! The list of contacts as a page, and as options of a field that names one.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::{Result, Timestamp, UserId};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Query, Reply};
use serde::Deserialize;

use super::super::list::{ContactLine, ContactQuery, count, page};
use crate::access::CONTACTS_WRITE;
use crate::list::Turn;
use crate::parts::{Address, Chip, Choice, Pager, SortHead, count_words, part, sort_head};
use crate::people::{Member, members};
use crate::tag::{self, Tag};
use crate::wire::owner_filter;
use crate::words;

/// Rows a page.
const ROWS: usize = 50;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    sort: String,
    owner: String,
    tag: String,
    company: String,
    source: String,
    lead: String,
    archived: String,
    after: String,
    before: String,
}

#[derive(Template)]
#[template(path = "contact/list.html")]
struct ListPage {
    table: Safe,
    q: String,
    hidden: Vec<(String, String)>,
    chips: Vec<Chip>,
    filters: Vec<(&'static str, &'static str, Vec<Choice>)>,
    kept: Vec<(String, String)>,
    can_write: bool,
}

#[derive(Template)]
#[template(path = "contact/table.html")]
struct Table {
    address: String,
    heads: Vec<SortHead>,
    rows: Vec<Row>,
    pager: Safe,
    filtered: bool,
    clear: String,
    can_write: bool,
}

struct Row {
    id: String,
    url: String,
    label: String,
    role: String,
    company: Option<(String, String)>,
    email: String,
    owner: Option<(UserId, String)>,
    lead: bool,
    active: Safe,
}

impl Asked {
    fn address(&self) -> Address {
        let pairs = [
            ("q", &self.q),
            ("sort", &self.sort),
            ("owner", &self.owner),
            ("tag", &self.tag),
            ("company", &self.company),
            ("source", &self.source),
            ("lead", &self.lead),
            ("archived", &self.archived),
        ];
        pairs.into_iter().fold(Address::new("/growth/contacts"), |address, (name, value)| address.with(name, value.trim()))
    }

    fn sort(&self) -> &str {
        if self.sort.is_empty() { "name" } else { &self.sort }
    }

    /// Filters that name nothing match nothing; they never fail a page.
    fn query(&self) -> Result<ContactQuery> {
        let turn = match (self.after.as_str(), self.before.as_str()) {
            ("", "") => Turn::First,
            ("", before) => Turn::Before(before.to_owned()),
            (after, _) => Turn::After(after.to_owned()),
        };
        Ok(ContactQuery {
            q: (!self.q.trim().is_empty()).then(|| self.q.clone()),
            owner: owner_filter(Some(&self.owner))?,
            tag: self.tag.parse().ok(),
            company: self.company.parse().ok(),
            source: (!self.source.is_empty()).then(|| self.source.clone()),
            lead: match self.lead.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            archived: self.archived == "yes",
            sort: self.sort().to_owned(),
            turn,
            limit: ROWS,
        })
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.owner, &self.tag, &self.company, &self.source, &self.lead, &self.archived]
            .iter()
            .any(|value| !value.trim().is_empty())
    }
}

/// The page, or the list alone when a search asks for it.
pub(super) async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Reply {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let query = asked.query()?;
    let slice = page(db, workspace, &query).await?;
    let total = count(db, workspace, &query).await?;
    let members = members(db, workspace).await?;
    let address = asked.address();
    let can_write = ctx.actor.may(&CONTACTS_WRITE).is_ok();
    let words = count_words(slice.rows.len(), total, "contact", "contacts");
    let table = Table {
        address: address.with("after", &asked.after).with("before", &asked.before).href(),
        heads: heads(&address, asked.sort()),
        pager: part(&Pager::new(&address, words, slice.before.as_deref(), slice.after.as_deref()))?,
        rows: rows(&ctx, slice.rows, &members, ctx.now()),
        filtered: asked.is_filtered(),
        clear: Address::new("/growth/contacts").with("sort", &asked.sort).href(),
        can_write,
    };
    if ctx.partial {
        return ctx.fragment(&table);
    }
    let tags = tag::store::all(db, workspace).await?;
    let company = company_name(&ctx, &asked).await?;
    let content = ListPage {
        table: part(&table)?,
        chips: chips(&asked, &address, &members, &tags, company),
        filters: filters(&asked, &members, &tags),
        hidden: address.hidden(&["q"]),
        kept: address.hidden(&["owner", "tag", "source", "lead", "archived"]),
        q: asked.q,
        can_write,
    };
    ctx.page("Contacts").crumb("Growth", None).crumb("Contacts", None).nav("/growth/contacts").live(["contacts"]).html(&content)
}

async fn company_name(ctx: &Ctx, asked: &Asked) -> Result<Option<String>> {
    match asked.company.parse() {
        Ok(id) => crate::company::store::name(&ctx.app.db, ctx.actor.workspace, id).await,
        Err(_) => Ok(None),
    }
}

fn heads(address: &Address, sort: &str) -> Vec<SortHead> {
    let plain = |label| SortHead { label, href: String::new(), sorted: None, end: false };
    vec![
        sort_head(address, "Name", "name", sort, false),
        plain("Company"),
        plain("Email"),
        plain("Owner"),
        SortHead { end: true, ..sort_head(address, "Last activity", "activity", sort, true) },
    ]
}

fn rows(ctx: &Ctx, lines: Vec<ContactLine>, members: &[Member], now: Timestamp) -> Vec<Row> {
    let names: HashMap<UserId, &str> = members.iter().map(|member| (member.id, member.name.as_str())).collect();
    let zone = ctx.actor.zone();
    let row = |line: ContactLine| Row {
        url: super::super::url(line.id),
        label: line.label(),
        role: line.role.clone().unwrap_or_default(),
        company: line.company_id.map(|id| {
            let name = crate::company::label(line.company_name.as_deref().unwrap_or_default(), None);
            (crate::company::url(id), name.to_owned())
        }),
        email: line.emails().into_iter().next().unwrap_or_default(),
        owner: line.owner_id.map(|id| (id, names.get(&id).copied().unwrap_or("Former member").to_owned())),
        lead: line.lead,
        active: ui::relative_time(line.last_activity_at, now, &zone),
        id: line.id.to_string(),
    };
    lines.into_iter().map(row).collect()
}

fn chips(asked: &Asked, address: &Address, members: &[Member], tags: &[Tag], company: Option<String>) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut add = |icon, name: &'static str, key: &str, value: String| {
        if !value.is_empty() {
            chips.push(Chip { icon, name, value, href: address.without(key).href() });
        }
    };
    let owner = match asked.owner.as_str() {
        "" => String::new(),
        "none" => "nobody".to_owned(),
        id => members.iter().find(|m| m.id.to_string() == id).map_or_else(|| "unknown".to_owned(), |m| m.name.clone()),
    };
    add("user-round", "Owner is", "owner", owner);
    add("tag", "Tag is", "tag", tags.iter().find(|tag| tag.id.to_string() == asked.tag).map(|tag| tag.name.clone()).unwrap_or_default());
    add("building-2", "Company is", "company", company.unwrap_or_default());
    add("plug", "From", "source", if asked.source.is_empty() { String::new() } else { words::origin(&asked.source) });
    let lead = match asked.lead.as_str() {
        "yes" => "leads",
        "no" => "not leads",
        _ => "",
    };
    add("flag", "Only", "lead", lead.to_owned());
    add("archive", "Only", "archived", if asked.archived == "yes" { "archived".to_owned() } else { String::new() });
    chips
}

fn filters(asked: &Asked, members: &[Member], tags: &[Tag]) -> Vec<(&'static str, &'static str, Vec<Choice>)> {
    let any = |chosen: bool| Choice::new("", "Any", chosen);
    let of = |pairs: Vec<(String, String)>, current: &str| {
        let choices = pairs.into_iter().map(|(value, label)| {
            let chosen = value == current;
            Choice::new(value, label, chosen)
        });
        [any(current.is_empty())].into_iter().chain(choices).collect::<Vec<_>>()
    };
    let pair = |value: &str, label: &str| (value.to_owned(), label.to_owned());
    let owners = [pair("none", "Nobody")].into_iter().chain(members.iter().map(|m| (m.id.to_string(), m.name.clone()))).collect();
    vec![
        ("owner", "Owner", of(owners, &asked.owner)),
        ("tag", "Tag", of(tags.iter().map(|tag| (tag.id.to_string(), tag.name.clone())).collect(), &asked.tag)),
        ("source", "Came from", of(vec![pair("atlas", "Atlas"), pair("intercom", "Intercom")], &asked.source)),
        ("lead", "Lead", of(vec![pair("yes", "Leads"), pair("no", "Not leads")], &asked.lead)),
        ("archived", "Archived", of(vec![pair("yes", "Archived")], &asked.archived)),
    ]
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    q: String,
}

/// One line of a list of options.
pub(crate) struct Offer {
    pub id: String,
    pub label: String,
    pub detail: String,
}

#[derive(Template)]
#[template(path = "parts/options.html")]
pub(crate) struct Options {
    pub options: Vec<Offer>,
    pub square: bool,
    /// What could be made, when nothing is called exactly that.
    pub make: Option<String>,
}

/// What a search for one kind of record offers to a field: the best eight.
pub(crate) async fn offered(ctx: &Ctx, kind: &'static str, q: &str) -> Result<Vec<Offer>> {
    let found = atlas_store::search(&ctx.app.db, ctx.actor.workspace, q, &[kind], 8).await?;
    Ok(found.into_iter().map(|hit| Offer { id: hit.record.to_string(), label: hit.title, detail: hit.detail }).collect())
}

/// The contacts that match what was typed into a field.
pub(super) async fn options(ctx: Ctx, Query(typed): Query<Typed>) -> Reply {
    let options = offered(&ctx, "contact", &typed.q).await?;
    ctx.fragment(&Options { options, square: false, make: None })
}
