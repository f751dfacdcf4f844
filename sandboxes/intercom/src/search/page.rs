//! Pages by cursor: the cursor names the last row seen, so that rows that come and go do not shift pages.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Refused, refused};
use crate::world::Slot;

/// Most rows a page may hold.
pub const MOST_PER_PAGE: u64 = 150;

/// What rows are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Number(i64),
    Text(String),
}

/// A request for one page.
#[derive(Clone, Debug)]
pub struct Paging {
    pub per_page: usize,
    /// Number of the page, where a list also takes one; counts only without a cursor.
    pub page: u64,
    /// Last row of the page before, and the number of this page.
    pub after: Option<((Key, Slot), u64)>,
}

/// One page of slots.
#[derive(Debug)]
pub struct Page {
    pub slots: Vec<Slot>,
    pub total: usize,
    pub pages: Pages,
}

/// The `pages` object of an answer; without `next` on the last page.
#[derive(Debug, Serialize)]
pub struct Pages {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
    page: u64,
    per_page: usize,
    total_pages: usize,
}

#[derive(Debug, Serialize)]
struct Next {
    page: u64,
    starting_after: String,
}

impl Paging {
    /// Reads size and cursor as they were sent; `usual` is the size when none was.
    pub fn read(per_page: Option<&Value>, cursor: Option<&str>, usual: u64) -> Result<Self, Refused> {
        let per_page = match per_page {
            None | Some(Value::Null) => usual,
            Some(value) => match value.as_u64().or_else(|| value.as_str()?.parse().ok()) {
                Some(0) | None => return refused("parameter_invalid", "per_page must be a positive number"),
                Some(size) if size > MOST_PER_PAGE => return refused("client_error", "Per Page is too big"),
                Some(size) => size,
            },
        };
        let after = cursor.filter(|c| !c.is_empty()).map(decode).transpose()?;
        Ok(Self { per_page: per_page as usize, page: 1, after })
    }

    /// The same with pages of at most so many rows.
    pub fn at_most(self, rows: usize) -> Self {
        Self { per_page: self.per_page.min(rows.max(1)), ..self }
    }

    /// Cuts a page out of rows that are sorted by key, oldest first. `key` gives the key of a row.
    pub fn cut<R>(&self, rows: &[R], ascending: bool, row: impl Fn(&R) -> (Key, Slot)) -> Page {
        let start = match &self.after {
            None => rows.len().min((self.page as usize - 1).saturating_mul(self.per_page)),
            Some((after, _)) if ascending => rows.partition_point(|r| row(r) <= *after),
            Some((after, _)) => rows.len() - rows.partition_point(|r| row(r) < *after),
        };
        let at = |i: usize| if ascending { &rows[i] } else { &rows[rows.len() - 1 - i] };
        let end = rows.len().min(start + self.per_page);
        let page = self.after.as_ref().map_or(self.page, |(_, page)| *page);
        let next = (end < rows.len() && end > start).then(|| Next { page: page + 1, starting_after: encode(&row(at(end - 1)), page + 1) });
        let pages = Pages { r#type: "pages", next, page, per_page: self.per_page, total_pages: rows.len().div_ceil(self.per_page).max(1) };
        Page { slots: (start..end).map(|i| row(at(i)).1).collect(), total: rows.len(), pages }
    }
}

fn encode((key, slot): &(Key, Slot), page: u64) -> String {
    let value = match key {
        Key::Number(n) => json!([n * 1000, slot, page]),
        Key::Text(t) => json!([t, slot, page]),
    };
    STANDARD.encode(value.to_string())
}

fn decode(cursor: &str) -> Result<((Key, Slot), u64), Refused> {
    let bytes = STANDARD.decode(cursor).ok();
    let row: Option<(Value, Slot, u64)> = bytes.and_then(|b| serde_json::from_slice(&b).ok());
    let key = |value: &Value| match value {
        Value::Number(n) => n.as_i64().filter(|n| n % 1000 == 0).map(|n| Key::Number(n / 1000)),
        Value::String(t) => Some(Key::Text(t.clone())),
        _ => None,
    };
    match row.and_then(|(value, slot, page)| Some(((key(&value)?, slot), page))) {
        Some(after) => Ok(after),
        None => refused("client_error", "Invalid starting_after param. It should be the value of pages.next.starting_after."),
    }
}
