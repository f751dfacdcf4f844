//! Contacts and companies made, changed, merged and deleted from outside the imitated API.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Problem, parse};
use crate::sandbox::Sandbox;
use crate::world::{Slot, World, attribute::Model, company::CompanyFields, contact::ContactFields, office::About, refusal::Refusal};

/// A contact, with the state it may be put into.
#[derive(Deserialize)]
struct Person {
    #[serde(flatten)]
    fields: ContactFields,
    archived: Option<bool>,
    /// Intercom's ids of companies to attach.
    #[serde(default)]
    companies: Vec<String>,
    /// Names of tags to add.
    #[serde(default)]
    tags: Vec<String>,
}

/// `POST /_sandbox/contacts`; a user unless `role` says lead.
pub async fn create(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Answer {
    let mut person: Person = parse(&body)?;
    person.fields.role.get_or_insert_with(|| "user".to_owned());
    let change = |world: &mut World| {
        let fields = std::mem::take(&mut person.fields);
        world.allow_custom(Model::Contact, fields.custom_attributes.as_ref().unwrap_or(&Map::new()));
        let slot = world.create_contact(fields)?;
        dress(world, slot, &person).map(|()| slot)
    };
    let slot = sandbox.change(change)?;
    show(&sandbox, slot)
}

/// `PATCH /_sandbox/contacts/{id}`.
pub async fn update(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let mut person: Person = parse(&body)?;
    let change = |world: &mut World| {
        let slot = world.contact(&id)?;
        let fields = std::mem::take(&mut person.fields);
        world.allow_custom(Model::Contact, fields.custom_attributes.as_ref().unwrap_or(&Map::new()));
        world.update_contact(slot, fields)?;
        dress(world, slot, &person).map(|()| slot)
    };
    let slot = sandbox.change(change)?;
    show(&sandbox, slot)
}

fn dress(world: &mut World, slot: Slot, person: &Person) -> Result<(), Refusal> {
    for company in &person.companies {
        let company = world.company(company)?;
        world.attach_company(slot, company)?;
    }
    for tag in &person.tags {
        let tag = world.tag_named(tag)?;
        world.tag_contact(slot, tag);
    }
    if let Some(archived) = person.archived {
        world.archive_contact(slot, archived);
    }
    Ok(())
}

/// `DELETE /_sandbox/contacts/{id}`.
pub async fn remove(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Answer {
    sandbox.change(|world| world.contact(&id).map(|slot| world.delete_contact(slot)))?;
    Ok(Json(json!({ "type": "contact", "id": id, "deleted": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    into: String,
}

/// `POST /_sandbox/contacts/{id}/merge` with `{into}`: this lead into that user, duplicates or not.
pub async fn merge(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let wanted: Merge = parse(&body)?;
    let change = |world: &mut World| {
        let (from, into) = (world.contact(&id)?, world.contact(&wanted.into)?);
        world.merge_contacts(from, into, true).map(|()| into)
    };
    let slot = sandbox.change(change)?;
    show(&sandbox, slot)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    body: String,
}

/// `POST /_sandbox/contacts/{id}/notes` with `{body}`.
pub async fn note(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let words: Words = parse(&body)?;
    let note = sandbox.change(|world| world.contact(&id).map(|slot| world.add_note(About::Contact(slot), 0, &words.body)))?;
    Ok(Json(json!({ "type": "note", "id": note.to_string() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

/// `POST /_sandbox/contacts/{id}/tags` with `{name}`.
pub async fn tag(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let named: Named = parse(&body)?;
    let change = |world: &mut World| {
        let slot = world.contact(&id)?;
        let tag = world.tag_named(&named.name)?;
        world.tag_contact(slot, tag);
        Ok::<_, Refusal>(slot)
    };
    let slot = sandbox.change(change)?;
    show(&sandbox, slot)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    id: String,
}

/// `POST /_sandbox/contacts/{id}/companies` with `{id}`.
pub async fn attach(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let chosen: Chosen = parse(&body)?;
    let change = |world: &mut World| {
        let (contact, company) = (world.contact(&id)?, world.company(&chosen.id)?);
        world.attach_company(contact, company).map(|()| contact)
    };
    let slot = sandbox.change(change)?;
    show(&sandbox, slot)
}

/// `POST /_sandbox/companies`.
pub async fn create_company(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Answer {
    let fields: CompanyFields = parse(&body)?;
    let change = |world: &mut World| {
        world.allow_custom(Model::Company, &fields.custom_attributes);
        world.save_company(fields)
    };
    let slot = sandbox.change(change)?;
    show_company(&sandbox, slot)
}

/// `PATCH /_sandbox/companies/{id}`.
pub async fn update_company(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields: CompanyFields = parse(&body)?;
    let change = |world: &mut World| {
        let slot = world.company(&id)?;
        world.allow_custom(Model::Company, &fields.custom_attributes);
        world.update_company(slot, fields).map(|()| slot)
    };
    let slot = sandbox.change(change)?;
    show_company(&sandbox, slot)
}

/// `DELETE /_sandbox/companies/{id}`.
pub async fn remove_company(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Answer {
    sandbox.change(|world| world.company(&id).map(|slot| world.delete_company(slot)))?;
    Ok(Json(json!({ "type": "company", "id": id, "deleted": true })))
}

fn show(sandbox: &Sandbox, slot: Slot) -> Answer {
    let world = sandbox.look();
    to_json(serde_json::to_value(sandbox.lens(&world).contact(slot)))
}

fn show_company(sandbox: &Sandbox, slot: Slot) -> Answer {
    let world = sandbox.look();
    to_json(serde_json::to_value(sandbox.lens(&world).company(slot)))
}

fn to_json(value: serde_json::Result<Value>) -> Answer {
    value.map(Json).map_err(|e| Problem::wrong(e.to_string()))
}
