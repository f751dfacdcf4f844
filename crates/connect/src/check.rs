//! Test connection: token, workspace, every scope, our own address and the clocks; what was not checked is said.

use atlas_kernel::{Actor, Error, Result, Timestamp, text_enum};
use atlas_store::query;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connection::{CONNECTIONS_WRITE, Connection, ConnectionState, by_slug, put_attention, set_state};
use crate::heed::{ScopeState, put_scope, remedy};
use crate::line::{Line, Trouble};
use crate::pacer::Lane;
use crate::{Connections, Connector, FailureClass, Scope, activity, sync};

text_enum! {
    /// What one check came to.
    pub enum CheckState {
        /// As it should be.
        Passed = "passed",
        /// It is not as it should be.
        Failed = "failed",
        /// It could not be told.
        NotChecked = "not_checked",
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// `token`, `workspace`, `webhook`, `clock`, or `scope:` and its name.
    pub id: String,
    /// What people read.
    pub label: String,
    /// What it came to.
    pub state: CheckState,
    /// A sentence: what was seen, and what to do.
    pub detail: String,
    /// The error's code, when there is one.
    pub code: Option<String>,
}

/// A scope as it was found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScopeCheck {
    /// The provider's word.
    pub scope: String,
    /// The label on the provider's page.
    pub label: String,
    /// `granted`, `missing` or `not_checked`.
    pub state: ScopeState,
    /// Why it was not checked, or what refused it.
    pub detail: String,
}

/// What Test connection found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// Whether nothing failed.
    pub ok: bool,
    /// When it was tested.
    pub at: Timestamp,
    /// The provider's workspace behind the token.
    pub account: Option<String>,
    /// How long the provider took to answer, in milliseconds.
    pub latency_ms: Option<i64>,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Every scope that Atlas asks for.
    pub scopes: Vec<ScopeCheck>,
    /// What was not checked, as sentences.
    pub not_checked: Vec<String>,
}

impl Connections {
    /// Tests a connection. Listings that were switched off are tried again when their scope turns out to be there.
    ///
    /// # Errors
    /// Denied; not found; a conflict `not_connected` when there is no access to test.
    pub async fn test(&self, actor: &Actor, slug: &str) -> Result<TestReport> {
        actor.may(&CONNECTIONS_WRITE)?;
        let connector = self.connector(slug)?;
        let connection = by_slug(self.db(), actor.workspace, slug).await?.ok_or(Error::NotFound("connection"))?;
        let line = self.line(&connection)?;
        let mut report = self.look(&connector, &connection, &line).await;
        report.checks.push(self.own_address(&connection).await);
        report.not_checked = not_checked(&report);
        report.ok =
            report.checks.iter().all(|c| c.state != CheckState::Failed) && report.scopes.iter().all(|s| s.state != ScopeState::Missing);
        self.keep_report(&connector, &connection, &report).await?;
        Ok(report)
    }

    async fn look(&self, connector: &Connector, connection: &Connection, line: &Line) -> TestReport {
        let mut report = TestReport {
            ok: false,
            at: self.db().clock().now(),
            account: None,
            latency_ms: None,
            checks: vec![],
            scopes: vec![],
            not_checked: vec![],
        };
        let who = line.call(Lane::People, &(connector.whoami.request)()).await;
        let has_access = match who {
            Ok(good) => {
                report.latency_ms = i64::try_from(good.took.as_millis()).ok();
                report.checks.push(check("token", "Token accepted", CheckState::Passed, format!("{} answered", connector.name), None));
                report.checks.push(account_check(connector, connection, &good.value, &mut report.account));
                report.checks.push(clock_check(good.date, good.started));
                true
            }
            Err(trouble) => {
                let (refused, found) = token_trouble(connector, &trouble);
                report.checks.push(found);
                report.checks.push(check("workspace", "Right workspace", CheckState::NotChecked, "Needs an accepted token".into(), None));
                report.checks.push(check("clock", "Clock", CheckState::NotChecked, "Needs an answer".into(), None));
                !refused
            }
        };
        for scope in &connector.scopes {
            report.scopes.push(if has_access { probe(line, scope).await } else { unprobed(scope, "Needs an accepted token") });
        }
        report
    }

