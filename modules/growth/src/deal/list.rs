//! The list of deals: search, filters, orders and pages.

use atlas_kernel::{Money, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Value};
use jiff::civil::Date;

use super::store::money;
use crate::ids::{CompanyId, ContactId, DealId, PipelineId, StageId};
use crate::list::{Conditions, Holds, Key, MOST_COUNTED, Moments, Order, Slice, Turn, read_order, read_page};

/// What a list of deals shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DealQuery {
    /// Words to find.
    pub q: Option<String>,
    /// Only those a member looks after; the inner `None` means nobody does.
    pub owner: Option<Option<UserId>>,
    /// Only those of this pipeline.
    pub pipeline: Option<PipelineId>,
    /// Only those in this stage.
    pub stage: Option<StageId>,
    /// Only those with this person.
    pub contact: Option<ContactId>,
    /// Only those with this company.
    pub company: Option<CompanyId>,
    /// Those put away, instead of the others.
    pub archived: bool,
    /// `title`, `value`, `close`, `created`, `updated` or `activity`, with `-` in front for the reverse; `title` when empty.
    pub sort: String,
    /// Which page.
    pub turn: Turn,
    /// Rows a page.
    pub limit: usize,
}

atlas_store::row! {
    /// One line of the list.
    #[derive(Clone, Debug)]
    pub struct DealLine {
        /// The deal.
        pub id: DealId,
        /// What it is called.
        pub title: String,
        title_key: String,
        amount: Option<i64>,
        currency: Option<String>,
        value_key: i64,
        /// The pipeline it is in.
        pub pipeline_id: PipelineId,
        /// The stage it is in.
        pub stage_id: StageId,
        /// The stage's name.
        pub stage_name: Option<String>,
        /// When it is expected to be decided.
        pub expected_close: Option<Date>,
        close_key: String,
        /// When it was won or lost.
        pub closed_at: Option<Timestamp>,
        /// The member who looks after it.
        pub owner_id: Option<UserId>,
        /// The person it is with.
        pub contact_id: Option<ContactId>,
        /// The company it is with.
        pub company_id: Option<CompanyId>,
        company_name: Option<String>,
        company_domain: Option<String>,
        created_at: Timestamp,
        updated_at: Timestamp,
        /// When anything last happened with it.
        pub last_activity_at: Timestamp,
    }
}

impl DealLine {
    /// What it is worth.
    pub fn value(&self) -> Option<Money> {
        money(self.amount, self.currency.as_deref()).ok().flatten()
    }

    /// The company's name, when it is with one.
    pub fn company(&self) -> Option<&str> {
        self.company_id.map(|_| crate::company::label(self.company_name.as_deref().unwrap_or_default(), self.company_domain.as_deref()))
    }
}

const LINE: &str = "d.id, d.title, d.title_key, d.amount, d.currency, d.value_key, d.pipeline_id, d.stage_id, s.name AS stage_name, \
     d.expected_close, d.close_key, d.closed_at, d.owner_id, d.contact_id, d.company_id, co.name AS company_name, co.domain AS company_domain, \
     d.created_at, d.updated_at, d.last_activity_at";
const FROM: &str = "deals d LEFT JOIN stages s ON s.workspace_id = d.workspace_id AND s.id = d.stage_id \
     LEFT JOIN companies co ON co.workspace_id = d.workspace_id AND co.id = d.company_id";

/// The orders there are, the usual one first.
pub(crate) const ORDERS: [Order; 6] = [
    Order { name: "title", column: "d.title_key", holds: Holds::Text, descending: false },
    Order { name: "value", column: "d.value_key", holds: Holds::Int, descending: false },
    Order { name: "close", column: "d.close_key", holds: Holds::Text, descending: false },
    Order { name: "created", column: "d.created_at", holds: Holds::Time, descending: false },
    Order { name: "updated", column: "d.updated_at", holds: Holds::Time, descending: false },
    Order { name: "activity", column: "d.last_activity_at", holds: Holds::Time, descending: false },
];

/// One page of deals: at most two queries.
///
/// # Errors
/// A field error for an unknown order, limit or cursor; whatever the database answers.
pub async fn page(on: &dyn Executor, workspace: WorkspaceId, ask: &DealQuery) -> Result<Slice<DealLine>> {
    let order = order(ask)?;
    let query = page_query(on, workspace, ask, order).await?;
    read_page(on, query, order, &ask.turn, ask.limit, |row: &DealLine| {
        let moments = Moments { created: row.created_at, updated: row.updated_at, activity: row.last_activity_at };
        let key = match order.name {
            "value" => Key::Int(row.value_key),
            "close" => Key::Text(row.close_key.clone()),
            _ => order.key(&moments, &row.title_key),
        };
        (key, row.id.to_string())
    })
    .await
}

/// How many deals match, counted no further than a thousand and one.
///
/// # Errors
/// Whatever the database answers.
pub async fn count(on: &dyn Executor, workspace: WorkspaceId, ask: &DealQuery) -> Result<i64> {
    conditions(on, workspace, ask).await?.count(on, "deals d", MOST_COUNTED + 1).await
}

pub(crate) async fn page_query(on: &dyn Executor, workspace: WorkspaceId, ask: &DealQuery, order: Order) -> Result<(String, Vec<Value>)> {
    conditions(on, workspace, ask).await?.page_sql(LINE, FROM, "d.id", order, &ask.turn, ask.limit)
}

pub(crate) fn order(ask: &DealQuery) -> Result<Order> {
    read_order(&ask.sort, "title", ask.limit, &ORDERS)
}

async fn conditions(on: &dyn Executor, workspace: WorkspaceId, ask: &DealQuery) -> Result<Conditions> {
    let mut c = Conditions::new("d", workspace);
    c.kept(ask.archived, ask.owner);
    if let Some(pipeline) = ask.pipeline {
        c.and("d.pipeline_id =", pipeline, "");
    }
    if let Some(stage) = ask.stage {
        c.and("d.stage_id =", stage, "");
    }
    if let Some(contact) = ask.contact {
        c.and("d.contact_id =", contact, "");
    }
    if let Some(company) = ask.company {
        c.and("d.company_id =", company, "");
    }
    c.found(on, ask.q.as_deref(), "deal", ask.archived, "title_key").await?;
    Ok(c)
}
