//! What a member's time holds, as pages draw it: blocks, meetings, time kept free, work that was done.

use std::sync::Arc;

use atlas_kernel::{Result, UserId};
use atlas_planner::{Minute, Span, TaskId};
use atlas_web::{Ctx, ui};
use jiff::civil::{Date, Time};

use crate::Planning;
use crate::calendar::{BusyKind, Hours, store as calendar};
use crate::facts::{Facts, day_end, local, minute, moment, user_id};
use crate::plan::{Body, explain, store};
use crate::replan::{Known, Seen};
use crate::words::{self, Note, Reader};

/// Everything the pages draw from.
pub struct Scene {
    pub member: UserId,
    pub facts: Facts,
    pub known: Arc<Known>,
    pub reader: Reader,
    pub hours: Hours,
}

/// One thing in a day.
#[derive(Clone)]
pub struct Spot {
    pub span: Span,
    /// `planned`, `fixed` or `free`.
    pub kind: &'static str,
    /// `proposed`, `accepted` or `locked`; empty for what is no block.
    pub state: &'static str,
    pub title: String,
    /// The key of the task; empty for what is none.
    pub key: String,
    pub href: String,
    pub glyph: Option<ui::Safe>,
    pub priority: Option<ui::Safe>,
    pub note: Note,
    pub done: bool,
    pub late: u32,
    /// `part 1 of 2`; empty for whole tasks.
    pub part: String,
    pub day: bool,
}

impl Spot {
    pub fn minutes(&self) -> i64 {
        self.span.minutes()
    }
    pub fn length(&self) -> String {
        ui::minutes_label(self.minutes())
    }
    pub fn is_task(&self) -> bool {
        !self.key.is_empty() && !self.done
    }
    pub fn start(&self) -> String {
        moment(self.span.from).to_string()
    }
    /// How tall it is drawn: `short`, `snug` or as it is.
    pub fn size(&self) -> &'static str {
        match self.minutes() {
            ..=24 => "tiny",
            25..=39 => "short",
            40..=49 => "snug",
            _ => "",
        }
    }
}

impl Scene {
    /// Reads what a member's pages draw from.
    pub async fn load(planning: &Planning, ctx: &Ctx) -> Result<Self> {
        let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
        let member = ctx.actor.person()?;
        let Seen { known, facts, .. } = planning.look(db, workspace, ctx.now()).await?;
        Ok(Self {
            member,
            facts,
            known,
            reader: explain::reader(&ctx.actor, ctx.now()),
            hours: calendar::hours(db, workspace, member).await?.unwrap_or_default(),
        })
    }

    /// The first and last minute of a local day.
    pub fn day(&self, day: Date) -> Span {
        Span::new(local(day, Time::midnight(), &self.reader.zone), day_end(day, &self.reader.zone))
    }

