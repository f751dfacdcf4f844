//! When a better plan is looked for: the section on What counts, and its form.

use std::collections::BTreeSet;

use askama::Template;
use atlas_kernel::{Error, Result};
use atlas_store::query;
use atlas_web::{Ctx, Form, Reply, ui};
use serde::Deserialize;

use super::hours::{self, Drawn};
use super::rendered;
use crate::plan::quiet::{self, Found, Quiet};
use crate::{PLAN_ADMIN, Planning};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    hour: String,
    zone: String,
    found: String,
}

#[derive(Template)]
#[template(path = "plan/quiet.html")]
struct Section {
    words: String,
    form: Option<Typed>,
    zones: BTreeSet<String>,
    error: Option<String>,
}

/// The section; the form as it was typed when it was not taken.
pub async fn section(ctx: &Ctx, refused: Option<(Typed, String)>) -> Result<ui::Safe> {
    let now = quiet::of(&ctx.app.db, ctx.actor.workspace).await?;
    let words = now.in_words();
    if ctx.actor.may(&PLAN_ADMIN).is_err() {
        return rendered(&Section { words, form: None, zones: BTreeSet::new(), error: None });
    }
    let zone = if now.hour.is_some() { now.zone } else { ctx.actor.time_zone.clone() };
    let kept = Typed { hour: now.hour.map(|hour| hour.to_string()).unwrap_or_default(), zone, found: now.found.to_string() };
    let (form, error) = refused.map_or((kept, None), |(typed, error)| (typed, Some(error)));
    let mut zones = zones(ctx).await?;
    zones.insert(form.zone.clone());
    rendered(&Section { words, form: Some(form), zones, error })
}

/// The zones that members live by.
async fn zones(ctx: &Ctx) -> Result<BTreeSet<String>> {
    let zones = query(
        "SELECT DISTINCT u.time_zone FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 AND m.removed_at IS NULL",
    );
    let zones: Vec<String> = zones.bind(ctx.actor.workspace).values(&ctx.app.db).await?;
    Ok(zones.into_iter().collect())
}

/// `POST /plan/quiet`
pub async fn save(_: Planning, ctx: Ctx, Form(form): Form<Typed>) -> Reply {
    let (who, typed) = (&ctx.actor, &form);
    match ctx.app.db.write(|tx| async move { quiet::set(&tx, who, &wanted(typed)?).await }).await {
        Ok(()) => ctx.redirect("/plan/hours").toast("Saved").reply(),
        Err(error @ Error::Invalid(_)) => {
            let error = hours::words(&error);
            hours::draw(&ctx, Drawn { quiet: Some((form, error)), ..Drawn::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}

fn wanted(typed: &Typed) -> Result<Quiet> {
    let hour = match typed.hour.as_str() {
        "" => None,
        hour => Some(hour.parse().map_err(|_| Error::field("hour", "invalid", "an hour from 0 to 23, or none"))?),
    };
    let found: Found = typed.found.parse()?;
    Ok(Quiet { hour, zone: typed.zone.clone(), found })
}
