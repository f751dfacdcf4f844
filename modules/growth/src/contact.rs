//! A contact: a person one deals with, whoever wrote down what of them.

use atlas_kernel::{Result, Timestamp, UserId};
use serde_json::{Value, json};

use crate::checks::Checks;
use crate::ids::{CompanyId, ContactId};
use crate::provenance::{Provenance, ProvidedBy};

pub mod api;
pub mod list;
pub mod store;
pub mod verbs;
pub mod web;

atlas_kernel::text_enum! {
    /// Where a contact or company stands.
    pub enum Status {
        /// In lists and searches.
        Active = "active",
        /// Put away, to be restored.
        Archived = "archived",
        /// Became part of another contact.
        Merged = "merged",
    }
}
atlas_store::text_column!(Status);

atlas_kernel::text_enum! {
    /// The fields of a contact, by the names they have over REST.
    pub enum Field {
        /// Full name.
        Name = "name",
        /// E-mail addresses, the primary one first.
        Emails = "emails",
        /// Phone numbers, the primary one first.
        Phones = "phones",
        /// Role or job title.
        Role = "role",
        /// Where they are.
        Location = "location",
        /// The member who looks after them.
        Owner = "ownerId",
        /// The workspace's own id for this person in another system.
        OwnId = "externalId",
        /// Known only as somebody who may become a customer.
        Lead = "lead",
        /// Put away.
        Archived = "archived",
    }
}

/// A person one deals with.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// The contact's id.
    pub id: ContactId,
    /// Full name; empty when nobody knows it.
    pub name: String,
    /// E-mail addresses, the primary one first.
    pub emails: Vec<String>,
    /// Phone numbers, the primary one first.
    pub phones: Vec<String>,
    /// Role or job title.
    pub role: Option<String>,
    /// Where they are.
    pub location: Option<String>,
    /// The workspace's own id for this person in another system.
    pub own_id: Option<String>,
    /// The member who looks after them.
    pub owner: Option<UserId>,
    /// The company shown first.
    pub company: Option<CompanyId>,
    /// Known only as somebody who may become a customer.
    pub lead: bool,
    /// Where it stands.
    pub status: Status,
    /// When it was put away.
    pub archived_at: Option<Timestamp>,
    /// The contact it became part of.
    pub merged_into: Option<ContactId>,
    /// Who made the record: `atlas` or a provider such as `intercom`.
    pub origin: String,
    /// Who wrote each field.
    pub provenance: Provenance,
    /// What connections say of it.
    pub provided: ProvidedBy,
    /// When a provider saw them last.
    pub last_seen_at: Option<Timestamp>,
    /// Goes up by one with each change.
    pub version: i64,
    /// When the record, or for imported people the provider's, began.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When anything last happened with them.
    pub last_activity_at: Timestamp,
}

/// What is shown of a contact without name, address and number.
pub const UNNAMED: &str = "Unnamed contact";

impl Contact {
    /// An empty contact that `origin` makes now.
    pub fn blank(origin: &str, now: Timestamp) -> Self {
        Self {
            id: ContactId::new(now),
            name: String::new(),
            emails: vec![],
            phones: vec![],
            role: None,
            location: None,
            own_id: None,
            owner: None,
            company: None,
            lead: false,
            status: Status::Active,
            archived_at: None,
            merged_into: None,
            origin: origin.to_owned(),
            provenance: Provenance::default(),
            provided: ProvidedBy::default(),
            last_seen_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
            last_activity_at: now,
        }
    }

    /// What people call it: the name, else the address, else the number.
    pub fn label(&self) -> &str {
        label(&self.name, &self.emails, &self.phones)
    }

    /// Where its page is.
    pub fn url(&self) -> String {
        url(self.id)
    }

    /// A field's value, as events and REST write it.
    pub fn value(&self, field: Field) -> Value {
        match field {
            Field::Name => json!(self.name),
            Field::Emails => json!(self.emails),
            Field::Phones => json!(self.phones),
            Field::Role => json!(self.role),
            Field::Location => json!(self.location),
            Field::Owner => json!(self.owner),
            Field::OwnId => json!(self.own_id),
            Field::Lead => json!(self.lead),
            Field::Archived => json!(self.status == Status::Archived),
        }
    }

