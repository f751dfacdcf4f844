//! The consent dance: to the provider's page, back with a code, and a token in the vault.

mod state;

use atlas_kernel::{Actor, Error, Result, SessionId, Timestamp, Via};
use atlas_store::{Event, Tx, query, record_event};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::connection::{CONNECTIONS_WRITE, Connection, ConnectionState, Secret, by_id, lock_all, set_state};
use crate::http::Outgoing;
use crate::line::Trouble;
use crate::pacer::Lane;
use crate::sync::{self, SyncKind};
use crate::{Account, Connections, Connector, FailureClass, Request, activity, farewell};

/// What the provider's redirect carries.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Callback {
    /// The code to exchange; absent when the person declined.
    #[serde(default)]
    pub code: Option<Secret>,
    /// What was given to the consent page.
    #[serde(default)]
    pub state: Option<Secret>,
    /// Why there is no code, in the provider's word.
    #[serde(default)]
    pub error: Option<String>,
}

/// What finishing the dance came to.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The provider's workspace that is connected now.
    pub account: Account,
    /// Whether a purge that was due is called off.
    pub purge_cancelled: bool,
}

impl Connections {
    /// The provider's consent page, for the person who is signed in in this browser.
    ///
    /// # Errors
    /// Denied; not found; a conflict when credentials are missing; unauthenticated for anything but a session.
    pub async fn begin(&self, actor: &Actor, slug: &str) -> Result<String> {
        actor.may(&CONNECTIONS_WRITE)?;
        let session = session_of(actor)?;
        let person = actor.person()?;
        let connector = self.connector(slug)?;
        let state = state::new_word();
        let (word, actor) = (&state, actor.clone());
        let connection = self
            .with_connection(&actor, slug, |tx, _, connection| async move {
                connection.not_being_purged()?;
                if connection.client_secret.is_none() || connection.client_id.is_empty() {
                    return Err(Error::conflict("credentials_missing", "Store the client id and client secret first."));
                }
                state::remember(&tx, &connection, person, session, word).await?;
                if connection.state == ConnectionState::Disconnected {
                    set_state(&tx, &connection, ConnectionState::Connecting).await?;
                }
                Ok(connection)
            })
            .await?;
        consent_url(&connector, &connection, &state, &self.redirect_url(slug))
    }

    /// Takes the person back: checks the state, exchanges the code, and starts the first sync.
    ///
    /// # Errors
    /// Denied; a conflict with a code and what to do: `state_mismatch`, `consent_declined`, `code_missing`,
    /// `code_refused`, `other_workspace`, `connected_already`, `interrupted`, or the provider's own. Nothing stored is lost by any of them.
    pub async fn finish(&self, actor: &Actor, slug: &str, callback: Callback) -> Result<Finished> {
        actor.may(&CONNECTIONS_WRITE)?;
        let session = session_of(actor)?;
        let connection = self.expected(actor, slug, session, &callback).await?;
        let outcome = self.exchange(actor, &connection, &callback).await;
        if let Err(error) = &outcome {
            self.not_connected(&connection, error).await?;
        }
        outcome
    }

    /// The connection that this state was made for, by this person in this session, not long ago; each works once.
    async fn expected(&self, actor: &Actor, slug: &str, session: SessionId, callback: &Callback) -> Result<Connection> {
        if callback.state.is_none() && callback.code.is_none() {
            return Err(Error::conflict(
                "consent_declined",
                "The provider sent neither a code nor a state: access was not granted. Nothing was changed.",
            ));
        }
        let mismatch = || {
            let detail = "This answer does not belong to a connection that you began in this browser in the last ten minutes. Begin again.";
            Error::conflict("state_mismatch", detail)
        };
        let word = callback.state.clone().ok_or_else(mismatch)?;
        let person = actor.person()?;
        let (word, mismatch) = (&word, &mismatch);
        self.with_connection(actor, slug, |tx, _, connection| async move {
            connection.not_being_purged()?;
            let good = state::redeem(&tx, &connection, person, session, word.expose()).await?;
            Ok(good.then_some(connection))
        })
        .await?
        .ok_or_else(mismatch)
    }

    async fn exchange(&self, actor: &Actor, connection: &Connection, callback: &Callback) -> Result<Finished> {
        let connector = self.connector(&connection.provider)?;
        let token = self.token_for(&connector, connection, callback).await?;
        let account = self.account_behind(&connector, connection, &token).await?;
        let purge_cancelled = self.keep(actor, connection, &token, &account).await?;
        Ok(Finished { account, purge_cancelled })
    }