    /// The working hours of a day, without absences.
    pub fn working(&self, day: Date) -> Vec<Span> {
        let pairs = &self.hours.week[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)];
        let start = self.day(day).from;
        let at = |minutes: u16| match minutes {
            1440 => self.day(day).until,
            minutes => local(day, Time::midnight() + jiff::Span::new().minutes(i64::from(minutes)), &self.reader.zone).max(start),
        };
        pairs.iter().map(|(from, until)| Span::new(at(*from), at(*until))).collect()
    }

    /// What lies in this stretch of the member's time, by start.
    pub async fn spots(&self, ctx: &Ctx, within: Span) -> Result<Vec<Spot>> {
        let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
        let (from, until) = (moment(within.from), moment(within.until));
        let mut spots = Vec::new();
        for busy in calendar::busy_between(db, workspace, self.member, from, until).await? {
            spots.push(self.busy(&busy));
        }
        for (task, _, from, until) in store::worked_between(db, workspace, self.member, from, until).await? {
            spots.push(self.worked(task, Span::new(minute(from), minute(until))));
        }
        for body in self.known.bodies.values() {
            spots.extend(self.blocks(body).into_iter().filter(|spot| spot.span.from < within.until && spot.span.until > within.from));
        }
        spots.sort_by_key(|spot| (spot.span.from, spot.span.until));
        Ok(spots)
    }

    fn busy(&self, busy: &crate::calendar::Busy) -> Spot {
        let kind = if busy.kind == BusyKind::KeptFree { "free" } else { "fixed" };
        let lead = if busy.kind == BusyKind::Absence { "Away." } else { "" };
        Spot {
            span: Span::new(minute(busy.start_at), minute(busy.finish_at)),
            kind,
            state: "",
            title: busy.title.clone(),
            key: String::new(),
            href: "/plan/hours".to_owned(),
            glyph: Some(ui::icon14(if kind == "free" { "lock" } else { "calendar" })),
            priority: None,
            note: Note { lead: lead.to_owned(), rest: String::new() },
            done: false,
            late: 0,
            part: String::new(),
            day: minute(busy.finish_at) - minute(busy.start_at) >= 20 * 60,
        }
    }

    fn worked(&self, task: TaskId, span: Span) -> Spot {
        let work = self.facts.work.get(&task);
        Spot {
            span,
            kind: "planned",
            state: "accepted",
            title: work.map_or_else(|| "A task that is over".to_owned(), |work| work.title.clone()),
            key: work.map(|work| work.key.clone()).unwrap_or_default(),
            href: work.map_or_else(|| "/tasks".to_owned(), |work| work.url.clone()),
            glyph: Some(ui::glyph("g-done", "Worked")),
            priority: None,
            note: Note::default(),
            done: true,
            late: 0,
            part: String::new(),
            day: false,
        }
    }

    /// What a later piece of a task says.
    fn goes_on(&self, ended: Minute, starts: Minute) -> String {
        let same = self.reader.day(ended) == self.reader.day(starts);
        let from = if same { self.reader.clock(ended) } else { words::lower(&self.reader.when(ended)) };
        format!("Goes on from {from}.")
    }

    fn blocks(&self, body: &Body) -> Vec<Spot> {
        let Some(place) = body.place.as_ref().filter(|place| user_id(place.person) == self.member) else { return vec![] };
        let Some(work) = self.facts.work.get(&place.task) else { return vec![] };
        let note = words::why_here(body, &self.facts, &self.reader);
        let count = place.chunks.len();
        let block = |(index, chunk): (usize, &atlas_planner::Chunk)| Spot {
            span: chunk.span,
            kind: "planned",
            state: if chunk.fixed {
                "locked"
            } else if body.is_accepted(chunk.span) {
                "accepted"
            } else {
                "proposed"
            },
            title: work.title.clone(),
            key: work.key.clone(),
            href: format!("/plan/tasks/{}", work.key),
            glyph: Some(ui::glyph(work.status.0, &format!("Status: {}", work.status.1))),
            priority: priority(work.priority),
            note: if index == 0 {
                note.clone()
            } else {
                Note { lead: String::new(), rest: self.goes_on(place.chunks[index - 1].span.until, chunk.span.from) }
            },
            done: false,
            late: place.late_minutes,
            part: if count > 1 { format!("part {} of {count}", index + 1) } else { String::new() },
            day: false,
        };
        place.chunks.iter().enumerate().map(block).collect()
    }
}

fn priority(rank: i64) -> Option<ui::Safe> {
    match rank {
        1 => Some(ui::glyph("g-p1", "Priority: Low")),
        2 => Some(ui::glyph("g-p2", "Priority: Medium")),
        3 => Some(ui::glyph("g-p3", "Priority: High")),
        4 => Some(ui::glyph("g-p4", "Priority: Urgent")),
        _ => None,
    }
}

/// Minutes that both stretches share.
pub fn shared(a: Span, b: Span) -> i64 {
    (a.until.min(b.until) - a.from.max(b.from)).max(0)
}
