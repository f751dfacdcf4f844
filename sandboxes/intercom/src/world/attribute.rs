//! Data attributes: which fields people, companies and conversations have, and what may be written into the custom ones.

use serde_json::{Map, Value};

use super::{World, refusal::Refusal};

/// Longest text of a custom attribute; the rest is cut off.
const LONGEST: usize = 255;

/// What an attribute describes. Attributes of conversations are not in `/data_attributes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    Contact,
    Company,
    Conversation,
}

/// Type of an attribute's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Float,
    Boolean,
    Date,
    /// A text out of a list.
    List(Vec<String>),
}

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Zero for the provider's own attributes, which have no id.
    pub id: u64,
    pub model: Model,
    pub name: String,
    pub label: String,
    pub description: String,
    pub kind: Kind,
    pub writable: bool,
    pub messenger_writable: bool,
    pub archived: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Model {
    /// The provider's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Conversation => "conversation",
        }
    }
}

impl Kind {
    /// The kind of a `data_type` in a request.
    pub fn read(word: &str, options: Vec<String>) -> Option<Self> {
        Some(match word {
            "string" => Self::Text,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "boolean" => Self::Boolean,
            "date" | "datetime" => Self::Date,
            "options" => Self::List(options),
            _ => return None,
        })
    }

    /// The `data_type` in an answer; a list is a string with options.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text | Self::List(_) => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Date => "date",
        }
    }

    /// The kind that a value has by itself.
    fn of(value: &Value) -> Self {
        match value {
            Value::Bool(_) => Self::Boolean,
            Value::Number(n) if n.is_f64() => Self::Float,
            Value::Number(_) => Self::Integer,
            _ => Self::Text,
        }
    }

    fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Text | Self::List(_) => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Float => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Date => value.is_i64() || value.as_str().is_some_and(|t| t.parse::<jiff::Timestamp>().is_ok()),
        }
    }
}

impl World {
    /// Custom values as they will be kept, or why they are refused: unknown, nested, of another type, not in the list.
    pub fn custom_values(&self, model: Model, given: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
        given.into_iter().map(|(name, value)| self.custom_value(model, &name, value).map(|value| (name, value))).collect()
    }

    fn custom_value(&self, model: Model, name: &str, value: Value) -> Result<Value, Refusal> {
        let word = if model == Model::Conversation { "Conversation" } else { "Custom" };
        let known = self.attributes.iter().find(|a| a.id > 0 && a.model == model && a.name == name && !a.archived);
        let attribute = known.ok_or_else(|| Refusal::invalid(format!("{word} attribute '{name}' does not exist")))?;
        if value.is_null() {
            return Ok(value);
        }
        if !attribute.kind.takes(&value) {
            return Err(Refusal::invalid(format!("{word} attribute '{name}' must be of type {}", attribute.kind.word())));
        }
        match (&attribute.kind, value) {
            (Kind::List(options), Value::String(text)) if !options.contains(&text) => {
                Err(Refusal::invalid(format!("'{text}' is not one of the options of '{name}'")))
            }
            (Kind::Text, Value::String(text)) => Ok(Value::String(text.chars().take(LONGEST).collect())),
            (Kind::Date, Value::String(text)) => Ok(text.parse::<jiff::Timestamp>().map_or(Value::Null, |at| at.as_second().into())),
            (_, value) => Ok(value),
        }
    }

    /// Makes the attributes that a value from outside the API needs.
    pub fn allow_custom(&mut self, model: Model, given: &Map<String, Value>) {
        for (name, value) in given {
            if !self.attributes.iter().any(|a| a.id > 0 && a.model == model && a.name == *name) {
                self.add_attribute(model, name, Kind::of(value));
            }
        }
    }

    /// A new custom attribute; its place in the table.
    pub fn add_attribute(&mut self, model: Model, name: &str, kind: Kind) -> usize {
        let (id, now) = (self.next.attribute, self.now());
        self.next.attribute += 1;
        self.attributes.push(Attribute {
            id,
            model,
            name: name.to_owned(),
            label: name.to_owned(),
            description: String::new(),
            kind,
            writable: true,
            messenger_writable: false,
            archived: false,
            created_at: now,
            updated_at: now,
        });
        self.attributes.len() - 1
    }

    /// Checks the name of a new attribute: plain characters, and not taken by either model.
    pub fn check_attribute_name(&self, model: Model, name: &str) -> Result<(), Refusal> {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '$' | '£' | '€' | '¥');
        if name.is_empty() || !name.chars().all(plain) {
            let text = "Your name for this attribute must only contain alphanumeric characters, currency symbols, and hyphens";
            return Err(Refusal::invalid(text));
        }
        let data = |model: Model| if model == Model::Contact { "people" } else { "company" };
        let taken = self.attributes.iter().find(|a| a.id > 0 && a.model != Model::Conversation && a.name == name);
        match taken {
            None => Ok(()),
            Some(twin) => Err(Refusal::invalid(format!(
                "You already have '{name}' in your {} data. To save this as new {} data, use a different name.",
                data(twin.model),
                data(model)
            ))),
        }
    }
}