    /// Whether our own address answers; from here, which is not quite from outside.
    async fn own_address(&self, connection: &Connection) -> Check {
        let url = self.webhook_url(&connection.provider);
        let found = |state, detail| check("webhook", "Webhook address answers", state, detail, None);
        let public = url::Url::parse(&url).is_ok_and(|u| crate::http::public_url(&u, false).is_ok());
        match self.http().head(&url).await {
            Ok(200) if public => {
                found(CheckState::Passed, format!("{url} answers from this server; only a delivery proves that it does from outside"))
            }
            Ok(200) => found(CheckState::NotChecked, format!("{url} answers here, but a provider on the internet cannot reach it")),
            Ok(status) => found(CheckState::Failed, format!("{url} answered {status}. Check the base URL and the proxy in front")),
            Err(lost) if public => found(CheckState::Failed, format!("{url}: {lost}. Check the base URL and the proxy in front")),
            Err(lost) => found(CheckState::NotChecked, format!("{url}: {lost}")),
        }
    }

    async fn keep_report(&self, connector: &Connector, connection: &Connection, report: &TestReport) -> Result<()> {
        let json = &serde_json::to_value(report).map_err(Error::internal)?;
        let granted = |scope: &str| report.scopes.iter().any(|s| s.scope == scope && s.state == ScopeState::Granted);
        let open: Vec<&str> = connector.streams.iter().filter(|s| granted(s.scope)).map(|s| s.name).collect();
        let open = open.as_slice();
        let refused = report.checks.iter().find(|c| c.state == CheckState::Failed && matches!(c.id.as_str(), "token" | "workspace"));
        self.db()
            .write(|tx| async move {
                let sql =
                    "UPDATE connections SET last_test = $3, checked_at = $4, version = version + 1 WHERE workspace_id = $1 AND id = $2";
                query(sql).bind(connection.workspace_id).bind(connection.id).bind(json).bind(tx.now()).run(&tx).await?;
                for scope in &report.scopes {
                    put_scope(&tx, connection, &scope.scope, scope.state, None).await?;
                }
                sync::open_again(&tx, connection, open).await?;
                match refused.and_then(|c| c.code.as_deref().map(|code| (code, c))) {
                    Some((code, check)) => {
                        put_attention(&tx, connection, code, &check.detail).await?;
                    }
                    None if refused.is_none() && connection.state == ConnectionState::NeedsAttention => {
                        set_state(&tx, connection, ConnectionState::Connected).await?;
                        sync::wake(&tx, connection).await?;
                    }
                    // A permission that had been missing may be there now: what waits to be written tries it.
                    None if refused.is_none() => crate::two_way::wake(&tx, connection).await?,
                    None => {}
                }
                let level = if report.ok { activity::Level::Ok } else { activity::Level::Error };
                activity::note(&tx, connection.workspace_id, connection.id, level, "connection.test", summary(report)).await?;
                tx.touch(connection.workspace_id, &connection.to_ref());
                Ok(())
            })
            .await
    }
}

fn check(id: &str, label: &str, state: CheckState, detail: String, code: Option<String>) -> Check {
    Check { id: id.into(), label: label.into(), state, detail, code }
}

fn account_check(connector: &Connector, connection: &Connection, answer: &serde_json::Value, name: &mut Option<String>) -> Check {
    let label = "Right workspace";
    match (connector.whoami.read)(answer) {
        Ok(account) => {
            *name = Some(account.name.clone());
            match &connection.account_id {
                Some(known) if *known != account.id => {
                    let detail =
                        format!("The token belongs to the workspace “{}”, the data here to another. Connect again there", account.name);
                    check("workspace", label, CheckState::Failed, detail, Some("other_workspace".into()))
                }
                _ => check("workspace", label, CheckState::Passed, format!("“{}”", account.name), None),
            }
        }
        Err(why) => check("workspace", label, CheckState::NotChecked, format!("The answer names no workspace: {why}"), None),
    }
}

