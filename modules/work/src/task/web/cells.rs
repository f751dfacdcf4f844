//! Inline edit: each property of a task as a cell that is text until it is a field.

use askama::Template;
use atlas_kernel::{Error, Result};
use atlas_web::{Ctx, Form, Reply, ui};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::create::undo_url;
use super::view::{Face, Names, by_key, due, messages, status_glyph};
use super::write::edit;
use crate::quick_add;
use crate::task::api::clock_time;
use crate::task::change::TaskChange;
use crate::task::{Priority, Status, Task};

/// A choice of a select.
pub(crate) struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// What the cell becomes when it is edited.
pub(crate) enum Control {
    Line { placeholder: &'static str },
    Heading { level: u8 },
    Long,
    Day,
    DayAndTime { time: String },
    Select(Vec<Choice>),
    People(Vec<(Face, bool)>),
}

/// A property as text and as a field.
#[derive(Template)]
#[template(path = "task/cell.html")]
pub(crate) struct Cell {
    /// The element's id, from the task's id: keys may change.
    pub id: String,
    /// Where it is posted.
    pub action: String,
    pub label: &'static str,
    /// The key that opens it.
    pub stroke: Option<&'static str>,
    /// The property as shown.
    pub shown: ui::Safe,
    /// The property as text: what is in the field, and what the writer saw.
    pub value: String,
    pub was: String,
    pub control: Control,
    pub error: Option<String>,
    pub may_write: bool,
}

/// What a template rendered is markup already.
impl askama::filters::HtmlSafe for Cell {}

impl Cell {
    fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }
    fn is_people(&self) -> bool {
        matches!(self.control, Control::People(_))
    }
    fn is_long(&self) -> bool {
        matches!(self.control, Control::Long)
    }
    fn level(&self) -> Option<u8> {
        match self.control {
            Control::Heading { level } => Some(level),
            _ => None,
        }
    }
}

/// The properties beside a task, in order.
pub(super) const FIELDS: [&str; 14] = [
    "status",
    "assignees",
    "due",
    "deadline",
    "priority",
    "labels",
    "estimate",
    "start",
    "blockers",
    "splitting",
    "shortest",
    "longest",
    "candidates",
    "project",
];

/// The cell of one property.
pub(super) fn cell(task: &Task, field: &str, names: &Names, may_write: bool) -> Result<Cell> {
    let value = value_of(task, field)?;
    let words = |text: &str| ui::Safe::trusted(ui::escape(text));
    let day = |day: jiff::civil::Date| words(&ui::date_label(day, names.today));
    let (label, stroke, shown, control) = match field {
        "title" => ("title", None, words(&task.title), Control::Heading { level: 1 }),
        "description" => ("description", None, ui::markdown(&task.description), Control::Long),
        "status" => ("status", Some("s"), with(status_glyph(task.status), task.status.label()), Control::Select(statuses(task))),
        "assignees" => ("assignees", Some("a"), faces(&task.assignees, names), Control::People(people(&task.assignees, names))),
        "due" => ("due", Some("d"), due_shown(task, names), Control::DayAndTime { time: time_of(task) }),
        "start" => ("start", None, task.start.map(day).unwrap_or_default(), Control::Day),
        "priority" => ("priority", Some("p"), priority_shown(task), Control::Select(priorities(task))),
        "labels" => ("labels", Some("l"), labels_shown(task), Control::Line { placeholder: "sales, legal" }),
        "estimate" => {
            ("estimate", None, words(&task.estimate.map(ui::minutes_label).unwrap_or_default()), Control::Line { placeholder: "2 h 30" })
        }
        "deadline" => (
            "deadline",
            None,
            words(if task.hard_deadline { "Must be met" } else { "Should be met" }),
            Control::Select(yes_no(task.hard_deadline, "Must be met", "Should be met")),
        ),
        "splitting" => (
            "splitting",
            None,
            words(if task.splittable { "In pieces" } else { "In one piece" }),
            Control::Select(yes_no(task.splittable, "In pieces", "In one piece")),
        ),
        "shortest" => (
            "shortest block",
            None,
            words(&task.min_block.map(ui::minutes_label).unwrap_or_default()),
            Control::Line { placeholder: "30 min" },
        ),
        "longest" => {
            ("longest block", None, words(&task.max_block.map(ui::minutes_label).unwrap_or_default()), Control::Line { placeholder: "2 h" })
        }
        "candidates" => ("candidates", None, faces(&task.candidates, names), Control::People(people(&task.candidates, names))),
        "blockers" => ("blocked by", None, words(&value), Control::Line { placeholder: "ACME-7, ACME-9" }),
        "project" => ("project", None, words(names.project(task.project)), Control::Select(projects(task, names))),
        _ => return Err(Error::NotFound("property")),
    };
    let id = format!("{}-{field}", task.id);
    let was = if field == "due" { format!("{value} {}", time_of(task)) } else { value.clone() };
    let action = format!("/tasks/{}/fields/{field}", task.key);
    Ok(Cell { id, action, label, stroke, shown, value, was, control, error: None, may_write })
}

