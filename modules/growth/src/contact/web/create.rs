//! The form that makes a contact.

use atlas_kernel::{Actor, Error, Result};
use atlas_web::{Ctx, Form as Sent, Query, Reply};
use serde::Deserialize;

use super::super::{Edit, verbs};
use crate::access::COMPANIES_WRITE;
use crate::company;
use crate::ids::CompanyId;
use crate::parts::{Choice, Form, FormField, FormPage, Kind, field_errors, fragment_with};
use crate::people::members;

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Typed {
    name: String,
    email: String,
    phone: String,
    role: String,
    company: String,
    company_text: String,
    owner: String,
    tags: String,
    lead: String,
}

/// The form, empty but for what the address says.
pub(super) async fn ask(ctx: Ctx, Query(mut typed): Query<Typed>) -> Reply {
    if let Ok(id) = typed.company.parse::<CompanyId>() {
        typed.company_text = company::store::name(&ctx.app.db, ctx.actor.workspace, id).await?.unwrap_or_default();
    }
    if typed.owner.is_empty() {
        typed.owner = ctx.me.user.to_string();
    }
    let form = form(&ctx, &typed).await?;
    page(&ctx, &form, 200)
}

fn page(ctx: &Ctx, form: &Form, status: u16) -> Reply {
    let content = FormPage { title: "New contact", form, partial: ctx.partial };
    let page = ctx.page("New contact").crumb("Growth", None).crumb("Contacts", Some("/growth/contacts")).crumb("New contact", None);
    page.nav("/growth/contacts").status(status).html(&content)
}

async fn form(ctx: &Ctx, typed: &Typed) -> Result<Form> {
    let members = members(&ctx.app.db, ctx.actor.workspace).await?;
    let owners = members.iter().map(|member| {
        let id = member.id.to_string();
        let chosen = id == typed.owner;
        Choice::new(id, member.name.clone(), chosen)
    });
    let owners = [Choice::new("", "Nobody", typed.owner.is_empty())].into_iter().chain(owners).collect();
    let company = Kind::Combo { text: typed.company_text.clone(), options: "/growth/companies/options" };
    let mut name = FormField::line("name", "Name", &typed.name).needed().hint("Or an e-mail address or phone number alone.");
    name.first = true;
    Ok(Form {
        id: "contact-form",
        action: "/growth/contacts".to_owned(),
        fields: vec![
            name,
            FormField::line("email", "Email", &typed.email).kind(Kind::Line("email")),
            FormField::line("role", "Role", &typed.role),
            FormField::line("phone", "Phone", &typed.phone).kind(Kind::Line("tel")),
            FormField::line("company", "Company", &typed.company).kind(company),
            FormField::line("owner", "Owner", "").kind(Kind::Select(owners)),
            FormField::line("tags", "Tags", &typed.tags).hint("Separated by commas."),
            FormField::line("lead", "Lead", &typed.lead).kind(Kind::Tick).hint("May become a customer"),
        ],
        hidden: vec![],
        submit: "Create contact",
        cancel: "/growth/contacts".to_owned(),
        failure: None,
    })
}

/// Makes the contact, and the company when a new one was named.
pub(super) async fn make(ctx: Ctx, Sent(typed): Sent<Typed>) -> Reply {
    let (actor, asked) = (&ctx.actor, &typed);
    let made = ctx.app.db.write(|tx| async move {
        let company = named_company(&tx, actor, &asked.company, &asked.company_text).await?;
        let text = |value: &str| (!value.trim().is_empty()).then(|| value.to_owned());
        let edit = Edit {
            name: text(&asked.name),
            emails: text(&asked.email).map(|email| vec![email]),
            phones: text(&asked.phone).map(|phone| vec![phone]),
            role: text(&asked.role),
            owner: read_owner(&asked.owner)?.map(Some),
            companies: company.map(|company| vec![company]),
            tags: text(&asked.tags).map(|tags| split(&tags)),
            lead: Some(!asked.lead.is_empty()),
            ..Edit::default()
        };
        verbs::create(&tx, actor, edit).await
    });
    match field_errors(made.await)? {
        Ok(contact) => ctx.redirect(contact.url()).toast(format!("{} created", contact.label())).reply(),
        Err(errors) => {
            let names = [("emails", "email"), ("phones", "phone"), ("companyIds", "company"), ("ownerId", "owner")];
            let form = form(&ctx, &typed).await?.refused(errors, &names);
            if ctx.partial { fragment_with(422, &form) } else { page(&ctx, &form, 422) }
        }
    }
}

/// Words separated by commas.
pub(crate) fn split(text: &str) -> Vec<String> {
    text.split([',', '\n', ';']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A chosen owner; empty is nobody.
pub(crate) fn read_owner(text: &str) -> Result<Option<atlas_kernel::UserId>> {
    match text.trim() {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| Error::field("ownerId", "unknown", "no member of this workspace has this id")),
    }
}

/// The company a field names: one that was chosen, one to be made (`+name`), or, without script, one called just that.
pub(crate) async fn named_company(tx: &atlas_store::Tx, actor: &Actor, chosen: &str, text: &str) -> Result<Option<CompanyId>> {
    let (chosen, text) = (chosen.trim(), text.trim());
    let unknown = || Error::field("companyIds", "unknown", "no company here has this name");
    if let Some(name) = chosen.strip_prefix('+') {
        actor.may(&COMPANIES_WRITE)?;
        let edit = company::Edit { name: Some(name.to_owned()), ..company::Edit::default() };
        return Ok(Some(company::verbs::create(tx, actor, edit).await?.id));
    }
    if let Ok(id) = chosen.parse::<CompanyId>() {
        return Ok(Some(id));
    }
    if text.is_empty() {
        return Ok(None);
    }
    let key = crate::contact::store::sort_key(text);
    let found = company::store::by(tx, actor.workspace, "name_key", &key).await?;
    found.into_iter().find(|company| company.status == super::super::Status::Active).map(|company| Some(company.id)).ok_or_else(unknown)
}
