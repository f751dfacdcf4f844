//! People: users and leads, how they are made, changed, archived and deleted.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Slot, World, attribute::Model, event::Subject, office::Tagged, refusal::Refusal};

/// A user or a lead.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    pub id: String,
    pub lead: bool,
    pub external_id: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub name: Option<String>,
    pub avatar: Option<String>,
    /// Id of the owning admin.
    pub owner: Option<u64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub signed_up_at: Option<i64>,
    pub last_seen_at: Option<i64>,
    pub last_replied_at: Option<i64>,
    pub last_contacted_at: Option<i64>,
    pub unsubscribed: bool,
    pub blocked: bool,
    pub archived: bool,
    pub deleted: bool,
    pub merged_into: Option<Slot>,
    pub custom: Map<String, Value>,
    pub tags: Vec<Tagged>,
    pub companies: Vec<Slot>,
    /// Places in `World::notes`.
    pub notes: Vec<u32>,
    /// Row of `seed::places::PLACES`, for location, browser and system.
    pub place: u8,
    /// Creation and update time under which search knows this contact.
    pub indexed: Option<(i64, i64)>,
}

/// What a caller may write on a contact. The outer `Option` says whether the field was sent at all.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ContactFields {
    pub role: Option<String>,
    #[serde(default, alias = "externalId", deserialize_with = "sent")]
    pub external_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "sent")]
    pub email: Option<Option<String>>,
    pub email_verified: Option<bool>,
    #[serde(default, deserialize_with = "sent")]
    pub phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "sent")]
    pub name: Option<Option<String>>,
    #[serde(default, deserialize_with = "sent")]
    pub avatar: Option<Option<String>>,
    #[serde(default, alias = "signedUpAt", deserialize_with = "sent")]
    pub signed_up_at: Option<Option<i64>>,
    #[serde(default, alias = "lastSeenAt", deserialize_with = "sent")]
    pub last_seen_at: Option<Option<i64>>,
    #[serde(default, alias = "ownerId", deserialize_with = "sent")]
    pub owner_id: Option<Option<Value>>,
    #[serde(default, alias = "unsubscribedFromEmails")]
    pub unsubscribed_from_emails: Option<bool>,
    #[serde(default, alias = "customAttributes")]
    pub custom_attributes: Option<Map<String, Value>>,
}

impl Contact {
    /// Whether lists and searches show this contact.
    pub fn listed(&self) -> bool {
        !self.deleted && !self.archived && self.merged_into.is_none()
    }

    fn topic(&self, of_user: &'static str, of_lead: &'static str) -> &'static str {
        if self.lead { of_lead } else { of_user }
    }
}

impl World {
    /// Makes a contact; a user whose external id or e-mail address is taken is refused with the other's id.
    pub fn create_contact(&mut self, mut fields: ContactFields) -> Result<Slot, Refusal> {
        let lead = self.lead_or_user(&fields)?;
        self.check_fields(&mut fields)?;
        self.check_duplicates(&fields, None, lead)?;
        let (now, slot) = (self.now(), self.contacts.len() as Slot);
        let external_id = if lead { Some(self.random.uuid()) } else { None };
        let signed_up_at = if lead { None } else { Some(now) };
        let id = self.random.hex(24);
        let contact = Contact { id, lead, external_id, signed_up_at, created_at: now, ..Contact::default() };
        self.contact_by_id.insert(contact.id.clone(), slot);
        self.contacts.push(contact);
        self.write_fields(slot, fields);
        self.contacts_by_creation.insert(now, slot);
        self.touch_contact(slot);
        let topic = self.contacts[slot as usize].topic("contact.user.created", "contact.lead.created");
        self.emit(topic, Subject::Contact(slot));
        Ok(slot)
    }

    /// Changes the fields that were sent.
    pub fn update_contact(&mut self, slot: Slot, mut fields: ContactFields) -> Result<(), Refusal> {
        if fields.email_verified.is_some() && fields.email.is_none() {
            return Err(Refusal::invalid("email_verified can only be set together with email"));
        }
        let lead = if fields.role.is_some() { self.lead_or_user(&fields)? } else { self.contacts[slot as usize].lead };
        self.check_fields(&mut fields)?;
        self.check_duplicates(&fields, Some(slot), lead)?;
        let before = self.contacts[slot as usize].clone();
        self.contacts[slot as usize].lead = lead;
        self.write_fields(slot, fields);
        self.touch_contact(slot);
        self.emit_update(slot, &before);
        Ok(())
    }

