//! What can be done on a connection page: each a plain form that leads back to it with a sentence.

use atlas_connect::{CONNECTIONS_WRITE, Connections, Credentials, Secret, SettingsChange};
use atlas_kernel::Error;
use atlas_web::{Ctx, Form, Pages, Reply};
use axum::extract::Path;
use serde::Deserialize;

use super::oauth::back;
use super::{Provider, page, with};
use crate::Parts;

pub(super) fn pages(pages: Pages, parts: &Parts) -> Pages {
    pages
        .get("/settings/integrations/{provider}/disconnect", CONNECTIONS_WRITE, with!(parts, page::ask_disconnect, provider: Provider))
        .get("/settings/integrations/{provider}/removal", CONNECTIONS_WRITE, with!(parts, page::ask_removal, provider: Provider))
        .post(
            "/settings/integrations/{provider}/credentials",
            CONNECTIONS_WRITE,
            with!(parts, credentials, provider: Provider, form: Form<CredentialsForm>),
        )
        .post("/settings/integrations/{provider}/test", CONNECTIONS_WRITE, with!(parts, test, provider: Provider))
        .post("/settings/integrations/{provider}/sync", CONNECTIONS_WRITE, with!(parts, sync, provider: Provider))
        .post("/settings/integrations/{provider}/pause", CONNECTIONS_WRITE, with!(parts, pause, provider: Provider))
        .post("/settings/integrations/{provider}/resume", CONNECTIONS_WRITE, with!(parts, resume, provider: Provider))
        .post(
            "/settings/integrations/{provider}/settings",
            CONNECTIONS_WRITE,
            with!(parts, settings, provider: Provider, form: Form<SettingsForm>),
        )
        .post(
            "/settings/integrations/{provider}/disconnect",
            CONNECTIONS_WRITE,
            with!(parts, disconnect, provider: Provider, form: Form<DisconnectForm>),
        )
        .post("/settings/integrations/{provider}/removal", CONNECTIONS_WRITE, with!(parts, remove_now, provider: Provider))
}

/// Leads back to the connection page with what was done, or why not.
fn done(ctx: &Ctx, provider: &str, outcome: Result<String, Error>) -> Reply {
    match outcome {
        Ok(said) => ctx.redirect(format!("/settings/integrations/{provider}")).toast(said).reply(),
        Err(error) => back(ctx, provider, error),
    }
}

/// The credentials as the form sends them.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct CredentialsForm {
    pub client_id: String,
    pub client_secret: String,
    pub region: String,
    pub api_base_url: String,
    pub app_base_url: String,
}

async fn credentials(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Form(form): Form<CredentialsForm>) -> Reply {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let custom = form.region == "custom";
    let given = Credentials {
        client_id: form.client_id.trim().to_owned(),
        client_secret: some(&form.client_secret).map(Secret::new),
        region: some(&form.region).filter(|_| !custom),
        api_base_url: some(&form.api_base_url).filter(|_| custom),
        app_base_url: some(&form.app_base_url).filter(|_| custom),
    };
    match connections.save_credentials(&ctx.actor, &provider, given).await {
        Ok(()) => ctx.redirect(format!("/settings/integrations/{provider}")).toast("Credentials saved, sealed").reply(),
        Err(Error::Invalid(errors)) => page::draw(connections, &ctx, &provider, 422, Some(form), errors).await,
        Err(error) => back(&ctx, &provider, error),
    }
}

async fn test(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let tested = connections.test(&ctx.actor, &provider).await;
    let said = tested.map(|report| {
        if report.ok {
            "Tested: everything that could be checked is well".to_owned()
        } else {
            "Tested: something needs attention, see Permissions and Troubleshooting".to_owned()
        }
    });
    done(&ctx, &provider, said)
}

async fn sync(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let asked = connections.sync(&ctx.actor, &provider).await;
    done(&ctx, &provider, asked.map(|_| "Sync asked for. This page shows how far it is.".to_owned()))
}

async fn pause(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let paused = connections.pause(&ctx.actor, &provider).await;
    done(&ctx, &provider, paused.map(|()| "Paused. What was read is kept.".to_owned()))
}

async fn resume(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let resumed = connections.resume(&ctx.actor, &provider).await;
    done(&ctx, &provider, resumed.map(|()| "Going on where it stopped".to_owned()))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SettingsForm {
    per_minute: Option<i64>,
    poll_seconds: Option<i64>,
}

async fn settings(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Form(form): Form<SettingsForm>) -> Reply {
    let change = SettingsChange { per_minute: form.per_minute, poll_seconds: form.poll_seconds };
    let changed = connections.change_settings(&ctx.actor, &provider, change, None).await;
    done(&ctx, &provider, changed.map(|()| "Settings saved".to_owned()))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DisconnectForm {
    now: Option<String>,
}

async fn disconnect(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Form(form): Form<DisconnectForm>) -> Reply {
    let ended = connections.disconnect(&ctx.actor, &provider, form.now.is_some()).await;
    let said = ended.map(|_| {
        if form.now.is_some() { "Disconnected. The data is being removed." } else { "Disconnected. The data goes within 24 hours." }
            .to_owned()
    });
    done(&ctx, &provider, said)
}

async fn remove_now(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let ended = connections.disconnect(&ctx.actor, &provider, true).await;
    done(&ctx, &provider, ended.map(|_| "The data is being removed. A receipt follows.".to_owned()))
}
