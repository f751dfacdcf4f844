//! The four permissions that the documentation page asks for, what each gives, and how to see that it is there.

use atlas_connect::{Request, Scope};
use serde_json::json;

/// Contacts, companies and their tags.
pub const READ_PEOPLE: &str = "read_users_companies";
/// Changes to contacts and companies.
pub const WRITE_PEOPLE: &str = "write_users_companies";
/// Conversations with their messages and notes.
pub const READ_CONVERSATIONS: &str = "read_conversations";
/// Teammates.
pub const READ_ADMINS: &str = "read_admins";

/// The scopes, in the page's order. The write scope cannot be proved without writing, so it has no probe.
pub fn scopes() -> Vec<Scope> {
    vec![
        Scope {
            slug: READ_PEOPLE,
            label: "Read users and companies",
            gives: "Contacts and companies in Growth, with their tags.",
            probe: Some(|| Request::post("/contacts/search", one_contact())),
        },
        Scope {
            slug: WRITE_PEOPLE,
            label: "Write users and companies",
            gives: "Sending edits from Atlas back to Intercom, for the fields you choose. None is chosen at first; checked by the first write.",
            probe: None,
        },
        Scope {
            slug: READ_CONVERSATIONS,
            label: "Read conversations",
            gives: "Conversations on the customer timeline, and tasks from their notes.",
            probe: Some(|| Request::get("/conversations?per_page=1")),
        },
        Scope {
            slug: READ_ADMINS,
            label: "Read admins",
            gives: "The names of your teammates on replies and notes, matched to members by e-mail.",
            probe: Some(|| Request::get("/admins")),
        },
    ]
}

fn one_contact() -> serde_json::Value {
    json!({"query": {"field": "updated_at", "operator": ">", "value": 0}, "pagination": {"per_page": 1}})
}
