//! What counts: working hours, the daily cap, busy time, and the calendar feed.

use askama::Template;
use atlas_kernel::{Error, FieldError, Result, Timestamp};
use atlas_web::{Ctx, Form, Query, Reply, ui};
use axum::extract::Path;
use jiff::civil::{Date, Time};
use serde::Deserialize;

use super::answer;
use super::calendars::{self, Row, Typed};
use super::{hours_sets, quiet};
use crate::calendar::verbs::{self, NewBusy};
use crate::calendar::{Busy, BusyKind, Hours, api::feed_url, store};
use crate::facts::{local, moment};
use crate::plan::explain::reader;
use crate::words::Reader;
use crate::{BusyId, PLAN_WRITE, Planning};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

#[derive(Template)]
#[template(path = "plan/hours.html")]
struct HoursPage {
    days: Vec<(&'static str, String)>,
    cap: String,
    error: Option<String>,
    busy: Vec<Busy>,
    has_feed: bool,
    link: Option<String>,
    may_write: bool,
    zone: String,
    sets: Vec<hours_sets::Row>,
    quiet: ui::Safe,
    calendars: Vec<Row>,
    typed: Typed,
    reader: Reader,
}

/// What the page shows besides what is kept.
#[derive(Default)]
pub struct Drawn {
    /// Hours and cap as they were typed, and what is wrong with them.
    pub hours: Option<(Vec<String>, String, String)>,
    /// The calendar form as it was typed.
    pub calendar: Typed,
    /// When a better plan is looked for, as it was typed, and what is wrong with it.
    pub quiet: Option<(quiet::Typed, String)>,
    /// The feed's new address.
    pub link: Option<String>,
}

impl HoursPage {
    fn when(&self, busy: &Busy) -> String {
        let (from, until) = (self.reader.when_at(busy.start_at), self.reader.when_at(busy.finish_at));
        let same = busy.start_at.to_zoned(self.reader.zone.clone()).date() == busy.finish_at.to_zoned(self.reader.zone.clone()).date();
        if same { format!("{from}–{}", &until[until.len() - 5..]) } else { format!("{from} to {}", crate::words::lower(&until)) }
    }
}

pub async fn draw(ctx: &Ctx, drawn: Drawn) -> Reply {
    let Drawn { hours: typed, calendar, quiet: refused, link } = drawn;
    let (db, workspace, me) = (&ctx.app.db, ctx.actor.workspace, ctx.actor.person()?);
    let hours = store::hours(db, workspace, me).await?.unwrap_or_default();
    let status = if typed.is_some() || refused.is_some() || calendar.error.is_some() { 422 } else { 200 };
    let (week, cap, error) = match typed {
        Some((week, cap, error)) => (week, cap, Some(error)),
        None => (hours.week.iter().map(|day| Hours::written(day)).collect(), hours.cap.to_string(), None),
    };
    let page = HoursPage {
        days: DAYS.into_iter().zip(week).collect(),
        cap,
        error,
        busy: store::busy_between(db, workspace, me, ctx.now(), Timestamp::MAX).await?,
        has_feed: store::has_feed(db, workspace, me).await?,
        link,
        may_write: ctx.actor.may(&PLAN_WRITE).is_ok(),
        zone: ctx.actor.time_zone.clone(),
        sets: hours_sets::rows(ctx).await?,
        quiet: quiet::section(ctx, refused).await?,
        calendars: calendars::rows(ctx).await?,
        typed: calendar,
        reader: reader(&ctx.actor, ctx.now()),
    };
    ctx.page("What counts")
        .crumb("My plan", Some("/plan"))
        .crumb("What counts", None)
        .nav("/plan")
        .live(["calendars"])
        .status(status)
        .html(&page)
}

/// `GET /plan/hours`
pub async fn show(_: Planning, ctx: Ctx) -> Reply {
    draw(&ctx, Drawn::default()).await
}

/// `POST /plan/hours`
pub async fn save(planning: Planning, ctx: Ctx, Form(form): Form<Vec<(String, String)>>) -> Reply {
    let week: Vec<String> = form.iter().filter(|(name, _)| name == "day").map(|(_, value)| value.clone()).collect();
    let cap = form.iter().find(|(name, _)| name == "cap").map(|(_, value)| value.clone()).unwrap_or_default();
    let (p, who, me) = (&planning, &ctx.actor, ctx.actor.person()?);
    let hours = match hours_of(&week, &cap) {
        Ok(hours) => hours,
        Err(error) => return draw(&ctx, Drawn { hours: Some((padded(week), cap, words(&error))), ..Drawn::default() }).await,
    };
    let wanted = &hours;
    match ctx.app.db.write(|tx| async move { verbs::set_hours(p, &tx, who, me, wanted.clone()).await }).await {
        Ok(done) => answer(&ctx, &done, "Hours saved", "/plan/hours"),
        Err(error @ Error::Invalid(_)) => draw(&ctx, Drawn { hours: Some((padded(week), cap, words(&error))), ..Drawn::default() }).await,
        Err(error) => Err(error.into()),
    }
}

fn padded(mut week: Vec<String>) -> Vec<String> {
    week.resize(7, String::new());
    week
}

pub fn words(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => fields.first().map(|field| ui::sentence(&field.message)).unwrap_or_default(),
        error => error.detail(),
    }
}