    /// Archives or brings back a contact; archived ones leave lists and searches.
    pub fn archive_contact(&mut self, slot: Slot, archived: bool) {
        if self.contacts[slot as usize].archived == archived {
            return;
        }
        self.contacts[slot as usize].archived = archived;
        let created_at = self.contacts[slot as usize].created_at;
        if archived {
            self.contacts_by_creation.remove(created_at, slot);
        } else {
            self.contacts_by_creation.insert(created_at, slot);
        }
        self.touch_contact(slot);
        self.emit(if archived { "contact.archived" } else { "contact.unarchive" }, Subject::Contact(slot));
    }

    /// Deletes a contact for good; its conversations stay, without the person.
    pub fn delete_contact(&mut self, slot: Slot) {
        let contact = self.contacts[slot as usize].clone();
        self.contacts[slot as usize].deleted = true;
        self.forget_contact(slot);
        self.emit("contact.deleted", Subject::ContactDeleted(contact.id, contact.external_id));
    }

    /// Marks a contact as changed now, in its row and in the search index.
    pub fn touch_contact(&mut self, slot: Slot) {
        self.contacts[slot as usize].updated_at = self.now();
        self.index_contact(slot);
    }

    /// Brings the search index in line, at once or after the search delay.
    pub fn index_contact(&mut self, slot: Slot) {
        if self.search_delay_ms > 0 && self.contacts[slot as usize].listed() {
            self.unindexed.push_back((self.now_ms + self.search_delay_ms, slot));
        } else {
            self.reindex_contact(slot);
        }
    }

    /// Lets search see the changes whose delay is over.
    pub fn index_due(&mut self, now_ms: i64) {
        while self.unindexed.front().is_some_and(|&(due, _)| due <= now_ms) {
            if let Some((_, slot)) = self.unindexed.pop_front() {
                self.reindex_contact(slot);
            }
        }
    }

    fn reindex_contact(&mut self, slot: Slot) {
        let contact = &mut self.contacts[slot as usize];
        if let Some((created, updated)) = contact.indexed.take() {
            self.found_by_creation.remove(created, slot);
            self.found_by_update.remove(updated, slot);
        }
        if contact.listed() {
            contact.indexed = Some((contact.created_at, contact.updated_at));
            self.found_by_creation.insert(contact.created_at, slot);
            self.found_by_update.insert(contact.updated_at, slot);
        }
    }

    /// Takes a contact that is deleted or merged away out of every index except the one by id.
    pub(super) fn forget_contact(&mut self, slot: Slot) {
        for company in self.contacts[slot as usize].companies.clone() {
            self.detach(slot, company);
        }
        let contact = &self.contacts[slot as usize];
        let keys = (contact.external_id.clone(), contact.email.clone().map(|e| e.to_lowercase()), contact.created_at);
        self.contacts_by_creation.remove(keys.2, slot);
        if let Some(key) = keys.0.filter(|key| self.contact_by_external_id.get(key) == Some(&slot)) {
            self.contact_by_external_id.remove(&key);
        }
        if let Some(key) = keys.1.filter(|key| self.user_by_email.get(key) == Some(&slot)) {
            self.user_by_email.remove(&key);
        }
        self.reindex_contact(slot);
    }

    fn lead_or_user(&self, fields: &ContactFields) -> Result<bool, Refusal> {
        let named = |f: &Option<Option<String>>| f.as_ref().is_some_and(|v| v.as_ref().is_some_and(|v| !v.is_empty()));
        match fields.role.as_deref() {
            Some("lead") => Ok(true),
            Some("user") => Ok(false),
            Some(other) => Err(Refusal::invalid(format!("role must be either user or lead, not {other}"))),
            None if named(&fields.email) || named(&fields.external_id) => Ok(false),
            None => Err(Refusal::invalid("at least one of email, external_id or role must be given")),
        }
    }