    /// Whether nothing is written in a field.
    pub fn is_empty(&self, field: Field) -> bool {
        match field {
            Field::Lead | Field::Archived => false,
            field => matches!(self.value(field), Value::Null) || self.value(field) == json!("") || self.value(field) == json!([]),
        }
    }

    /// Empties a field, as a purge does.
    pub fn clear(&mut self, field: Field) {
        match field {
            Field::Name => self.name.clear(),
            Field::Emails => self.emails.clear(),
            Field::Phones => self.phones.clear(),
            Field::Role => self.role = None,
            Field::Location => self.location = None,
            Field::Owner => self.owner = None,
            Field::OwnId => self.own_id = None,
            Field::Lead => self.lead = false,
            Field::Archived => {}
        }
    }

    /// Puts it away, or takes it back.
    pub fn set_archived(&mut self, archived: bool, now: Timestamp) {
        self.status = if archived { Status::Archived } else { Status::Active };
        self.archived_at = archived.then_some(now);
    }
}

/// What people call a contact with these values.
pub fn label<'a>(name: &'a str, emails: &'a [String], phones: &'a [String]) -> &'a str {
    if !name.is_empty() {
        return name;
    }
    emails.first().or(phones.first()).map_or(UNNAMED, String::as_str)
}

/// Where a contact's page is.
pub fn url(id: ContactId) -> String {
    format!("/growth/contacts/{id}")
}

/// What somebody wants a contact to say; absent stays as it is, an inner `None` empties the field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// Full name.
    pub name: Option<String>,
    /// All e-mail addresses.
    pub emails: Option<Vec<String>>,
    /// All phone numbers.
    pub phones: Option<Vec<String>>,
    /// Role or job title.
    pub role: Option<String>,
    /// Where they are.
    pub location: Option<String>,
    /// The workspace's own id for them.
    pub own_id: Option<String>,
    /// The member who looks after them.
    pub owner: Option<Option<UserId>>,
    /// The companies that people say they belong to.
    pub companies: Option<Vec<CompanyId>>,
    /// The tags that people gave them.
    pub tags: Option<Vec<String>>,
    /// Known only as somebody who may become a customer.
    pub lead: Option<bool>,
}

impl Edit {
    /// The same with every text trimmed and checked.
    ///
    /// # Errors
    /// Every field that cannot be accepted.
    pub fn checked(mut self) -> Result<Self> {
        let mut checks = Checks::default();
        let mut line = |field: &str, text: Option<String>, most| text.map(|t| checks.line(field, &t, most).unwrap_or_default());
        self.name = line("name", self.name, 200);
        self.role = line("role", self.role, 120);
        self.location = line("location", self.location, 200);
        self.own_id = line("externalId", self.own_id, 200);
        self.emails = self.emails.map(|list| checks.emails("emails", &list));
        self.phones = self.phones.map(|list| checks.phones("phones", &list));
        self.tags = self.tags.map(|list| checks.tags("tags", &list));
        if self.companies.as_ref().is_some_and(|list| list.len() > 20) {
            checks.refuse("companyIds", "too_many", "at most 20");
        }
        checks.done()?;
        Ok(self)
    }

    /// Writes what differs into `contact`; answers the fields that changed with their values before.
    pub(crate) fn apply(&self, contact: &mut Contact) -> Vec<(Field, Value)> {
        let before = contact.clone();
        let text = |value: &String| (!value.is_empty()).then(|| value.clone());
        if let Some(name) = &self.name {
            contact.name.clone_from(name);
        }
        if let Some(emails) = &self.emails {
            contact.emails.clone_from(emails);
        }
        if let Some(phones) = &self.phones {
            contact.phones.clone_from(phones);
        }
        if let Some(role) = &self.role {
            contact.role = text(role);
        }
        if let Some(location) = &self.location {
            contact.location = text(location);
        }
        if let Some(own_id) = &self.own_id {
            contact.own_id = text(own_id);
        }
        if let Some(owner) = self.owner {
            contact.owner = owner;
        }
        if let Some(lead) = self.lead {
            contact.lead = lead;
        }
        let changed = Field::ALL.iter().copied().filter(|field| before.value(*field) != contact.value(*field));
        changed.map(|field| (field, before.value(field))).collect()
    }
}
