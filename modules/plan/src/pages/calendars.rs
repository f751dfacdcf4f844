//! Calendars that meetings are read from: named, handed in, read again, removed; part of what counts.

use atlas_kernel::{Error, Result};
use atlas_web::{Ctx, Form, Reply, ui};
use axum::extract::{Multipart, Path};
use serde::Deserialize;

use super::hours::{self, Drawn};
use crate::calendar::import::verbs::{self, NewCalendar};
use crate::calendar::import::{Calendar, store};
use crate::{CalendarId, Planning};

/// One calendar as the page shows it.
pub struct Row {
    pub id: CalendarId,
    pub name: String,
    pub host: Option<String>,
    pub words: String,
    pub problem: Option<String>,
    pub read: Option<ui::Safe>,
}

/// What was typed into the forms, when it was not taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub name: String,
    pub own_address: String,
    pub address: String,
    #[serde(skip)]
    pub error: Option<String>,
}

/// The member's calendars.
pub async fn rows(ctx: &Ctx) -> Result<Vec<Row>> {
    let row = |calendar: Calendar| Row {
        words: calendar.summary.words(),
        read: calendar.read_at.map(|at| ui::relative_time(at, ctx.now(), &ctx.actor.zone())),
        id: calendar.id,
        name: calendar.name,
        host: calendar.host,
        problem: calendar.problem,
    };
    let all = store::of_member(&ctx.app.db, ctx.actor.workspace, ctx.actor.person()?).await?;
    Ok(all.into_iter().map(row).collect())
}

/// `POST /plan/calendars`
pub async fn add(planning: Planning, ctx: Ctx, Form(typed): Form<Typed>) -> Reply {
    let (who, reach, me) = (&ctx.actor, planning.reach()?, ctx.actor.person()?);
    let new = &NewCalendar { name: typed.name.clone(), own_address: typed.own_address.clone(), from: typed.address.clone() };
    match ctx.app.db.write(|tx| async move { verbs::add_address(&tx, who, reach, me, new).await }).await {
        Ok(calendar) => ctx.redirect("/plan/hours").toast(format!("“{}” is being read", calendar.name)).reply(),
        Err(error) => refused(&ctx, typed, error).await,
    }
}

/// `POST /plan/calendars/file`
pub async fn import(_: Planning, ctx: Ctx, form: Multipart) -> Reply {
    let (typed, content) = match parts(form).await {
        Ok(parts) => parts,
        Err(error) => return refused(&ctx, Typed::default(), error).await,
    };
    let (who, me) = (&ctx.actor, ctx.actor.person()?);
    let new = &NewCalendar { name: typed.name.clone(), own_address: typed.own_address.clone(), from: content };
    let taken = match verbs::read_file(&ctx.app.db, who, me, new).await {
        Ok(file) => {
            let file = &file;
            ctx.app.db.write(|tx| async move { verbs::add_file(&tx, who, new, file).await }).await
        }
        Err(error) => Err(error),
    };
    match taken {
        Ok((_, difference)) if difference.is_none() => ctx.redirect("/plan/hours").toast("Nothing in it is new").reply(),
        Ok((calendar, _)) => ctx.redirect("/plan/hours").toast(format!("“{}”: {}", calendar.name, calendar.summary.words())).reply(),
        Err(error) => refused(&ctx, typed, error).await,
    }
}

/// The form's fields and the file's text.
async fn parts(mut form: Multipart) -> Result<(Typed, String)> {
    let unread = |error: axum::extract::multipart::MultipartError| {
        if error.status().as_u16() == 413 {
            return Error::field("calendar", "too_large", "a file of at most 1 MiB here; /v1/plan/calendars/file takes 5 MiB");
        }
        Error::field("calendar", "unreadable", "the file could not be read")
    };
    let (mut typed, mut content) = (Typed::default(), String::new());
    while let Some(part) = form.next_field().await.map_err(unread)? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(unread)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            "name" => typed.name = text,
            "own_address" => typed.own_address = text,
            "calendar" => content = text,
            _ => {}
        }
    }
    Ok((typed, content))
}

async fn refused(ctx: &Ctx, typed: Typed, error: Error) -> Reply {
    let error = match error {
        Error::Invalid(fields) => fields.into_iter().next().map(|field| format!("Wanted: {}.", field.message)),
        error @ Error::Conflict { .. } => Some(error.detail()),
        error => return Err(error.into()),
    };
    hours::draw(ctx, Drawn { calendar: Typed { error, ..typed }, ..Drawn::default() }).await
}

/// `POST /plan/calendars/{id}/refresh`
pub async fn refresh(_: Planning, ctx: Ctx, Path(id): Path<CalendarId>) -> Reply {
    let who = &ctx.actor;
    let calendar = ctx.app.db.write(|tx| async move { verbs::refresh(&tx, who, id).await }).await?;
    ctx.redirect("/plan/hours").toast(format!("“{}” is being read", calendar.name)).reply()
}

/// `POST /plan/calendars/{id}/remove`
pub async fn remove(_: Planning, ctx: Ctx, Path(id): Path<CalendarId>) -> Reply {
    let who = &ctx.actor;
    let meetings = ctx.app.db.write(|tx| async move { verbs::remove(&tx, who, id).await }).await?;
    let gone = ui::plural(meetings as usize, "meeting", "meetings");
    ctx.redirect("/plan/hours").toast(format!("Removed, with {gone}")).reply()
}
