//! Profile: name, time zone, theme, density, single-letter keys, password.

use askama::Template;
use atlas_identity::{Density, Profile, ProfileChange, Theme};
use atlas_kernel::{Error, FieldError};
use atlas_web::{Ctx, Form, Reply};
use serde::Deserialize;

use crate::Parts;
use crate::settings::page;

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    profile: Profile,
    zones: Vec<String>,
    errors: Vec<FieldError>,
    password_errors: Vec<FieldError>,
}

impl ProfilePage {
    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|e| e.field == field).map(|e| e.message.as_str())
    }
    fn password_error(&self) -> Option<&str> {
        self.password_errors.first().map(|e| e.message.as_str())
    }
    fn themes(&self) -> [(Theme, &'static str); 3] {
        [(Theme::System, "As the device"), (Theme::Light, "Light"), (Theme::Dark, "Dark")]
    }
    fn densities(&self) -> [(Density, &'static str); 2] {
        [(Density::Comfortable, "Comfortable"), (Density::Compact, "Compact")]
    }
}

async fn draw(ctx: &Ctx, status: u16, errors: Vec<FieldError>, password_errors: Vec<FieldError>) -> Reply {
    let profile = atlas_identity::profile(&ctx.app.db, &ctx.actor).await?;
    let mut zones: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    zones.sort();
    let content = ProfilePage { profile, zones, errors, password_errors };
    page(ctx, "Profile", "How you appear, and how Atlas looks to you.", "/settings/profile", status, &content)
}

pub(crate) async fn show(ctx: Ctx) -> Reply {
    draw(&ctx, 200, vec![], vec![]).await
}

#[derive(Deserialize)]
pub(crate) struct ProfileForm {
    name: Option<String>,
    time_zone: Option<String>,
    theme: Option<Theme>,
    density: Option<Density>,
    /// Sent by the form that has the switch; a switch that is off sends nothing.
    has_keys: Option<String>,
    single_keys: Option<String>,
}

pub(crate) async fn save(ctx: Ctx, Form(form): Form<ProfileForm>) -> Reply {
    let single_keys = form.has_keys.map(|_| form.single_keys.is_some());
    let change = ProfileChange { name: form.name, time_zone: form.time_zone, theme: form.theme, density: form.density, single_keys };
    let (actor, change) = (&ctx.actor, &change);
    let saved = ctx.app.db.write(|tx| async move { atlas_identity::update_profile(&tx, actor, change, None).await }).await;
    match saved {
        Ok(_) => ctx.redirect("/settings/profile").toast("Profile saved").reply(),
        Err(Error::Invalid(errors)) => draw(&ctx, 422, errors, vec![]).await,
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
pub(crate) struct ThemeForm {
    theme: Theme,
}

pub(crate) async fn theme(ctx: Ctx, Form(form): Form<ThemeForm>) -> Reply {
    let change = ProfileChange { theme: Some(form.theme), ..Default::default() };
    let (actor, change) = (&ctx.actor, &change);
    ctx.app.db.write(|tx| async move { atlas_identity::update_profile(&tx, actor, change, None).await }).await?;
    ctx.redirect("/").reply()
}

#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
}

pub(crate) async fn password(parts: &Parts, ctx: Ctx, Form(form): Form<PasswordForm>) -> Reply {
    match atlas_identity::change_password(&ctx.app.db, &parts.gate, &ctx.actor, &form.current, &form.new).await {
        Ok(()) => ctx.redirect("/settings/profile").toast("Password changed. Your other sessions were ended.").reply(),
        Err(Error::Invalid(errors)) => draw(&ctx, 422, vec![], errors).await,
        Err(error @ (Error::Unauthenticated | Error::RateLimited { .. })) => {
            let message = match error {
                Error::RateLimited { retry_after } => format!("too many attempts, try again in {retry_after} s"),
                _ => "the current password is another one".to_owned(),
            };
            draw(&ctx, 422, vec![], vec![FieldError { field: "current".into(), code: "wrong".into(), message }]).await
        }
        Err(error) => Err(error.into()),
    }
}
