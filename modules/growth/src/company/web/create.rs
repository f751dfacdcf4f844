//! The form that makes a company.

use atlas_kernel::{Error, Result};
use atlas_web::{Ctx, Form as Sent, Query, Reply};
use serde::Deserialize;

use super::super::{Edit, verbs};
use crate::contact::web::create::{read_owner, split};
use crate::parts::{Choice, Form, FormField, FormPage, Kind, field_errors, fragment_with};
use crate::people::members;

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Typed {
    name: String,
    website: String,
    industry: String,
    size: String,
    owner: String,
    tags: String,
}

/// The form, empty but for what the address says.
pub(super) async fn ask(ctx: Ctx, Query(mut typed): Query<Typed>) -> Reply {
    if typed.owner.is_empty() {
        typed.owner = ctx.me.user.to_string();
    }
    let form = form(&ctx, &typed).await?;
    page(&ctx, &form, 200)
}

fn page(ctx: &Ctx, form: &Form, status: u16) -> Reply {
    let content = FormPage { title: "New company", form, partial: ctx.partial };
    let page = ctx.page("New company").crumb("Growth", None).crumb("Companies", Some("/growth/companies")).crumb("New company", None);
    page.nav("/growth/companies").status(status).html(&content)
}

async fn form(ctx: &Ctx, typed: &Typed) -> Result<Form> {
    let members = members(&ctx.app.db, ctx.actor.workspace).await?;
    let owners = members.iter().map(|member| {
        let id = member.id.to_string();
        let chosen = id == typed.owner;
        Choice::new(id, member.name.clone(), chosen)
    });
    let owners = [Choice::new("", "Nobody", typed.owner.is_empty())].into_iter().chain(owners).collect();
    let mut name = FormField::line("name", "Name", &typed.name).needed();
    name.first = true;
    Ok(Form {
        id: "company-form",
        action: "/growth/companies".to_owned(),
        fields: vec![
            name,
            FormField::line("website", "Web site", &typed.website),
            FormField::line("industry", "Industry", &typed.industry),
            FormField::line("size", "Size", &typed.size).kind(Kind::Line("number")).hint("How many people work there."),
            FormField::line("owner", "Owner", "").kind(Kind::Select(owners)),
            FormField::line("tags", "Tags", &typed.tags).hint("Separated by commas."),
        ],
        hidden: vec![],
        submit: "Create company",
        cancel: "/growth/companies".to_owned(),
        failure: None,
    })
}

/// Makes the company.
pub(super) async fn make(ctx: Ctx, Sent(typed): Sent<Typed>) -> Reply {
    let (actor, asked) = (&ctx.actor, &typed);
    let made = ctx.app.db.write(|tx| async move {
        let text = |value: &str| (!value.trim().is_empty()).then(|| value.to_owned());
        let edit = Edit {
            name: Some(asked.name.clone()),
            website: text(&asked.website),
            industry: text(&asked.industry),
            size: read_size(&asked.size)?.map(Some),
            owner: read_owner(&asked.owner)?.map(Some),
            tags: text(&asked.tags).map(|tags| split(&tags)),
            ..Edit::default()
        };
        verbs::create(&tx, actor, edit).await
    });
    match field_errors(made.await)? {
        Ok(company) => ctx.redirect(company.url()).toast(format!("{} created", company.label())).reply(),
        Err(errors) => {
            let form = form(&ctx, &typed).await?.refused(errors, &[("ownerId", "owner")]);
            if ctx.partial { fragment_with(422, &form) } else { page(&ctx, &form, 422) }
        }
    }
}

/// A number of people as typed; empty is unknown.
pub(super) fn read_size(text: &str) -> Result<Option<i64>> {
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '\u{a0}')).collect();
    if digits.is_empty() {
        return Ok(None);
    }
    digits.parse().map(Some).map_err(|_| Error::field("size", "invalid", "a whole number expected"))
}
