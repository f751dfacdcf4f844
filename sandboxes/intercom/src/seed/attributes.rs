//! The attributes of a new workspace: the provider's own, and the custom ones that the generated data uses.

use crate::world::attribute::{Attribute, Kind, Model};

/// Id of the first custom attribute.
pub const FIRST: u64 = 12_870;

/// The provider's own: model, name, label, type, whether the API may write it.
const OWN: [(Model, &str, &str, Kind, bool); 16] = [
    (Model::Contact, "email", "Email", Kind::Text, true),
    (Model::Contact, "name", "Name", Kind::Text, true),
    (Model::Contact, "phone", "Phone", Kind::Text, true),
    (Model::Contact, "external_id", "User ID", Kind::Text, true),
    (Model::Contact, "owner_id", "Owner", Kind::Integer, true),
    (Model::Contact, "signed_up_at", "Signed up", Kind::Date, true),
    (Model::Contact, "created_at", "Created at", Kind::Date, false),
    (Model::Contact, "updated_at", "Updated at", Kind::Date, false),
    (Model::Company, "name", "Company name", Kind::Text, true),
    (Model::Company, "company_id", "Company ID", Kind::Text, true),
    (Model::Company, "monthly_spend", "Monthly spend", Kind::Float, true),
    (Model::Company, "size", "Company size", Kind::Integer, true),
    (Model::Company, "industry", "Company industry", Kind::Text, true),
    (Model::Company, "website", "Company website", Kind::Text, true),
    (Model::Company, "created_at", "Created at", Kind::Date, false),
    (Model::Company, "updated_at", "Updated at", Kind::Date, false),
];

/// The custom ones.
const CUSTOM: [(Model, &str, &str, Kind); 8] = [
    (Model::Contact, "plan_tier", "Plan tier", Kind::Text),
    (Model::Contact, "seats", "Seats", Kind::Integer),
    (Model::Contact, "renewal_note", "Renewal note", Kind::Text),
    (Model::Contact, "renewal_at", "Renewal", Kind::Date),
    (Model::Company, "region_code", "Region code", Kind::Text),
    (Model::Company, "seats", "Seats", Kind::Integer),
    (Model::Conversation, "issue_type", "Issue type", Kind::Text),
    (Model::Conversation, "copilot_used", "Copilot used", Kind::Boolean),
];

/// All of them.
pub fn attributes(since: i64) -> Vec<Attribute> {
    let row = |id: u64, model: Model, name: &str, label: &str, kind: Kind, writable: bool| Attribute {
        id,
        model,
        name: name.to_owned(),
        label: label.to_owned(),
        description: String::new(),
        kind,
        writable,
        messenger_writable: false,
        archived: false,
        created_at: since,
        updated_at: since,
    };
    let own = OWN.into_iter().map(|(model, name, label, kind, writable)| row(0, model, name, label, kind, writable));
    let custom = (FIRST..).zip(CUSTOM).map(|(id, (model, name, label, kind))| row(id, model, name, label, kind, true));
    own.chain(custom).collect()
}

/// Id of the next custom attribute.
pub fn next_id() -> u64 {
    FIRST + CUSTOM.len() as u64
}
