//! Writing back: which fields go out, and the calls that set them.

use atlas_connect::{Answer, FieldMapping, Request, What, Writes};
use serde_json::{Map, Value, json};

use crate::{fields, scopes};

/// How Intercom's fields map to those of Atlas's records.
pub fn mappings() -> Vec<FieldMapping> {
    let person = |field, label, theirs, project: fn(&Value) -> Option<Value>| FieldMapping {
        what: What::Person,
        field,
        label,
        theirs,
        writable: true,
        unique: false,
        project,
    };
    let company = |field, label, theirs, project: fn(&Value) -> Option<Value>| FieldMapping {
        what: What::Company,
        ..person(field, label, theirs, project)
    };
    let read_only = |mapping: FieldMapping| FieldMapping { writable: false, ..mapping };
    let unique = |mapping: FieldMapping| FieldMapping { unique: true, ..mapping };
    vec![
        person("name", "Name", "name", text),
        unique(person("emails", "Email", "email", first_address)),
        person("phones", "Phone", "phone", first),
        unique(person("externalId", "External id", "external_id", text)),
        read_only(person("location", "Location", "location", text)),
        company("name", "Name", "name", text),
        company("website", "Web site", "website", text),
        company("industry", "Industry", "industry", text),
        company("size", "Size", "size", number),
        company("plan", "Plan", "plan", text),
        // Intercom finds companies by it and does not let it change.
        read_only(company("externalId", "External id", "company_id", text)),
    ]
}

/// How contacts and companies are written.
pub fn writes() -> Vec<Writes> {
    vec![
        Writes { what: What::Person, scope: scopes::WRITE_PEOPLE, update: update_contact, twin },
        Writes { what: What::Company, scope: scopes::WRITE_PEOPLE, update: update_company, twin: |_| None },
    ]
}

/// `PUT /contacts/{id}` changes only the fields that are sent.
fn update_contact(id: &str, values: &Map<String, Value>) -> Request {
    Request::put(format!("/contacts/{}", fields::segment(id)), renamed(What::Person, values))
}

/// `PUT /companies/{id}`, by Intercom's id. A plan is named as a text and answered as an object.
fn update_company(id: &str, values: &Map<String, Value>) -> Request {
    Request::put(format!("/companies/{}", fields::segment(id)), renamed(What::Company, values))
}

fn renamed(what: What, values: &Map<String, Value>) -> Value {
    let mappings = mappings();
    let theirs = |field: &str| mappings.iter().find(|m| m.what == what && m.field == field).map(|m| m.theirs);
    Value::Object(values.iter().filter_map(|(field, value)| Some((theirs(field)?.to_owned(), value.clone()))).collect())
}

/// The contact that has a value already: `A contact matching those details already exists with id=…`.
fn twin(answer: &Answer) -> Option<String> {
    let (_, rest) = answer.body.split_once("id=")?;
    let id: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    fields::as_id(&Value::from(id))
}

/// A line of text; Intercom trims it.
fn text(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| json!(text))
}

/// Intercom holds one: the first.
fn first(value: &Value) -> Option<Value> {
    text(value.as_array()?.first()?)
}

/// Addresses are compared without regard to case.
fn first_address(value: &Value) -> Option<Value> {
    first(value).and_then(|address| Some(json!(address.as_str()?.to_lowercase())))
}

fn number(value: &Value) -> Option<Value> {
    value.as_i64().map(Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_sent_under_its_name_there() {
        let values = json!({ "emails": "ada@example.com", "externalId": null }).as_object().unwrap().clone();
        let request = update_contact("69 /1", &values);
        assert_eq!((request.method.as_str(), request.path.as_str()), ("PUT", "/contacts/69%20%2F1"));
        assert_eq!(request.body, Some(json!({ "email": "ada@example.com", "external_id": null })));
    }

    #[test]
    fn the_twin_is_read_from_the_words() {
        let said =
            |message: &str| twin(&Answer { status: 409, body: json!({ "errors": [{ "message": message }] }).to_string(), headers: vec![] });
        assert_eq!(said("A contact matching those details already exists with id=6920a1c4f0").as_deref(), Some("6920a1c4f0"));
        assert_eq!(said("An archived contact matching those details already exists with id=6920a1c4f0.").as_deref(), Some("6920a1c4f0"));
        assert_eq!(said("nothing to see"), None);
    }

    #[test]
    fn values_are_compared_as_intercom_holds_them() {
        let of = |field: &str, value: Value| {
            mappings().iter().find(|m| m.what == What::Person && m.field == field).and_then(|m| (m.project)(&value))
        };
        assert_eq!(of("emails", json!(["Ada@Example.com", "b@example.com"])), Some(json!("ada@example.com")));
        assert_eq!(of("emails", json!([])), None);
        assert_eq!(of("name", json!("  Ada ")), Some(json!("Ada")));
        assert_eq!(of("name", json!(" ")), None);
    }
}
