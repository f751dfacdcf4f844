//! `/_sandbox/settings`: one flat object of everything that can be switched while the sandbox runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Answer, Problem, parse};
use crate::api::{companies::scroll, fault::Fault};
use crate::app::Scope;
use crate::oauth;
use crate::render::version::Version;
use crate::sandbox::{Sandbox, lock, read as shared, write};
use crate::settings::{DenyShape, ScopeShape, Settings, Sign};
use crate::webhook::{send, topics};

/// A change; only the fields sent are changed.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    limit_per_minute: Option<u32>,
    latency_ms: Option<u64>,
    latency_max_ms: Option<u64>,
    others_per_minute: Option<u32>,
    revoke_after: Option<u32>,
    vanish_after_list: Option<usize>,
    drop_rate: Option<f64>,
    duplicate_rate: Option<f64>,
    reorder_rate: Option<f64>,
    #[serde(alias = "scroll404after")]
    scroll404_after: Option<u32>,
    missing_scope_shape: Option<ScopeShape>,
    revoked_code: Option<String>,
    sign: Option<Sign>,
    search_delay_ms: Option<i64>,
    exact_contact_dates: Option<bool>,
    part_cap: Option<usize>,
    nested_cap: Option<usize>,
    company_limit: Option<u64>,
    scroll_page_size: Option<usize>,
    most_per_page: Option<usize>,
    scroll_expiry: Option<i64>,
    retry_delay_ms: Option<i64>,
    webhook_timeout_ms: Option<u64>,
    webhook_concurrency: Option<usize>,
    webhook_outage: Option<bool>,
    webhook_html: Option<bool>,
    auto_approve: Option<bool>,
    deny_shape: Option<DenyShape>,
    me_needs_read_admins: Option<bool>,
    plan_restricted: Option<bool>,
    subscriptions_api: Option<bool>,
    region_mismatch: Option<bool>,
    #[serde(alias = "mergedAs404")]
    merged_as404: Option<bool>,
    /// Revoke every token now.
    revoke_token: bool,
    /// Close the open company scroll now.
    expire_scroll: bool,
    /// Open a company scroll as another tool of the same workspace would.
    open_scroll: bool,
    /// Seconds the clock runs ahead of its start.
    clock_offset: Option<f64>,
    /// Slugs; the app and every token get exactly these.
    scopes: Option<BTreeSet<Scope>>,
    #[serde(deserialize_with = "sent")]
    webhook_url: Option<Option<String>>,
    /// Save the URL although HEAD fails.
    skip_head: bool,
    topics: Option<Vec<String>>,
    webhook_live: Option<bool>,
    #[serde(deserialize_with = "sent")]
    uninstall_url: Option<Option<String>>,
    #[serde(deserialize_with = "sent")]
    health_check_url: Option<Option<String>>,
    redirect_urls: Option<Vec<String>>,
    app_version: Option<String>,
    workspace_id: Option<String>,
    #[serde(deserialize_with = "sent")]
    fail_next: Option<Option<Fault>>,
}

fn sent<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// `GET /_sandbox/settings`.
pub async fn read(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(show(&sandbox))
}

/// `POST /_sandbox/settings`; answers with all settings as they are now.
pub async fn change(State(sandbox): State<Arc<Sandbox>>, Extension(client): Extension<reqwest::Client>, body: Bytes) -> Answer {
    let change: Change = parse(&body)?;
    check(&change)?;
    if let Some(Some(url)) = change.webhook_url.as_ref().filter(|_| !change.skip_head) {
        let answer = send::head(&client, url).await;
        if !answer.as_ref().is_ok_and(|status| (200..300).contains(status)) {
            return Err(Problem::wrong(format!("HEAD {url} must succeed, but: {answer:?}; skipHead saves it all the same")));
        }
    }
    if change.revoke_token {
        oauth::revoke(&sandbox, client);
    }
    if change.expire_scroll {
        *lock(&sandbox.scroll) = None;
    }
    if change.open_scroll {
        scroll::occupy(&sandbox);
    }
    if let Some(seconds) = change.clock_offset {
        sandbox.clock.set_offset_ms((seconds * 1000.0) as i64);
    }
    if let Some(id) = &change.workspace_id {
        write(&sandbox.world).workspace.id.clone_from(id);
    }
    if let Some(fault) = change.fail_next.clone() {
        sandbox.faults.set(fault);
    }
    change_app(&sandbox, &change);
    sandbox.set(|settings| change_settings(settings, change));
    Ok(Json(show(&sandbox)))
}

