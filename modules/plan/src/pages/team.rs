//! The team: everybody's load against their time, and who is over before anything is placed.

use std::collections::BTreeMap;

use askama::Template;
use atlas_kernel::{Result, UserId};
use atlas_planner::Span;
use atlas_web::{Ctx, Query, Reply, ui};
use serde::Deserialize;

use super::spots::shared;
use crate::calendar::{Hours, store as calendar};
use crate::facts::{Facts, minute, moment, user_id};
use crate::plan::explain;
use crate::replan::Seen;
use crate::words::{self, Note};
use crate::{Planning, facts};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Only work of this project, by id.
    project: String,
}

struct Line {
    id: UserId,
    name: String,
    weeks: Vec<Load>,
    tasks: usize,
    late: usize,
}

struct Load {
    planned: i64,
    hours: i64,
}

impl Load {
    fn share(&self) -> i64 {
        if self.hours > 0 { (self.planned * 100 / self.hours).min(100) } else { 0 }
    }
}

impl Line {
    fn face(&self) -> ui::Safe {
        ui::avatar(&self.id, &self.name, 20, ui::Shape::Round)
    }
}

#[derive(Template)]
#[template(path = "plan/team.html")]
struct Team {
    lines: Vec<Line>,
    weeks: Vec<String>,
    alarms: Vec<Note>,
    late: Vec<(String, String, String)>,
    unplaced: Vec<(String, String, String)>,
    projects: Vec<(String, String, bool)>,
    lede: String,
}

/// `GET /plan/team`
pub async fn show(planning: Planning, ctx: Ctx, Query(asked): Query<Asked>) -> Reply {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let Seen { known, facts, .. } = planning.look(db, workspace, ctx.now()).await?;
    let (bodies, state) = (&known.bodies, &known.state);
    let reader = explain::reader(&ctx.actor, ctx.now());
    let mut projects: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for work in facts.work.values() {
        let id = work.project.0.to_string();
        projects.insert(work.project.1.clone(), (id.clone(), id == asked.project));
    }
    let within = |task: &atlas_planner::TaskId| {
        asked.project.is_empty() || facts.work.get(task).is_some_and(|work| work.project.0.to_string() == asked.project)
    };
    let weeks = weeks(&reader);
    let mut lines = lines(&ctx, &facts, &weeks).await?;
    let (mut late, mut unplaced) = (Vec::new(), Vec::new());
    for (id, body) in bodies.iter().filter(|(id, _)| within(id)) {
        let Some(work) = facts.work.get(id) else { continue };
        if let Some(why) = &body.unplaced {
            unplaced.push((work.key.clone(), work.title.clone(), words::unplaced(why, &facts)));
        }
        let Some(place) = &body.place else { continue };
        let Some(line) = lines.iter_mut().find(|line| line.id == user_id(place.person)) else { continue };
        line.tasks += 1;
        for (load, week) in line.weeks.iter_mut().zip(&weeks) {
            load.planned += place.chunks.iter().map(|chunk| shared(chunk.span, *week)).sum::<i64>();
        }
        if place.late_minutes > 0 {
            line.late += 1;
            late.push((
                work.key.clone(),
                work.title.clone(),
                format!("{} late, {}", ui::minutes_label(i64::from(place.late_minutes)), line.name),
            ));
        }
    }
    late.truncate(20);
    unplaced.truncate(20);
    let alarms: Vec<Note> = state.alarms.iter().take(12).map(|alarm| words::alarm(alarm, &facts, &reader)).collect();
    let page = Team {
        lede: match (alarms.len(), late.len()) {
            (0, 0) => "Everything that is planned is on time.".into(),
            (0, late) => format!("{} late.", ui::plural(late, "task is", "tasks are")),
            (alarms, _) => format!("{} cannot be as it is.", ui::plural(alarms, "thing", "things")),
        },
        weeks: weeks.iter().map(|week| moment(week.from).to_zoned(reader.zone.clone()).strftime("%-d %b").to_string()).collect(),
        projects: projects.into_iter().map(|(name, (id, chosen))| (id, name, chosen)).collect(),
        lines,
        alarms,
        late,
        unplaced,
    };
    ctx.page("Team plan").crumb("My plan", Some("/plan")).crumb("Team", None).nav("/plan").live(["plan"]).html(&page)
}

/// The rest of this week and the three that follow.
fn weeks(reader: &words::Reader) -> Vec<Span> {
    let monday = reader.today - jiff::Span::new().days(i64::from(reader.today.weekday().to_monday_zero_offset()));
    let midnight = |days: i64| facts::local(monday + jiff::Span::new().days(days), jiff::civil::Time::midnight(), &reader.zone);
    (0..4).map(|week| Span::new(midnight(week * 7), midnight(week * 7 + 7))).collect()
}

async fn lines(ctx: &Ctx, facts: &Facts, weeks: &[Span]) -> Result<Vec<Line>> {
    let hours = calendar::all_hours(&ctx.app.db, ctx.actor.workspace).await?;
    let now = minute(ctx.now());
    let mut lines: Vec<Line> = facts
        .members
        .values()
        .map(|member| {
            let mine = hours.get(&member.id).cloned().unwrap_or_default();
            let busy: Vec<Span> = facts
                .busy
                .values()
                .filter(|busy| busy.user_id == member.id)
                .map(|busy| Span::new(minute(busy.start_at), minute(busy.finish_at)))
                .collect();
            let weeks = weeks.iter().map(|week| Load { planned: 0, hours: free(&mine, &member.zone, &busy, *week, now) }).collect();
            Line { id: member.id, name: member.name.clone(), weeks, tasks: 0, late: 0 }
        })
        .collect();
    lines.sort_by_key(|line| line.name.to_lowercase());
    Ok(lines)
}

/// Working minutes of a week that have not gone by and that nothing else takes.
fn free(hours: &Hours, zone: &jiff::tz::TimeZone, busy: &[Span], week: Span, now: i64) -> i64 {
    let monday = moment(week.from + 12 * 60).to_zoned(zone.clone()).date();
    let mut free = 0;
    for (offset, pairs) in (0_i64..).zip(&hours.week) {
        let midnight = facts::local(monday + jiff::Span::new().days(offset), jiff::civil::Time::midnight(), zone);
        for (from, until) in pairs {
            let span = Span::new((midnight + i64::from(*from)).max(now), midnight + i64::from(*until));
            let mut taken: Vec<Span> = busy
                .iter()
                .map(|one| Span::new(one.from.max(span.from), one.until.min(span.until)))
                .filter(|one| one.minutes() > 0)
                .collect();
            taken.sort();
            let mut at = span.from;
            for one in taken {
                free += (one.from - at).max(0);
                at = at.max(one.until);
            }
            free += (span.until - at).max(0);
        }
    }
    free
}
