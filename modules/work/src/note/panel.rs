//! The rule on the connection's page: which notes become tasks.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::{ConnectionId, Error, Ref, Result};
use atlas_web::{Ctx, Form, Pages, Reply, ui};
use axum::extract::Path;
use serde::Deserialize;

use super::verbs::{self, NewRule};
use super::{RULE_WRITE, Rule, Which};
use crate::people::Member;
use crate::project::Project;
use crate::task::Priority;
use crate::task::web::lists::rendered;
use crate::task::web::view::{Names, messages};

/// The form's address.
pub fn pages() -> Pages {
    Pages::new().post("/settings/note-rules/{connection}", RULE_WRITE, save)
}

#[derive(Template)]
#[template(path = "note/rule.html")]
struct RulePanel<'a> {
    connection: ConnectionId,
    rule: &'a Rule,
    names: &'a Names,
    errors: HashMap<String, String>,
    may_write: bool,
}

impl RulePanel<'_> {
    fn kinds(&self) -> &'static [Which] {
        Which::ALL
    }
    fn priorities(&self) -> &'static [Priority] {
        Priority::ALL
    }
    fn error(&self, field: &str) -> Option<&String> {
        self.errors.get(field)
    }
    fn in_project(&self, project: &Project) -> bool {
        self.rule.project == Some(project.id)
    }
    fn for_member(&self, member: &Member) -> bool {
        self.rule.assignee == Some(member.id)
    }
    fn due(&self) -> String {
        self.rule.due_days.map(|days| days.to_string()).unwrap_or_default()
    }
    /// The rule in a sentence.
    fn said(&self) -> String {
        match (self.rule.enabled, self.rule.which) {
            (false, _) => "Notes stay notes.".to_owned(),
            (true, Which::Command) => "Notes with a line that starts with /task become tasks.".to_owned(),
            (true, Which::Containing) => format!("Notes with /task, and notes that contain “{}”, become tasks.", self.rule.word),
            (true, Which::All) => "Every internal note becomes a task.".to_owned(),
        }
    }
}

/// The panel; nothing for a record that is no connection of this workspace.
pub(crate) async fn rule(ctx: &Ctx, record: &Ref) -> Result<Option<String>> {
    let Ok(connection) = record.to_string().parse::<ConnectionId>() else { return Ok(None) };
    let rule = match verbs::read(&ctx.app.db, &ctx.actor, connection, ctx.now()).await {
        Err(Error::NotFound(_) | Error::Denied { .. }) => return Ok(None),
        found => found?,
    };
    draw(ctx, connection, &rule, HashMap::new()).await.map(|html| Some(html.as_str().to_owned()))
}

async fn draw(ctx: &Ctx, connection: ConnectionId, rule: &Rule, errors: HashMap<String, String>) -> Result<ui::Safe> {
    let names = Names::load(ctx).await?;
    rendered(&RulePanel { connection, rule, names: &names, errors, may_write: ctx.actor.may(&RULE_WRITE).is_ok() })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    enabled: String,
    which: String,
    word: String,
    project: String,
    assignee: String,
    due_days: String,
    priority: String,
}

impl Typed {
    fn read(&self) -> Result<NewRule> {
        let number = |text: &str| text.trim().parse::<i64>().map_err(|_| Error::field("dueDays", "invalid", "a number of days"));
        Ok(NewRule {
            enabled: self.enabled == "1",
            which: self.which.parse()?,
            word: self.word.clone(),
            project: self.project.parse().ok(),
            assignee: self.assignee.parse().ok(),
            due_days: if self.due_days.trim().is_empty() { None } else { Some(number(&self.due_days)?) },
            priority: self.priority.parse()?,
        })
    }
}

/// `POST /settings/note-rules/{connection}`
async fn save(ctx: Ctx, Path(connection): Path<ConnectionId>, Form(typed): Form<Typed>) -> Reply {
    let before = verbs::read(&ctx.app.db, &ctx.actor, connection, ctx.now()).await?;
    let actor = &ctx.actor;
    let saved = match &typed.read() {
        Ok(new) => ctx.app.db.write(|tx| async move { verbs::set(&tx, actor, connection, new.clone(), None).await }).await,
        Err(Error::Invalid(fields)) => Err(Error::Invalid(fields.clone())),
        Err(_) => Err(Error::field("which", "unknown", "choose from the list")),
    };
    match saved {
        Ok(rule) if ctx.partial => {
            let part = Part { html: draw(&ctx, connection, &rule, HashMap::new()).await? };
            ctx.toast_fragment(&part, "Rule saved", None)
        }
        Ok(_) => ctx.redirect("/settings/integrations/intercom").toast("Rule saved").reply(),
        Err(error @ Error::Invalid(_)) if ctx.partial => {
            let shown = typed.over(before);
            let part = Part { html: draw(&ctx, connection, &shown, messages(&error)).await? };
            let answer = ctx.fragment(&part)?;
            Ok(axum::response::IntoResponse::into_response((axum::http::StatusCode::UNPROCESSABLE_ENTITY, answer)))
        }
        Err(error) => Err(error.into()),
    }
}

impl Typed {
    /// What was typed, as far as it can be shown again.
    fn over(&self, before: Rule) -> Rule {
        Rule {
            enabled: self.enabled == "1",
            which: self.which.parse().unwrap_or(before.which),
            word: self.word.clone(),
            project: self.project.parse().ok(),
            assignee: self.assignee.parse().ok(),
            due_days: self.due_days.trim().parse().ok(),
            priority: self.priority.parse().unwrap_or(before.priority),
            ..before
        }
    }
}

#[derive(Template)]
#[template(source = "{{ html }}", ext = "html")]
struct Part {
    html: ui::Safe,
}
