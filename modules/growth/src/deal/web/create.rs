//! The form that makes a deal.

use atlas_kernel::{Error, Result};
use atlas_store::Tx;
use atlas_web::{Ctx, Form as Sent, Query, Reply};
use jiff::civil::Date;
use serde::Deserialize;

use super::super::{Edit, read_value, verbs};
use crate::contact::Status;
use crate::contact::web::create::{named_company, read_owner};
use crate::ids::{CompanyId, ContactId};
use crate::parts::{Choice, Form, FormField, FormPage, Kind, field_errors, fragment_with};
use crate::people::members;
use crate::pipeline::{StageKind, store};
use crate::{company, contact};

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Typed {
    title: String,
    value: String,
    currency: String,
    stage: String,
    close: String,
    owner: String,
    contact: String,
    contact_text: String,
    company: String,
    company_text: String,
}

/// The form, empty but for what the address says: a contact brings its company along.
pub(super) async fn ask(ctx: Ctx, Query(mut typed): Query<Typed>) -> Reply {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    if let Ok(id) = typed.contact.parse::<ContactId>()
        && let Some(contact) = contact::store::find(db, workspace, id).await?
    {
        contact.label().clone_into(&mut typed.contact_text);
        if typed.company.is_empty() {
            typed.company = contact.company.map(|id| id.to_string()).unwrap_or_default();
        }
    }
    if let Ok(id) = typed.company.parse::<CompanyId>() {
        typed.company_text = company::store::name(db, workspace, id).await?.unwrap_or_default();
    }
    if typed.owner.is_empty() {
        typed.owner = ctx.me.user.to_string();
    }
    let form = form(&ctx, &typed).await?;
    page(&ctx, &form, 200)
}

fn page(ctx: &Ctx, form: &Form, status: u16) -> Reply {
    let content = FormPage { title: "New deal", form, partial: ctx.partial };
    let page = ctx.page("New deal").crumb("Growth", None).crumb("Deals", Some("/growth/deals")).crumb("New deal", None);
    page.nav("/growth/deals").status(status).html(&content)
}

async fn form(ctx: &Ctx, typed: &Typed) -> Result<Form> {
    let members = members(&ctx.app.db, ctx.actor.workspace).await?;
    let pipelines = store::all_or_first(&ctx.app.db, ctx.actor.workspace).await?;
    let several = pipelines.len() > 1;
    let stages = pipelines.iter().flat_map(|pipeline| pipeline.stages.iter().map(move |stage| (pipeline, stage)));
    let stages = stages.filter(|(_, stage)| stage.kind == StageKind::Open || stage.id.to_string() == typed.stage);
    let stages = stages.map(|(pipeline, stage)| {
        let label = if several { format!("{}: {}", pipeline.name, stage.name) } else { stage.name.clone() };
        Choice::new(stage.id.to_string(), label, stage.id.to_string() == typed.stage)
    });
    let owners = members.iter().map(|member| {
        let id = member.id.to_string();
        let chosen = id == typed.owner;
        Choice::new(id, member.name.clone(), chosen)
    });
    let owners = [Choice::new("", "Nobody", typed.owner.is_empty())].into_iter().chain(owners).collect();
    let mut title = FormField::line("title", "Title", &typed.title).needed().wide();
    title.first = true;
    let currency = if typed.currency.is_empty() { "EUR" } else { &typed.currency };
    Ok(Form {
        id: "deal-form",
        action: "/growth/deals".to_owned(),
        fields: vec![
            title,
            FormField::line("company", "Company", &typed.company)
                .kind(Kind::Combo { text: typed.company_text.clone(), options: "/growth/companies/options" }),
            FormField::line("contact", "Contact", &typed.contact)
                .kind(Kind::Combo { text: typed.contact_text.clone(), options: "/growth/contacts/options" }),
            FormField::line("value", "Value", &typed.value).hint("An amount such as 48,000."),
            FormField::line("currency", "Currency", currency).hint("Three letters, such as EUR."),
            FormField::line("stage", "Stage", "").kind(Kind::Select(stages.collect())).needed(),
            FormField::line("close", "Expected close", &typed.close).kind(Kind::Line("date")),
            FormField::line("owner", "Owner", "").kind(Kind::Select(owners)),
        ],
        hidden: vec![],
        submit: "Create deal",
        cancel: "/growth/deals".to_owned(),
        failure: None,
    })
}

/// Makes the deal, and the company when a new one was named.
pub(super) async fn make(ctx: Ctx, Sent(typed): Sent<Typed>) -> Reply {
    let (actor, asked) = (&ctx.actor, &typed);
    let made = ctx.app.db.write(|tx| async move {
        let edit = Edit {
            title: Some(asked.title.clone()),
            value: read_value(&asked.value, &asked.currency)?.map(Some),
            stage: read_stage(&asked.stage)?,
            expected_close: read_date(&asked.close)?.map(Some),
            owner: read_owner(&asked.owner)?.map(Some),
            contact: named_contact(&tx, actor.workspace, &asked.contact, &asked.contact_text).await?.map(Some),
            company: named_company(&tx, actor, &asked.company, &asked.company_text).await?.map(Some),
        };
        verbs::create(&tx, actor, edit, None).await
    });
    match field_errors(made.await)? {
        Ok(deal) => ctx.redirect(deal.url()).toast(format!("{} created", deal.title)).reply(),
        Err(errors) => {
            let names = [
                ("expectedClose", "close"),
                ("companyIds", "company"),
                ("companyId", "company"),
                ("contactId", "contact"),
                ("ownerId", "owner"),
                ("stageId", "stage"),
            ];
            let form = form(&ctx, &typed).await?.refused(errors, &names);
            if ctx.partial { fragment_with(422, &form) } else { page(&ctx, &form, 422) }
        }
    }
}

fn read_stage(text: &str) -> Result<Option<crate::ids::StageId>> {
    match text.trim() {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| Error::field("stageId", "unknown", "this workspace has no such stage")),
    }
}

/// A date as a date field sends it; empty is none.
pub(super) fn read_date(text: &str) -> Result<Option<Date>> {
    match text.trim() {
        "" => Ok(None),
        date => date.parse().map(Some).map_err(|_| Error::field("expectedClose", "invalid", "a date such as 2027-01-31 expected")),
    }
}

/// The contact a field names: one that was chosen or, without script, one called just that.
pub(super) async fn named_contact(tx: &Tx, workspace: atlas_kernel::WorkspaceId, chosen: &str, text: &str) -> Result<Option<ContactId>> {
    if let Ok(id) = chosen.trim().parse() {
        return Ok(Some(id));
    }
    if text.trim().is_empty() {
        return Ok(None);
    }
    let ask = contact::list::ContactQuery { q: Some(text.trim().to_owned()), limit: 5, ..contact::list::ContactQuery::default() };
    let found = contact::list::page(tx, workspace, &ask).await?.rows;
    let same = found.iter().find(|line| line.label().to_lowercase() == text.trim().to_lowercase());
    same.map(|line| Some(line.id)).ok_or_else(|| Error::field("contactId", "unknown", "no contact here has this name"))
}

/// Whether a contact can still be named by a deal.
pub(super) fn is_there(contact: &contact::Contact) -> bool {
    contact.status != Status::Merged
}
