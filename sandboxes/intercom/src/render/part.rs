//! Conversation parts and their authors as the API shows them.

use serde::Serialize;

use super::{Lens, Reference};
use crate::world::{
    office::as_text,
    part::{Author, Part},
};

/// Id of the bot that answers for nobody in particular.
const BOT: u64 = 6_809_999;
const BOT_EMAIL: &str = "operator@harbourlane.example";

/// A conversation part.
#[derive(Serialize)]
pub struct PartView<'a> {
    r#type: &'static str,
    id: String,
    part_type: &'static str,
    body: Option<String>,
    created_at: i64,
    updated_at: i64,
    notified_at: i64,
    assigned_to: Option<Reference>,
    author: PartAuthor<'a>,
    attachments: [(); 0],
    external_id: Option<&'static str>,
    redacted: bool,
    email_message_metadata: Option<&'static str>,
    metadata: Empty,
    state: &'static str,
    tags: [(); 0],
    event_details: Option<&'static str>,
    app_package_code: Option<&'static str>,
}

/// `{}`.
#[derive(Default, Serialize)]
pub struct Empty {}

/// Who wrote a part.
#[derive(Serialize)]
pub struct PartAuthor<'a> {
    #[serde(flatten)]
    author: AuthorView<'a>,
    from_ai_agent: bool,
    is_ai_answer: bool,
}

/// Who wrote the opening message.
#[derive(Serialize)]
pub struct AuthorView<'a> {
    r#type: &'static str,
    id: String,
    name: Option<&'a str>,
    email: Option<&'a str>,
}

impl<'a> Lens<'a> {
    /// One part.
    pub fn part(&self, part: &Part) -> PartView<'a> {
        PartView {
            r#type: "conversation_part",
            id: part.id.to_string(),
            part_type: part.kind,
            body: part.body.as_deref().map(|body| self.body(body)),
            created_at: part.created_at,
            updated_at: part.updated_at,
            notified_at: part.created_at,
            assigned_to: part.assigned_to.map(|p| Reference { r#type: "admin", id: self.world.admins[p as usize].id.to_string() }),
            author: PartAuthor { author: self.author(part.author), from_ai_agent: false, is_ai_answer: false },
            attachments: [],
            external_id: None,
            redacted: part.redacted,
            email_message_metadata: None,
            metadata: Empty {},
            state: part.state.word(),
            tags: [],
            event_details: None,
            app_package_code: None,
        }
    }

    /// A body in the form asked for.
    pub fn body(&self, html: &str) -> String {
        if self.plain { as_text(html) } else { html.to_owned() }
    }

    /// An author; of a deleted contact only the id is left.
    pub fn author(&self, author: Author) -> AuthorView<'a> {
        match author {
            Author::Contact(slot) => {
                let contact = &self.world.contacts[slot as usize];
                let shown = !contact.deleted;
                AuthorView {
                    r#type: if contact.lead { "lead" } else { "user" },
                    id: contact.id.clone(),
                    name: contact.name.as_deref().filter(|_| shown),
                    email: contact.email.as_deref().filter(|_| shown),
                }
            }
            Author::Admin(place) => {
                let admin = &self.world.admins[place as usize];
                AuthorView { r#type: "admin", id: admin.id.to_string(), name: Some(&admin.name), email: Some(&admin.email) }
            }
            Author::Bot => AuthorView { r#type: "bot", id: BOT.to_string(), name: Some("Operator"), email: Some(BOT_EMAIL) },
        }
    }
}
