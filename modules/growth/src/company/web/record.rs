//! The page of one company: what it is, its people, its deals, what happened.

use askama::Template;
use atlas_kernel::{Error, Result};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form as Sent, Query, RenderedPanel, Reply};
use axum::extract::Path;

use super::super::{Company, Status, store, verbs};
use super::fields::{self, About};
use crate::access::{COMPANIES_WRITE, CONTACTS_WRITE, DEALS_WRITE};
use crate::contact::list::{ContactLine, ContactQuery};
use crate::contact::web::record::{DealRow, SourcePart, deal_row, source_part};
use crate::deal::list::DealQuery;
use crate::ids::CompanyId;
use crate::note::web::{Written, writer};
use crate::parts::{Cell, part, path_id};
use crate::timeline::web::{Asked, earlier, section};
use crate::{contact, deal, origins, words};

/// So many contacts are listed beside a company.
const PEOPLE: usize = 12;

#[derive(Template)]
#[template(path = "company/record.html")]
struct Record {
    id: String,
    url: String,
    label: String,
    avatar: Safe,
    heading: Cell,
    subtitle: String,
    domain: Option<String>,
    archived: Option<String>,
    writer: Option<Safe>,
    timeline: Safe,
    cells: Vec<(&'static str, Cell)>,
    created: String,
    people: Vec<PersonRow>,
    more_people: Option<String>,
    deals: Vec<DealRow>,
    panels: Vec<RenderedPanel>,
    sources: Vec<SourcePart>,
    origins: Safe,
    can_write: bool,
    can_add: bool,
    can_sell: bool,
}

struct PersonRow {
    url: String,
    label: String,
    detail: String,
    avatar: Safe,
}

/// The company behind a page.
///
/// # Errors
/// Not found; whatever the database answers.
pub(super) async fn load(ctx: &Ctx, id: &str) -> Result<Company> {
    let id: CompanyId = path_id(id, "company")?;
    store::find(&ctx.app.db, ctx.actor.workspace, id).await?.ok_or(Error::NotFound("company"))
}

pub(super) async fn show(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let company = load(&ctx, &id).await?;
    let (db, workspace, record) = (&ctx.app.db, ctx.actor.workspace, company.id.to_ref());
    let about = About::of(&ctx, &company).await?;
    let people = ContactQuery { company: Some(company.id), limit: PEOPLE, ..ContactQuery::default() };
    let people = contact::list::page(db, workspace, &people).await?;
    let deals = DealQuery { company: Some(company.id), sort: "-updated".to_owned(), limit: 10, ..DealQuery::default() };
    let deals = deal::list::page(db, workspace, &deals).await?;
    let timeline = part(&section(&ctx, &record, company.url(), &asked).await?)?;
    let current = |field: &str| field.parse().ok().map(|field| company.value(field));
    let content = Record {
        url: company.url(),
        label: company.label().to_owned(),
        avatar: ui::avatar(&company.id, company.label(), 56, ui::Shape::Square),
        heading: fields::heading(&ctx, &company),
        subtitle: company.industry.clone().unwrap_or_default(),
        domain: company.domain.clone(),
        archived: company.archived_at.filter(|_| company.status == Status::Archived).map(|at| words::day_inside(&ctx, at)),
        writer: writer(&ctx, &company.url())?,
        timeline,
        cells: fields::cells(&ctx, &company, &about),
        created: words::day(&ctx, company.created_at),
        more_people: people.after.is_some().then(|| format!("/growth/contacts?company={}", company.id)),
        people: people.rows.iter().map(person_row).collect(),
        deals: deals.rows.iter().map(|line| deal_row(&ctx, line)).collect(),
        panels: ctx.panels("company", &record).await,
        sources: company.provided.iter().map(|(_, said)| source_part(said, None, current)).collect(),
        origins: origins::part_of(&ctx, &record, &company.provenance, &about.names).await?,
        can_write: ctx.actor.may(&COMPANIES_WRITE).is_ok(),
        can_add: ctx.actor.may(&CONTACTS_WRITE).is_ok(),
        can_sell: ctx.actor.may(&DEALS_WRITE).is_ok(),
        id,
    };
    let page = ctx.page(company.label()).crumb("Growth", None).crumb("Companies", Some("/growth/companies")).crumb(company.label(), None);
    page.nav("/growth/companies").live([record.to_string(), "tasks".to_owned()]).recent("Company", "building-2").html(&content)
}

fn person_row(line: &ContactLine) -> PersonRow {
    let label = line.label();
    let email = line.emails().into_iter().next().filter(|email| *email != label);
    PersonRow {
        url: contact::url(line.id),
        detail: line.role.clone().or(email).unwrap_or_default(),
        avatar: ui::avatar(&line.id, &label, 20, ui::Shape::Round),
        label,
    }
}

/// The timeline alone, or a further part of it; without script, the page that shows it.
pub(super) async fn timeline(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let company = load(&ctx, &id).await?;
    if !ctx.partial {
        return ctx.redirect(format!("{}?kind={}#timeline", company.url(), ui::url_encode(&asked.kind))).reply();
    }
    let record = company.id.to_ref();
    match asked.cursor.is_empty() {
        true => ctx.fragment(&section(&ctx, &record, company.url(), &asked).await?),
        false => ctx.fragment(&earlier(&ctx, &record, company.url(), &asked).await?),
    }
}

pub(super) async fn write_note(ctx: Ctx, Path(id): Path<String>, Sent(written): Sent<Written>) -> Reply {
    let company = load(&ctx, &id).await?;
    crate::note::web::write(&ctx, company.id.to_ref(), &company.url(), &written).await
}

pub(super) async fn archive(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let (actor, id) = (&ctx.actor, path_id::<CompanyId>(&id, "company")?);
    let company = ctx.app.db.write(|tx| async move { verbs::archive(&tx, actor, id, None).await }).await?;
    let undo = format!("{}/restore", company.url());
    ctx.redirect("/growth/companies").toast(format!("{} archived", company.label())).undo(undo).reply()
}

pub(super) async fn restore(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let (actor, id) = (&ctx.actor, path_id::<CompanyId>(&id, "company")?);
    let company = ctx.app.db.write(|tx| async move { verbs::restore(&tx, actor, id, None).await }).await?;
    ctx.redirect(company.url()).toast(format!("{} is back", company.label())).reply()
}
