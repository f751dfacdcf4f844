//! My plan: one day, with the reason beside every block.

use askama::Template;
use atlas_kernel::Error;
use atlas_planner::{Minute, Span};
use atlas_web::{Ctx, Reply, ui};
use axum::extract::Path;
use jiff::civil::Date;

use super::spots::{Scene, Spot, shared};
use crate::facts::{minute, moment, user_id};
use crate::words::{self, Note};
use crate::{PLAN_WRITE, Planning};

/// One line of the grid is so many minutes.
const LINE: i64 = 5;

#[derive(Template)]
#[template(path = "plan/day.html")]
struct Day {
    date: Date,
    title: String,
    lede: String,
    is_today: bool,
    may_write: bool,
    spots: Vec<Spot>,
    away: Vec<Spot>,
    from: Minute,
    until: Minute,
    now: Minute,
    work: i64,
    meetings: i64,
    free: i64,
    proposed: usize,
    alarms: Vec<Note>,
    moved: Vec<MovedOff>,
    week: Vec<Bar>,
    week_planned: i64,
    week_all: i64,
    unplaced: Vec<(String, String, String)>,
    planned_at: Option<ui::Safe>,
    changed: Option<Change>,
    offer: Option<OfferRow>,
    notices: Vec<(String, String)>,
    zone_now: String,
    previous: Date,
    next: Date,
    clock: words::Reader,
}

/// A task that was put off or pushed off this day.
struct MovedOff {
    key: String,
    title: String,
    why: String,
    put_off: bool,
}

/// One day of the week.
struct Bar {
    date: Date,
    label: String,
    minutes: i64,
    share: i64,
    current: bool,
}

/// A better plan, as it is offered to whoever may take it.
struct OfferRow {
    words: String,
    moves: Vec<(String, String)>,
}

/// The latest change that moved something.
struct Change {
    id: String,
    words: String,
    undo: bool,
}

impl Day {
    fn rows(&self) -> i64 {
        (self.until - self.from) / LINE
    }
    fn at(&self, minute: &Minute) -> i64 {
        ((*minute - self.from) / LINE + 1).clamp(1, self.rows())
    }
    fn span(&self, spot: &Spot) -> i64 {
        let (from, until) = (spot.span.from.max(self.from), spot.span.until.min(self.until));
        ((until - from) / LINE).max(1)
    }
    fn hours(&self) -> Vec<(i64, String)> {
        let first = (self.from + 59).div_euclid(60) * 60;
        (0..=24)
            .map(|hour| first + hour * 60)
            .filter(|at| *at > self.from && *at < self.until)
            .map(|at| (self.at(&at), self.clock.clock(at)[..2].to_owned()))
            .collect()
    }
    fn has_now(&self) -> bool {
        self.is_today && self.now > self.from && self.now < self.until
    }
    fn is_current(&self, spot: &Spot) -> bool {
        spot.kind == "planned" && !spot.done && self.is_today && spot.span.from <= self.now && spot.span.until > self.now
    }
    fn parts(&self) -> Vec<(i64, &'static str)> {
        let mut parts = Vec::new();
        let mut at = self.from;
        for spot in &self.spots {
            let (from, until) = (spot.span.from.max(at), spot.span.until.min(self.until));
            if from > at {
                parts.push((from - at, "free"));
            }
            if until > from {
                parts.push((until - from, if spot.kind == "planned" { "" } else { spot.kind }));
            }
            at = at.max(until);
        }
        if at < self.until {
            parts.push((self.until - at, "free"));
        }
        parts
    }
    fn time(&self, spot: &Spot) -> String {
        format!("{}–{}", self.clock.clock(spot.span.from), self.clock.clock(spot.span.until))
    }
}

/// `GET /plan`
pub async fn today(planning: Planning, ctx: Ctx) -> Reply {
    let today = ctx.today();
    draw(&planning, &ctx, today).await
}

/// `GET /plan/{date}`
pub async fn show(planning: Planning, ctx: Ctx, Path(date): Path<String>) -> Reply {
    let date: Date = date.parse().map_err(|_| Error::NotFound("page"))?;
    draw(&planning, &ctx, date).await
}

