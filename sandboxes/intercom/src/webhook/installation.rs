//! Calls about the installation itself, signed with `X-Body-Signature`: the health check and the uninstall notification.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    post::Delivery,
    send::{AGENT, MINUTE, reason},
    sign,
};
use crate::sandbox::{Sandbox, read};
use crate::settings::Sign;

/// What an installation said about its health.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    pub status: Option<u16>,
    /// `OK`, `UNHEALTHY` or `UNKNOWN`.
    pub state: Option<String>,
    pub message: Option<String>,
    /// Why the answer does not count.
    pub problem: Option<String>,
}

/// Longest message of an unhealthy installation.
const LONGEST_MESSAGE: usize = 2084;

/// Asks the app's health check URL about this workspace; `None` when there is no URL.
pub async fn health(sandbox: &Sandbox, client: &reqwest::Client) -> Option<Health> {
    let url = read(&sandbox.app).health_check_url.clone()?;
    let id = read(&sandbox.world).workspace.id.clone();
    let answer = signed(sandbox, client, &url, json!({ "workspace_id": id }).to_string(), "health check", id).await;
    Some(match answer {
        Err(problem) => Health { status: None, state: None, message: None, problem: Some(problem) },
        Ok((status, body)) => judge(status, &body),
    })
}

fn judge(status: u16, body: &str) -> Health {
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    let (state, message) = (text("state"), text("message"));
    let known = matches!(state.as_deref(), Some("OK" | "UNHEALTHY" | "UNKNOWN"));
    let problem = match &message {
        _ if !(200..300).contains(&status) => Some(format!("the answer has status {status}")),
        _ if !known => Some("state must be OK, UNHEALTHY or UNKNOWN".to_owned()),
        Some(message) if message.len() > LONGEST_MESSAGE => Some("the message is longer than 2084 characters".to_owned()),
        None if state.as_deref() == Some("UNHEALTHY") => Some("UNHEALTHY needs a message".to_owned()),
        _ => None,
    };
    Health { status: Some(status), state, message, problem }
}

/// Asks once a day of the sandbox's clock.
pub async fn health_daily(sandbox: Arc<Sandbox>, client: reqwest::Client) {
    loop {
        let due = sandbox.clock.ms() + 24 * 60 * MINUTE;
        sandbox.clock.until(due).await;
        health(&sandbox, &client).await;
    }
}

/// Tells the app's uninstall URL that a workspace is gone.
pub async fn uninstall(sandbox: Arc<Sandbox>, client: reqwest::Client) {
    let app_id = read(&sandbox.world).workspace.id.clone();
    let Some(url) = read(&sandbox.app).uninstall_url.clone() else { return };
    let body = json!({ "app_id": app_id }).to_string();
    // Nobody waits for the answer; the log has it.
    let _ = signed(&sandbox, &client, &url, body, "uninstall notification", app_id).await;
}

/// Posts a body signed with `X-Body-Signature`; status and text of the answer.
async fn signed(
    sandbox: &Sandbox,
    client: &reqwest::Client,
    url: &str,
    body: String,
    topic: &str,
    about: String,
) -> Result<(u16, String), String> {
    let secret = read(&sandbox.app).client_secret.clone();
    let mut request =
        client.post(url).timeout(Duration::from_secs(5)).header("content-type", "application/json").header("user-agent", AGENT);
    request = match sandbox.settings().sign {
        Sign::Valid => request.header("x-body-signature", sign::body(&secret, body.as_bytes())),
        Sign::Forged => request.header("x-body-signature", sign::body("a secret that nobody shares", body.as_bytes())),
        Sign::Missing => request,
    };
    let started = Instant::now();
    let answer = match request.body(body).send().await {
        Ok(answer) => Ok((answer.status().as_u16(), answer.text().await.unwrap_or_default())),
        Err(error) => Err(reason(&error)),
    };
    sandbox.postman.record(Delivery {
        at: sandbox.clock.ms(),
        topic: topic.to_owned(),
        id: None,
        about,
        attempt: 1,
        status: answer.as_ref().ok().map(|a| a.0),
        error: answer.as_ref().err().cloned(),
        ms: started.elapsed().as_millis() as u64,
    });
    answer
}
