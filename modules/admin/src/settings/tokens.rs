//! Tokens: personal access tokens, shown once.

use askama::Template;
use atlas_identity::{NewToken, TokenInfo};
use atlas_kernel::{Error, FieldError, Scopes, TokenId};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form, Reply};
use axum::extract::Path;
use serde::Deserialize;

use crate::Parts;
use crate::settings::page;

#[derive(Template)]
#[template(path = "tokens.html")]
struct Tokens<'a> {
    ctx: &'a Ctx,
    tokens: Vec<TokenInfo>,
    scopes: Vec<&'static str>,
    /// The new token's words, this once.
    fresh: Option<String>,
    form: TokenForm,
    errors: Vec<FieldError>,
}

impl Tokens<'_> {
    fn ago(&self, at: &atlas_kernel::Timestamp) -> Safe {
        ui::relative_time(*at, self.ctx.now(), &self.ctx.actor.zone())
    }
    fn day(&self, at: &atlas_kernel::Timestamp) -> String {
        at.to_zoned(self.ctx.actor.zone()).strftime("%-d %b %Y").to_string()
    }
    fn words(&self, scopes: &Scopes) -> String {
        match scopes {
            Scopes::All => "All".to_owned(),
            Scopes::Only(list) => list.join(", "),
        }
    }
    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|e| e.field == field).map(|e| e.message.as_str())
    }
    fn chosen(&self, scope: &str) -> bool {
        self.form.scope.iter().any(|s| s == scope)
    }
}

async fn draw(parts: &Parts, ctx: &Ctx, status: u16, fresh: Option<String>, form: TokenForm, errors: Vec<FieldError>) -> Reply {
    let tokens = atlas_identity::list_tokens(&ctx.app.db, &ctx.actor).await?;
    let scopes = parts.known_scopes().to_vec();
    let content = Tokens { ctx, tokens, scopes, fresh, form, errors };
    let lede = "Keys for programs that act in your name, with the scopes you give them.";
    page(ctx, "Tokens", lede, "/settings/tokens", status, &content)
}

pub(crate) async fn show(parts: &Parts, ctx: Ctx) -> Reply {
    draw(parts, &ctx, 200, None, TokenForm::default(), vec![]).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct TokenForm {
    name: String,
    all: Option<String>,
    scope: Vec<String>,
    days: String,
}

pub(crate) async fn create(parts: &Parts, ctx: Ctx, Form(form): Form<TokenForm>) -> Reply {
    let scopes = if form.all.is_some() { Scopes::All } else { Scopes::Only(form.scope.clone()) };
    let expires_at = match form.days.parse::<i64>() {
        Ok(days @ 1..=3650) => Some(ctx.now() + jiff::SignedDuration::from_hours(days * 24)),
        _ => None,
    };
    let new = &NewToken { name: form.name.clone(), scopes, expires_at };
    let (actor, known) = (&ctx.actor, parts.known_scopes());
    let made = ctx.app.db.write(|tx| async move { atlas_identity::create_token(&tx, actor, new.clone(), known).await }).await;
    match made {
        Ok((_, secret)) => draw(parts, &ctx, 200, Some(secret.expose().to_owned()), TokenForm::default(), vec![]).await,
        Err(Error::Invalid(errors)) => draw(parts, &ctx, 422, None, form, errors).await,
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn revoke(ctx: Ctx, Path(id): Path<TokenId>) -> Reply {
    let actor = &ctx.actor;
    ctx.app.db.write(|tx| async move { atlas_identity::revoke_token(&tx, actor, id).await }).await?;
    ctx.redirect("/settings/tokens").toast("Token revoked. It stopped working at once.").reply()
}
