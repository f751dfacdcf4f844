//! Schemas of a document: one component for each type, two where what is sent and what is answered differ.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::input::{Shape, close};
use crate::operation::SchemaOf;

const OUTPUT: &str = "#/components/schemas/";
/// Where references of inputs point until [`Schemas::finish`] decides on their names.
const INPUT: &str = "#/components/inputs/";

/// Gathers the types of all operations.
pub(super) struct Schemas {
    input: SchemaGenerator,
    output: SchemaGenerator,
}

impl Schemas {
    pub fn new() -> Self {
        let settings = |path: &str| {
            let path = path.trim_start_matches('#').trim_end_matches('/').to_owned();
            SchemaSettings::draft2020_12().with(|s| s.definitions_path = path.into())
        };
        Self { input: settings(INPUT).for_deserialize().into_generator(), output: settings(OUTPUT).for_serialize().into_generator() }
    }

    /// The schema of something sent.
    pub fn input(&mut self, of: SchemaOf) -> Value {
        let mut schema = (of.make)(&mut self.input).to_value();
        close(&mut schema);
        schema
    }

    /// The schema of something answered.
    pub fn output(&mut self, of: SchemaOf) -> Value {
        (of.make)(&mut self.output).to_value()
    }

    /// The components; references in `document` are turned to their final names.
    pub fn finish(mut self, document: &mut Value) -> Map<String, Value> {
        let mut components = named_pages(self.output.take_definitions(true), document);
        let mut inputs = self.input.take_definitions(true);
        inputs.values_mut().for_each(close);
        let apart = differing(&inputs, &components);
        let name = |name: &str| if apart.contains(name) { format!("{name}Input") } else { name.to_owned() };
        redirect(document, &name);
        for (input, mut schema) in inputs {
            redirect(&mut schema, &name);
            components.insert(name(&input), schema);
        }
        components
    }
}

/// Names of types that are sent in another form than they are answered in, or that contain such a type.
fn differing(inputs: &Map<String, Value>, outputs: &Map<String, Value>) -> BTreeSet<String> {
    let same_name = |name: &str| name.to_owned();
    let mut apart = BTreeSet::new();
    loop {
        let before = apart.len();
        for (name, schema) in inputs {
            let Some(output) = outputs.get(name) else { continue };
            let mut redirected = schema.clone();
            redirect(&mut redirected, &same_name);
            if redirected != *output || refers_to_any(schema, &apart) {
                apart.insert(name.clone());
            }
        }
        if apart.len() == before {
            return apart;
        }
    }
}

/// `Page`, `Page2`, … become `ContactPage`, `DealPage`, …: named for what they list.
fn named_pages(components: Map<String, Value>, document: &mut Value) -> Map<String, Value> {
    let is_page = |name: &str| name.strip_prefix("Page").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let row = |page: &Value| {
        page.pointer("/properties/data/items/$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(OUTPUT)).map(str::to_owned)
    };
    let mut names = BTreeMap::new();
    for (name, schema) in components.iter().filter(|(name, _)| is_page(name)) {
        let wanted = row(schema).map(|row| format!("{row}Page"));
        if let Some(wanted) = wanted.filter(|wanted| !components.contains_key(wanted)) {
            names.insert(format!("{OUTPUT}{name}"), format!("{OUTPUT}{wanted}"));
        }
    }
    rename(document, &names);
    let new_name = |name: String| names.get(&format!("{OUTPUT}{name}")).and_then(|n| n.strip_prefix(OUTPUT)).map_or(name, str::to_owned);
    let renamed = |(name, mut schema): (String, Value)| {
        rename(&mut schema, &names);
        (new_name(name), schema)
    };
    components.into_iter().map(renamed).collect()
}

fn rename(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = names.get(text) {
                text.clone_from(name);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Object(object) => object.values_mut().for_each(|inner| rename(inner, names)),
        _ => {}
    }
}

fn refers_to_any(schema: &Value, names: &BTreeSet<String>) -> bool {
    match schema {
        Value::String(text) => text.strip_prefix(INPUT).is_some_and(|name| names.contains(name)),
        Value::Array(items) => items.iter().any(|item| refers_to_any(item, names)),
        Value::Object(object) => object.values().any(|value| refers_to_any(value, names)),
        _ => false,
    }
}

fn redirect(schema: &mut Value, rename: &impl Fn(&str) -> String) {
    match schema {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(INPUT) {
                *text = format!("{OUTPUT}{}", rename(name));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, rename)),
        Value::Object(object) => object.values_mut().for_each(|value| redirect(value, rename)),
        _ => {}
    }
}

/// The fields of a path or query type, without references: name, schema, whether required.
pub(super) fn inline_fields(of: SchemaOf) -> Vec<(String, Value, bool)> {
    let shape = Shape::inline(of);
    shape.fields().into_iter().map(|(name, schema, required)| (name.to_owned(), schema.clone(), required)).collect()
}

/// Whether a body must be there: an empty one will do where no field is required.
pub(super) fn has_required_fields(schema: &Value, of: SchemaOf) -> bool {
    let shape = Shape::of(of);
    let is_object = schema["type"] == "object" || schema.get("$ref").is_some();
    !is_object || shape.fields().iter().any(|(.., required)| *required)
}

/// A parameter is there or not; it is never null.
pub(super) fn without_null(mut schema: Value) -> Value {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice["type"] != "null");
        if let [only] = choices.as_mut_slice() {
            let mut only = only.take();
            if let (Some(inside), Some(outside)) = (only.as_object_mut(), schema.as_object()) {
                inside.extend(outside.iter().filter(|(name, _)| *name != "anyOf").map(|(n, v)| (n.clone(), v.clone())));
            }
            schema = only;
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.as_object_mut().map(|object| object.remove("default"));
    }
    schema
}
