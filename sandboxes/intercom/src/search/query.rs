//! Reads the `query` of a search strictly, and tells whether a row matches it.

use serde_json::Value;

use super::{
    Refused, Rules, Table,
    days::day_around,
    fields::{Held, Kind},
    refused,
};
use crate::render::version::Version;
use crate::world::{Slot, World};

const OPERATORS: [&str; 12] = ["=", "!=", "IN", "NIN", ">", "<", ">=", "<=", "~", "!~", "^", "$"];
/// Most filters in one group.
const MOST_FILTERS: usize = 15;
/// Most levels of groups.
const MOST_LEVELS: usize = 2;

/// A checked query.
#[derive(Clone, Debug)]
pub enum Query {
    All(Vec<Query>),
    Any(Vec<Query>),
    Filter(Filter),
}

/// One comparison.
#[derive(Clone, Debug)]
pub struct Filter {
    pub field: String,
    pub test: Test,
}

/// What is asked of a field's value.
#[derive(Clone, Debug)]
pub enum Test {
    /// A number in `from..to`, the end not included. Dates are always this.
    Within(i64, i64),
    /// One of these texts, or not.
    OneOf(Vec<Option<String>>, bool),
    /// One of these numbers, or not.
    OneOfNumbers(Vec<Option<i64>>, bool),
    Flag(bool),
    Contains(String, bool),
    StartsWith(String),
    EndsWith(String),
}

impl Query {
    /// Checks a query: operators, fields, types, nesting and group sizes.
    pub fn parse(value: &Value, rules: &Rules) -> Result<Self, Refused> {
        Self::level(value, rules, 0)
    }

    fn level(value: &Value, rules: &Rules, level: usize) -> Result<Self, Refused> {
        let operator = match value.get("operator").and_then(Value::as_str) {
            Some(operator) => operator,
            None => return refused("parameter_invalid", "query must have an operator"),
        };
        if operator == "AND" || operator == "OR" {
            return Self::group(value, rules, level, operator == "AND");
        }
        Filter::parse(value, operator, rules).map(Query::Filter)
    }

    fn group(value: &Value, rules: &Rules, level: usize, all: bool) -> Result<Self, Refused> {
        let Some(items) = value.get("value").and_then(Value::as_array) else {
            return refused("parameter_invalid", "the value of an AND or OR query must be an array");
        };
        if level >= MOST_LEVELS {
            return refused("parameter_invalid", "queries can be nested at most 2 levels deep");
        }
        if items.is_empty() || items.len() > MOST_FILTERS {
            return refused("parameter_invalid", "a group must hold 1 to 15 filters");
        }
        let is_group = |v: &Value| matches!(v.get("operator").and_then(Value::as_str), Some("AND" | "OR"));
        if items.iter().any(is_group) && !items.iter().all(is_group) {
            return refused("parameter_invalid", "a group holds either filters or groups, not both");
        }
        let parts = items.iter().map(|item| Self::level(item, rules, level + 1)).collect::<Result<_, _>>()?;
        Ok(if all { Self::All(parts) } else { Self::Any(parts) })
    }

    /// Whether a row matches.
    pub fn matches(&self, world: &World, table: Table, slot: Slot) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|p| p.matches(world, table, slot)),
            Self::Any(parts) => parts.iter().any(|p| p.matches(world, table, slot)),
            Self::Filter(filter) => filter.test.holds(table.held(world, slot, &filter.field)),
        }
    }

    /// Smallest range of a date field that holds every match, and whether the range alone decides.
    pub fn bounds(&self, field: &str) -> (i64, i64, bool) {
        match self {
            Self::Filter(Filter { field: own, test: Test::Within(from, to) }) if own == field => (*from, *to, true),
            Self::Filter(_) => (i64::MIN, i64::MAX, false),
            Self::All(parts) => {
                parts.iter().map(|p| p.bounds(field)).fold((i64::MIN, i64::MAX, true), |a, b| (a.0.max(b.0), a.1.min(b.1), a.2 && b.2))
            }
            Self::Any(parts) => {
                let mut spans: Vec<_> = parts.iter().map(|p| p.bounds(field)).collect();
                spans.sort_unstable();
                let mut whole = spans[0];
                for span in &spans[1..] {
                    whole = (whole.0, whole.1.max(span.1), whole.2 && span.2 && span.0 <= whole.1);
                }
                whole
            }
        }
    }
}

impl Filter {
    fn parse(value: &Value, operator: &str, rules: &Rules) -> Result<Self, Refused> {
        if !OPERATORS.contains(&operator) {
            return refused("parameter_invalid", format!("Invalid operator '{operator}'"));
        }
        let Some(field) = value.get("field").and_then(Value::as_str) else {
            return refused("parameter_invalid", "each filter must name a field");
        };
        let Some(kind) = rules.table.kind(field) else {
            return refused("parameter_invalid", format!("Invalid field '{field}'"));
        };
        let Some(wanted) = value.get("value") else {
            return refused("parameter_invalid", format!("the filter on '{field}' has no value"));
        };
        let wanted = &priority_in(rules.version, field, wanted);
        let test = match kind {
            Kind::Date => date(field, operator, wanted, rules)?,
            Kind::Integer => integer(field, operator, wanted)?,
            Kind::Boolean => boolean(field, operator, wanted)?,
            Kind::Text => text(field, operator, wanted)?,
            Kind::TagId if matches!(operator, "=" | "!=") => text(field, operator, wanted)?,
            Kind::TagId => return misfit(field, operator),
        };
        Ok(Self { field: field.to_owned(), test })
    }
}

