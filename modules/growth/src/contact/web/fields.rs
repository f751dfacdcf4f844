//! The fields of a contact that are edited in place.

use atlas_kernel::{Error, Result};
use atlas_store::Executor;
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form as Sent, Reply};
use axum::extract::Path;
use serde::Deserialize;

use super::super::{Contact, Edit, Field, verbs};
use super::create::{named_company, read_owner, split};
use super::record::reload;
use crate::access::CONTACTS_WRITE;
use crate::company::{self, Company};
use crate::membership;
use crate::parts::{Cell, Choice, Control, Names, field_errors, fragment_with, provenance_words};
use crate::people::members;
use crate::tag::{self, Tag};

/// What the cells of a contact need besides it.
pub(super) struct About {
    pub names: Names,
    pub companies: Vec<Company>,
    pub tags: Vec<Tag>,
}

impl About {
    /// Reads it: four queries.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(super) async fn of(ctx: &Ctx, contact: &Contact) -> Result<Self> {
        let (db, workspace): (&dyn Executor, _) = (&ctx.app.db, ctx.actor.workspace);
        let record = contact.id.to_ref();
        let ids: Vec<_> = membership::companies_of(db, workspace, &[contact.id]).await?.into_iter().map(|(_, id)| id).collect();
        let mut companies = company::store::find_many(db, workspace, &ids).await?;
        companies.sort_by_key(|company| ids.iter().position(|id| *id == company.id));
        Ok(Self {
            names: Names::new(members(db, workspace).await?, &contact.provided),
            companies,
            tags: tag::store::of(db, workspace, std::slice::from_ref(&record)).await?.remove(&record).unwrap_or_default(),
        })
    }
}

/// The words of a field in an address, in the order in which they are shown.
const SHOWN: [&str; 9] = ["email", "phone", "role", "company", "location", "owner", "tags", "lead", "externalId"];

/// The name as the page's heading.
pub(super) fn heading(ctx: &Ctx, contact: &Contact) -> Cell {
    let mut cell = cell(ctx, contact, "name", "Name", &contact.name);
    cell.heading = true;
    if contact.name.is_empty() {
        cell = cell.shown(Safe::trusted(ui::escape(contact.label())));
        cell.empty = false;
    }
    cell
}

/// All cells of the column, with their labels.
pub(super) fn cells(ctx: &Ctx, contact: &Contact, about: &About) -> Vec<(&'static str, Cell)> {
    SHOWN.into_iter().filter_map(|word| one(ctx, contact, about, word).map(|cell| (cell.label, cell))).collect()
}

fn cell(ctx: &Ctx, contact: &Contact, word: &str, label: &'static str, text: &str) -> Cell {
    let mut cell = Cell::text(format!("{}-{word}", contact.id), label, format!("{}/fields/{word}", contact.url()), text);
    cell.locked = ctx.actor.may(&CONTACTS_WRITE).is_err();
    cell
}

fn one(ctx: &Ctx, contact: &Contact, about: &About, word: &str) -> Option<Cell> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (mut cell, field) = match word {
        "name" => (heading(ctx, contact), Field::Name),
        "email" => (emails(cell(ctx, contact, word, "Email", &contact.emails.join(", ")), contact), Field::Emails),
        "phone" => (cell(ctx, contact, word, "Phone", &contact.phones.join(", ")), Field::Phones),
        "role" => (cell(ctx, contact, word, "Role", &text(&contact.role)), Field::Role),
        "location" => (cell(ctx, contact, word, "Location", &text(&contact.location)), Field::Location),
        "externalId" => (cell(ctx, contact, word, "External id", &text(&contact.own_id)), Field::OwnId),
        "owner" => (owner(cell(ctx, contact, word, "Owner", ""), contact, &about.names), Field::Owner),
        "lead" => (lead(cell(ctx, contact, word, "Lead", ""), contact), Field::Lead),
        "company" => return Some(company_cell(cell(ctx, contact, word, "Company", ""), &about.companies)),
        "tags" => {
            let names: Vec<&str> = about.tags.iter().map(|tag| tag.name.as_str()).collect();
            return Some(cell(ctx, contact, word, "Tags", &names.join(", ")));
        }
        _ => return None,
    };
    cell.title = provenance_words(ctx, contact.provenance.of(field.as_str()), &about.names);
    Some(cell)
}

fn emails(cell: Cell, contact: &Contact) -> Cell {
    let lines: Vec<String> = contact.emails.iter().map(|email| format!("<span>{}</span>", ui::escape(email))).collect();
    cell.shown(Safe::trusted(lines.join(", ")))
}

