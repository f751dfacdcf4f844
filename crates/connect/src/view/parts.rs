//! The parts of what is shown: what needs a person, scopes, listings, topics.

use std::collections::HashMap;

use atlas_kernel::{Result, Timestamp};
use atlas_store::{Executor, query};

use super::{Attention, ScopeView, StreamView, TopicState, TopicView};
use crate::connection::Connection;
use crate::heed::{self, remedy};
use crate::sync::StreamRow;
use crate::{ConnectionState, Connector, ScopeState, StreamState, tally};

/// What needs a person: the connection itself first, then what a missing scope or plan switches off.
pub(crate) fn attention(connector: &Connector, connection: &Connection, rows: &HashMap<String, StreamRow>) -> Vec<Attention> {
    let mut all = vec![];
    if let (ConnectionState::NeedsAttention, Some(code)) = (connection.state, &connection.error_code) {
        all.push(explain(connector, code, connection.error_message.as_deref(), vec!["everything".into()], connection.error_at));
    }
    let mut broken: Vec<_> =
        connector.streams.iter().filter_map(|s| Some((s, rows.get(s.name)?))).filter(|(_, r)| r.state != StreamState::Ready).collect();
    broken.sort_by_key(|(stream, _)| stream.order);
    for (stream, row) in broken {
        let code = row.code.clone().unwrap_or_default();
        match all.iter_mut().find(|a| a.code == code) {
            Some(known) if known.affects != ["everything"] => known.affects.push(stream.label.to_owned()),
            Some(_) => {}
            None => all.push(explain(connector, &code, row.message.as_deref(), vec![stream.label.to_owned()], row.checked_at)),
        }
    }
    all
}

pub(crate) fn explain(
    connector: &Connector,
    code: &str,
    message: Option<&str>,
    affects: Vec<String>,
    since: Option<Timestamp>,
) -> Attention {
    let known = remedy(connector, code);
    let remedy = match (known, code) {
        (Some(known), _) => known.remedy.to_owned(),
        (None, "other_workspace") => {
            "The access belongs to another workspace of the provider. Connect again with the right one.".to_owned()
        }
        (None, "credentials_changed") => "The credentials belong to another app now. Connect again.".to_owned(),
        (None, _) => {
            format!("{} Atlas tries again by itself; test the connection if it stays.", message.unwrap_or("The provider did not say why."))
        }
    };
    Attention { code: code.to_owned(), title: known.map_or_else(|| code.to_owned(), |k| k.title.to_owned()), remedy, affects, since }
}

pub(crate) fn scopes(connector: &Connector, rows: &[heed::ScopeRow]) -> Vec<ScopeView> {
    let view = |scope: &crate::Scope| {
        let row = rows.iter().find(|r| r.scope == scope.slug);
        ScopeView {
            scope: scope.slug.to_owned(),
            label: scope.label.to_owned(),
            gives: scope.gives.to_owned(),
            state: row.map_or(ScopeState::NotChecked, |r| r.state),
            checked_at: row.map(|r| r.checked_at),
        }
    };
    connector.scopes.iter().map(view).collect()
}

pub(crate) fn streams(connector: &Connector, rows: &HashMap<String, StreamRow>) -> Vec<StreamView> {
    let view = |stream: &crate::Stream| {
        let row = rows.get(stream.name);
        let broken = row.filter(|r| r.state != StreamState::Ready);
        StreamView {
            stream: stream.name.to_owned(),
            label: stream.label.to_owned(),
            scope: stream.scope.to_owned(),
            state: row.map_or(StreamState::Ready, |r| r.state),
            attention: broken.map(|r| {
                explain(connector, r.code.as_deref().unwrap_or(""), r.message.as_deref(), vec![stream.label.to_owned()], r.checked_at)
            }),
            complete_at: row.and_then(|r| r.complete_at),
        }
    };
    let mut views: Vec<_> = connector.streams.iter().map(|s| (s.order, view(s))).collect();
    views.sort_by_key(|(order, _)| *order);
    views.into_iter().map(|(_, view)| view).collect()
}

atlas_store::row! {
    pub(crate) struct TopicRow {
        topic: String,
        first_at: Timestamp,
        last_at: Timestamp,
    }
}

pub(crate) async fn topic_rows(on: &dyn Executor, connection: &Connection) -> Result<Vec<TopicRow>> {
    query("SELECT topic, first_at, last_at FROM connect_topics WHERE workspace_id = $1 AND connection_id = $2 ORDER BY topic LIMIT 200")
        .bind(connection.workspace_id)
        .bind(connection.id)
        .all(on)
        .await
}

pub(crate) fn topics(connector: &Connector, rows: &[TopicRow], counts: &HashMap<String, i64>, now: Timestamp) -> Vec<TopicView> {
    let known = connector.webhook.iter().flat_map(|w| &w.topics);
    let last_day = |topic: &str| counts.get(&tally::topic(topic)).copied().unwrap_or(0);
    let mut views: Vec<TopicView> = known
        .map(|topic| {
            let row = rows.iter().find(|r| r.topic == topic.name);
            let state = match row {
                None => TopicState::Wanted,
                Some(row) if now.as_second() - row.last_at.as_second() < 86_400 => TopicState::Seen,
                Some(_) => TopicState::Quiet,
            };
            TopicView {
                topic: topic.name.to_owned(),
                event: topic.event.to_owned(),
                scope: topic.scope.to_owned(),
                becomes: topic.becomes.to_owned(),
                required: topic.required,
                state,
                first_at: row.map(|r| r.first_at),
                last_at: row.map(|r| r.last_at),
                last_day: last_day(topic.name),
                covered_by: topic.covered_by.to_owned(),
            }
        })
        .collect();
    for row in rows {
        if !views.iter().any(|v| v.topic == row.topic) {
            views.push(unknown_topic(row, last_day(&row.topic)));
        }
    }
    views
}

fn unknown_topic(row: &TopicRow, last_day: i64) -> TopicView {
    TopicView {
        topic: row.topic.clone(),
        event: String::new(),
        scope: String::new(),
        becomes: "Acknowledged and ignored".to_owned(),
        required: false,
        state: TopicState::Unknown,
        first_at: Some(row.first_at),
        last_at: Some(row.last_at),
        last_day,
        covered_by: String::new(),
    }
}