/// Before 2.16 conversations had two priorities by other names.
fn priority_in(version: Version, field: &str, wanted: &Value) -> Value {
    match wanted.as_str() {
        Some("priority") if field == "priority" && version < Version::V2_16 => "high".into(),
        Some("not_priority") if field == "priority" && version < Version::V2_16 => "none".into(),
        _ => wanted.clone(),
    }
}

fn date(field: &str, operator: &str, wanted: &Value, rules: &Rules) -> Result<Test, Refused> {
    let Some(at) = number(wanted) else {
        return refused("parameter_invalid", format!("'{field}' must be compared with a Unix timestamp"));
    };
    let contacts = rules.table == Table::Contacts;
    let (start, next) = rules.zone.as_ref().map_or((at, at + 1), |zone| day_around(at, zone));
    Ok(match operator {
        "=" => Test::Within(start, next),
        ">" if contacts => Test::Within(next, i64::MAX),
        "<" if contacts => Test::Within(i64::MIN, start),
        ">" | ">=" if !contacts => Test::Within(at, i64::MAX),
        "<" | "<=" if !contacts => Test::Within(i64::MIN, at.saturating_add(1)),
        "!=" if !contacts => Test::OneOfNumbers(vec![Some(at)], false),
        _ => return misfit(field, operator),
    })
}

fn integer(field: &str, operator: &str, wanted: &Value) -> Result<Test, Refused> {
    if let "IN" | "NIN" = operator {
        let numbers = array(field, wanted)?.iter().map(|v| number(v).map(Some)).collect::<Option<Vec<_>>>();
        let Some(numbers) = numbers else { return mistyped(field, "numbers") };
        return Ok(Test::OneOfNumbers(numbers, operator == "IN"));
    }
    if wanted.is_null() && matches!(operator, "=" | "!=") {
        return Ok(Test::OneOfNumbers(vec![None], operator == "="));
    }
    let Some(n) = number(wanted) else { return mistyped(field, "a number") };
    Ok(match operator {
        "=" => Test::Within(n, n.saturating_add(1)),
        "!=" => Test::OneOfNumbers(vec![Some(n)], false),
        ">" => Test::Within(n.saturating_add(1), i64::MAX),
        ">=" => Test::Within(n, i64::MAX),
        "<" => Test::Within(i64::MIN, n),
        "<=" => Test::Within(i64::MIN, n.saturating_add(1)),
        _ => return misfit(field, operator),
    })
}

fn boolean(field: &str, operator: &str, wanted: &Value) -> Result<Test, Refused> {
    let Some(flag) = wanted.as_bool() else { return mistyped(field, "true or false") };
    match operator {
        "=" => Ok(Test::Flag(flag)),
        "!=" => Ok(Test::Flag(!flag)),
        _ => misfit(field, operator),
    }
}

fn text(field: &str, operator: &str, wanted: &Value) -> Result<Test, Refused> {
    let fold = |t: &str| if field == "email" { t.to_lowercase() } else { t.to_owned() };
    let single = |v: &Value| match v {
        Value::Null => Some(None),
        Value::String(t) => Some(Some(fold(t))),
        Value::Number(n) => Some(Some(n.to_string())),
        _ => None,
    };
    if let "IN" | "NIN" = operator {
        let texts = array(field, wanted)?.iter().map(single).collect::<Option<Vec<_>>>();
        let Some(texts) = texts else { return mistyped(field, "texts") };
        return Ok(Test::OneOf(texts, operator == "IN"));
    }
    let Some(one) = single(wanted) else { return mistyped(field, "a text") };
    let low = || one.clone().unwrap_or_default().to_lowercase();
    Ok(match operator {
        "=" => Test::OneOf(vec![one], true),
        "!=" => Test::OneOf(vec![one], false),
        "~" => Test::Contains(low(), true),
        "!~" => Test::Contains(low(), false),
        "^" => Test::StartsWith(low()),
        "$" => Test::EndsWith(low()),
        _ => return misfit(field, operator),
    })
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn array<'v>(field: &str, wanted: &'v Value) -> Result<&'v Vec<Value>, Refused> {
    wanted.as_array().map_or_else(|| mistyped(field, "an array"), Ok)
}

fn misfit<T>(field: &str, operator: &str) -> Result<T, Refused> {
    refused("parameter_invalid", format!("operator '{operator}' is not supported on '{field}'"))
}

fn mistyped<T>(field: &str, wanted: &str) -> Result<T, Refused> {
    refused("parameter_invalid", format!("'{field}' must be compared with {wanted}"))
}

impl Test {
    fn holds(&self, held: Held<'_>) -> bool {
        match (self, held) {
            (Self::Within(from, to), Held::Number(n)) => n.is_some_and(|n| (*from..*to).contains(&n)),
            (Self::OneOfNumbers(list, yes), Held::Number(n)) => list.contains(&n) == *yes,
            (Self::Flag(wanted), Held::Flag(flag)) => *wanted == flag,
            (Self::OneOf(list, yes), Held::Text(t)) => list.iter().any(|w| w.as_deref() == t.as_deref()) == *yes,
            (Self::OneOf(list, yes), Held::Texts(ts)) => list.iter().flatten().any(|w| ts.contains(w)) == *yes,
            (Self::Contains(part, yes), held) => any(held, |t| t.contains(part.as_str())) == *yes,
            (Self::StartsWith(part), held) => any(held, |t| t.starts_with(part.as_str())),
            (Self::EndsWith(part), held) => any(held, |t| t.ends_with(part.as_str())),
            _ => false,
        }
    }
}

fn any(held: Held<'_>, test: impl Fn(&str) -> bool) -> bool {
    match held {
        Held::Text(text) => text.is_some_and(|t| test(&t.to_lowercase())),
        Held::Texts(texts) => texts.iter().any(|t| test(&t.to_lowercase())),
        Held::Number(_) | Held::Flag(_) => false,
    }
}
