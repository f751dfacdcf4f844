//! A company one deals with, whoever wrote down what of it.

use atlas_kernel::{Result, Timestamp, UserId};
use serde_json::{Value, json};

use crate::checks::Checks;
pub use crate::contact::Status;
use crate::ids::CompanyId;
use crate::provenance::{Provenance, ProvidedBy};

pub mod api;
pub(crate) mod jobs;
pub mod list;
pub mod store;
pub mod verbs;
pub mod web;

atlas_kernel::text_enum! {
    /// The fields of a company, by the names they have over REST.
    pub enum Field {
        /// The name.
        Name = "name",
        /// The web site; its domain is read from it.
        Website = "website",
        /// What it does.
        Industry = "industry",
        /// How many people work there.
        Size = "size",
        /// The plan it is on.
        Plan = "plan",
        /// The member who looks after it.
        Owner = "ownerId",
        /// The workspace's own id for it in another system.
        OwnId = "externalId",
        /// Put away.
        Archived = "archived",
    }
}

/// A company one deals with.
#[derive(Clone, Debug, PartialEq)]
pub struct Company {
    /// The company's id.
    pub id: CompanyId,
    /// The name; empty when nobody knows it.
    pub name: String,
    /// The web site, as written.
    pub website: Option<String>,
    /// The domain of the web site, lower case.
    pub domain: Option<String>,
    /// What it does.
    pub industry: Option<String>,
    /// How many people work there.
    pub size: Option<i64>,
    /// The plan it is on.
    pub plan: Option<String>,
    /// The workspace's own id for it in another system.
    pub own_id: Option<String>,
    /// The member who looks after it.
    pub owner: Option<UserId>,
    /// Where it stands.
    pub status: Status,
    /// When it was put away.
    pub archived_at: Option<Timestamp>,
    /// Who made the record: `atlas` or a provider such as `intercom`.
    pub origin: String,
    /// Who wrote each field.
    pub provenance: Provenance,
    /// What connections say of it.
    pub provided: ProvidedBy,
    /// Goes up by one with each change.
    pub version: i64,
    /// When the record, or for imported companies the provider's, began.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When anything last happened with it.
    pub last_activity_at: Timestamp,
}

/// What is shown of a company without name and web site.
pub const UNNAMED: &str = "Unnamed company";

impl Company {
    /// An empty company that `origin` makes now.
    pub fn blank(origin: &str, now: Timestamp) -> Self {
        Self {
            id: CompanyId::new(now),
            name: String::new(),
            website: None,
            domain: None,
            industry: None,
            size: None,
            plan: None,
            own_id: None,
            owner: None,
            status: Status::Active,
            archived_at: None,
            origin: origin.to_owned(),
            provenance: Provenance::default(),
            provided: ProvidedBy::default(),
            version: 1,
            created_at: now,
            updated_at: now,
            last_activity_at: now,
        }
    }

    /// What people call it: the name, else the domain.
    pub fn label(&self) -> &str {
        label(&self.name, self.domain.as_deref())
    }

    /// Where its page is.
    pub fn url(&self) -> String {
        url(self.id)
    }

    /// A field's value, as events and REST write it.
    pub fn value(&self, field: Field) -> Value {
        match field {
            Field::Name => json!(self.name),
            Field::Website => json!(self.website),
            Field::Industry => json!(self.industry),
            Field::Size => json!(self.size),
            Field::Plan => json!(self.plan),
            Field::Owner => json!(self.owner),
            Field::OwnId => json!(self.own_id),
            Field::Archived => json!(self.status == Status::Archived),
        }
    }

    /// Whether nothing is written in a field.
    pub fn is_empty(&self, field: Field) -> bool {
        field != Field::Archived && (matches!(self.value(field), Value::Null) || self.value(field) == json!(""))
    }

    /// Empties a field, as a purge does.
    pub fn clear(&mut self, field: Field) {
        match field {
            Field::Name => self.name.clear(),
            Field::Website => self.set_website(None),
            Field::Industry => self.industry = None,
            Field::Size => self.size = None,
            Field::Plan => self.plan = None,
            Field::Owner => self.owner = None,
            Field::OwnId => self.own_id = None,
            Field::Archived => {}
        }
    }

    /// Writes the web site and the domain read from it.
    pub fn set_website(&mut self, website: Option<String>) {
        self.domain = website.as_deref().and_then(crate::checks::domain);
        self.website = website;
    }

    /// Puts it away, or takes it back.
    pub fn set_archived(&mut self, archived: bool, now: Timestamp) {
        self.status = if archived { Status::Archived } else { Status::Active };
        self.archived_at = archived.then_some(now);
    }
}

/// What people call a company with these values.
pub fn label<'a>(name: &'a str, domain: Option<&'a str>) -> &'a str {
    if name.is_empty() { domain.unwrap_or(UNNAMED) } else { name }
}

/// Where a company's page is.
pub fn url(id: CompanyId) -> String {
    format!("/growth/companies/{id}")
}

/// What somebody wants a company to say; absent stays as it is, an empty text empties the field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// The name.
    pub name: Option<String>,
    /// The web site.
    pub website: Option<String>,
    /// What it does.
    pub industry: Option<String>,
    /// How many people work there.
    pub size: Option<Option<i64>>,
    /// The plan it is on.
    pub plan: Option<String>,
    /// The workspace's own id for it.
    pub own_id: Option<String>,
    /// The member who looks after it.
    pub owner: Option<Option<UserId>>,
    /// The tags that people gave it.
    pub tags: Option<Vec<String>>,
}

impl Edit {
    /// The same with every text trimmed and checked.
    ///
    /// # Errors
    /// Every field that cannot be accepted.
    pub fn checked(mut self) -> Result<Self> {
        let mut checks = Checks::default();
        self.name = self.name.map(|text| checks.required("name", &text, 200));
        self.website = self.website.map(|text| checks.website("website", &text).map(|(site, _)| site).unwrap_or_default());
        self.industry = self.industry.map(|text| checks.line("industry", &text, 120).unwrap_or_default());
        self.plan = self.plan.map(|text| checks.line("plan", &text, 120).unwrap_or_default());
        self.own_id = self.own_id.map(|text| checks.line("externalId", &text, 200).unwrap_or_default());
        self.tags = self.tags.map(|list| checks.tags("tags", &list));
        if self.size.flatten().is_some_and(|size| !(0..=100_000_000).contains(&size)) {
            checks.refuse("size", "out_of_range", "between 0 and 100,000,000 people");
        }
        checks.done()?;
        Ok(self)
    }

    /// Writes what differs into `company`; answers the fields that changed.
    pub(crate) fn apply(&self, company: &mut Company) -> Vec<Field> {
        let before = company.clone();
        let text = |value: &String| (!value.is_empty()).then(|| value.clone());
        if let Some(name) = &self.name {
            company.name.clone_from(name);
        }
        if let Some(website) = &self.website {
            company.set_website(text(website));
        }
        if let Some(industry) = &self.industry {
            company.industry = text(industry);
        }
        if let Some(size) = self.size {
            company.size = size;
        }
        if let Some(plan) = &self.plan {
            company.plan = text(plan);
        }
        if let Some(own_id) = &self.own_id {
            company.own_id = text(own_id);
        }
        if let Some(owner) = self.owner {
            company.owner = owner;
        }
        Field::ALL.iter().copied().filter(|field| before.value(*field) != company.value(*field)).collect()
    }
}
