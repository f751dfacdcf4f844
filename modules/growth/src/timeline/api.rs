//! Timelines over REST.

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{Error, EventId, Page, Ref, Result, Timestamp, UserId};
use atlas_store::EventQuery;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Item, read};
use crate::access::{COMPANIES_READ, CONTACTS_READ, DEALS_READ};
use crate::conversation::api::SourceJson;
use crate::ids::{CompanyId, ContactId, DealId};
use crate::wire::limit;
use crate::{company, contact, deal};

/// The operations on timelines.
pub(crate) fn operations() -> Vec<Operation> {
    let told = |operation: Operation, tag| {
        let text =
            "Newest first: chats, notes, deal changes, tasks and changes of the record. Items that a connector brought carry `source`.";
        operation.describe(text).tag(tag).tool()
    };
    vec![
        told(
            Operation::read("contacts.timeline", "/v1/contacts/{id}/timeline", CONTACTS_READ, of_contact)
                .summary("Read a contact's timeline"),
            "Contacts",
        ),
        told(
            Operation::read("companies.timeline", "/v1/companies/{id}/timeline", COMPANIES_READ, of_company)
                .summary("Read a company's timeline"),
            "Companies",
        ),
        told(Operation::read("deals.timeline", "/v1/deals/{id}/timeline", DEALS_READ, of_deal).summary("Read a deal's timeline"), "Deals"),
    ]
}

atlas_kernel::text_enum! {
    /// The kinds of items on a timeline.
    pub enum TimelineKind {
        /// Messages of conversations.
        Chat = "chat",
        /// Notes that people wrote.
        Note = "note",
        /// What happened to deals.
        Deal = "deal",
        /// What happened to tasks.
        Task = "task",
        /// What happened to the record itself.
        Record = "record",
    }
}

/// Which items.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadTimeline {
    /// Only items of this kind.
    kind: Option<TimelineKind>,
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TimelineItem")]
pub struct ItemJson {
    /// The event's id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// `chat`, `note`, `deal`, `task` or `record`.
    pub kind: String,
    /// What was done, such as `deal.moved`.
    pub operation: String,
    /// Who did it.
    pub actor: ActorJson,
    /// What it was done to.
    pub record: RecordJson,
    /// One sentence: who, did what, to what.
    pub summary: String,
    /// The words, when there are some to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyJson>,
    /// Why, when something automatic did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The provider's thing behind it, when a connector brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceJson>,
}

/// Who did something.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TimelineActor")]
pub struct ActorJson {
    /// The name shown.
    pub name: String,
    /// The member, if it was one.
    pub user_id: Option<UserId>,
    /// `person`, `token`, `connection` or `system`.
    pub via: String,
    /// For chats: `customer`, `teammate` or `bot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
}

/// What something was done to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TimelineRecord")]
pub struct RecordJson {
    /// The record's id.
    pub id: Ref,
    /// Its name; empty when it is gone.
    pub label: String,
    /// Where its page is, on this host; null when it is gone.
    pub url: Option<String>,
}

/// Words to read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TimelineBody")]
pub struct BodyJson {
    /// As plain text; Markdown for notes.
    pub text: String,
    /// As sanitised HTML.
    pub html: String,
}

impl From<Item> for ItemJson {
    fn from(item: Item) -> Self {
        Self {
            summary: item.summary(),
            actor: ActorJson { side: item.message.as_ref().map(|m| m.side.clone()), name: item.actor, user_id: item.user, via: item.via },
            record: RecordJson { id: item.record, label: item.label, url: item.url },
            body: item.body.map(|body| BodyJson { text: body.text, html: body.html }),
            source: item.source.map(|(provider, kind, external_id)| SourceJson { provider, kind, external_id }),
            id: item.id,
            at: item.at,
            kind: item.kind,
            operation: item.operation,
            reason: item.reason,
        }
    }
}

async fn of(ctx: &Ctx, subject: Ref, query: ReadTimeline) -> Result<Page<ItemJson>> {
    let ask = EventQuery { kind: query.kind.map(|kind| kind.as_str().to_owned()), limit: limit(query.limit)?, cursor: query.cursor };
    Ok(read(&ctx.db, &ctx.nouns, ctx.actor.workspace, &subject, &ask).await?.map(ItemJson::from))
}

async fn of_contact(ctx: Ctx, input: Input<IdPath<ContactId>, ReadTimeline>) -> Result<Page<ItemJson>> {
    let contact = contact::verbs::find(&ctx.db, ctx.actor.workspace, input.path.id).await?;
    of(&ctx, contact.id.to_ref(), input.query).await
}

async fn of_company(ctx: Ctx, input: Input<IdPath<CompanyId>, ReadTimeline>) -> Result<Page<ItemJson>> {
    let company = company::store::find(&ctx.db, ctx.actor.workspace, input.path.id).await?.ok_or(Error::NotFound("company"))?;
    of(&ctx, company.id.to_ref(), input.query).await
}

async fn of_deal(ctx: Ctx, input: Input<IdPath<DealId>, ReadTimeline>) -> Result<Page<ItemJson>> {
    let deal = deal::store::find(&ctx.db, ctx.actor.workspace, input.path.id).await?.ok_or(Error::NotFound("deal"))?;
    of(&ctx, deal.id.to_ref(), input.query).await
}
