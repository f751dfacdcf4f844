//! Settings: about oneself (profile, sessions, tokens) and about the workspace (members, integrations).

mod members;
mod profile;
mod sessions;
mod tokens;

use askama::Template;
use atlas_identity::{MEMBERS_READ, MEMBERS_WRITE, PROFILE_READ, PROFILE_WRITE, TOKENS_READ, TOKENS_WRITE};
use atlas_kernel::Error;
use atlas_web::ui::Safe;
use atlas_web::{Ctx, Form, Pages, Reply};

use crate::Parts;

pub(crate) fn pages(pages: Pages, parts: &Parts) -> Pages {
    let (change_password, create, list) = (parts.clone(), parts.clone(), parts.clone());
    pages
        .own_get("/settings", index)
        .get("/settings/profile", PROFILE_READ, profile::show)
        .post("/settings/profile", PROFILE_WRITE, profile::save)
        .post("/settings/theme", PROFILE_WRITE, profile::theme)
        .post("/settings/password", PROFILE_WRITE, move |ctx: Ctx, form: Form<profile::PasswordForm>| {
            let parts = change_password.clone();
            async move { profile::password(&parts, ctx, form).await }
        })
        .get("/settings/sessions", PROFILE_READ, sessions::show)
        .post("/settings/sessions/{id}/revoke", PROFILE_WRITE, sessions::revoke)
        .post("/settings/sessions/revoke-others", PROFILE_WRITE, sessions::revoke_others)
        .get("/settings/tokens", TOKENS_READ, move |ctx: Ctx| {
            let parts = list.clone();
            async move { tokens::show(&parts, ctx).await }
        })
        .post("/settings/tokens", TOKENS_WRITE, move |ctx: Ctx, form: Form<tokens::TokenForm>| {
            let parts = create.clone();
            async move { tokens::create(&parts, ctx, form).await }
        })
        .post("/settings/tokens/{id}/revoke", TOKENS_WRITE, tokens::revoke)
        .get("/settings/members", MEMBERS_READ, members::show)
        .post("/settings/members/{id}/role", MEMBERS_WRITE, members::role)
        .post("/settings/members/{id}/remove", MEMBERS_WRITE, members::remove)
        .post("/settings/invitations", MEMBERS_WRITE, members::invite)
        .post("/settings/invitations/{id}/revoke", MEMBERS_WRITE, members::revoke_invitation)
}

async fn index(ctx: Ctx) -> Reply {
    ctx.redirect("/settings/profile").reply()
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Frame<'a> {
    title: &'a str,
    lede: &'a str,
    path: &'a str,
    content: Safe,
}

/// A page of the settings, with their contents on the left.
pub(crate) fn page(ctx: &Ctx, title: &str, lede: &str, path: &str, status: u16, content: &impl Template) -> Reply {
    let content = Safe::trusted(content.render().map_err(Error::internal)?);
    let frame = Frame { title, lede, path, content };
    ctx.page(title).crumb("Settings", Some("/settings")).crumb(title, None).nav(path).status(status).html(&frame)
}
