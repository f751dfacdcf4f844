//! Changes at the provider, made the way people and programs make them there.

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use crate::provider::Provider;

/// One change. Whom it concerns is worked out when it happens: `pick` counts through those who are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What.
    pub what: What,
    /// Which of those there are.
    pub pick: u64,
    /// Which other one.
    pub other: u64,
    /// A number that no other change has: it is in all words.
    pub number: u64,
}

/// What can happen at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody new.
    User,
    /// Somebody new who may become a customer.
    Lead,
    /// A contact's name and numbers change.
    Rename,
    /// A contact gets a tag.
    Tag,
    /// A contact joins a company.
    Join,
    /// A contact is put away, or brought back.
    Archive,
    /// A contact is deleted.
    DeleteContact,
    /// A lead becomes part of a user.
    Merge,
    /// A new company.
    Company,
    /// A company's fields change.
    Refit,
    /// A company is deleted.
    DeleteCompany,
    /// A customer begins a conversation.
    Talk,
    /// The team begins one.
    Outreach,
    /// The customer writes.
    Reply,
    /// The team answers.
    Answer,
    /// A bot answers.
    Bot,
    /// A note for colleagues.
    Note,
    /// A note that asks for a task.
    TaskNote,
    /// Closed.
    Close,
    /// Opened again.
    Open,
    /// Given to somebody.
    Assign,
    /// Put aside.
    Snooze,
    /// A part's words are taken away.
    Redact,
    /// A conversation is deleted.
    DeleteTalk,
}

impl What {
    /// Everything, the common things more often.
    pub const MIXED: [Self; 34] = [
        Self::User,
        Self::User,
        Self::Lead,
        Self::Lead,
        Self::Rename,
        Self::Rename,
        Self::Rename,
        Self::Tag,
        Self::Join,
        Self::Join,
        Self::Archive,
        Self::DeleteContact,
        Self::Merge,
        Self::Merge,
        Self::Company,
        Self::Refit,
        Self::Refit,
        Self::DeleteCompany,
        Self::Talk,
        Self::Talk,
        Self::Outreach,
        Self::Reply,
        Self::Reply,
        Self::Reply,
        Self::Answer,
        Self::Bot,
        Self::Note,
        Self::TaskNote,
        Self::TaskNote,
        Self::Close,
        Self::Open,
        Self::Assign,
        Self::Redact,
        Self::DeleteTalk,
    ];
}

impl Change {
    /// A change with nothing to choose from.
    pub fn new(what: What, number: u64) -> Self {
        Self { what, pick: 0, other: 0, number }
    }

    /// Makes it. What is refused, or concerns nobody, changes nothing.
    ///
    /// # Errors
    /// What the provider says.
    pub async fn make(&self, at: &Provider) -> Result<()> {
        let truth = at.control("GET", "/_sandbox/truth", Value::Null).await?;
        let n = self.number;
        match self.what {
            What::User => {
                at.post(
                    "/_sandbox/contacts",
                    json!({ "role": "user", "external_id": format!("own-{n}"), "email": email(n), "name": name(n) }),
                )
                .await
            }
            What::Lead => at.post("/_sandbox/contacts", json!({ "role": "lead", "email": email(n), "name": name(n) })).await,
            What::Rename => {
                let path = format!("/_sandbox/contacts/{}", self.contact(&truth)?);
                at.control("PATCH", &path, json!({ "name": name(n), "phone": format!("+3531{n:07}") })).await.map(drop)
            }
            What::Tag => {
                at.post(&format!("/_sandbox/contacts/{}/tags", self.contact(&truth)?), json!({ "name": format!("tag {}", n % 7) })).await
            }
            What::Join => {
                let company = chosen(&truth["companies"], self.other)?;
                at.post(&format!("/_sandbox/contacts/{}/companies", self.contact(&truth)?), json!({ "id": company })).await
            }
            What::Archive => self.archive(at, &truth).await,
            What::DeleteContact => {
                at.control("DELETE", &format!("/_sandbox/contacts/{}", self.contact(&truth)?), Value::Null).await.map(drop)
            }
            What::Merge => self.merge(at, &truth).await,
            What::Company => {
                at.post("/_sandbox/companies", json!({ "company_id": format!("firm-{n}"), "name": firm(n), "plan": "Growth" })).await
            }
            What::Refit => {
                let path = format!("/_sandbox/companies/{}", chosen(&truth["companies"], self.pick)?);
                let fields = json!({ "name": firm(n), "size": n, "website": format!("https://firm-{n}.example"), "industry": "Logistics" });
                at.control("PATCH", &path, fields).await.map(drop)
            }
            What::DeleteCompany => at
                .control("DELETE", &format!("/_sandbox/companies/{}", chosen(&truth["companies"], self.pick)?), Value::Null)
                .await
                .map(drop),
            What::Talk | What::Outreach => {
                let voice = if self.what == What::Talk { "user" } else { "admin" };
                let body = json!({ "contact_id": self.contact(&truth)?, "as": voice, "body": words(n) });
                at.post("/_sandbox/conversations", body).await
            }
            _ => self.in_a_talk(at, &truth).await,
        }
    }

