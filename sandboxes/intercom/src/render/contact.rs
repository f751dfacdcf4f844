//! Contacts as the API shows them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Lens, List, Nested, version::LooseId};
use crate::seed::places::PLACES;
use crate::world::{Slot, contact::Contact};

/// A full contact object.
#[derive(Serialize)]
pub struct ContactView<'a> {
    r#type: &'static str,
    id: &'a str,
    workspace_id: &'a str,
    external_id: Option<&'a str>,
    role: &'static str,
    email: Option<&'a str>,
    email_domain: Option<&'a str>,
    phone: Option<&'a str>,
    name: Option<&'a str>,
    avatar: Option<&'a str>,
    owner_id: Option<LooseId>,
    social_profiles: List<()>,
    has_hard_bounced: bool,
    marked_email_as_spam: bool,
    unsubscribed_from_emails: bool,
    created_at: i64,
    updated_at: i64,
    signed_up_at: Option<i64>,
    last_seen_at: Option<i64>,
    last_replied_at: Option<i64>,
    last_contacted_at: Option<i64>,
    #[serde(flatten)]
    device: Device,
    custom_attributes: &'a Map<String, Value>,
    tags: Nested,
    notes: Nested,
    companies: Nested,
    opted_out_subscription_types: Nested,
    opted_in_subscription_types: Nested,
    #[serde(flatten)]
    origin: Origin,
    enabled_push_messaging: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_from: Option<super::Reference>,
}

/// What the provider knows about browser, system and place.
#[derive(Serialize)]
struct Device {
    last_email_opened_at: Option<i64>,
    last_email_clicked_at: Option<i64>,
    language_override: Option<&'static str>,
    browser: &'static str,
    browser_version: &'static str,
    browser_language: &'static str,
    os: &'static str,
    location: Location,
    android_app_name: Option<&'static str>,
    android_app_version: Option<&'static str>,
    android_device: Option<&'static str>,
    android_os_version: Option<&'static str>,
    android_sdk_version: Option<&'static str>,
    android_last_seen_at: Option<i64>,
    ios_app_name: Option<&'static str>,
    ios_app_version: Option<&'static str>,
    ios_device: Option<&'static str>,
    ios_os_version: Option<&'static str>,
    ios_sdk_version: Option<&'static str>,
    ios_last_seen_at: Option<i64>,
}

#[derive(Serialize)]
struct Location {
    r#type: &'static str,
    country: &'static str,
    region: &'static str,
    city: &'static str,
    country_code: &'static str,
    continent_code: &'static str,
}

/// Where a visitor came from; the sandbox's people came by themselves.
#[derive(Default, Serialize)]
struct Origin {
    utm_campaign: Option<&'static str>,
    utm_content: Option<&'static str>,
    utm_medium: Option<&'static str>,
    utm_source: Option<&'static str>,
    utm_term: Option<&'static str>,
    referrer: Option<&'static str>,
}

/// `{type, id, external_id}`, with what was done to the contact.
#[derive(Serialize)]
pub struct ContactReference<'a> {
    pub r#type: &'static str,
    pub id: &'a str,
    pub external_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
}

impl<'a> ContactReference<'a> {
    /// The bare reference.
    pub fn new(id: &'a str, external_id: Option<&'a str>) -> Self {
        Self { r#type: "contact", id, external_id, archived: None, blocked: None, deleted: None }
    }
}

impl<'a> Lens<'a> {
    /// The contact in that slot.
    pub fn contact(&self, slot: Slot) -> ContactView<'a> {
        let contact = &self.world.contacts[slot as usize];
        let url = |list: &str| format!("/contacts/{}/{list}", contact.id);
        ContactView {
            r#type: "contact",
            id: &contact.id,
            workspace_id: &self.world.workspace.id,
            external_id: contact.external_id.as_deref(),
            role: if contact.lead { "lead" } else { "user" },
            email: contact.email.as_deref(),
            email_domain: contact.email.as_deref().and_then(|e| e.rsplit_once('@')).map(|(_, host)| host),
            phone: contact.phone.as_deref(),
            name: contact.name.as_deref(),
            avatar: contact.avatar.as_deref(),
            owner_id: contact.owner.map(|id| LooseId::new(id, self.version)),
            social_profiles: List::of(Vec::new()),
            has_hard_bounced: false,
            marked_email_as_spam: false,
            unsubscribed_from_emails: contact.unsubscribed,
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            signed_up_at: contact.signed_up_at,
            last_seen_at: contact.last_seen_at,
            last_replied_at: contact.last_replied_at,
            last_contacted_at: contact.last_contacted_at,
            device: device(contact),
            custom_attributes: &contact.custom,
            tags: self.nested("tag", contact.tags.iter().map(|t| self.world.tags[t.tag as usize].id.to_string()), url("tags")),
            notes: self.nested("note", contact.notes.iter().map(|&n| self.world.notes[n as usize].id.to_string()), url("notes")),
            companies: self.nested(
                "company",
                contact.companies.iter().map(|&c| self.world.companies[c as usize].id.clone()),
                url("companies"),
            ),
            opted_out_subscription_types: self.nested("subscription", std::iter::empty(), url("subscriptions")),
            opted_in_subscription_types: self.nested("subscription", std::iter::empty(), url("subscriptions")),
            origin: Origin::default(),
            enabled_push_messaging: None,
            merged_from: None,
        }
    }

    /// The survivor of a merge, naming the id that was merged into it.
    pub fn merged_contact(&self, slot: Slot, from: String) -> ContactView<'a> {
        ContactView { merged_from: Some(super::Reference { r#type: "contact", id: from }), ..self.contact(slot) }
    }

    /// The reference to a contact.
    pub fn contact_reference(&self, slot: Slot) -> ContactReference<'a> {
        let contact = &self.world.contacts[slot as usize];
        ContactReference::new(&contact.id, contact.external_id.as_deref())
    }

    fn nested(&self, kind: &'static str, ids: impl ExactSizeIterator<Item = String>, url: String) -> Nested {
        let folder = match kind {
            "company" => "companies",
            "tag" => "tags",
            "note" => "notes",
            _ => "subscription_types",
        };
        Nested::new(kind, folder, ids, url, self.nested_cap)
    }
}

fn device(contact: &Contact) -> Device {
    let place = &PLACES[contact.place as usize];
    Device {
        last_email_opened_at: None,
        last_email_clicked_at: None,
        language_override: None,
        browser: place.browser,
        browser_version: "141.0",
        browser_language: place.language,
        os: place.os,
        location: Location {
            r#type: "location",
            country: place.country,
            region: place.region,
            city: place.city,
            country_code: place.country_code,
            continent_code: place.continent_code,
        },
        android_app_name: None,
        android_app_version: None,
        android_device: None,
        android_os_version: None,
        android_sdk_version: None,
        android_last_seen_at: None,
        ios_app_name: None,
        ios_app_version: None,
        ios_device: None,
        ios_os_version: None,
        ios_sdk_version: None,
        ios_last_seen_at: None,
    }
}