    /// Refuses what cannot be kept; custom values become what will be kept.
    fn check_fields(&self, fields: &mut ContactFields) -> Result<(), Refusal> {
        if fields.email.iter().flatten().any(|e| !e.is_empty() && !plausible_email(e)) {
            return Err(Refusal::invalid("email is invalid"));
        }
        if fields.phone.iter().flatten().any(|p| !p.is_empty() && p.chars().filter(char::is_ascii_digit).count() < 5) {
            return Err(Refusal::invalid("phone is invalid"));
        }
        if let Some(Some(owner)) = &fields.owner_id {
            let digits = owner.as_str().map_or_else(|| owner.to_string(), str::to_owned);
            self.admin(&digits).map_err(|_| Refusal::invalid("owner_id does not belong to an admin"))?;
        }
        let custom = fields.custom_attributes.take();
        fields.custom_attributes = custom.map(|given| self.custom_values(Model::Contact, given)).transpose()?;
        Ok(())
    }

    fn check_duplicates(&self, fields: &ContactFields, own: Option<Slot>, lead: bool) -> Result<(), Refusal> {
        let by_id = fields.external_id.iter().flatten().find_map(|id| self.contact_by_external_id.get(id));
        let by_email = fields.email.iter().flatten().find_map(|e| self.user_by_email.get(&e.to_lowercase()));
        let by_email = by_email.filter(|_| !lead);
        match by_id.or(by_email).filter(|&&twin| Some(twin) != own) {
            None => Ok(()),
            Some(&twin) => {
                let twin = &self.contacts[twin as usize];
                Err(Refusal::Duplicate { id: twin.id.clone(), archived: twin.archived })
            }
        }
    }

    fn write_fields(&mut self, slot: Slot, fields: ContactFields) {
        let contact = &mut self.contacts[slot as usize];
        let (old_id, old_email) = (contact.external_id.clone(), contact.email.clone());
        let text = |to: &mut Option<String>, from: Option<Option<String>>| {
            if let Some(value) = from {
                *to = value.filter(|v| !v.is_empty());
            }
        };
        text(&mut contact.external_id, fields.external_id);
        text(&mut contact.email, fields.email);
        text(&mut contact.phone, fields.phone);
        text(&mut contact.name, fields.name);
        text(&mut contact.avatar, fields.avatar);
        contact.signed_up_at = fields.signed_up_at.unwrap_or(contact.signed_up_at);
        contact.last_seen_at = fields.last_seen_at.unwrap_or(contact.last_seen_at);
        contact.unsubscribed = fields.unsubscribed_from_emails.unwrap_or(contact.unsubscribed);
        if let Some(owner) = fields.owner_id {
            contact.owner = owner.and_then(|o| o.as_u64().or_else(|| o.as_str()?.parse().ok()));
        }
        contact.custom.extend(fields.custom_attributes.unwrap_or_default());
        self.rekey_contact(slot, old_id, old_email);
    }

    /// Moves the keys by which duplicates are found after external id, e-mail address or role changed.
    fn rekey_contact(&mut self, slot: Slot, old_id: Option<String>, old_email: Option<String>) {
        if let Some(key) = old_id.filter(|key| self.contact_by_external_id.get(key) == Some(&slot)) {
            self.contact_by_external_id.remove(&key);
        }
        if let Some(key) = old_email.map(|e| e.to_lowercase()).filter(|key| self.user_by_email.get(key) == Some(&slot)) {
            self.user_by_email.remove(&key);
        }
        let contact = &self.contacts[slot as usize];
        if let Some(key) = contact.external_id.clone() {
            self.contact_by_external_id.insert(key, slot);
        }
        if let Some(key) = contact.email.as_ref().filter(|_| !contact.lead).map(|e| e.to_lowercase()) {
            self.user_by_email.entry(key).or_insert(slot);
        }
    }

    fn emit_update(&mut self, slot: Slot, before: &Contact) {
        let contact = self.contacts[slot as usize].clone();
        self.emit(contact.topic("contact.user.updated", "contact.lead.updated"), Subject::Contact(slot));
        if before.lead && !contact.lead {
            self.emit("contact.lead.signed_up", Subject::Contact(slot));
        }
        if contact.email != before.email {
            let added = contact.lead && before.email.is_none();
            self.emit(if added { "contact.lead.added_email" } else { "contact.email.updated" }, Subject::Contact(slot));
        }
    }
}

/// Good enough to refuse what can never be an address.
fn plausible_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace))
}

/// Tells a field sent as null from one not sent.
fn sent<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}