    async fn in_a_talk(&self, at: &Provider, truth: &Value) -> Result<()> {
        let n = self.number;
        let path = format!("/_sandbox/conversations/{}", chosen(&truth["conversations"], self.pick)?);
        let said = |voice: &str| json!({ "as": voice, "body": words(n) });
        match self.what {
            What::Reply => at.post(&format!("{path}/reply"), said("user")).await,
            What::Answer => at.post(&format!("{path}/reply"), said("admin")).await,
            What::Bot => at.post(&format!("{path}/reply"), said("bot")).await,
            What::Note => at.post(&format!("{path}/note"), json!({ "body": words(n) })).await,
            What::TaskNote => at.post(&format!("{path}/note"), json!({ "body": format!("/task {}", task(n)) })).await,
            What::Close => at.post(&format!("{path}/close"), json!({ "body": words(n) })).await,
            What::Open => at.post(&format!("{path}/open"), json!({})).await,
            What::Assign => at.post(&format!("{path}/assign"), json!({ "assignee_id": chosen(&truth["admins"], self.other)? })).await,
            What::Snooze => at.post(&format!("{path}/snooze"), json!({})).await,
            What::Redact => self.redact(at, &path).await,
            _ => at.control("DELETE", &path, Value::Null).await.map(drop),
        }
    }

    async fn archive(&self, at: &Provider, truth: &Value) -> Result<()> {
        let there = truth["archivedContacts"].as_array().context("no list")?;
        let back = self.other.is_multiple_of(2) && !there.is_empty();
        let id = if back { chosen(&truth["archivedContacts"], self.pick)? } else { self.contact(truth)? };
        at.control("PATCH", &format!("/_sandbox/contacts/{id}"), json!({ "archived": !back })).await.map(drop)
    }

    /// The lead is found by trying: the provider refuses all but a lead into a user.
    async fn merge(&self, at: &Provider, truth: &Value) -> Result<()> {
        let count = truth["contacts"].as_array().context("no list")?.len() as u64;
        for step in 0..count {
            let (from, into) = (chosen(&truth["contacts"], self.pick + step)?, chosen(&truth["contacts"], self.other + step * 3 + 1)?);
            if from != into && at.post(&format!("/_sandbox/contacts/{from}/merge"), json!({ "into": into })).await.is_ok() {
                return Ok(());
            }
        }
        Err(anyhow!("nobody can be merged"))
    }

    /// A part with words, newest first, from some place on; else the opening message.
    async fn redact(&self, at: &Provider, path: &str) -> Result<()> {
        let shown = at.control("POST", &format!("{path}/rate"), json!({ "score": 5 })).await?;
        let parts = shown["conversation_parts"]["conversation_parts"].as_array().cloned().unwrap_or_default();
        let worded: Vec<&Value> = parts.iter().filter(|p| p["body"].is_string() && p["redacted"] != json!(true)).collect();
        if self.other.is_multiple_of(5) || worded.is_empty() {
            return at.post(&format!("{path}/redact"), json!({ "source": true })).await;
        }
        let part = worded[(self.other % worded.len() as u64) as usize];
        at.post(&format!("{path}/redact"), json!({ "partId": part["id"] })).await
    }

    fn contact(&self, truth: &Value) -> Result<String> {
        chosen(&truth["contacts"], self.pick)
    }
}

impl Provider {
    async fn post(&self, path: &str, body: Value) -> Result<()> {
        self.control("POST", path, body).await.map(drop)
    }
}

/// One of a list of ids.
fn chosen(list: &Value, pick: u64) -> Result<String> {
    let list = list.as_array().context("no list")?;
    let place = usize::try_from(pick % (list.len() as u64).max(1))?;
    let id = list.get(place).context("there is none")?;
    Ok(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
}

fn email(n: u64) -> String {
    format!("person-{n}@example.com")
}

fn name(n: u64) -> String {
    format!("Person {n}")
}

fn firm(n: u64) -> String {
    format!("Firm {n}")
}

/// Words that occur once in a history.
fn words(n: u64) -> String {
    format!("Words number {n}.")
}

/// The title of the task that a note asks for.
pub fn task(n: u64) -> String {
    format!("Chore {n}")
}
