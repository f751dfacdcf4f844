//! The list of companies as a page, and as options of a field that names one.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::{Result, UserId};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Query, Reply};
use serde::Deserialize;

use super::super::list::{CompanyLine, CompanyQuery, count, page};
use super::super::store::headcounts;
use crate::access::COMPANIES_WRITE;
use crate::contact::web::list::{Options, offered};
use crate::list::Turn;
use crate::parts::{Address, Chip, Choice, Pager, SortHead, count_words, part, sort_head};
use crate::people::{Member, members};
use crate::tag::{self, Tag};
use crate::wire::owner_filter;
use crate::words;

const ROWS: usize = 50;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    sort: String,
    owner: String,
    tag: String,
    source: String,
    archived: String,
    after: String,
    before: String,
}

#[derive(Template)]
#[template(path = "company/list.html")]
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
#[template(path = "company/table.html")]
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
    domain: String,
    industry: String,
    people: String,
    owner: Option<(UserId, String)>,
    active: Safe,
}

impl Asked {
    fn address(&self) -> Address {
        let pairs = [
            ("q", &self.q),
            ("sort", &self.sort),
            ("owner", &self.owner),
            ("tag", &self.tag),
            ("source", &self.source),
            ("archived", &self.archived),
        ];
        pairs.into_iter().fold(Address::new("/growth/companies"), |address, (name, value)| address.with(name, value.trim()))
    }

    fn sort(&self) -> &str {
        if self.sort.is_empty() { "name" } else { &self.sort }
    }

    fn query(&self) -> Result<CompanyQuery> {
        let turn = match (self.after.as_str(), self.before.as_str()) {
            ("", "") => Turn::First,
            ("", before) => Turn::Before(before.to_owned()),
            (after, _) => Turn::After(after.to_owned()),
        };
        Ok(CompanyQuery {
            q: (!self.q.trim().is_empty()).then(|| self.q.clone()),
            owner: owner_filter(Some(&self.owner))?,
            tag: self.tag.parse().ok(),
            source: (!self.source.is_empty()).then(|| self.source.clone()),
            archived: self.archived == "yes",
            sort: self.sort().to_owned(),
            turn,
            limit: ROWS,
        })
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.owner, &self.tag, &self.source, &self.archived].iter().any(|value| !value.trim().is_empty())
    }
}

/// The page, or the list alone when a search asks for it.
pub(super) async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Reply {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let query = asked.query()?;
    let slice = page(db, workspace, &query).await?;
    let total = count(db, workspace, &query).await?;
    let members = members(db, workspace).await?;
    let ids: Vec<_> = slice.rows.iter().map(|row| row.id).collect();
    let people: HashMap<_, i64> = headcounts(db, workspace, &ids).await?.into_iter().collect();
    let address = asked.address();
    let can_write = ctx.actor.may(&COMPANIES_WRITE).is_ok();
    let words = count_words(slice.rows.len(), total, "company", "companies");
    let table = Table {
        address: address.with("after", &asked.after).with("before", &asked.before).href(),
        heads: heads(&address, asked.sort()),
        pager: part(&Pager::new(&address, words, slice.before.as_deref(), slice.after.as_deref()))?,
        rows: rows(&ctx, slice.rows, &members, &people),
        filtered: asked.is_filtered(),
        clear: Address::new("/growth/companies").with("sort", &asked.sort).href(),
        can_write,
    };
    if ctx.partial {
        return ctx.fragment(&table);
    }
    let tags = tag::store::all(db, workspace).await?;
    let content = ListPage {
        table: part(&table)?,
        chips: chips(&asked, &address, &members, &tags),
        filters: filters(&asked, &members, &tags),
        hidden: address.hidden(&["q"]),
        kept: address.hidden(&["owner", "tag", "source", "archived"]),
        q: asked.q,
        can_write,
    };
    ctx.page("Companies").crumb("Growth", None).crumb("Companies", None).nav("/growth/companies").live(["companies"]).html(&content)
}

fn heads(address: &Address, sort: &str) -> Vec<SortHead> {
    let plain = |label, end| SortHead { label, href: String::new(), sorted: None, end };
    vec![
        sort_head(address, "Name", "name", sort, false),
        plain("Industry", false),
        plain("Contacts", true),
        plain("Owner", false),
        SortHead { end: true, ..sort_head(address, "Last activity", "activity", sort, true) },
    ]
}

fn rows(ctx: &Ctx, lines: Vec<CompanyLine>, members: &[Member], people: &HashMap<crate::ids::CompanyId, i64>) -> Vec<Row> {
    let names: HashMap<UserId, &str> = members.iter().map(|member| (member.id, member.name.as_str())).collect();
    let (zone, now) = (ctx.actor.zone(), ctx.now());
    let row = |line: CompanyLine| Row {
        url: super::super::url(line.id),
        label: line.label().to_owned(),
        domain: line.domain.clone().filter(|domain| line.label() != domain).unwrap_or_default(),
        industry: line.industry.clone().unwrap_or_default(),
        people: people.get(&line.id).map(|count| ui::count(*count)).unwrap_or_default(),
        owner: line.owner_id.map(|id| (id, names.get(&id).copied().unwrap_or("Former member").to_owned())),
        active: ui::relative_time(line.last_activity_at, now, &zone),
        id: line.id.to_string(),
    };
    lines.into_iter().map(row).collect()
}

fn chips(asked: &Asked, address: &Address, members: &[Member], tags: &[Tag]) -> Vec<Chip> {
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
    add("plug", "From", "source", if asked.source.is_empty() { String::new() } else { words::origin(&asked.source) });
    add("archive", "Only", "archived", if asked.archived == "yes" { "archived".to_owned() } else { String::new() });
    chips
}

fn filters(asked: &Asked, members: &[Member], tags: &[Tag]) -> Vec<(&'static str, &'static str, Vec<Choice>)> {
    let of = |pairs: Vec<(String, String)>, current: &str| {
        let choices = pairs.into_iter().map(|(value, label)| {
            let chosen = value == current;
            Choice::new(value, label, chosen)
        });
        [Choice::new("", "Any", current.is_empty())].into_iter().chain(choices).collect::<Vec<_>>()
    };
    let pair = |value: &str, label: &str| (value.to_owned(), label.to_owned());
    let owners = [pair("none", "Nobody")].into_iter().chain(members.iter().map(|m| (m.id.to_string(), m.name.clone()))).collect();
    vec![
        ("owner", "Owner", of(owners, &asked.owner)),
        ("tag", "Tag", of(tags.iter().map(|tag| (tag.id.to_string(), tag.name.clone())).collect(), &asked.tag)),
        ("source", "Came from", of(vec![pair("atlas", "Atlas"), pair("intercom", "Intercom")], &asked.source)),
        ("archived", "Archived", of(vec![pair("yes", "Archived")], &asked.archived)),
    ]
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    q: String,
}

/// The companies that match what was typed into a field, and the offer to make one called that.
pub(super) async fn options(ctx: Ctx, Query(typed): Query<Typed>) -> Reply {
    let options = offered(&ctx, "company", &typed.q).await?;
    let name = typed.q.trim();
    let known = options.iter().any(|option| option.label.to_lowercase() == name.to_lowercase());
    let may = ctx.actor.may(&COMPANIES_WRITE).is_ok();
    let make = (may && !known && !name.is_empty()).then(|| name.chars().take(200).collect());
    ctx.fragment(&Options { options, square: true, make })
}
