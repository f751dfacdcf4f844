//! The fields of a company that are edited in place.

use atlas_kernel::{Error, Result};
use atlas_store::Executor;
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form as Sent, Reply};
use axum::extract::Path;
use serde::Deserialize;

use super::super::{Company, Edit, Field, verbs};
use super::create::read_size;
use super::record::load;
use crate::access::COMPANIES_WRITE;
use crate::contact::web::create::{read_owner, split};
use crate::parts::{Cell, Control, Names, field_errors, fragment_with, provenance_words};
use crate::people::members;
use crate::tag::{self, Tag};

/// What the cells of a company need besides it.
pub(super) struct About {
    pub names: Names,
    pub tags: Vec<Tag>,
}

impl About {
    /// Reads it: two queries.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(super) async fn of(ctx: &Ctx, company: &Company) -> Result<Self> {
        let (db, workspace): (&dyn Executor, _) = (&ctx.app.db, ctx.actor.workspace);
        let record = company.id.to_ref();
        Ok(Self {
            names: Names::new(members(db, workspace).await?, &company.provided),
            tags: tag::store::of(db, workspace, std::slice::from_ref(&record)).await?.remove(&record).unwrap_or_default(),
        })
    }
}

const SHOWN: [&str; 7] = ["website", "industry", "size", "plan", "owner", "tags", "externalId"];

/// The name as the page's heading.
pub(super) fn heading(ctx: &Ctx, company: &Company) -> Cell {
    let mut cell = cell(ctx, company, "name", "Name", &company.name);
    cell.heading = true;
    if company.name.is_empty() {
        cell = cell.shown(Safe::trusted(ui::escape(company.label())));
        cell.empty = false;
    }
    cell
}

/// All cells of the column, with their labels.
pub(super) fn cells(ctx: &Ctx, company: &Company, about: &About) -> Vec<(&'static str, Cell)> {
    SHOWN.into_iter().filter_map(|word| one(ctx, company, about, word).map(|cell| (cell.label, cell))).collect()
}

fn cell(ctx: &Ctx, company: &Company, word: &str, label: &'static str, text: &str) -> Cell {
    let mut cell = Cell::text(format!("{}-{word}", company.id), label, format!("{}/fields/{word}", company.url()), text);
    cell.locked = ctx.actor.may(&COMPANIES_WRITE).is_err();
    cell
}

fn one(ctx: &Ctx, company: &Company, about: &About, word: &str) -> Option<Cell> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (mut cell, field) = match word {
        "name" => (heading(ctx, company), Field::Name),
        "website" => (cell(ctx, company, word, "Web site", &text(&company.website)), Field::Website),
        "industry" => (cell(ctx, company, word, "Industry", &text(&company.industry)), Field::Industry),
        "plan" => (cell(ctx, company, word, "Plan", &text(&company.plan)), Field::Plan),
        "externalId" => (cell(ctx, company, word, "External id", &text(&company.own_id)), Field::OwnId),
        "size" => {
            let plain = company.size.map(|size| size.to_string()).unwrap_or_default();
            let shown = company.size.map(|size| ui::plural(size, "person", "people")).unwrap_or_default();
            (cell(ctx, company, word, "Size", &plain).shown(Safe::trusted(shown)), Field::Size)
        }
        "owner" => (owner(cell(ctx, company, word, "Owner", ""), company, &about.names), Field::Owner),
        "tags" => {
            let names: Vec<&str> = about.tags.iter().map(|tag| tag.name.as_str()).collect();
            return Some(cell(ctx, company, word, "Tags", &names.join(", ")));
        }
        _ => return None,
    };
    cell.title = provenance_words(ctx, company.provenance.of(field.as_str()), &about.names);
    Some(cell)
}

fn owner(cell: Cell, company: &Company, names: &Names) -> Cell {
    let shown = match company.owner {
        Some(id) => {
            let name = names.member(id).unwrap_or_else(|| "Former member".to_owned());
            format!("{}{}", ui::avatar(&id, &name, 20, ui::Shape::Round), ui::escape(&name))
        }
        None => String::new(),
    };
    let was = company.owner.map(|id| id.to_string()).unwrap_or_default();
    let mut cell = cell.control(Control::Select(names.owner_choices(company.owner)), was).shown(Safe::trusted(shown));
    cell.empty = company.owner.is_none();
    cell.key = Some("a");
    cell
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Changed {
    value: String,
    was: String,
}

/// Takes one field's new value; the answer is its cell.
pub(super) async fn set(ctx: Ctx, Path((id, word)): Path<(String, String)>, Sent(sent): Sent<Changed>) -> Reply {
    let company = load(&ctx, &id).await?;
    let about = About::of(&ctx, &company).await?;
    let mut cell = one(&ctx, &company, &about, &word).ok_or(Error::NotFound("field"))?;
    if cell.was != sent.was {
        let words = "Somebody changed this a moment ago. This is the value now.";
        cell.error = Some(words.to_owned());
        return if ctx.partial { fragment_with(409, &cell) } else { ctx.redirect(company.url()).alert(words).reply() };
    }
    let (actor, asked, word_ref) = (&ctx.actor, &sent, word.as_str());
    let changed = ctx.app.db.write(|tx| async move { verbs::edit(&tx, actor, company.id, edit(word_ref, asked)?, None).await });
    match field_errors(changed.await)? {
        Ok(company) if !ctx.partial => ctx.redirect(company.url()).toast("Saved").reply(),
        Ok(company) => {
            let about = About::of(&ctx, &company).await?;
            ctx.fragment(&one(&ctx, &company, &about, &word).ok_or(Error::NotFound("field"))?)
        }
        Err(errors) => {
            let message = errors.first().map(|error| ui::sentence(&error.message)).unwrap_or_default();
            if ctx.partial {
                return fragment_with(422, &cell.refused(message, &sent.value));
            }
            ctx.redirect(format!("/growth/companies/{id}")).alert(format!("Not saved. {message}")).reply()
        }
    }
}

fn edit(word: &str, sent: &Changed) -> Result<Edit> {
    let text = || Some(sent.value.clone());
    let empty = Edit::default();
    Ok(match word {
        "name" => Edit { name: text(), ..empty },
        "website" => Edit { website: text(), ..empty },
        "industry" => Edit { industry: text(), ..empty },
        "plan" => Edit { plan: text(), ..empty },
        "externalId" => Edit { own_id: text(), ..empty },
        "size" => Edit { size: Some(read_size(&sent.value)?), ..empty },
        "owner" => Edit { owner: Some(read_owner(&sent.value)?), ..empty },
        "tags" => Edit { tags: Some(split(&sent.value)), ..empty },
        _ => return Err(Error::NotFound("field")),
    })
}
