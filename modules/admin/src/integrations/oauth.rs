//! The way to the provider's consent page and back.

use atlas_connect::{Callback, Connections};
use atlas_kernel::Error;
use atlas_web::{Ctx, Query, Reply, redirect_to};
use axum::extract::Path;

use super::view::base;

/// Leads to the provider's consent page.
pub(super) async fn begin(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    match connections.begin(&ctx.actor, &provider).await {
        Ok(consent) => Ok(redirect_to(&consent)),
        Err(error) => back(&ctx, &provider, error),
    }
}

/// Back from the consent page: with a code, with a refusal, or with nothing that was expected.
pub(super) async fn finish(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Query(callback): Query<Callback>) -> Reply {
    match connections.finish(&ctx.actor, &provider, callback).await {
        Ok(finished) => {
            let name = connections.connector(&provider)?.name;
            let kept = if finished.purge_cancelled { " The removal that was due is called off." } else { "" };
            let said = format!("Connected to {} in {name}. The first sync has begun.{kept}", finished.account.name);
            ctx.redirect(base(&provider)).toast(said).reply()
        }
        Err(Error::Conflict { code, detail }) => ctx.redirect(format!("{}?problem={code}", base(&provider))).alert(detail).reply(),
        Err(error) => back(&ctx, &provider, error),
    }
}

/// To the connection page, with the words of what went wrong; nothing stored is lost by it.
pub(super) fn back(ctx: &Ctx, provider: &str, error: Error) -> Reply {
    let words = match error {
        Error::Conflict { detail, .. } => detail,
        Error::Stale => "Somebody else changed this connection a moment ago. Nothing was saved; look again.".to_owned(),
        Error::NotFound("connection") => "Nothing is set up yet. Save client id and client secret first.".to_owned(),
        Error::Invalid(fields) => fields.into_iter().map(|f| format!("{}: {}", f.field, f.message)).collect::<Vec<_>>().join("; "),
        other => return Err(other.into()),
    };
    ctx.redirect(base(provider)).alert(words).reply()
}