fn owner(cell: Cell, contact: &Contact, names: &Names) -> Cell {
    let shown = match contact.owner {
        Some(id) => {
            let name = names.member(id).unwrap_or_else(|| "Former member".to_owned());
            format!("{}{}", ui::avatar(&id, &name, 20, ui::Shape::Round), ui::escape(&name))
        }
        None => String::new(),
    };
    let was = contact.owner.map(|id| id.to_string()).unwrap_or_default();
    let mut cell = cell.control(Control::Select(names.owner_choices(contact.owner)), was).shown(Safe::trusted(shown));
    cell.empty = contact.owner.is_none();
    cell.key = Some("a");
    cell
}

fn lead(cell: Cell, contact: &Contact) -> Cell {
    let choices = vec![Choice::new("no", "No", !contact.lead), Choice::new("yes", "Yes", contact.lead)];
    let word = if contact.lead { "yes" } else { "no" };
    let mut cell = cell.control(Control::Select(choices), word).shown(Safe::trusted(if contact.lead { "Yes" } else { "No" }));
    cell.empty = false;
    cell
}

fn company_cell(cell: Cell, companies: &[Company]) -> Cell {
    let first = companies.first();
    let names: Vec<&str> = companies.iter().map(Company::label).collect();
    let (value, text) = (first.map(|c| c.id.to_string()).unwrap_or_default(), first.map(|c| c.label().to_owned()).unwrap_or_default());
    let control = Control::Combo { value: value.clone(), text, options: "/growth/companies/options" };
    let mut cell = cell.control(control, value).shown(Safe::trusted(ui::escape(&names.join(", "))));
    cell.empty = companies.is_empty();
    cell
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Changed {
    value: String,
    text: String,
    was: String,
}

/// Takes one field's new value; the answer is its cell.
pub(super) async fn set(ctx: Ctx, Path((id, word)): Path<(String, String)>, Sent(sent): Sent<Changed>) -> Reply {
    let contact = reload(&ctx, &id).await?;
    let about = About::of(&ctx, &contact).await?;
    let cell = one(&ctx, &contact, &about, &word).ok_or(Error::NotFound("field"))?;
    if cell.was != sent.was {
        return conflict(&ctx, &contact, cell);
    }
    let (actor, asked, word_ref, known) = (&ctx.actor, &sent, word.as_str(), &about);
    let changed = ctx.app.db.write(|tx| async move {
        let edit = edit(&tx, actor, word_ref, asked, known).await?;
        verbs::edit(&tx, actor, contact.id, edit, None).await
    });
    match field_errors(changed.await)? {
        Ok(_) if !ctx.partial => ctx.redirect(format!("/growth/contacts/{id}")).toast("Saved").reply(),
        Ok(contact) => {
            let about = About::of(&ctx, &contact).await?;
            ctx.fragment(&one(&ctx, &contact, &about, &word).ok_or(Error::NotFound("field"))?)
        }
        Err(errors) => {
            let message = errors.first().map(|error| ui::sentence(&error.message)).unwrap_or_default();
            if ctx.partial {
                return fragment_with(422, &cell.refused(message, &sent.value));
            }
            ctx.redirect(format!("/growth/contacts/{id}")).alert(format!("Not saved. {message}")).reply()
        }
    }
}

/// Somebody else was faster: their value is shown, and who it was.
fn conflict(ctx: &Ctx, contact: &Contact, mut cell: Cell) -> Reply {
    let words = "Somebody changed this a moment ago. This is the value now.";
    if !ctx.partial {
        return ctx.redirect(contact.url()).alert(words).reply();
    }
    cell.error = Some(words.to_owned());
    fragment_with(409, &cell)
}

async fn edit(tx: &atlas_store::Tx, actor: &atlas_kernel::Actor, word: &str, sent: &Changed, about: &About) -> Result<Edit> {
    let text = || Some(sent.value.clone());
    let empty = Edit::default();
    Ok(match word {
        "name" => Edit { name: text(), ..empty },
        "email" => Edit { emails: Some(split(&sent.value)), ..empty },
        "phone" => Edit { phones: Some(split(&sent.value)), ..empty },
        "role" => Edit { role: text(), ..empty },
        "location" => Edit { location: text(), ..empty },
        "externalId" => Edit { own_id: text(), ..empty },
        "owner" => Edit { owner: Some(read_owner(&sent.value)?), ..empty },
        "lead" => Edit { lead: Some(sent.value == "yes"), ..empty },
        "tags" => Edit { tags: Some(split(&sent.value)), ..empty },
        "company" => {
            // Without script the text alone says what is meant.
            let retyped = sent.value == sent.was && about.companies.first().is_some_and(|company| company.label() != sent.text.trim());
            let chosen = if retyped || sent.text.trim().is_empty() { "" } else { &sent.value };
            let first = named_company(tx, actor, chosen, &sent.text).await?;
            let rest = about.companies.iter().skip(1).map(|company| company.id).filter(|id| Some(*id) != first);
            Edit { companies: Some(first.into_iter().chain(rest).collect()), ..empty }
        }
        _ => return Err(Error::NotFound("field")),
    })
}
