//! Putting together what is shown of a connection.

use std::collections::HashMap;

use atlas_kernel::{Actor, Page, Result, Timestamp};
use atlas_store::{Executor, query};
use jiff::SignedDuration;

use super::health::last_event;
use super::live::sync_view;
use super::{
    AccountView, Attention, ChecklistItem, ConnectionView, Detail, Health, Overview, ScopeView, StreamView, SyncView, TopicState, TopicView,
};
use crate::connection::{CONNECTIONS_READ, Connection, by_provider, of_workspace};
use crate::heed::{self, remedy};
use crate::sync::{self, StreamRow};
use crate::{
    Completeness, ConnectionState, Connections, Connector, Gauge, Level, LogLine, ScopeState, StreamState, SyncProgress, SyncState,
    TestReport, activity, farewell, purge, tally, versions,
};

impl Connections {
    /// Every connector, with how this workspace's connection to it is.
    ///
    /// # Errors
    /// Denied; whatever the database answers.
    pub async fn overview(&self, actor: &Actor) -> Result<Vec<Overview>> {
        actor.may(&CONNECTIONS_READ)?;
        let connections = of_workspace(self.db(), actor.workspace).await?;
        let mut cards = vec![];
        for connector in self.connectors() {
            let connection = connections.iter().find(|c| c.provider == connector.id);
            cards.push(self.card(&connector, connection).await?);
        }
        Ok(cards)
    }

    async fn card(&self, connector: &Connector, connection: Option<&Connection>) -> Result<Overview> {
        let mut card = Overview {
            provider: connector.id,
            name: connector.name,
            category: connector.category,
            summary: connector.summary,
            readiness: connector.readiness,
            state: connection.map_or(ConnectionState::Disconnected, |c| c.state),
            account: connection.and_then(|c| c.account_name.clone()),
            attention: vec![],
            syncing: None,
            last_event_at: None,
            purge_due_at: connection.and_then(|c| c.purge_due_at),
        };
        if let Some(connection) = connection {
            let rows = sync::stream_rows(self.db(), connection).await?;
            card.attention = attention(connector, connection, &rows);
            card.last_event_at = last_event(self.db(), connection).await?.map(|(at, _)| at).max(connection.last_sync_at);
            let active = sync::active(self.db(), connection.workspace_id, connection.id).await?;
            card.syncing = active.filter(|s| s.state == SyncState::Running).map(|s| sync_view(connector, &s).percent);
        }
        Ok(card)
    }

    /// A connection as the REST interface shows it; a provider without one is shown as disconnected.
    ///
    /// # Errors
    /// Denied; not found for an unknown provider; whatever the database answers.
    pub async fn show(&self, actor: &Actor, provider: &str) -> Result<ConnectionView> {
        actor.may(&CONNECTIONS_READ)?;
        let connector = self.connector(provider)?;
        match by_provider(self.db(), actor.workspace, connector.id).await? {
            Some(connection) => self.view(&connector, &connection).await,
            None => Ok(self.blank(&connector)),
        }
    }

    /// All connections of the workspace as the REST interface shows them.
    ///
    /// # Errors
    /// Denied; whatever the database answers.
    pub async fn show_all(&self, actor: &Actor) -> Result<Vec<ConnectionView>> {
        actor.may(&CONNECTIONS_READ)?;
        let mut views = vec![];
        for connector in self.connectors() {
            views.push(self.show(actor, connector.id).await?);
        }
        Ok(views)
    }

    /// Everything that the connection's page shows.
    ///
    /// # Errors
    /// Denied; not found for an unknown provider; whatever the database answers.
    pub async fn detail(&self, actor: &Actor, provider: &str) -> Result<Detail> {
        actor.may(&CONNECTIONS_READ)?;
        let connector = self.connector(provider)?;
        let connection = by_provider(self.db(), actor.workspace, connector.id).await?;
        let (view, health, activity, last_test) = match &connection {
            Some(connection) => (
                self.view(&connector, connection).await?,
                self.health(self.db(), connection).await?,
                activity::log(self.db(), connection.workspace_id, connection.id, None, 12, None).await?.data,
                connection.last_test.clone().and_then(|json| serde_json::from_value::<TestReport>(json).ok()),
            ),
            None => (self.blank(&connector), Health::default(), vec![], None),
        };
        let checklist = checklist(&connector, &view, last_test.as_ref());
        Ok(Detail { connector, connection: view, health, checklist, activity, last_test })
    }