    async fn token_for(&self, connector: &Connector, connection: &Connection, callback: &Callback) -> Result<Secret> {
        if let Some(error) = callback.error.as_deref().filter(|e| !e.is_empty()) {
            let word: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
            let detail = format!("{} did not grant access ({word}). Nothing was changed. Begin again when you are ready.", connector.name);
            return Err(Error::conflict("consent_declined", detail));
        }
        let Some(code) = callback.code.as_ref().filter(|c| !c.is_empty()) else {
            let detail = format!("{} sent no code, which it does when consent is declined. Nothing was changed.", connector.name);
            return Err(Error::conflict("code_missing", detail));
        };
        let sealed =
            connection.client_secret.as_deref().ok_or_else(|| Error::conflict("credentials_missing", "Store the client secret first."))?;
        let secret = self.unseal_word(connection, "client_secret", sealed)?;
        let form = [("code", code.expose()), ("client_id", connection.client_id.as_str()), ("client_secret", secret.expose())];
        let request = Request { method: "POST".into(), path: connector.oauth.token_path.into(), body: None };
        let call = Outgoing { base: &connection.api_base, request: &request, token: None, headers: connector.headers, form: Some(&form) };
        let reply = self.http().send(call).await.map_err(|lost| {
            Error::conflict(
                "provider_unreachable",
                format!("{} could not be reached ({}). Nothing was changed. Try again.", connector.name, lost.code()),
            )
        })?;
        let answer = reply.json().unwrap_or(Value::Null);
        let token = ["access_token", "token"].iter().find_map(|name| answer.get(name)?.as_str()).filter(|t| !t.is_empty());
        match token {
            Some(token) if reply.is_success() => Ok(Secret::new(token)),
            _ => {
                let detail = format!(
                    "{} refused the code (status {}). Check that client id and client secret are those of your app, and begin again.",
                    connector.name, reply.status
                );
                Err(Error::conflict("code_refused", detail))
            }
        }
    }

    async fn account_behind(&self, connector: &Connector, connection: &Connection, token: &Secret) -> Result<Account> {
        let line = self.line_with(connection, token.clone())?;
        let good = line.call(Lane::People, &(connector.whoami.request)()).await.map_err(|trouble| match trouble {
            Trouble::Halted => Error::conflict("interrupted", "The connection was changed meanwhile. Begin again."),
            Trouble::Failed(failure, _) => {
                let what = if failure.class == FailureClass::Scope { "A permission is missing" } else { "The new access does not work" };
                let detail = format!("{what}: {} answered {} ({}). Nothing was changed.", connector.name, failure.code, failure.message);
                Error::conflict("account_unreadable", detail)
            }
        })?;
        (connector.whoami.read)(&good.value)
            .map_err(|why| Error::conflict("account_unreadable", format!("The account could not be read: {why}.")))
    }

    /// Keeps the access, unless something changed while the provider was asked; answers whether a purge was called off by it.
    async fn keep(&self, actor: &Actor, asked: &Connection, token: &Secret, account: &Account) -> Result<bool> {
        let sealed = self.seal(asked.workspace_id, &asked.aad("token"), token.expose().as_bytes())?;
        let (sealed, connector) = (&sealed, self.connector(&asked.provider)?);
        let name = connector.name;
        let listings: Vec<&str> = connector.streams.iter().map(|s| s.name).collect();
        let listings = listings.as_slice();
        self.db()
            .write(|tx| async move {
                let all = lock_all(&tx, asked.workspace_id, &asked.provider).await?;
                let connection = all.iter().find(|one| one.id == asked.id).ok_or(Error::NotFound("connection"))?;
                unchanged(asked, connection)?;
                right_account(name, connection, &all, account)?;
                // What works with the old access stops; should this be rolled back, it goes on by itself.
                self.halt(connection.id);
                store_access(&tx, actor, connection, sealed, account).await?;
                farewell::call_off(&tx, connection).await?;
                sync::open_again(&tx, connection, listings).await?;
                let now = by_id(&tx, connection.workspace_id, connection.id).await?.ok_or(Error::NotFound("connection"))?;
                sync::wake(&tx, &now).await?;
                sync::start(&tx, &now, SyncKind::Manual, Some(&actor.name)).await?;
                let data = json!({ "verb": "connected", "name": name });
                record_event(&tx, actor, Event::new(tx.now(), "connection.connected", "record", connection.id, data)).await?;
                activity::note(
                    &tx,
                    connection.workspace_id,
                    connection.id,
                    activity::Level::Ok,
                    "connection.connected",
                    "Access was granted",
                )
                .await?;
                Ok(connection.purge_due_at.is_some())
            })
            .await
    }

