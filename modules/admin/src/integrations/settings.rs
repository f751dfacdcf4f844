//! The forms of a connection: credentials, whose secret is never shown again, and its pace.

use askama::Template;
use atlas_connect::{Connections, Credentials, Detail, Secret, SettingsChange};
use atlas_kernel::{Error, FieldError};
use atlas_web::{Ctx, Form, Reply, ui};
use axum::extract::Path;
use serde::Deserialize;

use super::oauth::back;
use super::page::{self, Sent};
use super::view::{View, base};

/// The credentials as the form sends them.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct CredentialsForm {
    client_id: String,
    client_secret: String,
    region: String,
    api_base_url: String,
    app_base_url: String,
}

#[derive(Template)]
#[template(path = "integrations/credentials.html")]
pub(super) struct CredentialsPart<'a> {
    pub v: View<'a>,
    /// Whether hosts of one's own are allowed.
    pub private: bool,
    pub form: CredentialsForm,
    pub errors: Vec<FieldError>,
}

impl<'a> CredentialsPart<'a> {
    pub fn new(v: View<'a>, private: bool, sent: &Sent) -> Self {
        match sent {
            Sent::Credentials(form, errors) => Self { v, private, form: form.clone(), errors: errors.clone() },
            _ => Self { v, private, form: stored(v.d), errors: vec![] },
        }
    }
    fn error(&self, field: &str) -> Option<String> {
        error(&self.errors, field)
    }
    fn custom(&self) -> bool {
        self.form.region == "custom"
    }
    fn region_chosen(&self, id: &str) -> bool {
        self.form.region == id
    }
    /// The host of a region, without what every address begins with.
    fn host(&self, url: &str) -> String {
        url.trim_start_matches("https://").trim_start_matches("http://").to_owned()
    }
}

/// What is stored, without the secret: it is never sent back to the browser.
fn stored(d: &Detail) -> CredentialsForm {
    let c = &d.connection;
    let custom = |url: &Option<String>| url.clone().filter(|_| c.region.as_deref() == Some("custom")).unwrap_or_default();
    CredentialsForm {
        client_id: c.client_id.clone().unwrap_or_default(),
        client_secret: String::new(),
        region: c.region.clone().unwrap_or_default(),
        api_base_url: custom(&c.api_base_url),
        app_base_url: custom(&c.app_base_url),
    }
}

/// What is wrong with a field, as a sentence.
fn error(errors: &[FieldError], field: &str) -> Option<String> {
    let wrong = errors.iter().find(|error| error.field == field)?;
    Some(ui::sentence(&wrong.message))
}

pub(super) async fn save_credentials(
    connections: &Connections,
    ctx: Ctx,
    Path(provider): Path<String>,
    Form(form): Form<CredentialsForm>,
) -> Reply {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let custom = form.region == "custom";
    // With hosts of one's own chosen, an empty one is an error of its field.
    let host = |text: &str| custom.then(|| text.trim().to_owned());
    let given = Credentials {
        client_id: form.client_id.trim().to_owned(),
        client_secret: some(&form.client_secret).map(Secret::new),
        region: some(&form.region).filter(|_| !custom),
        api_base_url: host(&form.api_base_url),
        app_base_url: host(&form.app_base_url),
    };
    match connections.save_credentials(&ctx.actor, &provider, given).await {
        Ok(()) => ctx.redirect(base(&provider)).toast("Credentials saved. The secret is sealed and not shown again.").reply(),
        Err(Error::Invalid(errors)) => refuse(connections, &ctx, &provider, Sent::Credentials(form, errors)).await,
        Err(error) => back(&ctx, &provider, error),
    }
}

/// The pace as the form sends it.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct PaceForm {
    per_minute: String,
    poll_seconds: String,
    version: Option<i64>,
}

#[derive(Template)]
#[template(path = "integrations/pace.html")]
pub(super) struct PacePart<'a> {
    pub v: View<'a>,
    pub form: PaceForm,
    pub errors: Vec<FieldError>,
}

impl<'a> PacePart<'a> {
    pub fn new(v: View<'a>, sent: &Sent) -> Self {
        let c = &v.d.connection;
        match sent {
            Sent::Pace(form, errors) => Self { v, form: form.clone(), errors: errors.clone() },
            _ => {
                let form = PaceForm { per_minute: c.per_minute.to_string(), poll_seconds: c.poll_seconds.to_string(), version: None };
                Self { v, form, errors: vec![] }
            }
        }
    }
    fn error(&self, field: &str) -> Option<String> {
        error(&self.errors, field)
    }
    fn usual(&self) -> String {
        ui::count(self.v.d.connector.limits.per_minute)
    }
    /// Why the form cannot be used, if so.
    fn closed(&self) -> Option<&'static str> {
        match (self.v.may_write, self.v.d.connection.id) {
            (false, _) => Some("Only owners and admins change connections"),
            (true, None) => Some("Save credentials first"),
            _ => None,
        }
    }
}

pub(super) async fn save_pace(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Form(form): Form<PaceForm>) -> Reply {
    let mut errors = vec![];
    let mut number = |field: &str, text: &str| {
        let read = text.trim().replace(',', "").parse::<i64>();
        read.map_err(|_| {
            errors.push(FieldError { field: field.into(), code: "invalid".into(), message: "A whole number, without other signs.".into() })
        })
        .ok()
    };
    let change =
        SettingsChange { per_minute: number("perMinute", &form.per_minute), poll_seconds: number("pollSeconds", &form.poll_seconds) };
    if !errors.is_empty() {
        return refuse(connections, &ctx, &provider, Sent::Pace(form, errors)).await;
    }
    match connections.change_settings(&ctx.actor, &provider, change, None).await {
        Ok(()) => ctx.redirect(base(&provider)).toast("Pace saved. It holds from the next call.").reply(),
        Err(Error::Invalid(errors)) => refuse(connections, &ctx, &provider, Sent::Pace(form, errors)).await,
        Err(error) => back(&ctx, &provider, error),
    }
}

/// The form once more with what is wrong: alone for htmx, else within its page.
async fn refuse(connections: &Connections, ctx: &Ctx, provider: &str, sent: Sent) -> Reply {
    if !ctx.partial {
        return page::draw(connections, ctx, provider, None, sent).await;
    }
    let d = &connections.detail(&ctx.actor, provider).await?;
    let (v, page) = (View::new(ctx, d), ctx.page(d.connection.title()).status(422));
    match sent {
        Sent::Pace(..) => page.html(&PacePart::new(v, &sent)),
        _ => page.html(&CredentialsPart::new(v, connections.allows_private_providers(), &sent)),
    }
}
