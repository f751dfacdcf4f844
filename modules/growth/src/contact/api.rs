//! Contacts over REST.

use std::collections::{BTreeMap, HashMap};

use atlas_api::{Ctx, IdPath, Input, Operation, Patch};
use atlas_kernel::{Error, Page, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Tx};
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list::{ContactQuery, page};
use super::{Contact, Edit, Status, store, verbs};
use crate::access::{CONTACTS_READ, CONTACTS_WRITE};
use crate::ids::{CompanyId, ContactId};
use crate::wire::{ProviderJson, WriterJson, limit, owner_filter, provenance, providers, renamed, tag_filter, turn};
use crate::{membership, tag};

/// The operations on contacts.
pub(crate) fn operations() -> Vec<Operation> {
    let version = |out: &ContactJson| out.version;
    let list = Operation::read("contacts.list", "/v1/contacts", CONTACTS_READ, list).summary("List contacts").tool();
    let create = Operation::write("contacts.create", Method::POST, "/v1/contacts", CONTACTS_WRITE, create).summary("Create a contact");
    let get = Operation::read("contacts.get", "/v1/contacts/{id}", CONTACTS_READ, get).summary("Read a contact").tool();
    let update =
        Operation::write("contacts.update", Method::PATCH, "/v1/contacts/{id}", CONTACTS_WRITE, update).summary("Change a contact");
    let archive =
        Operation::write("contacts.archive", Method::DELETE, "/v1/contacts/{id}", CONTACTS_WRITE, archive).summary("Archive a contact");
    let restore = Operation::write("contacts.restore", Method::POST, "/v1/contacts/{id}/restore", CONTACTS_WRITE, restore);
    vec![
        list.describe(
            "Search with `q`, filter, sort by `name`, `created`, `updated` or `activity` (a `-` in front reverses), page by cursor.",
        ),
        create.created().version(version).quick_action("New contact", "c").tool(),
        get.version(version),
        update.version(version).describe("Fields left out stay; null empties. What you write is not overwritten by connections."),
        archive
            .no_content()
            .conditional()
            .describe("An archived contact leaves lists and searches and keeps everything; restore takes it back."),
        restore.summary("Restore an archived contact").version(version),
    ]
    .into_iter()
    .map(|operation| operation.tag("Contacts"))
    .collect()
}

/// A person one deals with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Contact")]
pub struct ContactJson {
    /// The contact's id.
    pub id: ContactId,
    /// Full name; empty when nobody knows it.
    pub name: String,
    /// The primary e-mail address.
    pub email: Option<String>,
    /// All e-mail addresses, the primary one first.
    pub emails: Vec<String>,
    /// The primary phone number.
    pub phone: Option<String>,
    /// All phone numbers, the primary one first.
    pub phones: Vec<String>,
    /// Role or job title.
    pub role: Option<String>,
    /// Where they are.
    pub location: Option<String>,
    /// The company shown first.
    pub company_id: Option<CompanyId>,
    /// All companies they belong to.
    pub company_ids: Vec<CompanyId>,
    /// The member who looks after them.
    pub owner_id: Option<UserId>,
    /// Known only as somebody who may become a customer.
    pub lead: bool,
    /// Tags, by name.
    pub tags: Vec<String>,
    /// Your own id for them in another system.
    pub external_id: Option<String>,
    /// Who made the record: `atlas` or a provider.
    pub source: String,
    /// Put away.
    pub archived: bool,
    /// When it was put away.
    pub archived_at: Option<Timestamp>,
    /// When a provider saw them last.
    pub last_seen_at: Option<Timestamp>,
    /// When anything last happened with them.
    pub last_activity_at: Timestamp,
    /// Who wrote each field.
    pub provenance: BTreeMap<String, WriterJson>,
    /// What connections say of them.
    pub providers: Vec<ProviderJson>,
    /// Where the page is, on this host.
    pub url: String,
    /// Goes up by one with each change; also the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// Contacts with what they belong to and are tagged with: two queries.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn wire(on: &dyn Executor, workspace: WorkspaceId, contacts: Vec<Contact>) -> Result<Vec<ContactJson>> {
    let refs: Vec<_> = contacts.iter().map(|contact| contact.id.to_ref()).collect();
    let ids: Vec<ContactId> = contacts.iter().map(|contact| contact.id).collect();
    let mut tags = tag::store::of(on, workspace, &refs).await?;
    let mut companies: HashMap<ContactId, Vec<CompanyId>> = HashMap::new();
    for (contact, company) in membership::companies_of(on, workspace, &ids).await? {
        companies.entry(contact).or_default().push(company);
    }
    let one = |contact: Contact| ContactJson {
        url: contact.url(),
        email: contact.emails.first().cloned(),
        phone: contact.phones.first().cloned(),
        company_ids: companies.remove(&contact.id).unwrap_or_default(),
        tags: tags.remove(&contact.id.to_ref()).unwrap_or_default().into_iter().map(|tag| tag.name).collect(),
        provenance: provenance(&contact.provenance),
        providers: providers(&contact.provided),
        id: contact.id,
        name: contact.name,
        emails: contact.emails,
        phones: contact.phones,
        role: contact.role,
        location: contact.location,
        company_id: contact.company,
        owner_id: contact.owner,
        lead: contact.lead,
        external_id: contact.own_id,
        source: contact.origin,
        archived: contact.status == Status::Archived,
        archived_at: contact.archived_at,
        last_seen_at: contact.last_seen_at,
        last_activity_at: contact.last_activity_at,
        version: contact.version,
        created_at: contact.created_at,
        updated_at: contact.updated_at,
    };
    Ok(contacts.into_iter().map(one).collect())
}

