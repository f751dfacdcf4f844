//! A deal: something that may be sold, in one stage of a pipeline.

use atlas_kernel::{Currency, Money, Result, Timestamp, UserId};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::checks::Checks;
pub use crate::contact::Status;
use crate::ids::{CompanyId, ContactId, DealId, PipelineId, StageId};

pub mod api;
pub mod board;
pub mod list;
pub mod store;
pub mod verbs;
pub mod web;

/// Something that may be sold.
#[derive(Clone, Debug, PartialEq)]
pub struct Deal {
    /// The deal's id.
    pub id: DealId,
    /// What it is called.
    pub title: String,
    /// What it is worth.
    pub value: Option<Money>,
    /// The pipeline it is in.
    pub pipeline: PipelineId,
    /// The stage it is in.
    pub stage: StageId,
    /// Its place in the stage, low first; only the order means something.
    pub position: i64,
    /// When it is expected to be decided.
    pub expected_close: Option<Date>,
    /// The member who looks after it.
    pub owner: Option<UserId>,
    /// The person it is with.
    pub contact: Option<ContactId>,
    /// The company it is with.
    pub company: Option<CompanyId>,
    /// Active or archived.
    pub status: Status,
    /// When it was put away.
    pub archived_at: Option<Timestamp>,
    /// When it was won or lost.
    pub closed_at: Option<Timestamp>,
    /// Since when it has been in its stage.
    pub stage_since: Timestamp,
    /// Goes up by one with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When anything last happened with it.
    pub last_activity_at: Timestamp,
}

impl Deal {
    /// Where its page is.
    pub fn url(&self) -> String {
        url(self.id)
    }

    /// The fields that differ from `before`, as events and REST write them.
    pub(crate) fn differences(&self, before: &Self) -> Vec<(&'static str, Value, Value)> {
        let fields = |deal: &Self| {
            [
                ("title", json!(deal.title)),
                ("value", json!(deal.value)),
                ("stageId", json!(deal.stage)),
                ("expectedClose", json!(deal.expected_close)),
                ("ownerId", json!(deal.owner)),
                ("contactId", json!(deal.contact)),
                ("companyId", json!(deal.company)),
            ]
        };
        let pairs = fields(before).into_iter().zip(fields(self));
        pairs.filter(|(was, is)| was.1 != is.1).map(|(was, is)| (is.0, was.1, is.1)).collect()
    }

    /// How values are sorted: those without one first.
    pub(crate) fn value_key(&self) -> i64 {
        self.value.map_or(-1, |value| value.amount)
    }

    /// How close dates are sorted: those without one last.
    pub(crate) fn close_key(&self) -> String {
        self.expected_close.map_or_else(|| "9999-12-31".to_owned(), |date| date.to_string())
    }
}

/// Where a deal's page is.
pub fn url(id: DealId) -> String {
    format!("/growth/deals/{id}")
}

/// What somebody wants a deal to say; absent stays as it is, an inner `None` empties the field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// What it is called.
    pub title: Option<String>,
    /// What it is worth.
    pub value: Option<Option<Money>>,
    /// The stage it goes to, at its end.
    pub stage: Option<StageId>,
    /// When it is expected to be decided.
    pub expected_close: Option<Option<Date>>,
    /// The member who looks after it.
    pub owner: Option<Option<UserId>>,
    /// The person it is with.
    pub contact: Option<Option<ContactId>>,
    /// The company it is with.
    pub company: Option<Option<CompanyId>>,
}

/// No deal is worth more, in minor units.
const MOST_WORTH: i64 = 10_000_000_000_000;

impl Edit {
    /// The same with every text trimmed and checked.
    ///
    /// # Errors
    /// Every field that cannot be accepted.
    pub fn checked(mut self) -> Result<Self> {
        let mut checks = Checks::default();
        self.title = self.title.map(|text| checks.required("title", &text, 200));
        if self.value.flatten().is_some_and(|value| !(0..=MOST_WORTH).contains(&value.amount)) {
            checks.refuse("value", "out_of_range", "an amount of 0 or more expected");
        }
        if self.expected_close.flatten().is_some_and(|date| !(1970..=2200).contains(&date.year())) {
            checks.refuse("expectedClose", "out_of_range", "a date between 1970 and 2200 expected");
        }
        checks.done()?;
        Ok(self)
    }

    /// Writes what is said into `deal`, apart from the stage, which a move takes care of.
    pub(crate) fn apply(&self, deal: &mut Deal) {
        if let Some(title) = &self.title {
            deal.title.clone_from(title);
        }
        if let Some(value) = self.value {
            deal.value = value;
        }
        if let Some(date) = self.expected_close {
            deal.expected_close = date;
        }
        if let Some(owner) = self.owner {
            deal.owner = owner;
        }
        if let Some(contact) = self.contact {
            deal.contact = contact;
        }
        if let Some(company) = self.company {
            deal.company = company;
        }
    }
}

/// Reads what a form says of a value: an amount as typed and a currency.
///
/// # Errors
/// Field errors on `value` and `currency`.
pub fn read_value(amount: &str, currency: &str) -> Result<Option<Money>> {
    if amount.trim().is_empty() {
        return Ok(None);
    }
    let mut checks = Checks::default();
    let currency: Option<Currency> = match currency.trim() {
        "" => Some(Currency::EUR),
        code => code.parse().map_err(|message| checks.refuse("currency", "invalid", message)).ok(),
    };
    let value =
        currency.and_then(|currency| Money::parse(amount, currency).map_err(|message| checks.refuse("value", "invalid", message)).ok());
    checks.done()?;
    Ok(value)
}
