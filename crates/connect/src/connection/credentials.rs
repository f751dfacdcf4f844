//! The credentials of the customer's own app at the provider: kept sealed, never answered.

use std::sync::Arc;

use atlas_kernel::{Actor, ConnectionId, Error, FieldError, Result};
use atlas_store::{Event, Tx, query, record_event};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{CONNECTIONS_WRITE, Connection, ConnectionState, Secret, by_slug, put_attention};
use crate::{Connections, Connector, activity};

/// What a person copies from the provider's developer pages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credentials {
    /// The app's client id.
    #[schemars(length(min = 1, max = 200))]
    pub client_id: String,
    /// The app's client secret; absent keeps the one that is stored.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// The provider's region, such as `eu`; the first one when absent.
    #[serde(default)]
    pub region: Option<String>,
    /// Another API host than the region's, where the operator allows it.
    #[serde(default)]
    pub api_base_url: Option<String>,
    /// Another app host than the region's, where the operator allows it.
    #[serde(default)]
    pub app_base_url: Option<String>,
}

struct Hosts {
    region: String,
    api: String,
    app: String,
}

impl Connections {
    /// Stores the credentials, making the connection when there is none.
    ///
    /// A connection that works with another app or host stops until somebody connects again; its data stays.
    ///
    /// # Errors
    /// Denied; not found for an unknown provider; a field error for each value that cannot be.
    pub async fn save_credentials(&self, actor: &Actor, slug: &str, given: Credentials) -> Result<()> {
        actor.may(&CONNECTIONS_WRITE)?;
        let connector = self.connector(slug)?;
        let hosts = self.hosts(&connector, &given)?;
        let (actor, given) = (actor.clone(), Arc::new(given));
        let (this, hosts) = (self.clone(), Arc::new(hosts));
        let id = self
            .db()
            .write(move |tx| {
                let (this, actor, given, hosts, connector) = (this.clone(), actor.clone(), given.clone(), hosts.clone(), connector.clone());
                async move { this.store_credentials(&tx, &actor, slug, &connector, &given, &hosts).await }
            })
            .await?;
        self.halt(id);
        Ok(())
    }

    fn hosts(&self, connector: &Connector, given: &Credentials) -> Result<Hosts> {
        if given.api_base_url.is_none() && given.app_base_url.is_none() {
            let region = match given.region.as_deref().map(str::trim).filter(|r| !r.is_empty()) {
                Some(id) => connector.oauth.regions.iter().find(|r| r.id == id),
                None => connector.oauth.regions.first(),
            };
            let known: Vec<&str> = connector.oauth.regions.iter().map(|r| r.id).collect();
            let region = region.ok_or_else(|| Error::field("region", "unknown", format!("one of {}", known.join(", "))))?;
            return Ok(Hosts { region: region.id.into(), api: region.api.into(), app: region.app.into() });
        }
        let mut wrong = vec![];
        let api = self.custom_host("apiBaseUrl", given.api_base_url.as_deref(), &mut wrong);
        let app = self.custom_host("appBaseUrl", given.app_base_url.as_deref(), &mut wrong);
        if wrong.is_empty() { Ok(Hosts { region: "custom".into(), api, app }) } else { Err(Error::Invalid(wrong)) }
    }

    fn custom_host(&self, field: &str, text: Option<&str>, wrong: &mut Vec<FieldError>) -> String {
        let mut refuse = |code: &str, message: &str| {
            wrong.push(FieldError { field: field.into(), code: code.into(), message: message.into() });
            String::new()
        };
        if !self.allows_private_providers() {
            return refuse("not_allowed", "hosts of your own are switched off on this server; start it with --allow-private-providers");
        }
        let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else {
            return refuse("required", "both the API host and the app host are needed");
        };
        match Url::parse(text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => refuse("invalid", "an address that starts with https:// or http://"),
            Ok(url) if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() => {
                refuse("invalid", "an address without user name, query or fragment")
            }
            Ok(url) if url.has_host() => url.as_str().trim_end_matches('/').to_owned(),
            _ => refuse("invalid", "an address such as https://api.example.com"),
        }
    }