fn hours_of(week: &[String], cap: &str) -> Result<Hours> {
    let days: Vec<Vec<(u16, u16)>> = week.iter().map(|day| Hours::read(day)).collect::<Result<_>>()?;
    let week = days.try_into().map_err(|_| Error::field("week", "invalid", "seven days"))?;
    let cap = cap.trim().parse().map_err(|_| Error::field("dailyCapPercent", "invalid", "a number between 10 and 100"))?;
    Ok(Hours { week, cap })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewAsked {
    /// The day to begin with.
    day: Option<Date>,
}

#[derive(Template)]
#[template(path = "plan/busy.html")]
struct BusyPage {
    form: BusyForm,
    errors: Vec<FieldError>,
    partial: bool,
}

impl BusyPage {
    fn error(&self, field: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == field).map(|error| ui::sentence(&error.message))
    }
    fn kinds(&self) -> [BusyKind; 3] {
        [BusyKind::Meeting, BusyKind::KeptFree, BusyKind::Absence]
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BusyForm {
    title: String,
    kind: String,
    day: String,
    from: String,
    until: String,
    last_day: String,
}

/// `GET /plan/busy/new`
pub async fn new_busy(_: Planning, ctx: Ctx, Query(asked): Query<NewAsked>) -> Reply {
    let day = asked.day.unwrap_or_else(|| ctx.today());
    let form = BusyForm { day: day.to_string(), kind: "meeting".into(), ..BusyForm::default() };
    ask(&ctx, form, vec![], 200)
}

fn ask(ctx: &Ctx, form: BusyForm, errors: Vec<FieldError>, status: u16) -> Reply {
    let page = BusyPage { form, errors, partial: ctx.partial };
    ctx.page("Add busy time").crumb("My plan", Some("/plan")).crumb("Busy time", None).nav("/plan").status(status).html(&page)
}

/// `POST /plan/busy`
pub async fn add_busy(planning: Planning, ctx: Ctx, Form(form): Form<BusyForm>) -> Reply {
    let new = match wanted(&ctx, &form) {
        Ok(new) => new,
        Err(Error::Invalid(errors)) => return ask(&ctx, form, errors, 422),
        Err(error) => return Err(error.into()),
    };
    let (p, who, new) = (&planning, &ctx.actor, &new);
    match ctx.app.db.write(|tx| async move { verbs::add(p, &tx, who, new.clone()).await }).await {
        Ok((busy, done)) => answer(&ctx, &done, &format!("“{}” added", busy.title), &format!("/plan/{}", form.day)),
        Err(Error::Invalid(errors)) => ask(&ctx, form, errors, 422),
        Err(error) => Err(error.into()),
    }
}

fn wanted(ctx: &Ctx, form: &BusyForm) -> Result<NewBusy> {
    let zone = ctx.actor.zone();
    let day: Date = form.day.parse().map_err(|_| Error::field("day", "invalid", "a day such as 2026-11-27"))?;
    let last: Date = match form.last_day.trim() {
        "" => day,
        text => text.parse().map_err(|_| Error::field("last_day", "invalid", "a day such as 2026-11-27"))?,
    };
    let kind: BusyKind = form.kind.parse()?;
    let clock = |field: &str, text: &str| -> Result<Option<Time>> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        text.trim().parse().map(Some).map_err(|_| Error::field(field, "invalid", "a time such as 15:00"))
    };
    let (from, until) = (clock("from", &form.from)?, clock("until", &form.until)?);
    if kind != BusyKind::Absence && (from.is_none() || until.is_none()) {
        return Err(Error::field(if from.is_none() { "from" } else { "until" }, "required", "a time such as 15:00"));
    }
    let start = local(day, from.unwrap_or(Time::midnight()), &zone);
    let end = until.map_or_else(|| crate::facts::day_end(last, &zone), |until| local(last, until, &zone));
    Ok(NewBusy { member: ctx.actor.person()?, kind, title: form.title.clone(), start: moment(start), end: moment(end) })
}

/// `POST /plan/busy/{id}/remove`
pub async fn remove_busy(planning: Planning, ctx: Ctx, Path(id): Path<String>) -> Reply {
    let id: BusyId = id.parse().map_err(|_| Error::NotFound("busy time"))?;
    let (p, who) = (&planning, &ctx.actor);
    let done = ctx.app.db.write(|tx| async move { verbs::remove(p, &tx, who, id).await }).await?;
    answer(&ctx, &done, "Removed", "/plan/hours")
}

/// `POST /plan/feed`
pub async fn open_feed(_: Planning, ctx: Ctx) -> Reply {
    let who = &ctx.actor;
    let secret = ctx.app.db.write(|tx| async move { verbs::open_feed(&tx, who).await }).await?;
    let link = format!("{}{}", ctx.app.base_url, feed_url(&ctx.actor, &secret));
    draw(&ctx, Drawn { link: Some(link), ..Drawn::default() }).await
}

/// `POST /plan/feed/close`
pub async fn close_feed(_: Planning, ctx: Ctx) -> Reply {
    let who = &ctx.actor;
    ctx.app.db.write(|tx| async move { verbs::close_feed(&tx, who).await }).await?;
    ctx.redirect("/plan/hours").toast("The calendar address no longer works").reply()
}
