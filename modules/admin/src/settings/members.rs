//! Members: who is here, with which role; invitations by link.

use askama::Template;
use atlas_identity::{Invitation, MEMBERS_WRITE, Member};
use atlas_kernel::{Error, FieldError, InvitationId, Role, UserId};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Form, Reply};
use axum::extract::Path;
use serde::Deserialize;

use crate::settings::page;

#[derive(Template)]
#[template(path = "members.html")]
struct Members<'a> {
    ctx: &'a Ctx,
    members: Vec<Member>,
    invitations: Vec<Invitation>,
    may_write: bool,
    /// The link of the invitation just made, this once.
    link: Option<(String, String)>,
    email: String,
    errors: Vec<FieldError>,
}

impl Members<'_> {
    fn ago(&self, at: &atlas_kernel::Timestamp) -> Safe {
        ui::relative_time(*at, self.ctx.now(), &self.ctx.actor.zone())
    }
    fn avatar(&self, member: &Member) -> Safe {
        ui::avatar(&member.id, &member.name, 20, ui::Shape::Round)
    }
    /// Roles this actor may give.
    fn roles(&self) -> Vec<Role> {
        Role::ALL.into_iter().rev().filter(|role| *role <= self.ctx.actor.role).collect()
    }
    fn may_change(&self, member: &Member) -> bool {
        self.may_write && member.role <= self.ctx.actor.role
    }
    fn is_me(&self, member: &Member) -> bool {
        self.ctx.actor.user == Some(member.id)
    }
    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|e| e.field == field).map(|e| e.message.as_str())
    }
}

async fn draw(ctx: &Ctx, status: u16, link: Option<(String, String)>, email: String, errors: Vec<FieldError>) -> Reply {
    let members = atlas_identity::list_members(&ctx.app.db, &ctx.actor).await?;
    let invitations = atlas_identity::list_invitations(&ctx.app.db, &ctx.actor, ctx.now()).await?;
    let may_write = ctx.actor.may(&MEMBERS_WRITE).is_ok();
    let content = Members { ctx, members, invitations, may_write, link, email, errors };
    page(ctx, "Members", "Who works here, and what they may do.", "/settings/members", status, &content)
}

pub(crate) async fn show(ctx: Ctx) -> Reply {
    draw(&ctx, 200, None, String::new(), vec![]).await
}

#[derive(Deserialize)]
pub(crate) struct RoleForm {
    role: Role,
}

pub(crate) async fn role(ctx: Ctx, Path(id): Path<UserId>, Form(form): Form<RoleForm>) -> Reply {
    let actor = &ctx.actor;
    let changed = ctx.app.db.write(|tx| async move { atlas_identity::change_role(&tx, actor, id, form.role).await }).await;
    finish(&ctx, changed, "Role changed")
}

pub(crate) async fn remove(ctx: Ctx, Path(id): Path<UserId>) -> Reply {
    let actor = &ctx.actor;
    let removed = ctx.app.db.write(|tx| async move { atlas_identity::remove_member(&tx, actor, id).await }).await;
    finish(&ctx, removed, "Member removed. What they wrote stays.")
}

fn finish(ctx: &Ctx, outcome: Result<(), Error>, said: &str) -> Reply {
    let back = ctx.redirect("/settings/members");
    match outcome {
        Ok(()) => back.toast(said).reply(),
        Err(Error::Conflict { detail, .. }) => back.alert(detail).reply(),
        Err(Error::Invalid(fields)) => back.alert(fields.first().map(|f| f.message.clone()).unwrap_or_default()).reply(),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
pub(crate) struct InviteForm {
    #[serde(default)]
    email: String,
    role: Role,
}

pub(crate) async fn invite(ctx: Ctx, Form(form): Form<InviteForm>) -> Reply {
    let (actor, email) = (&ctx.actor, &form.email);
    let made = ctx.app.db.write(|tx| async move { atlas_identity::invite(&tx, actor, email, form.role).await }).await;
    match made {
        Ok((invitation, secret)) => {
            let link = format!("{}/invitations/{}", ctx.app.base_url, secret.expose());
            draw(&ctx, 200, Some((invitation.email, link)), String::new(), vec![]).await
        }
        Err(Error::Invalid(errors)) => draw(&ctx, 422, None, form.email, errors).await,
        Err(Error::Conflict { detail, code }) => {
            let error = FieldError { field: "email".into(), code: code.into(), message: detail };
            draw(&ctx, 422, None, form.email, vec![error]).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn revoke_invitation(ctx: Ctx, Path(id): Path<InvitationId>) -> Reply {
    let actor = &ctx.actor;
    let revoked = ctx.app.db.write(|tx| async move { atlas_identity::revoke_invitation(&tx, actor, id).await }).await;
    finish(&ctx, revoked, "Invitation withdrawn. Its link stopped working.")
}
