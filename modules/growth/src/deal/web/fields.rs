//! The fields of a deal that are edited in place.

use atlas_kernel::{Actor, Error, Result};
use atlas_store::Tx;
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form as Sent, Reply};
use axum::extract::Path;
use serde::Deserialize;

use super::super::{Deal, Edit, read_value, verbs};
use super::create::{is_there, named_contact, read_date};
use super::record::load;
use crate::access::DEALS_WRITE;
use crate::company::{self, Company};
use crate::contact::web::create::{named_company, read_owner};
use crate::contact::{self, Contact};
use crate::parts::{Cell, Choice, Control, Names, field_errors, fragment_with};
use crate::people::members;
use crate::pipeline::{Pipeline, Stage, store};

/// What the cells of a deal need besides it.
pub(super) struct About {
    pub names: Names,
    pub pipelines: Vec<Pipeline>,
    pub contact: Option<Contact>,
    pub company: Option<Company>,
}

impl About {
    /// Reads it: at most five queries.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(super) async fn of(ctx: &Ctx, deal: &Deal) -> Result<Self> {
        let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
        let contact = match deal.contact {
            Some(id) => contact::store::find(db, workspace, id).await?.filter(is_there),
            None => None,
        };
        let company = match deal.company {
            Some(id) => company::store::find(db, workspace, id).await?,
            None => None,
        };
        let names = Names::new(members(db, workspace).await?, &crate::ProvidedBy::default());
        Ok(Self { names, pipelines: store::all(db, workspace).await?, contact, company })
    }

    /// The stage the deal is in.
    pub(super) fn stage(&self, deal: &Deal) -> Option<&Stage> {
        self.pipelines.iter().find_map(|pipeline| pipeline.stage(deal.stage))
    }
}

const SHOWN: [&str; 6] = ["value", "stage", "close", "owner", "contact", "company"];

/// The title as the page's heading.
pub(super) fn heading(ctx: &Ctx, deal: &Deal) -> Cell {
    let mut cell = cell(ctx, deal, "title", "Title", &deal.title);
    cell.heading = true;
    cell
}

/// All cells of the column, with their labels.
pub(super) fn cells(ctx: &Ctx, deal: &Deal, about: &About) -> Vec<(&'static str, Cell)> {
    SHOWN.into_iter().filter_map(|word| one(ctx, deal, about, word).map(|cell| (cell.label, cell))).collect()
}

fn cell(ctx: &Ctx, deal: &Deal, word: &str, label: &'static str, text: &str) -> Cell {
    let mut cell = Cell::text(format!("{}-{word}", deal.id), label, format!("{}/fields/{word}", deal.url()), text);
    cell.locked = ctx.actor.may(&DEALS_WRITE).is_err();
    cell
}

fn one(ctx: &Ctx, deal: &Deal, about: &About, word: &str) -> Option<Cell> {
    let plain = |label, text: &str| cell(ctx, deal, word, label, text);
    Some(match word {
        "title" => heading(ctx, deal),
        "value" => value(plain("Value", &deal.value.map(|v| v.to_string()).unwrap_or_default()), deal),
        "stage" => stage(plain("Stage", about.stage(deal).map_or("", |stage| stage.name.as_str())), deal, about),
        "close" => {
            let was = deal.expected_close.map(|date| date.to_string()).unwrap_or_default();
            let shown = deal.expected_close.map(|date| ui::date_label(date, ctx.today())).unwrap_or_default();
            let mut cell = plain("Closes", &shown).control(Control::Text { value: was.clone(), kind: "date" }, was);
            cell.key = Some("d");
            cell
        }
        "owner" => owner(plain("Owner", ""), deal, &about.names),
        "contact" => {
            let (id, text) = about.contact.as_ref().map(|c| (c.id.to_string(), c.label().to_owned())).unwrap_or_default();
            combo(plain("Contact", &text), id, text, "/growth/contacts/options")
        }
        "company" => {
            let (id, text) = about.company.as_ref().map(|c| (c.id.to_string(), c.label().to_owned())).unwrap_or_default();
            combo(plain("Company", &text), id, text, "/growth/companies/options")
        }
        _ => return None,
    })
}

fn combo(cell: Cell, id: String, text: String, options: &'static str) -> Cell {
    cell.control(Control::Combo { value: id.clone(), text, options }, id)
}

/// An amount as it is typed, without its currency's sign.
fn typed_amount(deal: &Deal) -> (String, String) {
    let Some(value) = deal.value else { return (String::new(), "EUR".to_owned()) };
    let digits: String = value.to_string().chars().filter(|c| c.is_ascii_digit() || matches!(c, ',' | '.')).collect();
    (digits, value.currency.code().to_owned())
}

