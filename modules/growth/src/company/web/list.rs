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
use crate::list::Turn;
use crate::parts::listing::{COMPANIES, Chips, Filter, Frame, ListPage, Options, Owners, Place, Typed, offered};
use crate::parts::{Address, SortHead, part, sort_head};
use crate::people::{Member, members};
use crate::tag;
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
#[template(path = "company/table.html")]
struct Table {
    frame: Frame,
    rows: Vec<Row>,
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
        Address::of(
            "/growth/companies",
            &[
                ("q", &self.q),
                ("sort", &self.sort),
                ("owner", &self.owner),
                ("tag", &self.tag),
                ("source", &self.source),
                ("archived", &self.archived),
            ],
        )
    }

    fn sort(&self) -> &str {
        if self.sort.is_empty() { "name" } else { &self.sort }
    }

    fn query(&self) -> Result<CompanyQuery> {
        Ok(CompanyQuery {
            q: (!self.q.trim().is_empty()).then(|| self.q.clone()),
            owner: owner_filter(Some(&self.owner))?,
            tag: self.tag.parse().ok(),
            source: (!self.source.is_empty()).then(|| self.source.clone()),
            archived: self.archived == "yes",
            sort: self.sort().to_owned(),
            turn: Turn::of(&self.after, &self.before),
            limit: ROWS,
        })
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.owner, &self.tag, &self.source, &self.archived].iter().any(|value| !value.trim().is_empty())
    }

    fn place<'a>(&'a self, address: &'a Address) -> Place<'a> {
        let bare = Address::new("/growth/companies").with("sort", &self.sort);
        Place { address, bare, after: &self.after, before: &self.before, filtered: self.is_filtered() }
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
    let place = asked.place(&address);
    let frame = Frame { can_write, ..Frame::new(&COMPANIES, &place, heads(&address, asked.sort()), &slice, total)? };
    let table = Table { frame, rows: rows(&ctx, slice.rows, &members, &people) };
    if ctx.partial {
        return ctx.fragment(&table);
    }
    let tags = tag::store::all(db, workspace).await?;
    let chips = Chips::new(&address)
        .owner(&members, &asked.owner)
        .with("tag", "Tag is", "tag", tag::name_of(&tags, &asked.tag))
        .with("plug", "From", "source", words::origin_of(&asked.source))
        .archived(&asked.archived);
    let filters = vec![
        Filter::owner(&members, &asked.owner),
        Filter::of("tag", "Tag", tags.iter().map(|tag| (tag.id.to_string(), tag.name.clone())), &asked.tag),
        Filter::of("source", "Came from", words::origins(), &asked.source),
        Filter::archived(&asked.archived),
    ];
    let content = ListPage { can_add: can_write, ..ListPage::new(&COMPANIES, part(&table)?, &asked.q, &address, chips, filters) };
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
    let owners = Owners::new(members);
    let (zone, now) = (ctx.actor.zone(), ctx.now());
    let row = |line: CompanyLine| Row {
        url: super::super::url(line.id),
        label: line.label().to_owned(),
        domain: line.domain.clone().filter(|domain| line.label() != domain).unwrap_or_default(),
        industry: line.industry.clone().unwrap_or_default(),
        people: people.get(&line.id).map(|count| ui::count(*count)).unwrap_or_default(),
        owner: owners.of(line.owner_id),
        active: ui::relative_time(line.last_activity_at, now, &zone),
        id: line.id.to_string(),
    };
    lines.into_iter().map(row).collect()
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