/// A property as the text of its field.
fn value_of(task: &Task, field: &str) -> Result<String> {
    let list = |items: Vec<String>, between: &str| items.join(between);
    Ok(match field {
        "title" => task.title.clone(),
        "description" => task.description.clone(),
        "status" => task.status.to_string(),
        "assignees" => list(task.assignees.iter().map(ToString::to_string).collect(), ","),
        "due" => task.due.map(|day| day.to_string()).unwrap_or_default(),
        "start" => task.start.map(|day| day.to_string()).unwrap_or_default(),
        "priority" => task.priority.to_string(),
        "labels" => list(task.labels.iter().map(|label| label.name.clone()).collect(), ", "),
        "estimate" => task.estimate.map(ui::minutes_label).unwrap_or_default(),
        "deadline" => task.hard_deadline.to_string(),
        "splitting" => task.splittable.to_string(),
        "shortest" => task.min_block.map(ui::minutes_label).unwrap_or_default(),
        "longest" => task.max_block.map(ui::minutes_label).unwrap_or_default(),
        "candidates" => list(task.candidates.iter().map(ToString::to_string).collect(), ","),
        "blockers" => list(task.blocked_by.iter().map(|blocker| blocker.key.clone()).collect(), ", "),
        "project" => task.project.to_string(),
        _ => return Err(Error::NotFound("property")),
    })
}

fn time_of(task: &Task) -> String {
    task.due_time.map(|time| time.strftime("%H:%M").to_string()).unwrap_or_default()
}

fn with(glyph: ui::Safe, text: &str) -> ui::Safe {
    ui::Safe::trusted(format!("{glyph}{}", ui::escape(text)))
}

fn priority_shown(task: &Task) -> ui::Safe {
    match task.priority {
        Priority::None => ui::Safe::default(),
        priority => with(ui::glyph(priority.glyph(), &format!("Priority: {}", priority.label())), priority.label()),
    }
}

fn due_shown(task: &Task, names: &Names) -> ui::Safe {
    let Some(due) = due(task, names.today) else { return ui::Safe::default() };
    let tone = if due.tone.is_empty() { String::new() } else { format!(" data-tone=\"{}\"", due.tone) };
    ui::Safe::trusted(format!("<time class=\"due\" datetime=\"{}\"{tone}>{}</time>", due.iso, ui::escape(&due.label)))
}

fn labels_shown(task: &Task) -> ui::Safe {
    let chips: Vec<String> =
        task.labels.iter().map(|label| format!("<span class=\"chip\">{}{}</span>", ui::icon12("tag"), ui::escape(&label.name))).collect();
    ui::Safe::trusted(if chips.is_empty() { String::new() } else { format!("<span class=\"cluster\">{}</span>", chips.concat()) })
}

fn faces(people: &[atlas_kernel::UserId], names: &Names) -> ui::Safe {
    let face = |id: &atlas_kernel::UserId| {
        let face = Face { id: *id, name: names.people.name(*id).to_owned() };
        format!("<span class=\"cluster\">{}{}</span>", face.beside(), ui::escape(&face.name))
    };
    ui::Safe::trusted(people.iter().map(face).collect::<String>())
}

fn yes_no(chosen: bool, yes: &str, no: &str) -> Vec<Choice> {
    [(true, yes), (false, no)]
        .map(|(value, label)| Choice { value: value.to_string(), label: label.to_owned(), chosen: value == chosen })
        .into()
}

fn people(chosen: &[atlas_kernel::UserId], names: &Names) -> Vec<(Face, bool)> {
    names.people.all().iter().map(|member| (Face::from(member), chosen.contains(&member.id))).collect()
}

fn statuses(task: &Task) -> Vec<Choice> {
    Status::ALL
        .iter()
        .map(|status| Choice { value: status.to_string(), label: status.label().to_owned(), chosen: *status == task.status })
        .collect()
}

fn priorities(task: &Task) -> Vec<Choice> {
    let choice = |priority: &Priority| Choice {
        value: priority.to_string(),
        label: priority.label().to_owned(),
        chosen: *priority == task.priority,
    };
    Priority::ALL.iter().rev().map(choice).collect()
}

fn projects(task: &Task, names: &Names) -> Vec<Choice> {
    let mut choices: Vec<Choice> = names
        .projects
        .iter()
        .map(|p| Choice { value: p.id.to_string(), label: format!("{} ({})", p.name, p.key), chosen: p.id == task.project })
        .collect();
    if !choices.iter().any(|choice| choice.chosen) {
        let label = format!("{} (archived)", names.project(task.project));
        choices.insert(0, Choice { value: task.project.to_string(), label, chosen: true });
    }
    choices
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    value: Vec<String>,
    time: String,
    was: Option<String>,
}

impl Typed {
    fn one(&self) -> &str {
        self.value.first().map_or("", String::as_str)
    }
}

