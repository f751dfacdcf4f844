//! Atlas beside the provider's truth: nothing missing, nothing twice, every field equal.

mod people;
mod rest;
mod talks;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use atlas_connect::What;
use atlas_kernel::{ConnectionId, Ref, WorkspaceId};
use atlas_store::{Db, query};
use serde_json::{Value, json};

use crate::play::{Edits, Planted};
use crate::world::World;

/// How much was compared, so that a check of nothing is seen to be one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Contacts.
    pub contacts: usize,
    /// Companies.
    pub companies: usize,
    /// Conversations.
    pub conversations: usize,
    /// Messages: opening ones and parts.
    pub messages: usize,
    /// Tasks from notes.
    pub tasks: usize,
}

impl std::ops::AddAssign for Compared {
    fn add_assign(&mut self, other: Self) {
        self.contacts += other.contacts;
        self.companies += other.companies;
        self.conversations += other.conversations;
        self.messages += other.messages;
        self.tasks += other.tasks;
    }
}

/// Everything that both sides have.
pub(crate) struct Sides<'a> {
    world: &'a World,
    edits: &'a Edits,
    /// A token of the provider beside Atlas's own.
    token: String,
    /// Lists of ids, as the provider tells them.
    truth: Value,
    connection: ConnectionId,
    /// The record behind each of the provider's contacts, companies, conversations.
    mapped: BTreeMap<(&'static str, String), Ref>,
    tags: BTreeMap<String, String>,
    wrong: Vec<String>,
    compared: Compared,
}

/// Compares everything; answers what differs.
pub(crate) async fn compare(world: &World, edits: &Edits, planted: Planted) -> Result<(Vec<String>, Compared)> {
    let mut sides = Sides::of(world, edits).await?;
    if planted == Planted::PartTooMany {
        sides.truth["parts"].as_array_mut().context("no parts")?.push(json!("999999999999"));
    }
    sides.people().await?;
    sides.companies().await?;
    sides.talks().await?;
    sides.tasks().await?;
    sides.at_rest().await?;
    Ok((sides.wrong, sides.compared))
}

/// What a replay of the raw log changes, which is nothing when all is well.
pub(crate) async fn replayed(world: &World) -> Result<Vec<String>> {
    let edits = Edits::default();
    let mut sides = Sides::of(world, &edits).await?;
    sides.replay_changes_nothing().await?;
    Ok(sides.wrong)
}

async fn mapped(db: &Db, workspace: WorkspaceId, connection: ConnectionId) -> Result<BTreeMap<(&'static str, String), Ref>> {
    let mut all = BTreeMap::new();
    for what in [What::Person, What::Company, What::Conversation] {
        let rows: Vec<(String, Ref)> =
            query("SELECT external_id, record FROM connect_mappings WHERE workspace_id = $1 AND connection_id = $2 AND what = $3")
                .bind(workspace)
                .bind(connection)
                .bind(what.as_str())
                .all(db)
                .await?;
        all.extend(rows.into_iter().map(|(id, record)| ((what.as_str(), id), record)));
    }
    Ok(all)
}

impl<'a> Sides<'a> {
    async fn of(world: &'a World, edits: &'a Edits) -> Result<Self> {
        let truth = world.provider.control("GET", "/_sandbox/truth", Value::Null).await?;
        world.provider.set(json!({ "nestedCap": 1000, "partCap": 100_000, "failNext": null, "limitPerMinute": 0 })).await?;
        let connection = world.view().await?.id.context("no connection")?;
        let mapped = mapped(&world.db, world.owner.workspace, connection).await?;
        let token = world.provider.control("POST", "/_sandbox/token", Value::Null).await?;
        let token = text(&token["access_token"]);
        let tags = listed(&world.provider.read(&token, "/tags").await?["data"]);
        let tags = tags.iter().map(|tag| (text(&tag["id"]), text(&tag["name"]))).collect();
        Ok(Self { world, edits, token, truth, connection, mapped, tags, wrong: vec![], compared: Compared::default() })
    }

    fn differ(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    /// Says so when two values differ.
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, atlas: &T, truth: &T) {
        if atlas != truth {
            self.wrong.push(format!("{what}: Atlas {atlas:?}, the provider {truth:?}"));
        }
    }

    /// What differs between a set of Atlas and the truth's.
    fn same_set(&mut self, what: &str, atlas: &BTreeSet<String>, truth: &BTreeSet<String>) {
        for id in truth.difference(atlas) {
            self.wrong.push(format!("{what} {id} is missing"));
        }
        for id in atlas.difference(truth) {
            self.wrong.push(format!("{what} {id} is not the provider's"));
        }
    }

    fn ids(&self, list: &str) -> BTreeSet<String> {
        self.truth[list].as_array().map(|ids| ids.iter().map(text).collect()).unwrap_or_default()
    }

    fn behind(&self, what: What) -> BTreeMap<String, Ref> {
        let mine = self.mapped.iter().filter(|((kind, _), _)| *kind == what.as_str());
        mine.map(|((_, id), record)| (id.clone(), record.clone())).collect()
    }

    async fn read(&self, path: &str) -> Result<Value> {
        self.world.provider.read(&self.token, path).await
    }
}

/// A text or a number as text; null is empty.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn listed(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
