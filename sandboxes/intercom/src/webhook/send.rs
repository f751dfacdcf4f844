//! One attempt to deliver: signature, answer, retry, throttling, switching off; also HEAD and the uninstall notification.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Notice, Target,
    post::{Delivery, Health as Standing},
    sign,
};
use crate::sandbox::{Sandbox, lock, read, write};
use crate::settings::Sign;

const AGENT: &str = "intercom-parrot-service-client/1.0";
const MINUTE: i64 = 60_000;
/// A throttle longer than this drops the notice.
const LONGEST_THROTTLE: i64 = 120 * MINUTE;
/// So many errors in a row within the pause pause everything.
const ERRORS_TO_PAUSE: u32 = 1_000;
const PAUSE: i64 = 15 * MINUTE;
/// Errors for so long switch the subscription off.
const SUSPEND_AFTER: i64 = 7 * 24 * 60 * MINUTE;

/// Sends one notice and decides what its answer means.
pub async fn deliver(sandbox: Arc<Sandbox>, client: reqwest::Client, mut notice: Notice) {
    let Some((url, secret)) = address(&sandbox, &notice.target) else {
        sandbox.stats.notices(|n| {
            n.dropped += 1;
            n.pending -= 1;
        });
        return;
    };
    let now = sandbox.clock.seconds();
    notice.attempts += 1;
    notice.first_sent_at.get_or_insert(now);
    let started = Instant::now();
    let answer = attempt(&sandbox, &client, &url, &secret, &notice, now).await;
    sandbox.postman.record(Delivery {
        at: sandbox.clock.ms(),
        topic: notice.topic.clone(),
        id: notice.id.clone(),
        about: notice.about.clone(),
        attempt: notice.attempts,
        status: answer.as_ref().ok().map(StatusCode::as_u16),
        error: answer.as_ref().err().cloned(),
        ms: started.elapsed().as_millis() as u64,
    });
    let acked = answer.as_ref().is_ok_and(StatusCode::is_success);
    sandbox.stats.notices(|n| {
        n.sent += 1;
        n.acked += u64::from(acked);
        n.failed += u64::from(!acked);
    });
    match answer.ok() {
        Some(status) if status.is_success() => {
            *lock(&sandbox.postman.health) = Standing::default();
            if notice.target == Target::Hub && read(&sandbox.app).hook.verified != Some(true) {
                write(&sandbox.app).hook.verified = Some(true);
            }
            done(&sandbox);
        }
        Some(StatusCode::GONE) => {
            switch_off(&sandbox, &notice.target);
            done(&sandbox);
        }
        Some(StatusCode::TOO_MANY_REQUESTS) => throttle(&sandbox, notice),
        _ => failed(&sandbox, notice),
    }
}

async fn attempt(
    sandbox: &Sandbox,
    client: &reqwest::Client,
    url: &str,
    secret: &str,
    notice: &Notice,
    now: i64,
) -> Result<StatusCode, String> {
    let settings = sandbox.settings();
    let body = notice.body(now);
    let signature = match notice.sign.unwrap_or(settings.sign) {
        Sign::Valid => Some(sign::hub(secret, body.as_bytes())),
        Sign::Forged => Some(sign::hub("a secret that nobody shares", body.as_bytes())),
        Sign::Missing => None,
    };
    let mut request = client
        .post(url)
        .timeout(Duration::from_millis(settings.webhook_timeout_ms))
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .header("user-agent", AGENT);
    if let Some(signature) = signature {
        request = request.header("x-hub-signature", signature);
    }
    request.body(body).send().await.map(|r| r.status()).map_err(|e| reason(&e))
}

fn address(sandbox: &Sandbox, target: &Target) -> Option<(String, String)> {
    let app = read(&sandbox.app);
    match target {
        Target::Hub => app.hook.url.clone().filter(|_| app.hook.live).map(|url| (url, app.client_secret.clone())),
        Target::Subscription(id) => {
            let found = app.subscriptions.iter().find(|s| s.id == *id && s.active)?;
            Some((found.url.clone(), found.hub_secret.clone().unwrap_or_else(|| app.client_secret.clone())))
        }
    }
}

fn done(sandbox: &Sandbox) {
    sandbox.stats.notices(|n| n.pending -= 1);
}

/// 410 says: never again.
fn switch_off(sandbox: &Sandbox, target: &Target) {
    let mut app = write(&sandbox.app);
    match target {
        Target::Hub => app.hook.live = false,
        Target::Subscription(id) => app.subscriptions.iter_mut().filter(|s| s.id == *id).for_each(|s| s.active = false),
    }
}

/// 429 delays everything: a minute, doubling up to two hours, then the notice is dropped.
fn throttle(sandbox: &Arc<Sandbox>, mut notice: Notice) {
    notice.throttled += 1;
    notice.attempts = 0;
    notice.plain = true;
    let delay = {
        let mut health = lock(&sandbox.postman.health);
        health.throttle_ms = if health.throttle_ms == 0 { MINUTE } else { health.throttle_ms * 2 };
        health.paused_until = sandbox.clock.ms() + health.throttle_ms.min(LONGEST_THROTTLE);
        health.throttle_ms
    };
    if delay > LONGEST_THROTTLE {
        sandbox.stats.notices(|n| {
            n.dropped += 1;
            n.pending -= 1;
        });
    } else {
        sandbox.postman.post(notice);
    }
}

/// Anything but 2xx is tried once more after a minute.
fn failed(sandbox: &Arc<Sandbox>, notice: Notice) {
    suspend_if_hopeless(sandbox);
    if notice.attempts > 1 || notice.id.is_none() {
        done(sandbox);
        return;
    }
    sandbox.stats.notices(|n| n.retried += 1);
    let due = sandbox.clock.ms() + sandbox.settings().retry_delay_ms;
    let sandbox = Arc::clone(sandbox);
    tokio::spawn(async move {
        tokio::select! {
            () = sandbox.clock.until(due) => sandbox.postman.post(notice),
            () = sandbox.closing.notified() => {}
        }
    });
}

fn suspend_if_hopeless(sandbox: &Sandbox) {
    let now = sandbox.clock.ms();
    let mut health = lock(&sandbox.postman.health);
    health.errors_in_row += 1;
    let since = *health.first_error_at.get_or_insert(now);
    if health.errors_in_row >= ERRORS_TO_PAUSE && now - since < PAUSE {
        health.paused_until = now + PAUSE;
        health.errors_in_row = 0;
    }
    let hopeless = now - since > SUSPEND_AFTER;
    drop(health);
    if hopeless {
        write(&sandbox.app).hook.live = false;
    }
}

/// The HEAD request sent when an endpoint is saved; the status, or why there was none.
pub async fn head(client: &reqwest::Client, url: &str) -> Result<u16, String> {
    let request = client.head(url).timeout(Duration::from_secs(5)).header("user-agent", AGENT);
    request.send().await.map(|r| r.status().as_u16()).map_err(|e| reason(&e))
}

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

/// The innermost reason of a failed request, for the log.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
