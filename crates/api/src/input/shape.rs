//! The shape of an input, from its schema: which fields there are, which must be there, and what a word in a query means.

use atlas_kernel::{Error, FieldError, Result};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::operation::SchemaOf;

/// A schema with the definitions that it refers to.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    root: Value,
    definitions: Map<String, Value>,
}

/// References deeper than this are a loop of references without a value between them.
const MAX_HOPS: usize = 16;

impl Shape {
    /// The shape of a type; `()` is an object without fields.
    pub fn of(schema: SchemaOf) -> Self {
        let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let root = if schema.none { json!({"type": "object", "properties": {}}) } else { (schema.make)(&mut generator).to_value() };
        Self { root, definitions: generator.take_definitions(true) }
    }

    /// The same with references replaced by what they refer to, for parameters of a document.
    pub fn inline(schema: SchemaOf) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
        let mut generator = settings.for_deserialize().into_generator();
        let root = if schema.none { json!({}) } else { (schema.make)(&mut generator).to_value() };
        Self { root, definitions: generator.take_definitions(true) }
    }

    /// Whether null is a value of this shape.
    pub fn takes_null(&self) -> bool {
        self.variants(&self.root).into_iter().any(|schema| has_type(schema, "null"))
    }

    /// The fields of the object: name, schema (references followed), and whether it must be there.
    pub fn fields(&self) -> Vec<(&str, &Value, bool)> {
        let root = self.follow(&self.root);
        let required = |name: &str| root["required"].as_array().is_some_and(|list| list.iter().any(|r| r == name));
        let properties = root["properties"].as_object();
        properties.into_iter().flatten().map(|(name, schema)| (name.as_str(), self.follow(schema), required(name))).collect()
    }

    fn follow<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..MAX_HOPS {
            let Some(target) = schema["$ref"].as_str() else { break };
            let name = target.rsplit('/').next().unwrap_or(target);
            match self.definitions.get(name) {
                Some(found) => schema = found,
                None => break,
            }
        }
        schema
    }

    /// Turns the words of a query string or path into the JSON that the schema asks for.
    ///
    /// # Errors
    /// Parameters that the operation does not have, and those given twice that are no lists.
    pub fn words(&self, pairs: impl IntoIterator<Item = (String, String)>) -> Result<Value> {
        let fields = self.fields();
        let mut object = Map::new();
        let mut errors = Vec::new();
        for (name, word) in pairs {
            let Some((_, schema, _)) = fields.iter().find(|(known, ..)| *known == name) else {
                errors.push(unknown(&name, "parameter", fields.iter().map(|f| f.0)));
                continue;
            };
            if let Some(item) = self.item_schema(schema) {
                let list = object.entry(name).or_insert_with(|| json!([]));
                let value = self.word(item, word);
                list.as_array_mut().expect("lists are made as lists").push(value);
            } else if object.contains_key(&name) {
                errors.push(field_error(&name, "repeated", "given more than once"));
            } else {
                let value = self.word(schema, word);
                object.insert(name, value);
            }
        }
        let value = Value::Object(object);
        self.missing(&self.root, &value, "", &mut errors);
        if errors.is_empty() { Ok(value) } else { Err(Error::Invalid(errors)) }
    }

    fn item_schema<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        self.variants(schema).into_iter().find(|s| has_type(s, "array")).map(|s| self.follow(&s["items"]))
    }

    fn word(&self, schema: &Value, word: String) -> Value {
        let variants = self.variants(schema);
        let wants = |name: &str| variants.iter().any(|s| has_type(s, name));
        let number = || word.parse::<i64>().ok().map(Value::from).or_else(|| word.parse::<f64>().ok().map(Value::from));
        let read = match word.as_str() {
            "true" | "false" if wants("boolean") => Some(Value::Bool(word == "true")),
            _ if wants("integer") || wants("number") => number(),
            _ => None,
        };
        read.unwrap_or(Value::String(word))
    }

    /// The schema itself and, when it is a choice, what may be chosen.
    fn variants<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.follow(schema);
        let choices = ["anyOf", "oneOf"].into_iter().filter_map(|word| schema[word].as_array()).flatten();
        std::iter::once(schema).chain(choices.map(|choice| self.follow(choice))).collect()
    }

    /// Finds fields that the schema does not have and those that it demands and are not there, at every depth.
    ///
    /// Whole numbers written with a fraction (`3.0`) become what the schema calls them: integers.
    ///
    /// # Errors
    /// All of them at once.
    pub fn check(&self, value: &mut Value) -> Result<()> {
        let mut errors = Vec::new();
        self.walk(&self.root, value, "", &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }

    fn walk(&self, schema: &Value, value: &mut Value, at: &str, errors: &mut Vec<FieldError>) {
        let schema = self.choose(schema, value);
        match value {
            Value::Object(object) if is_closed(schema) => {
                let properties = schema["properties"].as_object();
                for (name, inner) in object {
                    match properties.and_then(|known| known.get(name)) {
                        Some(of) => self.walk(of, inner, &join(at, name), errors),
                        None => errors.push(unknown(&join(at, name), "field", properties.into_iter().flatten().map(|(n, _)| n.as_str()))),
                    }
                }
                self.missing(schema, value, at, errors);
            }
            // Serde would take a list for the fields in their order.
            Value::Array(_) if is_closed(schema) => {
                let field = if at.is_empty() { "body" } else { at };
                errors.push(field_error(field, "invalid", "an object expected, not a list"));
            }
            Value::Array(items) if !schema["items"].is_null() => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.walk(&schema["items"], item, &format!("{at}[{index}]"), errors);
                }
            }
            Value::Number(number) if has_type(schema, "integer") => {
                if let Some(whole) = whole(number) {
                    *value = whole.into();
                }
            }
            _ => {}
        }
    }

    /// Follows references, and `T or null` to `T`; other choices are left to the type itself.
    fn choose<'a>(&'a self, schema: &'a Value, value: &Value) -> &'a Value {
        let schema = self.follow(schema);
        let Some(choices) = schema["anyOf"].as_array().filter(|_| !value.is_null()) else { return schema };
        let mut real = choices.iter().filter(|choice| choice["type"] != "null");
        match (real.next(), real.next()) {
            (Some(only), None) => self.follow(only),
            _ => schema,
        }
    }

    fn missing(&self, schema: &Value, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
        let required = self.follow(schema)["required"].as_array();
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if value.get(name).is_none() {
                errors.push(field_error(&join(at, name), "required", "is required"));
            }
        }
    }
}