fn clock_check(date: Option<i64>, started: Timestamp) -> Check {
    let label = "Clock";
    match date.map(|date| (date - started.as_second()).abs()) {
        None => check("clock", label, CheckState::NotChecked, "The provider's answer carries no time".into(), None),
        Some(difference) if difference <= 30 => {
            check("clock", label, CheckState::Passed, format!("Within {} s of the provider's", difference + 1), None)
        }
        Some(difference) => {
            check("clock", label, CheckState::Failed, format!("{difference} s away from the provider's. Set this server's clock"), None)
        }
    }
}

/// Whether the token was refused, and what to say of it.
fn token_trouble(connector: &Connector, trouble: &Trouble) -> (bool, Check) {
    let label = "Token accepted";
    match trouble {
        Trouble::Halted => {
            (true, check("token", label, CheckState::NotChecked, "The connection was changed meanwhile. Test again".into(), None))
        }
        Trouble::Failed(failure, _) => {
            let known = remedy(connector, &failure.code);
            let code = known.map_or(failure.code.as_str(), |r| r.code).to_owned();
            let what = known.map_or(failure.message.as_str(), |r| r.remedy);
            let refused = failure.class == FailureClass::Auth;
            let state = if failure.class == FailureClass::Scope { CheckState::NotChecked } else { CheckState::Failed };
            let code = refused.then_some(code.clone()).or(Some(code)).filter(|_| refused);
            (refused, check("token", label, state, format!("{}: {what}", failure.code), code))
        }
    }
}

async fn probe(line: &Line, scope: &Scope) -> ScopeCheck {
    let Some(request) = scope.probe else { return unprobed(scope, "It cannot be checked without writing") };
    let (state, detail) = match line.call(Lane::People, &request()).await {
        Ok(_) => (ScopeState::Granted, scope.gives.to_owned()),
        Err(trouble) if trouble.class() == Some(FailureClass::Scope) => {
            (ScopeState::Missing, "The provider refused a call that needs it".to_owned())
        }
        Err(Trouble::Failed(failure, _)) => (ScopeState::NotChecked, format!("The provider answered {}", failure.code)),
        Err(Trouble::Halted) => (ScopeState::NotChecked, "The connection was changed meanwhile".to_owned()),
    };
    ScopeCheck { scope: scope.slug.into(), label: scope.label.into(), state, detail }
}

fn unprobed(scope: &Scope, why: &str) -> ScopeCheck {
    ScopeCheck { scope: scope.slug.into(), label: scope.label.into(), state: ScopeState::NotChecked, detail: why.into() }
}

fn not_checked(report: &TestReport) -> Vec<String> {
    let checks = report.checks.iter().filter(|c| c.state == CheckState::NotChecked).map(|c| format!("{}: {}", c.label, c.detail));
    let scopes = report.scopes.iter().filter(|s| s.state == ScopeState::NotChecked).map(|s| format!("{}: {}", s.label, s.detail));
    checks.chain(scopes).collect()
}

fn summary(report: &TestReport) -> String {
    let count = |state| report.checks.iter().filter(|c| c.state == state).count();
    let missing: Vec<&str> = report.scopes.iter().filter(|s| s.state == ScopeState::Missing).map(|s| s.scope.as_str()).collect();
    let scopes = if missing.is_empty() { String::new() } else { format!(", missing scopes: {}", missing.join(", ")) };
    format!("{} passed, {} failed, {} not checked{scopes}", count(CheckState::Passed), count(CheckState::Failed), report.not_checked.len())
}