    async fn store_credentials(
        &self,
        tx: &Tx,
        actor: &Actor,
        slug: &str,
        connector: &Connector,
        given: &Credentials,
        hosts: &Hosts,
    ) -> Result<ConnectionId> {
        let client_id = given.client_id.trim();
        if client_id.is_empty() || client_id.chars().count() > 200 {
            return Err(Error::field("clientId", "required", "the client id of your app, up to 200 characters"));
        }
        let before = by_slug(tx, actor.workspace, slug).await?;
        if let Some(before) = &before {
            before.not_being_purged()?;
        }
        let secret = given.client_secret.as_ref().filter(|s| !s.expose().trim().is_empty());
        let id = before.as_ref().map_or_else(|| ConnectionId::new(tx.now()), |c| c.id);
        if secret.is_none() && before.as_ref().is_none_or(|c| c.client_secret.is_none()) {
            return Err(Error::field("clientSecret", "required", "the client secret of your app; notices are verified with it"));
        }
        let sealed = match secret {
            Some(word) => Some(self.seal(actor.workspace, &format!("connection:{id}:client_secret"), word.expose().trim().as_bytes())?),
            None => before.as_ref().and_then(|c| c.client_secret.clone()),
        };
        upsert(tx, actor, connector, &App { slug, id, client_id, sealed, hosts }).await?;
        if let Some(before) = &before {
            let moved = before.client_id != client_id || before.api_base != hosts.api;
            if moved && before.token.is_some() {
                stop_for_new_app(tx, before).await?;
            }
        }
        let data = json!({ "verb": if before.is_some() { "changed the credentials of" } else { "set up" }, "name": connector.name });
        record_event(tx, actor, Event::new(tx.now(), "connection.credentials", "record", id, data)).await?;
        activity::note(tx, actor.workspace, id, activity::Level::Ok, "credentials.saved", "Client id and secret were stored, sealed")
            .await?;
        tx.touch_topic(actor.workspace, "connections");
        Ok(id)
    }
}

async fn stop_for_new_app(tx: &Tx, before: &Connection) -> Result<()> {
    let stopped = "The credentials belong to another app or host now. Connect again.";
    query("UPDATE connections SET token = NULL WHERE workspace_id = $1 AND id = $2")
        .bind(before.workspace_id)
        .bind(before.id)
        .run(tx)
        .await?;
    if before.state == ConnectionState::Connected {
        put_attention(tx, before, "credentials_changed", stopped).await?;
    }
    Ok(())
}

/// The customer's app at the provider, as it is stored.
struct App<'a> {
    slug: &'a str,
    id: ConnectionId,
    client_id: &'a str,
    sealed: Option<Vec<u8>>,
    hosts: &'a Hosts,
}

async fn upsert(tx: &Tx, actor: &Actor, connector: &Connector, app: &App<'_>) -> Result<()> {
    query(
        "INSERT INTO connections (workspace_id, id, provider, state, client_id, client_secret, region, api_base, app_base, per_minute, \
         poll_seconds, paused, version, created_at, updated_at, slug) VALUES ($1,$2,$3,'disconnected',$4,$5,$6,$7,$8,$9,60,$11,1,$10,$10,$12) \
         ON CONFLICT (workspace_id, slug) DO UPDATE SET client_id = excluded.client_id, client_secret = excluded.client_secret, \
         region = excluded.region, api_base = excluded.api_base, app_base = excluded.app_base, version = connections.version + 1, \
         updated_at = excluded.updated_at",
    )
    .bind(actor.workspace)
    .bind(app.id)
    .bind(connector.id)
    .bind(app.client_id)
    .bind(app.sealed.clone())
    .bind(&app.hosts.region)
    .bind(&app.hosts.api)
    .bind(&app.hosts.app)
    .bind(connector.limits.per_minute)
    .bind(tx.now())
    .bind(false)
    .bind(app.slug)
    .run(tx)
    .await
    .map(|_| ())
}