async fn draw(planning: &Planning, ctx: &Ctx, date: Date) -> Reply {
    let scene = Scene::load(planning, ctx).await?;
    let day = scene.day(date);
    let (away, spots): (Vec<Spot>, Vec<Spot>) = scene.spots(ctx, day).await?.into_iter().partition(|spot| spot.day);
    let working = scene.working(date);
    let edges =
        working.iter().copied().chain(spots.iter().map(|spot| Span::new(spot.span.from.max(day.from), spot.span.until.min(day.until))));
    let (from, until) = edges.fold((Minute::MAX, Minute::MIN), |(from, until), span| (from.min(span.from), until.max(span.until)));
    let (from, until) =
        if from < until { (from.div_euclid(30) * 30, (until + 29).div_euclid(30) * 30) } else { (day.from + 9 * 60, day.from + 18 * 60) };
    let sum = |kind: &str| spots.iter().filter(|spot| spot.kind == kind).map(|spot| shared(spot.span, day)).sum::<i64>();
    let (work, meetings) = (sum("planned"), sum("fixed"));
    let all: i64 = working.iter().map(|span| span.minutes()).sum();
    let mut alarms: Vec<Note> = Vec::new();
    for alarm in scene
        .known
        .state
        .alarms
        .iter()
        .filter(|alarm| words::alarm_of(alarm, &scene.known.bodies).is_none_or(|of| of == scene.member))
        .take(4)
    {
        alarms.push(words::alarm(alarm, &scene.facts, &scene.reader));
    }
    let (week, week_planned, week_all) = week(&scene, ctx, date).await?;
    let is_today = date == ctx.today();
    let moved = moved_off(&scene, date);
    let page = Day {
        title: date.strftime("%A, %-d %B").to_string(),
        lede: lede(&spots, &moved, all - work - meetings, is_today, &scene),
        is_today,
        may_write: ctx.actor.may(&PLAN_WRITE).is_ok(),
        away,
        from,
        until,
        now: minute(ctx.now()),
        work,
        meetings,
        free: (all - work - meetings).max(0),
        proposed: spots.iter().filter(|spot| spot.state == "proposed").count(),
        spots,
        alarms,
        moved,
        week,
        week_planned,
        week_all,
        unplaced: unplaced(&scene),
        planned_at: scene.known.state.planned_at.map(|at| ui::relative_time(at, ctx.now(), &ctx.actor.zone())),
        changed: last_change(ctx, &scene).await?,
        offer: if is_today { offered(ctx, &scene).await? } else { None },
        notices: if is_today { notices(ctx, &scene).await? } else { vec![] },
        zone_now: scene.reader.clock(minute(ctx.now())),
        previous: date.yesterday().unwrap_or(date),
        next: date.tomorrow().unwrap_or(date),
        date,
        clock: scene.reader.clone(),
    };
    ctx.page("My plan").crumb("My plan", None).nav("/plan").live(["plan"]).module("plan").html(&page)
}

fn lede(spots: &[Spot], moved: &[MovedOff], free: i64, is_today: bool, scene: &Scene) -> String {
    let blocks: Vec<&Spot> = spots.iter().filter(|spot| spot.is_task()).collect();
    let Some(first) = blocks.first() else {
        return if scene.known.state.planned_at.is_none() {
            "Nothing is planned yet.".into()
        } else {
            "No task is planned on this day.".into()
        };
    };
    let mut words = format!("{} goes first.", first.key);
    let late: std::collections::BTreeSet<&str> = blocks.iter().filter(|spot| spot.late > 0).map(|spot| spot.key.as_str()).collect();
    let late = late.len();
    if late > 0 {
        words.push_str(&format!(" {} late.", ui::plural(late, "task is", "tasks are")));
    }
    if !moved.is_empty() && is_today {
        words.push_str(&format!(" {} moved off today.", ui::plural(moved.len(), "task", "tasks")));
    }
    match free {
        ..0 => words.push_str(" More is planned than there are hours."),
        0 => words.push_str(" Nothing stays free."),
        free => words
            .push_str(&format!(" {} free.", if free == 60 { "1 h stays".to_owned() } else { format!("{} stay", ui::minutes_label(free)) })),
    }
    words
}

fn moved_off(scene: &Scene, date: Date) -> Vec<MovedOff> {
    let mut moved = Vec::new();
    for (id, body) in scene.known.bodies.iter() {
        let Some(work) = scene.facts.work.get(id) else { continue };
        let (Some(place), Some(span)) = (&body.place, body.span()) else { continue };
        if user_id(place.person) != scene.member || scene.reader.day(span.from) <= date {
            continue;
        }
        let put_off = scene.facts.wishes.get(id).is_some_and(|wish| wish.put_off == Some(date));
        let pushed = body.moved.as_ref().filter(|moved| {
            moved.from.is_some_and(|(user, at)| user == scene.member && at.to_zoned(scene.reader.zone.clone()).date() == date)
        });
        let to = scene.reader.when(span.from);
        let why = match pushed {
            _ if put_off => format!("To {}. You put it off.", words::lower(&to)),
            Some(moved) => format!("To {}. {}.", words::lower(&to), moved.said),
            None => continue,
        };
        moved.push(MovedOff { key: work.key.clone(), title: work.title.clone(), why, put_off });
    }
    moved.truncate(8);
    moved
}