/// `POST /tasks/{key}/fields/{field}`
pub(super) async fn save(ctx: Ctx, Path((key, field)): Path<(String, String)>, Form(typed): Form<Typed>) -> Reply {
    let task = by_key(&ctx, &key).await?;
    let names = Names::load(&ctx).await?.also(&ctx, std::slice::from_ref(&task)).await?;
    let mut shown = cell(&task, &field, &names, true)?;
    if typed.was.as_ref().is_some_and(|was| was.replace("\r\n", "\n") != shown.was) && ctx.partial {
        shown.error = Some("Somebody changed this a moment ago. Their value is kept.".to_owned());
        return Ok((StatusCode::CONFLICT, ctx.fragment(&shown)?).into_response());
    }
    let saved = match change_of(&field, &typed) {
        Ok(change) => edit(&ctx, &task.key, change).await,
        Err(error) => Err(error),
    };
    let changed = match saved {
        Ok(changed) => changed,
        Err(error @ Error::Invalid(_)) if ctx.partial => {
            shown.error = messages(&error).into_values().next();
            typed.one().clone_into(&mut shown.value);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, ctx.fragment(&shown)?).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let text = format!("{} changed", changed.task.key);
    if !ctx.partial || changed.task.key != task.key {
        let answer = ctx.redirect(changed.task.url()).toast(text);
        return if changed.event.is_some() { answer.undo(undo_url(&changed)) } else { answer }.reply();
    }
    let names = names.also(&ctx, std::slice::from_ref(&changed.task)).await?;
    let cell = cell(&changed.task, &field, &names, true)?;
    match changed.event {
        Some(_) => ctx.toast_fragment(&cell, &text, Some(&undo_url(&changed))),
        None => ctx.fragment(&cell),
    }
}

fn change_of(field: &str, typed: &Typed) -> Result<TaskChange> {
    let text = typed.one().trim();
    let day = || match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::field(field, "invalid", "a day such as 2026-11-27")),
    };
    let mut change = TaskChange::default();
    match field {
        "title" => change.title = Some(text.to_owned()),
        "description" => change.description = Some(typed.one().to_owned()),
        "status" => change.status = Some(text.parse()?),
        "priority" => change.priority = Some(text.parse()?),
        "start" => change.start_date = Some(day()?),
        "due" => {
            change.due_date = Some(day()?);
            let time = typed.time.trim();
            change.due_time = Some(if time.is_empty() || text.is_empty() { None } else { Some(clock_time(time)?) });
        }
        "estimate" => change.estimate_minutes = Some(minutes_of(text)?),
        "deadline" => change.hard_deadline = Some(text == "true"),
        "splitting" => change.splittable = Some(text == "true"),
        "shortest" => change.min_block_minutes = Some(minutes_of(text)?),
        "longest" => change.max_block_minutes = Some(minutes_of(text)?),
        "blockers" => change.blocked_by = Some(text.split([',', ' ']).filter(|key| !key.is_empty()).map(str::to_owned).collect()),
        "candidates" => change.candidates = Some(members_of(&typed.value, field)?),
        "labels" => change.labels = Some(text.split(',').map(str::to_owned).collect()),
        "project" => change.project = Some(text.parse().map_err(|_| Error::field("project", "unknown", "choose from the list"))?),
        "assignees" => {
            change.assignees = Some(members_of(&typed.value, field)?);
        }
        _ => return Err(Error::NotFound("property")),
    }
    Ok(change)
}

fn members_of(chosen: &[String], field: &str) -> Result<Vec<atlas_kernel::UserId>> {
    let ids = chosen.iter().filter(|id| !id.is_empty()).map(|id| id.parse());
    ids.collect::<Result<_, _>>().map_err(|_| Error::field(field, "unknown", "choose from the list"))
}

/// `2 h 30`, `45 min`, `1.5h`, `90` (minutes); nothing is no estimate.
pub(super) fn minutes_of(text: &str) -> Result<Option<i64>> {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    if squeezed.is_empty() {
        return Ok(None);
    }
    let bare = squeezed.bytes().all(|b| b.is_ascii_digit());
    let read = quick_add::minutes(&if bare { format!("{squeezed}m") } else { squeezed });
    read.map(Some).ok_or_else(|| Error::field("estimateMinutes", "invalid", "a duration such as 2 h 30 or 45 min"))
}

#[cfg(test)]
mod tests {
    use super::minutes_of;

    #[test]
    fn estimates_read_back_what_they_show() {
        for minutes in [1, 45, 60, 90, 125, 6000] {
            assert_eq!(minutes_of(&atlas_web::ui::minutes_label(minutes)).unwrap(), Some(minutes));
        }
        assert_eq!((minutes_of(" ").unwrap(), minutes_of("90").unwrap(), minutes_of("1.5 h").unwrap()), (None, Some(90), Some(90)));
        assert!(minutes_of("soon").is_err());
    }
}