async fn wire_one(on: &dyn Executor, workspace: WorkspaceId, contact: Contact) -> Result<ContactJson> {
    wire(on, workspace, vec![contact]).await?.pop().ok_or(Error::NotFound("contact"))
}

/// Which contacts, and in which order.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListContacts {
    /// Words to find.
    #[schemars(length(max = 200))]
    q: Option<String>,
    /// `name`, `created`, `updated` or `activity`, with `-` in front for the reverse.
    sort: Option<String>,
    /// A member's id, or `none`.
    owner: Option<String>,
    /// A tag's id or name.
    tag: Option<String>,
    /// A company's id.
    company: Option<CompanyId>,
    /// `atlas` or a provider, such as `intercom`.
    source: Option<String>,
    /// Only leads, or only the others.
    lead: Option<bool>,
    /// Those put away, instead of the others.
    archived: Option<bool>,
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

async fn list(ctx: Ctx, input: Input<(), ListContacts>) -> Result<Page<ContactJson>> {
    let (workspace, query) = (ctx.actor.workspace, input.query);
    let ask = ContactQuery {
        owner: owner_filter(query.owner.as_deref())?,
        tag: tag_filter(&ctx.db, workspace, query.tag.as_deref()).await?,
        q: query.q,
        company: query.company,
        source: query.source,
        lead: query.lead,
        archived: query.archived.unwrap_or_default(),
        sort: query.sort.unwrap_or_default(),
        turn: turn(query.cursor),
        limit: limit(query.limit)?,
    };
    let slice = page(&ctx.db, workspace, &ask).await?;
    let ids: Vec<ContactId> = slice.rows.iter().map(|row| row.id).collect();
    let mut found: HashMap<ContactId, Contact> =
        store::find_many(&ctx.db, workspace, &ids).await?.into_iter().map(|contact| (contact.id, contact)).collect();
    let contacts = ids.iter().filter_map(|id| found.remove(id)).collect();
    Ok(Page { data: wire(&ctx.db, workspace, contacts).await?, next_cursor: slice.after })
}

/// A contact to be made; a name, an e-mail address or a phone number is needed.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(crate) struct NewContact {
    /// Full name, at most 200 characters.
    name: Option<String>,
    /// The primary e-mail address.
    email: Option<String>,
    /// Further e-mail addresses.
    emails: Vec<String>,
    /// The primary phone number.
    phone: Option<String>,
    /// Further phone numbers.
    phones: Vec<String>,
    /// Role or job title.
    role: Option<String>,
    /// Where they are.
    location: Option<String>,
    /// The company they belong to.
    company_id: Option<CompanyId>,
    /// All companies they belong to, the one to show first in front.
    company_ids: Vec<CompanyId>,
    /// The member who looks after them.
    owner_id: Option<UserId>,
    /// Known only as somebody who may become a customer.
    lead: bool,
    /// Tag names; new ones are made.
    tags: Vec<String>,
    /// Your own id for them in another system.
    external_id: Option<String>,
}

fn first_then<T>(first: Option<T>, rest: Vec<T>) -> Vec<T> {
    first.into_iter().chain(rest).collect()
}