    /// A dance that failed leaves a connection that never worked as it was before.
    async fn not_connected(&self, connection: &Connection, error: &Error) -> Result<()> {
        let code = error.code();
        self.db()
            .write(|tx| async move {
                let all = lock_all(&tx, connection.workspace_id, &connection.provider).await?;
                let Some(now) = all.iter().find(|one| one.id == connection.id) else { return Ok(()) };
                if now.state == ConnectionState::Connecting {
                    set_state(&tx, now, ConnectionState::Disconnected).await?;
                }
                let detail = format!("{code}: access was not granted");
                activity::note(&tx, connection.workspace_id, connection.id, activity::Level::Error, "connection.refused", detail).await
            })
            .await
    }
}

fn session_of(actor: &Actor) -> Result<SessionId> {
    match actor.via {
        Via::Session(session) => Ok(session),
        _ => Err(Error::Unauthenticated),
    }
}

/// Whether the connection is still the one for which the provider was asked.
fn unchanged(asked: &Connection, now: &Connection) -> Result<()> {
    now.not_being_purged()?;
    let of = |c: &Connection| (c.client_id.clone(), c.client_secret.clone(), c.api_base.clone(), c.account_id.clone());
    if of(asked) == of(now) {
        return Ok(());
    }
    let detail = "The connection was changed while access was being granted. Nothing else was changed. Begin again.";
    Err(Error::conflict("interrupted", detail))
}

/// Whether the connection, and no other one, is to this workspace of the provider.
fn right_account(provider: &str, connection: &Connection, all: &[Connection], account: &Account) -> Result<()> {
    if connection.account_id.as_ref().is_some_and(|known| *known != account.id) {
        let known = connection.account_name.clone().unwrap_or_default();
        let detail = format!(
            "Access was granted to the {provider} workspace “{}”, but the data here is of “{known}”. Nothing was changed. Grant access there, \
             or disconnect and remove the data first.",
            account.name
        );
        return Err(Error::conflict("other_workspace", detail));
    }
    if let Some(twin) = all.iter().find(|one| one.id != connection.id && one.account_id.as_ref() == Some(&account.id)) {
        let detail = format!(
            "The {provider} workspace “{}” is connected here already, as “{}”. Nothing was changed. Grant access to another workspace there, \
             or reconnect that one.",
            account.name, twin.slug
        );
        return Err(Error::conflict("connected_already", detail));
    }
    Ok(())
}

fn consent_url(connector: &Connector, connection: &Connection, state: &Secret, redirect: &str) -> Result<String> {
    let base = format!("{}{}", connection.app_base.trim_end_matches('/'), connector.oauth.authorize_path);
    let mut url = Url::parse(&base).map_err(Error::internal)?;
    url.query_pairs_mut()
        .append_pair("client_id", &connection.client_id)
        .append_pair("state", state.expose())
        .append_pair("redirect_uri", redirect);
    Ok(url.into())
}

async fn store_access(tx: &Tx, actor: &Actor, connection: &Connection, sealed: &[u8], account: &Account) -> Result<()> {
    // From the first connecting on, what customers write is live; a reconnect does not make the gap into history. Providers tell times
    // in whole seconds, so that the second in which it was connected counts whole: what was written in it must not be taken for history.
    let live_since = Timestamp::from_second(tx.now().as_second()).map_err(Error::internal)?;
    query(
        "UPDATE connections SET state = 'connected', token = $3, account_id = $4, account_name = $5, account_region = $6, \
         account_time_zone = $7, account_person = $8, connected_by = $9, connected_at = $10, live_since = COALESCE(live_since, $12), \
         checked_at = $10, disconnected_at = NULL, purge_due_at = NULL, purge_started_at = NULL, paused = $11, error_code = NULL, \
         error_message = NULL, error_at = NULL, next_poll_at = NULL, version = version + 1, updated_at = $10 WHERE workspace_id = $1 AND id = $2",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(sealed)
    .bind(&account.id)
    .bind(&account.name)
    .bind(account.region.clone())
    .bind(account.time_zone.clone())
    .bind(account.person.clone())
    .bind(actor.user)
    .bind(tx.now())
    .bind(false)
    .bind(live_since)
    .run(tx)
    .await?;
    tx.touch(connection.workspace_id, &connection.to_ref());
    tx.touch_topic(connection.workspace_id, "connections");
    Ok(())
}
