//! What can be done on a connection page: each a plain form that leads back to it with a sentence.

use atlas_connect::{ActivityId, CONNECTIONS_WRITE, CheckState, Connections, ScopeState, TestReport};
use atlas_kernel::{Error, JobId};
use atlas_web::{Ctx, Form, Pages, Reply, ui};
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;

use super::oauth::back;
use super::settings::{CredentialsForm, PaceForm, save_credentials, save_pace};
use super::view::base;
use super::{Provider, with};
use crate::Parts;

pub(super) fn pages(pages: Pages, parts: &Parts) -> Pages {
    pages
        .post(
            "/settings/integrations/{provider}/credentials",
            CONNECTIONS_WRITE,
            with!(parts, save_credentials, provider: Provider, form: Form<CredentialsForm>),
        )
        .post(
            "/settings/integrations/{provider}/settings",
            CONNECTIONS_WRITE,
            with!(parts, save_pace, provider: Provider, form: Form<PaceForm>),
        )
        .post("/settings/integrations/{provider}/test", CONNECTIONS_WRITE, with!(parts, test, provider: Provider))
        .post("/settings/integrations/{provider}/sync", CONNECTIONS_WRITE, with!(parts, sync, provider: Provider))
        .post("/settings/integrations/{provider}/pause", CONNECTIONS_WRITE, with!(parts, pause, provider: Provider))
        .post("/settings/integrations/{provider}/resume", CONNECTIONS_WRITE, with!(parts, resume, provider: Provider))
        .post(
            "/settings/integrations/{provider}/enabled",
            CONNECTIONS_WRITE,
            with!(parts, switch, provider: Provider, form: Form<SwitchForm>),
        )
        .post(
            "/settings/integrations/{provider}/disconnect",
            CONNECTIONS_WRITE,
            with!(parts, disconnect, provider: Provider, form: Form<DisconnectForm>),
        )
        .post(
            "/settings/integrations/{provider}/notices/{notice}/replay",
            CONNECTIONS_WRITE,
            with!(parts, replay, path: Path<(String, ActivityId)>),
        )
        .post(
            "/settings/integrations/{provider}/dead-letters/{job}/retry",
            CONNECTIONS_WRITE,
            with!(parts, retry, path: Path<(String, JobId)>),
        )
        .get("/settings/integrations/{provider}/diagnostics", CONNECTIONS_WRITE, with!(parts, diagnostics, provider: Provider))
        .post("/settings/integrations/{provider}/removal", CONNECTIONS_WRITE, with!(parts, remove_now, provider: Provider))
}

/// Leads back to the connection page with what was done, or why not.
fn done(ctx: &Ctx, provider: &str, outcome: Result<String, Error>) -> Reply {
    match outcome {
        Ok(said) => ctx.redirect(base(provider)).toast(said).reply(),
        Err(error) => back(ctx, provider, error),
    }
}

async fn test(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    match connections.test(&ctx.actor, &provider).await {
        Ok(report) if !report.ok => ctx.redirect(base(&provider)).alert(tested(&report)).reply(),
        outcome => done(&ctx, &provider, outcome.map(|report| tested(&report))),
    }
}

/// What a test came to, in a sentence.
fn tested(report: &TestReport) -> String {
    let failed = report.checks.iter().filter(|check| check.state == CheckState::Failed).map(|check| check.label.as_str());
    let missing = report.scopes.iter().filter(|scope| scope.state == ScopeState::Missing).map(|scope| scope.label.as_str());
    let (failed, missing): (Vec<_>, Vec<_>) = (failed.collect(), missing.collect());
    let unchecked = match report.not_checked.len() {
        0 => String::new(),
        some => format!(" {} could not be checked.", ui::plural(some, "thing", "things")),
    };
    match (failed.is_empty(), missing.is_empty()) {
        (true, true) => format!("Tested. Nothing failed.{unchecked}"),
        (true, false) => format!("Tested. Permission missing: {}.", missing.join(", ")),
        (false, _) => format!("Tested. Failed: {}. See Troubleshooting.", failed.join(", ")),
    }
}

async fn sync(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let asked = connections.sync(&ctx.actor, &provider).await;
    let said =
        |joined| if joined { "A sync is under way already; yours joins it." } else { "Sync started. This page shows how far it is." };
    done(&ctx, &provider, asked.map(|asked| said(asked.joined).to_owned()))
}

async fn pause(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let paused = connections.pause(&ctx.actor, &provider).await;
    done(&ctx, &provider, paused.map(|()| "Paused. What was read is kept, and notices go on arriving.".to_owned()))
}

async fn resume(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let resumed = connections.resume(&ctx.actor, &provider).await;
    done(&ctx, &provider, resumed.map(|()| "Going on where it stopped.".to_owned()))
}

async fn replay(connections: &Connections, ctx: Ctx, Path((provider, notice)): Path<(String, ActivityId)>) -> Reply {
    let replayed = connections.replay_notice(&ctx.actor, &provider, notice).await;
    let said = |count| format!("{} looked at again.", ui::plural(count, "object is", "objects are"));
    done(&ctx, &provider, replayed.map(|replayed| said(replayed.signals)))
}

async fn retry(connections: &Connections, ctx: Ctx, Path((provider, job)): Path<(String, JobId)>) -> Reply {
    let retried = connections.retry_dead_letter(&ctx.actor, &provider, job).await;
    done(&ctx, &provider, retried.map(|()| "Running again.".to_owned()))
}

/// The diagnostics as a file.
async fn diagnostics(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let file = connections.diagnostics(&ctx.actor, &provider).await?;
    let body = serde_json::to_string_pretty(&file).map_err(Error::internal)?;
    let name = format!("attachment; filename=\"atlas-{provider}-diagnostics.json\"");
    let headers = [(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_DISPOSITION, name), (CACHE_CONTROL, "no-store".to_owned())];
    Ok((headers, body).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SwitchForm {
    on: Option<String>,
}

async fn switch(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Form(form): Form<SwitchForm>) -> Reply {
    let on = form.on.is_some();
    let switched = connections.set_enabled(&ctx.actor, &provider, on).await;
    let said = if on { "Switched on. It goes on where it stopped." } else { "Switched off. Data and access are kept." };
    done(&ctx, &provider, switched.map(|()| said.to_owned()))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DisconnectForm {
    now: Option<String>,
}

async fn disconnect(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Form(form): Form<DisconnectForm>) -> Reply {
    let now = form.now.is_some();
    let ended = connections.disconnect(&ctx.actor, &provider, now).await;
    let said =
        if now { "Disconnected. The data is being removed; a receipt follows." } else { "Disconnected. The data goes within 24 hours." };
    done(&ctx, &provider, ended.map(|_| said.to_owned()))
}

async fn remove_now(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    // Never ends a connection that is open: only hastens what a disconnect began.
    if connections.show(&ctx.actor, &provider).await?.purge_due_at.is_none() {
        return ctx.redirect(base(&provider)).alert("Nothing is due to be removed. Disconnect first.").reply();
    }
    let hastened = connections.disconnect(&ctx.actor, &provider, true).await;
    done(&ctx, &provider, hastened.map(|_| "The data is being removed; a receipt follows.".to_owned()))
}
