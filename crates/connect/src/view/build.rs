//! Putting together what is shown of a connection.

use std::collections::HashMap;

use atlas_kernel::{Actor, Error, Page, Result, Timestamp};
use jiff::SignedDuration;

use super::health::last_event;
use super::live::sync_view;
use super::parts::{attention, scopes, streams, topic_rows, topics};
use super::unheard::unheard;
use super::{AccountView, ChecklistItem, ConnectionView, Detail, Health, Overview, SyncView};
use crate::connection::{CONNECTIONS_READ, Connection, by_slug, of_workspace, slug};
use crate::heed;
use crate::sync;
use crate::{
    Completeness, ConnectionState, Connections, Connector, Gauge, Level, LogLine, SyncProgress, SyncState, TestReport, activity, farewell,
    purge, tally, versions,
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
            for connection in shown(&connections, connector.id) {
                cards.push(self.card(&connector, connection).await?);
            }
        }
        Ok(cards)
    }

    async fn card(&self, connector: &Connector, connection: Option<&Connection>) -> Result<Overview> {
        let mut card = Overview {
            slug: connection.map_or_else(|| connector.id.to_owned(), |c| c.slug.clone()),
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
            card.syncing =
                active.filter(|s| s.state == SyncState::Running).map(|s| sync_view(connector, &s, self.db().clock().now()).percent);
        }
        Ok(card)
    }

    /// A connection as the REST interface shows it; a provider without one is shown as disconnected.
    ///
    /// # Errors
    /// Denied; not found for an unknown provider; whatever the database answers.
    pub async fn show(&self, actor: &Actor, slug: &str) -> Result<ConnectionView> {
        actor.may(&CONNECTIONS_READ)?;
        let connector = self.connector(slug)?;
        match by_slug(self.db(), actor.workspace, slug).await? {
            Some(connection) => self.view(&connector, &connection).await,
            None => Ok(self.blank(&connector, slug)),
        }
    }

    /// All connections of the workspace as the REST interface shows them.
    ///
    /// # Errors
    /// Denied; whatever the database answers.
    pub async fn show_all(&self, actor: &Actor) -> Result<Vec<ConnectionView>> {
        actor.may(&CONNECTIONS_READ)?;
        let connections = of_workspace(self.db(), actor.workspace).await?;
        let mut views = vec![];
        for connector in self.connectors() {
            for connection in shown(&connections, connector.id) {
                views.push(match connection {
                    Some(connection) => self.view(&connector, connection).await?,
                    None => self.blank(&connector, connector.id),
                });
            }
        }
        Ok(views)
    }

    /// Everything that the connection's page shows.
    ///
    /// # Errors
    /// Denied; not found for an unknown provider; whatever the database answers.
    pub async fn detail(&self, actor: &Actor, slug: &str) -> Result<Detail> {
        actor.may(&CONNECTIONS_READ)?;
        let connector = self.connector(slug)?;
        let connection = by_slug(self.db(), actor.workspace, slug).await?;
        let (view, health, activity, last_test) = match &connection {
            Some(connection) => (
                self.view(&connector, connection).await?,
                self.health(self.db(), connection).await?,
                activity::log(self.db(), connection.workspace_id, connection.id, None, 12, None).await?.data,
                connection.last_test.clone().and_then(|json| serde_json::from_value::<TestReport>(json).ok()),
            ),
            None => (self.blank(&connector, slug), Health::default(), vec![], None),
        };
        let all = of_workspace(self.db(), actor.workspace).await?;
        let further = slug::next(connector.id, all.iter().map(|c| c.slug.as_str()));
        let checklist = checklist(&connector, &view, last_test.as_ref());
        Ok(Detail { further, connector, connection: view, health, checklist, activity, last_test })
    }

    /// A page of the connection's log, newest first; with a level, only what is at least that serious.
    ///
    /// # Errors
    /// Denied; not found; a field error for a bad cursor.
    pub async fn events(
        &self,
        actor: &Actor,
        slug: &str,
        level: Option<Level>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<LogLine>> {
        actor.may(&CONNECTIONS_READ)?;
        self.connector(slug)?;
        match by_slug(self.db(), actor.workspace, slug).await? {
            Some(connection) => activity::log(self.db(), connection.workspace_id, connection.id, level, limit, cursor).await,
            None => Ok(Page { data: vec![], next_cursor: None }),
        }
    }

    /// A page of the connection's sync log, newest first.
    ///
    /// # Errors
    /// Denied; not found; a field error for a bad cursor.
    pub async fn syncs(&self, actor: &Actor, slug: &str, limit: usize, cursor: Option<&str>) -> Result<Page<SyncView>> {
        actor.may(&CONNECTIONS_READ)?;
        let connector = self.connector(slug)?;
        match by_slug(self.db(), actor.workspace, slug).await? {
            Some(connection) => {
                let page = sync::list(self.db(), connection.workspace_id, connection.id, limit, cursor).await?;
                Ok(page.map(|sync| sync_view(&connector, &sync, self.db().clock().now())))
            }
            None => Ok(Page { data: vec![], next_cursor: None }),
        }
    }

    /// The newest receipt of this provider's removal, as a signed file.
    ///
    /// # Errors
    /// Denied; not found while nothing was removed, or the receipt is from before receipts were signed.
    pub async fn receipt(&self, actor: &Actor, slug: &str) -> Result<purge::ReceiptFile> {
        actor.may(&CONNECTIONS_READ)?;
        self.connector(slug)?;
        let connection = by_slug(self.db(), actor.workspace, slug).await?.ok_or(Error::NotFound("receipt"))?;
        let receipt = purge::latest_receipt(self.db(), connection.workspace_id, connection.id).await?;
        receipt.and_then(|receipt| receipt.file()).ok_or(Error::NotFound("receipt"))
    }

    fn blank(&self, connector: &Connector, slug: &str) -> ConnectionView {
        ConnectionView {
            id: None,
            provider: connector.id.to_owned(),
            slug: slug.to_owned(),
            name: connector.name.to_owned(),
            state: ConnectionState::Disconnected,
            client_id: None,
            has_client_secret: false,
            region: None,
            api_base_url: None,
            app_base_url: None,
            redirect_url: self.redirect_url(slug),
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
        let unheard = unheard(on, connector, connection, now).await?;
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
            attention: attention(connector, connection, &rows).into_iter().chain(unheard).collect(),
            scopes: scopes(connector, &heed::scopes(on, connection).await?),
            topics: topics(connector, &topic_rows(on, connection).await?, &counts, now),
            streams: streams(connector, &rows),
            gauge: Some(self.gauge(connection, sync.as_ref())?),
            sync: sync.as_ref().map(|s| sync_view(connector, s, self.db().clock().now())),
            completeness: versions::completeness(on, workspace, id).await?,
            last_sync_at: connection.last_sync_at,
            disconnected_at: connection.disconnected_at,
            purge_due_at: connection.purge_due_at,
            purge_started_at: connection.purge_started_at,
            farewell_pending: farewell::pending(on, connection).await?,
            receipt: purge::latest_receipt(on, workspace, id).await?,
            version: connection.version,
            ..self.blank(connector, &connection.slug)
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

/// The connections to a provider; one that is not there yet when there is none.
fn shown<'a>(connections: &'a [Connection], provider: &str) -> Vec<Option<&'a Connection>> {
    let there: Vec<_> = connections.iter().filter(|c| c.provider == provider).map(Some).collect();
    if there.is_empty() { vec![None] } else { there }
}

fn account(connection: &Connection) -> Option<AccountView> {
    Some(AccountView {
        name: connection.account_name.clone()?,
        region: connection.account_region.clone(),
        time_zone: connection.account_time_zone.clone(),
        person: connection.account_person.clone(),
    })
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
