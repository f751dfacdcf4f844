//! The list of contacts: search, filters, orders and pages.

use atlas_kernel::{Error, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Value};
use serde_json::Value as Json;

use super::Status;
use crate::ids::{CompanyId, ContactId, TagId};
use crate::list::{Conditions, Holds, Key, Order, Slice, Turn, read_page};
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

/// Searching shows the best of these many.
const MOST_FOUND: usize = 500;
/// A tag or company with more contacts than this is filtered along the list's order instead of being sorted.
const FEW: usize = 2_000;
/// Counting stops here.
pub const MOST_COUNTED: usize = 1_000;

/// One page of contacts: at most four queries.
///
/// # Errors
/// A field error for an unknown order, limit or cursor; whatever the database answers.
pub async fn page(on: &dyn Executor, workspace: WorkspaceId, ask: &ContactQuery) -> Result<Slice<ContactLine>> {
    let order = order(ask)?;
    let (sql, values) = page_query(on, workspace, ask, order).await?;
    read_page(on, (sql, values), order, &ask.turn, ask.limit, |row: &ContactLine| {
        let key = match order.name {
            "created" => Key::Time(row.created_at),
            "updated" => Key::Time(row.updated_at),
            "activity" => Key::Time(row.last_activity_at),
            _ => Key::Text(row.name_key.clone()),
        };
        (key, row.id.to_string())
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
    if !(1..=200).contains(&ask.limit) {
        return Err(Error::field("limit", "out_of_range", "between 1 and 200 rows a page"));
    }
    Order::read(if ask.sort.is_empty() { "name" } else { &ask.sort }, &ORDERS)
}

async fn conditions(on: &dyn Executor, workspace: WorkspaceId, ask: &ContactQuery) -> Result<Conditions> {
    let mut c = Conditions::new("c", workspace);
    c.and("c.status =", if ask.archived { Status::Archived } else { Status::Active }, "");
    match ask.owner {
        Some(Some(owner)) => c.and("c.owner_id =", owner, ""),
        Some(None) => c.also("c.owner_id IS NULL"),
        None => {}
    }
    if let Some(source) = &ask.source {
        c.and("c.origin =", source, "");
    }
    if let Some(lead) = ask.lead {
        c.and("c.lead =", lead, "");
    }
    if let Some(tag) = ask.tag {
        let few = is_few(on, workspace, "record_tags t WHERE t.workspace_id = $1 AND t.tag_id = $2", tag.uuid().into()).await?;
        narrow(&mut c, few, "record_tags t", "t.record_id", "t.tag_id", tag.uuid().into());
    }
    if let Some(company) = ask.company {
        let few =
            is_few(on, workspace, "contact_companies t WHERE t.workspace_id = $1 AND t.company_id = $2", company.uuid().into()).await?;
        narrow(&mut c, few, "contact_companies t", "t.contact_id", "t.company_id", company.uuid().into());
    }
    if let Some(words) = ask.q.as_deref().filter(|q| !atlas_store::fold(q).is_empty()) {
        found(on, workspace, &mut c, words, "contact", ask.archived, MOST_FOUND).await?;
    }
    Ok(c)
}

/// Adds what a search finds; archived records are not in the index and are found by their names.
pub(crate) async fn found(
    on: &dyn Executor,
    workspace: WorkspaceId,
    c: &mut Conditions,
    words: &str,
    kind: &str,
    archived: bool,
    most: usize,
) -> Result<()> {
    if archived {
        c.and("c.name_key LIKE", format!("%{}%", atlas_store::fold(words)), "");
        return Ok(());
    }
    let hits = atlas_store::search(on, workspace, words, &[kind], most).await?;
    c.any_of("c.id", hits.iter().map(|hit| hit.record.uuid()));
    Ok(())
}

pub(crate) async fn is_few(on: &dyn Executor, workspace: WorkspaceId, source: &str, value: Value) -> Result<bool> {
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {source} LIMIT {}) counted", FEW + 1);
    let found: i64 = atlas_store::built_query(sql).bind(workspace).bind(value).value(on).await?;
    Ok(found <= FEW as i64)
}

/// Few: the database starts from the link table and sorts. Many: it walks the order's index and looks each one up.
pub(crate) fn narrow(c: &mut Conditions, few: bool, table: &str, id: &str, column: &str, value: Value) {
    let (open, middle) = match few {
        true => ("c.id IN (".to_owned(), format!("SELECT {id} FROM {table} WHERE t.workspace_id = $1 AND {column} =")),
        false => ("EXISTS (".to_owned(), format!("SELECT 1 FROM {table} WHERE t.workspace_id = $1 AND {id} = c.id AND {column} =")),
    };
    c.and(&format!("{open}{middle}"), value, ")");
}
