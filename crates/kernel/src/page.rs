//! Pages of a list: opaque cursors that name the last row's sort key, never an offset.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Result, Timestamp};

/// One page of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub data: Vec<T>,
    /// Where the next page starts; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page from up to `limit + 1` rows: the extra row only says that there is more.
    pub fn from_rows(mut rows: Vec<T>, limit: usize, key: impl Fn(&T) -> Cursor) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more { rows.last().map(|row| key(row).encode()) } else { None };
        Self { data: rows, next_cursor }
    }

    /// A page of a list that is short and read whole, such as a workspace's labels.
    ///
    /// # Errors
    /// A field error for a limit out of range or a cursor of another list.
    pub fn of_all(rows: Vec<T>, ask: &ListQuery) -> Result<Self> {
        let limit = ask.limit()?;
        let start = match &ask.cursor {
            None => 0,
            Some(text) => usize::try_from(Cursor::decode(text, 1)?.int(0)?).unwrap_or(usize::MAX),
        };
        let (total, end) = (rows.len(), start.saturating_add(limit));
        let data: Vec<T> = rows.into_iter().skip(start).take(limit).collect();
        let next_cursor = (end < total).then(|| Cursor(vec![end.into()]).encode());
        Ok(Self { data, next_cursor })
    }

    /// The same page with each row turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}

/// The sort key of a page's last row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor(pub Vec<Value>);

impl Cursor {
    /// The text a client hands back.
    pub fn encode(&self) -> String {
        let json = serde_json::to_vec(&self.0).expect("JSON values always serialise");
        URL_SAFE_NO_PAD.encode(json)
    }

    /// Reads a client's text.
    ///
    /// # Errors
    /// [`Error::Invalid`] on field `cursor` when the text was not made by [`Cursor::encode`] with `len` parts.
    pub fn decode(text: &str, len: usize) -> Result<Self> {
        let parsed = URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice::<Vec<Value>>(&json).ok());
        match parsed {
            Some(parts) if parts.len() == len => Ok(Self(parts)),
            _ => Err(foreign_cursor()),
        }
    }

    /// The place of a row in a list that is ordered by a time and, within it, an id.
    pub fn moment(at: Timestamp, id: impl Display) -> Self {
        Self(vec![at.as_microsecond().into(), id.to_string().into()])
    }

    /// Reads what [`Cursor::moment`] wrote: the time and the id of a page's last row.
    ///
    /// # Errors
    /// [`Error::Invalid`] on field `cursor` for anything else.
    pub fn decode_moment<Id: FromStr>(text: &str) -> Result<(Timestamp, Id)> {
        let cursor = Self::decode(text, 2)?;
        let at = Timestamp::from_microsecond(cursor.int(0)?).map_err(|_| foreign_cursor())?;
        Ok((at, cursor.text(1)?.parse().map_err(|_| foreign_cursor())?))
    }

    /// Part `index` as text.
    pub fn text(&self, index: usize) -> Result<String> {
        self.part(index, |v| v.as_str().map(str::to_owned))
    }

    /// Part `index` as a whole number.
    pub fn int(&self, index: usize) -> Result<i64> {
        self.part(index, Value::as_i64)
    }

    fn part<T>(&self, index: usize, read: impl Fn(&Value) -> Option<T>) -> Result<T> {
        self.0.get(index).and_then(read).ok_or_else(foreign_cursor)
    }
}

/// A cursor that was not made for the list it is used on.
pub fn foreign_cursor() -> Error {
    Error::field("cursor", "invalid", "this cursor is not from this list; start again without it")
}

/// The paging parameters every list takes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ListQuery {
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

impl ListQuery {
    /// The page size to use.
    ///
    /// # Errors
    /// [`Error::Invalid`] on field `limit` outside 1 to 200.
    pub fn limit(&self) -> Result<usize> {
        match self.limit {
            None => Ok(50),
            Some(n @ 1..=200) => Ok(n as usize),
            Some(_) => Err(Error::field("limit", "out_of_range", "between 1 and 200 rows a page")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lists_page_to_their_end() {
        let (mut seen, mut cursor) = (vec![], None);
        loop {
            let page = Page::of_all((0..7).collect::<Vec<i32>>(), &ListQuery { limit: Some(3), cursor }).unwrap();
            seen.extend(page.data);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..7).collect::<Vec<i32>>());
        assert!(Page::of_all(vec![1], &ListQuery { limit: Some(0), cursor: None }).is_err());
        assert!(Page::of_all(vec![1], &ListQuery { limit: None, cursor: Some("x".into()) }).is_err());
    }
}
