//! One attempt to deliver: signature, answer, retry, throttling, switching off; also HEAD.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use super::{
    Notice, Target,
    post::{Delivery, Health},
    sign,
};
use crate::sandbox::{Sandbox, lock, read, write};
use crate::settings::Sign;

/// What the provider calls itself.
pub const AGENT: &str = "intercom-parrot-service-client/1.0";
/// A minute in milliseconds.
pub const MINUTE: i64 = 60_000;
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
            *lock(&sandbox.postman.health) = Health::default();
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

/// The innermost reason of a failed request, for the log.
pub fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
