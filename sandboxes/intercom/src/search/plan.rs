//! Runs a search: takes the index that leaves the fewest rows, filters what the index cannot decide, sorts and cuts a page.

use serde_json::Value;

use super::{
    Refused, Rules, Table,
    fields::Held,
    page::{Key, Page, Paging},
    query::Query,
    refused,
};
use crate::render::version::Version;
use crate::world::{Slot, World, index::Index};

/// A checked search request.
#[derive(Debug)]
pub struct Search {
    table: Table,
    query: Query,
    sort: String,
    ascending: bool,
    paging: Paging,
}

impl Search {
    /// Reads the body of a search.
    pub fn parse(body: &Value, rules: &Rules) -> Result<Self, Refused> {
        let Some(query) = body.get("query").filter(|q| q.is_object()) else {
            return refused("parameter_not_found", "query not specified");
        };
        let query = Query::parse(query, rules)?;
        let (sort, ascending) = sort(body.get("sort"), rules)?;
        let paging = body.get("pagination").unwrap_or(&Value::Null);
        let usual = if rules.table == Table::Contacts { 50 } else { 20 };
        let paging = Paging::read(paging.get("per_page"), paging.get("starting_after").and_then(Value::as_str), usual)?.at_most(rules.most);
        Ok(Self { table: rules.table, query, sort, ascending, paging })
    }

    /// Finds one page.
    pub fn run(&self, world: &World) -> Page {
        let (by_creation, by_update) = self.table.indexes(world);
        let sorted = match self.sort.as_str() {
            "updated_at" => Some(by_update),
            "created_at" => Some(by_creation),
            _ => None,
        };
        let (from, to, exact) = self.query.bounds(&self.sort);
        if let (Some(index), true) = (sorted, exact) {
            return self.paging.cut(index.between(from, to), self.ascending, |&(at, slot)| (Key::Number(at), slot));
        }
        let created = self.query.bounds("created_at");
        let updated = self.query.bounds("updated_at");
        let (created, updated) = (by_creation.between(created.0, created.1), by_update.between(updated.0, updated.1));
        let candidates = if created.len() < updated.len() { created } else { updated };
        let found = candidates.iter().map(|r| r.1).filter(|&slot| self.query.matches(world, self.table, slot));
        let mut rows: Vec<(Key, Slot)> = found.map(|slot| (self.key(world, slot), slot)).collect();
        rows.sort_unstable();
        self.paging.cut(&rows, self.ascending, Clone::clone)
    }

    fn key(&self, world: &World, slot: Slot) -> Key {
        match self.table.held(world, slot, &self.sort) {
            Held::Number(n) => Key::Number(n.unwrap_or(0)),
            Held::Flag(flag) => Key::Number(i64::from(flag)),
            Held::Text(text) => Key::Text(text.unwrap_or_default().into_owned()),
            Held::Texts(texts) => Key::Text(texts.join(" ")),
        }
    }
}

impl Table {
    fn indexes(self, world: &World) -> (&Index, &Index) {
        match self {
            Self::Contacts => (&world.found_by_creation, &world.found_by_update),
            Self::Conversations => (&world.conversations_by_creation, &world.conversations_by_update),
        }
    }
}

fn sort(value: Option<&Value>, rules: &Rules) -> Result<(String, bool), Refused> {
    let usual = if rules.table == Table::Contacts { "created_at" } else { "updated_at" };
    let Some(value) = value.filter(|v| !v.is_null()) else { return Ok((usual.to_owned(), false)) };
    let field = value.get("field").and_then(Value::as_str).unwrap_or(usual);
    if rules.table.kind(field).is_none() {
        return refused("parameter_invalid", format!("Invalid sort field '{field}'"));
    }
    let strict = rules.version >= Version::V2_16;
    let ascending = match value.get("order").and_then(Value::as_str).unwrap_or("descending") {
        "ascending" => true,
        "descending" => false,
        "asc" if !strict => true,
        "desc" if !strict => false,
        other => return refused("invalid_sort_order", format!("Invalid sort order '{other}'. Must be one of: ascending, descending")),
    };
    Ok((field.to_owned(), ascending))
}