    /// A page of the connection's log, newest first; with a level, only what is at least that serious.
    ///
    /// # Errors
    /// Denied; not found; a field error for a bad cursor.
    pub async fn events(
        &self,
        actor: &Actor,
        provider: &str,
        level: Option<Level>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<LogLine>> {
        actor.may(&CONNECTIONS_READ)?;
        let connector = self.connector(provider)?;
        match by_provider(self.db(), actor.workspace, connector.id).await? {
            Some(connection) => activity::log(self.db(), connection.workspace_id, connection.id, level, limit, cursor).await,
            None => Ok(Page { data: vec![], next_cursor: None }),
        }
    }

    /// A page of the connection's sync log, newest first.
    ///
    /// # Errors
    /// Denied; not found; a field error for a bad cursor.
    pub async fn syncs(&self, actor: &Actor, provider: &str, limit: usize, cursor: Option<&str>) -> Result<Page<SyncView>> {
        actor.may(&CONNECTIONS_READ)?;
        let connector = self.connector(provider)?;
        match by_provider(self.db(), actor.workspace, connector.id).await? {
            Some(connection) => {
                let page = sync::list(self.db(), connection.workspace_id, connection.id, limit, cursor).await?;
                Ok(page.map(|sync| sync_view(&connector, &sync)))
            }
            None => Ok(Page { data: vec![], next_cursor: None }),
        }
    }

    fn blank(&self, connector: &Connector) -> ConnectionView {
        ConnectionView {
            id: None,
            provider: connector.id.to_owned(),
            name: connector.name.to_owned(),
            state: ConnectionState::Disconnected,
            client_id: None,
            has_client_secret: false,
            region: None,
            api_base_url: None,
            app_base_url: None,
            redirect_url: self.redirect_url(connector.id),
            webhook_url: self.webhook_url(connector.id),
            account: None,
            connected_at: None,
            paused: false,
            per_minute: i64::from(connector.limits.per_minute),
            poll_seconds: 60,
            attention: vec![],
            scopes: scopes(connector, &[]),
            topics: topics(connector, &[], &HashMap::new(), Timestamp::UNIX_EPOCH),
            streams: streams(connector, &HashMap::new()),
            sync: None,
            gauge: None,
            completeness: Completeness::default(),
            last_sync_at: None,
            disconnected_at: None,
            purge_due_at: None,
            purge_started_at: None,
            farewell_pending: false,
            receipt: None,
            version: 0,
        }
    }

    async fn view(&self, connector: &Connector, connection: &Connection) -> Result<ConnectionView> {
        let on = self.db();
        let (workspace, id, now) = (connection.workspace_id, connection.id, on.clock().now());
        let rows = sync::stream_rows(on, connection).await?;
        let sync = sync::latest(on, workspace, id).await?;
        let day_ago = now.checked_sub(SignedDuration::from_hours(23)).unwrap_or(now);
        let counts: HashMap<String, i64> = tally::sums(on, workspace, id, day_ago).await?.into_iter().collect();
        Ok(ConnectionView {
            id: Some(id),
            state: connection.state,
            client_id: Some(connection.client_id.clone()).filter(|c| !c.is_empty()),
            has_client_secret: connection.client_secret.is_some(),
            region: Some(connection.region.clone()),
            api_base_url: Some(connection.api_base.clone()),
            app_base_url: Some(connection.app_base.clone()),
            account: account(connection),
            connected_at: connection.connected_at,
            paused: connection.paused,
            per_minute: connection.per_minute,
            poll_seconds: connection.poll_seconds,
            attention: attention(connector, connection, &rows),
            scopes: scopes(connector, &heed::scopes(on, connection).await?),
            topics: topics(connector, &topic_rows(on, connection).await?, &counts, now),
            streams: streams(connector, &rows),
            gauge: Some(self.gauge(connection, sync.as_ref())?),
            sync: sync.as_ref().map(|s| sync_view(connector, s)),
            completeness: versions::completeness(on, workspace, id).await?,
            last_sync_at: connection.last_sync_at,
            disconnected_at: connection.disconnected_at,
            purge_due_at: connection.purge_due_at,
            purge_started_at: connection.purge_started_at,
            farewell_pending: farewell::pending(on, connection).await?,
            receipt: purge::latest_receipt(on, workspace, id).await?,
            version: connection.version,
            ..self.blank(connector)
        })
    }

    /// This node's gauge, or that of the node at work on the sync.
    fn gauge(&self, connection: &Connection, sync: Option<&sync::Sync>) -> Result<Gauge> {
        let mine = self.pacer(connection)?.gauge();
        let running = sync.filter(|s| s.state == SyncState::Running && mine.resets_in_ms.is_none());
        let theirs = running.and_then(|s| serde_json::from_value::<SyncProgress>(s.progress.clone()).ok()).and_then(|p| p.gauge);
        Ok(theirs.unwrap_or(mine))
    }
}

fn account(connection: &Connection) -> Option<AccountView> {
    Some(AccountView {
        name: connection.account_name.clone()?,
        region: connection.account_region.clone(),
        time_zone: connection.account_time_zone.clone(),
        person: connection.account_person.clone(),
    })
}

/// What needs a person: the connection itself first, then what a missing scope or plan switches off.
fn attention(connector: &Connector, connection: &Connection, rows: &HashMap<String, StreamRow>) -> Vec<Attention> {
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

fn explain(connector: &Connector, code: &str, message: Option<&str>, affects: Vec<String>, since: Option<Timestamp>) -> Attention {
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

fn scopes(connector: &Connector, rows: &[heed::ScopeRow]) -> Vec<ScopeView> {
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

fn streams(connector: &Connector, rows: &HashMap<String, StreamRow>) -> Vec<StreamView> {
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
    struct TopicRow {
        topic: String,
        first_at: Timestamp,
        last_at: Timestamp,
    }
}

async fn topic_rows(on: &dyn Executor, connection: &Connection) -> Result<Vec<TopicRow>> {
    query("SELECT topic, first_at, last_at FROM connect_topics WHERE workspace_id = $1 AND connection_id = $2 ORDER BY topic LIMIT 200")
        .bind(connection.workspace_id)
        .bind(connection.id)
        .all(on)
        .await
}

fn topics(connector: &Connector, rows: &[TopicRow], counts: &HashMap<String, i64>, now: Timestamp) -> Vec<TopicView> {
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

/// The checklist of the documentation page: app, redirect URL, keys, stored, connected, tested — in that order.
fn checklist(connector: &Connector, view: &ConnectionView, last_test: Option<&TestReport>) -> Vec<ChecklistItem> {
    let stored = view.client_id.is_some() && view.has_client_secret;
    let connected = view.connected_at.is_some() && view.state != ConnectionState::Disconnected;
    let tested = connected && last_test.is_some_and(|t| t.ok);
    let done = [stored, connected, stored, stored, connected, tested];
    let item = |(place, text): (usize, &&'static str)| ChecklistItem { text, done: done.get(place).copied().unwrap_or(tested) };
    connector.docs.checklist.iter().enumerate().map(item).collect()
}
