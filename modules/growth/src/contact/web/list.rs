//! The list of contacts as a page, and as options of a field that names one.

use askama::Template;
use atlas_kernel::{Result, Timestamp, UserId};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Query, Reply};
use serde::Deserialize;

use super::super::list::{ContactLine, ContactQuery, count, page};
use crate::access::CONTACTS_WRITE;
use crate::list::Turn;
use crate::parts::listing::{CONTACTS, Chips, Filter, Frame, ListPage, Options, Owners, Place, Typed, offered};
use crate::parts::{Address, SortHead, part, sort_head};
use crate::people::{Member, members};
use crate::tag;
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
#[template(path = "contact/table.html")]
struct Table {
    frame: Frame,
    rows: Vec<Row>,
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
        Address::of(
            "/growth/contacts",
            &[
                ("q", &self.q),
                ("sort", &self.sort),
                ("owner", &self.owner),
                ("tag", &self.tag),
                ("company", &self.company),
                ("source", &self.source),
                ("lead", &self.lead),
                ("archived", &self.archived),
            ],
        )
    }

    fn sort(&self) -> &str {
        if self.sort.is_empty() { "name" } else { &self.sort }
    }

    /// Filters that name nothing match nothing; they never fail a page.
    fn query(&self) -> Result<ContactQuery> {
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
            turn: Turn::of(&self.after, &self.before),
            limit: ROWS,
        })
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.owner, &self.tag, &self.company, &self.source, &self.lead, &self.archived]
            .iter()
            .any(|value| !value.trim().is_empty())
    }

    fn place<'a>(&'a self, address: &'a Address) -> Place<'a> {
        let bare = Address::new("/growth/contacts").with("sort", &self.sort);
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
    let address = asked.address();
    let can_write = ctx.actor.may(&CONTACTS_WRITE).is_ok();
    let place = asked.place(&address);
    let frame = Frame { can_write, ..Frame::new(&CONTACTS, &place, heads(&address, asked.sort()), &slice, total)? };
    let table = Table { frame, rows: rows(&ctx, slice.rows, &members, ctx.now()) };
    if ctx.partial {
        return ctx.fragment(&table);
    }
    let tags = tag::store::all(db, workspace).await?;
    let company = company_name(&ctx, &asked).await?;
    let lead = match asked.lead.as_str() {
        "yes" => "leads",
        "no" => "not leads",
        _ => "",
    };
    let chips = Chips::new(&address)
        .owner(&members, &asked.owner)
        .with("tag", "Tag is", "tag", tag::name_of(&tags, &asked.tag))
        .with("building-2", "Company is", "company", company.unwrap_or_default())
        .with("plug", "From", "source", words::origin_of(&asked.source))
        .with("flag", "Only", "lead", lead)
        .archived(&asked.archived);
    let pair = |value: &str, label: &str| (value.to_owned(), label.to_owned());
    let filters = vec![
        Filter::owner(&members, &asked.owner),
        Filter::of("tag", "Tag", tags.iter().map(|tag| (tag.id.to_string(), tag.name.clone())), &asked.tag),
        Filter::of("source", "Came from", words::origins(), &asked.source),
        Filter::of("lead", "Lead", [pair("yes", "Leads"), pair("no", "Not leads")], &asked.lead),
        Filter::archived(&asked.archived),
    ];
    let content = ListPage { can_add: can_write, ..ListPage::new(&CONTACTS, part(&table)?, &asked.q, &address, chips, filters) };
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
    let owners = Owners::new(members);
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
        owner: owners.of(line.owner_id),
        lead: line.lead,
        active: ui::relative_time(line.last_activity_at, now, &zone),
        id: line.id.to_string(),
    };
    lines.into_iter().map(row).collect()
}

/// The contacts that match what was typed into a field.
pub(super) async fn options(ctx: Ctx, Query(typed): Query<Typed>) -> Reply {
    let options = offered(&ctx, "contact", &typed.q).await?;
    ctx.fragment(&Options { options, square: false, make: None })
}
