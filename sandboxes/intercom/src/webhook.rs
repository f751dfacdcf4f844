//! Notices: what happened, as the provider's webhook sends it.

pub mod installation;
pub mod post;
pub mod send;
pub mod sign;
pub mod topics;

use serde_json::{Value, json};

use self::post::Postman;
use crate::app::App;
use crate::render::{Lens, version::Version};
use crate::settings::{Settings, Sign};
use crate::world::{
    World,
    event::{Event, Subject},
};

/// One notice on its way; the envelope is written at each attempt, because it counts them.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `None` for pings.
    pub id: Option<String>,
    /// The topic as the receiver knows it.
    pub topic: String,
    pub app_id: String,
    /// JSON of `data.item`.
    pub item: String,
    /// Id of the object, for the log.
    pub about: String,
    pub created_at: i64,
    pub first_sent_at: Option<i64>,
    pub attempts: u32,
    /// How often the receiver answered 429.
    pub throttled: u32,
    pub target: Target,
    /// Overrides the setting.
    pub sign: Option<Sign>,
    /// Not subject to drop, duplicate and reorder rates.
    pub plain: bool,
}

/// Where a notice goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The endpoint on the Developer Hub's webhook page.
    Hub,
    /// A subscription of API 1.x, by id.
    Subscription(String),
}

impl Notice {
    /// The raw body of this attempt.
    pub fn body(&self, now: i64) -> String {
        let text = |t: &str| Value::from(t).to_string();
        let ping = self.id.is_none();
        format!(
            r#"{{"type":"notification_event","app_id":{app},"data":{{"type":"notification_event_data","item":{item}}},"links":{{}},"id":{id},"topic":{topic},"delivery_status":{status},"delivery_attempts":{attempts},"delivered_at":0,"first_sent_at":{first},"created_at":{created},"self":null}}"#,
            app = text(&self.app_id),
            item = self.item,
            id = self.id.as_deref().map_or("null".to_owned(), text),
            topic = text(&self.topic),
            status = if ping { "null" } else { "\"pending\"" },
            attempts = self.attempts,
            first = self.first_sent_at.unwrap_or(now),
            created = self.created_at,
        )
    }
}

/// Notices for what happened, one for each subscriber of its topic.
pub fn notices(world: &World, app: &App, settings: &Settings, postman: &Postman, events: &[Event]) -> Vec<Notice> {
    let mut list = Vec::new();
    let plain = app.version >= Version::V2_15 && !settings.webhook_html;
    let lens = Lens { world, version: app.version, nested_cap: settings.nested_cap, part_cap: settings.part_cap, plain };
    for event in events.iter().filter(|e| topics::allowed(e.topic, &app.scopes)) {
        let to_hub = app.hook.url.is_some() && app.hook.live && app.hook.topics.contains(event.topic);
        let mut targets: Vec<(Target, String)> = to_hub.then(|| (Target::Hub, event.topic.to_owned())).into_iter().collect();
        for subscription in app.subscriptions.iter().filter(|s| s.active) {
            let name = topics::first_name(event.topic).filter(|name| subscription.topics.iter().any(|t| t == name));
            targets.extend(name.map(|name| (Target::Subscription(subscription.id.clone()), name.to_owned())));
        }
        if targets.is_empty() {
            continue;
        }
        let (item, about) = item(&lens, &event.subject);
        for (target, topic) in targets {
            list.push(Notice { id: Some(postman.notice_id()), ..notice(world, topic, item.clone(), about.clone(), event.at, target) });
        }
    }
    list
}

/// A ping, whose id is null.
pub fn ping(world: &World, at: i64, target: Target) -> Notice {
    let item = json!({ "type": "ping", "message": "connection check" }).to_string();
    Notice { plain: true, ..notice(world, "ping".to_owned(), item, String::new(), at, target) }
}

fn notice(world: &World, topic: String, item: String, about: String, at: i64, target: Target) -> Notice {
    Notice {
        id: None,
        topic,
        app_id: world.workspace.id.clone(),
        item,
        about,
        created_at: at,
        first_sent_at: None,
        attempts: 0,
        throttled: 0,
        target,
        sign: None,
        plain: false,
    }
}

/// JSON of the item and the id of what it is about.
fn item(lens: &Lens<'_>, subject: &Subject) -> (String, String) {
    let text = |value: serde_json::Result<String>| value.unwrap_or_else(|_| "null".to_owned());
    let world = lens.world;
    match subject {
        Subject::Conversation(slot, part) => {
            let view = lens.conversation_in_notice(*slot, part.as_ref());
            (text(serde_json::to_string(&view)), world.conversations[*slot as usize].id.to_string())
        }
        Subject::ConversationDeleted(id) => (json!({ "type": "conversation", "id": id.to_string() }).to_string(), id.to_string()),
        Subject::Part(part) => (text(serde_json::to_string(&lens.part(part))), part.id.to_string()),
        Subject::Contact(slot) => (text(serde_json::to_string(&lens.contact(*slot))), world.contacts[*slot as usize].id.clone()),
        Subject::ContactDeleted(id, external_id) => (
            json!({ "type": "contact", "id": id, "external_id": external_id, "workspace_id": world.workspace.id, "deleted": true })
                .to_string(),
            id.clone(),
        ),
        Subject::ContactMerged(into, from) => {
            (text(serde_json::to_string(&lens.merged_contact(*into, from.clone()))), world.contacts[*into as usize].id.clone())
        }
        Subject::ContactTag(slot, tag) => {
            let item = json!({ "type": "contact_tag", "created_at": world.now(), "tag": lens.tag(*tag), "contact": lens.contact(*slot) });
            (item.to_string(), world.contacts[*slot as usize].id.clone())
        }
        Subject::Company(slot) => (text(serde_json::to_string(&lens.company(*slot))), world.companies[*slot as usize].id.clone()),
        Subject::CompanyDeleted(id, company_id) => {
            (json!({ "type": "company", "id": id, "company_id": company_id, "app_id": world.workspace.id }).to_string(), id.clone())
        }
        Subject::CompanyContact(company, contact) => {
            let item = json!({ "type": "company_contact", "company": lens.company(*company), "contact": lens.contact_reference(*contact) });
            (item.to_string(), world.companies[*company as usize].id.clone())
        }
    }
}
