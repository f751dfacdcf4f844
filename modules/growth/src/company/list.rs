//! The list of companies: search, filters, orders and pages.

use atlas_kernel::{Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Value};

use crate::ids::{CompanyId, TagId};
use crate::list::{Conditions, MOST_COUNTED, Moments, Order, Slice, TAGGED, Turn, read_order, read_page};

/// What a list of companies shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompanyQuery {
    /// Words to find.
    pub q: Option<String>,
    /// Only those a member looks after; the inner `None` means nobody does.
    pub owner: Option<Option<UserId>>,
    /// Only those with this tag.
    pub tag: Option<TagId>,
    /// Only those that came from here: `atlas` or a provider.
    pub source: Option<String>,
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
    pub struct CompanyLine {
        /// The company.
        pub id: CompanyId,
        /// The name; may be empty.
        pub name: String,
        name_key: String,
        /// The domain of the web site.
        pub domain: Option<String>,
        /// What it does.
        pub industry: Option<String>,
        /// How many people work there.
        pub size: Option<i64>,
        /// The member who looks after it.
        pub owner_id: Option<UserId>,
        /// Who made the record.
        pub origin: String,
        created_at: Timestamp,
        updated_at: Timestamp,
        /// When anything last happened with it.
        pub last_activity_at: Timestamp,
    }
}

impl CompanyLine {
    /// What people call the company.
    pub fn label(&self) -> &str {
        super::label(&self.name, self.domain.as_deref())
    }
}

const LINE: &str =
    "c.id, c.name, c.name_key, c.domain, c.industry, c.size, c.owner_id, c.origin, c.created_at, c.updated_at, c.last_activity_at";

/// The orders there are, the usual one first.
pub(crate) const ORDERS: [Order; 4] = crate::contact::list::ORDERS;

/// One page of companies: at most three queries.
///
/// # Errors
/// A field error for an unknown order, limit or cursor; whatever the database answers.
pub async fn page(on: &dyn Executor, workspace: WorkspaceId, ask: &CompanyQuery) -> Result<Slice<CompanyLine>> {
    let order = order(ask)?;
    let query = page_query(on, workspace, ask, order).await?;
    read_page(on, query, order, &ask.turn, ask.limit, |row: &CompanyLine| {
        let moments = Moments { created: row.created_at, updated: row.updated_at, activity: row.last_activity_at };
        (order.key(&moments, &row.name_key), row.id.to_string())
    })
    .await
}

/// How many companies match, counted no further than [`MOST_COUNTED`] and one.
///
/// # Errors
/// Whatever the database answers.
pub async fn count(on: &dyn Executor, workspace: WorkspaceId, ask: &CompanyQuery) -> Result<i64> {
    conditions(on, workspace, ask).await?.count(on, "companies c", MOST_COUNTED + 1).await
}

pub(crate) async fn page_query(
    on: &dyn Executor,
    workspace: WorkspaceId,
    ask: &CompanyQuery,
    order: Order,
) -> Result<(String, Vec<Value>)> {
    conditions(on, workspace, ask).await?.page_sql(LINE, "companies c", "c.id", order, &ask.turn, ask.limit)
}

pub(crate) fn order(ask: &CompanyQuery) -> Result<Order> {
    read_order(&ask.sort, "name", ask.limit, &ORDERS)
}

async fn conditions(on: &dyn Executor, workspace: WorkspaceId, ask: &CompanyQuery) -> Result<Conditions> {
    let mut c = Conditions::new("c", workspace);
    c.kept(ask.archived, ask.owner);
    if let Some(source) = &ask.source {
        c.and("c.origin =", source, "");
    }
    if let Some(tag) = ask.tag {
        c.linked(on, TAGGED, tag).await?;
    }
    c.found(on, ask.q.as_deref(), "company", ask.archived, "name_key").await?;
    Ok(c)
}