fn check(change: &Change) -> Result<(), Problem> {
    let rates = [change.drop_rate, change.duplicate_rate, change.reorder_rate];
    if rates.iter().flatten().any(|rate| !(0.0..=1.0).contains(rate)) {
        return Err(Problem::wrong("rates lie between 0 and 1"));
    }
    if let Some(unknown) = change.topics.iter().flatten().find(|name| topics::known(name).is_none()) {
        return Err(Problem::wrong(format!("unknown topic {unknown}")));
    }
    if change.app_version.as_ref().is_some_and(|v| Version::parse(v).is_none()) {
        return Err(Problem::wrong("unknown API version"));
    }
    if let Some(Some(url)) = &change.webhook_url {
        url::Url::parse(url).map_err(|e| Problem::wrong(format!("webhookUrl: {e}")))?;
    }
    Ok(())
}

fn change_app(sandbox: &Sandbox, change: &Change) {
    let mut app = write(&sandbox.app);
    if let Some(scopes) = &change.scopes {
        app.set_scopes(scopes.clone(), true);
    }
    if let Some(url) = &change.webhook_url {
        app.hook.url.clone_from(url);
        app.hook.live = true;
        app.hook.verified = url.is_some().then_some(!change.skip_head);
        if app.hook.topics.is_empty() {
            app.hook.topics = topics::names().collect();
        }
    }
    if let Some(names) = &change.topics {
        app.hook.topics = names.iter().filter_map(|name| topics::known(name)).collect();
    }
    app.hook.live = change.webhook_live.unwrap_or(app.hook.live);
    if let Some(url) = &change.uninstall_url {
        app.uninstall_url.clone_from(url);
    }
    if let Some(url) = &change.health_check_url {
        app.health_check_url.clone_from(url);
    }
    if let Some(urls) = &change.redirect_urls {
        app.redirect_urls.clone_from(urls);
    }
    if let Some(version) = change.app_version.as_deref().and_then(Version::parse) {
        app.version = version;
    }
}

fn change_settings(to: &mut Settings, from: Change) {
    fn put<T>(to: &mut T, from: Option<T>) {
        if let Some(value) = from {
            *to = value;
        }
    }
    put(&mut to.limit_per_minute, from.limit_per_minute);
    put(&mut to.latency_ms, from.latency_ms);
    put(&mut to.latency_max_ms, from.latency_max_ms);
    put(&mut to.others_per_minute, from.others_per_minute);
    put(&mut to.revoke_after, from.revoke_after);
    put(&mut to.vanish_after_list, from.vanish_after_list);
    put(&mut to.drop_rate, from.drop_rate);
    put(&mut to.duplicate_rate, from.duplicate_rate);
    put(&mut to.reorder_rate, from.reorder_rate);
    put(&mut to.scroll404_after, from.scroll404_after);
    put(&mut to.missing_scope_shape, from.missing_scope_shape);
    put(&mut to.revoked_code, from.revoked_code);
    put(&mut to.sign, from.sign);
    put(&mut to.search_delay_ms, from.search_delay_ms);
    put(&mut to.exact_contact_dates, from.exact_contact_dates);
    put(&mut to.part_cap, from.part_cap);
    put(&mut to.nested_cap, from.nested_cap);
    put(&mut to.company_limit, from.company_limit);
    put(&mut to.scroll_page_size, from.scroll_page_size);
    put(&mut to.most_per_page, from.most_per_page);
    put(&mut to.scroll_expiry, from.scroll_expiry);
    put(&mut to.retry_delay_ms, from.retry_delay_ms);
    put(&mut to.webhook_timeout_ms, from.webhook_timeout_ms);
    put(&mut to.webhook_concurrency, from.webhook_concurrency);
    put(&mut to.webhook_outage, from.webhook_outage);
    put(&mut to.webhook_html, from.webhook_html);
    put(&mut to.auto_approve, from.auto_approve);
    put(&mut to.deny_shape, from.deny_shape);
    put(&mut to.me_needs_read_admins, from.me_needs_read_admins);
    put(&mut to.plan_restricted, from.plan_restricted);
    put(&mut to.subscriptions_api, from.subscriptions_api);
    put(&mut to.region_mismatch, from.region_mismatch);
    put(&mut to.merged_as404, from.merged_as404);
}

/// Everything, under the names of a change.
fn show(sandbox: &Sandbox) -> Value {
    let mut all = serde_json::to_value(&*sandbox.settings()).unwrap_or_default();
    let workspace_id = shared(&sandbox.world).workspace.id.clone();
    let app = shared(&sandbox.app);
    let more = json!({
        "clockOffset": sandbox.clock.offset_ms() as f64 / 1000.0,
        "now": sandbox.clock.seconds(),
        "scopes": app.scopes,
        "webhookUrl": app.hook.url,
        "webhookLive": app.hook.live,
        "topics": app.hook.topics,
        "uninstallUrl": app.uninstall_url,
        "healthCheckUrl": app.health_check_url,
        "redirectUrls": app.redirect_urls,
        "appVersion": app.version.to_string(),
        "workspaceId": workspace_id,
        "failNext": sandbox.faults.current(),
        "validTokens": app.tokens.values().filter(|t| !t.revoked).count(),
    });
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}
