//! The doors: set-up on the first start, sign-in and out, invitations.

use askama::Template;
use atlas_identity::{Acceptance, InvitationOffer, Origin, SetUp, SignedIn};
use atlas_kernel::{Error, FieldError};
use atlas_web::{Ctx, Form, Pages, Query, Reply, SESSION_COOKIE, Visitor, ui};
use axum::extract::Path;
use serde::Deserialize;

use crate::Parts;

/// How long a browser keeps the session's cookie: as long as an idle session lives.
const COOKIE_SECONDS: u64 = 30 * 24 * 60 * 60;

pub(crate) fn pages(pages: Pages, parts: &Parts) -> Pages {
    macro_rules! with_parts {
        (|$($arg:ident: $ty:ty),+| $call:path) => {{
            let parts = parts.clone();
            move |$($arg: $ty),+| {
                let parts = parts.clone();
                async move { $call(&parts, $($arg),+).await }
            }
        }};
    }
    pages
        .public_get("/signin", sign_in_page)
        .public_post("/signin", with_parts!(|visitor: Visitor, form: Form<SignIn>| sign_in))
        .own_post("/signout", sign_out)
        .public_get("/setup", set_up_page)
        .public_post("/setup", with_parts!(|visitor: Visitor, form: Form<SetUpForm>| set_up))
        .public_get("/invitations/{secret}", invitation_page)
        .public_post("/invitations/{secret}", with_parts!(|visitor: Visitor, secret: Path<String>, form: Form<AcceptForm>| accept))
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Template, Default)]
#[template(path = "signin.html")]
struct SignInPage {
    email: String,
    next: String,
    problem: Option<String>,
}

async fn sign_in_page(visitor: Visitor, Query(ask): Query<Next>) -> Reply {
    if atlas_identity::set_up_needed(&visitor.app.db).await? {
        return visitor.redirect("/setup").reply();
    }
    if visitor.signed.is_some() {
        return visitor.redirect(inside(&ask.next)).reply();
    }
    visitor.gate("Sign in").html(&SignInPage { next: ask.next, ..Default::default() })
}

