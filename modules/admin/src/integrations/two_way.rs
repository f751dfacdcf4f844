//! The page of a connection's fields: which way each goes, what waits for a decision, and writing what differs.

use std::collections::HashMap;

use askama::Template;
use atlas_connect::{
    BatchId, BatchKind, BatchState, BatchView, CONNECTIONS_READ, CONNECTIONS_WRITE, ConflictDecision, ConflictId, ConflictRule,
    ConflictView, Connections, Direction, FieldChange, FieldChoice, FieldView, FieldsChange, Preview,
};
use atlas_kernel::{Error, Ref, Timestamp};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form, Pages, Query, Reply};
use axum::extract::Path;
use serde::Deserialize;
use serde_json::Value;

use super::view::{base, part};
use super::{Provider, with};
use crate::Parts;

/// Changes shown one by one.
const SHOWN: usize = 50;
/// Conflicts shown at once.
const CONFLICTS: usize = 50;

pub(super) fn pages(pages: Pages, parts: &Parts) -> Pages {
    pages
        .get("/settings/integrations/{provider}/fields", CONNECTIONS_READ, with!(parts, show, provider: Provider, asked: Query<Asked>))
        .post(
            "/settings/integrations/{provider}/fields",
            CONNECTIONS_WRITE,
            with!(parts, choose, provider: Provider, form: Form<HashMap<String, String>>),
        )
        .post(
            "/settings/integrations/{provider}/conflicts/{conflict}",
            CONNECTIONS_WRITE,
            with!(parts, decide, path: Path<(String, ConflictId)>, form: Form<DecisionForm>),
        )
        .post("/settings/integrations/{provider}/writes", CONNECTIONS_WRITE, with!(parts, start, provider: Provider))
        .post(
            "/settings/integrations/{provider}/batches/{batch}/stop",
            CONNECTIONS_WRITE,
            with!(parts, stop, path: Path<(String, BatchId)>),
        )
        .post(
            "/settings/integrations/{provider}/batches/{batch}/undo",
            CONNECTIONS_WRITE,
            with!(parts, undo, path: Path<(String, BatchId)>),
        )
}

/// What the page's address may say.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    /// Whether to show what would be written.
    preview: Option<String>,
}

#[derive(Template)]
#[template(path = "integrations/fields.html")]
struct FieldsPage {
    name: &'static str,
    base: String,
    may_write: bool,
    connected: bool,
    groups: Vec<(&'static str, Vec<FieldView>)>,
    moving: Safe,
    preview: Option<Preview>,
    writes: bool,
}

/// What moves by itself: conflicts and batches.
#[derive(Template)]
#[template(path = "integrations/fields_now.html")]
struct Moving<'a> {
    ctx: &'a Ctx,
    name: &'static str,
    base: String,
    topics: String,
    may_write: bool,
    conflicts: Vec<Waiting>,
    more: bool,
    batches: Vec<BatchView>,
}

/// A conflict with what it is about.
struct Waiting {
    conflict: ConflictView,
    title: String,
    url: Option<String>,
    label: String,
}

impl FieldsPage {
    fn directions(&self, field: &FieldView) -> Vec<(Direction, String, bool)> {
        let words = |direction: Direction| match direction {
            Direction::In => format!("From {}", self.name),
            Direction::Out => format!("To {}", self.name),
            Direction::Both => "Both ways".to_owned(),
            Direction::Off => "Off".to_owned(),
        };
        let possible = [Direction::In, Direction::Both, Direction::Out, Direction::Off];
        let possible = possible.into_iter().filter(|direction| field.writable || !direction.goes_out());
        possible.map(|direction| (direction, words(direction), direction == field.direction)).collect()
    }
    fn rules(&self, field: &FieldView) -> Vec<(ConflictRule, String, bool)> {
        let words = |rule: ConflictRule| match rule {
            ConflictRule::Ask => "Ask".to_owned(),
            ConflictRule::Newest => "The newer wins".to_owned(),
            ConflictRule::Atlas => "Atlas wins".to_owned(),
            ConflictRule::Provider => format!("{} wins", self.name),
        };
        let all = [ConflictRule::Ask, ConflictRule::Newest, ConflictRule::Atlas, ConflictRule::Provider];
        all.into_iter().map(|rule| (rule, words(rule), rule == field.conflict)).collect()
    }
    fn before(&self, change: &FieldChange) -> String {
        change.before.as_ref().map_or_else(|| "–".to_owned(), words_of)
    }
    fn after(&self, change: &FieldChange) -> String {
        words_of(&change.after)
    }
}

