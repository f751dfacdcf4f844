//! One task's place: why here, why not earlier, why this person, why late, who moved it, and what would fix it.

use askama::Template;
use atlas_kernel::{Ref, Result};
use atlas_web::{Ctx, Query, Reply, ui};
use axum::extract::Path;
use serde::Deserialize;

use super::acts::back;
use super::hours_sets::{Chooser, chooser};
use super::rendered;
use crate::facts::{task_id, user_id};
use crate::plan::explain::{self, Explanation, FixOut, fixes};
use crate::plan::{Body, store};
use crate::words::Reader;
use crate::{PLAN_READ, PLAN_WRITE, Planning};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// What if it took this many minutes?
    minutes: Option<u32>,
}

#[derive(Template)]
#[template(path = "plan/task.html")]
struct Page {
    why: Explanation,
    fixes: Vec<FixOut>,
    blocks: Vec<(String, &'static str)>,
    locked: bool,
    proposed: bool,
    put_off: bool,
    may_arrange: bool,
    partial: bool,
    start: String,
    due: String,
    what_if: Option<(u32, crate::plan::api::WhatIfOut)>,
    reader: Reader,
    back: String,
    hours: Option<Chooser>,
}

impl Page {
    /// So many minutes more than now the tried change asks for; none when it asks for what is.
    fn longer(&self) -> Option<i64> {
        let (minutes, out) = self.what_if.as_ref()?;
        let longer = i64::from(*minutes) - i64::from(out.minutes_now?);
        (longer != 0).then_some(longer)
    }
    fn heading(&self) -> &'static str {
        if self.partial { "h3" } else { "h2" }
    }
    fn when(&self, at: &atlas_kernel::Timestamp) -> String {
        self.reader.when_at(*at)
    }
    fn then(&self, at: &atlas_kernel::Timestamp) -> String {
        crate::words::lower(&self.reader.when_at(*at))
    }
    fn or_never(&self, at: &Option<atlas_kernel::Timestamp>) -> String {
        at.map_or_else(|| "never".to_owned(), |at| crate::words::lower(&self.reader.when_at(at)))
    }
    fn lateness(&self) -> String {
        self.why.due.map_or_else(String::new, |due| self.reader.lateness(crate::facts::minute(due), self.why.late_minutes))
    }
    fn minutes(&self, minutes: &u32) -> String {
        ui::minutes_label(i64::from(*minutes))
    }
}

/// `GET /plan/tasks/{key}`
pub async fn show(planning: Planning, ctx: Ctx, Path(key): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let (db, actor, now) = (&ctx.app.db, &ctx.actor, ctx.now());
    let record = planning.find(db, actor.workspace, &key).await?;
    let why = explain::explain(&planning, db, actor, &record, now).await?;
    let body = store::body(db, actor.workspace, task_id(&record)).await?.ok_or(atlas_kernel::Error::NotFound("task in the plan"))?;
    let wish = store::wish(db, actor.workspace, task_id(&record)).await?.unwrap_or_default();
    let fixes = if why.late_minutes > 0 { fixes(&planning, db, actor, &record, now).await? } else { vec![] };
    let ask = asked.minutes.map(|minutes| crate::plan::api::WhatIf {
        task: Some(key.clone()),
        minutes: Some(minutes),
        due: None,
        member: None,
        busy_from: None,
        busy_until: None,
    });
    let what_if = match ask {
        Some(ask) => Some((asked.minutes.unwrap_or(0), crate::plan::api::try_out(&planning, db, actor, now, &ask).await?)),
        None => None,
    };
    let reader = explain::reader(actor, now);
    let may_write = actor.may(&PLAN_WRITE).is_ok();
    let back = back(&format!("/plan/{}", body.span().map_or(reader.today, |span| reader.day(span.from)))).to_owned();
    let page = Page {
        hours: chooser(&ctx, &record, &why.key, &back).await?,
        may_arrange: may_write && why.member.is_some_and(|member| crate::may_arrange(actor, member).is_ok()),
        blocks: blocks(&body, &reader),
        locked: !body.facts.fixed.is_empty(),
        proposed: body.place.iter().flat_map(|place| &place.chunks).any(|chunk| !chunk.fixed && !body.is_accepted(chunk.span)),
        put_off: wish.not_before.is_some(),
        start: why.start.map(|at| at.to_string()).unwrap_or_default(),
        due: body.facts.due.map(|due| crate::words::lower(&reader.due(due.at))).unwrap_or_default(),
        back,
        partial: ctx.partial,
        why,
        fixes,
        what_if,
        reader,
    };
    let title = format!("{} in the plan", page.why.key);
    ctx.page(title).crumb("My plan", Some("/plan")).crumb(page.why.key.clone(), None).nav("/plan").live(["plan"]).html(&page)
}

fn blocks(body: &Body, reader: &Reader) -> Vec<(String, &'static str)> {
    let state = |chunk: &atlas_planner::Chunk| {
        if chunk.fixed {
            "locked"
        } else if body.is_accepted(chunk.span) {
            "accepted"
        } else {
            "proposed"
        }
    };
    let chunks = body.place.iter().flat_map(|place| &place.chunks);
    chunks.map(|chunk| (format!("{}–{}", reader.when(chunk.span.from), reader.clock(chunk.span.until)), state(chunk))).collect()
}

#[derive(Template)]
#[template(path = "plan/panel.html")]
struct PanelPart {
    key: String,
    blocks: Vec<(String, &'static str)>,
    who: String,
    finish: String,
    late: Option<String>,
    unestimated: bool,
    unplaced: Option<String>,
    hours: Option<Chooser>,
}

/// What a task's own page says of its place.
pub async fn panel(ctx: &Ctx, record: &Ref) -> Result<Option<String>> {
    if ctx.actor.may(&PLAN_READ).is_err() {
        return Ok(None);
    }
    let Some(body) = store::body(&ctx.app.db, ctx.actor.workspace, task_id(record)).await? else { return Ok(None) };
    let named = ctx.app.nouns.describe(&ctx.app.db, ctx.actor.workspace, std::slice::from_ref(record)).await?.remove(record);
    let url = named.map(|named| named.url).unwrap_or_default();
    let reader = explain::reader(&ctx.actor, ctx.now());
    let who = match &body.place {
        Some(place) => {
            let user = user_id(place.person);
            atlas_identity::member_names(&ctx.app.db, ctx.actor.workspace, &[user]).await?.remove(&user).unwrap_or_default()
        }
        None => String::new(),
    };
    let key = url.rsplit('/').next().unwrap_or_default();
    let part = PanelPart {
        hours: chooser(ctx, record, key, &url).await?,
        key: key.to_owned(),
        blocks: blocks(&body, &reader),
        who,
        finish: body.span().map(|span| crate::words::lower(&reader.when(span.until))).unwrap_or_default(),
        late: body
            .place
            .as_ref()
            .filter(|place| place.late_minutes > 0)
            .and_then(|place| Some(reader.lateness(body.facts.due.as_ref()?.at, place.late_minutes))),
        unestimated: body.facts.remaining.is_none(),
        unplaced: body.unplaced.as_ref().map(|why| match why {
            atlas_planner::UnplacedReason::NoCandidate => "Nobody is assigned, so it is in nobody’s plan.".to_owned(),
            atlas_planner::UnplacedReason::OutsideItsHours => {
                "It has no place in the plan: nobody who may do it works within its hours for long enough.".to_owned()
            }
            _ => "It has no place in the plan.".to_owned(),
        }),
    };
    Ok(Some(rendered(&part)?.as_str().to_owned()))
}