fn value(cell: Cell, deal: &Deal) -> Cell {
    let (amount, currency) = typed_amount(deal);
    let was = format!("{amount} {currency}");
    cell.control(Control::Money { amount, currency }, was)
}

fn stage(cell: Cell, deal: &Deal, about: &About) -> Cell {
    let several = about.pipelines.len() > 1;
    let choices = about.pipelines.iter().flat_map(|pipeline| {
        pipeline.stages.iter().map(move |stage| {
            let label = if several { format!("{}: {}", pipeline.name, stage.name) } else { stage.name.clone() };
            Choice::new(stage.id.to_string(), label, stage.id == deal.stage)
        })
    });
    let mut cell = cell.control(Control::Select(choices.collect()), deal.stage.to_string());
    cell.key = Some("s");
    cell
}

fn owner(cell: Cell, deal: &Deal, names: &Names) -> Cell {
    let shown = match deal.owner {
        Some(id) => {
            let name = names.member(id).unwrap_or_else(|| "Former member".to_owned());
            format!("{}{}", ui::avatar(&id, &name, 20, ui::Shape::Round), ui::escape(&name))
        }
        None => String::new(),
    };
    let was = deal.owner.map(|id| id.to_string()).unwrap_or_default();
    let mut cell = cell.control(Control::Select(names.owner_choices(deal.owner)), was).shown(Safe::trusted(shown));
    cell.empty = deal.owner.is_none();
    cell.key = Some("a");
    cell
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Changed {
    value: String,
    currency: String,
    text: String,
    was: String,
}

/// Takes one field's new value; the answer is its cell.
pub(super) async fn set(ctx: Ctx, Path((id, word)): Path<(String, String)>, Sent(sent): Sent<Changed>) -> Reply {
    let deal = load(&ctx, &id).await?;
    let about = About::of(&ctx, &deal).await?;
    let mut cell = one(&ctx, &deal, &about, &word).ok_or(Error::NotFound("field"))?;
    if cell.was != sent.was {
        let words = "Somebody changed this a moment ago. This is the value now.";
        cell.error = Some(words.to_owned());
        return if ctx.partial { fragment_with(409, &cell) } else { ctx.redirect(deal.url()).alert(words).reply() };
    }
    let (actor, asked, word_ref, deal_id) = (&ctx.actor, &sent, word.as_str(), deal.id);
    let changed =
        ctx.app.db.write(|tx| async move { verbs::edit(&tx, actor, deal_id, edit(&tx, actor, word_ref, asked).await?, None).await });
    match field_errors(changed.await)? {
        Ok(deal) if !ctx.partial => ctx.redirect(deal.url()).toast("Saved").reply(),
        Ok(deal) => {
            let about = About::of(&ctx, &deal).await?;
            ctx.fragment(&one(&ctx, &deal, &about, &word).ok_or(Error::NotFound("field"))?)
        }
        Err(errors) => {
            let message = errors.first().map(|error| ui::sentence(&error.message)).unwrap_or_default();
            if ctx.partial {
                return fragment_with(422, &cell.refused(message, &sent.value));
            }
            ctx.redirect(deal.url()).alert(format!("Not saved. {message}")).reply()
        }
    }
}

async fn edit(tx: &Tx, actor: &Actor, word: &str, sent: &Changed) -> Result<Edit> {
    let empty = Edit::default();
    // A field emptied by hand means nothing, whatever was chosen before.
    let chosen = if sent.text.trim().is_empty() { "" } else { sent.value.as_str() };
    Ok(match word {
        "title" => Edit { title: Some(sent.value.clone()), ..empty },
        "value" => Edit { value: Some(read_value(&sent.value, &sent.currency)?), ..empty },
        "stage" => {
            let unknown = || Error::field("stageId", "unknown", "this workspace has no such stage");
            Edit { stage: Some(sent.value.parse().map_err(|_| unknown())?), ..empty }
        }
        "close" => Edit { expected_close: Some(read_date(&sent.value)?), ..empty },
        "owner" => Edit { owner: Some(read_owner(&sent.value)?), ..empty },
        "contact" => Edit { contact: Some(named_contact(tx, actor.workspace, chosen, &sent.text).await?), ..empty },
        "company" => Edit { company: Some(named_company(tx, actor, chosen, &sent.text).await?), ..empty },
        _ => return Err(Error::NotFound("field")),
    })
}