#[derive(Deserialize)]
struct SignIn {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(parts: &Parts, visitor: Visitor, Form(form): Form<SignIn>) -> Reply {
    let origin = origin(&visitor);
    match atlas_identity::sign_in(&visitor.app.db, &parts.gate, &form.email, &form.password, &origin).await {
        Ok(signed) => enter(&visitor, &signed, inside(&form.next)),
        Err(error @ (Error::Invalid(_) | Error::Unauthenticated | Error::RateLimited { .. } | Error::Conflict { .. })) => {
            let status = error.status();
            let page = SignInPage { email: form.email, next: form.next, problem: Some(sign_in_problem(&error)) };
            visitor.gate("Sign in").status(status).html(&page)
        }
        Err(error) => Err(error.into()),
    }
}

fn sign_in_problem(error: &Error) -> String {
    match error {
        Error::RateLimited { retry_after } => format!("Too many attempts. Try again in {}.", wait(*retry_after)),
        Error::Invalid(fields) => ui::sentence(&fields.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join("; ")),
        Error::Conflict { detail, .. } => detail.clone(),
        _ => "This email and password do not belong together.".to_owned(),
    }
}

fn wait(seconds: u64) -> String {
    if seconds < 90 { format!("{seconds} seconds") } else { format!("{} minutes", seconds.div_ceil(60)) }
}

/// Only addresses of Atlas itself are followed after signing in.
fn inside(next: &str) -> String {
    let safe = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if safe { next.to_owned() } else { "/".to_owned() }
}

fn origin(visitor: &Visitor) -> Origin {
    Origin { ip: visitor.ip.clone(), user_agent: visitor.user_agent.clone() }
}

fn enter(visitor: &Visitor, signed: &SignedIn, to: String) -> Reply {
    visitor.redirect(to).cookie(SESSION_COOKIE, signed.cookie.expose(), COOKIE_SECONDS).reply()
}

async fn sign_out(ctx: Ctx) -> Reply {
    let actor = &ctx.actor;
    ctx.app.db.write(|tx| async move { atlas_identity::sign_out(&tx, actor).await }).await?;
    ctx.redirect("/signin").cookie(SESSION_COOKIE, "", 0).reply()
}

#[derive(Template, Default)]
#[template(path = "setup.html")]
struct SetUpPage {
    form: SetUpForm,
    errors: Vec<FieldError>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SetUpForm {
    workspace: String,
    name: String,
    email: String,
    password: String,
    time_zone: String,
}

impl SetUpPage {
    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

async fn set_up_page(visitor: Visitor) -> Reply {
    if !atlas_identity::set_up_needed(&visitor.app.db).await? {
        return visitor.redirect("/signin").reply();
    }
    visitor.gate("Set up Atlas").html(&SetUpPage::default())
}

async fn set_up(parts: &Parts, visitor: Visitor, Form(form): Form<SetUpForm>) -> Reply {
    let zone = if form.time_zone.is_empty() { "UTC".to_owned() } else { form.time_zone.clone() };
    let ask = SetUp {
        workspace: form.workspace.clone(),
        name: form.name.clone(),
        email: form.email.clone(),
        password: form.password.clone(),
        time_zone: zone,
    };
    match atlas_identity::set_up(&visitor.app.db, &parts.gate, &ask, &origin(&visitor)).await {
        Ok(signed) => enter(&visitor, &signed, "/".to_owned()),
        Err(Error::Invalid(errors)) => visitor.gate("Set up Atlas").status(422).html(&SetUpPage { form, errors }),
        Err(Error::Conflict { .. }) => visitor.redirect("/signin").reply(),
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage<'a> {
    offer: &'a InvitationOffer,
    secret: &'a str,
    name: String,
    errors: Vec<FieldError>,
}

impl InvitationPage<'_> {
    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AcceptForm {
    name: String,
    password: String,
    time_zone: String,
}

async fn offer(visitor: &Visitor, secret: &str) -> Result<InvitationOffer, Error> {
    let found = atlas_identity::find_invitation(&visitor.app.db, secret, visitor.app.clock().now()).await?;
    found.ok_or(Error::NotFound("invitation"))
}

async fn invitation_page(visitor: Visitor, Path(secret): Path<String>) -> Reply {
    let offer = offer(&visitor, &secret).await?;
    let page = InvitationPage { offer: &offer, secret: &secret, name: String::new(), errors: vec![] };
    visitor.gate("Invitation").html(&page)
}

async fn accept(parts: &Parts, visitor: Visitor, Path(secret): Path<String>, Form(form): Form<AcceptForm>) -> Reply {
    let zone = if form.time_zone.is_empty() { "UTC".to_owned() } else { form.time_zone };
    let with = Acceptance { name: form.name.clone(), password: form.password, time_zone: zone };
    let accepted = atlas_identity::accept_invitation(&visitor.app.db, &parts.gate, &secret, &with, &origin(&visitor)).await;
    let errors = match accepted {
        Ok(signed) => return enter(&visitor, &signed, "/".to_owned()),
        Err(Error::Invalid(errors)) => errors,
        Err(error @ (Error::Unauthenticated | Error::RateLimited { .. })) => {
            vec![FieldError { field: "password".into(), code: error.code().into(), message: sign_in_problem(&error) }]
        }
        Err(error) => return Err(error.into()),
    };
    let offer = offer(&visitor, &secret).await?;
    visitor.gate("Invitation").status(422).html(&InvitationPage { offer: &offer, secret: &secret, name: form.name, errors })
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn nobody_is_led_elsewhere_after_signing_in() {
        assert_eq!(inside("/growth/contacts?q=a"), "/growth/contacts?q=a");
        for bad in ["", "https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/a\r\nb"] {
            assert_eq!(inside(bad), "/", "{bad:?}");
        }
    }
}