/// Says in a schema what [`Shape::check`] does: fields that are not listed are refused.
pub(crate) fn close(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    if is_closed_object(object) {
        object.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    for (word, inner) in object {
        match (word.as_str(), inner) {
            ("properties" | "$defs" | "patternProperties", Value::Object(named)) => named.values_mut().for_each(close),
            ("anyOf" | "prefixItems", Value::Array(choices)) => choices.iter_mut().for_each(close),
            ("items" | "additionalProperties", inner) => close(inner),
            _ => {}
        }
    }
}

fn is_closed(schema: &Value) -> bool {
    schema.as_object().is_some_and(is_closed_object)
}

/// An object whose fields are all listed, as opposed to a map or a choice between objects.
fn is_closed_object(schema: &Map<String, Value>) -> bool {
    let open = ["additionalProperties", "patternProperties", "unevaluatedProperties", "anyOf", "oneOf", "allOf", "$ref"];
    schema.get("properties").is_some() && open.iter().all(|word| schema.get(*word).is_none_or(|v| *v == Value::Bool(false)))
}

/// A number with a fraction of zero, as long as floats count in ones (2^53).
fn whole(number: &serde_json::Number) -> Option<i64> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i64)
}

fn has_type(schema: &Value, name: &str) -> bool {
    schema["type"] == name || schema["type"].as_array().is_some_and(|types| types.iter().any(|t| t == name))
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn unknown<'a>(name: &str, what: &str, known: impl Iterator<Item = &'a str>) -> FieldError {
    let known: Vec<&str> = known.collect();
    let message =
        if known.is_empty() { format!("no {what} is taken here") } else { format!("unknown {what}; known are {}", known.join(", ")) };
    field_error(name, &format!("unknown_{what}"), &message)
}

fn field_error(field: &str, code: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), code: code.to_owned(), message: message.to_owned() }
}
