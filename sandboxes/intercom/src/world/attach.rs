//! Who belongs to which company, and who carries which tag.

use super::{Slot, World, event::Subject, office::Tagged, refusal::Refusal};

/// Most companies one contact may be attached to.
const MOST_COMPANIES: usize = 1000;

impl World {
    /// Attaches a company to a contact, with its notice; attaching twice changes nothing.
    pub fn attach_company(&mut self, contact: Slot, company: Slot) -> Result<(), Refusal> {
        let held = &self.contacts[contact as usize].companies;
        if held.contains(&company) {
            return Ok(());
        }
        if held.len() >= MOST_COMPANIES {
            return Err(Refusal::TooManyCompanies);
        }
        self.attach(contact, company);
        self.touch_contact(contact);
        self.emit("company.contact.attached", Subject::CompanyContact(company, contact));
        Ok(())
    }

    /// Detaches a company from a contact, with its notice.
    pub fn detach_company(&mut self, contact: Slot, company: Slot) -> Result<(), Refusal> {
        if !self.contacts[contact as usize].companies.contains(&company) {
            return Err(Refusal::NoCompany);
        }
        self.detach(contact, company);
        self.touch_contact(contact);
        self.emit("company.contact.detached", Subject::CompanyContact(company, contact));
        Ok(())
    }

    /// Joins the two without a notice.
    pub(crate) fn attach(&mut self, contact: Slot, company: Slot) {
        let held = &mut self.contacts[contact as usize].companies;
        if held.contains(&company) {
            return;
        }
        held.push(company);
        let members = self.contacts_of_company.entry(company).or_default();
        members.push(contact);
        if members.len() == 1 {
            self.companies_by_request.insert(self.companies[company as usize].last_request_at, company);
        }
    }

    /// Parts the two without a notice; a company without contacts leaves the list.
    pub(crate) fn detach(&mut self, contact: Slot, company: Slot) {
        self.contacts[contact as usize].companies.retain(|&c| c != company);
        let members = self.contacts_of_company.entry(company).or_default();
        members.retain(|&c| c != contact);
        if members.is_empty() {
            self.companies_by_request.remove(self.companies[company as usize].last_request_at, company);
        }
    }

    /// Tags a contact; `tag` is a place in `tags`.
    pub fn tag_contact(&mut self, contact: Slot, tag: usize) {
        let at = self.now();
        let held = &mut self.contacts[contact as usize].tags;
        if held.iter().any(|t| t.tag as usize == tag) {
            return;
        }
        held.push(Tagged { tag: tag as u32, at, by: 0 });
        self.touch_contact(contact);
        let lead = self.contacts[contact as usize].lead;
        let topic = if lead { "contact.lead.tag.created" } else { "contact.user.tag.created" };
        self.emit(topic, Subject::ContactTag(contact, tag));
    }

    /// Puts a tag on a company, or takes it off; there is no topic for it.
    pub fn tag_company(&mut self, company: Slot, tag: usize, on: bool) {
        let now = self.now();
        let held = &mut self.companies[company as usize];
        if held.tags.contains(&(tag as u32)) == on {
            return;
        }
        if on {
            held.tags.push(tag as u32);
        } else {
            held.tags.retain(|&t| t as usize != tag);
        }
        held.updated_at = now;
    }

    /// Takes a tag off a contact.
    pub fn untag_contact(&mut self, contact: Slot, tag: usize) -> Result<(), Refusal> {
        let held = &mut self.contacts[contact as usize].tags;
        let place = held.iter().position(|t| t.tag as usize == tag).ok_or(Refusal::NoTag)?;
        held.remove(place);
        self.touch_contact(contact);
        let lead = self.contacts[contact as usize].lead;
        let topic = if lead { "contact.lead.tag.deleted" } else { "contact.user.tag.deleted" };
        self.emit(topic, Subject::ContactTag(contact, tag));
        Ok(())
    }
}
