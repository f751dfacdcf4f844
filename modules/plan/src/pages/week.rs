//! The week: each day's blocks as a list, beside what stays free.

use askama::Template;
use atlas_planner::Span;
use atlas_web::{Ctx, Query, Reply, ui};
use jiff::civil::Date;
use serde::Deserialize;

use super::spots::{Scene, Spot, shared};
use crate::Planning;
use crate::words::Reader;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// A day of the week.
    from: Option<Date>,
}

struct Column {
    date: Date,
    label: String,
    today: bool,
    spots: Vec<Spot>,
    work: i64,
    hours: i64,
}

impl Column {
    fn share(&self) -> i64 {
        if self.hours > 0 { (self.work * 100 / self.hours).min(100) } else { 0 }
    }
}

#[derive(Template)]
#[template(path = "plan/week.html")]
struct Week {
    columns: Vec<Column>,
    lede: String,
    previous: Date,
    next: Date,
    reader: Reader,
}

impl Week {
    fn time(&self, spot: &Spot) -> String {
        format!("{}–{}", self.reader.clock(spot.span.from), self.reader.clock(spot.span.until))
    }
}

/// `GET /plan/week`
pub async fn show(planning: Planning, ctx: Ctx, Query(asked): Query<Asked>) -> Reply {
    let date = asked.from.unwrap_or_else(|| ctx.today());
    let monday = date - jiff::Span::new().days(i64::from(date.weekday().to_monday_zero_offset()));
    let scene = Scene::load(&planning, &ctx).await?;
    let whole = Span::new(scene.day(monday).from, scene.day(monday + jiff::Span::new().days(6)).until);
    let spots = scene.spots(&ctx, whole).await?;
    let mut columns = Vec::new();
    for offset in 0..7 {
        let day = monday + jiff::Span::new().days(offset);
        let span = scene.day(day);
        let mine: Vec<Spot> = spots.iter().filter(|spot| shared(spot.span, span) > 0).cloned().collect();
        let work = mine.iter().filter(|spot| spot.kind == "planned").map(|spot| shared(spot.span, span)).sum();
        let hours = scene.working(day).iter().map(|span| span.minutes()).sum();
        if offset < 5 || !mine.is_empty() || hours > 0 {
            columns.push(Column {
                date: day,
                label: day.strftime("%a %-d %b").to_string(),
                today: day == ctx.today(),
                spots: mine,
                work,
                hours,
            });
        }
    }
    let (work, hours) = columns.iter().fold((0, 0), |(work, hours), column| (work + column.work, hours + column.hours));
    let page = Week {
        lede: format!("{} of {} are planned.", ui::minutes_label(work), ui::minutes_label(hours)),
        columns,
        previous: monday - jiff::Span::new().days(7),
        next: monday + jiff::Span::new().days(7),
        reader: scene.reader.clone(),
    };
    ctx.page("My week").crumb("My plan", Some("/plan")).crumb("Week", None).nav("/plan").live(["plan"]).html(&page)
}
