//! Companies: made or updated by our own id, renamed, deleted.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Slot, World, attribute::Model, event::Subject, refusal::Refusal};

/// Largest `monthly_spend` the provider keeps.
const MOST_SPEND: f64 = 2_147_483_647.0;

/// A company.
#[derive(Clone, Debug, Default)]
pub struct Company {
    pub id: String,
    /// The caller's own id; set once, never changed.
    pub company_id: Option<String>,
    pub name: Option<String>,
    pub plan: Option<String>,
    pub size: Option<i64>,
    pub website: Option<String>,
    pub industry: Option<String>,
    pub remote_created_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub last_request_at: i64,
    pub monthly_spend: i64,
    pub session_count: i64,
    pub custom: Map<String, Value>,
    /// Places in `World::tags`.
    pub tags: Vec<u32>,
    pub deleted: bool,
}

/// What a caller may write on a company.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CompanyFields {
    #[serde(alias = "companyId")]
    pub company_id: Option<String>,
    pub name: Option<String>,
    pub plan: Option<String>,
    pub size: Option<i64>,
    pub website: Option<String>,
    pub industry: Option<String>,
    #[serde(alias = "remoteCreatedAt")]
    pub remote_created_at: Option<i64>,
    #[serde(alias = "monthlySpend")]
    pub monthly_spend: Option<f64>,
    #[serde(default, alias = "customAttributes")]
    pub custom_attributes: Map<String, Value>,
    #[serde(default, alias = "updateLastRequestAt")]
    pub update_last_request_at: bool,
}

impl World {
    /// Creates the company with this `company_id`, or updates it when it exists.
    pub fn save_company(&mut self, mut fields: CompanyFields) -> Result<Slot, Refusal> {
        let known = fields.company_id.as_ref().and_then(|id| self.company_by_company_id.get(id)).copied();
        if let Some(slot) = known {
            self.update_company(slot, fields)?;
            return Ok(slot);
        }
        self.check_company(&mut fields)?;
        let (now, slot) = (self.now(), self.companies.len() as Slot);
        let company_id = fields.company_id.clone().unwrap_or_else(|| self.random.uuid());
        let company = Company {
            id: self.random.hex(24),
            company_id: Some(company_id.clone()),
            created_at: now,
            updated_at: now,
            last_request_at: now,
            ..Company::default()
        };
        self.company_by_id.insert(company.id.clone(), slot);
        self.company_by_company_id.insert(company_id, slot);
        self.companies.push(company);
        self.write_company(slot, fields);
        self.emit("company.created", Subject::Company(slot));
        Ok(slot)
    }

    /// Changes the fields that were sent.
    pub fn update_company(&mut self, slot: Slot, mut fields: CompanyFields) -> Result<(), Refusal> {
        self.check_company(&mut fields)?;
        self.write_company(slot, fields);
        self.companies[slot as usize].updated_at = self.now();
        self.emit("company.updated", Subject::Company(slot));
        Ok(())
    }

    /// Deletes a company and detaches its people.
    pub fn delete_company(&mut self, slot: Slot) {
        for contact in self.contacts_of_company.get(&slot).cloned().unwrap_or_default() {
            self.detach(contact, slot);
            self.touch_contact(contact);
        }
        let company = &mut self.companies[slot as usize];
        company.deleted = true;
        let (id, company_id) = (company.id.clone(), company.company_id.clone());
        if let Some(key) = &company_id {
            self.company_by_company_id.remove(key);
        }
        self.emit("company.deleted", Subject::CompanyDeleted(id, company_id));
    }

    /// How many people are attached to a company.
    pub fn people_at(&self, company: Slot) -> usize {
        self.contacts_of_company.get(&company).map_or(0, Vec::len)
    }

    /// Refuses what cannot be kept; custom values become what will be kept.
    fn check_company(&self, fields: &mut CompanyFields) -> Result<(), Refusal> {
        if fields.monthly_spend.is_some_and(|spend| spend > MOST_SPEND) {
            return Err(Refusal::invalid("monthly_spend is too large"));
        }
        let custom = std::mem::take(&mut fields.custom_attributes);
        fields.custom_attributes = self.custom_values(Model::Company, custom)?;
        Ok(())
    }

    fn write_company(&mut self, slot: Slot, fields: CompanyFields) {
        let company = &mut self.companies[slot as usize];
        company.name = fields.name.or(company.name.take());
        company.plan = fields.plan.or(company.plan.take());
        company.size = fields.size.or(company.size);
        company.website = fields.website.or(company.website.take());
        company.industry = fields.industry.or(company.industry.take());
        company.remote_created_at = fields.remote_created_at.or(company.remote_created_at);
        company.monthly_spend = fields.monthly_spend.map_or(company.monthly_spend, |s| s as i64);
        company.custom.extend(fields.custom_attributes);
        if fields.update_last_request_at {
            self.requested(slot);
        }
    }

    /// Moves a company to the top of the list of those last seen.
    fn requested(&mut self, slot: Slot) {
        let now = self.now();
        let before = std::mem::replace(&mut self.companies[slot as usize].last_request_at, now);
        if self.people_at(slot) > 0 {
            self.companies_by_request.remove(before, slot);
            self.companies_by_request.insert(now, slot);
        }
    }
}