async fn week(scene: &Scene, ctx: &Ctx, date: Date) -> atlas_kernel::Result<(Vec<Bar>, i64, i64)> {
    let monday = date - jiff::Span::new().days(i64::from(date.weekday().to_monday_zero_offset()));
    let whole = Span::new(scene.day(monday).from, scene.day(monday + jiff::Span::new().days(6)).until);
    let spots = scene.spots(ctx, whole).await?;
    let (mut bars, mut planned, mut all) = (Vec::new(), 0, 0);
    for offset in 0..7 {
        let day = monday + jiff::Span::new().days(offset);
        let span = scene.day(day);
        let minutes: i64 = spots.iter().filter(|spot| spot.kind == "planned").map(|spot| shared(spot.span, span)).sum();
        let hours: i64 = scene.working(day).iter().map(|span| span.minutes()).sum();
        planned += minutes;
        all += hours;
        if offset < 5 || minutes > 0 || hours > 0 {
            let share = if hours > 0 { (minutes * 100 / hours).min(100) } else { if minutes > 0 { 100 } else { 0 } };
            bars.push(Bar { date: day, label: day.strftime("%a").to_string(), minutes, share, current: day == date });
        }
    }
    Ok((bars, planned, all))
}

fn unplaced(scene: &Scene) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for (id, body) in scene.known.bodies.iter() {
        let (Some(why), Some(work)) = (&body.unplaced, scene.facts.work.get(id)) else { continue };
        if work.people.is_empty() || work.people.contains(&scene.member) {
            all.push((work.key.clone(), work.title.clone(), words::unplaced(why, &scene.facts)));
        }
    }
    all.truncate(8);
    all
}

async fn offered(ctx: &Ctx, scene: &Scene) -> atlas_kernel::Result<Option<OfferRow>> {
    let Some(offer) = crate::plan::offer::standing(&ctx.app.db, ctx.actor.workspace).await? else { return Ok(None) };
    let old = |place: &atlas_planner::Placement| scene.known.bodies.get(&place.task).and_then(|body| body.place.clone());
    let people = offer.places.iter().flat_map(|place| [Some(place.clone()), old(place)]).flatten();
    if people.into_iter().any(|place| crate::may_arrange(&ctx.actor, user_id(place.person)).is_err()) {
        return Ok(None);
    }
    let moved = |place: &atlas_planner::Placement| {
        let was = old(place).map_or_else(|| "nowhere".to_owned(), |old| words::lower(&scene.reader.when(old.start())));
        let who = scene.facts.name(user_id(place.person));
        (scene.facts.key(place.task).to_owned(), format!("{was} → {}, {who}", words::lower(&scene.reader.when(place.start()))))
    };
    Ok(Some(OfferRow { words: crate::plan::api::offer_words(&offer, &scene.facts), moves: offer.places.iter().map(moved).collect() }))
}

async fn notices(ctx: &Ctx, scene: &Scene) -> atlas_kernel::Result<Vec<(String, String)>> {
    let all = crate::plan::notice::of_member(&ctx.app.db, ctx.actor.workspace, scene.member).await?;
    let said = |notice: &crate::plan::notice::Notice| {
        (scene.facts.key(notice.task).to_owned(), crate::plan::api::notice_words(notice, &scene.facts, &scene.reader))
    };
    Ok(all.iter().filter(|notice| scene.facts.work.contains_key(&notice.task)).take(8).map(said).collect())
}

async fn last_change(ctx: &Ctx, scene: &Scene) -> atlas_kernel::Result<Option<Change>> {
    let changes = crate::plan::store::revisions(&ctx.app.db, ctx.actor.workspace, 1).await?;
    let Some(change) = changes.into_iter().next().filter(|change| change.number > 1 && !change.moves.is_empty()) else { return Ok(None) };
    let moves: Vec<_> = change
        .moves
        .iter()
        .filter_map(|task| Some((*task, scene.known.bodies.get(task)?.moved.clone()?)))
        .filter(|(_, moved)| moved.revision == change.number)
        .collect();
    if moves.is_empty() {
        return Ok(None);
    }
    let words = words::moved_words(&moves, &|user| scene.facts.zone(user), ctx.now());
    Ok(Some(Change {
        id: change.id.to_string(),
        words: format!("{}: {words}.", change.said),
        undo: change.by.is_none_or(|by| ctx.actor.user == Some(by)) && change.may_be_taken_back_by(&ctx.actor),
    }))
}

/// The moment a form names for accepting what starts before the day's end.
impl Day {
    fn day_ends(&self) -> String {
        moment(crate::facts::day_end(self.date, &self.clock.zone)).to_string()
    }
}
