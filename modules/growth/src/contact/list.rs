//! The list of contacts: search, filters, orders and pages.

use atlas_kernel::{Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Value};
use serde_json::Value as Json;

use crate::ids::{CompanyId, ContactId, TagId};
use crate::list::{Conditions, Holds, Links, MOST_COUNTED, Moments, Order, Slice, TAGGED, Turn, read_order, read_page};
use crate::provenance::from_json;

/// What a list of contacts shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactQuery {
    /// Words to find.
    pub q: Option<String>,
    /// Only those a member looks after; the inner `None` means nobody does.
    pub owner: Option<Option<UserId>>,
    /// Only those with this tag.
    pub tag: Option<TagId>,
    /// Only those of this company.
    pub company: Option<CompanyId>,
    /// Only those that came from here: `atlas` or a provider.
    pub source: Option<String>,
    /// Only leads, or only the others.
    pub lead: Option<bool>,
    /// Those put away, instead of the others.
    pub archived: bool,
    /// `name`, `created`, `updated` or `activity`, with `-` in front for the reverse; `name` when empty.
    pub sort: String,
    /// Which page.
    pub turn: Turn,
    /// Rows a page.
    pub limit: usize,
}

atlas_store::row! {
    /// One line of the list.
    #[derive(Clone, Debug)]
    pub struct ContactLine {
        /// The contact.
        pub id: ContactId,
        /// Full name; may be empty.
        pub name: String,
        name_key: String,
        emails: Json,
        phones: Json,
        /// Role or job title.
        pub role: Option<String>,
        /// The member who looks after them.
        pub owner_id: Option<UserId>,
        /// The company shown first.
        pub company_id: Option<CompanyId>,
        /// Its name.
        pub company_name: Option<String>,
        /// Known only as a lead.
        pub lead: bool,
        /// Who made the record.
        pub origin: String,
        created_at: Timestamp,
        updated_at: Timestamp,
        /// When anything last happened with them.
        pub last_activity_at: Timestamp,
    }
}

impl ContactLine {
    /// E-mail addresses, the primary one first.
    pub fn emails(&self) -> Vec<String> {
        from_json(self.emails.clone()).unwrap_or_default()
    }

    /// What people call the contact.
    pub fn label(&self) -> String {
        let phones: Vec<String> = from_json(self.phones.clone()).unwrap_or_default();
        super::label(&self.name, &self.emails(), &phones).to_owned()
    }
}

const LINE: &str = "c.id, c.name, c.name_key, c.emails, c.phones, c.role, c.owner_id, c.company_id, co.name AS company_name, c.lead, c.origin, \
     c.created_at, c.updated_at, c.last_activity_at";
const FROM: &str = "contacts c LEFT JOIN companies co ON co.workspace_id = c.workspace_id AND co.id = c.company_id";

/// The orders there are, the usual one first.
pub(crate) const ORDERS: [Order; 4] = [
    Order { name: "name", column: "c.name_key", holds: Holds::Text, descending: false },
    Order { name: "created", column: "c.created_at", holds: Holds::Time, descending: false },
    Order { name: "updated", column: "c.updated_at", holds: Holds::Time, descending: false },
    Order { name: "activity", column: "c.last_activity_at", holds: Holds::Time, descending: false },
];

/// One page of contacts: at most four queries.
///
/// # Errors
/// A field error for an unknown order, limit or cursor; whatever the database answers.
pub async fn page(on: &dyn Executor, workspace: WorkspaceId, ask: &ContactQuery) -> Result<Slice<ContactLine>> {
    let order = order(ask)?;
    let (sql, values) = page_query(on, workspace, ask, order).await?;
    read_page(on, (sql, values), order, &ask.turn, ask.limit, |row: &ContactLine| {
        let moments = Moments { created: row.created_at, updated: row.updated_at, activity: row.last_activity_at };
        (order.key(&moments, &row.name_key), row.id.to_string())
    })
    .await
}

/// How many contacts match, counted no further than [`MOST_COUNTED`] and one.
///
/// # Errors
/// Whatever the database answers.
pub async fn count(on: &dyn Executor, workspace: WorkspaceId, ask: &ContactQuery) -> Result<i64> {
    conditions(on, workspace, ask).await?.count(on, "contacts c", MOST_COUNTED + 1).await
}

pub(crate) async fn page_query(
    on: &dyn Executor,
    workspace: WorkspaceId,
    ask: &ContactQuery,
    order: Order,
) -> Result<(String, Vec<Value>)> {
    conditions(on, workspace, ask).await?.page_sql(LINE, FROM, "c.id", order, &ask.turn, ask.limit)
}

pub(crate) fn order(ask: &ContactQuery) -> Result<Order> {
    read_order(&ask.sort, "name", ask.limit, &ORDERS)
}

async fn conditions(on: &dyn Executor, workspace: WorkspaceId, ask: &ContactQuery) -> Result<Conditions> {
    let mut c = Conditions::new("c", workspace);
    c.kept(ask.archived, ask.owner);
    if let Some(source) = &ask.source {
        c.and("c.origin =", source, "");
    }
    if let Some(lead) = ask.lead {
        c.and("c.lead =", lead, "");
    }
    if let Some(tag) = ask.tag {
        c.linked(on, TAGGED, tag).await?;
    }
    if let Some(company) = ask.company {
        c.linked(on, Links { table: "contact_companies", record: "contact_id", column: "company_id" }, company).await?;
    }
    c.found(on, ask.q.as_deref(), "contact", ask.archived, "name_key").await?;
    Ok(c)
}