impl Moving<'_> {
    fn value(&self, value: &Option<Value>) -> String {
        value.as_ref().map_or_else(|| "–".to_owned(), words_of)
    }
    fn ago(&self, at: &Timestamp) -> Safe {
        ui::relative_time(*at, self.ctx.now(), &self.ctx.actor.zone())
    }
    fn running(&self, batch: &BatchView) -> bool {
        matches!(batch.state, BatchState::Preparing | BatchState::Writing)
    }
    /// Whether the page looks again by itself: what ends before it listens would be missed.
    fn any_running(&self) -> bool {
        self.batches.iter().any(|batch| self.running(batch))
    }
    /// Whether a batch wrote something that can be taken back.
    fn can_undo(&self, batch: &BatchView) -> bool {
        batch.kind == BatchKind::Write && !self.running(batch) && batch.written > batch.undone + batch.kept
    }
    fn tone(&self, batch: &BatchView) -> &'static str {
        match batch.state {
            BatchState::Preparing | BatchState::Writing => "busy",
            BatchState::Stopped => "warning",
            BatchState::Done if batch.refused > 0 => "warning",
            BatchState::Done => "success",
        }
    }
    /// A batch in a sentence.
    fn words(&self, batch: &BatchView) -> String {
        let fields = |count: i64| ui::plural(count, "field", "fields");
        let did = match (batch.kind, batch.state) {
            (BatchKind::Write, BatchState::Preparing) => "Looking for what differs".to_owned(),
            (BatchKind::Undo, BatchState::Preparing) => "Looking for what was written".to_owned(),
            (BatchKind::Write, _) => format!("{} written", fields(batch.written)),
            (BatchKind::Undo, _) => format!("{} taken back", fields(batch.written)),
        };
        let further = [
            (batch.waiting, "waiting"),
            (batch.refused, "refused"),
            (batch.undone, "taken back since"),
            (batch.kept, "kept, changed since"),
        ];
        let further = further.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!(", {} {word}", ui::count(count)));
        let stopped = if batch.state == BatchState::Stopped { ", stopped" } else { "" };
        format!("{did}{}{stopped}", further.collect::<String>())
    }
}

/// A value as people read it.
fn words_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(words_of).collect::<Vec<_>>().join(", "),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

async fn show(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let d = connections.detail(&ctx.actor, &provider).await?;
    let fields = connections.fields(&ctx.actor, &provider).await?;
    let topics = d.connection.id.map_or_else(|| "connections".to_owned(), |id| id.to_string());
    let moving = moving(connections, &ctx, &provider, topics, &fields).await?;
    if ctx.partial {
        return ctx.fragment(&moving);
    }
    let preview = match asked.preview {
        Some(_) => Some(connections.preview_writes(&ctx.actor, &provider, SHOWN).await?),
        None => None,
    };
    let of = |kind: &str| fields.iter().filter(|field| field.record == kind).cloned().collect::<Vec<_>>();
    let groups = vec![("Contacts", of("person")), ("Companies", of("company"))];
    let content = FieldsPage {
        name: d.connector.name,
        base: base(&provider),
        may_write: moving.may_write,
        connected: d.connection.id.is_some(),
        groups: groups.into_iter().filter(|(_, fields)| !fields.is_empty()).collect(),
        writes: fields.iter().any(|field| field.direction.goes_out()),
        moving: part(&moving)?,
        preview,
    };
    ctx.page(format!("{} fields", d.connection.title()))
        .crumb("Settings", Some("/settings"))
        .crumb("Integrations", Some("/settings/integrations"))
        .crumb(d.connection.title(), Some(&base(&provider)))
        .crumb("Fields", None)
        .nav("/settings/integrations")
        .live(d.connection.id.map(atlas_kernel::Id::to_ref))
        .html(&content)
}