async fn create(ctx: Ctx, tx: Tx, input: Input<(), (), NewContact>) -> Result<ContactJson> {
    let new = input.body;
    let (single_mail, single_phone) = (new.emails.is_empty(), new.phones.is_empty());
    let mut companies = first_then(new.company_id, new.company_ids);
    let mut seen = Vec::new();
    companies.retain(|id| {
        !seen.contains(id) && {
            seen.push(*id);
            true
        }
    });
    let edit = Edit {
        name: new.name,
        emails: Some(first_then(new.email, new.emails)),
        phones: Some(first_then(new.phone, new.phones)),
        role: new.role,
        location: new.location,
        own_id: new.external_id,
        owner: new.owner_id.map(Some),
        companies: (!companies.is_empty()).then_some(companies),
        tags: (!new.tags.is_empty()).then_some(new.tags),
        lead: Some(new.lead),
    };
    let created = verbs::create(&tx, &ctx.actor, edit).await;
    let created = created.map_err(|e| if single_mail { renamed(e, "emails", "email") } else { e });
    let created = created.map_err(|e| if single_phone { renamed(e, "phones", "phone") } else { e })?;
    wire_one(&tx, ctx.actor.workspace, created).await
}

async fn get(ctx: Ctx, input: Input<IdPath<ContactId>>) -> Result<ContactJson> {
    let contact = verbs::find(&ctx.db, ctx.actor.workspace, input.path.id).await?;
    wire_one(&ctx.db, ctx.actor.workspace, contact).await
}

/// What changes of a contact; a field left out stays, null empties it.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PatchContact {
    /// Full name.
    name: Patch<String>,
    /// The primary e-mail address; the others stay.
    email: Patch<String>,
    /// All e-mail addresses.
    emails: Patch<Vec<String>>,
    /// The primary phone number; the others stay.
    phone: Patch<String>,
    /// All phone numbers.
    phones: Patch<Vec<String>>,
    /// Role or job title.
    role: Patch<String>,
    /// Where they are.
    location: Patch<String>,
    /// The only company they belong to.
    company_id: Patch<CompanyId>,
    /// All companies they belong to, the one to show first in front.
    company_ids: Patch<Vec<CompanyId>>,
    /// The member who looks after them.
    owner_id: Patch<UserId>,
    /// Known only as somebody who may become a customer.
    lead: Patch<bool>,
    /// All tags, by name; new ones are made.
    tags: Patch<Vec<String>>,
    /// Your own id for them in another system.
    external_id: Patch<String>,
}

/// A changed primary replaces the first of the list; without one, the first goes.
fn with_primary(primary: Patch<String>, all: Patch<Vec<String>>, before: &[String]) -> Option<Vec<String>> {
    let all = all.into_change().map(Option::unwrap_or_default);
    match primary {
        Patch::Keep => all,
        Patch::Clear => Some(all.unwrap_or_else(|| before.iter().skip(1).cloned().collect())),
        Patch::Set(first) => {
            let rest = all.unwrap_or_else(|| before.iter().skip(1).cloned().collect());
            Some(first_then(Some(first), rest))
        }
    }
}

async fn update(ctx: Ctx, tx: Tx, input: Input<IdPath<ContactId>, (), PatchContact>) -> Result<ContactJson> {
    let (workspace, id, patch) = (ctx.actor.workspace, input.path.id, input.body);
    let before = verbs::find(&tx, workspace, id).await?;
    let text = |patch: Patch<String>| patch.into_change().map(Option::unwrap_or_default);
    let (by_mail, by_phone) = (patch.emails.is_keep(), patch.phones.is_keep());
    let one_company = patch.company_id.into_change().map(|company| company.into_iter().collect::<Vec<_>>());
    let edit = Edit {
        name: text(patch.name),
        emails: with_primary(patch.email, patch.emails, &before.emails),
        phones: with_primary(patch.phone, patch.phones, &before.phones),
        role: text(patch.role),
        location: text(patch.location),
        own_id: text(patch.external_id),
        owner: patch.owner_id.into_change(),
        companies: patch.company_ids.into_change().map(Option::unwrap_or_default).or(one_company),
        tags: patch.tags.into_change().map(Option::unwrap_or_default),
        lead: patch.lead.into_change().map(Option::unwrap_or_default),
    };
    let changed = verbs::edit(&tx, &ctx.actor, before.id, edit, ctx.if_match).await;
    let changed = changed.map_err(|e| if by_mail { renamed(renamed(e, "emails[0]", "email"), "emails", "email") } else { e });
    let changed = changed.map_err(|e| if by_phone { renamed(renamed(e, "phones[0]", "phone"), "phones", "phone") } else { e })?;
    wire_one(&tx, workspace, changed).await
}

async fn archive(ctx: Ctx, tx: Tx, input: Input<IdPath<ContactId>>) -> Result<()> {
    verbs::archive(&tx, &ctx.actor, input.path.id, ctx.if_match).await.map(|_| ())
}

async fn restore(ctx: Ctx, tx: Tx, input: Input<IdPath<ContactId>>) -> Result<ContactJson> {
    let restored = verbs::restore(&tx, &ctx.actor, input.path.id, ctx.if_match).await?;
    wire_one(&tx, ctx.actor.workspace, restored).await
}
