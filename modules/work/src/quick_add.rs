//! Quick add: one line of text becomes a task's fields; what is not understood stays in the title.
//!
//! `Call the bank fri 15:00 #sales !high @me ~2h +ACME`

mod dates;
mod marks;
mod words;

pub(crate) use marks::minutes;

use atlas_kernel::{Actor, Result, Timestamp, UserId};
use atlas_store::Executor;
use jiff::civil::{Date, DateTime, Time};

use crate::people::People;
use crate::task::verbs::NewTask;
use crate::task::{MANY_LIMIT, Priority};
use crate::{ProjectId, project::Project};
use dates::Found;
use words::Word;

/// What the parser knows of the workspace.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The members.
    pub people: &'a People,
    /// Whom `@me` means; nobody when the writer is no member.
    pub me: Option<UserId>,
    /// The projects that tasks can be put into.
    pub projects: &'a [Project],
}

/// What a line of text came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// What is to be done: every word that was not understood, in order.
    pub title: String,
    /// Not before this day (`starting mon`).
    pub start: Option<Date>,
    /// By this day.
    pub due: Option<Date>,
    /// By this time of the due day.
    pub due_time: Option<Time>,
    /// How pressing it is (`!high`, `!2`).
    pub priority: Option<Priority>,
    /// Label names (`#sales`), in order, without repeats.
    pub labels: Vec<String>,
    /// The project (`+ACME`).
    pub project: Option<ProjectId>,
    /// Who does it (`@me`, `@ines`), in order, without repeats.
    pub assignees: Vec<UserId>,
    /// How long it takes (`~2h`, `~1h30`), minutes.
    pub estimate: Option<i64>,
    /// What was understood, and where in the text.
    pub spans: Vec<Span>,
}

impl Draft {
    /// The task this line asks for. A start after the due date is left out: two loose words must not refuse the task.
    pub fn into_new(self) -> NewTask {
        NewTask {
            title: self.title,
            start: self.start.filter(|start| self.due.is_none_or(|due| *start <= due)),
            due: self.due,
            due_time: self.due_time,
            priority: self.priority,
            estimate: self.estimate,
            project: self.project,
            assignees: self.assignees.into_iter().take(MANY_LIMIT).collect(),
            labels: self.labels.into_iter().take(MANY_LIMIT).collect(),
            ..NewTask::default()
        }
    }
}

/// A part of the text that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// As what.
    pub kind: Part,
}

/// What a part of the text was understood as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The due date or time.
    Due,
    /// The start date.
    Start,
    /// The priority.
    Priority,
    /// A label.
    Label,
    /// The project.
    Project,
    /// An assignee.
    Assignee,
    /// The estimate.
    Estimate,
}

/// Texts are read up to this many bytes; a longer line is a description, not a title.
const LIMIT: usize = 4_000;

/// Reads a line of text, as seen at `now` where the writer is.
///
/// Of several dates the last one counts and the others stay in the title; labels and assignees add up; of several
/// priorities, projects and estimates the last one counts.
pub fn parse(text: &str, now: DateTime, known: &Known<'_>) -> Draft {
    let text = &text[..text.floor_char_boundary(LIMIT)];
    let mut words = words::split(text);
    let mut draft = Draft::default();
    marks::take(&mut words, known, &mut draft);
    // What stood between two words of a date may have been taken just now ("in #sales 3 days"): look until nothing is found.
    while take_when(&mut words, now, &mut draft) {}
    if draft.due.is_none()
        && let Some(time) = draft.due_time
    {
        draft.due = Some(if time > now.time() { now.date() } else { dates::plus(now.date(), 1).unwrap_or(now.date()) });
    }
    draft.title = words.iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
    draft.spans.sort();
    draft
}

/// Reads a line that a member wrote just now, knowing their workspace.
///
/// # Errors
/// Whatever the database answers.
pub async fn read(on: &dyn Executor, actor: &Actor, now: Timestamp, text: &str) -> Result<Draft> {
    let people = People::load(on, actor.workspace).await?;
    let projects = crate::project::store::current(on, actor.workspace).await?;
    let known = Known { people: &people, me: actor.user, projects: &projects };
    Ok(parse(text, now.to_zoned(actor.zone()).datetime(), &known))
}

/// Takes the last start, date and time there are, each at most once; whether anything was taken.
fn take_when(words: &mut Vec<Word<'_>>, now: DateTime, draft: &mut Draft) -> bool {
    let mut found = dates::scan(words, now);
    let mut last = |wanted: fn(&Found) -> bool| found.iter().rposition(wanted).map(|at| found.remove(at));
    let start = if draft.start.is_none() { last(|f| f.start) } else { None };
    let due = if draft.due.is_none() { last(|f| !f.start && f.date.is_some()) } else { None };
    let timed = draft.due_time.is_some() || due.as_ref().is_some_and(|found| found.time.is_some());
    let time = if timed { None } else { last(|f| !f.start && f.date.is_none() && f.time.is_some()) };
    let mut taken: Vec<(Found, Part)> = Vec::new();
    if let Some(found) = start {
        draft.start = found.date;
        taken.push((found, Part::Start));
    }
    for found in [due, time].into_iter().flatten() {
        draft.due = draft.due.or(found.date);
        draft.due_time = draft.due_time.or(found.time);
        taken.push((found, Part::Due));
    }
    let any = !taken.is_empty();
    taken.sort_by_key(|(found, _)| std::cmp::Reverse(found.first));
    for (found, kind) in taken {
        let gone: Vec<Word<'_>> = words.drain(found.first..=found.last).collect();
        draft.spans.extend(gone.iter().map(|word| Span { start: word.start, end: word.start + word.text.len(), kind }));
    }
    any
}

#[cfg(test)]
mod tests;