async fn moving<'a>(
    connections: &Connections,
    ctx: &'a Ctx,
    provider: &str,
    topics: String,
    fields: &[FieldView],
) -> Result<Moving<'a>, Error> {
    let page = connections.conflicts(&ctx.actor, provider, CONFLICTS, None).await?;
    let records: Vec<Ref> = page.data.iter().map(|conflict| conflict.record.clone()).collect();
    let names = ctx.app.nouns.describe(&ctx.app.db, ctx.actor.workspace, &records).await?;
    let waiting = |conflict: ConflictView| {
        let named = names.get(&conflict.record);
        let known = fields.iter().find(|field| field.record == conflict.kind && field.field == conflict.field);
        Waiting {
            title: named.map_or_else(|| "A record".to_owned(), |named| named.label.clone()),
            url: named.map(|named| named.url.clone()),
            label: known.map_or_else(|| conflict.field.clone(), |field| field.label.clone()),
            conflict,
        }
    };
    Ok(Moving {
        ctx,
        name: connections.connector(provider)?.name,
        base: base(provider),
        topics,
        may_write: ctx.actor.may(&CONNECTIONS_WRITE).is_ok(),
        more: page.next_cursor.is_some(),
        conflicts: page.data.into_iter().map(waiting).collect(),
        batches: connections.batches(&ctx.actor, provider).await?,
    })
}

fn here(provider: &str) -> String {
    format!("{}/fields", base(provider))
}

/// Leads back to the page with what was done, or why not.
fn done(ctx: &Ctx, provider: &str, outcome: Result<String, Error>) -> Reply {
    match outcome {
        Ok(said) => ctx.redirect(here(provider)).toast(said).reply(),
        Err(Error::Conflict { detail, .. }) => ctx.redirect(here(provider)).alert(detail).reply(),
        Err(Error::NotFound("conflict")) => ctx.redirect(here(provider)).toast("That was decided already.").reply(),
        Err(Error::Invalid(fields)) => {
            let words = fields.into_iter().map(|field| field.message).collect::<Vec<_>>().join(" ");
            ctx.redirect(here(provider)).alert(format!("Nothing was saved. {words}")).reply()
        }
        Err(error) => Err(error.into()),
    }
}

/// The form names each select `direction:person:name` and `conflict:person:name`.
async fn choose(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Form(form): Form<HashMap<String, String>>) -> Reply {
    let mut choices = vec![];
    for field in connections.fields(&ctx.actor, &provider).await? {
        let said = |what: &str| form.get(&format!("{what}:{}:{}", field.record, field.field)).map(String::as_str);
        let direction = said("direction").and_then(|text| text.parse().ok()).unwrap_or(field.direction);
        let conflict = said("conflict").and_then(|text| text.parse().ok()).unwrap_or(field.conflict);
        choices.push(FieldChoice { record: field.record, field: field.field, direction, conflict: Some(conflict) });
    }
    let saved = connections.choose_fields(&ctx.actor, &provider, FieldsChange { fields: choices }).await;
    let said = "Saved. Nothing was written: what you edit from now on goes the way you chose.";
    done(&ctx, &provider, saved.map(|()| said.to_owned()))
}

#[derive(Deserialize)]
struct DecisionForm {
    decision: ConflictDecision,
}

async fn decide(
    connections: &Connections,
    ctx: Ctx,
    Path((provider, conflict)): Path<(String, ConflictId)>,
    Form(form): Form<DecisionForm>,
) -> Reply {
    let decided = connections.decide(&ctx.actor, &provider, conflict, form.decision).await;
    let name = connections.connector(&provider)?.name;
    let said = match form.decision {
        ConflictDecision::Atlas => format!("Kept. Atlas’s value goes to {name}."),
        ConflictDecision::Provider => format!("Taken. {name}’s value is here now."),
    };
    done(&ctx, &provider, decided.map(|()| said))
}

async fn start(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let started = connections.start_writes(&ctx.actor, &provider).await;
    done(&ctx, &provider, started.map(|_| "Writing. This page shows how far it is; it can be stopped and taken back.".to_owned()))
}

async fn stop(connections: &Connections, ctx: Ctx, Path((provider, batch)): Path<(String, BatchId)>) -> Reply {
    let stopped = connections.stop_writes(&ctx.actor, &provider, batch).await;
    done(&ctx, &provider, stopped.map(|batch| format!("Stopped. {} stay written.", ui::plural(batch.written, "field", "fields"))))
}

async fn undo(connections: &Connections, ctx: Ctx, Path((provider, batch)): Path<(String, BatchId)>) -> Reply {
    let undone = connections.undo_writes(&ctx.actor, &provider, batch).await;
    done(&ctx, &provider, undone.map(|_| "Taking it back, wherever nobody has changed it since.".to_owned()))
}
