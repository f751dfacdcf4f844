//! The page of one contact: who they are, what happened, what is open.

use askama::Template;
use atlas_kernel::{Error, Result};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form as Sent, Query, RenderedPanel, Reply};
use axum::extract::Path;

use super::super::{Contact, Status, verbs};
use super::fields::{self, About};
use crate::access::{CONTACTS_WRITE, DEALS_WRITE};
use crate::contact::store;
use crate::deal::list::{DealLine, DealQuery};
use crate::ids::ContactId;
use crate::note::web::{Written, writer};
use crate::parts::{Cell, part, path_id};
use crate::timeline::web::{Asked, earlier, section};
use crate::{deal, origins, words};

#[derive(Template)]
#[template(path = "contact/record.html")]
struct Record {
    id: String,
    url: String,
    label: String,
    avatar: Safe,
    heading: Cell,
    role: String,
    company: Option<(String, String)>,
    lead: bool,
    archived: Option<String>,
    writer: Option<Safe>,
    timeline: Safe,
    cells: Vec<(&'static str, Cell)>,
    created: String,
    companies: Vec<CompanyCard>,
    deals: Vec<DealRow>,
    panels: Vec<RenderedPanel>,
    sources: Vec<SourcePart>,
    origins: Safe,
    can_write: bool,
    can_sell: bool,
}

struct CompanyCard {
    url: String,
    name: String,
    detail: String,
    avatar: Safe,
}

/// One deal in the column beside a record.
pub(crate) struct DealRow {
    pub url: String,
    pub title: String,
    pub detail: String,
    pub value: String,
}

/// What one connection says of a record.
pub(crate) struct SourcePart {
    pub provider: String,
    pub seen: Option<Safe>,
    /// Fields where the record shows something else: field, what the provider says.
    pub differs: Vec<(String, String)>,
    /// Attributes Atlas has no field for.
    pub attributes: Vec<(String, String)>,
}

impl SourcePart {
    pub(crate) fn more(&self) -> String {
        ui::plural(self.attributes.len() as i64, "more attribute", "more attributes")
    }
}

async fn load(ctx: &Ctx, id: &str) -> Result<Contact> {
    let id: ContactId = path_id(id, "contact")?;
    verbs::find(&ctx.app.db, ctx.actor.workspace, id).await
}

pub(super) async fn show(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let contact = load(&ctx, &id).await?;
    if contact.id.to_string() != id {
        return ctx.redirect(contact.url()).reply();
    }
    let record = contact.id.to_ref();
    let about = About::of(&ctx, &contact).await?;
    let deals = DealQuery { contact: Some(contact.id), sort: "-updated".to_owned(), limit: 10, ..DealQuery::default() };
    let deals = deal::list::page(&ctx.app.db, ctx.actor.workspace, &deals).await?;
    let timeline = part(&section(&ctx, &record, contact.url(), &asked).await?)?;
    let first = about.companies.first();
    let content = Record {
        url: contact.url(),
        avatar: ui::avatar(&contact.id, contact.label(), 56, ui::Shape::Round),
        heading: fields::heading(&ctx, &contact),
        role: contact.role.clone().unwrap_or_default(),
        company: first.map(|company| (company.url(), company.label().to_owned())),
        lead: contact.lead,
        archived: contact.archived_at.filter(|_| contact.status == Status::Archived).map(|at| words::day_inside(&ctx, at)),
        writer: writer(&ctx, &contact.url())?,
        timeline,
        cells: fields::cells(&ctx, &contact, &about),
        created: words::day(&ctx, contact.created_at),
        companies: about.companies.iter().map(company_card).collect(),
        deals: deals.rows.iter().map(|line| deal_row(&ctx, line)).collect(),
        panels: ctx.panels("contact", &record).await,
        sources: sources(&ctx, &contact),
        origins: origins::part_of(&ctx, &record, &contact.provenance, &about.names).await?,
        can_write: ctx.actor.may(&CONTACTS_WRITE).is_ok(),
        can_sell: ctx.actor.may(&DEALS_WRITE).is_ok(),
        label: contact.label().to_owned(),
        id,
    };
    let page = ctx.page(contact.label()).crumb("Growth", None).crumb("Contacts", Some("/growth/contacts")).crumb(contact.label(), None);
    page.nav("/growth/contacts").live([record.to_string(), "tasks".to_owned()]).recent("Contact", "user-round").html(&content)
}

fn company_card(company: &crate::company::Company) -> CompanyCard {
    let size = company.size.map(|size| ui::plural(size, "person", "people"));
    let parts: Vec<String> = [company.industry.clone(), size, company.domain.clone()].into_iter().flatten().collect();
    CompanyCard {
        url: company.url(),
        name: company.label().to_owned(),
        detail: parts.join(" · "),
        avatar: ui::avatar(&company.id, company.label(), 40, ui::Shape::Square),
    }
}

/// A deal as a line in the column beside a record.
pub(crate) fn deal_row(ctx: &Ctx, line: &DealLine) -> DealRow {
    let stage = line.stage_name.clone().unwrap_or_default();
    let close = match (line.closed_at, line.expected_close) {
        (Some(at), _) => format!(" {}", words::day_inside(ctx, at)),
        (None, Some(date)) => format!(", closes {}", words::inside(ui::date_label(date, ctx.today()))),
        (None, None) => String::new(),
    };
    DealRow {
        url: deal::url(line.id),
        title: line.title.clone(),
        detail: format!("{stage}{close}"),
        value: line.value().map(|value| value.to_string()).unwrap_or_default(),
    }
}

fn sources(ctx: &Ctx, contact: &Contact) -> Vec<SourcePart> {
    let current = |field: &str| field.parse().ok().map(|field| contact.value(field));
    let seen = contact.last_seen_at.map(|at| ui::relative_time(at, ctx.now(), &ctx.actor.zone()));
    contact.provided.iter().map(|(_, said)| source_part(said, seen.clone(), current)).collect()
}

/// What one connection says, beside what the record shows.
pub(crate) fn source_part(said: &crate::Provided, seen: Option<Safe>, current: impl Fn(&str) -> Option<serde_json::Value>) -> SourcePart {
    let differs = said.values.iter().filter(|(field, _)| !["ownerId", "archived", "lead"].contains(&field.as_str()));
    let differs = differs.filter(|(field, stated)| current(field).is_some_and(|value| value != stated.value));
    SourcePart {
        provider: words::provider(&said.provider),
        seen,
        differs: differs.map(|(field, stated)| (words::field(field).to_owned(), words::value(&stated.value))).collect(),
        attributes: said.attributes.iter().map(|(name, value)| (name.clone(), words::value(value))).collect(),
    }
}

/// The timeline alone, or a further part of it; without script, the page that shows it.
pub(super) async fn timeline(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let contact = load(&ctx, &id).await?;
    if !ctx.partial {
        return ctx.redirect(format!("{}?kind={}#timeline", contact.url(), ui::url_encode(&asked.kind))).reply();
    }
    let record = contact.id.to_ref();
    match asked.cursor.is_empty() {
        true => ctx.fragment(&section(&ctx, &record, contact.url(), &asked).await?),
        false => ctx.fragment(&earlier(&ctx, &record, contact.url(), &asked).await?),
    }
}

pub(super) async fn write_note(ctx: Ctx, Path(id): Path<String>, Sent(written): Sent<Written>) -> Reply {
    let contact = load(&ctx, &id).await?;
    crate::note::web::write(&ctx, contact.id.to_ref(), &contact.url(), &written).await
}

pub(super) async fn archive(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let (actor, id) = (&ctx.actor, path_id::<ContactId>(&id, "contact")?);
    let contact = ctx.app.db.write(|tx| async move { verbs::archive(&tx, actor, id, None).await }).await?;
    let undo = format!("{}/restore", contact.url());
    ctx.redirect("/growth/contacts").toast(format!("{} archived", contact.label())).undo(undo).reply()
}

pub(super) async fn restore(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let (actor, id) = (&ctx.actor, path_id::<ContactId>(&id, "contact")?);
    let contact = ctx.app.db.write(|tx| async move { verbs::restore(&tx, actor, id, None).await }).await?;
    ctx.redirect(contact.url()).toast(format!("{} is back", contact.label())).reply()
}

/// The contact behind a page, read again for a cell.
///
/// # Errors
/// Not found; whatever the database answers.
pub(super) async fn reload(ctx: &Ctx, id: &str) -> Result<Contact> {
    let id: ContactId = path_id(id, "contact")?;
    store::find(&ctx.app.db, ctx.actor.workspace, id).await?.filter(|c| c.status != Status::Merged).ok_or(Error::NotFound("contact"))
}
