//! The board: the deals of a pipeline in their stages, the first of each, with the sums of all.

use atlas_kernel::{Currency, Money, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, built_query, query};
use jiff::civil::Date;

use super::store::money;
use crate::ids::{CompanyId, ContactId, DealId, PipelineId, StageId};

/// A lane shows at most this many cards.
pub const MOST_CARDS: i64 = 50;

atlas_store::row! {
    /// One card of the board.
    #[derive(Clone, Debug)]
    pub struct Card {
        /// The deal.
        pub id: DealId,
        /// What it is called.
        pub title: String,
        amount: Option<i64>,
        currency: Option<String>,
        /// The stage it is in.
        pub stage_id: StageId,
        /// When it is expected to be decided.
        pub expected_close: Option<Date>,
        /// When it was won or lost.
        pub closed_at: Option<Timestamp>,
        /// The member who looks after it.
        pub owner_id: Option<UserId>,
        /// The company it is with.
        pub company_id: Option<CompanyId>,
        company_name: Option<String>,
        company_domain: Option<String>,
        /// The person it is with.
        pub contact_id: Option<ContactId>,
        contact_name: Option<String>,
        contact_emails: Option<serde_json::Value>,
        /// When anything last happened with it.
        pub last_activity_at: Timestamp,
        /// Goes up by one with each change.
        pub version: i64,
    }
}

impl Card {
    /// What it is worth.
    pub fn value(&self) -> Option<Money> {
        money(self.amount, self.currency.as_deref()).ok().flatten()
    }

    /// The company's name, when it is with one.
    pub fn company(&self) -> Option<&str> {
        self.company_id.map(|_| crate::company::label(self.company_name.as_deref().unwrap_or_default(), self.company_domain.as_deref()))
    }

    /// The contact's name, when it is with one.
    pub fn contact(&self) -> Option<String> {
        self.contact_id?;
        let emails: Vec<String> = self.contact_emails.clone().and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default();
        Some(crate::contact::label(self.contact_name.as_deref().unwrap_or_default(), &emails, &[]).to_owned())
    }
}

/// What a stage's deals are worth together, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageSum {
    /// The stage.
    pub stage: StageId,
    /// How many deals with a value in this currency, or without a value.
    pub deals: i64,
    /// The sum; none for deals without a value.
    pub sum: Option<Money>,
}

/// The first cards of every stage of a pipeline, in their order: one query.
///
/// # Errors
/// Whatever the database answers.
pub async fn cards(on: &dyn Executor, workspace: WorkspaceId, pipeline: PipelineId, owner: Option<UserId>) -> Result<Vec<Card>> {
    let mine = if owner.is_some() { "AND d.owner_id = $3" } else { "" };
    let sql = format!(
        "SELECT r.id, r.title, r.amount, r.currency, r.stage_id, r.expected_close, r.closed_at, r.owner_id, r.company_id, \
         co.name AS company_name, co.domain AS company_domain, r.contact_id, c.name AS contact_name, c.emails AS contact_emails, \
         r.last_activity_at, r.version FROM \
         (SELECT d.*, ROW_NUMBER() OVER (PARTITION BY d.stage_id ORDER BY d.position, d.id) AS place FROM deals d \
          WHERE d.workspace_id = $1 AND d.pipeline_id = $2 AND d.status = 'active' {mine}) r \
         LEFT JOIN companies co ON co.workspace_id = $1 AND co.id = r.company_id \
         LEFT JOIN contacts c ON c.workspace_id = $1 AND c.id = r.contact_id \
         WHERE r.place <= {MOST_CARDS} ORDER BY r.stage_id, r.position, r.id"
    );
    let ask = built_query(sql).bind(workspace).bind(pipeline);
    if let Some(owner) = owner { ask.bind(owner) } else { ask }.all(on).await
}

/// How many deals each stage of a pipeline has and what they are worth, by currency: one query.
///
/// # Errors
/// Whatever the database answers.
pub async fn sums(on: &dyn Executor, workspace: WorkspaceId, pipeline: PipelineId, owner: Option<UserId>) -> Result<Vec<StageSum>> {
    let mine = if owner.is_some() { "AND owner_id = $3" } else { "" };
    let sql = format!(
        "SELECT stage_id, currency, COUNT(*), CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM deals \
         WHERE workspace_id = $1 AND pipeline_id = $2 AND status = 'active' {mine} GROUP BY stage_id, currency ORDER BY stage_id, currency"
    );
    let ask = built_query(sql).bind(workspace).bind(pipeline);
    let ask = if let Some(owner) = owner { ask.bind(owner) } else { ask };
    let rows: Vec<(StageId, Option<String>, i64, i64)> = ask.all(on).await?;
    let sum = |(stage, currency, deals, amount): (StageId, Option<String>, i64, i64)| {
        let sum = match currency {
            Some(code) => money(Some(amount), Some(&code))?,
            None => None,
        };
        Ok(StageSum { stage, deals, sum })
    };
    rows.into_iter().map(sum).collect()
}

/// How many deals were won since `from` and what they are worth, by currency.
///
/// # Errors
/// Whatever the database answers.
pub async fn won_since(
    on: &dyn Executor,
    workspace: WorkspaceId,
    pipeline: PipelineId,
    from: Timestamp,
) -> Result<Vec<(i64, Option<Money>)>> {
    let rows: Vec<(i64, Option<String>, i64)> = query(
        "SELECT COUNT(*), d.currency, CAST(COALESCE(SUM(d.amount), 0) AS BIGINT) FROM deals d \
         JOIN stages s ON s.workspace_id = d.workspace_id AND s.id = d.stage_id AND s.kind = 'won' \
         WHERE d.workspace_id = $1 AND d.pipeline_id = $2 AND d.status = 'active' AND d.closed_at >= $3 GROUP BY d.currency ORDER BY d.currency",
    )
    .bind(workspace)
    .bind(pipeline)
    .bind(from)
    .all(on)
    .await?;
    rows.into_iter()
        .map(|(deals, currency, amount)| Ok((deals, currency.map(|code| money(Some(amount), Some(&code))).transpose()?.flatten())))
        .collect()
}

/// How many open deals of a pipeline are past their close date.
///
/// # Errors
/// Whatever the database answers.
pub async fn slipped(on: &dyn Executor, workspace: WorkspaceId, pipeline: PipelineId, today: Date) -> Result<i64> {
    query(
        "SELECT COUNT(*) FROM deals WHERE workspace_id = $1 AND pipeline_id = $2 AND status = 'active' AND closed_at IS NULL AND close_key < $3",
    )
    .bind(workspace)
    .bind(pipeline)
    .bind(today)
    .value(on)
    .await
}

/// Sums of money, one a currency, as people write them: `€482,600`, `€12,000 + $900`.
pub fn total(sums: impl IntoIterator<Item = Money>) -> String {
    let mut by_currency: Vec<Money> = Vec::new();
    for sum in sums {
        match by_currency.iter_mut().find(|total| total.currency == sum.currency) {
            Some(total) => total.amount = total.amount.saturating_add(sum.amount),
            None => by_currency.push(sum),
        }
    }
    by_currency.retain(|total| total.amount != 0);
    if by_currency.is_empty() {
        return Money { amount: 0, currency: Currency::EUR }.to_string();
    }
    by_currency.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ")
}
