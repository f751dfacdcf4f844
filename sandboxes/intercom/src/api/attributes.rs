//! `/data_attributes`: list, create, change and archive.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::{Value, json as object};

use super::{
    Answer,
    body::{Body, Params},
    call::{Call, READ_FIRMS, WRITE_FIRMS, json},
    error::ApiError,
};
use crate::sandbox::Sandbox;
use crate::world::{
    World,
    attribute::{Attribute, Kind, Model},
    refusal::Refusal,
};

/// `GET /data_attributes?model=contact|company&include_archived=`.
pub async fn list(State(sandbox): State<Arc<Sandbox>>, call: Call, params: Params) -> Answer {
    call.needs(READ_FIRMS)?;
    let model = match params.get("model") {
        None => None,
        Some("conversation") => {
            let text = "model=conversation is no longer supported. Use GET /conversations/attributes instead";
            return Err(ApiError::new(422, "parameter_invalid", text));
        }
        Some(word) => Some(model(Some(word))?),
    };
    let archived = params.get("include_archived") == Some("true");
    let world = sandbox.look();
    let listed = |a: &&Attribute| a.model != Model::Conversation && model.is_none_or(|m| a.model == m) && (archived || !a.archived);
    let data: Vec<_> = world.attributes.iter().filter(listed).map(|a| view(&world, a)).collect();
    Ok(json(&object!({ "type": "list", "data": data })))
}

/// `POST /data_attributes` with `{name, model, data_type, options?, description?, messenger_writable?}`.
pub async fn create(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.needs(WRITE_FIRMS)?;
    let model = model(body.text("model").as_deref())?;
    let options = options(&body)?;
    let data_type = body.text("data_type").unwrap_or_default();
    if data_type == "options" && options.as_ref().is_none_or(|o| o.len() < 2) {
        return Err(ApiError::invalid("Too few options for list"));
    }
    let kind = Kind::read(&data_type, options.unwrap_or_default()).ok_or_else(|| ApiError::invalid("Data Type isn't an option"))?;
    let name = body.text("name").unwrap_or_default();
    let change = |world: &mut World| {
        world.check_attribute_name(model, &name)?;
        let place = world.add_attribute(model, &name, kind);
        describe(&mut world.attributes[place], &body);
        Ok::<_, Refusal>(place)
    };
    let place = sandbox.change(change)?;
    let world = sandbox.look();
    Ok(json(&view(&world, &world.attributes[place])))
}

/// `PUT /data_attributes/{id}` with `{archived?, description?, options?, messenger_writable?}`; the type stays.
pub async fn update(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.needs(WRITE_FIRMS)?;
    let options = options(&body)?;
    let number: u64 = id.parse().unwrap_or_default();
    let change = |world: &mut World| {
        let now = world.now();
        let found = world.attributes.iter().position(|a| a.id == number && number > 0 && a.model != Model::Conversation)?;
        let attribute = &mut world.attributes[found];
        if let (Kind::List(kept), Some(options)) = (&mut attribute.kind, options) {
            *kept = options;
        }
        describe(attribute, &body);
        attribute.updated_at = now;
        Some(found)
    };
    let Some(place) = sandbox.change(change) else {
        return Err(ApiError::new(404, "field_not_found", "We couldn't find that data attribute to update"));
    };
    let world = sandbox.look();
    Ok(json(&view(&world, &world.attributes[place])))
}

fn model(word: Option<&str>) -> Result<Model, ApiError> {
    match word {
        Some("contact") => Ok(Model::Contact),
        Some("company") => Ok(Model::Company),
        _ => Err(ApiError::invalid("The Data Attribute model field must be either contact or company")),
    }
}

fn options(body: &Body) -> Result<Option<Vec<String>>, ApiError> {
    let Some(given) = body.0.get("options") else { return Ok(None) };
    let rows = given.as_array().ok_or_else(|| ApiError::invalid("Options isn't an array"))?;
    Ok(Some(rows.iter().filter_map(|row| row["value"].as_str().map(str::to_owned)).collect()))
}

fn describe(attribute: &mut Attribute, body: &Body) {
    let flag = |name: &str| body.0.get(name).and_then(Value::as_bool);
    attribute.description = body.text("description").unwrap_or_else(|| std::mem::take(&mut attribute.description));
    attribute.messenger_writable = flag("messenger_writable").unwrap_or(attribute.messenger_writable);
    attribute.archived = flag("archived").unwrap_or(attribute.archived);
}

fn view(world: &World, attribute: &Attribute) -> Value {
    let custom = attribute.id > 0;
    let name = &attribute.name;
    let mut shown = object!({
        "type": "data_attribute", "model": attribute.model.word(), "name": name,
        "full_name": if custom { format!("custom_attributes.{name}") } else { name.clone() },
        "label": attribute.label, "description": attribute.description, "data_type": attribute.kind.word(),
        "api_writable": attribute.writable, "ui_writable": custom, "messenger_writable": attribute.messenger_writable,
        "custom": custom, "archived": attribute.archived,
    });
    if let Kind::List(options) = &attribute.kind {
        shown["options"] = object!(options);
    }
    if custom {
        shown["id"] = object!(attribute.id);
        shown["admin_id"] = object!(world.admins[0].id.to_string());
        shown["created_at"] = object!(attribute.created_at);
        shown["updated_at"] = object!(attribute.updated_at);
    }
    shown
}
